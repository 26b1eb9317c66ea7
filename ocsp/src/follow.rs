//! Keeping the answers in memory in step with the database: all of them once, and then what has changed. A revocation takes
//! away what says otherwise, before there is an answer that says it.
//!
//! Rows are found by the time in them, and a transaction becomes visible some time after it was dated; so each look goes back a
//! little, and now and then further. While nobody has looked for [`IN_STEP`], memory is not asked; nor, in the process that has
//! changed what is said of a certificate, before the next look: there a revocation is seen at once, elsewhere within a second.

use std::sync::Arc;
use std::time::Duration;

use ca_core::id::AuthorityId;
use ca_core::serial::SerialNumber;
use ca_core::time::Timestamp;
use store::StoreError;

use crate::frame::Frame;
use crate::responder::Responder;
use crate::shelf::Shelf;

/// How long after a look memory may be asked.
pub(crate) const IN_STEP: Duration = Duration::from_secs(5);
/// How far back each look goes.
const OVERLAP: Duration = Duration::from_secs(3);
/// How far back every [`FURTHER_EVERY`]th goes: longer than a transaction may take.
const FURTHER: Duration = Duration::from_secs(90);
const FURTHER_EVERY: u32 = 30;
/// Rows read at once.
const PAGE: u32 = 1000;

/// What the follower remembers from one look to the next.
#[derive(Debug, Default)]
pub struct Follower {
    looks: u32,
    last: Option<Timestamp>,
}

impl Responder {
    /// Looks at what has changed since the last time, and at everything the first time. Called again every second or so, by one
    /// caller.
    ///
    /// # Errors
    /// The database.
    pub async fn follow(&self, follower: &mut Follower) -> Result<(), StoreError> {
        let (now, changes) = (self.clock.now(), self.store.status_changes());
        let back = if follower.looks.is_multiple_of(FURTHER_EVERY) { FURTHER } else { OVERLAP };
        let since = follower.last.map(|last| last.minus(back));
        let authorities = self.store.read().await?.authorities().await?;
        for row in authorities {
            let Ok(Some(identity)) = self.identity(&row.authority_id, now).await else { continue };
            let known = self.shelf(&row.authority_id).filter(|shelf| shelf.is_for(&identity.frame));
            match (known, since) {
                (Some(shelf), Some(since)) => self.changed(&row.authority_id, &shelf, since).await?,
                // A new responder signs everything anew by and by; what the one before has signed stands beside it until then.
                _ => self.filled(&row.authority_id, identity.frame.clone()).await?,
            }
        }
        follower.looks = follower.looks.wrapping_add(1);
        follower.last = Some(now);
        self.in_step(now, changes);
        Ok(())
    }

    /// A shelf with every answer there is.
    async fn filled(&self, authority: &AuthorityId, frame: Frame) -> Result<(), StoreError> {
        let shelf = Arc::new(Shelf::new(frame));
        let mut last: Option<SerialNumber> = None;
        loop {
            let page = self.store.read().await?.presigned_after(authority, last.as_ref(), PAGE).await?;
            let Some(row) = page.last() else { break };
            last = Some(row.serial.clone());
            for row in &page {
                shelf.keep(&row.der);
            }
        }
        tracing::info!(event_id = "ocsp.shelved", authority = %authority, answers = shelf.len());
        self.put_up(authority, shelf);
        Ok(())
    }

    async fn changed(&self, authority: &AuthorityId, shelf: &Shelf, since: Timestamp) -> Result<(), StoreError> {
        let mut txn = self.store.read().await?;
        let mut last: Option<(Timestamp, SerialNumber)> = None;
        loop {
            let from = last.as_ref().map_or(since.whole_seconds(), |(at, _)| *at);
            let after = last.as_ref().map(|(_, serial)| serial);
            let page = txn.presigned_since(authority, (from, after), PAGE).await?;
            let Some(row) = page.last() else { break };
            last = Some((row.this_update, row.serial.clone()));
            for row in &page {
                shelf.keep(&row.der);
            }
        }
        // Last: what was signed before a revocation goes again.
        for serial in txn.revoked_since(authority, since).await? {
            shelf.overtaken(&serial);
        }
        Ok(())
    }
}
