//! The reach of revocations (失効の到達): a prober looks, place by place, whether what the database says can be seen by those who rely
//! on it, and remembers when it first could. It takes nothing from the service but its addresses.

mod look;

use crate::clock::SystemClock;
use crate::config::{Config, Offer, Policy, Reach, WatchedPlace};
use crate::installation::Repository;
use crate::trouble::chain;
use ca_core::audit::Actor;
use ca_core::certificate::Certificate;
use ca_core::id::PlaceId;
use ca_core::time::Clock;
use look::{LookError, Looked, Sought, at_answers, at_lists};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;
use store::authorities::AuthorityRow;
use store::reach::Unreached;
use store::{Step, Store, StoreError};
use tokio::sync::watch;

const ACTOR: Actor = Actor::System("prober");
/// What was revoked earlier is not looked for any more: seen now, it would be said to have taken as long.
const WATCHED: Duration = Duration::from_secs(86_400);
/// Revocations looked for in the lists of one place in one round.
const IN_LISTS: u32 = 10_000;
/// Questions to one responder in one round.
const QUESTIONS: u32 = 100;

/// Looks, and remembers.
pub struct Prober {
    store: Store,
    clock: Arc<dyn Clock>,
    policy: Policy,
    reach: Reach,
    /// Places that did not answer as they should with the last look, so that each failure is logged once.
    failing: BTreeSet<PlaceId>,
}

/// What a round has seen.
#[derive(Debug, Default)]
pub struct Round {
    /// How many revocations were seen for the first time, and how many still are not, place by place.
    pub places: BTreeMap<PlaceId, Counts>,
}

/// What was seen at one place.
#[derive(Debug, Default)]
pub struct Counts {
    /// Revocations that were seen there for the first time.
    pub seen: usize,
    /// Revocations that cannot be seen there yet.
    pub open: usize,
    /// Why it could not be looked at, where it could not.
    pub failed: Option<String>,
}

impl Prober {
    /// One that looks where the configuration says.
    pub fn new(config: &Config, store: Store) -> Self {
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        Self { store, clock, policy: config.policy.clone(), reach: config.reach.clone(), failing: BTreeSet::new() }
    }

    /// Looks again and again until told to stop.
    pub(crate) async fn run(mut self, mut stop: watch::Receiver<bool>) {
        let rounds = async {
            loop {
                if let Err(error) = self.round().await {
                    tracing::warn!(event_id = "reach.database", error = chain(&error));
                }
                tokio::time::sleep(self.reach.every).await;
            }
        };
        // A look that is given up has changed nothing: what it saw is seen again.
        tokio::select! {
            () = rounds => {}
            _ = stop.wait_for(|stop| *stop) => {}
        }
    }

    /// Looks once at every place where something is to be seen. Errors: the database.
    pub async fn round(&mut self) -> Result<Round, StoreError> {
        let mut round = Round::default();
        let authorities = self.store.read().await?.authorities().await?;
        for place in self.reach.places.clone() {
            let (mut counts, mut looked_at) = (Counts::default(), false);
            for row in &authorities {
                let open = self.open(row, &place).await?;
                if open.is_empty() {
                    continue;
                }
                looked_at = true;
                let all = open.len();
                let looked = self.look(row, &place, open).await;
                self.remember(row, &place, &looked.seen).await?;
                counts.seen = counts.seen.saturating_add(looked.seen.len());
                counts.open = counts.open.saturating_add(all.saturating_sub(looked.seen.len()));
                counts.failed = looked.failed.map(|error| chain(&error)).or(counts.failed);
            }
            if looked_at {
                self.log(&place.id, counts.failed.as_deref());
            }
            round.places.insert(place.id, counts);
        }
        Ok(round)
    }

    /// What was not seen at the place yet; nothing of an authority that offers nothing there.
    async fn open(&self, row: &AuthorityRow, place: &WatchedPlace) -> Result<Vec<Unreached>, StoreError> {
        let rows = match place.offers {
            Offer::Lists => IN_LISTS,
            Offer::Answers if row.ocsp_certificate.is_none() => return Ok(Vec::new()),
            Offer::Answers => QUESTIONS,
        };
        let now = self.clock.now();
        self.store.read().await?.unreached((&row.authority_id, &place.id), (now.minus(WATCHED), now), rows).await
    }

    async fn look(&self, row: &AuthorityRow, place: &WatchedPlace, open: Vec<Unreached>) -> Looked {
        let Ok(issuer) = Certificate::from_der(&row.certificate) else { return Looked::default() };
        let sought = Sought { authority: row.authority_id.clone(), issuer, now: self.clock.now(), open };
        let base = place.base.clone();
        let looking = match place.offers {
            Offer::Lists => {
                let plans = self.policy.lists_of(row, &Repository { url: base, lgwan_url: None });
                tokio::task::spawn_blocking(move || at_lists(sought, &plans))
            }
            Offer::Answers => tokio::task::spawn_blocking(move || at_answers(sought, &base)),
        };
        looking.await.unwrap_or_else(|_| Looked { seen: Vec::new(), failed: Some(LookError::Thread) })
    }

    async fn remember(&self, row: &AuthorityRow, place: &WatchedPlace, seen: &[Unreached]) -> Result<(), StoreError> {
        if seen.is_empty() {
            return Ok(());
        }
        let (authority, id, now) = (&row.authority_id, &place.id, self.clock.now());
        let mut txn = self.store.write(now, ACTOR).await?;
        txn.record_reach(authority, id, seen).await?;
        txn.commit(Step::ReachRecorded).await?;
        for one in seen {
            let took = now.since(one.revoked_at).as_secs_f64();
            metrics::histogram!("lgpki_revocation_reach_seconds", "place" => id.to_string()).record(took);
        }
        tracing::info!(event_id = "reach.seen", place = %id, authority = %authority, revocations = seen.len());
        Ok(())
    }

    fn log(&mut self, place: &PlaceId, failed: Option<&str>) {
        match failed {
            Some(error) if self.failing.insert(place.clone()) => {
                tracing::warn!(event_id = "reach.failed", place = %place, error);
            }
            None if self.failing.remove(place) => tracing::info!(event_id = "reach.back", place = %place),
            _ => {}
        }
    }
}
