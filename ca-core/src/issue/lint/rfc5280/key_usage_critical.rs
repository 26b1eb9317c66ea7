//! keyUsage should be critical, so that nobody ignores it (RFC 5280 §4.2.1.3).

use crate::issue::lint::{Candidate, Check, Rule, Says, Severity};
use crate::oid;

pub(super) const RULE: Rule = Rule {
    name: "rfc5280.key-usage-critical",
    source: "RFC 5280 §4.2.1.3",
    severity: Severity::Warning,
    says: Says { en: "keyUsage is critical.", ja: "keyUsageは、criticalにすべきです。" },
    check: Check::Any(check),
};

fn check(candidate: &Candidate<'_>) -> Result<(), String> {
    match candidate.extension(oid::KEY_USAGE) {
        Some(extension) if !extension.critical => Err("not critical".into()),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::issue::lint::samples::Sample;

    #[test]
    fn a_critical_one_passes() {
        Sample::bare().usage(0x8000).keeps(&RULE);
    }

    #[test]
    fn another_fails() {
        Sample::bare().extension(oid::KEY_USAGE, |w| w.named_bits(0x8000)).breaks(&RULE, "not critical");
    }
}
