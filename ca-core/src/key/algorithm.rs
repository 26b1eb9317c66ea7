//! Which keys exist here and what each signs with.

use crate::der::Writer;
use crate::oid::{self, Oid};

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

    /// What such a key signs with: the digest that matches its strength.
    pub const fn signature_algorithm(self) -> SignatureAlgorithm {
        match self {
            Self::P256 => SignatureAlgorithm::EcdsaSha256,
            Self::P384 => SignatureAlgorithm::EcdsaSha384,
            Self::Rsa4096 => SignatureAlgorithm::RsaSha384,
            Self::Rsa2048 | Self::Rsa3072 | Self::Rsa(_) => SignatureAlgorithm::RsaSha256,
        }
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

/// A signature algorithm with its digest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SignatureAlgorithm {
    /// ecdsa-with-SHA256 (RFC 5758 §3.2).
    EcdsaSha256,
    /// ecdsa-with-SHA384 (RFC 5758 §3.2).
    EcdsaSha384,
    /// sha256WithRSAEncryption, PKCS#1 v1.5 (RFC 4055 §5).
    RsaSha256,
    /// sha384WithRSAEncryption, PKCS#1 v1.5 (RFC 4055 §5).
    RsaSha384,
}

impl SignatureAlgorithm {
    /// Everything we sign with.
    pub const ALL: [Self; 4] = [Self::EcdsaSha256, Self::EcdsaSha384, Self::RsaSha256, Self::RsaSha384];

    /// Its object identifier.
    pub const fn oid(self) -> Oid {
        match self {
            Self::EcdsaSha256 => oid::ECDSA_WITH_SHA256,
            Self::EcdsaSha384 => oid::ECDSA_WITH_SHA384,
            Self::RsaSha256 => oid::SHA256_WITH_RSA,
            Self::RsaSha384 => oid::SHA384_WITH_RSA,
        }
    }

    /// The algorithm with that object identifier (content octets); `None` for all we neither sign nor accept.
    pub fn from_oid(content: &[u8]) -> Option<Self> {
        Self::ALL.into_iter().find(|algorithm| algorithm.oid().as_bytes() == content)
    }

    /// The algorithm of that name, as [`Self::name`] gives it. Kept in the database so.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|algorithm| algorithm.name() == name)
    }

    /// Whether signatures are made with an RSA key.
    pub const fn is_rsa(self) -> bool {
        matches!(self, Self::RsaSha256 | Self::RsaSha384)
    }

    /// Writes its AlgorithmIdentifier: NULL parameters with RSA (RFC 4055 §5), none with ECDSA (RFC 5758 §3.2).
    pub fn write(self, writer: &mut Writer) {
        writer.sequence(|w| {
            if self.is_rsa() {
                w.null();
            }
            w.oid(self.oid());
        });
    }

    /// Its name for people: `ecdsa-with-SHA256`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::EcdsaSha256 => "ecdsa-with-SHA256",
            Self::EcdsaSha384 => "ecdsa-with-SHA384",
            Self::RsaSha256 => "sha256WithRSAEncryption",
            Self::RsaSha384 => "sha384WithRSAEncryption",
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
    fn every_signature_algorithm_is_found_by_its_oid() {
        for algorithm in SignatureAlgorithm::ALL {
            assert_eq!(SignatureAlgorithm::from_oid(algorithm.oid().as_bytes()), Some(algorithm));
        }
    }
}
