//! subjectInfoAccess must not be critical (RFC 5280 §4.2.2.2).

use crate::issue::lint::{Candidate, Check, Rule, Says, Severity};
use crate::oid;

pub(super) const RULE: Rule = Rule {
    name: "rfc5280.subject-access-critical",
    source: "RFC 5280 §4.2.2.2",
    severity: Severity::Error,
    says: Says {
        en: "subjectInfoAccess is not critical.", ja: "subjectInfoAccessは、criticalであってはなりません。"
    },
    check: Check::Any(check),
};

fn check(candidate: &Candidate<'_>) -> Result<(), String> {
    if candidate.is_critical(oid::SUBJECT_INFO_ACCESS) { Err("critical".into()) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::issue::lint::samples::Sample;

    #[test]
    fn one_that_is_not_critical_passes() {
        Sample::bare().extension(oid::SUBJECT_INFO_ACCESS, |w| w.sequence(|_| {})).keeps(&RULE);
    }

    #[test]
    fn a_critical_one_fails() {
        Sample::bare().critical(oid::SUBJECT_INFO_ACCESS, |w| w.sequence(|_| {})).breaks(&RULE, "critical");
    }
}
