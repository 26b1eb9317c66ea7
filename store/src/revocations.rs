//! Revocations. One row says that a certificate is no longer good, once and for all; the transaction that writes it also
//! empties what says otherwise (the pre-signed OCSP response) and asks for what will say so (a response, a CRL).

use crate::codec::{at, micros, parsed, serial, word};
use crate::db::{Only, on};
use crate::error::StoreError;
use crate::jobs::Job;
use crate::txn::{ReadTxn, WriteTxn};
use ca_core::audit::{Actor, AuditEvent, Verb};
use ca_core::id::AuthorityId;
use ca_core::revocation::{ListScope, Revocation, RevocationReason};
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
    /// Whether they leave it in all the same.
    pub stays_listed: bool,
}

#[derive(sqlx::FromRow)]
struct Record {
    serial: Vec<u8>,
    reason: i64,
    revoked_at: i64,
    invalidity_at: Option<i64>,
    not_after: Option<i64>,
    stays_listed: Option<bool>,
}

/// What lists need stands beside the revocation: a list of a million is read from one table.
const INSERT: &str =
    "insert into revocation (authority_id, serial, reason, revoked_at, invalidity_at, revoked_by, not_after,
        crl_shard, is_ca, stays_listed)
    select authority_id, serial, $3, $4, $5, $6, not_after, crl_shard, is_ca, stays_listed
    from intent where authority_id = $1 and serial = $2
    returning crl_shard, is_ca";

const FORGET_RESPONSE: &str = "delete from ocsp_response where authority_id = $1 and serial = $2";

/// A suspension that becomes a revocation; a revocation stays what it is.
const FOR_GOOD: &str = "update revocation set reason = $3, revoked_at = $4, invalidity_at = $5, revoked_by = $6
    where authority_id = $1 and serial = $2 and reason = 6
    returning crl_shard, is_ca";

const LIFT: &str = "delete from revocation where authority_id = $1 and serial = $2 and reason = 6
    returning crl_shard, is_ca";

/// All of an authority.
const OF_ALL: &str = "select serial, reason, revoked_at, invalidity_at, not_after, stays_listed from revocation
    where authority_id = $1 and serial > $2 order by serial limit $3";

const OF_AUTHORITIES: &str = "select serial, reason, revoked_at, invalidity_at, not_after, stays_listed from revocation
    where authority_id = $1 and is_ca and serial > $2 order by serial limit $3";

const OF_END_ENTITIES: &str =
    "select serial, reason, revoked_at, invalidity_at, not_after, stays_listed from revocation
    where authority_id = $1 and (is_ca is null or not is_ca) and serial > $2 order by serial limit $3";

const OF_SHARD: &str = "select serial, reason, revoked_at, invalidity_at, not_after, stays_listed from revocation
    where authority_id = $1 and crl_shard = $4 and serial > $2 order by serial limit $3";

const SINCE: &str = "select count(*) from revocation where authority_id = $1 and revoked_at > $2";

/// Rows read at a time: the whole of a large CRL never stands in one answer.
pub const PAGE: u32 = 10_000;

pub(crate) fn revoked_event(authority: &AuthorityId, serial: &SerialNumber, revocation: &Revocation) -> AuditEvent {
    let event = AuditEvent::new(Verb::CertificateRevoked, format!("certificate:{authority}/{serial}"));
    event.with("reason", revocation.reason.as_str())
}

impl WriteTxn {
    /// Revokes a certificate or burnt serial number, with its event and the jobs *presign* and *refresh CRL*. Conflicts:
    /// `revocation_pk` when it is revoked already. Errors: no such certificate.
    pub async fn revoke(
        &mut self,
        authority: &AuthorityId,
        serial: &SerialNumber,
        revocation: &Revocation,
    ) -> Result<(), StoreError> {
        let scope = self.insert_revocation(authority, serial, revocation).await?;
        self.tell((authority, serial), scope, revoked_event(authority, serial, revocation)).await
    }

    /// Revokes a suspended certificate for good. Errors: [`StoreError::NotFound`] when it is not suspended.
    pub async fn revoke_suspended(
        &mut self,
        authority: &AuthorityId,
        serial: &SerialNumber,
        revocation: &Revocation,
    ) -> Result<(), StoreError> {
        let (revoked_at, invalidity_at) = (revocation.revoked_at.micros(), micros(revocation.invalidity_at));
        let (code, by) = (i64::from(revocation.reason.code()), Actor::as_text(self.actor()));
        let listed = on!(
            self,
            one(Option<i64>, Option<bool>),
            FOR_GOOD,
            authority.as_str(),
            serial.as_bytes(),
            code,
            revoked_at,
            invalidity_at,
            by
        )?;
        self.changed((authority, serial), listed, revoked_event(authority, serial, revocation)).await
    }

    /// Ends the suspension of a certificate: it is good again. Errors: [`StoreError::NotFound`] when it is not suspended.
    pub async fn lift_suspension(&mut self, authority: &AuthorityId, serial: &SerialNumber) -> Result<(), StoreError> {
        let listed = on!(self, one(Option<i64>, Option<bool>), LIFT, authority.as_str(), serial.as_bytes())?;
        let event = AuditEvent::new(Verb::SuspensionLifted, format!("certificate:{authority}/{serial}"));
        self.changed((authority, serial), listed, event).await
    }

    /// What follows when a suspension became something else.
    async fn changed(
        &mut self,
        (authority, serial): (&AuthorityId, &SerialNumber),
        listed: Option<(Option<i64>, Option<bool>)>,
        event: AuditEvent,
    ) -> Result<(), StoreError> {
        self.changes_status = true;
        let scope = scope(listed.ok_or(StoreError::NotFound { what: "suspended certificate" })?)?;
        self.tell((authority, serial), scope, event).await
    }

    /// What follows when something else is said of a certificate: answers and lists that say so, and its event.
    async fn tell(
        &mut self,
        (authority, serial): (&AuthorityId, &SerialNumber),
        scope: ListScope,
        event: AuditEvent,
    ) -> Result<(), StoreError> {
        self.forget_response(authority, serial).await?;
        let now = self.now();
        self.enqueue(&Job::Presign(authority.clone(), serial.clone()), now).await?;
        self.ask_for_crls(authority, scope).await?;
        self.audit(event).await
    }

    /// Deletes the answer that was signed ahead and says something else.
    pub(crate) async fn forget_response(
        &mut self,
        authority: &AuthorityId,
        serial: &SerialNumber,
    ) -> Result<(), StoreError> {
        on!(self, execute FORGET_RESPONSE, authority.as_str(), serial.as_bytes())?;
        Ok(())
    }

    /// Asks for the next CRLs that speak for certificates listed at `scope`, of every generation of the authority: each lists
    /// what any of them has revoked.
    pub(crate) async fn ask_for_crls(&mut self, authority: &AuthorityId, scope: ListScope) -> Result<(), StoreError> {
        let now = self.now();
        for generation in self.generations(authority).await? {
            self.enqueue(&Job::RefreshCrl(generation, scope), now).await?;
        }
        Ok(())
    }

    /// The row alone; the ledger's settlement has its own event and one job for all. Returns the narrowest scope of lists that
    /// have to say it. Errors: no such certificate.
    pub(crate) async fn insert_revocation(
        &mut self,
        authority: &AuthorityId,
        serial: &SerialNumber,
        revocation: &Revocation,
    ) -> Result<ListScope, StoreError> {
        self.changes_status = true;
        let (revoked_at, invalidity_at) = (revocation.revoked_at.micros(), micros(revocation.invalidity_at));
        let (code, by) = (i64::from(revocation.reason.code()), Actor::as_text(self.actor()));
        let listed = on!(
            self,
            one(Option<i64>, Option<bool>),
            INSERT,
            authority.as_str(),
            serial.as_bytes(),
            code,
            revoked_at,
            invalidity_at,
            by
        )?;
        scope(listed.ok_or(StoreError::NotFound { what: "certificate" })?)
    }
}

impl ReadTxn {
    /// How many certificates of one generation of an authority are revoked since then.
    pub async fn revocations_since(&mut self, authority: &AuthorityId, since: Timestamp) -> Result<u64, StoreError> {
        let found = on!(self, one Only<i64>, SINCE, authority.as_str(), since.micros())?;
        parsed("count of revocation", u64::try_from(found.map_or(0, |(count,)| count)))
    }

    /// The next revocations of one generation of an authority that lists of that scope speak for, behind the serial `after`, at
    /// most [`PAGE`] of them, in the order of their serials; expired certificates too, which the caller may leave out.
    pub async fn revocations(
        &mut self,
        authority: &AuthorityId,
        scope: ListScope,
        after: Option<&SerialNumber>,
    ) -> Result<Vec<RevokedEntry>, StoreError> {
        let (authority, after, rows) =
            (authority.as_str(), after.map(SerialNumber::as_bytes).unwrap_or_default(), i64::from(PAGE));
        let page = match scope {
            ListScope::Full => on!(self, all Record, OF_ALL, authority, after, rows)?,
            ListScope::Authorities => on!(self, all Record, OF_AUTHORITIES, authority, after, rows)?,
            ListScope::EndEntities => on!(self, all Record, OF_END_ENTITIES, authority, after, rows)?,
            ListScope::Shard(shard) => on!(self, all Record, OF_SHARD, authority, after, rows, i64::from(shard))?,
        };
        page.into_iter().map(RevokedEntry::try_from).collect()
    }
}

/// The narrowest scope of lists that speak for a certificate of that shard, or of a CA.
pub(crate) fn scope((shard, is_ca): (Option<i64>, Option<bool>)) -> Result<ListScope, StoreError> {
    match (shard, is_ca) {
        (_, Some(true)) => Ok(ListScope::Authorities),
        (Some(shard), _) => Ok(ListScope::Shard(parsed("intent.crl_shard", u16::try_from(shard))?)),
        (None, _) => Ok(ListScope::EndEntities),
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
            // Of an unknown end: it is listed for ever.
            not_after: Timestamp::from_micros(record.not_after.unwrap_or(i64::MAX)),
            stays_listed: record.stays_listed.unwrap_or(false),
        })
    }
}
