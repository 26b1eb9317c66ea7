//! keyUsage must be present and critical, with digitalSignature and without keyCertSign and cRLSign (Code Signing BR
//! §7.1.2.3).

use crate::issue::lint::{Baseline, Candidate, Check, Rule, Says, Severity};
use crate::oid;

pub(super) const RULE: Rule = Rule {
    name: "cabf.code-signing.key-usage",
    source: "Code Signing BR §7.1.2.3",
    severity: Severity::Error,
    says: Says {
        en: "keyUsage of a code signing certificate is critical, sets digitalSignature and signs neither certificates nor CRLs.",
        ja: "コード署名証明書のkeyUsageはcriticalで、digitalSignatureを立て、keyCertSignとcRLSignを立ててはなりません。",
    },
    check: Check::Baseline(Baseline::CodeSigning, check),
};

fn check(candidate: &Candidate<'_>) -> Result<(), String> {
    match candidate.key_usage() {
        None => Err("none".into()),
        Some(_) if !candidate.is_critical(oid::KEY_USAGE) => Err("not critical".into()),
        Some(usage) if usage & 0x8000 == 0 || usage & 0x0600 != 0 => Err(format!("{usage:#06x}")),
        Some(_) => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::issue::lint::samples::Sample;

    #[test]
    fn a_signature_passes() {
        Sample::bare().usage(0x8000).keeps(&RULE);
    }

    #[test]
    fn none_and_other_bits_fail() {
        Sample::bare().breaks(&RULE, "none");
        Sample::bare().extension(oid::KEY_USAGE, |w| w.named_bits(0x8000)).breaks(&RULE, "not critical");
        Sample::bare().usage(0x4000).breaks(&RULE, "0x4000");
        Sample::bare().usage(0x8400).breaks(&RULE, "0x8400");
    }
}
