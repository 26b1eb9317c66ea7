//! Passkeys of accounts. The credential is the WebAuthn library's own text and is not looked into here.

use crate::codec::{at, micros, parsed};
use crate::db::on;
use crate::error::StoreError;
use crate::txn::{ReadTxn, WriteTxn};
use ca_core::audit::{AuditEvent, Verb};
use ca_core::id::{AccountId, PasskeyId};
use ca_core::time::Timestamp;

/// A passkey.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Passkey {
    /// Its id.
    pub passkey_id: PasskeyId,
    /// Whose it is.
    pub account_id: AccountId,
    /// The name its owner gave it.
    pub label: String,
    /// JSON of the WebAuthn library, with the counter.
    pub credential: String,
    /// When it was added.
    pub created_at: Timestamp,
    /// When it was last used.
    pub used_at: Option<Timestamp>,
}

#[derive(sqlx::FromRow)]
struct Record {
    passkey_id: String,
    account_id: String,
    label: String,
    credential: String,
    created_at: i64,
    used_at: Option<i64>,
}

const INSERT: &str = "insert into passkey (passkey_id, account_id, label, credential, created_at, used_at) values ($1, $2, $3, $4, $5, $6)";

const OF_ACCOUNT: &str = "select passkey_id, account_id, label, credential, created_at, used_at
    from passkey where account_id = $1 order by passkey_id";

const UPDATE: &str = "update passkey set credential = $2, used_at = $3 where passkey_id = $1";

const DELETE: &str = "delete from passkey where passkey_id = $1 and account_id = $2";

impl WriteTxn {
    /// Adds a passkey, with its event. Errors: no such account.
    pub async fn insert_passkey(&mut self, passkey: &Passkey) -> Result<(), StoreError> {
        let (id, account) = (passkey.passkey_id.as_str(), passkey.account_id.as_str());
        let (created_at, used_at) = (passkey.created_at.micros(), micros(passkey.used_at));
        on!(self, execute INSERT, id, account, &passkey.label, &passkey.credential, created_at, used_at)?;
        let event = AuditEvent::new(Verb::PasskeyAdded, format!("account:{account}"));
        self.audit(event.with("passkey", id)).await
    }

    /// Keeps the credential with its new counter after a log-in at this transaction's instant. Errors: no such passkey.
    pub async fn update_passkey(&mut self, id: &PasskeyId, credential: &str) -> Result<(), StoreError> {
        let now = self.now().micros();
        match on!(self, execute UPDATE, id.as_str(), credential, now)? {
            0 => Err(StoreError::NotFound { what: "passkey" }),
            _ => Ok(()),
        }
    }

    /// Removes a passkey of that account, with its event. Errors: the account has no such passkey.
    pub async fn delete_passkey(&mut self, account: &AccountId, id: &PasskeyId) -> Result<(), StoreError> {
        if on!(self, execute DELETE, id.as_str(), account.as_str())? == 0 {
            return Err(StoreError::NotFound { what: "passkey" });
        }
        let event = AuditEvent::new(Verb::PasskeyRemoved, format!("account:{account}"));
        self.audit(event.with("passkey", id.as_str())).await
    }
}

impl ReadTxn {
    /// The passkeys of an account, oldest first.
    pub async fn passkeys(&mut self, account: &AccountId) -> Result<Vec<Passkey>, StoreError> {
        on!(self, all Record, OF_ACCOUNT, account.as_str())?.into_iter().map(Passkey::try_from).collect()
    }
}

impl TryFrom<Record> for Passkey {
    type Error = StoreError;

    fn try_from(record: Record) -> Result<Self, StoreError> {
        Ok(Self {
            passkey_id: parsed("passkey.passkey_id", PasskeyId::parse(&record.passkey_id))?,
            account_id: parsed("passkey.account_id", AccountId::parse(&record.account_id))?,
            label: record.label,
            credential: record.credential,
            created_at: Timestamp::from_micros(record.created_at),
            used_at: at(record.used_at),
        })
    }
}
