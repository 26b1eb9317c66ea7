//! Publishing: lists and certificates are pushed to the places the configuration names, and nothing ever comes from there but a
//! look at what stands there. Of a list of ours there that says more than this database, what it says is taken over.
//!
//! - [`wanted`] says what should stand at every target, [`verdict`] what is to be done about what stands there instead.
//! - [`directory`] is a folder that a server serves, [`drop_folder`] one that leads out of the network, [`ldap`] a directory server.
//! - [`recovering`] takes back what a restored database has lost and a target still has.
//! - [`standing`] is how publishing to a target goes: for the doctor, for figures and for people.
//!
//! A [`Publication`] compares what should be with what is, and does what is missing. So it may die at any step, and a target may
//! be away for a day: the next pass finds what there is to do by itself. Two never publish to one target at once, since a pass
//! holds the target's lease.

mod directory;
mod drop_folder;
mod ldap;
mod recovering;
pub mod standing;
mod verdict;
mod wanted;

pub use drop_folder::Bundles;
pub use ldap::{DirectoryAnswer, EntryName, Malformed, Outcome, Told, Values};
pub use wanted::{Source, WantedList};

use crate::config::{Place, PublicationTarget};
use crate::pauses::{LONGEST, pause};
use ca_core::audit::Actor;
use ca_core::time::{Clock, Timestamp};
use directory::{Directory, Reading};
use std::sync::Arc;
use std::time::Duration;
use store::publications::{PassRow, PublicationRow, TargetRow};
use store::{Step, Store, StoreError};

const ACTOR: Actor = Actor::System("publisher");
/// How long a publisher that died keeps others from its target.
const LEASE: Duration = Duration::from_secs(10);
/// How often one that lives says so.
const RENEW: Duration = Duration::from_secs(3);

/// A target with what is needed to publish to it.
pub struct Publication {
    source: Source,
    clock: Arc<dyn Clock>,
    target: PublicationTarget,
    hands: Hands,
}

enum Hands {
    Directory(Directory),
    /// Without keys, somebody must say so.
    DropFolder(Option<Arc<Bundles>>),
    Ldap,
}

/// What came of a pass.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Passed {
    /// Everything stands there as it should, or was handed over.
    Complete,
    /// Something does not; what.
    Wrong(String),
    /// Another process is at it.
    Busy,
}

/// What a pass has seen, and what was wrong.
#[derive(Debug, Default)]
struct Found {
    seen: Vec<PublicationRow>,
    wrong: Vec<String>,
}

impl Found {
    fn wrong(&mut self, what: String) {
        self.wrong.push(what);
    }
}

impl Publication {
    /// Publishes what there is in `source` to `target`; with `bundles`, if it is a folder they are put into.
    pub fn new(
        (source, clock): (Source, Arc<dyn Clock>),
        target: PublicationTarget,
        bundles: Option<Arc<Bundles>>,
    ) -> Self {
        let hands = match &target.place {
            Place::Directory(folder) => Hands::Directory(Directory::at(folder)),
            Place::DropFolder(_) => Hands::DropFolder(bundles),
            Place::Ldap(_) => Hands::Ldap,
        };
        Self { source, clock, target, hands }
    }

    /// What the target is called.
    pub fn name(&self) -> &str {
        &self.target.name
    }

    /// Makes a pass if there is something to do: a list that is not there, or too long since everything was seen. `None` when
    /// there is not, or the last pass failed a moment ago. Errors: the database.
    pub async fn pass_if_due(&mut self) -> Result<Option<Passed>, StoreError> {
        let now = self.clock.now();
        let mut txn = self.source.store.read().await?;
        let row = txn.publication_target(&self.target.name).await?.unwrap_or_default();
        let seen = txn.published(&self.target.name).await?;
        drop(txn);
        // Further ahead, it is of a clock that was wrong.
        if row.retry_at.is_some_and(|retry_at| now < retry_at && retry_at.since(now) <= LONGEST) {
            return Ok(None);
        }
        let is_old = row.complete_at.is_none_or(|at| now < at || now >= at.plus(self.target.every));
        let lists = self.source.lists().await?;
        if is_old || row.failures > 0 {
            return self.pass_over(&lists, Reading::Again).await.map(Some);
        }
        if lists.iter().all(|list| list.is_among(&seen)) {
            return Ok(None);
        }
        self.pass_over(&lists, Reading::Changed).await.map(Some)
    }

    /// Makes a pass now, and reads everything back. Errors: the database.
    pub async fn pass(&mut self) -> Result<Passed, StoreError> {
        let lists = self.source.lists().await?;
        self.pass_over(&lists, Reading::Again).await
    }

    async fn pass_over(&mut self, lists: &[WantedList], reading: Reading) -> Result<Passed, StoreError> {
        let Some(mut held) = self.leased().await? else { return Ok(Passed::Busy) };
        let found = {
            let work = self.work(lists, reading);
            tokio::pin!(work);
            loop {
                tokio::select! {
                    found = &mut work => break found?,
                    () = tokio::time::sleep(RENEW) => held.renew().await?,
                }
            }
        };
        held.record(found).await
    }

    async fn leased(&self) -> Result<Option<Held>, StoreError> {
        let mut txn = self.source.store.write(self.clock.now(), ACTOR).await?;
        let Some(until) = txn.lease_target(&self.target.name, LEASE).await? else { return Ok(None) };
        txn.commit(Step::PublicationRecorded).await?;
        let (store, clock) = (self.source.store.clone(), Arc::clone(&self.clock));
        Ok(Some(Held { store, clock, target: self.target.name.clone(), until }))
    }

    async fn work(&mut self, lists: &[WantedList], reading: Reading) -> Result<Found, StoreError> {
        match (&mut self.hands, &self.target.place) {
            (Hands::Directory(directory), _) => {
                directory.pass((&self.source.store, self.clock.now()), lists, reading).await
            }
            (Hands::DropFolder(Some(bundles)), Place::DropFolder(place)) => {
                let to = (place, self.target.name.as_str());
                Ok(drop_folder::hand_over(bundles, to, lists, self.clock.as_ref()).await)
            }
            (_, Place::Ldap(place)) => ldap::pass(&self.source.store, place, lists, self.clock.now()).await,
            (Hands::DropFolder(_) | Hands::Ldap, _) => {
                let why = "bundles are signed, and this process has no keys";
                Ok(Found { seen: Vec::new(), wrong: vec![why.to_owned()] })
            }
        }
    }
}

/// The lease of a target.
struct Held {
    store: Store,
    clock: Arc<dyn Clock>,
    target: String,
    until: Timestamp,
}

impl Held {
    async fn renew(&mut self) -> Result<(), StoreError> {
        let mut txn = self.store.write(self.clock.now(), ACTOR).await?;
        let renewed = txn.renew_target((&self.target, self.until), LEASE).await?;
        let until = renewed.ok_or(StoreError::Stale { what: "publication_target" })?;
        txn.commit(Step::PublicationRecorded).await?;
        self.until = until;
        Ok(())
    }

    /// Writes down what was found, and gives the lease back.
    async fn record(self, found: Found) -> Result<Passed, StoreError> {
        let now = self.clock.now();
        let mut txn = self.store.write(now, ACTOR).await?;
        let TargetRow { failures, .. } = txn.publication_target(&self.target).await?.unwrap_or_default();
        let wrong = (!found.wrong.is_empty()).then(|| found.wrong.join("; "));
        let failures = u32::try_from(failures).unwrap_or(u32::MAX).saturating_add(1);
        let trouble = wrong.clone().map(|wrong| (wrong, now.plus(pause(failures))));
        txn.record_pass((&self.target, self.until), &PassRow { seen: found.seen, trouble }).await?;
        txn.commit(Step::PublicationRecorded).await?;
        match &wrong {
            None => tracing::info!(event_id = "publish.complete", target = self.target),
            Some(why) => tracing::warn!(event_id = "publish.wrong", target = self.target, failures, why),
        }
        Ok(wrong.map_or(Passed::Complete, Passed::Wrong))
    }
}
