//! The authorities a process works for: all there are, those whose keys are here, and the engines that issue for them. Read
//! at the start and again with every round of the worker, so that a generation made meanwhile (`lgpki ca rollover`) is at
//! work without a restart.

use super::LANES;
use super::activation::Activations;
use super::keys::KeysInService;
use crate::foundry::Established;
use crate::installation::Repository;
use crate::issuance::{Issuance, Means};
use crate::trouble::{Exit, Trouble, chain};
use ca_core::certificate::Certificate;
use ca_core::id::AuthorityId;
use ca_core::issue::{Generation, Standing};
use ca_core::profile::Profile;
use ca_core::time::Timestamp;
use hsm_adapters::probe::KeyState;
use store::authorities::{AuthorityKind, AuthorityRow};
use store::{Store, StoreError};

/// What one look at the database and the keys has found.
#[derive(Default)]
pub(super) struct Authorities {
    /// Every authority.
    all: Vec<AuthorityRow>,
    /// Those whose key is here and at work.
    local: Vec<AuthorityRow>,
    /// Those that rest until custodians come; their keys may be here.
    resting: Vec<AuthorityRow>,
    /// What was activated when they were looked for ([`Activations::changes`]).
    as_of: u64,
    /// One for each that issues to holders here.
    engines: Vec<Issuance>,
}

impl Authorities {
    /// Those whose key is here and at work.
    pub(super) fn local(&self) -> &[AuthorityRow] {
        &self.local
    }

    /// Those that rest until custodians come; their keys may be here.
    pub(super) fn resting(&self) -> &[AuthorityRow] {
        &self.resting
    }

    /// Whether an authority was activated, or began to rest, since they were looked for.
    pub(super) fn are_older_than(&self, activations: &Activations) -> bool {
        self.as_of != activations.changes()
    }

    /// The engines, also those of authorities that rest.
    pub(super) fn engines(&self) -> &[Issuance] {
        &self.engines
    }

    /// The engines of authorities that are at work.
    pub(super) fn engines_at_work(&self) -> impl Iterator<Item = &Issuance> {
        let rests = |engine: &&Issuance| self.resting.iter().any(|row| row.authority_id == *engine.authority().id());
        self.engines.iter().filter(move |engine| !rests(engine))
    }

    /// The engine that issues certificates of the profile at `now`: that of the current generation. `None` when its key is
    /// not here.
    pub(super) fn engine_for(&self, profile: &Profile, now: Timestamp) -> Option<&Issuance> {
        profile.issuers.iter().find_map(|line| {
            let current = Generation::issuing(self.generations(), line, now)?;
            let row = self.all.iter().find(|row| row.generation == *current)?;
            self.engines_at_work().find(|engine| *engine.authority().id() == row.authority_id)
        })
    }

    fn generations(&self) -> impl Iterator<Item = &Generation> {
        self.all.iter().map(|row| &row.generation)
    }

    fn engine(&self, id: &AuthorityId) -> Option<&Issuance> {
        self.engines.iter().find(|engine| engine.authority().id() == id)
    }
}

/// Finds out which authorities there are, and starts their engines.
pub(super) struct Registry {
    /// What engines issue with.
    pub(super) means: Means,
    /// The addresses they write.
    pub(super) repository: Repository,
    /// Whether this process issues.
    pub(super) issues: bool,
    /// Which authorities rest.
    pub(super) activations: Activations,
    /// The keys, which are watched from when their authority is found.
    pub(super) keys: KeysInService,
}

impl Registry {
    /// Looks again. Engines of `known` go on; those of generations that are new are started. Errors: a certificate in the
    /// database cannot be read or is another key's (exit 6); no key is here (exit 3); the database (exit 5).
    pub(super) async fn look(&self, known: &Authorities) -> Result<Authorities, Trouble> {
        let as_of = self.activations.changes();
        let all = rows(&self.means.store).await?;
        let mut found = Authorities { as_of, ..Authorities::default() };
        if all == known.all && as_of == known.as_of {
            (found.local, found.resting) = (known.local.clone(), known.resting.clone());
        } else {
            let resting = self.activations.resting(&all).await;
            let rests = |row: &AuthorityRow| resting.contains(&row.authority_id);
            let at_work;
            (found.resting, at_work) = all.iter().cloned().partition(rests);
            found.local = self.local(at_work).await?;
        }
        found.all = all;
        let now = self.means.clock.now();
        if self.issues {
            // An engine whose authority has begun to rest stays: what it could not settle is settled all the same.
            let rests =
                |engine: &&Issuance| found.resting.iter().any(|row| row.authority_id == *engine.authority().id());
            found.engines.extend(known.engines.iter().filter(rests).cloned());
            for row in found.local.iter().filter(|row| row.kind == AuthorityKind::Issuing) {
                let retired = row.generation.standing(found.generations(), now) == Standing::Retired;
                match known.engine(&row.authority_id) {
                    Some(engine) => found.engines.push(engine.clone()),
                    None if retired => {}
                    None => found.engines.push(self.start(row)?),
                }
            }
        }
        Ok(found)
    }

    fn start(&self, row: &AuthorityRow) -> Result<Issuance, Trouble> {
        let established = Established::of(row, &self.repository).map_err(|error| {
            Trouble::new(Exit::Integrity, "the issuing authority's certificate is no CA's").because(error)
        })?;
        Issuance::start(established.authority, self.means.clone(), LANES)
            .map_err(|error| Trouble::new(Exit::Unavailable, "the issuing engine has no threads").because(error))
    }

    /// Those whose key is here, proven by its use; and those whose store does not answer, since it may be: their certificates
    /// tell what is needed, and their keys are waited for.
    async fn local(&self, all: Vec<AuthorityRow>) -> Result<Vec<AuthorityRow>, Trouble> {
        self.keys.watch(&all).await;
        let mut local = Vec::new();
        let mut reason = None;
        let mut answers = 0usize;
        // Authorities may rest until custodians come: then it is no fault when no key is usable.
        let waited_for = self.keys.stores().may_answer_later() || self.activations.guards_any().await;
        for row in all {
            certified(&row)?;
            match self.keys.state(&row.key_label) {
                Some(KeyState::Another) => return Err(another_key(&row)),
                Some(KeyState::Usable) => {
                    answers = answers.saturating_add(1);
                    local.push(row);
                }
                Some(KeyState::Elsewhere) | None => {
                    // The root's key may rest elsewhere; that no key at all is usable is another matter.
                    tracing::warn!(event_id = "serve.key", authority = %row.authority_id, "its key is in no store here");
                    reason.get_or_insert_with(|| format!("no key is labelled {}", row.key_label));
                }
                Some(KeyState::Probing) => local.push(row),
                Some(KeyState::Unusable { reason: why }) => {
                    reason = Some(why);
                    local.push(row);
                }
            }
        }
        match reason {
            Some(reason) if answers == 0 && !waited_for => {
                Err(Trouble::new(Exit::Configuration, "no authority's key can be used here")
                    .because(reason)
                    .advice("check [keys] directory and the passphrase; `lgpki doctor` looks at both"))
            }
            _ => Ok(local),
        }
    }
}

fn another_key(row: &AuthorityRow) -> Trouble {
    let what = format!("the key {} is not that of the authority {}", row.key_label, row.authority_id);
    Trouble::new(Exit::Integrity, what).advice("restore the keys that belong to this database")
}

async fn rows(store: &Store) -> Result<Vec<AuthorityRow>, Trouble> {
    let rows = async { store.read().await?.authorities().await }
        .await
        .map_err(|error: StoreError| Trouble::new(Exit::Unavailable, "the database failed").because(chain(&error)))?;
    if rows.is_empty() {
        return Err(Trouble::new(Exit::Configuration, "the database has no authority")
            .advice("`lgpki init` makes an installation; is this the right database?"));
    }
    Ok(rows)
}

fn certified(row: &AuthorityRow) -> Result<Certificate, Trouble> {
    Certificate::from_der(&row.certificate).map_err(|error| {
        let what = format!("the certificate of authority {} in the database cannot be read", row.authority_id);
        Trouble::new(Exit::Integrity, what).because(error)
    })
}
