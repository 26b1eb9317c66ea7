//! The last look at a CRL before it is stored. What is wrong here never leaves: relying parties keep a bad CRL until its
//! nextUpdate, and one with a lost entry makes a revoked certificate good again.
//!
//! The octets are parsed again, so the writer is checked by the reader; the signature was made by the key store and is
//! verified by ring.

use std::collections::HashMap;

use ca_core::certificate::Certificate;
use ca_core::serial::SerialNumber;
use ca_core::time::Timestamp;
use ca_core::verify::verify;

use crate::build::CrlContent;
use crate::entries::{CrlEntry, Revoked};
use crate::inspect::{CertificateList, CrlError};

/// What is wrong with a CRL.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CheckError {
    /// It cannot be read back.
    #[error(transparent)]
    Unreadable(#[from] CrlError),
    /// It is not signed by the authority's key.
    #[error("the signature does not verify with the issuer's key")]
    Signature,
    /// It reads differently from what was to be written.
    #[error("the CRL's {0} is not what was to be written")]
    Differs(&'static str),
    /// Its number does not rise.
    #[error("CRL number {number} does not rise above {previous}")]
    NumberDoesNotRise {
        /// The new CRL's.
        number: u64,
        /// The latest stored CRL's.
        previous: u64,
    },
    /// It is dated before the CRL it follows: the clock went back.
    #[error("thisUpdate {this_update} is before that of the previous CRL, {previous}", this_update = .this_update.rfc3339(), previous = .previous.rfc3339())]
    DatedBack {
        /// The new CRL's.
        this_update: Timestamp,
        /// The latest stored CRL's.
        previous: Timestamp,
    },
    /// An entry of the previous CRL is missing although it is still owed.
    #[error("the entry of certificate {0} is lost")]
    EntryLost(SerialNumber),
}

/// Checks the signed CRL `der` against what was to be written and, with [`check_follows`], against the latest stored one.
/// Returns it as read.
///
/// # Errors
/// Every [`CheckError`] but those of [`check_follows`].
pub fn check_content(der: &[u8], content: &CrlContent<'_>) -> Result<CertificateList, CheckError> {
    let list = CertificateList::parse(der)?;
    verify_signature(&list, content.issuer)?;
    let as_meant = [
        ("issuer", list.issuer.as_der() == content.issuer.subject().as_der()),
        ("authority key identifier", list.authority_key_identifier == Some(content.issuer.key_identifier())),
        ("number", list.number == Some(content.number)),
        ("thisUpdate", list.this_update == content.this_update.whole_seconds()),
        ("nextUpdate", list.next_update == Some(content.next_update.whole_seconds())),
        ("validity", content.next_update.whole_seconds() > content.this_update.whole_seconds()),
        ("entries", list.entries == content.entries),
        ("extensions", list.extensions.len() == 2 && list.extensions.iter().all(|extension| !extension.critical)),
    ];
    match as_meant.iter().find(|(_, same)| !same) {
        Some((what, _)) => Err(CheckError::Differs(what)),
        None => Ok(list),
    }
}

/// Errors unless the signature of `list` is that of `issuer`'s key.
///
/// # Errors
/// [`CheckError::Signature`].
pub fn verify_signature(list: &CertificateList, issuer: &Certificate) -> Result<(), CheckError> {
    verify(issuer.key(), list.algorithm, &list.tbs, &list.signature).map_err(|_| CheckError::Signature)
}

/// Errors unless `list` may follow `previous`, the latest stored CRL. `revoked`: every revoked certificate the authority
/// knows, listed or not.
///
/// # Errors
/// [`CheckError::NumberDoesNotRise`], [`CheckError::DatedBack`], [`CheckError::EntryLost`]; also `EntryLost` when the
/// database no longer knows a certificate the previous CRL lists (an old backup was restored), or when the date of a
/// revocation has changed.
pub fn check_follows(
    list: &CertificateList,
    previous: &CertificateList,
    revoked: &[Revoked],
) -> Result<(), CheckError> {
    let (number, before) = (list.number.unwrap_or(0), previous.number.unwrap_or(u64::MAX));
    if number <= before {
        return Err(CheckError::NumberDoesNotRise { number, previous: before });
    }
    if list.this_update < previous.this_update {
        return Err(CheckError::DatedBack { this_update: list.this_update, previous: previous.this_update });
    }
    let listed: HashMap<&SerialNumber, &CrlEntry> = list.entries.iter().map(|entry| (&entry.serial, entry)).collect();
    let known: HashMap<&SerialNumber, &Revoked> = revoked.iter().map(|r| (&r.entry.serial, r)).collect();
    let lost = previous.entries.iter().find(|entry| match listed.get(&entry.serial) {
        Some(now) => now.revoked_at != entry.revoked_at,
        None => known.get(&entry.serial).is_none_or(|revoked| revoked.is_listed(Some(previous.this_update))),
    });
    lost.map_or(Ok(()), |entry| Err(CheckError::EntryLost(entry.serial.clone())))
}
