//! Keys of certificate holders, as opposed to the keys of authorities: made at the centre for a holder, or by the holder's
//! own tool. A [`HolderKey`] can be carried away, sealed into a file ([`mod@file`]) or a PKCS#12 ([`crate::centre`]); the keys
//! of authorities ([`crate::soft`]) never leave their folder.

pub mod file;

use ca_core::key::{KeyAlgorithm, SubjectKey, WeakKey};
use zeroize::Zeroizing;

use crate::soft::pair::{KeyPairError, SoftKey};

/// A key pair of a holder. The private half is wiped when dropped; there is no `Debug`, and no `Clone`, so that it is
/// known where it is.
pub struct HolderKey {
    pkcs8: Zeroizing<Vec<u8>>,
    public: SubjectKey,
}

/// Why there is no key pair for a holder.
#[derive(Debug, thiserror::Error)]
pub enum HolderKeyError {
    /// Keys of this kind are not made.
    #[error("keys of algorithm {0} are not made; choose p256, p384, rsa2048, rsa3072 or rsa4096")]
    NotOffered(KeyAlgorithm),
    /// The library made none: it has no randomness, or a check of the new pair failed.
    #[error("the key pair could not be made")]
    NotMade,
    /// Octets that are no private key used here, or whose halves do not agree.
    #[error("this is no private key of P-256, P-384 or RSA with 2048 to 4096 bits, or its halves do not agree")]
    NotAKey,
    /// The key is too weak to be certified.
    #[error(transparent)]
    Weak(#[from] WeakKey),
    /// The library did not sign.
    #[error("the signature could not be computed")]
    NotSigned,
}

impl HolderKey {
    /// Makes a key pair. RSA takes a while: 0.1, 0.3 and 1 s of one core on average for 2048, 3072 and 4096 bits, in the
    /// worst case several times that; call from a blocking thread, or take one from a [`KeyPool`](crate::centre::KeyPool).
    ///
    /// # Errors
    /// [`HolderKeyError::NotOffered`], `NotMade`, `Weak`.
    pub fn generate(algorithm: KeyAlgorithm) -> Result<Self, HolderKeyError> {
        let made = SoftKey::generate(algorithm).map_err(|error| match error {
            KeyPairError::NotOffered(_) => HolderKeyError::NotOffered(algorithm),
            KeyPairError::Generation | KeyPairError::Unusable => HolderKeyError::NotMade,
        })?;
        Self::of(&made)
    }

    /// Reads a PKCS#8 `PrivateKeyInfo` in DER; the algorithm is what the key says.
    ///
    /// # Errors
    /// [`HolderKeyError::NotAKey`], `Weak`.
    pub fn from_pkcs8(der: &[u8]) -> Result<Self, HolderKeyError> {
        Self::of(&SoftKey::from_pkcs8(der).map_err(|_| HolderKeyError::NotAKey)?)
    }

    /// The private half: PKCS#8 v1 `PrivateKeyInfo` (RFC 5208 §5), DER. For sealing only; copies must be wiped.
    pub fn pkcs8_der(&self) -> &[u8] {
        &self.pkcs8
    }

    /// The public half.
    pub const fn public(&self) -> &SubjectKey {
        &self.public
    }

    /// A signature over `message` by the key's algorithm
    /// ([`signature_algorithm`](KeyAlgorithm::signature_algorithm)), ECDSA in DER: for the holder's own request.
    ///
    /// # Errors
    /// [`HolderKeyError::NotSigned`].
    pub fn sign(&self, message: &[u8]) -> Result<Vec<u8>, HolderKeyError> {
        let key = SoftKey::from_pkcs8(&self.pkcs8).map_err(|_| HolderKeyError::NotAKey)?;
        let with = self.public.algorithm().signature_algorithm();
        key.sign_one(with, message).map_err(|_| HolderKeyError::NotSigned)
    }

    fn of(key: &SoftKey) -> Result<Self, HolderKeyError> {
        // No generator is believed: a weak key of our own making would be refused when it is certified, only later.
        key.public().check_strength()?;
        let pkcs8 = key.to_pkcs8().map_err(|_| HolderKeyError::NotMade)?;
        Ok(Self { pkcs8, public: key.public().clone() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ca_core::verify::verify;

    #[test]
    fn every_kind_is_made_read_back_and_signs() {
        for algorithm in KeyAlgorithm::named() {
            let key = HolderKey::generate(algorithm).ok().unwrap();
            assert_eq!(key.public().algorithm(), algorithm);
            let again = HolderKey::from_pkcs8(key.pkcs8_der()).ok().unwrap();
            assert_eq!(again.public(), key.public());
            let signature = again.sign(b"a request").unwrap();
            verify(key.public(), algorithm.signature_algorithm(), b"a request", &signature).unwrap();
        }
    }

    #[test]
    fn other_sizes_are_not_made() {
        let refused = HolderKey::generate(KeyAlgorithm::Rsa(1024)).err();
        assert!(matches!(refused, Some(HolderKeyError::NotOffered(KeyAlgorithm::Rsa(1024)))));
        assert!(matches!(HolderKey::from_pkcs8(b"no key").err(), Some(HolderKeyError::NotAKey)));
    }
}
