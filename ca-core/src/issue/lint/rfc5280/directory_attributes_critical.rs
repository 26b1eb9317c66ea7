//! subjectDirectoryAttributes must not be critical (RFC 5280 §4.2.1.8).

use crate::issue::lint::{Candidate, Check, Rule, Says, Severity};
use crate::oid;

pub(super) const RULE: Rule = Rule {
    name: "rfc5280.directory-attributes-critical",
    source: "RFC 5280 §4.2.1.8",
    severity: Severity::Error,
    says: Says {
        en: "subjectDirectoryAttributes is not critical.",
        ja: "subjectDirectoryAttributesは、criticalであってはなりません。",
    },
    check: Check::Any(check),
};

fn check(candidate: &Candidate<'_>) -> Result<(), String> {
    if candidate.is_critical(oid::SUBJECT_DIRECTORY_ATTRIBUTES) { Err("critical".into()) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::issue::lint::samples::Sample;

    #[test]
    fn one_that_is_not_critical_passes() {
        Sample::bare().extension(oid::SUBJECT_DIRECTORY_ATTRIBUTES, |w| w.sequence(|_| {})).keeps(&RULE);
    }

    #[test]
    fn a_critical_one_fails() {
        Sample::bare().critical(oid::SUBJECT_DIRECTORY_ATTRIBUTES, |w| w.sequence(|_| {})).breaks(&RULE, "critical");
    }
}
