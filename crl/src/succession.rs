//! What the next list has, row by row, beside what an earlier one had. Both are in the order of their serials, so one pass
//! over each is enough and no more than one entry of each is looked at: that nothing got lost is seen on the way.
//!
//! A complete list follows the complete one before it. A delta says what differs from the complete list it builds on, so
//! that both together say what a complete list would say now.

use std::io::{self, Read};

use ca_core::revocation::{ListKind, RevocationReason};
use ca_core::time::Timestamp;

use crate::check::CheckError;
use crate::draft::Draft;
use crate::entries::{CrlEntry, Revoked};
use crate::reader::{CrlError, CrlReader};

/// Why the entries of a list could not be gathered.
#[derive(Debug, thiserror::Error)]
pub enum SuccessionError {
    /// The earlier list cannot be read.
    #[error("the earlier CRL cannot be read")]
    Earlier(#[source] CrlError),
    /// An entry would get lost.
    #[error(transparent)]
    Check(#[from] CheckError),
    /// The entries cannot be written down.
    #[error("the entries cannot be written down")]
    File(#[from] io::Error),
}

/// A list that is being gathered.
pub struct Succession<R> {
    kind: ListKind,
    earlier: Option<Earlier<R>>,
    /// When a certificate that comes off the list does so; whole seconds.
    at: Timestamp,
    draft: Draft,
}

struct Earlier<R> {
    reader: CrlReader<R>,
    next: Option<CrlEntry>,
    this_update: Timestamp,
}

impl<R: Read> Succession<R> {
    /// A list of that kind, made at `at`, after `earlier`: the complete list before it, or the one a delta builds on.
    ///
    /// # Errors
    /// The earlier list cannot be read.
    pub fn begin(kind: ListKind, earlier: Option<R>, at: Timestamp) -> Result<Self, SuccessionError> {
        let earlier = earlier.map(Earlier::open).transpose().map_err(SuccessionError::Earlier)?;
        Ok(Self { kind, earlier, at, draft: Draft::default() })
    }

    /// Takes the next revoked certificate, in the order of serials, expired or not.
    ///
    /// # Errors
    /// [`CheckError::EntryLost`]; the earlier list cannot be read; the entries cannot be written down.
    pub fn take(&mut self, revoked: &Revoked) -> Result<(), SuccessionError> {
        let Some(earlier) = &mut self.earlier else {
            self.draft.push(&revoked.entry)?;
            return Ok(());
        };
        let (kind, at) = (self.kind, self.at);
        while let Some(before) = earlier.before(revoked)? {
            gone(&before, (kind, at), &mut self.draft)?;
        }
        let listed = revoked.is_listed(Some(earlier.this_update));
        let had = earlier.same(revoked)?;
        match (kind, had) {
            (ListKind::Complete, Some(had)) if listed && changed_against_the_rules(&had, &revoked.entry) => {
                return Err(CheckError::EntryLost(had.serial).into());
            }
            (ListKind::Complete, _) if listed => self.draft.push(&revoked.entry)?,
            (ListKind::Complete, _) => {}
            (ListKind::Delta, None) if listed => self.draft.push(&revoked.entry)?,
            (ListKind::Delta, None) => {}
            (ListKind::Delta, Some(had)) if !listed => self.draft.push(&removed(&had, at))?,
            (ListKind::Delta, Some(had)) if had != revoked.entry => {
                if changed_against_the_rules(&had, &revoked.entry) {
                    return Err(CheckError::EntryLost(had.serial).into());
                }
                self.draft.push(&revoked.entry)?;
            }
            (ListKind::Delta, Some(_)) => {}
        }
        Ok(())
    }

    /// All certificates have been taken.
    ///
    /// # Errors
    /// As [`Self::take`].
    pub fn end(mut self) -> Result<Draft, SuccessionError> {
        if let Some(earlier) = &mut self.earlier {
            while let Some(before) = earlier.step()? {
                gone(&before, (self.kind, self.at), &mut self.draft)?;
            }
        }
        Ok(self.draft)
    }
}

impl<R: Read> Earlier<R> {
    fn open(source: R) -> Result<Self, CrlError> {
        let mut reader = CrlReader::open(source)?;
        let next = reader.entry()?;
        let this_update = reader.header().this_update;
        Ok(Self { reader, next, this_update })
    }

    /// The next entry, taken.
    fn step(&mut self) -> Result<Option<CrlEntry>, SuccessionError> {
        let taken = self.next.take();
        if taken.is_some() {
            self.next = self.reader.entry().map_err(SuccessionError::Earlier)?;
        }
        Ok(taken)
    }

    /// The next entry, taken, if it stands before `revoked`.
    fn before(&mut self, revoked: &Revoked) -> Result<Option<CrlEntry>, SuccessionError> {
        match &self.next {
            Some(next) if next.serial < revoked.entry.serial => self.step(),
            _ => Ok(None),
        }
    }

    /// The next entry, taken, if it is that of `revoked`.
    fn same(&mut self, revoked: &Revoked) -> Result<Option<CrlEntry>, SuccessionError> {
        match &self.next {
            Some(next) if next.serial == revoked.entry.serial => self.step(),
            _ => Ok(None),
        }
    }
}

/// An entry whose certificate is not revoked any more: only one that was suspended may be.
fn gone(had: &CrlEntry, (kind, at): (ListKind, Timestamp), draft: &mut Draft) -> Result<(), SuccessionError> {
    if had.reason != RevocationReason::CertificateHold {
        return Err(CheckError::EntryLost(had.serial.clone()).into());
    }
    if kind == ListKind::Delta {
        draft.push(&removed(had, at))?;
    }
    Ok(())
}

/// The date of a revocation stands; only of a suspension may it become that of the revocation that follows.
fn changed_against_the_rules(had: &CrlEntry, now: &CrlEntry) -> bool {
    had.revoked_at != now.revoked_at && had.reason != RevocationReason::CertificateHold
}

/// RFC 5280 §5.3.1: off the list, because its suspension or its certificate has ended.
fn removed(had: &CrlEntry, at: Timestamp) -> CrlEntry {
    let serial = had.serial.clone();
    CrlEntry { serial, revoked_at: at, reason: RevocationReason::RemoveFromCrl, invalidity_at: None }
}
