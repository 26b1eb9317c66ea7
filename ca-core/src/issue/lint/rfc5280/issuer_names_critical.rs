//! issuerAltName should not be critical (RFC 5280 §4.2.1.7): path validation does not look at it.

use crate::issue::lint::{Candidate, Check, Rule, Says, Severity};
use crate::oid;

pub(super) const RULE: Rule = Rule {
    name: "rfc5280.issuer-names-critical",
    source: "RFC 5280 §4.2.1.7",
    severity: Severity::Warning,
    says: Says {
        en: "issuerAltName is not critical.", ja: "issuerAltNameは、criticalにすべきではありません。"
    },
    check: Check::Any(check),
};

fn check(candidate: &Candidate<'_>) -> Result<(), String> {
    if candidate.is_critical(oid::ISSUER_ALT_NAME) { Err("critical".into()) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::issue::lint::samples::Sample;
    use crate::issue::lint::samples::{general, general_names};

    #[test]
    fn one_that_is_not_critical_passes() {
        Sample::bare().extension(oid::ISSUER_ALT_NAME, |w| general_names(w, &[(general::DNS, b"a.jp")])).keeps(&RULE);
    }

    #[test]
    fn a_critical_one_fails() {
        let sample = Sample::bare().critical(oid::ISSUER_ALT_NAME, |w| general_names(w, &[(general::DNS, b"a.jp")]));
        sample.breaks(&RULE, "critical");
    }
}
