//! cRLDistributionPoints should not be critical (RFC 5280 §4.2.1.13).

use crate::issue::lint::{Candidate, Check, Rule, Says, Severity};
use crate::oid;

pub(super) const RULE: Rule = Rule {
    name: "rfc5280.distribution-points-critical",
    source: "RFC 5280 §4.2.1.13",
    severity: Severity::Warning,
    says: Says {
        en: "cRLDistributionPoints is not critical.",
        ja: "cRLDistributionPointsは、criticalにすべきではありません。",
    },
    check: Check::Any(check),
};

fn check(candidate: &Candidate<'_>) -> Result<(), String> {
    if candidate.is_critical(oid::CRL_DISTRIBUTION_POINTS) { Err("critical".into()) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::issue::lint::samples::Sample;

    #[test]
    fn one_that_is_not_critical_passes() {
        Sample::bare().extension(oid::CRL_DISTRIBUTION_POINTS, |w| w.sequence(|_| {})).keeps(&RULE);
    }

    #[test]
    fn a_critical_one_fails() {
        Sample::bare().critical(oid::CRL_DISTRIBUTION_POINTS, |w| w.sequence(|_| {})).breaks(&RULE, "critical");
    }
}
