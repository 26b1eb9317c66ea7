//! Revocations. One row says that a certificate is no longer good, once and for all; the transaction that writes it also
//! empties what says otherwise (the pre-signed OCSP response) and asks for what will say so (a response, a CRL).

use crate::codec::{at, micros, serial, word};
use crate::db::on;
use crate::error::StoreError;
use crate::jobs::Job;
use crate::txn::{ReadTxn, WriteTxn};
use ca_core::audit::{Actor, AuditEvent, Verb};
use ca_core::id::AuthorityId;
use ca_core::revocation::{Revocation, RevocationReason};
use ca_core::serial::SerialNumber;
use ca_core::time::Timestamp;

/// An entry for a CRL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RevokedEntry {
    /// The serial number.
    pub serial: SerialNumber,
    /// Why and since when.
    pub revocation: Revocation,
    /// The last instant of the certificate's validity: after it, CRLs may leave the entry out (RFC 5280 §3.3).
    pub not_after: Timestamp,
}

#[derive(sqlx::FromRow)]
struct Record {
    serial: Vec<u8>,
    reason: i64,
    revoked_at: i64,
    invalidity_at: Option<i64>,
    not_after: i64,
}

const INSERT: &str = "insert into revocation (authority_id, serial, reason, revoked_at, invalidity_at, revoked_by)
    values ($1, $2, $3, $4, $5, $6)";

const FORGET_RESPONSE: &str = "delete from ocsp_response where authority_id = $1 and serial = $2";

/// Those of all generations that share the authority's name.
const OF_LINE: &str = "select v.serial, v.reason, v.revoked_at, v.invalidity_at, i.not_after
    from revocation v join intent i on i.authority_id = v.authority_id and i.serial = v.serial
    where v.authority_id in (select $1 union select other.authority_id
            from authority one join authority other on other.line_id = one.line_id where one.authority_id = $1)
        and v.serial > $2
    order by v.serial limit $3";

/// Rows read at a time: the whole of a large CRL never stands in one answer.
const PAGE: i64 = 10_000;

impl WriteTxn {
    /// Revokes a certificate or burnt serial number, with its event and the jobs *presign* and *refresh CRL*. Conflicts:
    /// `revocation_pk` when it is revoked already. Errors: no such certificate.
    pub async fn revoke(
        &mut self,
        authority: &AuthorityId,
        serial: &SerialNumber,
        revocation: &Revocation,
    ) -> Result<(), StoreError> {
        self.insert_revocation(authority, serial, revocation).await?;
        on!(self, execute FORGET_RESPONSE, authority.as_str(), serial.as_bytes())?;
        let now = self.now();
        self.enqueue(&Job::Presign(authority.clone(), serial.clone()), now).await?;
        self.ask_for_crls(authority).await?;
        let event = AuditEvent::new(Verb::CertificateRevoked, format!("certificate:{authority}/{serial}"));
        self.audit(event.with("reason", revocation.reason.as_str())).await
    }

    /// Asks for the next CRL of every generation of the authority: each lists what any of them has revoked.
    pub(crate) async fn ask_for_crls(&mut self, authority: &AuthorityId) -> Result<(), StoreError> {
        let now = self.now();
        for generation in self.generations(authority).await? {
            self.enqueue(&Job::RefreshCrl(generation), now).await?;
        }
        Ok(())
    }

    /// The row alone; the ledger's settlement has its own event and one job for all.
    pub(crate) async fn insert_revocation(
        &mut self,
        authority: &AuthorityId,
        serial: &SerialNumber,
        revocation: &Revocation,
    ) -> Result<(), StoreError> {
        let (revoked_at, invalidity_at) = (revocation.revoked_at.micros(), micros(revocation.invalidity_at));
        let (code, by) = (i64::from(revocation.reason.code()), Actor::as_text(self.actor()));
        on!(self, execute INSERT, authority.as_str(), serial.as_bytes(), code, revoked_at, invalidity_at, by)?;
        Ok(())
    }
}

impl ReadTxn {
    /// Every revocation of an authority, by serial number; expired certificates too, which the caller may leave out. Those of
    /// its other generations are among them: all have one issuer name, so a reader may take the CRL of one for the other's,
    /// and RFC 5280 §5.2.5 lets it where no issuingDistributionPoint says otherwise.
    pub async fn revocations(&mut self, authority: &AuthorityId) -> Result<Vec<RevokedEntry>, StoreError> {
        let mut entries: Vec<RevokedEntry> = Vec::new();
        loop {
            let after = entries.last().map(|entry| entry.serial.as_bytes().to_vec()).unwrap_or_default();
            let page = on!(self, all Record, OF_LINE, authority.as_str(), after, PAGE)?;
            if page.is_empty() {
                return Ok(entries);
            }
            for record in page {
                entries.push(RevokedEntry::try_from(record)?);
            }
        }
    }
}

/// The reason of a stored code.
pub(crate) fn reason(code: i64) -> Result<RevocationReason, StoreError> {
    let reason = u8::try_from(code).ok().and_then(RevocationReason::from_code);
    word("revocation.reason", &code.to_string(), reason)
}

impl TryFrom<Record> for RevokedEntry {
    type Error = StoreError;

    fn try_from(record: Record) -> Result<Self, StoreError> {
        Ok(Self {
            serial: serial("revocation.serial", &record.serial)?,
            revocation: Revocation {
                reason: reason(record.reason)?,
                revoked_at: Timestamp::from_micros(record.revoked_at),
                invalidity_at: at(record.invalidity_at),
            },
            not_after: Timestamp::from_micros(record.not_after),
        })
    }
}
