//! The keys of a running service: how each stands, what it has signed, and what happens when one signs wrongly.
//!
//! A key whose store does not answer refuses at once, instead of keeping everybody waiting, and is probed again by
//! [`KeysInService::watch_over`] with growing pauses until it signs; no restart is needed. A key that made a wrong signature
//! is out of service before its signer's answer is heard: in this process at once, and in the database, which all processes
//! and the next start read.

use super::activation::{Gate, Gated};
use super::metrics;
use crate::keys::KeyStores;
use crate::trouble::chain;
use ca_core::audit::Actor;
use ca_core::certificate::Certificate;
use ca_core::id::KeyLabel;
use ca_core::key::{SignatureAlgorithm, SubjectKey};
use ca_core::signer::{Signer, SignerError, Tbs};
use ca_core::time::{Clock, Timestamp};
use hsm_adapters::probe::{KeyState, KeyStates};
use std::sync::Arc;
use std::sync::mpsc::channel;
use std::time::{Duration, Instant};
use store::authorities::AuthorityRow;
use store::jobs::JobKind;
use store::{Step, Store, StoreError};
use tokio::runtime::Handle;
use tokio::sync::{Notify, watch};
use tokio::task::JoinSet;

const ACTOR: Actor = Actor::System("ca");
/// How often keys are looked after: those due for a probe, and those other processes took out of service or returned.
const LOOK: Duration = Duration::from_secs(1);
/// How long a start waits for the keys' first answers; what has not answered by then is waited for beside the service.
const FIRST_ANSWERS: Duration = Duration::from_secs(3);
/// How long whoever had a wrong signature waits until it is written down; writing goes on after that.
const WRITTEN_DOWN: Duration = Duration::from_secs(10);

/// The key stores at the service of everything that signs.
#[derive(Clone)]
pub(super) struct KeysInService(Arc<Inner>);

struct Inner {
    stores: KeyStores,
    /// The same behind the gate: a key that rests is not even probed.
    probed: Gated,
    states: KeyStates,
    store: Store,
    clock: Arc<dyn Clock>,
    runtime: Handle,
    /// Something is to be probed.
    look: Notify,
    /// Jobs may go on.
    wake: Arc<Notify>,
}

impl KeysInService {
    /// Those of `stores`, probed when `gate` is open for them; `wake` is told when a key can be used again. Call inside a tokio
    /// runtime.
    pub(super) fn new(
        stores: KeyStores,
        gate: Gate,
        (store, clock): (Store, Arc<dyn Clock>),
        wake: Arc<Notify>,
    ) -> Self {
        let (states, runtime, look) = (KeyStates::default(), Handle::current(), Notify::new());
        let probed = Gated { gate, signer: Arc::new(stores.clone()) };
        Self(Arc::new(Inner { stores, probed, states, store, clock, runtime, look, wake }))
    }

    /// Watches the keys of these authorities and of their responders, and no others, and waits a moment for those to answer of
    /// which it is not known that they can be used.
    pub(super) async fn watch(&self, authorities: &[AuthorityRow]) {
        let now = Instant::now();
        let labels = authorities.iter().flat_map(|row| [Some(&row.key_label), row.ocsp_key_label.as_ref()]);
        self.0.states.forget_others(&labels.flatten().collect::<Vec<_>>());
        for row in authorities {
            let certified = [(Some(&row.key_label), Some(&row.certificate))];
            let responder = [(row.ocsp_key_label.as_ref(), row.ocsp_certificate.as_ref())];
            for (label, der) in certified.into_iter().chain(responder) {
                // A certificate that cannot be read is found by whoever uses it.
                if let (Some(label), Some(Ok(certificate))) = (label, der.map(|der| Certificate::from_der(der))) {
                    self.0.states.watch(label, certificate.key(), now);
                }
            }
        }
        self.heed_the_database().await;
        self.0.states.hurry(Instant::now());
        if !self.0.states.all_usable() {
            let begun = self.probe_what_is_due();
            // Those that do not answer in time are waited for by their own threads.
            drop(tokio::time::timeout(FIRST_ANSWERS, begun.join_all()).await);
        }
    }

    /// Probes keys when they are due, and heeds what other processes say about them, until told to stop.
    pub(super) async fn watch_over(self, mut stop: watch::Receiver<bool>) {
        let mut under_way = JoinSet::new();
        while !*stop.borrow() {
            self.heed_the_database().await;
            // One probe of a key at a time: a device that hangs is not asked again meanwhile.
            if under_way.is_empty() {
                under_way = self.probe_what_is_due();
            }
            while under_way.try_join_next().is_some() {}
            tokio::select! {
                () = self.0.look.notified() => {}
                () = tokio::time::sleep(LOOK) => {}
                _ = stop.wait_for(|stop| *stop) => {}
            }
        }
        // What hangs in a device is not waited for.
        under_way.detach_all();
    }

    /// Whether a key can be used, as far as is known.
    pub(super) fn is_usable(&self, label: &KeyLabel) -> bool {
        matches!(self.0.states.state(label), Some(KeyState::Usable))
    }

    /// How a key stands; `None` when nobody watches it.
    pub(super) fn state(&self, label: &KeyLabel) -> Option<KeyState> {
        self.0.states.state(label)
    }

    /// All keys that are watched.
    pub(super) fn states(&self) -> Vec<(KeyLabel, KeyState)> {
        self.0.states.all()
    }

    /// Keys that cannot be used are probed at once: a store was opened, or something else was done about them.
    pub(super) fn look_again(&self) {
        self.0.states.hurry(Instant::now());
        self.0.look.notify_one();
    }

    /// The stores.
    pub(super) fn stores(&self) -> &KeyStores {
        &self.0.stores
    }

    /// Takes a key out of service, here at once, and in the database before this returns if it answers; else as soon as it
    /// does. Blocks; not for a thread of the runtime.
    pub(super) fn take_out_of_service(&self, label: &KeyLabel, reason: &str) {
        self.0.stores.withhold(label, reason);
        self.0.states.failed(label, &format!("it is out of service: {reason}"), Instant::now());
        tracing::error!(event_id = "key.out-of-service", key = %label, reason, "nothing more is signed with this key");
        let (written, wait) = channel();
        let (inner, label, reason) = (Arc::clone(&self.0), label.clone(), reason.to_owned());
        self.0.runtime.spawn(async move {
            while let Err(error) = inner.write_down(&label, &reason).await {
                tracing::error!(event_id = "key.not-recorded", key = %label, error = chain(&error));
                tokio::time::sleep(LOOK).await;
            }
            // Whoever waited may have given up.
            let _ = written.send(());
        });
        let _ = wait.recv_timeout(WRITTEN_DOWN);
    }

    fn probe_what_is_due(&self) -> JoinSet<()> {
        let mut probes = JoinSet::new();
        for label in self.0.states.take_due(Instant::now()) {
            let inner = Arc::clone(&self.0);
            probes.spawn_blocking(move || inner.probe(&label));
        }
        probes
    }

    /// Withholds what the database says is out of service, and nothing else.
    async fn heed_the_database(&self) {
        let rows = async { self.0.store.read().await?.keys_out_of_service().await }.await;
        match rows {
            Ok(rows) => {
                let rows = rows.into_iter().map(|row| (row.key_label, row.reason));
                if !self.0.stores.withhold_recorded(rows).is_empty() {
                    self.look_again();
                }
            }
            // What is withheld stays so.
            Err(error) => tracing::warn!(event_id = "key.database", error = chain(&error)),
        }
    }
}

impl Inner {
    fn probe(&self, label: &KeyLabel) {
        let was_away = self.states.state(label).is_some_and(|state| state.trouble().is_some());
        match self.states.probe(&self.probed, label) {
            Some(KeyState::Usable) => {
                tracing::info!(event_id = "key.usable", key = %label, "a key can be used");
                self.wake.notify_one();
                if was_away {
                    let (store, clock, wake) = (self.store.clone(), Arc::clone(&self.clock), Arc::clone(&self.wake));
                    self.runtime.spawn(async move { hurry(&store, clock.now(), &wake).await });
                }
            }
            Some(KeyState::Unusable { reason }) => {
                tracing::error!(event_id = "key.unusable", key = %label, reason, "a key cannot be used; it is probed again");
            }
            Some(KeyState::Elsewhere) => {
                tracing::warn!(event_id = "key.elsewhere", key = %label, "a key is in no store of this process");
            }
            Some(KeyState::Another) => {
                tracing::error!(event_id = "key.another", key = %label, "a label leads to a key that is not the certified one");
            }
            Some(KeyState::Probing) | None => {}
        }
    }

    async fn write_down(&self, label: &KeyLabel, reason: &str) -> Result<(), StoreError> {
        let mut txn = self.store.write(self.clock.now(), ACTOR).await?;
        txn.take_key_out_of_service(label, reason).await?;
        txn.commit(Step::Setup).await
    }
}

/// What was put off while a key was away is due now.
async fn hurry(store: &Store, now: Timestamp, wake: &Notify) {
    let hurried = async {
        let mut txn = store.write(now, ACTOR).await?;
        if txn.hurry_jobs(&[JobKind::Issue, JobKind::RefreshCrl, JobKind::Presign]).await? > 0 {
            txn.commit(Step::JobTouched).await?;
        }
        Ok::<(), StoreError>(())
    };
    if let Err(error) = hurried.await {
        tracing::warn!(event_id = "key.hurry", error = chain(&error), "jobs wait for their own time");
    }
    wake.notify_one();
}

impl Signer for KeysInService {
    fn public_key(&self, label: &KeyLabel) -> Result<SubjectKey, SignerError> {
        self.0.stores.public_key(label)
    }

    fn sign_at_once(&self, label: &KeyLabel, algorithm: SignatureAlgorithm, tbs: Tbs<'_>) -> Option<Vec<u8>> {
        if self.0.states.state(label).is_some_and(|state| state.trouble().is_some()) {
            return None;
        }
        let begun = Instant::now();
        let signature = self.0.stores.sign_at_once(label, algorithm, tbs)?;
        metrics::count_signature(label, begun.elapsed());
        Some(signature)
    }

    fn distrust(&self, label: &KeyLabel, reason: &str) {
        self.take_out_of_service(label, reason);
    }

    fn sign(
        &self,
        label: &KeyLabel,
        algorithm: SignatureAlgorithm,
        batch: &[Tbs<'_>],
    ) -> Vec<Result<Vec<u8>, SignerError>> {
        let known = self.0.states.state(label);
        if let Some(reason) = known.as_ref().and_then(KeyState::trouble) {
            let refused = SignerError::Unusable { label: label.clone(), reason: reason.to_owned() };
            return batch.iter().map(|_| Err(refused.clone())).collect();
        }
        let begun = Instant::now();
        let signatures = self.0.stores.sign(label, algorithm, batch);
        metrics::count_signatures(label, batch, &signatures, begun.elapsed());
        match signatures.iter().find_map(|signature| signature.as_ref().err()) {
            None if signatures.is_empty() => {}
            None => drop(self.0.states.signed(label, Instant::now())),
            Some(SignerError::WrongSignature { reason, .. }) => self.take_out_of_service(label, reason),
            Some(error) => {
                if self.0.states.failed(label, &error.to_string(), Instant::now()) {
                    tracing::error!(event_id = "key.unusable", key = %label, %error, "a key cannot be used; it is probed again");
                }
                self.0.look.notify_one();
            }
        }
        signatures
    }
}
