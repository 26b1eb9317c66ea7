//! Who opens the key stores, and which authorities may use their keys: sets of shares, and activations. The shares themselves
//! are never here.

use crate::codec::{at, octets32, parsed, word};
use crate::db::on;
use crate::error::StoreError;
use crate::txn::{ReadTxn, WriteTxn};
use ca_core::audit::{AuditEvent, Verb};
use ca_core::id::AuthorityId;
use ca_core::time::Timestamp;

/// A set of shares of the secret that opens a key store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CustodySetRow {
    /// Its id: 32 hexadecimal digits.
    pub custody_set_id: String,
    /// The key store, by its name in the configuration.
    pub key_store: String,
    /// How many custodians must come together, at least two.
    pub least: u8,
    /// All custodians, in the order of their shares' numbers from 1.
    pub custodians: Vec<String>,
    /// Recognises the secret.
    pub digest: [u8; 32],
    /// When it was made.
    pub made_at: Timestamp,
    /// Since when the store opens with its secret.
    pub in_force_at: Option<Timestamp>,
    /// Since when it does not any more.
    pub void_at: Option<Timestamp>,
}

/// Why an authority is active or not. Kept in the database as `TEXT`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ActivationReason {
    /// Enough custodians came together.
    Custodians,
    /// Somebody deactivated it.
    Person,
    /// The service was started, and its pack says that it begins inactive; or nobody has activated it yet.
    Restart,
}

impl ActivationReason {
    /// Every reason.
    pub const ALL: [Self; 3] = [Self::Custodians, Self::Person, Self::Restart];

    /// `custodians`, `person`, `restart`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Custodians => "custodians",
            Self::Person => "person",
            Self::Restart => "restart",
        }
    }

    /// The reason of that word.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.as_str() == text)
    }
}

/// Whether an authority whose pack asks for activation may use its keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ActivationRow {
    /// Which.
    pub authority_id: AuthorityId,
    /// Whether it may.
    pub active: bool,
    /// Since when.
    pub changed_at: Timestamp,
    /// Why.
    pub reason: ActivationReason,
    /// The set whose custodians activated it last.
    pub custody_set_id: Option<String>,
    /// Their numbers, as `1, 3, 4`.
    pub custodians: String,
}

#[derive(sqlx::FromRow)]
struct SetRecord {
    custody_set_id: String,
    key_store: String,
    least: i64,
    custodians: String,
    digest: Vec<u8>,
    made_at: i64,
    in_force_at: Option<i64>,
    void_at: Option<i64>,
}

#[derive(sqlx::FromRow)]
struct ActivationRecord {
    authority_id: String,
    active: bool,
    changed_at: i64,
    reason: String,
    custody_set_id: Option<String>,
    custodians: String,
}

const INSERT_SET: &str = "insert into custody_set (custody_set_id, key_store, least, custodians, digest, made_at)
    values ($1, $2, $3, $4, $5, $6)";

const VOID_OTHERS: &str = "update custody_set set void_at = $3
    where key_store = $1 and custody_set_id <> $2 and void_at is null";

const PUT_IN_FORCE: &str = "update custody_set set in_force_at = $2
    where custody_set_id = $1 and in_force_at is null and void_at is null";

/// The set in force first; behind it those whose making was interrupted.
const USABLE: &str = "select custody_set_id, key_store, least, custodians, digest, made_at, in_force_at, void_at
    from custody_set where key_store = $1 and void_at is null
    order by case when in_force_at is null then 1 else 0 end, made_at desc, custody_set_id";

const SET_BY_ID: &str = "select custody_set_id, key_store, least, custodians, digest, made_at, in_force_at, void_at
    from custody_set where custody_set_id = $1";

const SET_ACTIVATION: &str = "insert into activation
        (authority_id, active, changed_at, reason, custody_set_id, custodians)
    values ($1, $2, $3, $4, $5, $6)
    on conflict (authority_id) do update set active = excluded.active, changed_at = excluded.changed_at,
        reason = excluded.reason, custody_set_id = excluded.custody_set_id, custodians = excluded.custodians";

const ACTIVATIONS: &str = "select authority_id, active, changed_at, reason, custody_set_id, custodians
    from activation order by authority_id";

impl WriteTxn {
    /// Writes down a set before its store takes the secret, with its event. Conflicts: `custody_set_pk`.
    pub async fn insert_custody_set(&mut self, set: &CustodySetRow) -> Result<(), StoreError> {
        on!(
            self,
            execute INSERT_SET,
            &set.custody_set_id,
            &set.key_store,
            i64::from(set.least),
            set.custodians.join("\n"),
            set.digest.as_slice(),
            set.made_at.micros(),
        )?;
        let of = set.custodians.len().to_string();
        let event = AuditEvent::new(Verb::CustodySetMade, format!("custody-set:{}", set.custody_set_id));
        self.audit(event.with("store", &set.key_store).with("least", set.least.to_string()).with("of", of)).await
    }

    /// Puts a set in force and makes every other of its store void, with its event: the store has taken its secret. Errors:
    /// [`StoreError::Stale`] when it is in force already, or void.
    pub async fn put_custody_set_in_force(&mut self, set: &CustodySetRow) -> Result<(), StoreError> {
        let (id, now) = (&set.custody_set_id, self.now().micros());
        let voided = on!(self, execute VOID_OTHERS, &set.key_store, id, now)?;
        if on!(self, execute PUT_IN_FORCE, id, now)? == 0 {
            return Err(StoreError::Stale { what: "custody set" });
        }
        let event = AuditEvent::new(Verb::CustodySetInForce, format!("custody-set:{id}"));
        self.audit(event.with("store", &set.key_store).with("voided", voided.to_string())).await
    }

    /// Writes down that `custodians` (numbers, as `1, 3, 4`) have proven a set, without opening anything for work.
    pub async fn record_quorum_proof(&mut self, set: &CustodySetRow, custodians: &str) -> Result<(), StoreError> {
        let event = AuditEvent::new(Verb::QuorumProven, format!("custody-set:{}", set.custody_set_id));
        self.audit(event.with("store", &set.key_store).with("custodians", custodians)).await
    }

    /// Says whether an authority may use its keys from now on, with its event. Errors: no such authority.
    pub async fn set_activation(&mut self, row: &ActivationRow) -> Result<(), StoreError> {
        on!(
            self,
            execute SET_ACTIVATION,
            row.authority_id.as_str(),
            row.active,
            row.changed_at.micros(),
            row.reason.as_str(),
            row.custody_set_id.as_deref(),
            &row.custodians,
        )?;
        let verb = if row.active { Verb::AuthorityActivated } else { Verb::AuthorityDeactivated };
        let event = AuditEvent::new(verb, format!("authority:{}", row.authority_id)).with("why", row.reason.as_str());
        self.audit(match (&row.custody_set_id, row.active) {
            (Some(set), true) => event.with("set", set).with("custodians", &row.custodians),
            _ => event,
        })
        .await
    }
}

impl ReadTxn {
    /// The sets whose secret a store may open with: the one in force first, then those whose making was interrupted.
    pub async fn custody_sets(&mut self, key_store: &str) -> Result<Vec<CustodySetRow>, StoreError> {
        on!(self, all SetRecord, USABLE, key_store)?.into_iter().map(CustodySetRow::try_from).collect()
    }

    /// The set of that id, also when it is void.
    pub async fn custody_set(&mut self, id: &str) -> Result<Option<CustodySetRow>, StoreError> {
        on!(self, one SetRecord, SET_BY_ID, id)?.map(CustodySetRow::try_from).transpose()
    }

    /// The authorities that are or were activated, by their ids.
    pub async fn activations(&mut self) -> Result<Vec<ActivationRow>, StoreError> {
        on!(self, all ActivationRecord, ACTIVATIONS)?.into_iter().map(ActivationRow::try_from).collect()
    }
}

impl CustodySetRow {
    /// The names that belong to these numbers, as `1, 3, 4`.
    pub fn names(&self, numbers: &str) -> Vec<&str> {
        let places = numbers.split(", ").filter_map(|number| number.parse::<usize>().ok()?.checked_sub(1));
        places.filter_map(|place| self.custodians.get(place).map(String::as_str)).collect()
    }
}

impl TryFrom<SetRecord> for CustodySetRow {
    type Error = StoreError;

    fn try_from(record: SetRecord) -> Result<Self, StoreError> {
        Ok(Self {
            custody_set_id: record.custody_set_id,
            key_store: record.key_store,
            least: parsed("custody_set.least", u8::try_from(record.least))?,
            custodians: record.custodians.lines().map(str::to_owned).collect(),
            digest: octets32("custody_set.digest", record.digest)?,
            made_at: Timestamp::from_micros(record.made_at),
            in_force_at: at(record.in_force_at),
            void_at: at(record.void_at),
        })
    }
}

impl TryFrom<ActivationRecord> for ActivationRow {
    type Error = StoreError;

    fn try_from(record: ActivationRecord) -> Result<Self, StoreError> {
        Ok(Self {
            authority_id: parsed("activation.authority_id", AuthorityId::parse(&record.authority_id))?,
            active: record.active,
            changed_at: Timestamp::from_micros(record.changed_at),
            reason: word("activation.reason", &record.reason, ActivationReason::parse(&record.reason))?,
            custody_set_id: record.custody_set_id,
            custodians: record.custodians,
        })
    }
}
