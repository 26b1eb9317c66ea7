//! How authorities stand when a service starts.

use super::{Activations, Gate, Guarded, Shared, State};
use crate::config::{Config, ConfigError};
use crate::keys::{FOLDER, KeyStores};
use crate::trouble::{Exit, Trouble, chain};
use ca_core::audit::Actor;
use ca_core::id::AuthorityId;
use ca_core::profile::{ActivationRule, OnRestart};
use ca_core::signer::Signer;
use ca_core::time::{Clock, Timestamp};
use std::collections::BTreeMap;
use std::sync::Arc;
use store::authorities::AuthorityRow;
use store::custody::{ActivationReason, ActivationRow};
use store::{Step, Store, StoreError};
use tokio::sync::{Mutex, Notify};

/// Whoever starts a service.
const ACTOR: Actor = Actor::System("ca");

impl Activations {
    /// Finds out which authorities rest, writes down which do from now on, and closes the stores that nobody has activated.
    /// Errors: the configuration opens a store that custodians are to open (exit 3, with its line); the database (exit 5).
    pub(in crate::serve) async fn begin(
        config: &Config,
        stores: KeyStores,
        (store, clock): (Store, Arc<dyn Clock>),
        wake: Arc<Notify>,
    ) -> Result<Self, Trouble> {
        let failed = |error: StoreError| Trouble::new(Exit::Unavailable, "the database failed").because(chain(&error));
        let (rows, known) = read(&store).await.map_err(failed)?;
        let shared = Shared {
            stores,
            store,
            clock,
            packs: config.policy.packs.clone(),
            wake,
            gate: Gate::default(),
            changes: 0.into(),
            state: Mutex::default(),
        };
        let guarded: Vec<(AuthorityRow, ActivationRule)> =
            rows.into_iter().filter_map(|row| shared.rule(&row).map(|rule| (row, rule))).collect();
        let places = places(shared.stores.clone(), guarded.clone()).await?;
        let mut state = State::default();
        for (row, rule) in guarded {
            let place = places.get(&row.authority_id);
            if let (OnRestart::Deactivate, Some(place)) = (rule.on_restart, place) {
                return Err(opened_by_configuration(config, &row, place));
            }
            let before = known.iter().find(|known| known.authority_id == row.authority_id);
            // What was active goes on only where the pack says so and its store is open.
            let stays = before.filter(|before| before.active == place.is_some() || !before.active);
            let stands = match stays {
                Some(before) => before.clone(),
                None => shared.rests(&row.authority_id, shared.clock.now()).await.map_err(failed)?,
            };
            let by = shared.names(&stands).await.map_err(failed)?;
            let ActivationRow { active, changed_at, reason, .. } = stands;
            shared.gate.set(&row, active);
            tracing::info!(event_id = "activation.begun", authority = %row.authority_id, active);
            state
                .guarded
                .insert(row.authority_id.clone(), Guarded { row, rule, active, since: changed_at, reason, by });
        }
        shared.close_unattended(&state);
        *shared.state.lock().await = state;
        Ok(Self(Arc::new(shared)))
    }
}

impl Shared {
    /// Writes down that an authority rests because the service was started.
    async fn rests(&self, authority: &AuthorityId, now: Timestamp) -> Result<ActivationRow, StoreError> {
        let row = ActivationRow {
            authority_id: authority.clone(),
            active: false,
            changed_at: now,
            reason: ActivationReason::Restart,
            custody_set_id: None,
            custodians: String::new(),
        };
        let mut txn = self.store.write(now, ACTOR).await?;
        txn.set_activation(&row).await?;
        txn.commit(Step::Setup).await?;
        Ok(row)
    }

    async fn names(&self, row: &ActivationRow) -> Result<Vec<String>, StoreError> {
        let Some(id) = row.custody_set_id.as_ref().filter(|_| row.active) else { return Ok(Vec::new()) };
        let set = self.store.read().await?.custody_set(id).await?;
        Ok(set.map(|set| set.names(&row.custodians).into_iter().map(str::to_owned).collect()).unwrap_or_default())
    }
}

async fn read(store: &Store) -> Result<(Vec<AuthorityRow>, Vec<ActivationRow>), StoreError> {
    let mut txn = store.read().await?;
    Ok((txn.authorities().await?, txn.activations().await?))
}

/// The stores these authorities' keys are in, of those that are open.
async fn places(
    stores: KeyStores,
    guarded: Vec<(AuthorityRow, ActivationRule)>,
) -> Result<BTreeMap<AuthorityId, String>, Trouble> {
    let look = move || {
        let place = |row: &AuthorityRow| {
            stores.public_key(&row.key_label).ok()?;
            stores.place_of(&row.key_label).map(str::to_owned)
        };
        guarded.into_iter().filter_map(|(row, _)| place(&row).map(|place| (row.authority_id, place))).collect()
    };
    tokio::task::spawn_blocking(look)
        .await
        .map_err(|error| Trouble::new(Exit::Bug, "the key store's thread ended").because(error))
}

/// The line of the configuration that opens a store it must not open.
fn opened_by_configuration(config: &Config, row: &AuthorityRow, store: &str) -> Trouble {
    let reason = format!(
        "the key store {store} holds the key of {}, which must rest after a restart until its custodians come, so no file may \
         open it",
        row.authority_id
    );
    let key = if store == FOLDER { "passphrase_file" } else { "pin_file" };
    let advice =
        format!("remove {key} of that store here, destroy the file, and start again; then `lgpki ca activate`");
    match config.keys.line_of_secret(store) {
        Some(line) => Trouble::from(ConfigError::Wrong { file: config.file.clone(), line, reason }).advice(advice),
        None => Trouble::new(Exit::Configuration, reason)
            .because("it was given on the command line, or typed")
            .advice("start the service without it; then `lgpki ca activate`"),
    }
}
