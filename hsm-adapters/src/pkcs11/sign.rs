//! Signatures by a token. Devices are asked for the mechanisms that all of them have, CKM_ECDSA and CKM_RSA_PKCS, and for
//! CKM_RSA_PKCS_PSS where an authority signs so: the digest is made here, RSA's DigestInfo is put around it here, and ECDSA's
//! r‖s becomes DER here.

use ca_core::der::Writer;
use ca_core::key::{KeyAlgorithm, SignatureAlgorithm};
use ca_core::signer::Message;
use ca_core::verify::verify_message;
use cryptoki::context::Function;
use cryptoki::error::Error as DeviceError;
use cryptoki::mechanism::rsa::{PkcsMgfType, PkcsPssParams};
use cryptoki::mechanism::{Mechanism, MechanismType};

use super::keys::Found;
use super::{TokenError, TokenKey, TokenSession, device};

/// DigestInfo of SHA-256 before the digest (RFC 8017 §9.2, note 1).
const SHA256_INFO: [u8; 19] =
    [0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01, 0x05, 0x00, 0x04, 0x20];

/// DigestInfo of SHA-384 before the digest (same place).
const SHA384_INFO: [u8; 19] =
    [0x30, 0x41, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x02, 0x05, 0x00, 0x04, 0x30];

impl TokenKey<'_> {
    /// A signature over `message` by the key's algorithm
    /// ([`signature_algorithm`](ca_core::key::KeyAlgorithm::signature_algorithm)), ECDSA in DER. It has been verified with
    /// the public half.
    ///
    /// # Errors
    /// [`TokenError::Device`], `OutcomeUnknown`; [`TokenError::BadSignature`].
    pub fn sign(&self, message: &[u8]) -> Result<Vec<u8>, TokenError> {
        let algorithm = self.found.public.algorithm().signature_algorithm();
        let message = Message::Octets(message);
        let signature = self.session.sign(&self.found, algorithm, message)?;
        self.session.check(&self.found, algorithm, message, &signature)?;
        Ok(signature)
    }
}

impl TokenSession {
    /// The device's signature by `algorithm`, ECDSA in DER, not yet verified: see [`TokenSession::check`].
    ///
    /// # Errors
    /// `Device` when nothing was signed; [`TokenError::OutcomeUnknown`] when that is not known; `BadSignature` for octets that
    /// are no signature.
    pub(super) fn sign(
        &self,
        key: &Found,
        algorithm: SignatureAlgorithm,
        message: Message<'_>,
    ) -> Result<Vec<u8>, TokenError> {
        let (mechanism, input) = asked(algorithm, message).ok_or_else(|| self.bad_signature())?;
        let raw = self.session.sign(&mechanism, key.private, &input).map_err(|source| match source {
            // The device refused before it had the octets.
            DeviceError::Pkcs11(_, Function::SignInit) => device("begin to sign")(source),
            _ => TokenError::OutcomeUnknown { token: self.token.clone(), source },
        })?;
        if algorithm.is_rsa() { Ok(raw) } else { der_of(&raw).ok_or_else(|| self.bad_signature()) }
    }

    /// That the key's public half verifies a signature, by the library that did not make it.
    ///
    /// # Errors
    /// [`TokenError::BadSignature`].
    pub(super) fn check(
        &self,
        key: &Found,
        algorithm: SignatureAlgorithm,
        message: Message<'_>,
        signature: &[u8],
    ) -> Result<(), TokenError> {
        verify_message(&key.public, algorithm, message, signature).map_err(|_| self.bad_signature())
    }

    fn bad_signature(&self) -> TokenError {
        TokenError::BadSignature { token: self.token.clone() }
    }
}

/// Whether keys of that kind sign by `algorithm` here: a curve has one digest, that of its own strength.
pub(super) fn fits(key: KeyAlgorithm, algorithm: SignatureAlgorithm) -> bool {
    (key.is_rsa() && algorithm.is_rsa()) || algorithm == key.signature_algorithm()
}

/// What the token is asked for: how it is to sign, and what, in place of the message. `None` for what no device is asked for.
fn asked(algorithm: SignatureAlgorithm, message: Message<'_>) -> Option<(Mechanism<'static>, Vec<u8>)> {
    // Tokens make no keys of ML-DSA (`fits` has refused before), which alone has no digest.
    let digest = message.digest(algorithm.hash()?)?.as_bytes().to_vec();
    let pss = |hash_alg, mgf, salt: u64| Mechanism::RsaPkcsPss(PkcsPssParams { hash_alg, mgf, s_len: salt.into() });
    Some(match algorithm {
        SignatureAlgorithm::EcdsaSha256 | SignatureAlgorithm::EcdsaSha384 => (Mechanism::Ecdsa, digest),
        SignatureAlgorithm::RsaSha256 => (Mechanism::RsaPkcs, [SHA256_INFO.as_slice(), &digest].concat()),
        SignatureAlgorithm::RsaSha384 => (Mechanism::RsaPkcs, [SHA384_INFO.as_slice(), &digest].concat()),
        SignatureAlgorithm::RsaPssSha256 => (pss(MechanismType::SHA256, PkcsMgfType::MGF1_SHA256, 32), digest),
        SignatureAlgorithm::RsaPssSha384 => (pss(MechanismType::SHA384, PkcsMgfType::MGF1_SHA384, 48), digest),
        SignatureAlgorithm::MlDsa44 | SignatureAlgorithm::MlDsa65 | SignatureAlgorithm::MlDsa87 => return None,
    })
}

/// `ECDSA-Sig-Value` (RFC 3279 §2.2.3) from r and s of equal length. `None` when there are no two halves.
fn der_of(raw: &[u8]) -> Option<Vec<u8>> {
    if raw.is_empty() || !raw.len().is_multiple_of(2) {
        return None;
    }
    let (r, s) = raw.split_at_checked(raw.len() / 2)?;
    Some(Writer::build(|w| {
        w.sequence(|w| {
            w.unsigned(s);
            w.unsigned(r);
        });
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_digests_of_rsa_stand_in_der() {
        for algorithm in [SignatureAlgorithm::RsaSha256, SignatureAlgorithm::RsaSha384] {
            let (_, info) = asked(algorithm, Message::Octets(b"message")).unwrap();
            ca_core::der::check_strict(&info).unwrap();
        }
        let length = |algorithm| asked(algorithm, Message::Octets(b"")).map(|(_, octets)| octets.len());
        assert_eq!(length(SignatureAlgorithm::RsaSha256), Some(19 + 32));
        assert_eq!(length(SignatureAlgorithm::RsaSha384), Some(19 + 48));
        assert_eq!(length(SignatureAlgorithm::MlDsa44), None);
    }

    #[test]
    fn halves_become_two_minimal_integers() {
        let expected = [0x30, 0x08, 0x02, 0x01, 0x01, 0x02, 0x03, 0x00, 0x80, 0x00];
        assert_eq!(der_of(&[0x00, 0x01, 0x80, 0x00]).unwrap(), expected);
        assert_eq!(der_of(&[]), None);
        assert_eq!(der_of(&[1, 2, 3]), None);
    }
}
