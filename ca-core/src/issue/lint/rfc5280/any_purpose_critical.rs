//! A critical extKeyUsage limits a certificate to its purposes; with anyExtendedKeyUsage it should not be critical (RFC
//! 5280 §4.2.1.12).

use crate::issue::lint::{Candidate, Check, Rule, Says, Severity};
use crate::oid;

pub(super) const RULE: Rule = Rule {
    name: "rfc5280.any-purpose-critical",
    source: "RFC 5280 §4.2.1.12",
    severity: Severity::Warning,
    says: Says {
        en: "extKeyUsage is not critical where it names any purpose.",
        ja: "anyExtendedKeyUsageのあるextKeyUsageは、criticalにすべきではありません。",
    },
    check: Check::Any(check),
};

fn check(candidate: &Candidate<'_>) -> Result<(), String> {
    let is_any = candidate.is_critical(oid::EXTENDED_KEY_USAGE) && candidate.has_purpose(oid::ANY_EXTENDED_KEY_USAGE);
    if is_any { Err("critical with anyExtendedKeyUsage".into()) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::issue::lint::samples::Sample;

    #[test]
    fn any_purpose_in_one_that_is_not_critical_passes() {
        Sample::bare().purposes(&[oid::ANY_EXTENDED_KEY_USAGE]).keeps(&RULE);
    }

    #[test]
    fn any_purpose_in_a_critical_one_fails() {
        let any =
            Sample::bare().critical(oid::EXTENDED_KEY_USAGE, |w| w.sequence(|w| w.oid(oid::ANY_EXTENDED_KEY_USAGE)));
        any.breaks(&RULE, "critical with anyExtendedKeyUsage");
    }
}
