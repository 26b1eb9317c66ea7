//! From an order to a certificate, in types: only what is [`Linted`] can be recorded, only what is [`Recorded`] can be
//! signed, and signing consumes it, so the same octets are never signed twice.
//!
//! ```text
//! Order ─vet→ Vetted ─encode→ Unsigned ─lint→ Linted ─record→ Recorded ─sign→ Signed ─record→ Issued
//! ```
//!
//! What a crash finds at each arrow is in `docs/issuance.md`. A serial whose signing has an unknown outcome counts as
//! issued: [`Ledger::settle`] burns and revokes it, and the request gets another.

mod authority;
mod encode;
mod generation;
mod ledger;
pub mod lint;
mod order;
mod sign;
mod vet;

pub use authority::{Authority, AuthorityError, PublicAddresses};
pub use encode::Unsigned;
pub use generation::{Generation, Standing};
pub use ledger::{Facts, Intents, Issued, Ledger, LedgerError, Recorded, Signed, Unsettled};
pub use lint::{Finding, LintError, Linted};
pub use order::Order;
pub use sign::SignError;
pub use vet::{VetError, Vetted};

#[cfg(test)]
pub(crate) use lint::samples;

use crate::entropy::{Entropy, EntropyUnavailable};
use crate::profile::Pack;
use crate::serial::SerialNumber;
use crate::signer::Signer;
use crate::time::Timestamp;

/// Why an order is refused before anything is recorded.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// The order breaks its profile or the authority's limits.
    #[error(transparent)]
    Vet(#[from] VetError),
    /// The encoded certificate breaks a rule.
    #[error(transparent)]
    Lint(#[from] LintError),
    /// No randomness for a serial.
    #[error(transparent)]
    Entropy(#[from] EntropyUnavailable),
}

/// Why a batch, or one of it, did not become certificates. All of `unsettled` must go through [`Ledger::settle`].
#[derive(Debug)]
pub struct Failure {
    /// The serials of the orders that have no certificate for this reason.
    pub serials: Vec<SerialNumber>,
    /// Those of them that may have been signed: all, or none.
    pub unsettled: Vec<SerialNumber>,
    /// What happened.
    pub cause: FailureCause,
}

/// What stopped a batch.
#[derive(Debug, thiserror::Error)]
pub enum FailureCause {
    /// The ledger did not record.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// The request does not wait to be issued: another process was first, or somebody has decided otherwise.
    #[error("the request is not waiting to be issued")]
    NotWaiting,
    /// The signer did not sign, or signed wrongly.
    #[error(transparent)]
    Sign(#[from] SignError),
}

/// Everything up to the first durable step, for one order. Errors: [`Refusal`]; nothing has happened then.
///
/// ```
/// use ca_core::id::{AuthorityId, KeyLabel};
/// use ca_core::issue::{Authority, Order, prepare};
/// use ca_core::key::SubjectKey;
/// use ca_core::name::{Attribute, DistinguishedName, StringKind};
/// use ca_core::profile::Pack;
/// use ca_core::testing::CountingEntropy;
/// use ca_core::time::Timestamp;
///
/// // SubjectPublicKeyInfo of a P-256 key; a device or a key store gives it.
/// let header = b"\x30\x59\x30\x13\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07\x03\x42\x00\x04";
/// let key = SubjectKey::from_spki_der(&[&header[..], &[7; 64]].concat())?;
/// let name = DistinguishedName::new(&[(Attribute::CommonName, StringKind::Utf8, "Root")])?;
/// let (id, label) = (AuthorityId::parse("root")?, KeyLabel::parse("root")?);
/// let root = Authority::founding(id, name.clone(), key.clone(), label);
/// let pack = Pack::shipped("lgwan-private").ok_or("a shipped pack")??;
/// let (root_ca, web_server) = (pack.profile_named("root-ca").ok_or("a profile")?, pack.profile_named("web-server").ok_or("one")?);
/// let (entropy, now) = (CountingEntropy::default(), Timestamp::from_seconds(1_775_001_600));
///
/// // A root founds itself: its own name, its own key. What is prepared waits to be recorded, then signed.
/// let linted = prepare(&pack, &root, Order::ceremony(root_ca, name.clone(), key.clone()), &entropy, now)?;
/// assert_eq!(linted.facts().validity.not_before.rfc3339(), "2026-04-01T00:00:00Z");
/// // A server's certificate needs a DNS name, so this order is refused, and nothing has happened.
/// assert!(prepare(&pack, &root, Order::ceremony(web_server, name, key), &entropy, now).is_err());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn prepare(
    pack: &Pack,
    authority: &Authority,
    order: Order,
    entropy: &dyn Entropy,
    now: Timestamp,
) -> Result<Linted, Refusal> {
    let vetted = vet::vet(pack, authority, order, now)?; // profile, names, key, time: nothing is signed yet
    let lists = pack.authority(authority.line()).map(|rule| &rule.crl);
    let unsigned = encode::encode(lists, authority, vetted, entropy)?; // final octets, without a signature
    Ok(lint::all(pack, authority, unsigned)?) // read back with the other implementation
}

/// The irreversible part, for a batch: record, sign, record. `sign` may block, so call it where blocking is allowed.
/// Certificates are durable on return; beside them what failed, which the caller must settle.
pub async fn issue<L: Ledger>(
    authority: &Authority,
    signer: &dyn Signer,
    ledger: &L,
    batch: Vec<Linted>,
    now: Timestamp,
) -> (Vec<Issued>, Vec<Failure>) {
    let serials = |batch: &[Facts]| batch.iter().map(|facts| facts.serial.clone()).collect::<Vec<_>>();
    let planned: Vec<Facts> = batch.iter().map(|linted| linted.facts().clone()).collect();
    // Boundary 1: from the moment this commits, these certificates may exist.
    let Intents { recorded, not_waiting } = match ledger.record_intents(batch, now).await {
        Ok(intents) => intents,
        Err(error) => {
            let unsettled = if error.is_certain() { Vec::new() } else { serials(&planned) };
            return (Vec::new(), vec![Failure { serials: serials(&planned), unsettled, cause: error.into() }]);
        }
    };
    let left_out = not_waiting.into_iter().map(|linted| vec![linted.facts().serial.clone()]);
    let left_out = left_out.map(|serials| Failure { serials, unsettled: Vec::new(), cause: FailureCause::NotWaiting });
    // Boundary 2: by value, once, only these octets; verified with the other library.
    let (signed, failed) = sign::sign_all(authority, signer, recorded);
    let mut failures: Vec<Failure> = left_out.chain(failed).collect();
    if signed.is_empty() {
        return (Vec::new(), failures);
    }
    let planned: Vec<Facts> = signed.iter().map(|signed| signed.facts().clone()).collect();
    // Boundary 3: from the moment this commits, they are issued; before it, they are settled as unknown.
    match ledger.record_issued(signed, now).await {
        Ok(issued) => (issued, failures),
        Err(error) => {
            let serials = serials(&planned);
            failures.push(Failure { serials: serials.clone(), unsettled: serials, cause: error.into() });
            (Vec::new(), failures)
        }
    }
}

#[cfg(test)]
pub(crate) mod memory;
#[cfg(test)]
#[path = "issue_tests.rs"]
mod tests;
