//! The two databases and the one macro that speaks to both. Every statement of this crate goes through [`on!`]: the same
//! text, the same arguments, the same decoding. Nothing else in the crate matches on which database it is.

use crate::error::StoreError;
use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{Connection as _, Postgres, Sqlite, Transaction};
use std::str::FromStr;
use std::time::Duration;

static MIGRATOR: sqlx::migrate::Migrator = sqlx::migrate!("../migrations");

/// How long a SQLite writer waits for another process's writer, and anyone for a free connection.
const PATIENCE: Duration = Duration::from_secs(30);
/// A statement or lock that takes longer is a fault of ours: better an error than a queue that grows.
const POSTGRES_SESSION: [(&str, &str); 5] = [
    ("synchronous_commit", "on"), // what we call durable does not hang on the server's default
    ("statement_timeout", "30s"),
    ("lock_timeout", "20s"),
    ("idle_in_transaction_session_timeout", "60s"),
    ("plan_cache_mode", "auto"),
];
/// More than the statements of this crate, so that each is prepared once per connection.
const STATEMENT_CACHE: usize = 300;

/// A database: SQLite with its readers and its one writer, or PostgreSQL.
#[derive(Clone, Debug)]
pub(crate) enum Db {
    Sqlite { readers: SqlitePool, writer: SqlitePool },
    Postgres(PgPool),
}

/// A row of one column.
pub(crate) type Only<T> = (T,);

/// A transaction under way. Dropping it rolls back.
pub(crate) enum Connection {
    Sqlite(Transaction<'static, Sqlite>),
    Postgres(Transaction<'static, Postgres>),
}

impl Db {
    pub(crate) async fn open(url: &str, connections: u32) -> Result<Self, StoreError> {
        match url.split_once(':') {
            Some(("sqlite", _)) => Self::open_sqlite(url, connections).await,
            Some(("postgres" | "postgresql", _)) => Self::open_postgres(url, connections).await,
            _ => Err(StoreError::UnsupportedUrl),
        }
    }

    async fn open_sqlite(url: &str, connections: u32) -> Result<Self, StoreError> {
        let options = SqliteConnectOptions::from_str(url)
            .map_err(|_| StoreError::UnsupportedUrl)?
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            // What is deleted is overwritten: sealed keys that were handed over do not linger in free pages.
            .pragma("secure_delete", "on")
            .busy_timeout(PATIENCE)
            .statement_cache_capacity(STATEMENT_CACHE);
        create_private(options.get_filename())?;
        let writer = SqlitePoolOptions::new().max_connections(1).acquire_timeout(PATIENCE).test_before_acquire(false);
        let writer = writer.connect_with(options.clone()).await.map_err(StoreError::from_sqlx)?;
        let readers = SqlitePoolOptions::new()
            .max_connections(connections.max(1))
            .acquire_timeout(PATIENCE)
            .test_before_acquire(false)
            .connect_lazy_with(options.pragma("query_only", "on"));
        Ok(Self::Sqlite { readers, writer })
    }

    async fn open_postgres(url: &str, connections: u32) -> Result<Self, StoreError> {
        let options = PgConnectOptions::from_str(url)
            .map_err(|_| StoreError::UnsupportedUrl)?
            .application_name("lgpki")
            .options(POSTGRES_SESSION)
            .statement_cache_capacity(STATEMENT_CACHE);
        // One connection by itself first: the pool would try for half a minute and then not say why.
        let first = sqlx::PgConnection::connect_with(&options).await.map_err(StoreError::from_sqlx)?;
        first.close().await.map_err(StoreError::from_sqlx)?;
        let pool = PgPoolOptions::new().max_connections(connections.max(1)).acquire_timeout(PATIENCE);
        Ok(Self::Postgres(pool.connect_with(options).await.map_err(StoreError::from_sqlx)?))
    }

    /// Begins a transaction that sees one state of the database and cannot write.
    pub(crate) async fn begin_read(&self) -> Result<Connection, StoreError> {
        match self {
            Self::Sqlite { readers, .. } => readers.begin().await.map(Connection::Sqlite),
            Self::Postgres(pool) => {
                pool.begin_with("begin isolation level repeatable read read only").await.map(Connection::Postgres)
            }
        }
        .map_err(StoreError::from_sqlx)
    }

    /// Begins a transaction that writes. On SQLite it holds the only write lock from here on, so that it cannot fail
    /// half-way for want of it.
    pub(crate) async fn begin_write(&self) -> Result<Connection, StoreError> {
        match self {
            Self::Sqlite { writer, .. } => writer.begin_with("begin immediate").await.map(Connection::Sqlite),
            Self::Postgres(pool) => pool.begin().await.map(Connection::Postgres),
        }
        .map_err(StoreError::from_sqlx)
    }

    pub(crate) async fn migrate(&self) -> Result<(), StoreError> {
        match self {
            Self::Sqlite { writer, .. } => MIGRATOR.run(writer).await,
            Self::Postgres(pool) => MIGRATOR.run(pool).await,
        }
        .map_err(|error| StoreError::Migration(Box::new(error)))
    }

    /// The versions of the migrations that have been run, and those of this program, both rising.
    pub(crate) async fn schema_versions(&self) -> Result<(Vec<i64>, Vec<i64>), StoreError> {
        const APPLIED: &str = "select version from _sqlx_migrations where success order by version";
        let applied = match self {
            Self::Sqlite { readers, .. } => sqlx::query_scalar(APPLIED).fetch_all(readers).await,
            Self::Postgres(pool) => sqlx::query_scalar(APPLIED).fetch_all(pool).await,
        };
        let applied = match applied {
            // No such table: no migration has been run.
            Err(error) if error.as_database_error().is_some() => Vec::new(),
            other => other.map_err(StoreError::from_sqlx)?,
        };
        Ok((applied, MIGRATOR.iter().map(|migration| migration.version).collect()))
    }

    pub(crate) async fn close(&self) {
        match self {
            Self::Sqlite { readers, writer } => {
                readers.close().await;
                writer.close().await;
            }
            Self::Postgres(pool) => pool.close().await,
        }
    }
}

impl Connection {
    pub(crate) async fn commit(self) -> Result<(), sqlx::Error> {
        match self {
            Self::Sqlite(transaction) => transaction.commit().await,
            Self::Postgres(transaction) => transaction.commit().await,
        }
    }

    pub(crate) async fn rollback(self) -> Result<(), sqlx::Error> {
        match self {
            Self::Sqlite(transaction) => transaction.rollback().await,
            Self::Postgres(transaction) => transaction.rollback().await,
        }
    }
}

/// Makes the database file readable by its owner alone: it holds password hashes. SQLite gives the same mode to the
/// write-ahead log beside it.
fn create_private(path: &std::path::Path) -> Result<(), StoreError> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    match options.open(path) {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(StoreError::Unavailable(Box::new(error))),
    }
}

/// Runs one statement on whichever database the transaction is on.
///
/// - `on!(self, execute SQL, a, b)` → `Result<u64, StoreError>`, the rows changed;
/// - `on!(self, one Record, SQL, a, b)` → `Result<Option<Record>, StoreError>`;
/// - `on!(self, all Record, SQL, a, b)` → `Result<Vec<Record>, StoreError>`;
/// - `on!(self, execute SQL => |query| block)` and `on!(self, all Record, SQL => |query| block)`: the block binds, for
///   statements that take a batch.
///
/// `self` is a `ReadTxn` or something that dereferences to one; `Record` implements `sqlx::FromRow`.
macro_rules! on {
    ($txn:expr, execute $sql:expr $(, $argument:expr)* $(,)?) => {
        $crate::db::on!($txn, execute $sql => |query| { $(query = query.bind($argument);)* })
    };
    ($txn:expr, one $record:ty, $sql:expr $(, $argument:expr)* $(,)?) => {
        match &mut $txn.connection {
            $crate::db::Connection::Sqlite(transaction) => {
                sqlx::query_as::<_, $record>($sql)$(.bind($argument))*.fetch_optional(&mut **transaction).await
            }
            $crate::db::Connection::Postgres(transaction) => {
                sqlx::query_as::<_, $record>($sql)$(.bind($argument))*.fetch_optional(&mut **transaction).await
            }
        }
        .map_err($crate::error::StoreError::from_sqlx)
    };
    ($txn:expr, all $record:ty, $sql:expr $(, $argument:expr)* $(,)?) => {
        $crate::db::on!($txn, all $record, $sql => |query| { $(query = query.bind($argument);)* })
    };
    ($txn:expr, execute $sql:expr => |$query:ident| $bind:block) => {
        match &mut $txn.connection {
            $crate::db::Connection::Sqlite(transaction) => {
                #[allow(unused_mut, reason = "a statement may have no arguments")]
                let mut $query = sqlx::query($sql);
                $bind;
                $query.execute(&mut **transaction).await.map(|done| done.rows_affected())
            }
            $crate::db::Connection::Postgres(transaction) => {
                #[allow(unused_mut, reason = "a statement may have no arguments")]
                let mut $query = sqlx::query($sql);
                $bind;
                $query.execute(&mut **transaction).await.map(|done| done.rows_affected())
            }
        }
        .map_err($crate::error::StoreError::from_sqlx)
    };
    ($txn:expr, all $record:ty, $sql:expr => |$query:ident| $bind:block) => {
        match &mut $txn.connection {
            $crate::db::Connection::Sqlite(transaction) => {
                #[allow(unused_mut, reason = "a statement may have no arguments")]
                let mut $query = sqlx::query_as::<_, $record>($sql);
                $bind;
                $query.fetch_all(&mut **transaction).await
            }
            $crate::db::Connection::Postgres(transaction) => {
                #[allow(unused_mut, reason = "a statement may have no arguments")]
                let mut $query = sqlx::query_as::<_, $record>($sql);
                $bind;
                $query.fetch_all(&mut **transaction).await
            }
        }
        .map_err($crate::error::StoreError::from_sqlx)
    };
}
pub(crate) use on;
