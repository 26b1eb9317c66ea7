//! Keys nothing is signed with: taken out of service by what notices a wrong signature, returned by a person.

use crate::codec::parsed;
use crate::db::on;
use crate::error::StoreError;
use crate::txn::{ReadTxn, WriteTxn};
use ca_core::audit::{AuditEvent, Verb};
use ca_core::id::KeyLabel;
use ca_core::time::Timestamp;

/// A key that is out of service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyOutOfServiceRow {
    /// Which.
    pub key_label: KeyLabel,
    /// Why, for the operator.
    pub reason: String,
    /// Since when.
    pub taken_at: Timestamp,
}

#[derive(sqlx::FromRow)]
struct Record {
    key_label: String,
    reason: String,
    taken_at: i64,
}

const INSERT: &str = "insert into key_out_of_service (key_label, reason, taken_at) values ($1, $2, $3)
    on conflict (key_label) do nothing";

const DELETE: &str = "delete from key_out_of_service where key_label = $1";

const ALL: &str = "select key_label, reason, taken_at from key_out_of_service order by key_label";

impl WriteTxn {
    /// Takes a key out of service, with its event. One that is out already stays so, for its first reason, without another
    /// event.
    pub async fn take_key_out_of_service(&mut self, label: &KeyLabel, reason: &str) -> Result<(), StoreError> {
        let now = self.now().micros();
        if on!(self, execute INSERT, label.as_str(), reason, now)? == 0 {
            return Ok(());
        }
        self.audit(AuditEvent::new(Verb::KeyOutOfService, format!("key:{label}")).with("reason", reason)).await
    }

    /// Returns a key to service, with its event. Errors: [`StoreError::NotFound`] for one that is not out of service.
    pub async fn return_key_to_service(&mut self, label: &KeyLabel, reason: &str) -> Result<(), StoreError> {
        if on!(self, execute DELETE, label.as_str())? == 0 {
            return Err(StoreError::NotFound { what: "key out of service" });
        }
        self.audit(AuditEvent::new(Verb::KeyReturnedToService, format!("key:{label}")).with("reason", reason)).await
    }
}

impl ReadTxn {
    /// The keys that are out of service, by their labels.
    pub async fn keys_out_of_service(&mut self) -> Result<Vec<KeyOutOfServiceRow>, StoreError> {
        on!(self, all Record, ALL)?.into_iter().map(KeyOutOfServiceRow::try_from).collect()
    }
}

impl TryFrom<Record> for KeyOutOfServiceRow {
    type Error = StoreError;

    fn try_from(record: Record) -> Result<Self, StoreError> {
        Ok(Self {
            key_label: parsed("key_out_of_service.key_label", KeyLabel::parse(&record.key_label))?,
            reason: record.reason,
            taken_at: Timestamp::from_micros(record.taken_at),
        })
    }
}
