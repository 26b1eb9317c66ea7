//! One opened key pair: made, read, and used by aws-lc-rs. The private half never leaves this module unsealed except as the
//! PKCS#8 octets that `keyfile` seals and [`HolderKey`](crate::holder::HolderKey) carries to its holder.

use aws_lc_rs::digest::Digest;
use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der, PublicKeyX509Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1_SIGNING, ECDSA_P384_SHA384_ASN1_SIGNING, EcdsaKeyPair, EcdsaSigningAlgorithm, KeyPair,
    ML_DSA_44_SIGNING, ML_DSA_65_SIGNING, ML_DSA_87_SIGNING, PqdsaKeyPair, PqdsaSigningAlgorithm, RSA_PKCS1_SHA256,
    RSA_PKCS1_SHA384, RSA_PSS_SHA256, RSA_PSS_SHA384, RsaKeyPair, RsaSignatureEncoding,
};
use ca_core::digest::Hashed;
use ca_core::key::{KeyAlgorithm, SignatureAlgorithm, SignatureHash, SubjectKey};
use ca_core::signer::{Message, Tbs};
use std::num::NonZero;
use std::sync::LazyLock;
use std::thread::available_parallelism;
use zeroize::Zeroizing;

/// A private key in memory with its public half. No `Debug`.
pub(crate) struct SoftKey {
    pair: Pair,
    public: SubjectKey,
}

enum Pair {
    Ecdsa(EcdsaKeyPair),
    Rsa(RsaKeyPair),
    MlDsa(PqdsaKeyPair),
}

/// The parameter sets of ML-DSA.
const ML_DSA: [&PqdsaSigningAlgorithm; 3] = [&ML_DSA_44_SIGNING, &ML_DSA_65_SIGNING, &ML_DSA_87_SIGNING];

/// Why there is no usable key pair.
#[derive(Debug, thiserror::Error)]
pub(crate) enum KeyPairError {
    #[error("the key pair could not be generated")]
    Generation,
    #[error(
        "keys of algorithm {0} are not made by software keys; choose p256, p384, rsa2048, rsa3072 or rsa4096, or mldsa44, mldsa65 or mldsa87 to try them out"
    )]
    NotOffered(String),
    #[error("the private key is neither P-256, P-384, ML-DSA nor RSA of 2048 to 4096 bits, or its halves do not agree")]
    Unusable,
}

/// Why a key did not sign.
#[derive(Clone, Copy, Debug, thiserror::Error)]
pub(crate) enum NotSigned {
    #[error("the signature could not be computed")]
    Failed,
    #[error("it makes no signatures {0}")]
    OtherAlgorithm(&'static str),
}

/// The cores there are, asked once: the system looks through files for them, which takes as long as half a signature.
static CORES: LazyLock<usize> = LazyLock::new(|| available_parallelism().map_or(1, NonZero::get));

/// How many signatures take about a millisecond, beside which the 50 µs of a thread do not count.
const fn worth_a_thread(with: SignatureAlgorithm) -> usize {
    match with {
        SignatureAlgorithm::EcdsaSha256 => 32,
        SignatureAlgorithm::EcdsaSha384 | SignatureAlgorithm::MlDsa44 => 8,
        SignatureAlgorithm::MlDsa65 | SignatureAlgorithm::MlDsa87 => 4,
        SignatureAlgorithm::RsaSha256
        | SignatureAlgorithm::RsaSha384
        | SignatureAlgorithm::RsaPssSha256
        | SignatureAlgorithm::RsaPssSha384 => 2,
    }
}

/// How an RSA key signs by `with`; `None` for what is not RSA.
fn rsa_padding(with: SignatureAlgorithm) -> Option<&'static RsaSignatureEncoding> {
    Some(match with {
        SignatureAlgorithm::RsaSha256 => &RSA_PKCS1_SHA256,
        SignatureAlgorithm::RsaSha384 => &RSA_PKCS1_SHA384,
        SignatureAlgorithm::RsaPssSha256 => &RSA_PSS_SHA256,
        SignatureAlgorithm::RsaPssSha384 => &RSA_PSS_SHA384,
        _ => return None,
    })
}

impl SoftKey {
    /// A fresh key pair.
    pub(crate) fn generate(algorithm: KeyAlgorithm) -> Result<Self, KeyPairError> {
        let ecdsa = |curve| EcdsaKeyPair::generate(curve).map(Pair::Ecdsa).map_err(|_| KeyPairError::Generation);
        let rsa = |size| RsaKeyPair::generate(size).map(Pair::Rsa).map_err(|_| KeyPairError::Generation);
        let ml_dsa = |set| PqdsaKeyPair::generate(set).map(Pair::MlDsa).map_err(|_| KeyPairError::Generation);
        Self::with_public(match algorithm {
            KeyAlgorithm::P256 => ecdsa(&ECDSA_P256_SHA256_ASN1_SIGNING),
            KeyAlgorithm::P384 => ecdsa(&ECDSA_P384_SHA384_ASN1_SIGNING),
            KeyAlgorithm::Rsa2048 => rsa(KeySize::Rsa2048),
            KeyAlgorithm::Rsa3072 => rsa(KeySize::Rsa3072),
            KeyAlgorithm::Rsa4096 => rsa(KeySize::Rsa4096),
            KeyAlgorithm::MlDsa44 => ml_dsa(&ML_DSA_44_SIGNING),
            KeyAlgorithm::MlDsa65 => ml_dsa(&ML_DSA_65_SIGNING),
            KeyAlgorithm::MlDsa87 => ml_dsa(&ML_DSA_87_SIGNING),
            other @ KeyAlgorithm::Rsa(_) => Err(KeyPairError::NotOffered(other.to_string())),
        }?)
    }

    /// Reads a PKCS#8 `PrivateKeyInfo`; the algorithm is what the key says.
    pub(crate) fn from_pkcs8(pkcs8: &[u8]) -> Result<Self, KeyPairError> {
        let ecdsa =
            |curve: &'static EcdsaSigningAlgorithm| EcdsaKeyPair::from_pkcs8(curve, pkcs8).map(Pair::Ecdsa).ok();
        let pair = ecdsa(&ECDSA_P256_SHA256_ASN1_SIGNING)
            .or_else(|| ecdsa(&ECDSA_P384_SHA384_ASN1_SIGNING))
            .or_else(|| RsaKeyPair::from_pkcs8(pkcs8).map(Pair::Rsa).ok())
            .or_else(|| ML_DSA.into_iter().find_map(|set| PqdsaKeyPair::from_pkcs8(set, pkcs8).map(Pair::MlDsa).ok()));
        Self::with_public(pair.ok_or(KeyPairError::Unusable)?)
    }

    /// PKCS#8 v1 `PrivateKeyInfo`, DER, wiped when dropped.
    pub(crate) fn to_pkcs8(&self) -> Result<Zeroizing<Vec<u8>>, KeyPairError> {
        match &self.pair {
            Pair::Ecdsa(pair) => pair.to_pkcs8v1().map(|der| Zeroizing::new(der.as_ref().to_vec())),
            Pair::Rsa(pair) => AsDer::<Pkcs8V1Der<'_>>::as_der(pair).map(|der| Zeroizing::new(der.as_ref().to_vec())),
            // The seed (RFC 9881 §6), from which the key is expanded again.
            Pair::MlDsa(pair) => pair.to_pkcs8v1().map(|der| Zeroizing::new(der.as_ref().to_vec())),
        }
        .map_err(|_| KeyPairError::Unusable)
    }

    /// The public half.
    pub(crate) const fn public(&self) -> &SubjectKey {
        &self.public
    }

    /// One signature by `with` per element, in order. Long batches are spread over the cores.
    pub(super) fn sign_batch(&self, with: SignatureAlgorithm, batch: &[Tbs<'_>]) -> Vec<Result<Vec<u8>, NotSigned>> {
        let threads = CORES.min(batch.len() / worth_a_thread(with));
        if threads < 2 {
            return batch.iter().map(|tbs| self.sign_message(with, tbs.message())).collect();
        }
        let share = batch.len().div_ceil(threads);
        std::thread::scope(|scope| {
            let running: Vec<_> = batch
                .chunks(share)
                .map(|part| {
                    let sign =
                        move || part.iter().map(|tbs| self.sign_message(with, tbs.message())).collect::<Vec<_>>();
                    (scope.spawn(sign), part.len())
                })
                .collect();
            let lost = |n| vec![Err(NotSigned::Failed); n];
            running.into_iter().flat_map(|(thread, n)| thread.join().unwrap_or_else(|_| lost(n))).collect()
        })
    }

    pub(super) fn sign_message(&self, with: SignatureAlgorithm, message: Message<'_>) -> Result<Vec<u8>, NotSigned> {
        match message {
            Message::Octets(octets) => self.sign_one(with, octets),
            Message::Hashed(hashed) => self.sign_hashed(with, hashed),
        }
    }

    /// One signature by `with` over a message of which only the digest is at hand; ML-DSA cannot.
    fn sign_hashed(&self, with: SignatureAlgorithm, hashed: &Hashed) -> Result<Vec<u8>, NotSigned> {
        let other = NotSigned::OtherAlgorithm(with.name());
        let algorithm = match hashed.hash() {
            SignatureHash::Sha256 => &aws_lc_rs::digest::SHA256,
            SignatureHash::Sha384 => &aws_lc_rs::digest::SHA384,
            _ => return Err(other),
        };
        if with.hash() != Some(hashed.hash()) {
            return Err(other);
        }
        let digest = Digest::import_less_safe(hashed.as_bytes(), algorithm).map_err(|_| NotSigned::Failed)?;
        match &self.pair {
            Pair::Ecdsa(pair) if with == self.public.algorithm().signature_algorithm() => {
                pair.sign_digest(&digest).map(|signature| signature.as_ref().to_vec())
            }
            Pair::Rsa(pair) => {
                let padding = rsa_padding(with).ok_or(other)?;
                let mut signature = vec![0u8; pair.public_modulus_len()];
                pair.sign_digest(padding, &digest, &mut signature).map(|()| signature)
            }
            _ => return Err(other),
        }
        .map_err(|_| NotSigned::Failed)
    }

    /// One signature by `with`.
    pub(crate) fn sign_one(&self, with: SignatureAlgorithm, message: &[u8]) -> Result<Vec<u8>, NotSigned> {
        let random = SystemRandom::new();
        let rsa = |pair: &RsaKeyPair, padding: &'static RsaSignatureEncoding| {
            let mut signature = vec![0u8; pair.public_modulus_len()];
            pair.sign(padding, &random, message, &mut signature).map(|()| signature)
        };
        match (&self.pair, with) {
            // A curve has one digest here: that of its own strength.
            (Pair::Ecdsa(pair), _) if with == self.public.algorithm().signature_algorithm() => {
                pair.sign(&random, message).map(|signature| signature.as_ref().to_vec())
            }
            (Pair::MlDsa(pair), _) if with == self.public.algorithm().signature_algorithm() => {
                let mut signature = vec![0u8; pair.algorithm().signature_len()];
                pair.sign(message, &mut signature).map(|_| signature)
            }
            (Pair::Rsa(pair), _) => rsa(pair, rsa_padding(with).ok_or(NotSigned::OtherAlgorithm(with.name()))?),
            _ => return Err(NotSigned::OtherAlgorithm(with.name())),
        }
        .map_err(|_| NotSigned::Failed)
    }

    fn with_public(pair: Pair) -> Result<Self, KeyPairError> {
        let spki = match &pair {
            Pair::Ecdsa(pair) => AsDer::<PublicKeyX509Der<'_>>::as_der(pair.public_key()),
            Pair::Rsa(pair) => AsDer::<PublicKeyX509Der<'_>>::as_der(pair.public_key()),
            Pair::MlDsa(pair) => AsDer::<PublicKeyX509Der<'_>>::as_der(pair.public_key()),
        }
        .map_err(|_| KeyPairError::Unusable)?;
        let public = SubjectKey::from_spki_der(spki.as_ref()).map_err(|_| KeyPairError::Unusable)?;
        Ok(Self { pair, public })
    }
}
