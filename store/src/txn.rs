//! Transactions. A [`ReadTxn`] sees one state of the database. A [`WriteTxn`] carries one instant and one actor, and what
//! it does becomes durable in one place, [`WriteTxn::commit`], which names the step. The functions on rows are in the
//! modules of their nouns; those of a `ReadTxn` are also there on a `WriteTxn`.

use crate::Store;
use crate::db::Connection;
use crate::error::StoreError;
use ca_core::audit::Actor;
use ca_core::entropy::Entropy;
use ca_core::time::Timestamp;
use std::io;
use std::ops::{Deref, DerefMut};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

/// A transaction that reads. Dropping it ends it.
pub struct ReadTxn {
    pub(crate) connection: Connection,
}

/// A transaction that writes. Dropping it without [`Self::commit`] undoes everything.
pub struct WriteTxn {
    read: ReadTxn,
    now: Timestamp,
    actor: Actor,
    pub(crate) entropy: Arc<dyn Entropy>,
    pub(crate) events: Arc<AtomicU32>,
    /// Whether it changes what is said of a certificate.
    pub(crate) changes_status: bool,
    status_changes: Arc<AtomicU64>,
    interruption: Option<Arc<dyn Interruption>>,
}

/// The durable steps of the program: every commit is one of these, and the fault tests stop before and after each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Step {
    /// Intents are written: from here on their certificates may exist.
    IntentsRecorded,
    /// Signed certificates are written.
    CertificatesRecorded,
    /// Unknown outcomes are written down as burnt serial numbers.
    Settled,
    /// A request is filed.
    RequestSubmitted,
    /// A request is approved, returned, rejected or withdrawn, or has failed.
    RequestDecided,
    /// A holder's key that was made at the centre is packed, linked to, fetched or erased.
    KeyHandedOver,
    /// A certificate is revoked.
    Revoked,
    /// A CRL number is taken.
    CrlNumberTaken,
    /// A further piece of a signed CRL is written; it is nothing before the CRL is stored.
    CrlPieceKept,
    /// A signed CRL is stored.
    CrlStored,
    /// Pieces of CRLs nobody needs any more are deleted.
    CrlPiecesPruned,
    /// Revocations that were found in a list outside are written down.
    RevocationsRecovered,
    /// Pre-signed OCSP responses are stored.
    OcspStored,
    /// It is written down that revocations were seen where others look.
    ReachRecorded,
    /// A session is made, touched or ended, a log-in counted, a passkey kept.
    SessionWritten,
    /// A job is leased, finished, put off or asked for.
    JobTouched,
    /// An authority, organisation, account or setting is written.
    Setup,
    /// A target of publication is leased, or what stands there is written down.
    PublicationRecorded,
    /// A file takes its name at a target of publication: no commit.
    ArtefactPublished,
    /// A line of a ceremony's journal is written: no commit, but a file.
    CeremonyWritten,
}

impl Step {
    /// Every step, for tables in tests.
    pub const ALL: [Self; 20] = [
        Self::IntentsRecorded,
        Self::CertificatesRecorded,
        Self::Settled,
        Self::RequestSubmitted,
        Self::RequestDecided,
        Self::KeyHandedOver,
        Self::Revoked,
        Self::CrlNumberTaken,
        Self::CrlPieceKept,
        Self::CrlStored,
        Self::CrlPiecesPruned,
        Self::RevocationsRecovered,
        Self::OcspStored,
        Self::ReachRecorded,
        Self::SessionWritten,
        Self::JobTouched,
        Self::Setup,
        Self::PublicationRecorded,
        Self::ArtefactPublished,
        Self::CeremonyWritten,
    ];
}

/// What an [`Interruption`] wants of the commit it was asked about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Interrupt {
    /// Go on.
    Continue,
    /// Before the commit only: the database says no. Nothing is durable, and the caller knows it.
    Refuse,
    /// The connection breaks while the database is asked to commit, and its answer never comes. Nothing is durable when this
    /// is wanted before the commit, everything when it is wanted after; the caller cannot tell which.
    LoseAnswer,
}

/// A fault that tests put into [`WriteTxn::commit`]. There is none in production. An implementation may also end the
/// process: before the commit nothing of the transaction is durable, after it everything is.
pub trait Interruption: Send + Sync {
    /// Asked before the commit. What is not `Continue` rolls back.
    fn before_commit(&self, step: Step) -> Interrupt;
    /// Asked after the commit, which can be refused no more: what is not `Continue` loses the answer.
    fn after_commit(&self, step: Step) -> Interrupt;
}

/// The cause given for a failure an [`Interruption`] asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a test interrupted the step {0:?}")]
pub struct Interrupted(pub Step);

impl Store {
    /// A transaction that sees the database as it is now and does not change it. Errors: unavailable.
    pub async fn read(&self) -> Result<ReadTxn, StoreError> {
        Ok(ReadTxn { connection: self.db.begin_read().await? })
    }

    /// A transaction whose every change happens at `now` and is the act of `actor`. On SQLite there is one at a time, and
    /// this waits for the one before. Errors: unavailable.
    pub async fn write(&self, now: Timestamp, actor: Actor) -> Result<WriteTxn, StoreError> {
        let read = ReadTxn { connection: self.db.begin_write().await? };
        let (entropy, interruption) = (Arc::clone(&self.entropy), self.interruption.clone());
        let (events, status_changes) = (Arc::clone(&self.events), Arc::clone(&self.status_changes));
        Ok(WriteTxn { read, now, actor, entropy, events, changes_status: false, status_changes, interruption })
    }

    /// Does `act`, by which something becomes durable elsewhere than in this database. `step` says what, for the fault tests.
    /// Errors: those of `act`.
    pub fn durable_elsewhere<T>(&self, step: Step, act: impl FnOnce() -> io::Result<T>) -> io::Result<T> {
        let asked = |interrupt: Interrupt| match interrupt {
            Interrupt::Continue => Ok(()),
            Interrupt::Refuse | Interrupt::LoseAnswer => Err(io::Error::other(Interrupted(step))),
        };
        asked(self.interruption.as_ref().map_or(Interrupt::Continue, |wants| wants.before_commit(step)))?;
        let done = act()?;
        asked(self.interruption.as_ref().map_or(Interrupt::Continue, |wants| wants.after_commit(step)))?;
        Ok(done)
    }

    /// How many commits through this store have changed what is said of a certificate. Whoever remembers what was said compares.
    pub fn status_changes(&self) -> u64 {
        self.status_changes.load(Ordering::Acquire)
    }
}

impl WriteTxn {
    /// The instant of this transaction.
    pub fn now(&self) -> Timestamp {
        self.now
    }

    /// Whose act this is.
    pub fn actor(&self) -> &Actor {
        &self.actor
    }

    /// Makes everything durable. `step` says what this is, for the fault tests. Errors: [`StoreError::Unavailable`] when
    /// nothing became durable; [`StoreError::OutcomeUnknown`] when the commit failed on its way and everything or nothing
    /// did.
    pub async fn commit(self, step: Step) -> Result<(), StoreError> {
        let Self { read: ReadTxn { connection }, interruption, changes_status, status_changes, .. } = self;
        let before = interruption.as_ref().map_or(Interrupt::Continue, |wants| wants.before_commit(step));
        if before != Interrupt::Continue {
            connection.rollback().await.map_err(|error| StoreError::Unavailable(Box::new(error)))?;
            let cause = Box::new(Interrupted(step));
            return Err(match before {
                Interrupt::LoseAnswer => StoreError::OutcomeUnknown(cause),
                Interrupt::Continue | Interrupt::Refuse => StoreError::Unavailable(cause),
            });
        }
        // The gap every caller is built around: an error here says nothing about what the database has kept.
        let committed = connection.commit().await;
        // Also where nobody knows what became of it.
        status_changes.fetch_add(u64::from(changes_status), Ordering::AcqRel);
        committed.map_err(|error| StoreError::OutcomeUnknown(Box::new(error)))?;
        if interruption.is_some_and(|wants| wants.after_commit(step) != Interrupt::Continue) {
            return Err(StoreError::OutcomeUnknown(Box::new(Interrupted(step))));
        }
        Ok(())
    }
}

impl Deref for WriteTxn {
    type Target = ReadTxn;

    fn deref(&self) -> &ReadTxn {
        &self.read
    }
}

impl DerefMut for WriteTxn {
    fn deref_mut(&mut self) -> &mut ReadTxn {
        &mut self.read
    }
}
