//! issuerUniqueID and subjectUniqueID are not used (RFC 5280 §4.1.2.8).

use crate::issue::lint::{Candidate, Check, Rule, Says, Severity};

pub(super) const RULE: Rule = Rule {
    name: "rfc5280.unique-ids-absent",
    source: "RFC 5280 §4.1.2.8",
    severity: Severity::Error,
    says: Says {
        en: "issuerUniqueID and subjectUniqueID are not used.",
        ja: "issuerUniqueIDとsubjectUniqueIDは、使ってはなりません。",
    },
    check: Check::Any(check),
};

fn check(candidate: &Candidate<'_>) -> Result<(), String> {
    let tbs = &candidate.x509.tbs_certificate;
    if tbs.issuer_uid.is_none() && tbs.subject_uid.is_none() { Ok(()) } else { Err("a unique identifier".into()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::issue::lint::samples::Sample;

    #[test]
    fn none_passes() {
        Sample::bare().keeps(&RULE);
    }

    #[test]
    fn one_fails() {
        Sample::bare().with(|sample| sample.unique_id = Some(vec![1])).breaks(&RULE, "a unique identifier");
    }
}
