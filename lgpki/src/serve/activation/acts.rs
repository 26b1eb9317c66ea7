//! What people do: bring shares, and let authorities rest.

use super::{Activations, Done, Guarded, Shared, State, UnderWay};
use crate::control::AuthorityStatus;
use crate::custody::{self, StorePlace};
use crate::trouble::{Exit, Trouble};
use ca_core::audit::Actor;
use ca_core::certificate::Certificate;
use ca_core::id::AuthorityId;
use ca_core::profile::ActivationRule;
use ca_core::signer::Signer;
use ca_core::time::Timestamp;
use hsm_adapters::custody::{ActivationSecret, Share, Taken};
use hsm_adapters::probe::{Probe, probe};
use std::collections::BTreeSet;
use store::Step;
use store::authorities::AuthorityRow;
use store::custody::{ActivationReason, ActivationRow, CustodySetRow};
use store::jobs::JobKind;

/// Somebody at the machine.
const ACTOR: Actor = Actor::System("command");
/// What waits for an authority.
const WAITING: [JobKind; 3] = [JobKind::Issue, JobKind::RefreshCrl, JobKind::Presign];

impl Activations {
    /// Takes a custodian's share, for `authority` or for every authority that rests and whose key its store holds. With the last
    /// share that is needed, the store is opened, each key proves itself, and the authorities are at work. Errors: exit 7 for a
    /// share or a custodian that is refused; exit 3, 5 and 6 when the store or a key is not as it must be: then all begin again.
    pub(in crate::serve) async fn activate(
        &self,
        authority: Option<AuthorityId>,
        share: Share,
        place: impl FnOnce(&str) -> Result<StorePlace, Trouble>,
    ) -> Result<Vec<AuthorityStatus>, Trouble> {
        let shared = &self.0;
        let now = shared.clock.now();
        let key_store = share.head().opens.clone();
        {
            let mut state = shared.state.lock().await;
            let sets = shared.store.read().await?.custody_sets(&key_store).await?;
            let set = custody::set_of(share.head(), &sets)?;
            let mut under_way = match state.under_way.remove(&key_store) {
                Some(under_way) => under_way,
                None => state.begin(authority.as_ref(), set, now)?,
            };
            match under_way.gathering.take(share, now) {
                Ok(Taken::Complete(secret)) => {
                    shared.complete(&mut state, under_way, secret, place(&key_store)?).await?;
                }
                Ok(Taken::Waiting { have, least }) => {
                    tracing::info!(event_id = "activation.waiting", store = key_store, have, least);
                    state.under_way.insert(key_store, under_way);
                }
                Err(error) => {
                    tracing::warn!(event_id = "activation.refused", store = key_store, %error);
                    if under_way.gathering.have() > 0 {
                        state.under_way.insert(key_store, under_way);
                    }
                    return Err(custody::refused(error));
                }
            }
        }
        Ok(self.status().await)
    }

    /// Lets an authority rest at once, or all of them. What is being signed at this instant may still come back; nothing is
    /// signed afterwards. Errors: exit 2 when it asks for no custodians, exit 5 when it rests but that could not be written down.
    pub(in crate::serve) async fn deactivate(
        &self,
        authority: Option<AuthorityId>,
    ) -> Result<Vec<AuthorityStatus>, Trouble> {
        let shared = &self.0;
        {
            let mut state = shared.state.lock().await;
            if let Some(authority) = &authority {
                state.known(authority)?;
            }
            let now = shared.clock.now();
            let meant = |id: &AuthorityId| authority.as_ref().is_none_or(|authority| authority == id);
            let State { guarded, under_way } = &mut *state;
            // First of all: nothing more is signed.
            let mut rested = Vec::new();
            for (id, one) in guarded.iter_mut().filter(|(id, _)| meant(id)) {
                shared.gate.set(&one.row, false);
                if one.active {
                    (one.active, one.since, one.reason) = (false, now, ActivationReason::Person);
                    one.by.clear();
                    rested.push(id.clone());
                }
            }
            // Shares that were gathered for it are forgotten, too.
            under_way.retain(|_, under_way| !under_way.authorities.iter().any(meant));
            shared.close_unattended(&state);
            shared.changed();
            let written = shared.written(&rested, now, None).await;
            written.map_err(|error| {
                Trouble::new(Exit::Unavailable, "it rests now, but that could not be written down").because(error).advice(
                    "look at the database; a restart of the service may read that it is active where its pack keeps it so",
                )
            })?;
            tracing::warn!(event_id = "activation.ended", authorities = ?rested.iter().map(AuthorityId::as_str).collect::<Vec<_>>());
        }
        Ok(self.status().await)
    }
}

impl State {
    fn known(&self, authority: &AuthorityId) -> Result<&Guarded, Trouble> {
        self.guarded.get(authority).ok_or_else(|| {
            let known: Vec<&str> = self.guarded.keys().map(AuthorityId::as_str).collect();
            let advice = if known.is_empty() {
                "no pack asks for custodians: `activation` in the section of an authority does".to_owned()
            } else {
                format!("these do: {}", known.join(", "))
            };
            Trouble::new(Exit::Usage, format!("{authority} asks for no custodians here")).advice(advice)
        })
    }

    /// Begins to gather a set for an authority, or for all that rest and ask for as many custodians as it has.
    fn begin(&self, authority: Option<&AuthorityId>, set: CustodySetRow, now: Timestamp) -> Result<UnderWay, Trouble> {
        let fits = |rule: &ActivationRule| rule.least == set.least && usize::from(rule.of) == set.custodians.len();
        let authorities: Vec<AuthorityId> = match authority {
            Some(authority) => {
                let one = self.known(authority)?;
                if one.active {
                    return Err(already_active(authority.as_str()));
                }
                if !fits(&one.rule) {
                    let (least, of) = (set.least, set.custodians.len());
                    let why = format!(
                        "its pack asks for {} of {} custodians, and the set of this share has {least} of {of}",
                        one.rule.least, one.rule.of
                    );
                    return Err(Trouble::new(
                        Exit::Refused,
                        format!("{authority} cannot be activated with these shares"),
                    )
                    .because(why)
                    .advice("make a set as the pack asks: `lgpki ca custody reshare`"));
                }
                vec![authority.clone()]
            }
            None => {
                let resting = self.guarded.values().filter(|one| !one.active && fits(&one.rule));
                resting.map(|one| one.row.authority_id.clone()).collect()
            }
        };
        if authorities.is_empty() {
            return Err(already_active("every authority these shares are for"));
        }
        let gathering = custody::begin(&set, now)?;
        Ok(UnderWay { gathering, set, authorities })
    }
}

fn already_active(who: &str) -> Trouble {
    Trouble::new(Exit::Refused, format!("{who} is active already")).advice("`lgpki ca status` shows how they stand")
}

impl Shared {
    /// Opens the store with the secret that has come together, and puts the authorities to work whose keys it holds.
    async fn complete(
        &self,
        state: &mut State,
        under_way: UnderWay,
        secret: ActivationSecret,
        place: StorePlace,
    ) -> Done {
        let UnderWay { gathering, set, authorities } = under_way;
        let numbers = custody::numbers(&gathering);
        let rows: Vec<AuthorityRow> =
            authorities.iter().filter_map(|id| state.guarded.get(id)).map(|one| one.row.clone()).collect();
        let was_open = self.stores.is_open(&set.key_store);
        let (stores, name) = (self.stores.clone(), set.key_store.clone());
        let opened = tokio::task::spawn_blocking(move || {
            // Opened here first: a folder would show a wrong passphrase with its first key only.
            place.prove(&secret)?;
            stores.open(&name, Some(place.text_of(&secret)?))?;
            proven(&stores, &name, rows)
        });
        let proven = match opened.await.map_err(|error| Trouble::new(Exit::Bug, "a thread ended").because(error)) {
            Ok(Ok(proven)) => proven,
            Ok(Err(trouble)) | Err(trouble) => return Err(self.closed_again(&set, was_open, trouble)),
        };
        let now = self.clock.now();
        // Written down before the first signature.
        if let Err(trouble) = self.written(&proven, now, Some((&set, &numbers))).await {
            return Err(self.closed_again(&set, was_open, trouble));
        }
        let names: Vec<String> = set.names(&numbers).into_iter().map(str::to_owned).collect();
        for id in &proven {
            if let Some(one) = state.guarded.get_mut(id) {
                (one.active, one.since, one.reason) = (true, now, ActivationReason::Custodians);
                one.by.clone_from(&names);
                self.gate.set(&one.row, true);
                tracing::warn!(event_id = "activation.done", authority = %id, set = set.custody_set_id, custodians = numbers);
            }
        }
        self.changed();
        Ok(())
    }

    /// What was opened for nothing is closed again.
    fn closed_again(&self, set: &CustodySetRow, was_open: bool, trouble: Trouble) -> Trouble {
        if !was_open && let Err(error) = self.stores.close(&set.key_store) {
            tracing::error!(event_id = "activation.closed", store = set.key_store, %error);
        }
        trouble
    }

    /// Writes down how authorities stand from now on: active by the custodians of a set, or resting because somebody said so.
    async fn written(&self, ids: &[AuthorityId], now: Timestamp, by: Option<(&CustodySetRow, &str)>) -> Done {
        if ids.is_empty() {
            return Ok(());
        }
        let mut txn = self.store.write(now, ACTOR).await?;
        for authority_id in ids {
            txn.set_activation(&ActivationRow {
                authority_id: authority_id.clone(),
                active: by.is_some(),
                changed_at: now,
                reason: if by.is_some() { ActivationReason::Custodians } else { ActivationReason::Person },
                custody_set_id: by.map(|(set, _)| set.custody_set_id.clone()),
                custodians: by.map(|(_, numbers)| numbers.to_owned()).unwrap_or_default(),
            })
            .await?;
        }
        if let Some((set, _)) = by {
            if set.in_force_at.is_none() {
                txn.put_custody_set_in_force(set).await?;
            }
            // What waited for these keys needs to wait no longer.
            txn.hurry_jobs(&WAITING).await?;
        }
        Ok(txn.commit(Step::Setup).await?)
    }

    /// Closes each store that holds keys of authorities that ask for custodians, when all of them rest.
    pub(super) fn close_unattended(&self, state: &State) {
        let (mut attended, mut left) = (BTreeSet::new(), BTreeSet::new());
        for one in state.guarded.values() {
            if let Some(place) = self.stores.place_of(&one.row.key_label) {
                if one.active { &mut attended } else { &mut left }.insert(place.to_owned());
            }
        }
        for place in left.difference(&attended).filter(|place| self.stores.is_open(place)) {
            match self.stores.close(place) {
                Ok(()) => tracing::warn!(event_id = "activation.closed", store = place, "a key store is closed"),
                Err(error) => tracing::error!(event_id = "activation.closed", store = place, %error),
            }
        }
    }
}

/// Those of `rows` whose key is in the store and signs. Errors: none is, or one is not its authority's (exit 6) or does not sign
/// (exit 5).
fn proven(stores: &crate::keys::KeyStores, store: &str, rows: Vec<AuthorityRow>) -> Result<Vec<AuthorityId>, Trouble> {
    let mut proven = Vec::new();
    for row in rows {
        let (id, label) = (row.authority_id, row.key_label);
        let Ok(key) = stores.public_key(&label) else { continue };
        if stores.place_of(&label) != Some(store) {
            continue;
        }
        let certified = Certificate::from_der(&row.certificate).is_ok_and(|certificate| *certificate.key() == key);
        if !certified {
            return Err(Trouble::new(Exit::Integrity, format!("the key {label} is not that of the authority {id}"))
                .advice("restore the key store that belongs to this database"));
        }
        if let Probe::Unusable { reason } = probe(stores, &label) {
            return Err(Trouble::new(Exit::Unavailable, format!("the key {label} opens, but does not sign"))
                .because(reason)
                .advice("see what the key store says, and begin again"));
        }
        proven.push(id);
    }
    if proven.is_empty() {
        return Err(Trouble::new(Exit::Refused, format!("the key store {store} opens, but holds none of their keys"))
            .advice("name the authority whose key it holds, and bring the shares of its store"));
    }
    Ok(proven)
}
