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
    /// ML-DSA-44 (FIPS 204), experimental.
    MlDsa44,
    /// ML-DSA-65 (FIPS 204), experimental.
    MlDsa65,
    /// ML-DSA-87 (FIPS 204), experimental.
    MlDsa87,
}

impl KeyAlgorithm {
    /// The kinds this system makes keys of.
    pub const MADE_HERE: [Self; 5] = [Self::P256, Self::P384, Self::Rsa2048, Self::Rsa3072, Self::Rsa4096];

    /// The kinds that are tried out: certified under packs that say they are experimental, and under no other.
    pub const EXPERIMENTAL: [Self; 3] = [Self::MlDsa44, Self::MlDsa65, Self::MlDsa87];

    /// RSA with that many bits.
    pub const fn rsa(bits: u16) -> Self {
        match bits {
            2048 => Self::Rsa2048,
            3072 => Self::Rsa3072,
            4096 => Self::Rsa4096,
            other => Self::Rsa(other),
        }
    }

    /// Every kind with a word, in the order they are named to people: those made here, then the experimental.
    pub fn named() -> impl Iterator<Item = Self> {
        Self::MADE_HERE.into_iter().chain(Self::EXPERIMENTAL)
    }

    /// The word of the command line and configuration; `None` for RSA sizes nobody makes here: `p256`, `rsa3072`, `mldsa65`.
    pub fn parse(word: &str) -> Option<Self> {
        Self::named().find(|algorithm| algorithm.to_string() == word)
    }

    /// Bits of the modulus, of the curve, or of an ML-DSA public key (FIPS 204 table 2).
    pub const fn bits(self) -> u16 {
        match self {
            Self::P256 => 256,
            Self::P384 => 384,
            Self::Rsa2048 => 2048,
            Self::Rsa3072 => 3072,
            Self::Rsa4096 => 4096,
            Self::Rsa(bits) => bits,
            Self::MlDsa44 => 8 * 1312,
            Self::MlDsa65 => 8 * 1952,
            Self::MlDsa87 => 8 * 2592,
        }
    }

    /// Whether this is RSA.
    pub const fn is_rsa(self) -> bool {
        matches!(self, Self::Rsa2048 | Self::Rsa3072 | Self::Rsa4096 | Self::Rsa(_))
    }

    /// Whether this is a key on an elliptic curve.
    pub const fn is_ec(self) -> bool {
        matches!(self, Self::P256 | Self::P384)
    }

    /// Whether this is ML-DSA, which is experimental here and only signs.
    pub const fn is_ml_dsa(self) -> bool {
        matches!(self, Self::MlDsa44 | Self::MlDsa65 | Self::MlDsa87)
    }

    /// What such a key signs with where nobody says otherwise: the digest that matches its strength, RSA padded by PKCS#1.
    pub const fn signature_algorithm(self) -> SignatureAlgorithm {
        match self {
            Self::P256 => SignatureAlgorithm::EcdsaSha256,
            Self::P384 => SignatureAlgorithm::EcdsaSha384,
            Self::Rsa4096 => SignatureAlgorithm::RsaSha384,
            Self::Rsa2048 | Self::Rsa3072 | Self::Rsa(_) => SignatureAlgorithm::RsaSha256,
            Self::MlDsa44 => SignatureAlgorithm::MlDsa44,
            Self::MlDsa65 => SignatureAlgorithm::MlDsa65,
            Self::MlDsa87 => SignatureAlgorithm::MlDsa87,
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
            Self::MlDsa44 => f.write_str("mldsa44"),
            Self::MlDsa65 => f.write_str("mldsa65"),
            Self::MlDsa87 => f.write_str("mldsa87"),
            _ => write!(f, "rsa{}", self.bits()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_round_trip() {
        for algorithm in KeyAlgorithm::named() {
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
