//! All bits but digitalSignature should not be set (Code Signing BR §7.1.2.3).

use crate::issue::lint::{Baseline, Candidate, Check, Rule, Says, Severity};

pub(super) const RULE: Rule = Rule {
    name: "cabf.code-signing.other-usages",
    source: "Code Signing BR §7.1.2.3",
    severity: Severity::Warning,
    says: Says {
        en: "keyUsage of a code signing certificate sets digitalSignature alone.",
        ja: "コード署名証明書のkeyUsageは、digitalSignatureだけにすべきです。",
    },
    check: Check::Baseline(Baseline::CodeSigning, check),
};

fn check(candidate: &Candidate<'_>) -> Result<(), String> {
    match candidate.key_usage() {
        Some(usage) if usage & 0x7fff != 0 => Err(format!("{usage:#06x}")),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::issue::lint::samples::Sample;

    #[test]
    fn a_signature_alone_passes() {
        Sample::bare().usage(0x8000).keeps(&RULE);
    }

    #[test]
    fn non_repudiation_beside_it_fails() {
        Sample::bare().usage(0xc000).breaks(&RULE, "0xc000");
    }
}
