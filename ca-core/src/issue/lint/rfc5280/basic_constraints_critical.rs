//! basicConstraints of a CA is critical (RFC 5280 §4.2.1.9).

use crate::issue::lint::{Candidate, Check, Rule, Says, Severity};
use crate::oid;

pub(super) const RULE: Rule = Rule {
    name: "rfc5280.basic-constraints-critical",
    source: "RFC 5280 §4.2.1.9",
    severity: Severity::Error,
    says: Says {
        en: "basicConstraints of a CA is critical.",
        ja: "CA証明書のbasicConstraintsは、criticalでなければなりません。",
    },
    check: Check::Any(check),
};

fn check(candidate: &Candidate<'_>) -> Result<(), String> {
    let critical = candidate.extension(oid::BASIC_CONSTRAINTS).is_some_and(|extension| extension.critical);
    if candidate.is_authority() && !critical { Err("a CA's, and not critical".into()) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::issue::lint::samples::Sample;

    #[test]
    fn critical_passes() {
        Sample::bare().authority_constraints().keeps(&RULE);
    }

    #[test]
    fn not_critical_fails() {
        Sample::bare()
            .extension(oid::BASIC_CONSTRAINTS, |w| w.sequence(|w| w.boolean(true)))
            .breaks(&RULE, "a CA's, and not critical");
    }
}
