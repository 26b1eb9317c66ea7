//! subjectAltName is critical only where the subject is empty (RFC 5280 §4.2.1.6).

use crate::issue::lint::{Candidate, Check, Rule, Says, Severity};
use crate::oid;

pub(super) const RULE: Rule = Rule {
    name: "rfc5280.alternative-names-critical",
    source: "RFC 5280 §4.2.1.6",
    severity: Severity::Warning,
    says: Says {
        en: "subjectAltName is not critical where the subject has a name.",
        ja: "主体者名があるときは、subjectAltNameをcriticalにすべきではありません。",
    },
    check: Check::Any(check),
};

fn check(candidate: &Candidate<'_>) -> Result<(), String> {
    let is_named = candidate.x509.subject().iter_attributes().next().is_some();
    if is_named && candidate.is_critical(oid::SUBJECT_ALT_NAME) {
        Err("critical beside a subject".into())
    } else {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::issue::lint::samples::Sample;
    use crate::issue::lint::samples::{general, general_names};

    #[test]
    fn one_that_is_not_critical_passes() {
        Sample::bare().alternative(&[(general::DNS, b"a.jp")]).keeps(&RULE);
        let alone = Sample::bare().called(&[]);
        alone.critical(oid::SUBJECT_ALT_NAME, |w| general_names(w, &[(general::DNS, b"a.jp")])).keeps(&RULE);
    }

    #[test]
    fn a_critical_one_beside_a_subject_fails() {
        let sample = Sample::bare().critical(oid::SUBJECT_ALT_NAME, |w| general_names(w, &[(general::DNS, b"a.jp")]));
        sample.breaks(&RULE, "critical beside a subject");
    }
}
