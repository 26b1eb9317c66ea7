//! What OCSP asks: the status of a certificate, and the responses signed in advance. An intent without a certificate
//! counts as not issued: until its outcome is known the responder vouches for nothing.

use crate::CLOCKS_DIFFER;
use crate::batch::BatchSql;
use crate::codec::{at, limit, serial};
use crate::db::{Only, on};
use crate::error::StoreError;
use crate::revocations::reason;
use crate::txn::{ReadTxn, WriteTxn};
use ca_core::id::AuthorityId;
use ca_core::revocation::Revocation;
use ca_core::serial::SerialNumber;
use ca_core::time::Timestamp;

/// What is known about a serial number of an authority.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Status {
    /// No certificate of that serial was issued.
    Unissued,
    /// Issued and not revoked.
    Good,
    /// Revoked; burnt serial numbers too.
    Revoked(Revocation),
}

/// A response signed in advance.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PresignedRow {
    /// The authority of the certificate.
    pub authority_id: AuthorityId,
    /// The certificate's serial.
    pub serial: SerialNumber,
    /// Whether it says *revoked*; otherwise it says *good*.
    pub revoked: bool,
    /// The OCSPResponse, DER.
    pub der: Vec<u8>,
    /// Its thisUpdate.
    pub this_update: Timestamp,
    /// Its nextUpdate.
    pub next_update: Timestamp,
}

#[derive(sqlx::FromRow)]
struct StatusRecord {
    reason: Option<i64>,
    revoked_at: Option<i64>,
    invalidity_at: Option<i64>,
}

#[derive(sqlx::FromRow)]
struct Presigned {
    serial: Vec<u8>,
    revoked: bool,
    der: Vec<u8>,
    this_update: i64,
    next_update: i64,
}

impl Presigned {
    fn of(self, authority: &AuthorityId) -> Result<PresignedRow, StoreError> {
        Ok(PresignedRow {
            authority_id: authority.clone(),
            serial: serial("ocsp_response.serial", &self.serial)?,
            revoked: self.revoked,
            der: self.der,
            this_update: Timestamp::from_micros(self.this_update),
            next_update: Timestamp::from_micros(self.next_update),
        })
    }
}

const STATUS: &str = "select v.reason, v.revoked_at, v.invalidity_at
    from certificate c left join revocation v on v.authority_id = c.authority_id and v.serial = c.serial
    where c.authority_id = $1 and c.serial = $2";

/// A response that says *good* of a revoked certificate was signed before the revocation: it is as if it were not there.
const PRESIGNED: &str = "select o.revoked, o.der, o.this_update, o.next_update
    from ocsp_response o left join revocation v on v.authority_id = o.authority_id and v.serial = o.serial
    where o.authority_id = $1 and o.serial = $2 and o.revoked = (v.serial is not null)";

/// Those that say what is true, by serial.
const AFTER: &str = "select o.serial, o.revoked, o.der, o.this_update, o.next_update
    from ocsp_response o left join revocation v on v.authority_id = o.authority_id and v.serial = o.serial
    where o.authority_id = $1 and o.serial > $2 and o.revoked = (v.serial is not null)
    order by o.serial limit $3";

/// The same by the time they were made.
const SINCE: &str = "select o.serial, o.revoked, o.der, o.this_update, o.next_update
    from ocsp_response o left join revocation v on v.authority_id = o.authority_id and v.serial = o.serial
    where o.authority_id = $1 and o.this_update >= $2 and (o.this_update > $2 or o.serial > $3)
        and o.revoked = (v.serial is not null)
    order by o.this_update, o.serial limit $4";

/// What was found in a list outside is new when it is written down.
const REVOKED_SINCE: &str = "select serial from revocation where authority_id = $1 and revoked_at >= $2
    union select serial from revocation where authority_id = $1 and recorded_at >= $2";

/// A response signed before another process stored a later one does not replace it.
static STORE: BatchSql = BatchSql::new(
    "insert into ocsp_response (authority_id, serial, revoked, der, this_update, next_update) values ",
    "(?, ?, ?, ?, ?, ?)",
    " on conflict (authority_id, serial) do update set revoked = excluded.revoked, der = excluded.der,
        this_update = excluded.this_update, next_update = excluded.next_update
    where excluded.this_update >= ocsp_response.this_update",
    0,
);

/// Where an answer is wanting: the certificate has not ended, or is spoken of for longer, and there is none that lasts until $3,
/// or until the certificate ends.
const IS_WANTING: &str = "select c.serial
    from certificate c
        join intent i on i.authority_id = c.authority_id and i.serial = c.serial
        left join revocation v on v.authority_id = c.authority_id and v.serial = c.serial
        left join ocsp_response o on o.authority_id = c.authority_id and o.serial = c.serial
            and o.revoked = (v.serial is not null)
    where c.authority_id = $1 and (i.not_after >= $2 or i.stays_listed) and c.serial = $4
        and (o.serial is null or (o.next_update < $3 and (o.next_update <= i.not_after or i.stays_listed)))";

/// The same of those there is one for: what ends first is first.
const ENDING: &str = "select o.serial
    from ocsp_response o
        join intent i on i.authority_id = o.authority_id and i.serial = o.serial
        left join revocation v on v.authority_id = o.authority_id and v.serial = o.serial
    where o.authority_id = $1 and (i.not_after >= $2 or i.stays_listed) and o.revoked = (v.serial is not null)
        and o.next_update < $3 and (o.next_update <= i.not_after or i.stays_listed)
    order by o.next_update, o.serial limit $4";

/// The same of those there is none for.
const MISSING: &str = "select c.serial
    from certificate c
        join intent i on i.authority_id = c.authority_id and i.serial = c.serial
        left join revocation v on v.authority_id = c.authority_id and v.serial = c.serial
        left join ocsp_response o on o.authority_id = c.authority_id and o.serial = c.serial
            and o.revoked = (v.serial is not null)
    where c.authority_id = $1 and (i.not_after >= $2 or i.stays_listed) and o.serial is null
    order by c.recorded_at limit $3";

const HAS_ENDED: &str = "select o.serial
    from ocsp_response o join intent i on i.authority_id = o.authority_id and i.serial = o.serial
    where o.authority_id = $1 and o.next_update < $2 and i.not_after < $2 and not coalesce(i.stays_listed, false)
    limit 1";

/// Signed by a clock that was ahead.
const FORGET_FUTURE: &str = "delete from ocsp_response where authority_id = $1 and this_update > $2";

const FORGET: &str = "delete from ocsp_response
    where authority_id = $1 and next_update < $2 and exists (select 1 from intent i
        where i.authority_id = ocsp_response.authority_id and i.serial = ocsp_response.serial
            and i.not_after < $2 and not coalesce(i.stays_listed, false))";

impl WriteTxn {
    /// Stores responses, each in place of an older one. One that says *good* is not found again once its certificate is
    /// revoked, whichever came first. Errors: no such certificate.
    pub async fn store_presigned(&mut self, responses: &[PresignedRow]) -> Result<(), StoreError> {
        for (sql, chunk) in STORE.chunks(responses) {
            on!(self, execute sql => |query| {
                for row in chunk {
                    query = query.bind(row.authority_id.as_str()).bind(row.serial.as_bytes()).bind(row.revoked);
                    query = query.bind(&row.der).bind(row.this_update.micros());
                    query = query.bind(row.next_update.micros());
                }
            })?;
        }
        Ok(())
    }

    /// Deletes the responses that have ended of certificates that have: nobody is told them any more.
    pub async fn forget_ended_responses(&mut self, authority: &AuthorityId) -> Result<u64, StoreError> {
        let now = self.now().micros();
        on!(self, execute FORGET, authority.as_str(), now)
    }

    /// Deletes the responses of an authority that are of a time to come, since a clock was ahead, and returns how many there were:
    /// nobody believes them now, and they look as if they were fresh.
    pub async fn forget_future_responses(&mut self, authority: &AuthorityId) -> Result<u64, StoreError> {
        let ahead = self.now().plus(CLOCKS_DIFFER);
        Ok(on!(self, execute FORGET_FUTURE, authority.as_str(), ahead.micros())?)
    }
}

impl ReadTxn {
    /// The status of a serial number.
    pub async fn certificate_status(
        &mut self,
        authority: &AuthorityId,
        serial: &SerialNumber,
    ) -> Result<Status, StoreError> {
        match on!(self, one StatusRecord, STATUS, authority.as_str(), serial.as_bytes())? {
            None => Ok(Status::Unissued),
            Some(StatusRecord { reason: Some(code), revoked_at: Some(revoked_at), invalidity_at }) => {
                let revoked_at = Timestamp::from_micros(revoked_at);
                Ok(Status::Revoked(Revocation { reason: reason(code)?, revoked_at, invalidity_at: at(invalidity_at) }))
            }
            Some(_) => Ok(Status::Good),
        }
    }

    /// The response signed in advance for a certificate, fresh or not; never one that a revocation has overtaken.
    pub async fn presigned(
        &mut self,
        authority: &AuthorityId,
        serial: &SerialNumber,
    ) -> Result<Option<PresignedRow>, StoreError> {
        let found = on!(self, one(bool, Vec<u8>, i64, i64), PRESIGNED, authority.as_str(), serial.as_bytes())?;
        Ok(found.map(|(revoked, der, this_update, next_update)| PresignedRow {
            authority_id: authority.clone(),
            serial: serial.clone(),
            revoked,
            der,
            this_update: Timestamp::from_micros(this_update),
            next_update: Timestamp::from_micros(next_update),
        }))
    }

    /// The responses of an authority that say what is true, behind the serial `after`, by serial.
    pub async fn presigned_after(
        &mut self,
        authority: &AuthorityId,
        after: Option<&SerialNumber>,
        rows: u32,
    ) -> Result<Vec<PresignedRow>, StoreError> {
        let after = after.map(SerialNumber::as_bytes).unwrap_or_default();
        let found = on!(self, all Presigned, AFTER, authority.as_str(), after, limit(rows))?;
        found.into_iter().map(|row| row.of(authority)).collect()
    }

    /// The same of those made at `from` (behind the serial `after`) or later, by that.
    pub async fn presigned_since(
        &mut self,
        authority: &AuthorityId,
        (from, after): (Timestamp, Option<&SerialNumber>),
        rows: u32,
    ) -> Result<Vec<PresignedRow>, StoreError> {
        let after = after.map(SerialNumber::as_bytes).unwrap_or_default();
        let found = on!(self, all Presigned, SINCE, authority.as_str(), from.micros(), after, limit(rows))?;
        found.into_iter().map(|row| row.of(authority)).collect()
    }

    /// The certificates of an authority that were revoked, or whose revocation was found outside, at `since` or later.
    pub async fn revoked_since(
        &mut self,
        authority: &AuthorityId,
        since: Timestamp,
    ) -> Result<Vec<SerialNumber>, StoreError> {
        let found = on!(self, all Only<Vec<u8>>, REVOKED_SINCE, authority.as_str(), since.micros())?;
        found.into_iter().map(|(octets,)| serial("revocation.serial", &octets)).collect()
    }

    /// Certificates of an authority without a response that lasts until `fresh_until`, or until they end: first those whose
    /// response ends first, then those that have none, oldest first. Certificates that have ended at `now` are left out, but for
    /// those whose status is told for longer.
    pub async fn certificates_without_fresh_response(
        &mut self,
        authority: &AuthorityId,
        (now, fresh_until): (Timestamp, Timestamp),
        rows: u32,
    ) -> Result<Vec<SerialNumber>, StoreError> {
        let (id, now, until) = (authority.as_str(), now.micros(), fresh_until.micros());
        let mut found = on!(self, all Only<Vec<u8>>, ENDING, id, now, until, limit(rows))?;
        let left = rows.saturating_sub(u32::try_from(found.len()).unwrap_or(rows));
        if left > 0 {
            found.extend(on!(self, all Only<Vec<u8>>, MISSING, id, now, limit(left))?);
        }
        found.into_iter().map(|(octets,)| serial("certificate.serial", &octets)).collect()
    }

    /// Whether a certificate is one of those.
    pub async fn is_without_fresh_response(
        &mut self,
        authority: &AuthorityId,
        (now, fresh_until): (Timestamp, Timestamp),
        serial: &SerialNumber,
    ) -> Result<bool, StoreError> {
        let (id, now, until) = (authority.as_str(), now.micros(), fresh_until.micros());
        let found = on!(self, one Only<Vec<u8>>, IS_WANTING, id, now, until, serial.as_bytes())?;
        Ok(found.is_some())
    }

    /// Whether there are responses that have ended, of certificates that have.
    pub async fn has_ended_responses(&mut self, authority: &AuthorityId, now: Timestamp) -> Result<bool, StoreError> {
        Ok(on!(self, one Only<Vec<u8>>, HAS_ENDED, authority.as_str(), now.micros())?.is_some())
    }
}
