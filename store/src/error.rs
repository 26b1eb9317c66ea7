//! What goes wrong with a database, as the callers must tell it apart: the row is taken, the row has moved on, nothing
//! happened, or nobody knows whether it happened.

use crate::constraints;
use ca_core::entropy::EntropyUnavailable;
use std::error::Error;

/// The error below, for the log only.
pub type Cause = Box<dyn Error + Send + Sync>;

/// A failure of the store.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// A rule of the schema refused the row. The name of the constraint is the same on both databases.
    #[error("the constraint {constraint} refused the row")]
    Conflict {
        /// As in `migrations/`: `account_login_once`.
        constraint: String,
    },
    /// The row is no longer what the caller has read: someone else was faster.
    #[error("the {what} has changed since it was read")]
    Stale {
        /// The table.
        what: &'static str,
    },
    /// The row, or one it refers to, does not exist.
    #[error("there is no such {what}")]
    NotFound {
        /// The table.
        what: &'static str,
    },
    /// The database holds something this program never writes.
    #[error("the column {column} holds something unreadable: {reason}")]
    Corrupt {
        /// `table.column`.
        column: &'static str,
        /// What reading it said.
        reason: String,
    },
    /// The database could not be asked; nothing was changed.
    #[error("the database is not available")]
    Unavailable(#[source] Cause),
    /// The commit failed on its way: the change may be durable or may not.
    #[error("it is not known whether the change was committed")]
    OutcomeUnknown(#[source] Cause),
    /// The URL names neither `sqlite:` with a file nor `postgres://`, or cannot be read.
    #[error("a database URL begins with sqlite: or postgres://")]
    UnsupportedUrl,
    /// The schema could not be brought up to date, or is of another version of the program.
    #[error("the schema could not be brought up to date")]
    Migration(#[source] Cause),
}

impl StoreError {
    /// The failure of a statement, which changed nothing that outlives its transaction.
    pub(crate) fn from_sqlx(error: sqlx::Error) -> Self {
        use sqlx::error::ErrorKind;
        let Some(reported) = error.as_database_error() else {
            return Self::Unavailable(Box::new(error));
        };
        match reported.kind() {
            ErrorKind::ForeignKeyViolation => Self::NotFound { what: "row referred to" },
            ErrorKind::UniqueViolation | ErrorKind::CheckViolation | ErrorKind::NotNullViolation => {
                Self::Conflict { constraint: constraints::named(reported) }
            }
            _ => Self::Unavailable(Box::new(error)),
        }
    }

    /// Whether this is the refusal of the constraint of that name.
    pub fn is_conflict(&self, name: &str) -> bool {
        matches!(self, Self::Conflict { constraint } if constraint == name)
    }
}

impl From<EntropyUnavailable> for StoreError {
    fn from(error: EntropyUnavailable) -> Self {
        Self::Unavailable(Box::new(error))
    }
}
