//! What a key store must offer. Serving needs a [`Signer`]; ceremonies hold a [`KeyKeeper`], and of the running
//! service what makes the next key of an OCSP responder: nothing in it destroys keys. Implemented in `hsm-adapters`.

use crate::digest::{Hashed, Hasher};
use crate::id::KeyLabel;
use crate::key::{KeyAlgorithm, SignatureAlgorithm, SignatureHash, SubjectKey};

/// To-be-signed octets with what they are: signers never see raw bytes of unknown meaning.
#[derive(Clone, Copy, Debug)]
pub enum Tbs<'a> {
    /// A TBSCertificate (RFC 5280 §4.1).
    Certificate(&'a [u8]),
    /// A TBSCertList (RFC 5280 §5.1).
    Crl(&'a [u8]),
    /// A TBSCertList too long to stand in memory, of which the digest was made on the way.
    HashedCrl(&'a Hashed),
    /// A ResponseData (RFC 6960 §4.2.1).
    Ocsp(&'a [u8]),
    /// A CertificationRequestInfo (RFC 2986 §4.1).
    Request(&'a [u8]),
    /// A record or bundle of a ceremony: JSON, which begins with `{` and so is no structure of X.509.
    Record(&'a [u8]),
    /// A message that proves a key usable; never anything with a meaning outside.
    Probe(&'a [u8]),
}

/// What a device that is slow does first. In this order: a CRL or an answer that is late tells the world something false,
/// a certificate that is late is only late. The work of a revocation is a CRL and an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Urgency {
    /// Revocation lists.
    Crl,
    /// Answers about single certificates.
    Ocsp,
    /// What is issued.
    Issuance,
    /// What nobody waits for.
    Probe,
}

impl<'a> Tbs<'a> {
    /// How soon it must be signed.
    pub const fn urgency(&self) -> Urgency {
        match self {
            Self::Crl(_) | Self::HashedCrl(_) => Urgency::Crl,
            Self::Ocsp(_) => Urgency::Ocsp,
            Self::Certificate(_) | Self::Request(_) | Self::Record(_) => Urgency::Issuance,
            Self::Probe(_) => Urgency::Probe,
        }
    }

    /// What the signature is over.
    pub const fn message(&self) -> Message<'a> {
        match self {
            Self::Certificate(octets)
            | Self::Crl(octets)
            | Self::Ocsp(octets)
            | Self::Request(octets)
            | Self::Record(octets)
            | Self::Probe(octets) => Message::Octets(octets),
            Self::HashedCrl(hashed) => Message::Hashed(hashed),
        }
    }
}

/// What a signature is over, as whoever signs or verifies has it.
#[derive(Clone, Copy, Debug)]
pub enum Message<'a> {
    /// The whole of it.
    Octets(&'a [u8]),
    /// Its digest.
    Hashed(&'a Hashed),
}

impl Message<'_> {
    /// Its digest, which is made here when there is none yet. `None` for a digest nothing is signed over here.
    pub fn digest(&self, hash: SignatureHash) -> Option<Hashed> {
        match self {
            Self::Hashed(hashed) => (hashed.hash() == hash).then(|| (*hashed).clone()),
            Self::Octets(octets) => {
                let mut hasher = Hasher::new(hash)?;
                hasher.update(octets);
                Some(hasher.finish())
            }
        }
    }
}

/// Why a key store did not do what was asked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SignerError {
    /// No key has that label.
    #[error("no key is labelled {0}")]
    NoSuchKey(KeyLabel),
    /// A key with that label exists; keys are never overwritten.
    #[error("a key labelled {0} exists already")]
    KeyExists(KeyLabel),
    /// The store said no before signing anything: trying again later is safe.
    #[error("the key {label} cannot be used: {reason}")]
    Unusable {
        /// Which key.
        label: KeyLabel,
        /// What the store or device said.
        reason: String,
    },
    /// Whether a signature was made is not known: these octets are never signed again.
    #[error("the outcome of signing with {label} is unknown: {reason}")]
    OutcomeUnknown {
        /// Which key.
        label: KeyLabel,
        /// What happened.
        reason: String,
    },
    /// A signature was made, and the key's public half does not verify it: nothing of it is used, these octets are never
    /// signed again, and nothing more may be signed with the key before somebody has looked at its store.
    #[error("the key {label} made a wrong signature: {reason}")]
    WrongSignature {
        /// Which key.
        label: KeyLabel,
        /// What was found.
        reason: String,
    },
}

/// A store of keys that can sign. Calls may block on a device: call from a blocking thread. Calls may run at once from
/// several threads. Nothing is retried inside.
pub trait Signer: Send + Sync {
    /// The public half of a key. Errors: no such key, or it cannot be used.
    fn public_key(&self, label: &KeyLabel) -> Result<SubjectKey, SignerError>;

    /// One signature for each of `batch`, in order, by `algorithm`; each item succeeds or fails alone. ECDSA signatures are
    /// DER. An algorithm the key cannot sign with is [`SignerError::Unusable`].
    fn sign(
        &self,
        label: &KeyLabel,
        algorithm: SignatureAlgorithm,
        batch: &[Tbs<'_>],
    ) -> Vec<Result<Vec<u8>, SignerError>>;

    /// One signature where it takes some microseconds and is made in this process: then it may be made where it is wanted,
    /// without a thread of its own. `None` where it takes longer, as a device's always does, or fails: [`Signer::sign`] makes it,
    /// or says why not.
    fn sign_at_once(&self, label: &KeyLabel, algorithm: SignatureAlgorithm, tbs: Tbs<'_>) -> Option<Vec<u8>> {
        let _ = (label, algorithm, tbs);
        None
    }

    /// Told that a signature of this key was wrong, by whoever verified it: nothing more may be signed with it. A signer that
    /// takes no key out of service has nothing to do.
    fn distrust(&self, label: &KeyLabel, reason: &str) {
        let _ = (label, reason);
    }
}

/// A key store that also makes and destroys keys: ceremonies only.
pub trait KeyKeeper: Signer {
    /// Makes a key; durable on return. Errors: the label is taken, or the store failed.
    fn create(&self, label: &KeyLabel, algorithm: KeyAlgorithm) -> Result<SubjectKey, SignerError>;

    /// Destroys a key for good. Errors: no such key, or the store failed.
    fn destroy(&self, label: &KeyLabel) -> Result<(), SignerError>;
}
