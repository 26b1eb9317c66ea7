//! SubjectPublicKeyInfo (RFC 5280 §4.1.2.7), read strictly. A value of [`SubjectKey`] has a known algorithm, named
//! curve or modulus, and a well-formed key; it may still be weak.

use super::algorithm::KeyAlgorithm;
use super::weak::{self, WeakKey};
use crate::der::{DerError, Reader};
use crate::digest::{sha1, sha256};
use crate::oid;

/// A public key as its SubjectPublicKeyInfo DER. Kept in the database as `BYTEA`.
#[derive(Clone, PartialEq, Eq)]
pub struct SubjectKey {
    spki: Vec<u8>,
    /// Where the BIT STRING's octets begin in `spki`; they go to its end.
    bits_at: usize,
    algorithm: KeyAlgorithm,
}

/// Why a SubjectPublicKeyInfo is not accepted as a key.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// Not DER of a SubjectPublicKeyInfo.
    #[error("the public key is not DER: {0}")]
    Der(#[from] DerError),
    /// An algorithm no certificate here may have; the dotted OID.
    #[error("keys of algorithm {0} are not accepted")]
    UnsupportedAlgorithm(String),
    /// A curve other than P-256 and P-384; the dotted OID.
    #[error("the curve {0} is not accepted")]
    UnsupportedCurve(String),
    /// A point that is not uncompressed or not of its curve's length.
    #[error("the elliptic-curve point has {found} octets where {expected} are expected")]
    BadPoint {
        /// Octets of an uncompressed point on this curve.
        expected: usize,
        /// Octets found.
        found: usize,
    },
    /// An ML-DSA public key that is not of its parameter set's length.
    #[error("the ML-DSA public key has {found} octets where {expected} are expected")]
    BadPublicKey {
        /// Octets of a public key of this parameter set.
        expected: usize,
        /// Octets found.
        found: usize,
    },
    /// A modulus longer than any RSA key accepted, in bits.
    #[error("the RSA modulus has {0} bits")]
    ModulusSize(usize),
    /// Too weak.
    #[error(transparent)]
    Weak(#[from] WeakKey),
}

impl SubjectKey {
    /// The key in a SubjectPublicKeyInfo. Errors when it is not DER, of an unknown algorithm or malformed.
    pub fn from_spki_der(spki: &[u8]) -> Result<Self, KeyError> {
        let mut fields = Reader::of_sequence(spki)?;
        let mut algorithm = fields.sequence()?;
        let id = algorithm.oid()?;
        let bits = fields.bit_string()?;
        fields.finish()?;
        let kind = if id == oid::RSA_ENCRYPTION.as_bytes() {
            algorithm.expect(crate::der::tag::NULL)?;
            rsa_kind(bits)?
        } else if id == oid::EC_PUBLIC_KEY.as_bytes() {
            ec_kind(algorithm.oid()?, bits)?
        } else {
            ml_dsa_kind(id, bits)?
        };
        algorithm.finish()?;
        Ok(Self { spki: spki.to_vec(), bits_at: spki.len().saturating_sub(bits.len()), algorithm: kind })
    }

    /// The SubjectPublicKeyInfo.
    pub fn spki_der(&self) -> &[u8] {
        &self.spki
    }

    /// The octets of subjectPublicKey: an EC point, an RSAPublicKey, or an ML-DSA public key.
    pub fn key_bits(&self) -> &[u8] {
        self.spki.get(self.bits_at..).unwrap_or_default()
    }

    /// Kind and size.
    pub const fn algorithm(&self) -> KeyAlgorithm {
        self.algorithm
    }

    /// SHA-1 of the subjectPublicKey octets (RFC 5280 §4.2.1.2 method 1; also OCSP's issuerKeyHash).
    pub fn key_identifier(&self) -> [u8; 20] {
        sha1(self.key_bits())
    }

    /// SHA-256 of the SubjectPublicKeyInfo: how a key is recognised when it comes again.
    pub fn fingerprint(&self) -> [u8; 32] {
        sha256(&self.spki)
    }

    /// Errors when the key is too weak to be certified (see [`WeakKey`]).
    pub fn check_strength(&self) -> Result<(), WeakKey> {
        match self.algorithm {
            kind if !kind.is_rsa() => Ok(()),
            _ => rsa_numbers(self.key_bits())
                .map_err(|_| WeakKey::Exponent)
                .and_then(|(modulus, exponent)| weak::check_rsa(modulus, exponent)),
        }
    }
}

impl std::fmt::Debug for SubjectKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "SubjectKey({}, {})", self.algorithm, crate::digest::hex(&self.fingerprint()))
    }
}

fn rsa_numbers(bits: &[u8]) -> Result<(&[u8], &[u8]), DerError> {
    let mut numbers = Reader::of_sequence(bits)?;
    let modulus = numbers.unsigned()?;
    let exponent = numbers.unsigned()?;
    numbers.finish()?;
    Ok((modulus, exponent))
}

fn rsa_kind(bits: &[u8]) -> Result<KeyAlgorithm, KeyError> {
    let (modulus, _) = rsa_numbers(bits)?;
    let zeros = modulus.first().map_or(0, |first| first.leading_zeros());
    let size = modulus.len().saturating_mul(8).saturating_sub(usize::try_from(zeros).unwrap_or(0));
    match u16::try_from(size) {
        Ok(size) if size <= 8192 => Ok(KeyAlgorithm::rsa(size)),
        _ => Err(KeyError::ModulusSize(size)),
    }
}

fn ec_kind(curve: &[u8], point: &[u8]) -> Result<KeyAlgorithm, KeyError> {
    let (kind, expected) = if curve == oid::SECP256R1.as_bytes() {
        (KeyAlgorithm::P256, 65)
    } else if curve == oid::SECP384R1.as_bytes() {
        (KeyAlgorithm::P384, 97)
    } else {
        return Err(KeyError::UnsupportedCurve(oid::dotted(curve)));
    };
    if point.len() == expected && point.first() == Some(&0x04) {
        Ok(kind)
    } else {
        Err(KeyError::BadPoint { expected, found: point.len() })
    }
}

/// ML-DSA: the public key as it is, and no parameters (RFC 9881 §4).
fn ml_dsa_kind(id: &[u8], key: &[u8]) -> Result<KeyAlgorithm, KeyError> {
    let known = KeyAlgorithm::EXPERIMENTAL.into_iter().find(|kind| kind.signature_algorithm().oid().as_bytes() == id);
    let kind = known.ok_or_else(|| KeyError::UnsupportedAlgorithm(oid::dotted(id)))?;
    let expected = usize::from(kind.bits() / 8);
    if key.len() == expected { Ok(kind) } else { Err(KeyError::BadPublicKey { expected, found: key.len() }) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::der::Writer;

    fn ml_dsa(parameters: impl FnOnce(&mut Writer), key: &[u8]) -> Result<KeyAlgorithm, KeyError> {
        let spki = Writer::build(|w| {
            w.sequence(|w| {
                w.bit_string(key);
                w.sequence(|w| {
                    parameters(w);
                    w.oid(oid::ML_DSA_44);
                });
            });
        });
        SubjectKey::from_spki_der(&spki).map(|key| key.algorithm())
    }

    #[test]
    fn an_ml_dsa_key_has_its_length_and_no_parameters() {
        assert_eq!(ml_dsa(|_| {}, &[7; 1312]), Ok(KeyAlgorithm::MlDsa44));
        for found in [0, 1311, 1313, 1952] {
            let refused = Err(KeyError::BadPublicKey { expected: 1312, found });
            assert_eq!(ml_dsa(|_| {}, &vec![7; found]), refused);
        }
        assert_eq!(ml_dsa(Writer::null, &[7; 1312]), Err(KeyError::Der(DerError::TrailingData(2))));
    }
}
