//! All SQL of LGPKI, on SQLite and on PostgreSQL, and nothing but that: no policy, no encoding, no clock.
//!
//! - [`Store`] opens a database, brings its schema up to date and begins transactions ([`txn`]).
//! - One module per noun holds the rows, their statements and their functions: [`organisations`], [`accounts`],
//!   [`passkeys`], [`sessions`], [`submissions`], [`authorities`], [`requests`], [`certificates`], [`revocations`],
//!   [`crls`], [`campaigns`], [`custody`], [`imports`], [`ocsp`], [`deliveries`], [`jobs`], [`keys_out_of_service`], [`audit`],
//!   [`settings`], [`standings`], [`bundles`], [`publications`], [`mass_revocations`], [`ocsp_standing`], [`reach`],
//!   [`recovery`].
//! - `ledger` is where the issuing engine's [`ca_core::issue::Ledger`] meets the tables; it takes batches.
//! - `db` has the two databases and the one macro; `codec` turns newtypes into columns and back; [`constraints`] has the
//!   names of unique constraints.
//!
//! A change of state writes its audit event and its jobs in its own transaction: the functions here do so themselves, and a
//! caller adds events only for what has no row (a failed log-in of an unknown name). Nothing is durable before
//! [`txn::WriteTxn::commit`] has returned.

pub mod accounts;
pub mod audit;
pub mod authorities;
mod batch;
pub mod bundles;
pub mod campaigns;
pub mod certificates;
mod codec;
pub mod constraints;
pub mod crls;
pub mod custody;
mod db;
pub mod deliveries;
mod error;
pub mod imports;
pub mod jobs;
pub mod keys_out_of_service;
mod ledger;
pub mod mass_revocations;
pub mod ocsp;
pub mod ocsp_standing;
pub mod organisations;
pub mod passkeys;
pub mod publications;
pub mod reach;
pub mod recovery;
pub mod requests;
pub mod revocations;
pub mod sessions;
pub mod settings;
pub mod standings;
pub mod submissions;
pub mod txn;

pub use error::{Cause, StoreError};
pub use txn::{Interrupt, Interruption, ReadTxn, Step, WriteTxn};

use ca_core::entropy::Entropy;
use db::Db;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64};
use std::time::Duration;

/// How far the clock of another process may be ahead of ours. A time in a row that lies further ahead is that of a clock that was
/// wrong: nobody waits until it comes.
pub const CLOCKS_DIFFER: Duration = Duration::from_secs(60);

/// An open database. Clones share its connections.
#[derive(Clone)]
pub struct Store {
    db: Db,
    entropy: Arc<dyn Entropy>,
    interruption: Option<Arc<dyn Interruption>>,
    /// Audit events written through this store so far, so that those of one instant keep their order.
    events: Arc<AtomicU32>,
    /// Commits through this store that have changed what is said of a certificate.
    status_changes: Arc<AtomicU64>,
}

/// How a database is opened.
#[derive(Clone)]
pub struct OpenOptions {
    /// Where the ids of events and jobs come from.
    pub entropy: Arc<dyn Entropy>,
    /// Connections at most: on PostgreSQL of all kinds, on SQLite of readers beside the one writer.
    pub connections: u32,
    /// A fault to put into commits; `None` outside tests.
    pub interruption: Option<Arc<dyn Interruption>>,
}

impl OpenOptions {
    /// Ten connections and no faults.
    pub fn new(entropy: Arc<dyn Entropy>) -> Self {
        Self { entropy, connections: 10, interruption: None }
    }
}

/// How a database's schema stands to the program's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Schema {
    /// No version of the program has been here.
    Absent,
    /// It is the one this program needs.
    Current,
    /// [`Store::migrate`] will bring it up to date.
    Behind,
    /// A newer version of the program has been here.
    Ahead,
}

impl Store {
    /// Opens the database `url` names: `sqlite:/path/to/file` (made when missing, readable by its owner alone) or
    /// `postgres://…`. Errors: the URL is neither, or the database does not answer. Changes nothing in it.
    pub async fn open(url: &str, options: &OpenOptions) -> Result<Self, StoreError> {
        let db = Db::open(url, options.connections).await?;
        let (entropy, interruption) = (Arc::clone(&options.entropy), options.interruption.clone());
        Ok(Self { db, entropy, interruption, events: Arc::default(), status_changes: Arc::default() })
    }

    /// Brings the schema up to date, each migration in its own transaction. Errors: one of them failed, or the database
    /// was written by another version of the program.
    pub async fn migrate(&self) -> Result<(), StoreError> {
        self.db.migrate().await
    }

    /// How the database's schema stands to the one this program needs. Changes nothing. Errors: unavailable.
    pub async fn schema(&self) -> Result<Schema, StoreError> {
        let (applied, ours) = self.db.schema_versions().await?;
        Ok(if applied.iter().any(|version| !ours.contains(version)) {
            Schema::Ahead
        } else if applied.is_empty() {
            Schema::Absent
        } else if applied.len() < ours.len() {
            Schema::Behind
        } else {
            Schema::Current
        })
    }

    /// Whether the database answers a query just now. Errors: it does not.
    pub async fn answers(&self) -> Result<(), StoreError> {
        self.read().await?.setting("installation").await.map(|_| ())
    }

    /// Ends all connections, waiting for the transactions under way.
    pub async fn close(&self) {
        self.db.close().await;
    }
}

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // Never the URL: it may hold a password.
        f.write_str(match self.db {
            Db::Sqlite { .. } => "Store(SQLite)",
            Db::Postgres(_) => "Store(PostgreSQL)",
        })
    }
}
