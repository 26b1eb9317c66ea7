//! Audit events: written in the transaction of their effect, read by auditors. There is no statement that changes or
//! deletes one, and there never is to be.

use crate::codec::{limit, parsed};
use crate::db::on;
use crate::error::StoreError;
use crate::txn::{ReadTxn, WriteTxn};
use ca_core::audit::{Actor, AuditEvent};
use ca_core::id::EventId;
use ca_core::time::Timestamp;
use std::sync::atomic::Ordering;

/// An event as it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditRow {
    /// Its id, ordered by time.
    pub event_id: EventId,
    /// The instant of the transaction.
    pub at: Timestamp,
    /// Who: `account:…` or `system:…`.
    pub actor: String,
    /// What: [`ca_core::audit::Verb::as_str`].
    pub verb: String,
    /// To what: `request:…`, `certificate:<authority>/<serial>`.
    pub object: String,
    /// The rest, by name.
    pub detail: Vec<(String, String)>,
}

/// Which events to read.
#[derive(Clone, Debug, Default)]
pub struct AuditFilter {
    /// Only those about this object.
    pub object: Option<String>,
    /// Only those before this one: the next page.
    pub before: Option<EventId>,
}

#[derive(sqlx::FromRow)]
struct Record {
    audit_event_id: String,
    at: i64,
    actor: String,
    verb: String,
    object: String,
    detail: String,
}

const INSERT: &str =
    "insert into audit_event (audit_event_id, at, actor, verb, object, detail) values ($1, $2, $3, $4, $5, $6)";

const LATEST: &str = "select audit_event_id, at, actor, verb, object, detail from audit_event
    where audit_event_id < $1 order by audit_event_id desc limit $2";

const OF_OBJECT: &str = "select audit_event_id, at, actor, verb, object, detail from audit_event
    where object = $1 and audit_event_id < $2 order by audit_event_id desc limit $3";

/// Sorts behind every id, which are hexadecimal.
const BEHIND_ALL: &str = "g";

impl WriteTxn {
    /// Writes `event` at the instant and as the act of this transaction. Durable with it.
    pub async fn audit(&mut self, event: AuditEvent) -> Result<(), StoreError> {
        let row = EventColumns::of(event, self)?;
        let at = self.now().micros();
        on!(self, execute INSERT, row.audit_event_id, at, row.actor, row.verb, row.object, row.detail)?;
        Ok(())
    }
}

impl ReadTxn {
    /// The newest events first, at most `rows` of them.
    pub async fn audit_events(&mut self, filter: &AuditFilter, rows: u32) -> Result<Vec<AuditRow>, StoreError> {
        let before = filter.before.as_ref().map_or(BEHIND_ALL, EventId::as_str);
        let records = match &filter.object {
            Some(object) => on!(self, all Record, OF_OBJECT, object, before, limit(rows))?,
            None => on!(self, all Record, LATEST, before, limit(rows))?,
        };
        records.into_iter().map(AuditRow::try_from).collect()
    }
}

impl TryFrom<Record> for AuditRow {
    type Error = StoreError;

    fn try_from(record: Record) -> Result<Self, StoreError> {
        let detail: serde_json::Map<String, serde_json::Value> =
            parsed("audit_event.detail", serde_json::from_str(&record.detail))?;
        Ok(Self {
            event_id: parsed("audit_event.audit_event_id", EventId::parse(&record.audit_event_id))?,
            at: Timestamp::from_micros(record.at),
            actor: record.actor,
            verb: record.verb,
            object: record.object,
            detail: detail
                .into_iter()
                .map(|(name, value)| (name, value.as_str().unwrap_or_default().to_owned()))
                .collect(),
        })
    }
}

/// An event as columns, for the single insert above and the ledger's batches.
pub(crate) struct EventColumns {
    pub(crate) audit_event_id: String,
    pub(crate) actor: String,
    pub(crate) verb: &'static str,
    pub(crate) object: String,
    pub(crate) detail: String,
}

impl EventColumns {
    pub(crate) fn of(event: AuditEvent, txn: &WriteTxn) -> Result<Self, StoreError> {
        Ok(Self {
            audit_event_id: EventId::in_order(
                txn.now(),
                txn.events.fetch_add(1, Ordering::Relaxed),
                txn.entropy.as_ref(),
            )?
            .as_str()
            .to_owned(),
            actor: Actor::as_text(txn.actor()),
            verb: event.verb.as_str(),
            object: event.object,
            detail: json_object(&event.detail),
        })
    }
}

/// `{"name":"value",…}` in the order given.
fn json_object(detail: &[(&'static str, String)]) -> String {
    let quoted = |text: &str| serde_json::Value::from(text).to_string();
    let members: Vec<String> =
        detail.iter().map(|(name, value)| format!("{}:{}", quoted(name), quoted(value))).collect();
    format!("{{{}}}", members.join(","))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn details_are_one_json_object_whatever_they_contain() {
        assert_eq!(json_object(&[]), "{}");
        let detail = [("note", "\"欠番\"\n".to_owned()), ("request", "1".to_owned())];
        assert_eq!(json_object(&detail), r#"{"note":"\"欠番\"\n","request":"1"}"#);
    }
}
