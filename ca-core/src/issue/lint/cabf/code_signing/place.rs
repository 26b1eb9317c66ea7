//! localityName is required where stateOrProvinceName is absent, and the other way round (Code Signing BR §7.1.4.2.3).

use crate::issue::lint::candidate::attributes;
use crate::issue::lint::{Baseline, Candidate, Check, Rule, Says, Severity};
use crate::oid;

pub(super) const RULE: Rule = Rule {
    name: "cabf.code-signing.place",
    source: "Code Signing BR §7.1.4.2.3",
    severity: Severity::Error,
    says: Says {
        en: "The subject of a code signing certificate has a locality or a state.",
        ja: "コード署名証明書の主体者名には、市区町村（L）か都道府県（ST）がなければなりません。",
    },
    check: Check::Baseline(Baseline::CodeSigning, check),
};

fn check(candidate: &Candidate<'_>) -> Result<(), String> {
    let mut all = attributes(candidate.x509.subject());
    let placed = all.any(|attribute| attribute.is(oid::LOCALITY) || attribute.is(oid::STATE));
    if placed { Ok(()) } else { Err("neither".into()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::issue::lint::samples::Sample;

    #[test]
    fn one_of_them_passes() {
        Sample::bare().printed(&[(oid::STATE, "Hokkaido")]).keeps(&RULE);
    }

    #[test]
    fn none_fails() {
        Sample::bare().printed(&[(oid::COUNTRY, "JP")]).breaks(&RULE, "neither");
    }
}
