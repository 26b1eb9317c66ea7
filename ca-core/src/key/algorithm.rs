//! Which keys exist here and what each signs with.

use super::signature::{RsaPadding, SignatureAlgorithm};

/// A kind of key with its size. Kept in the database as its text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum KeyAlgorithm {
    /// ECDSA on secp256r1.
    P256,
    /// ECDSA on secp384r1.
    P384,
    /// RSA with a modulus of 2048 bits.
    Rsa2048,
    /// RSA with a modulus of 3072 bits.
    Rsa3072,
    /// RSA with a modulus of 4096 bits.
    Rsa4096,
    /// RSA with another modulus, in bits; accepted from requests only.
    Rsa(u16),
}

impl KeyAlgorithm {
    /// The kinds this system makes keys of.
    pub const MADE_HERE: [Self; 5] = [Self::P256, Self::P384, Self::Rsa2048, Self::Rsa3072, Self::Rsa4096];

    /// RSA with that many bits.
    pub const fn rsa(bits: u16) -> Self {
        match bits {
            2048 => Self::Rsa2048,
            3072 => Self::Rsa3072,
            4096 => Self::Rsa4096,
            other => Self::Rsa(other),
        }
    }

    /// The word of the command line and configuration; `None` for RSA sizes nobody makes here: `p256`, `rsa3072`.
    pub fn parse(word: &str) -> Option<Self> {
        Self::MADE_HERE.into_iter().find(|algorithm| algorithm.to_string() == word)
    }

    /// Bits of the modulus, or of the curve.
    pub const fn bits(self) -> u16 {
        match self {
            Self::P256 => 256,
            Self::P384 => 384,
            Self::Rsa2048 => 2048,
            Self::Rsa3072 => 3072,
            Self::Rsa4096 => 4096,
            Self::Rsa(bits) => bits,
        }
    }

    /// Whether this is RSA.
    pub const fn is_rsa(self) -> bool {
        !matches!(self, Self::P256 | Self::P384)
    }

    /// What such a key signs with where nobody says otherwise: the digest that matches its strength, RSA padded by PKCS#1.
    pub const fn signature_algorithm(self) -> SignatureAlgorithm {
        match self {
            Self::P256 => SignatureAlgorithm::EcdsaSha256,
            Self::P384 => SignatureAlgorithm::EcdsaSha384,
            Self::Rsa4096 => SignatureAlgorithm::RsaSha384,
            Self::Rsa2048 | Self::Rsa3072 | Self::Rsa(_) => SignatureAlgorithm::RsaSha256,
        }
    }

    /// Whether an authority with such a key may sign with `algorithm`: over the digest of its strength, with either padding.
    pub fn signs_with(self, algorithm: SignatureAlgorithm) -> bool {
        RsaPadding::ALL.into_iter().any(|padding| self.signature_algorithm().padded(padding) == algorithm)
    }
}

impl std::fmt::Display for KeyAlgorithm {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::P256 | Self::P384 => write!(f, "p{}", self.bits()),
            _ => write!(f, "rsa{}", self.bits()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_round_trip() {
        for algorithm in KeyAlgorithm::MADE_HERE {
            assert_eq!(KeyAlgorithm::parse(&algorithm.to_string()), Some(algorithm));
        }
        assert_eq!(KeyAlgorithm::parse("rsa1024"), None);
    }

    #[test]
    fn a_key_signs_over_its_own_digest_and_only_rsa_has_a_choice() {
        use SignatureAlgorithm::{EcdsaSha256, EcdsaSha384, RsaPssSha256, RsaPssSha384, RsaSha256, RsaSha384};
        let of = |key: KeyAlgorithm| -> Vec<_> {
            SignatureAlgorithm::ALL.into_iter().filter(|algorithm| key.signs_with(*algorithm)).collect()
        };
        assert_eq!(of(KeyAlgorithm::P256), [EcdsaSha256]);
        assert_eq!(of(KeyAlgorithm::P384), [EcdsaSha384]);
        assert_eq!(of(KeyAlgorithm::Rsa2048), [RsaSha256, RsaPssSha256]);
        assert_eq!(of(KeyAlgorithm::Rsa4096), [RsaSha384, RsaPssSha384]);
    }
}
