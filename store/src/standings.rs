//! What organisations are and what became of them: their kind, their end, their successor.

use crate::codec::{at, parsed, word};
use crate::db::on;
use crate::error::StoreError;
use crate::txn::{ReadTxn, WriteTxn};
use ca_core::audit::{AuditEvent, Verb};
use ca_core::id::OrganisationId;
use ca_core::register::BodyKind;
use ca_core::time::Timestamp;

/// What an organisation is and what became of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// What it is; `None` where nobody has said.
    pub kind: Option<BodyKind>,
    /// When it ended.
    pub closed_at: Option<Timestamp>,
    /// The organisation that took over.
    pub successor: Option<OrganisationId>,
}

const SET_KIND: &str = "update organisation set kind = $2 where organisation_id = $1";

const CLOSE: &str = "update organisation set closed_at = $2, successor_id = $3
    where organisation_id = $1 and closed_at is null";

const STANDING: &str = "select kind, closed_at, successor_id from organisation where organisation_id = $1";

impl WriteTxn {
    /// Says what an organisation is, with its event. Errors: no such organisation.
    pub async fn set_organisation_kind(
        &mut self,
        organisation: &OrganisationId,
        kind: BodyKind,
    ) -> Result<(), StoreError> {
        if on!(self, execute SET_KIND, organisation.as_str(), kind.as_str())? == 0 {
            return Err(StoreError::NotFound { what: "organisation" });
        }
        let event = AuditEvent::new(Verb::OrganisationClassified, format!("organisation:{organisation}"));
        self.audit(event.with("kind", kind.as_str())).await
    }

    /// Ends an organisation now, with its event. What its people may still do is not decided here. Errors: no such
    /// organisation, or one that has ended; no such successor.
    pub async fn close_organisation(
        &mut self,
        organisation: &OrganisationId,
        successor: Option<&OrganisationId>,
    ) -> Result<(), StoreError> {
        let (now, successor) = (self.now().micros(), successor.map(OrganisationId::as_str));
        if on!(self, execute CLOSE, organisation.as_str(), now, successor)? == 0 {
            return Err(StoreError::NotFound { what: "organisation" });
        }
        let event = AuditEvent::new(Verb::OrganisationClosed, format!("organisation:{organisation}"));
        self.audit(event.with("successor", successor.unwrap_or_default())).await
    }
}

impl ReadTxn {
    /// What an organisation is and what became of it; `None` when there is no such organisation.
    pub async fn standing(&mut self, organisation: &OrganisationId) -> Result<Option<Standing>, StoreError> {
        type Row = (Option<String>, Option<i64>, Option<String>);
        let row = on!(self, one Row, STANDING, organisation.as_str())?;
        row.map(|(kind, closed_at, successor)| {
            let kind = kind.map(|text| word("organisation.kind", &text, BodyKind::of(&text))).transpose()?;
            let successor = successor.map(|id| parsed("organisation.successor_id", OrganisationId::parse(&id)));
            Ok(Standing { kind, closed_at: at(closed_at), successor: successor.transpose()? })
        })
        .transpose()
    }
}
