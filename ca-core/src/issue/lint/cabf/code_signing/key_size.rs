//! RSA keys have at least 3072 bits, EC keys are on P-256, P-384 or P-521 (Code Signing BR §6.1.5.2; curves are looked
//! at by `crypto.key-size`).

use crate::issue::lint::{Baseline, Candidate, Check, Rule, Says, Severity};

pub(super) const RULE: Rule = Rule {
    name: "cabf.code-signing.key-size",
    source: "Code Signing BR §6.1.5.2",
    severity: Severity::Error,
    says: Says {
        en: "An RSA key of a code signing certificate has at least 3072 bits.",
        ja: "コード署名証明書のRSA鍵は、3072ビット以上でなければなりません。",
    },
    check: Check::Baseline(Baseline::CodeSigning, check),
};

fn check(candidate: &Candidate<'_>) -> Result<(), String> {
    match candidate.key_algorithm() {
        Some(key) if key.is_rsa() && key.bits() < 3072 => Err(key.to_string()),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::issue::lint::samples::Sample;
    use crate::issue::lint::samples::{p256, rsa};

    #[test]
    fn rsa_3072_and_p256_pass() {
        Sample::bare().certifying(rsa(384)).keeps(&RULE);
        Sample::bare().certifying(p256(2)).keeps(&RULE);
    }

    #[test]
    fn rsa_2048_fails() {
        Sample::bare().certifying(rsa(256)).breaks(&RULE, "rsa2048");
    }
}
