//! An RSA key signs and enciphers but agrees on nothing (RFC 3279 §2.3.1); an EC key does not encipher (RFC 8813 §3); an
//! ML-DSA key only signs (RFC 9881 §5).

use crate::issue::lint::candidate::ml_dsa_kind;
use crate::issue::lint::{Candidate, Check, Rule, Says, Severity};
use crate::oid;

pub(super) const RULE: Rule = Rule {
    name: "crypto.key-usage-fits-key",
    source: "RFC 3279 §2.3.1, RFC 8813 §3, RFC 9881 §5",
    severity: Severity::Error,
    says: Says {
        en: "keyUsage fits the kind of key: no key agreement with RSA, no encipherment with EC, neither with ML-DSA.",
        ja: "keyUsageは鍵の種類に合わせ、RSAでは鍵共有、ECでは鍵やデータの暗号化、ML-DSAではそのどちらも立ててはなりません。",
    },
    check: Check::Any(check),
};

const KEY_AND_DATA_ENCIPHERMENT: u16 = 0x3000;
const KEY_AGREEMENT_AND_ITS_LIMITS: u16 = 0x0980;

fn check(candidate: &Candidate<'_>) -> Result<(), String> {
    let id = candidate.x509.public_key().algorithm.algorithm.as_bytes();
    let (kind, unfit) = if id == oid::RSA_ENCRYPTION.as_bytes() {
        ("RSA", KEY_AGREEMENT_AND_ITS_LIMITS)
    } else if id == oid::EC_PUBLIC_KEY.as_bytes() {
        ("EC", KEY_AND_DATA_ENCIPHERMENT)
    } else if ml_dsa_kind(&candidate.x509.public_key().algorithm).is_some() {
        ("ML-DSA", KEY_AND_DATA_ENCIPHERMENT | KEY_AGREEMENT_AND_ITS_LIMITS)
    } else {
        return Ok(());
    };
    match candidate.key_usage() {
        Some(usage) if usage & unfit != 0 => Err(format!("key usage {usage:#06x} of an {kind} key")),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::issue::lint::samples::Sample;
    use crate::issue::lint::samples::{p256, rsa, spki};

    #[test]
    fn enciphering_rsa_agreeing_ec_and_signing_ml_dsa_pass() {
        Sample::bare().certifying(spki(oid::ML_DSA_44, |_| {}, &[1; 1312])).usage(0xc600).keeps(&RULE);
        Sample::bare().certifying(rsa(256)).usage(0xb000).keeps(&RULE);
        Sample::bare().certifying(p256(2)).usage(0x8800).keeps(&RULE);
    }

    #[test]
    fn the_bits_exchanged_fail() {
        let ml_dsa = || Sample::bare().certifying(spki(oid::ML_DSA_44, |_| {}, &[1; 1312]));
        ml_dsa().usage(0xa000).breaks(&RULE, "key usage 0xa000 of an ML-DSA key");
        ml_dsa().usage(0x8800).breaks(&RULE, "key usage 0x8800 of an ML-DSA key");
        Sample::bare().certifying(rsa(256)).usage(0x8800).breaks(&RULE, "key usage 0x8800 of an RSA key");
        Sample::bare().certifying(p256(2)).usage(0xa000).breaks(&RULE, "key usage 0xa000 of an EC key");
    }
}
