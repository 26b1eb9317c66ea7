//! nameConstraints must be critical (RFC 5280 §4.2.1.10): whoever does not understand it must refuse the path.

use crate::issue::lint::{Candidate, Check, Rule, Says, Severity};
use crate::oid;

pub(super) const RULE: Rule = Rule {
    name: "rfc5280.name-constraints-critical",
    source: "RFC 5280 §4.2.1.10",
    severity: Severity::Error,
    says: Says {
        en: "nameConstraints is critical.", ja: "nameConstraintsは、criticalでなければなりません。"
    },
    check: Check::Any(check),
};

fn check(candidate: &Candidate<'_>) -> Result<(), String> {
    let stands = candidate.has(oid::NAME_CONSTRAINTS);
    if stands && !candidate.is_critical(oid::NAME_CONSTRAINTS) { Err("not critical".into()) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::issue::lint::samples::Sample;

    #[test]
    fn a_critical_one_passes() {
        Sample::bare().critical(oid::NAME_CONSTRAINTS, |w| w.sequence(|_| {})).keeps(&RULE);
    }

    #[test]
    fn another_fails() {
        Sample::bare().extension(oid::NAME_CONSTRAINTS, |w| w.sequence(|_| {})).breaks(&RULE, "not critical");
    }
}
