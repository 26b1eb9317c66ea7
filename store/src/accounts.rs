//! Accounts: people of an organisation, how they log in and what their role is.

use crate::codec::{at, micros, parsed, word};
use crate::db::on;
use crate::error::StoreError;
use crate::txn::{ReadTxn, WriteTxn};
use ca_core::audit::{AuditEvent, Verb};
use ca_core::id::{AccountId, OrganisationId};
use ca_core::time::Timestamp;

/// A person's account.
#[derive(Clone, PartialEq, Eq)]
pub struct Account {
    /// Its id.
    pub account_id: AccountId,
    /// The organisation the person acts for.
    pub organisation_id: OrganisationId,
    /// The name typed at the log-in.
    pub login: String,
    /// The person's name.
    pub name: String,
    /// What the person may do.
    pub role: Role,
    /// A PHC string.
    pub password_hash: String,
    /// The shared secret of the one-time codes.
    pub totp_secret: Vec<u8>,
    /// The last time step (30 s since 1970) whose code was taken.
    pub totp_last_step: i64,
    /// Log-ins that failed since the last that succeeded.
    pub failed_logins: i64,
    /// No log-in before this instant.
    pub locked_until: Option<Timestamp>,
    /// Whether the person may log in at all.
    pub active: bool,
}

/// What a person may do. Kept in the database as `TEXT`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Role {
    /// Files requests (担当者).
    Officer,
    /// Approves requests of the same organisation (責任者).
    Manager,
    /// Works for the operator (運営).
    RaOperator,
    /// Reads everything, changes nothing (監査).
    Auditor,
}

impl Role {
    /// Every role.
    pub const ALL: [Self; 4] = [Self::Officer, Self::Manager, Self::RaOperator, Self::Auditor];

    /// `officer`, `manager`, `ra-operator`, `auditor`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Officer => "officer",
            Self::Manager => "manager",
            Self::RaOperator => "ra-operator",
            Self::Auditor => "auditor",
        }
    }

    /// The role of that word.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.as_str() == text)
    }
}

impl std::fmt::Debug for Account {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // Neither secrets nor the person's name.
        f.debug_struct("Account")
            .field("account_id", &self.account_id)
            .field("role", &self.role)
            .finish_non_exhaustive()
    }
}

#[derive(sqlx::FromRow)]
struct Record {
    account_id: String,
    organisation_id: String,
    login: String,
    name: String,
    role: String,
    password_hash: String,
    totp_secret: Vec<u8>,
    totp_last_step: i64,
    failed_logins: i64,
    locked_until: Option<i64>,
    active: bool,
}

const INSERT: &str = "insert into account (account_id, organisation_id, login, name, role, password_hash, totp_secret,
        totp_last_step, failed_logins, locked_until, active, created_at)
    values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)";

const BY_ID: &str = "select account_id, organisation_id, login, name, role, password_hash, totp_secret, totp_last_step,
        failed_logins, locked_until, active
    from account where account_id = $1";

const BY_LOGIN: &str =
    "select account_id, organisation_id, login, name, role, password_hash, totp_secret, totp_last_step,
        failed_logins, locked_until, active
    from account where login = $1";

const OF_ORGANISATION: &str = "select account_id, organisation_id, login, name, role, password_hash, totp_secret,
        totp_last_step, failed_logins, locked_until, active
    from account where organisation_id = $1 order by login";

const HOLD: &str = "update account set failed_logins = failed_logins where account_id = $1";

const COUNT_FAILURE: &str =
    "update account set failed_logins = failed_logins + 1, locked_until = $2 where account_id = $1";

const CLEAR_FAILURES: &str = "update account set failed_logins = 0, locked_until = null where account_id = $1";

const SUSPEND: &str = "update account set active = false where account_id = $1 and active";

const TAKE_TOTP_STEP: &str = "update account set totp_last_step = $2 where account_id = $1 and totp_last_step < $2";

impl WriteTxn {
    /// Adds an account, with its event. Conflicts: `account_login_once`. Errors: no such organisation.
    pub async fn insert_account(&mut self, account: &Account) -> Result<(), StoreError> {
        let now = self.now().micros();
        on!(
            self,
            execute INSERT,
            account.account_id.as_str(),
            account.organisation_id.as_str(),
            &account.login,
            &account.name,
            account.role.as_str(),
            &account.password_hash,
            &account.totp_secret,
            account.totp_last_step,
            account.failed_logins,
            micros(account.locked_until),
            account.active,
            now,
        )?;
        let event = AuditEvent::new(Verb::AccountCreated, format!("account:{}", account.account_id));
        let event = event.with("organisation", account.organisation_id.as_str()).with("role", account.role.as_str());
        self.audit(event).await
    }

    /// Closes an account and ends its sessions, with its event; returns how many sessions there were. Errors: stale when
    /// there is no such account or it is closed already.
    pub async fn suspend_account(&mut self, id: &AccountId) -> Result<u64, StoreError> {
        if on!(self, execute SUSPEND, id.as_str())? == 0 {
            return Err(StoreError::Stale { what: "account" });
        }
        let sessions = self.delete_sessions_of(id).await?;
        let event = AuditEvent::new(Verb::AccountSuspended, format!("account:{id}"));
        self.audit(event.with("sessions", sessions.to_string())).await?;
        Ok(sessions)
    }

    /// Keeps other transactions from changing the account until this one ends: what is read of it from here on stays true. Two
    /// tries to log in at the same moment come one after the other. Errors: no such account.
    pub async fn hold_account(&mut self, id: &AccountId) -> Result<(), StoreError> {
        if on!(self, execute HOLD, id.as_str())? == 0 { Err(StoreError::NotFound { what: "account" }) } else { Ok(()) }
    }

    /// Counts a failed log-in and locks the account until then, or not; with its event. Errors: no such account.
    pub async fn record_login_failure(
        &mut self,
        id: &AccountId,
        locked_until: Option<Timestamp>,
    ) -> Result<(), StoreError> {
        if on!(self, execute COUNT_FAILURE, id.as_str(), micros(locked_until))? == 0 {
            return Err(StoreError::NotFound { what: "account" });
        }
        self.audit(AuditEvent::new(Verb::LoginFailed, format!("account:{id}"))).await
    }

    /// Forgets the failures before a log-in that succeeded; with its event. Errors: no such account.
    pub async fn record_login_success(&mut self, id: &AccountId) -> Result<(), StoreError> {
        if on!(self, execute CLEAR_FAILURES, id.as_str())? == 0 {
            return Err(StoreError::NotFound { what: "account" });
        }
        self.audit(AuditEvent::new(Verb::LoginSucceeded, format!("account:{id}"))).await
    }

    /// Takes the code of time step `step`: true the first time, false for a step that is not later than the last one
    /// taken (a replay) or an account that does not exist.
    pub async fn take_totp_step(&mut self, id: &AccountId, step: i64) -> Result<bool, StoreError> {
        Ok(on!(self, execute TAKE_TOTP_STEP, id.as_str(), step)? == 1)
    }
}

impl ReadTxn {
    /// The account of that id.
    pub async fn account(&mut self, id: &AccountId) -> Result<Option<Account>, StoreError> {
        on!(self, one Record, BY_ID, id.as_str())?.map(Account::try_from).transpose()
    }

    /// The account with that log-in name, which is compared octet by octet.
    pub async fn account_by_login(&mut self, login: &str) -> Result<Option<Account>, StoreError> {
        on!(self, one Record, BY_LOGIN, login)?.map(Account::try_from).transpose()
    }

    /// The accounts of an organisation, closed ones too, by log-in name.
    pub async fn accounts(&mut self, organisation: &OrganisationId) -> Result<Vec<Account>, StoreError> {
        on!(self, all Record, OF_ORGANISATION, organisation.as_str())?.into_iter().map(Account::try_from).collect()
    }
}

impl TryFrom<Record> for Account {
    type Error = StoreError;

    fn try_from(record: Record) -> Result<Self, StoreError> {
        Ok(Self {
            account_id: parsed("account.account_id", AccountId::parse(&record.account_id))?,
            organisation_id: parsed("account.organisation_id", OrganisationId::parse(&record.organisation_id))?,
            login: record.login,
            name: record.name,
            role: word("account.role", &record.role, Role::parse(&record.role))?,
            password_hash: record.password_hash,
            totp_secret: record.totp_secret,
            totp_last_step: record.totp_last_step,
            failed_logins: record.failed_logins,
            locked_until: at(record.locked_until),
            active: record.active,
        })
    }
}
