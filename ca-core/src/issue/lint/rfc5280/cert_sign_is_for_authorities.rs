//! keyCertSign is set only where basicConstraints says CA (RFC 5280 §4.2.1.3, §4.2.1.9).

use crate::issue::lint::{Candidate, Check, Rule, Says, Severity};

pub(super) const RULE: Rule = Rule {
    name: "rfc5280.cert-sign-is-for-authorities",
    source: "RFC 5280 §4.2.1.3, §4.2.1.9",
    severity: Severity::Error,
    says: Says {
        en: "keyCertSign is set only where basicConstraints says CA.",
        ja: "keyCertSignは、basicConstraintsでCAとされた証明書にだけ立てられます。",
    },
    check: Check::Any(check),
};

fn check(candidate: &Candidate<'_>) -> Result<(), String> {
    if candidate.signs_certificates() && !candidate.is_authority() {
        return Err("keyCertSign without cA".into());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::issue::lint::samples::Sample;
    use crate::oid;

    #[test]
    fn a_ca_that_signs_passes() {
        Sample::bare().authority_constraints().critical(oid::KEY_USAGE, |w| w.named_bits(0x0400)).keeps(&RULE);
    }

    #[test]
    fn anyone_else_that_signs_fails() {
        Sample::bare().critical(oid::KEY_USAGE, |w| w.named_bits(0x0400)).breaks(&RULE, "keyCertSign without cA");
    }
}
