//! inhibitAnyPolicy must be critical (RFC 5280 §4.2.1.14): whoever does not understand it must refuse the path.

use crate::issue::lint::{Candidate, Check, Rule, Says, Severity};
use crate::oid;

pub(super) const RULE: Rule = Rule {
    name: "rfc5280.inhibit-any-policy-critical",
    source: "RFC 5280 §4.2.1.14",
    severity: Severity::Error,
    says: Says {
        en: "inhibitAnyPolicy is critical.", ja: "inhibitAnyPolicyは、criticalでなければなりません。"
    },
    check: Check::Any(check),
};

fn check(candidate: &Candidate<'_>) -> Result<(), String> {
    let stands = candidate.has(oid::INHIBIT_ANY_POLICY);
    if stands && !candidate.is_critical(oid::INHIBIT_ANY_POLICY) { Err("not critical".into()) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::issue::lint::samples::Sample;

    #[test]
    fn a_critical_one_passes() {
        Sample::bare().critical(oid::INHIBIT_ANY_POLICY, |w| w.sequence(|_| {})).keeps(&RULE);
    }

    #[test]
    fn another_fails() {
        Sample::bare().extension(oid::INHIBIT_ANY_POLICY, |w| w.sequence(|_| {})).breaks(&RULE, "not critical");
    }
}
