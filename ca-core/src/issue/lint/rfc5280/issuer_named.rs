//! The issuer is a name with at least one attribute (RFC 5280 §4.1.2.4).

use crate::issue::lint::{Candidate, Check, Rule, Says, Severity};

pub(super) const RULE: Rule = Rule {
    name: "rfc5280.issuer-named",
    source: "RFC 5280 §4.1.2.4",
    severity: Severity::Error,
    says: Says {
        en: "The issuer has a name that is not empty.", ja: "発行者名は、空であってはなりません。"
    },
    check: Check::Any(check),
};

fn check(candidate: &Candidate<'_>) -> Result<(), String> {
    if candidate.x509.issuer().iter_attributes().next().is_some() { Ok(()) } else { Err("an empty issuer".into()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::der::tag;
    use crate::issue::lint::samples::{Sample, name};
    use crate::oid;

    #[test]
    fn one_attribute_passes() {
        let one = name(&[(oid::COUNTRY, tag::PRINTABLE_STRING, "JP")]);
        Sample::bare().with(|sample| sample.issuer = one).keeps(&RULE);
    }

    #[test]
    fn an_empty_issuer_fails() {
        Sample::bare().with(|sample| sample.issuer = name(&[])).breaks(&RULE, "an empty issuer");
    }
}
