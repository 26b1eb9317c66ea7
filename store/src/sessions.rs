//! Browser sessions. The row is found by the SHA-256 of the cookie's token; the token itself is nowhere in the database.

use crate::codec::{octets32, parsed};
use crate::db::on;
use crate::error::StoreError;
use crate::txn::{ReadTxn, WriteTxn};
use ca_core::id::AccountId;
use ca_core::time::Timestamp;

/// A session.
#[derive(Clone, PartialEq, Eq)]
pub struct Session {
    /// SHA-256 of the token in the cookie.
    pub token_sha256: [u8; 32],
    /// Who is logged in; `None` before the log-in.
    pub account_id: Option<AccountId>,
    /// The key of the session's form tokens.
    pub csrf_secret: [u8; 32],
    /// When it began.
    pub created_at: Timestamp,
    /// When it was last used.
    pub seen_at: Timestamp,
    /// The state of a WebAuthn ceremony under way.
    pub challenge: Option<String>,
}

impl std::fmt::Debug for Session {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Session").field("account_id", &self.account_id).finish_non_exhaustive()
    }
}

#[derive(sqlx::FromRow)]
struct Record {
    token_sha256: Vec<u8>,
    account_id: Option<String>,
    csrf_secret: Vec<u8>,
    created_at: i64,
    seen_at: i64,
    challenge: Option<String>,
}

const INSERT: &str = "insert into session (token_sha256, account_id, csrf_secret, created_at, seen_at, challenge)
    values ($1, $2, $3, $4, $5, $6)";

const BY_TOKEN: &str = "select token_sha256, account_id, csrf_secret, created_at, seen_at, challenge
    from session where token_sha256 = $1";

const TOUCH: &str = "update session set seen_at = $2 where token_sha256 = $1";

const SET_CHALLENGE: &str = "update session set challenge = $2 where token_sha256 = $1";

const DELETE: &str = "delete from session where token_sha256 = $1";

const DELETE_OF: &str = "delete from session where account_id = $1";

const DELETE_OF_NOBODY: &str = "delete from session where account_id is null and created_at < $1";

const DELETE_UNSEEN: &str = "delete from session where seen_at < $1";

impl WriteTxn {
    /// Adds a session. Conflicts: `session_pk`. Errors: no such account.
    pub async fn insert_session(&mut self, session: &Session) -> Result<(), StoreError> {
        on!(
            self,
            execute INSERT,
            session.token_sha256.as_slice(),
            session.account_id.as_ref().map(AccountId::as_str),
            session.csrf_secret.as_slice(),
            session.created_at.micros(),
            session.seen_at.micros(),
            session.challenge.as_deref(),
        )?;
        Ok(())
    }

    /// Notes that the session was used now. Errors: it has ended.
    pub async fn touch_session(&mut self, token_sha256: &[u8; 32]) -> Result<(), StoreError> {
        let now = self.now().micros();
        existing(on!(self, execute TOUCH, token_sha256.as_slice(), now)?)
    }

    /// Keeps or clears the state of a WebAuthn ceremony. Errors: the session has ended.
    pub async fn set_session_challenge(
        &mut self,
        token_sha256: &[u8; 32],
        challenge: Option<String>,
    ) -> Result<(), StoreError> {
        existing(on!(self, execute SET_CHALLENGE, token_sha256.as_slice(), challenge.as_deref())?)
    }

    /// Ends a session; one that has ended already is no error.
    pub async fn delete_session(&mut self, token_sha256: &[u8; 32]) -> Result<(), StoreError> {
        on!(self, execute DELETE, token_sha256.as_slice())?;
        Ok(())
    }

    /// Ends all sessions of an account; returns how many.
    pub async fn delete_sessions_of(&mut self, account: &AccountId) -> Result<u64, StoreError> {
        on!(self, execute DELETE_OF, account.as_str())
    }

    /// Ends the sessions made before then in which nobody has logged in; returns how many.
    pub async fn delete_sessions_of_nobody_before(&mut self, then: Timestamp) -> Result<u64, StoreError> {
        on!(self, execute DELETE_OF_NOBODY, then.micros())
    }

    /// Ends all sessions not used since then; returns how many.
    pub async fn delete_sessions_unseen_since(&mut self, since: Timestamp) -> Result<u64, StoreError> {
        on!(self, execute DELETE_UNSEEN, since.micros())
    }
}

impl ReadTxn {
    /// The session of that token. Whether it is still good is the caller's to say.
    pub async fn session(&mut self, token_sha256: &[u8; 32]) -> Result<Option<Session>, StoreError> {
        on!(self, one Record, BY_TOKEN, token_sha256.as_slice())?.map(Session::try_from).transpose()
    }
}

fn existing(rows: u64) -> Result<(), StoreError> {
    if rows == 0 { Err(StoreError::NotFound { what: "session" }) } else { Ok(()) }
}

impl TryFrom<Record> for Session {
    type Error = StoreError;

    fn try_from(record: Record) -> Result<Self, StoreError> {
        let account_id = record.account_id.as_deref().map(AccountId::parse).transpose();
        Ok(Self {
            token_sha256: octets32("session.token_sha256", record.token_sha256)?,
            account_id: parsed("session.account_id", account_id)?,
            csrf_secret: octets32("session.csrf_secret", record.csrf_secret)?,
            created_at: Timestamp::from_micros(record.created_at),
            seen_at: Timestamp::from_micros(record.seen_at),
            challenge: record.challenge,
        })
    }
}
