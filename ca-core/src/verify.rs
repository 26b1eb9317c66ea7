//! Signature verification by the library that did not sign: ring, ml-dsa for ML-DSA, which ring does not know, and p256,
//! p384 and rsa where only the digest is at hand, which ring does not take. What is signed here with aws-lc-rs or a device
//! is verified with them before it leaves.

use crate::digest::Hashed;
use crate::key::{KeyAlgorithm, SignatureAlgorithm, SubjectKey};
use crate::signer::Message;
use ml_dsa::{EncodedVerifyingKey, MlDsa44, MlDsa65, MlDsa87, MlDsaParams, Signature, VerifyingKey};
use p256::ecdsa::signature::hazmat::PrehashVerifier;
use ring::signature;
use rsa::pkcs1::DecodeRsaPublicKey;
use rsa::{Pkcs1v15Sign, Pss, RsaPublicKey};

/// A signature that does not hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum VerifyError {
    /// The key cannot make signatures of that algorithm.
    #[error("the signature algorithm does not fit the key")]
    AlgorithmMismatch,
    /// The signature is not that of this key over these octets.
    #[error("the signature does not verify")]
    BadSignature,
}

/// Errors unless `signature` (ECDSA: DER; RSA: PKCS#1 v1.5 or PSS, as `algorithm` says; ML-DSA: pure, with an empty context)
/// over `message` was made by `key`.
pub fn verify(
    key: &SubjectKey,
    algorithm: SignatureAlgorithm,
    message: &[u8],
    signature: &[u8],
) -> Result<(), VerifyError> {
    use KeyAlgorithm::{P256, P384};
    let ring: &dyn signature::VerificationAlgorithm = match (key.algorithm(), algorithm) {
        (P256, SignatureAlgorithm::EcdsaSha256) => &signature::ECDSA_P256_SHA256_ASN1,
        (P256, SignatureAlgorithm::EcdsaSha384) => &signature::ECDSA_P256_SHA384_ASN1,
        (P384, SignatureAlgorithm::EcdsaSha256) => &signature::ECDSA_P384_SHA256_ASN1,
        (P384, SignatureAlgorithm::EcdsaSha384) => &signature::ECDSA_P384_SHA384_ASN1,
        (rsa, SignatureAlgorithm::RsaSha256) if rsa.is_rsa() => &signature::RSA_PKCS1_2048_8192_SHA256,
        (rsa, SignatureAlgorithm::RsaSha384) if rsa.is_rsa() => &signature::RSA_PKCS1_2048_8192_SHA384,
        (rsa, SignatureAlgorithm::RsaPssSha256) if rsa.is_rsa() => &signature::RSA_PSS_2048_8192_SHA256,
        (rsa, SignatureAlgorithm::RsaPssSha384) if rsa.is_rsa() => &signature::RSA_PSS_2048_8192_SHA384,
        (KeyAlgorithm::MlDsa44, SignatureAlgorithm::MlDsa44) => return ml_dsa::<MlDsa44>(key, message, signature),
        (KeyAlgorithm::MlDsa65, SignatureAlgorithm::MlDsa65) => return ml_dsa::<MlDsa65>(key, message, signature),
        (KeyAlgorithm::MlDsa87, SignatureAlgorithm::MlDsa87) => return ml_dsa::<MlDsa87>(key, message, signature),
        _ => return Err(VerifyError::AlgorithmMismatch),
    };
    signature::UnparsedPublicKey::new(ring, key.key_bits())
        .verify(message, signature)
        .map_err(|_| VerifyError::BadSignature)
}

/// As [`verify`], over what the signer was given.
pub fn verify_message(
    key: &SubjectKey,
    algorithm: SignatureAlgorithm,
    message: Message<'_>,
    signature: &[u8],
) -> Result<(), VerifyError> {
    match message {
        Message::Octets(octets) => verify(key, algorithm, octets, signature),
        Message::Hashed(hashed) => verify_hashed(key, algorithm, hashed, signature),
    }
}

/// As [`verify`], for a message of which only the digest is at hand. Errors also for ML-DSA, which wants the message.
pub fn verify_hashed(
    key: &SubjectKey,
    algorithm: SignatureAlgorithm,
    hashed: &Hashed,
    signature: &[u8],
) -> Result<(), VerifyError> {
    use SignatureAlgorithm::{EcdsaSha256, EcdsaSha384, RsaPssSha256, RsaPssSha384, RsaSha256, RsaSha384};
    if algorithm.hash() != Some(hashed.hash()) {
        return Err(VerifyError::AlgorithmMismatch);
    }
    let digest = hashed.as_bytes();
    let bad = |_| VerifyError::BadSignature;
    match (key.algorithm(), algorithm) {
        (KeyAlgorithm::P256, EcdsaSha256 | EcdsaSha384) => {
            let key = p256::ecdsa::VerifyingKey::from_sec1_bytes(key.key_bits()).map_err(bad)?;
            let signature = p256::ecdsa::Signature::from_der(signature).map_err(bad)?;
            key.verify_prehash(digest, &signature).map_err(bad)
        }
        (KeyAlgorithm::P384, EcdsaSha256 | EcdsaSha384) => {
            let key = p384::ecdsa::VerifyingKey::from_sec1_bytes(key.key_bits()).map_err(bad)?;
            let signature = p384::ecdsa::Signature::from_der(signature).map_err(bad)?;
            key.verify_prehash(digest, &signature).map_err(bad)
        }
        (rsa, RsaSha256 | RsaSha384 | RsaPssSha256 | RsaPssSha384) if rsa.is_rsa() => {
            let key = RsaPublicKey::from_pkcs1_der(key.key_bits()).map_err(|_| VerifyError::BadSignature)?;
            let verified = match algorithm {
                RsaSha256 => key.verify(Pkcs1v15Sign::new::<rsa::sha2::Sha256>(), digest, signature),
                RsaSha384 => key.verify(Pkcs1v15Sign::new::<rsa::sha2::Sha384>(), digest, signature),
                RsaPssSha256 => key.verify(Pss::<rsa::sha2::Sha256>::new(), digest, signature),
                _ => key.verify(Pss::<rsa::sha2::Sha384>::new(), digest, signature),
            };
            verified.map_err(|_| VerifyError::BadSignature)
        }
        _ => Err(VerifyError::AlgorithmMismatch),
    }
}

/// FIPS 204 algorithm 3 with the empty context that RFC 9881 §3 wants.
fn ml_dsa<P: MlDsaParams>(key: &SubjectKey, message: &[u8], signature: &[u8]) -> Result<(), VerifyError> {
    let encoded = EncodedVerifyingKey::<P>::try_from(key.key_bits()).map_err(|_| VerifyError::AlgorithmMismatch)?;
    let signature = Signature::<P>::try_from(signature).map_err(|_| VerifyError::BadSignature)?;
    let holds = VerifyingKey::<P>::decode(&encoded).verify_with_context(message, &[], &signature);
    if holds { Ok(()) } else { Err(VerifyError::BadSignature) }
}
