//! keyUsage stands: digitalSignature, keyEncipherment with RSA or keyAgreement with EC, at least one of them;
//! nonRepudiation beside a signature, dataEncipherment beside keyEncipherment (S/MIME BR §7.1.2.3).

use crate::issue::lint::{Baseline, Candidate, Check, Rule, Says, Severity};
use crate::oid;

pub(super) const RULE: Rule = Rule {
    name: "cabf.smime.key-usage",
    source: "S/MIME BR §7.1.2.3",
    severity: Severity::Error,
    says: Says {
        en: "keyUsage of a mail certificate is for signing, for encrypting keys (RSA) or agreeing on them (EC), or for both.",
        ja: "メール用証明書のkeyUsageは、署名用か、鍵の暗号化（RSA）・鍵共有（EC）用か、その両方でなければなりません。",
    },
    check: Check::Baseline(Baseline::Smime, check),
};

const SIGNATURE: u16 = 0x8000;
const NON_REPUDIATION: u16 = 0x4000;

fn check(candidate: &Candidate<'_>) -> Result<(), String> {
    let Some(usage) = candidate.key_usage() else { return Err("none".into()) };
    let id = candidate.x509.public_key().algorithm.algorithm.as_bytes();
    // The bit that manages keys, and what may stand beside it.
    let (management, beside) = if id == oid::RSA_ENCRYPTION.as_bytes() {
        (0x2000, 0x1000)
    } else if id == oid::EC_PUBLIC_KEY.as_bytes() {
        (0x0800, 0x0180)
    } else {
        (0, 0)
    };
    let signs = if usage & SIGNATURE == 0 { 0 } else { SIGNATURE | NON_REPUDIATION };
    let manages = if usage & management == 0 { 0 } else { management | beside };
    if usage & (SIGNATURE | management) != 0 && usage & !(signs | manages) == 0 {
        Ok(())
    } else {
        Err(format!("{usage:#06x}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::issue::lint::samples::Sample;
    use crate::issue::lint::samples::rsa;

    #[test]
    fn signing_encrypting_and_both_pass() {
        for bits in [0x8000, 0xc000, 0x0800, 0x8800] {
            Sample::bare().usage(bits).keeps(&RULE);
        }
        for bits in [0x2000, 0x3000, 0xe000] {
            Sample::bare().certifying(rsa(256)).usage(bits).keeps(&RULE);
        }
    }

    #[test]
    fn none_and_other_bits_fail() {
        Sample::bare().breaks(&RULE, "none");
        for bits in [0x4000, 0x2000, 0x0100, 0x8600] {
            Sample::bare().usage(bits).breaks(&RULE, &format!("{bits:#06x}"));
        }
    }
}
