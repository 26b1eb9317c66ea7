//! freshestCRL must not be critical (RFC 5280 §4.2.1.15).

use crate::issue::lint::{Candidate, Check, Rule, Says, Severity};
use crate::oid;

pub(super) const RULE: Rule = Rule {
    name: "rfc5280.freshest-crl-critical",
    source: "RFC 5280 §4.2.1.15",
    severity: Severity::Error,
    says: Says { en: "freshestCRL is not critical.", ja: "freshestCRLは、criticalであってはなりません。" },
    check: Check::Any(check),
};

fn check(candidate: &Candidate<'_>) -> Result<(), String> {
    if candidate.is_critical(oid::FRESHEST_CRL) { Err("critical".into()) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::issue::lint::samples::Sample;

    #[test]
    fn one_that_is_not_critical_passes() {
        Sample::bare().extension(oid::FRESHEST_CRL, |w| w.sequence(|_| {})).keeps(&RULE);
    }

    #[test]
    fn a_critical_one_fails() {
        Sample::bare().critical(oid::FRESHEST_CRL, |w| w.sequence(|_| {})).breaks(&RULE, "critical");
    }
}
