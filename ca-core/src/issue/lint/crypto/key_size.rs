//! The certified key is P-256, P-384 or RSA of 2048–4096 bits (BR §6.1.5), or ML-DSA (that the profile may have it is asked
//! of the pack). Other CAs may also certify P-521, EdDSA and
//! longer RSA keys. What costs more than a look (small factors,
//! ROCA, close primes) is asked before encoding: [`SubjectKey::check_strength`](crate::key::SubjectKey::check_strength).

use crate::issue::lint::{Candidate, Check, Rule, Says, Severity};
use crate::oid;

pub(super) const RULE: Rule = Rule {
    name: "crypto.key-size",
    source: "BR §6.1.5",
    severity: Severity::Error,
    says: Says {
        en: "The key is RSA of at least 2048 bits, or on one of the curves P-256, P-384, P-521, Ed25519 and Ed448, or ML-DSA.",
        ja: "公開鍵は、2048ビット以上のRSAか、P-256、P-384、P-521、Ed25519、Ed448、ML-DSAの鍵でなければなりません。",
    },
    check: Check::Any(check),
};

fn check(candidate: &Candidate<'_>) -> Result<(), String> {
    match candidate.key_algorithm() {
        Some(kind) if kind.is_ec() || kind.is_ml_dsa() => Ok(()),
        Some(rsa) if (2048..=4096).contains(&rsa.bits()) => Ok(()),
        Some(rsa) if rsa.bits() > 4096 && candidate.promise.is_none() => Ok(()),
        Some(other) => Err(other.to_string()),
        None if candidate.promise.is_none() && is_strong_curve(candidate) => Ok(()),
        None => Err("a key of unknown kind".into()),
    }
}

/// Whether it is on a curve that nothing here is certified on, but that is not weak.
fn is_strong_curve(candidate: &Candidate<'_>) -> bool {
    let algorithm = &candidate.x509.public_key().algorithm;
    let id = algorithm.algorithm.as_bytes();
    let curve = algorithm.parameters().map(|parameters| parameters.data);
    id == oid::ED25519.as_bytes()
        || id == oid::ED448.as_bytes()
        || (id == oid::EC_PUBLIC_KEY.as_bytes() && curve == Some(oid::SECP521R1.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::der::Writer;
    use crate::issue::lint::samples::{Sample, p256, rsa, spki};

    fn key(spki: Vec<u8>) -> Sample {
        Sample::bare().with(|sample| sample.spki = spki)
    }

    #[test]
    fn p256_ml_dsa_and_rsa_of_2048_to_4096_bits_pass() {
        let ml_dsa = spki(oid::ML_DSA_65, |_| {}, &[7; 1952]);
        for accepted in [p256(2), rsa(256), rsa(512), ml_dsa] {
            key(accepted).keeps(&RULE);
        }
    }

    #[test]
    fn shorter_longer_and_other_keys_fail() {
        key(rsa(255)).breaks(&RULE, "rsa2040");
        key(rsa(513)).breaks(&RULE, "rsa4104");
        key(spki(oid::ML_DSA_65, |_| {}, &[7; 1951])).breaks(&RULE, "a key of unknown kind");
        key(p521()).breaks(&RULE, "a key of unknown kind");
    }

    #[test]
    fn other_cas_certify_more_kinds_but_no_weaker_ones() {
        for accepted in [p521(), rsa(513), spki(oid::ED25519, |_| {}, &[1; 32])] {
            key(accepted).foreign().keeps(&RULE);
        }
        key(rsa(128)).foreign().breaks(&RULE, "rsa1024");
        key(spki(oid::SHA1, |_| {}, &[1; 32])).foreign().breaks(&RULE, "a key of unknown kind");
    }

    fn p521() -> Vec<u8> {
        spki(oid::EC_PUBLIC_KEY, |w: &mut Writer| w.oid(oid::SECP521R1), &[4; 133])
    }
}
