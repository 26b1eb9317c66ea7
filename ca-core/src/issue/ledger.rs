//! The durable record of what may exist and what does: the contract a store must keep, and the stages only it can make.

use super::Linted;
use crate::id::{AuthorityId, ProfileId, RequestId};
use crate::name::{AlternativeNames, DistinguishedName};
use crate::revocation::{ListId, Listing};
use crate::serial::SerialNumber;
use crate::time::{Timestamp, Validity};

/// What is known of a certificate before it is signed; every later stage carries it.
#[derive(Clone, Debug)]
pub struct Facts {
    /// Who issues it.
    pub authority: AuthorityId,
    /// Its serial.
    pub serial: SerialNumber,
    /// Its profile.
    pub profile: ProfileId,
    /// The request it answers; none for ceremonies.
    pub request: Option<RequestId>,
    /// Its subject.
    pub subject: DistinguishedName,
    /// Its alternative names.
    pub names: AlternativeNames,
    /// SHA-256 of its SubjectPublicKeyInfo.
    pub key_fingerprint: [u8; 32],
    /// Its validity.
    pub validity: Validity,
    /// Where its revocation will be listed.
    pub listing: Listing,
    /// The list its distribution point names.
    pub list: ListId,
    /// The exact octets to be signed.
    pub tbs: Vec<u8>,
}

/// An intent that is durable: the only thing that can be signed.
#[derive(Debug)]
pub struct Recorded {
    pub(super) linted: Linted,
}

impl Recorded {
    /// Claims that the intent for `linted` is durable. Called in one file of the store, after its commit, and nowhere
    /// else (a coverage test counts).
    pub const fn assertion(linted: Linted) -> Self {
        Self { linted }
    }

    /// What is known of it.
    pub const fn facts(&self) -> &Facts {
        self.linted.facts()
    }
}

/// What became of a batch of intents.
#[derive(Debug, Default)]
pub struct Intents {
    /// Durable: these may be signed.
    pub recorded: Vec<Recorded>,
    /// Left out, and nothing recorded of them: their requests do not wait to be issued, because another process was first or
    /// somebody has decided otherwise; or the batch has another for the same request.
    pub not_waiting: Vec<Linted>,
}

/// A certificate that is signed and verified, but not yet durable.
#[derive(Debug)]
pub struct Signed {
    pub(super) facts: Facts,
    pub(super) der: Vec<u8>,
}

impl Signed {
    /// What is known of it.
    pub const fn facts(&self) -> &Facts {
        &self.facts
    }

    /// The certificate.
    pub fn der(&self) -> &[u8] {
        &self.der
    }

    /// The issued certificate this is, once durable. For [`Ledger`] implementations.
    pub fn into_issued(self) -> Issued {
        Issued { facts: self.facts, der: self.der }
    }
}

/// A certificate that is durable: it may be handed out.
#[derive(Debug)]
pub struct Issued {
    facts: Facts,
    der: Vec<u8>,
}

impl Issued {
    /// What is known of it.
    pub const fn facts(&self) -> &Facts {
        &self.facts
    }

    /// The certificate in DER.
    pub fn der(&self) -> &[u8] {
        &self.der
    }
}

/// Which intents to settle.
#[derive(Clone, Debug)]
pub enum Unsettled {
    /// Every intent of the authority without a certificate: at the start of a process.
    All,
    /// These serials: after a failure, while other batches are under way.
    These(Vec<SerialNumber>),
}

/// Why the ledger did not record.
#[derive(Debug, thiserror::Error)]
pub enum LedgerError {
    /// Certainly nothing was recorded; trying later with new serials is safe.
    #[error("not recorded: {0}")]
    NotRecorded(String),
    /// A serial was settled, or a request answered, by another process meanwhile. Nothing was recorded.
    #[error("another process was first: {0}")]
    Lost(String),
    /// Whether it was recorded is not known: the commit did not answer.
    #[error("whether it was recorded is unknown: {0}")]
    OutcomeUnknown(String),
}

impl LedgerError {
    /// Whether it is certain that nothing was recorded.
    pub const fn is_certain(&self) -> bool {
        !matches!(self, Self::OutcomeUnknown(_))
    }
}

/// The durability contract.
///
/// Each call is one transaction for its whole batch, with the audit events and the changes of the requests' states inside
/// it, and is durable on `Ok`. Calls may run at once from several tasks and processes; a serial or request wanted by two
/// goes to one. A future that is dropped leaves the batch recorded or not, never in part.
pub trait Ledger: Send + Sync {
    /// Records the exact octets that will be signed. On `Ok` every later start of any process knows these may exist. One
    /// whose request does not wait is left out and given back; it does not hold up the others.
    fn record_intents(
        &self,
        batch: Vec<Linted>,
        now: Timestamp,
    ) -> impl Future<Output = Result<Intents, LedgerError>> + Send;

    /// Records certificates. On `Ok` they are issued. Fails with [`LedgerError::Lost`] for a serial already settled.
    fn record_issued(
        &self,
        batch: Vec<Signed>,
        now: Timestamp,
    ) -> impl Future<Output = Result<Vec<Issued>, LedgerError>> + Send;

    /// Burns intents without a certificate: the serial counts as issued and is revoked, its request waits for another.
    /// Returns the serials burnt; an intent that has its certificate after all is left alone.
    fn settle(
        &self,
        authority: &AuthorityId,
        which: Unsettled,
        now: Timestamp,
    ) -> impl Future<Output = Result<Vec<SerialNumber>, LedgerError>> + Send;
}
