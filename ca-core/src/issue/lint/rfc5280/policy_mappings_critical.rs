//! policyMappings should be critical (RFC 5280 §4.2.1.5).

use crate::issue::lint::{Candidate, Check, Rule, Says, Severity};
use crate::oid;

pub(super) const RULE: Rule = Rule {
    name: "rfc5280.policy-mappings-critical",
    source: "RFC 5280 §4.2.1.5",
    severity: Severity::Warning,
    says: Says { en: "policyMappings is critical.", ja: "policyMappingsは、criticalにすべきです。" },
    check: Check::Any(check),
};

fn check(candidate: &Candidate<'_>) -> Result<(), String> {
    let stands = candidate.has(oid::POLICY_MAPPINGS);
    if stands && !candidate.is_critical(oid::POLICY_MAPPINGS) { Err("not critical".into()) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::issue::lint::samples::Sample;

    #[test]
    fn a_critical_one_passes() {
        Sample::bare().critical(oid::POLICY_MAPPINGS, |w| w.sequence(|_| {})).keeps(&RULE);
    }

    #[test]
    fn another_fails() {
        Sample::bare().extension(oid::POLICY_MAPPINGS, |w| w.sequence(|_| {})).breaks(&RULE, "not critical");
    }
}
