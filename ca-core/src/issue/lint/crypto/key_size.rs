//! The certified key is P-256, P-384 or RSA of 2048–4096 bits (BR §6.1.5). What costs more than a look (small factors,
//! ROCA, close primes) is asked before encoding: [`SubjectKey::check_strength`](crate::key::SubjectKey::check_strength).

use crate::issue::lint::{Candidate, Check, Rule, Says, Severity};
use crate::key::KeyAlgorithm;

pub(super) const RULE: Rule = Rule {
    name: "crypto.key-size",
    source: "BR §6.1.5",
    severity: Severity::Error,
    says: Says {
        en: "The key is P-256, P-384 or RSA of 2048 to 4096 bits.",
        ja: "公開鍵は、P-256、P-384、または2048～4096ビットのRSAでなければなりません。",
    },
    check: Check::Any(check),
};

fn check(candidate: &Candidate<'_>) -> Result<(), String> {
    match candidate.key_algorithm() {
        Some(KeyAlgorithm::P256 | KeyAlgorithm::P384) => Ok(()),
        Some(rsa) if (2048..=4096).contains(&rsa.bits()) => Ok(()),
        Some(other) => Err(other.to_string()),
        None => Err("a key of unknown kind".into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::der::Writer;
    use crate::issue::lint::samples::{Sample, p256, rsa, spki};
    use crate::oid::{self, Oid};

    fn key(spki: Vec<u8>) -> Sample {
        Sample::bare().with(|sample| sample.spki = spki)
    }

    #[test]
    fn p256_and_rsa_of_2048_to_4096_bits_pass() {
        for accepted in [p256(2), rsa(256), rsa(512)] {
            key(accepted).keeps(&RULE);
        }
    }

    #[test]
    fn shorter_longer_and_other_keys_fail() {
        key(rsa(255)).breaks(&RULE, "rsa2040");
        key(rsa(513)).breaks(&RULE, "rsa4104");
        const SECP521R1: Oid = Oid(&[0x2b, 0x81, 0x04, 0x00, 0x23]);
        let p521 = spki(oid::EC_PUBLIC_KEY, |w: &mut Writer| w.oid(SECP521R1), &[4; 133]);
        key(p521).breaks(&RULE, "a key of unknown kind");
    }
}
