//! Which authorities may use their keys now. An authority whose pack asks for custodians rests until enough of them have come;
//! anybody at the machine may let it rest again, and then its key store is closed.
//!
//! An authority that asks for nobody is at work when its store is open: in a store that custodians open, it rests with the others.
//! What is signed goes through [`Gated`], so that resting takes effect with the next call, whatever the worker is in.

mod acts;
mod begin;
mod gate;

pub(super) use gate::{Gate, Gated};

use crate::control::AuthorityStatus;
use crate::custody;
use crate::keys::KeyStores;
use crate::trouble::Trouble;
use ca_core::id::{AuthorityId, KeyLabel};
use ca_core::profile::{ActivationRule, Packs};
use ca_core::time::{Clock, Timestamp};
use hsm_adapters::custody::Gathering;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use store::Store;
use store::authorities::AuthorityRow;
use store::custody::{ActivationReason, CustodySetRow};
use tokio::sync::{Mutex, Notify};

/// The authorities of one process that ask for custodians, and who has come. Clones are the same.
#[derive(Clone)]
pub(super) struct Activations(Arc<Shared>);

struct Shared {
    stores: KeyStores,
    store: Store,
    clock: Arc<dyn Clock>,
    packs: Packs,
    wake: Arc<Notify>,
    gate: Gate,
    /// Counts changes, so that the worker looks again.
    changes: AtomicU64,
    /// One act at a time.
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    guarded: BTreeMap<AuthorityId, Guarded>,
    /// By key store.
    under_way: HashMap<String, UnderWay>,
}

/// An authority that asks for custodians.
#[derive(Clone)]
struct Guarded {
    row: AuthorityRow,
    rule: ActivationRule,
    active: bool,
    since: Timestamp,
    reason: ActivationReason,
    /// Who activated it, by name.
    by: Vec<String>,
}

/// Shares that are being gathered.
struct UnderWay {
    gathering: Gathering,
    set: CustodySetRow,
    authorities: Vec<AuthorityId>,
}

impl Activations {
    /// The gate everything that is signed goes through.
    pub(super) fn gate(&self) -> Gate {
        self.0.gate.clone()
    }

    /// A number that differs when something has changed.
    pub(super) fn changes(&self) -> u64 {
        self.0.changes.load(Ordering::Acquire)
    }

    /// Whether the store of that key is open, or it is not known which that is.
    pub(super) fn store_is_open(&self, label: &KeyLabel) -> bool {
        self.0.stores.place_of(label).is_none_or(|store| self.0.stores.is_open(store))
    }

    /// Whether any authority here may rest: then a key that cannot be found is no fault.
    pub(super) async fn guards_any(&self) -> bool {
        !self.0.state.lock().await.guarded.is_empty()
    }

    /// Those of `rows` that rest, because custodians must come.
    pub(super) async fn resting(&self, rows: &[AuthorityRow]) -> Vec<AuthorityId> {
        let mut state = self.0.state.lock().await;
        self.0.note(&mut state, rows);
        let rests = |row: &&AuthorityRow| state.guarded.get(&row.authority_id).is_some_and(|one| !one.active);
        rows.iter().filter(rests).map(|row| row.authority_id.clone()).collect()
    }

    /// How the authorities stand.
    pub(super) async fn status(&self) -> Vec<AuthorityStatus> {
        let mut state = self.0.state.lock().await;
        let now = self.0.clock.now();
        state.under_way.retain(|_, under_way| !under_way.gathering.is_over(now));
        state.guarded.values().map(|one| state.status(one)).collect()
    }
}

impl Shared {
    fn changed(&self) {
        self.changes.fetch_add(1, Ordering::AcqRel);
        self.wake.notify_one();
    }

    fn rule(&self, row: &AuthorityRow) -> Option<ActivationRule> {
        self.packs.authority(&row.generation.line)?.1.activation
    }

    /// Takes in generations that were made since: each stands as the others of its line.
    fn note(&self, state: &mut State, rows: &[AuthorityRow]) {
        for row in rows {
            let Some(rule) = self.rule(row).filter(|_| !state.guarded.contains_key(&row.authority_id)) else {
                continue;
            };
            let line = state.guarded.values().filter(|one| one.row.generation.line == row.generation.line);
            let latest = line.max_by_key(|one| one.row.generation.number);
            let one = match latest.cloned() {
                Some(latest) => Guarded { row: row.clone(), rule, ..latest },
                None => Guarded {
                    row: row.clone(),
                    rule,
                    active: false,
                    since: self.clock.now(),
                    reason: ActivationReason::Restart,
                    by: Vec::new(),
                },
            };
            self.gate.set(&one.row, one.active);
            state.guarded.insert(row.authority_id.clone(), one);
        }
    }
}

impl State {
    fn status(&self, one: &Guarded) -> AuthorityStatus {
        let id = &one.row.authority_id;
        let under_way = self.under_way.values().find(|under_way| under_way.authorities.contains(id));
        let waiting = under_way.filter(|_| !one.active).map(|under_way| {
            let numbers = custody::numbers(&under_way.gathering);
            under_way.set.names(&numbers).into_iter().map(str::to_owned).collect()
        });
        AuthorityStatus {
            authority: id.to_string(),
            active: one.active,
            since: one.since.rfc3339(),
            reason: one.reason.as_str().to_owned(),
            by: one.by.clone(),
            least: one.rule.least,
            of: one.rule.of,
            waiting: waiting.unwrap_or_default(),
        }
    }
}

/// An act that was refused, or failed.
type Done = Result<(), Trouble>;
