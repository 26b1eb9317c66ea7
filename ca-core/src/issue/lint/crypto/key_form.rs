//! The key's AlgorithmIdentifier has the one form its algorithm allows: NULL with RSA (RFC 3279 §2.3.1), a named curve with
//! EC (RFC 5480 §2.1.1), nothing with EdDSA (RFC 8410 §3) and ML-DSA (RFC 9881 §4); an EC point is uncompressed and of its
//! curve's length (RFC 5480 §2.2), an ML-DSA key of its parameter set's.

use crate::der::tag;
use crate::issue::lint::candidate::ml_dsa_kind;
use crate::issue::lint::{Candidate, Check, Rule, Says, Severity};
use crate::key::KeyAlgorithm;
use crate::oid;
use x509_parser::der_parser::asn1_rs::Tag;

pub(super) const RULE: Rule = Rule {
    name: "crypto.key-form",
    source: "RFC 3279 §2.3.1, RFC 5480 §2.1.1, §2.2, RFC 8410 §3, RFC 9881 §4",
    severity: Severity::Error,
    says: Says {
        en: "The key's parameters are NULL with RSA, absent with EdDSA and ML-DSA, and a named curve with EC, whose point is uncompressed.",
        ja: "公開鍵のパラメータは、RSAではNULL、EdDSAとML-DSAではなし、ECでは名前付き曲線で、点は非圧縮形式でなければなりません。",
    },
    check: Check::Any(check),
};

fn check(candidate: &Candidate<'_>) -> Result<(), String> {
    let key = candidate.x509.public_key();
    let id = key.algorithm.algorithm.as_bytes();
    let parameters = key.algorithm.parameters().map(|value| (value.tag(), value.data));
    if id == oid::RSA_ENCRYPTION.as_bytes() {
        return match parameters {
            Some((Tag::Null, [])) if candidate.rsa_key().is_some() => Ok(()),
            Some((Tag::Null, [])) => Err("an RSA key that cannot be read".into()),
            _ => Err("an RSA key whose parameters are not NULL".into()),
        };
    }
    if id == oid::ED25519.as_bytes() || id == oid::ED448.as_bytes() {
        return if parameters.is_none() { Ok(()) } else { Err("an EdDSA key with parameters".into()) };
    }
    if let Some(kind) = ml_dsa_kind(&key.algorithm) {
        return match (parameters, candidate.key_algorithm()) {
            (None, Some(_)) => Ok(()),
            (Some(_), _) => Err("an ML-DSA key with parameters".into()),
            (None, None) => Err(format!("a public key of {} octets, not of {kind}", key.subject_public_key.data.len())),
        };
    }
    if id != oid::EC_PUBLIC_KEY.as_bytes() {
        return Err(format!("algorithm {}", oid::dotted(id)));
    }
    if !parameters.is_some_and(|(kind, _)| kind == Tag(u32::from(tag::OID))) {
        return Err("an EC key without a named curve".into());
    }
    let expected = match candidate.key_algorithm() {
        Some(KeyAlgorithm::P256) => 65,
        Some(KeyAlgorithm::P384) => 97,
        _ if parameters.is_some_and(|(_, curve)| curve == oid::SECP521R1.as_bytes()) => 133,
        _ => return Err("an unknown curve".into()),
    };
    let point = &key.subject_public_key;
    if point.unused_bits == 0 && point.data.len() == expected && point.data.first() == Some(&0x04) {
        Ok(())
    } else {
        Err(format!("a point of {} octets that is not uncompressed or not of {expected}", point.data.len()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::der::Writer;
    use crate::issue::lint::samples::{Sample, p256, rsa, spki};

    fn key(spki: Vec<u8>) -> Sample {
        Sample::bare().with(|sample| sample.spki = spki)
    }

    fn curve(w: &mut Writer) {
        w.oid(oid::SECP256R1);
    }

    #[test]
    fn a_named_curve_and_null_pass() {
        key(p256(2)).keeps(&RULE);
        key(rsa(256)).keeps(&RULE);
        key(spki(oid::ED25519, |_| {}, &[1; 32])).keeps(&RULE);
        key(spki(oid::ML_DSA_44, |_| {}, &[1; 1312])).keeps(&RULE);
        key(spki(oid::EC_PUBLIC_KEY, |w: &mut Writer| w.oid(oid::SECP521R1), &[4; 133])).keeps(&RULE);
    }

    #[test]
    fn other_forms_fail() {
        key(spki(oid::RSA_ENCRYPTION, |_| {}, &[])).breaks(&RULE, "an RSA key whose parameters are not NULL");
        key(spki(oid::RSA_ENCRYPTION, Writer::null, &[5, 0])).breaks(&RULE, "an RSA key that cannot be read");
        key(spki(oid::EC_PUBLIC_KEY, Writer::null, &[4; 65])).breaks(&RULE, "an EC key without a named curve");
        key(spki(oid::EC_PUBLIC_KEY, curve, &[2; 33]))
            .breaks(&RULE, "a point of 33 octets that is not uncompressed or not of 65");
        key(spki(oid::ED25519, Writer::null, &[1; 32])).breaks(&RULE, "an EdDSA key with parameters");
        key(spki(oid::ML_DSA_44, Writer::null, &[1; 1312])).breaks(&RULE, "an ML-DSA key with parameters");
        key(spki(oid::ML_DSA_44, |_| {}, &[1; 1952])).breaks(&RULE, "a public key of 1952 octets, not of mldsa44");
        key(spki(oid::SHA1, |_| {}, &[4; 65])).breaks(&RULE, "algorithm 1.3.14.3.2.26");
    }
}
