//! The issuing engine as a running thing: single orders come in, batches go through the pipeline of `ca_core::issue`.
//!
//! Orders are vetted, encoded and linted by whoever submits them; the lanes here do what is irreversible. A lane is a thread
//! of its own, because signing blocks: it takes what waits (up to [`LARGEST_BATCH`]), so that two durable commits are paid
//! once a batch, and while one lane signs the other commits. What fails after its intent was recorded is settled before the
//! submitter hears of it, or as soon as the database answers again; nothing is ever signed twice.

use ca_core::entropy::Entropy;
use ca_core::issue::{
    self, Authority, Facts, Failure, FailureCause, Issued, Ledger, Linted, Order, Refusal, Unsettled, VetError,
};
use ca_core::profile::Packs;
use ca_core::serial::SerialNumber;
use ca_core::signer::Signer;
use ca_core::time::Clock;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use store::Store;
use tokio::sync::{mpsc, oneshot};

/// Most certificates in one batch: beyond this, the waiting of the first costs more than the commit saves.
const LARGEST_BATCH: usize = 64;
/// How long a lane waits for company when fewer than [`WORTH_A_COMMIT`] wait.
const GATHER: Duration = Duration::from_millis(2);
/// A batch this large is not kept waiting.
const WORTH_A_COMMIT: usize = 24;
/// Orders that may wait; beyond, submitters wait.
const QUEUE: usize = 1024;

/// Issues for one authority. Clones share the lanes; they end when the last clone is dropped.
#[derive(Clone)]
pub struct Issuance {
    shared: Arc<Shared>,
    queue: mpsc::Sender<Waiting>,
}

/// Why an order has no certificate. In every case none is issued and none will be for this order.
#[derive(Debug, thiserror::Error)]
pub enum NotIssued {
    /// The order itself is refused; ordering the same again will be, too.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// Something failed on the way; a new order may succeed. If a serial was used up, it is settled or will be.
    #[error("{0}")]
    Failed(Arc<FailureCause>),
    /// The order's request does not wait to be issued: another process was first, or somebody has decided otherwise.
    #[error("the request is not waiting to be issued")]
    NotWaiting,
    /// The engine is shutting down.
    #[error("the engine is stopping")]
    Stopping,
}

impl NotIssued {
    fn because(cause: &Arc<FailureCause>) -> Self {
        match **cause {
            FailureCause::NotWaiting => Self::NotWaiting,
            FailureCause::Ledger(_) | FailureCause::Sign(_) => Self::Failed(Arc::clone(cause)),
        }
    }
}

/// What issuing needs beside the authority.
#[derive(Clone)]
pub struct Means {
    /// The packs that say what is issued.
    pub packs: Packs,
    /// Where the key is.
    pub signer: Arc<dyn Signer>,
    /// The ledger.
    pub store: Store,
    /// For serials.
    pub entropy: Arc<dyn Entropy>,
    /// The time.
    pub clock: Arc<dyn Clock>,
}

struct Shared {
    authority: Authority,
    means: Means,
    /// Serials that could not be settled when they failed: tried again before the next batch, and whenever the worker looks.
    unsettled: Mutex<Vec<SerialNumber>>,
}

struct Waiting {
    linted: Linted,
    reply: oneshot::Sender<Result<Issued, NotIssued>>,
}

impl Issuance {
    /// Starts `lanes` threads that issue for `authority`. Call inside a tokio runtime; its reactor drives the database.
    /// Errors: a thread cannot be started.
    pub fn start(authority: Authority, means: Means, lanes: usize) -> std::io::Result<Self> {
        let shared = Arc::new(Shared { authority, means, unsettled: Mutex::default() });
        let (queue, waiting) = mpsc::channel(QUEUE);
        let waiting = Arc::new(tokio::sync::Mutex::new(waiting));
        let runtime = tokio::runtime::Handle::current();
        for lane in 0..lanes.max(1) {
            let (shared, waiting, runtime) = (Arc::clone(&shared), Arc::clone(&waiting), runtime.clone());
            std::thread::Builder::new()
                .name(format!("issue-{lane}"))
                .spawn(move || runtime.block_on(run_lane(&shared, &waiting)))?;
        }
        Ok(Self { shared, queue })
    }

    /// The authority it issues for.
    pub fn authority(&self) -> &Authority {
        &self.shared.authority
    }

    /// The packs it issues by.
    pub fn packs(&self) -> &Packs {
        &self.shared.means.packs
    }

    /// Issues one certificate: durable and verified on return. Errors: [`NotIssued`].
    pub async fn submit(&self, order: Order) -> Result<Issued, NotIssued> {
        let Means { packs, entropy, clock, .. } = &self.shared.means;
        let unknown = || Refusal::Vet(VetError::UnknownProfile(order.profile().clone()));
        let (pack, _) = packs.profile(order.profile()).ok_or_else(unknown)?;
        let linted = issue::prepare(pack, &self.shared.authority, order, entropy.as_ref(), clock.now())?;
        for warning in linted.warnings() {
            tracing::info!(event_id = "issue.lint", rule = warning.rule, found = warning.found);
        }
        let (reply, answer) = oneshot::channel();
        self.queue.send(Waiting { linted, reply }).await.map_err(|_| NotIssued::Stopping)?;
        answer.await.map_err(|_| NotIssued::Stopping)?
    }

    /// Tries again to settle what could not be settled when it failed; costs nothing when there is nothing. Returns how many
    /// serials still wait.
    pub async fn settle_leftovers(&self) -> usize {
        self.shared.settle(Vec::new()).await
    }
}

async fn run_lane(shared: &Shared, waiting: &tokio::sync::Mutex<mpsc::Receiver<Waiting>>) {
    loop {
        let batch = {
            let mut waiting = waiting.lock().await;
            gather(&mut waiting).await
        };
        if batch.is_empty() {
            return;
        }
        shared.issue(batch).await;
    }
}

/// What waits, at least one; empty when there will be no more.
async fn gather(waiting: &mut mpsc::Receiver<Waiting>) -> Vec<Waiting> {
    let mut batch = Vec::with_capacity(LARGEST_BATCH);
    if waiting.recv_many(&mut batch, LARGEST_BATCH).await == 0 {
        return batch;
    }
    let deadline = tokio::time::Instant::now() + GATHER;
    while batch.len() < WORTH_A_COMMIT {
        let room = LARGEST_BATCH.saturating_sub(batch.len());
        match tokio::time::timeout_at(deadline, waiting.recv_many(&mut batch, room)).await {
            Ok(0) | Err(_) => break,
            Ok(_) => {}
        }
    }
    batch
}

impl Shared {
    async fn issue(&self, batch: Vec<Waiting>) {
        if self.settle(Vec::new()).await > 0 {
            tracing::warn!(event_id = "settle.waiting", "serials of unknown outcome still wait to be settled");
        }
        let (linted, mut replies): (Vec<Linted>, HashMap<SerialNumber, _>) = batch
            .into_iter()
            .map(|Waiting { linted, reply }| {
                let serial = linted.facts().serial.clone();
                (linted, (serial, reply))
            })
            .unzip();
        let Means { signer, store, clock, .. } = &self.means;
        let (issued, failures) = issue::issue(&self.authority, signer.as_ref(), store, linted, clock.now()).await;
        for certificate in issued {
            let Facts { serial, profile, authority, .. } = certificate.facts();
            metrics::counter!("lgpki_certificates_issued_total", "ca" => authority.to_string(), "profile" => profile.to_string())
                .increment(1);
            if let Some(reply) = replies.remove(serial) {
                // Whoever ordered may be gone; the certificate is durable all the same.
                drop(reply.send(Ok(certificate)));
            }
        }
        // Settled first: who is told that it failed may order again at once.
        self.settle(failures.iter().flat_map(|failure| failure.unsettled.clone()).collect()).await;
        for Failure { serials, unsettled, cause } in failures {
            tracing::error!(event_id = "issue.failed", %cause, orders = serials.len(), serials = unsettled.len());
            let cause = Arc::new(cause);
            for serial in serials {
                if let Some(reply) = replies.remove(&serial) {
                    drop(reply.send(Err(NotIssued::because(&cause))));
                }
            }
        }
    }

    /// Settles these and the leftovers; what cannot be settled now is kept. Returns how many are kept.
    async fn settle(&self, more: Vec<SerialNumber>) -> usize {
        let serials = {
            let mut kept = self.unsettled.lock().unwrap_or_else(PoisonError::into_inner);
            kept.extend(more);
            std::mem::take(&mut *kept)
        };
        if serials.is_empty() {
            return 0;
        }
        let which = Unsettled::These(serials.clone());
        match self.means.store.settle(self.authority.id(), which, self.means.clock.now()).await {
            Ok(burnt) => {
                tracing::warn!(
                    event_id = "settle.done",
                    burnt = burnt.len(),
                    "serials of unknown outcome burnt and revoked"
                );
                0
            }
            Err(error) => {
                tracing::error!(event_id = "settle.failed", %error, serials = serials.len());
                let mut kept = self.unsettled.lock().unwrap_or_else(PoisonError::into_inner);
                kept.extend(serials);
                metrics::gauge!("lgpki_issuance_unknown_intents")
                    .set(f64::from(u32::try_from(kept.len()).unwrap_or(u32::MAX)));
                kept.len()
            }
        }
    }
}
