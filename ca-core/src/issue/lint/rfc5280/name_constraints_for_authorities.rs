//! nameConstraints must be used only in a CA certificate (RFC 5280 §4.2.1.10).

use crate::issue::lint::{Candidate, Check, Rule, Says, Severity};
use crate::oid;

pub(super) const RULE: Rule = Rule {
    name: "rfc5280.name-constraints-for-authorities",
    source: "RFC 5280 §4.2.1.10",
    severity: Severity::Error,
    says: Says {
        en: "nameConstraints stands only in certificates of CAs.",
        ja: "nameConstraintsは、CA証明書にだけ置けます。",
    },
    check: Check::Any(check),
};

fn check(candidate: &Candidate<'_>) -> Result<(), String> {
    let stands = candidate.has(oid::NAME_CONSTRAINTS);
    if stands && !candidate.is_authority() { Err("without cA".into()) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::issue::lint::samples::Sample;

    #[test]
    fn one_in_a_ca_passes() {
        Sample::bare().authority_constraints().critical(oid::NAME_CONSTRAINTS, |w| w.sequence(|_| {})).keeps(&RULE);
    }

    #[test]
    fn one_in_an_end_entity_fails() {
        Sample::bare().critical(oid::NAME_CONSTRAINTS, |w| w.sequence(|_| {})).breaks(&RULE, "without cA");
    }
}
