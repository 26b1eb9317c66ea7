//! commonName, organizationName and countryName are required, domainComponent is prohibited (Code Signing BR
//! §7.1.4.2.2, §7.1.4.2.3).

use crate::issue::lint::candidate::attributes;
use crate::issue::lint::{Baseline, Candidate, Check, Rule, Says, Severity};
use crate::oid;

pub(super) const RULE: Rule = Rule {
    name: "cabf.code-signing.subject",
    source: "Code Signing BR §7.1.4.2.2, §7.1.4.2.3",
    severity: Severity::Error,
    says: Says {
        en: "The subject of a code signing certificate has a common name, an organisation and a country, and no domain component.",
        ja: "コード署名証明書の主体者名には、CN、O、Cがあり、DCがあってはなりません。",
    },
    check: Check::Baseline(Baseline::CodeSigning, check),
};

fn check(candidate: &Candidate<'_>) -> Result<(), String> {
    let has = |kind| attributes(candidate.x509.subject()).any(|attribute| attribute.is(kind));
    let required = [oid::COMMON_NAME, oid::ORGANISATION, oid::COUNTRY];
    if let Some(missing) = required.into_iter().find(|kind| !has(*kind)) {
        return Err(format!("without {}", oid::dotted(missing.as_bytes())));
    }
    if has(oid::DOMAIN_COMPONENT) { Err("a domain component".into()) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::issue::lint::samples::Sample;
    use crate::oid::Oid;

    const WHOLE: [(Oid, &str); 3] = [(oid::COUNTRY, "JP"), (oid::ORGANISATION, "a"), (oid::COMMON_NAME, "a")];

    #[test]
    fn the_three_pass() {
        Sample::bare().printed(&WHOLE).keeps(&RULE);
    }

    #[test]
    fn a_missing_one_and_a_domain_component_fail() {
        Sample::bare().printed(&WHOLE[..2]).breaks(&RULE, "without 2.5.4.3");
        Sample::bare().printed(&WHOLE[1..]).breaks(&RULE, "without 2.5.4.6");
        let domain = [&[(oid::DOMAIN_COMPONENT, "jp")], &WHOLE[..]].concat();
        Sample::bare().printed(&domain).breaks(&RULE, "a domain component");
    }
}
