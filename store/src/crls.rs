//! CRL numbers and CRLs. A number is taken, durably, before anything is signed under it, and is never taken again; a CRL
//! is stored only while none with a higher number is.

use crate::codec::parsed;
use crate::db::{Only, on};
use crate::error::StoreError;
use crate::txn::{ReadTxn, WriteTxn};
use ca_core::audit::{AuditEvent, Verb};
use ca_core::id::AuthorityId;
use ca_core::time::Timestamp;

/// A stored CRL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CrlRow {
    /// Whose it is.
    pub authority_id: AuthorityId,
    /// Its CRLNumber.
    pub number: i64,
    /// Its thisUpdate.
    pub this_update: Timestamp,
    /// Its nextUpdate.
    pub next_update: Timestamp,
    /// The signed CRL, DER.
    pub der: Vec<u8>,
}

#[derive(sqlx::FromRow)]
struct Record {
    authority_id: String,
    number: i64,
    this_update: i64,
    next_update: i64,
    der: Vec<u8>,
}

/// Changes nothing, and keeps others from taking a number until this transaction ends.
const HOLD: &str = "update authority set key_label = key_label where authority_id = $1";

const TAKE: &str = "insert into crl (authority_id, number, taken_at)
    select $1, coalesce(max(number), 0) + 1, $2 from crl where authority_id = $1
    returning number";

const STORE: &str = "update crl set this_update = $3, next_update = $4, der = $5, stored_at = $6
    where authority_id = $1 and number = $2 and der is null and not exists (
        select 1 from crl later where later.authority_id = $1 and later.number > $2 and later.der is not null)";

const LATEST: &str = "select authority_id, number, this_update, next_update, der from crl
    where authority_id = $1 and der is not null order by number desc limit 1";

impl WriteTxn {
    /// Takes the next CRL number of an authority, with its event. It is taken once the transaction is committed
    /// ([`crate::Step::CrlNumberTaken`]), and only then may anything be signed under it. Who takes one at the same time waits
    /// for this transaction to end. Errors: no such authority.
    pub async fn take_crl_number(&mut self, authority: &AuthorityId) -> Result<i64, StoreError> {
        let now = self.now().micros();
        if on!(self, execute HOLD, authority.as_str())? == 0 {
            return Err(StoreError::NotFound { what: "authority" });
        }
        let taken = on!(self, one Only<i64>, TAKE, authority.as_str(), now)?;
        let (number,) = taken.ok_or(StoreError::NotFound { what: "authority" })?;
        let event = AuditEvent::new(Verb::CrlNumberTaken, format!("crl:{authority}/{number}"));
        self.audit(event).await?;
        Ok(number)
    }

    /// Stores the CRL signed under a number that was taken, with its event. Errors: [`StoreError::Stale`] when that number
    /// was not taken, has its CRL already, or a later one is stored.
    pub async fn store_crl(&mut self, crl: &CrlRow) -> Result<(), StoreError> {
        let (authority, number) = (crl.authority_id.as_str(), crl.number);
        let (this_update, next_update) = (crl.this_update.micros(), crl.next_update.micros());
        let now = self.now().micros();
        if on!(self, execute STORE, authority, number, this_update, next_update, &crl.der, now)? == 0 {
            return Err(StoreError::Stale { what: "crl" });
        }
        let sha256 = ca_core::digest::hex(&ca_core::digest::sha256(&crl.der));
        let event = AuditEvent::new(Verb::CrlStored, format!("crl:{authority}/{number}"));
        self.audit(event.with("sha256", sha256)).await
    }
}

impl ReadTxn {
    /// The stored CRL with the highest number.
    pub async fn latest_crl(&mut self, authority: &AuthorityId) -> Result<Option<CrlRow>, StoreError> {
        on!(self, one Record, LATEST, authority.as_str())?.map(CrlRow::try_from).transpose()
    }
}

impl TryFrom<Record> for CrlRow {
    type Error = StoreError;

    fn try_from(record: Record) -> Result<Self, StoreError> {
        Ok(Self {
            authority_id: parsed("crl.authority_id", AuthorityId::parse(&record.authority_id))?,
            number: record.number,
            this_update: Timestamp::from_micros(record.this_update),
            next_update: Timestamp::from_micros(record.next_update),
            der: record.der,
        })
    }
}
