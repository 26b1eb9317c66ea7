//! Since when revocations can be seen where others look: what a prober has seen, place by place.

use crate::batch::BatchSql;
use crate::codec::{parsed, serial};
use crate::db::on;
use crate::error::StoreError;
use crate::revocations::scope;
use crate::txn::{ReadTxn, WriteTxn};
use ca_core::id::{AuthorityId, PlaceId};
use ca_core::revocation::ListScope;
use ca_core::serial::SerialNumber;
use ca_core::time::Timestamp;

/// A revocation that was not seen at a place yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unreached {
    /// The certificate.
    pub serial: SerialNumber,
    /// Since when it is revoked: which revocation is meant.
    pub revoked_at: Timestamp,
    /// The narrowest scope of lists that have to say it.
    pub scope: ListScope,
}

#[derive(sqlx::FromRow)]
struct Record {
    serial: Vec<u8>,
    revoked_at: i64,
    crl_shard: Option<i64>,
    is_ca: Option<bool>,
}

/// Those whose certificate has ended may be on no list any more.
const UNREACHED: &str = "select v.serial, v.revoked_at, v.crl_shard, v.is_ca from revocation v
    where v.authority_id = $1 and v.revoked_at >= $3 and (v.not_after is null or v.not_after >= $4) and not exists (
        select 1 from revocation_reach r where r.authority_id = v.authority_id and r.serial = v.serial
            and r.revoked_at = v.revoked_at and r.place = $2)
    order by v.revoked_at desc, v.serial limit $5";

const REACH: &str = "select place, seen_at from revocation_reach
    where authority_id = $1 and serial = $2 and revoked_at = $3 order by seen_at, place";

/// What was seen first stands.
static REACHED: BatchSql = BatchSql::new(
    "insert into revocation_reach (authority_id, place, seen_at, serial, revoked_at) values ",
    "($1, $2, $3, ?, ?)",
    " on conflict (authority_id, serial, revoked_at, place) do nothing",
    3,
);

impl WriteTxn {
    /// Remembers that revocations of an authority were seen at a place at this transaction's instant; what was seen there before
    /// stays as it was.
    pub async fn record_reach(
        &mut self,
        authority: &AuthorityId,
        place: &PlaceId,
        seen: &[Unreached],
    ) -> Result<(), StoreError> {
        let now = self.now().micros();
        for (sql, chunk) in REACHED.chunks(seen) {
            on!(self, execute sql => |query| {
                query = query.bind(authority.as_str()).bind(place.as_str()).bind(now);
                for one in chunk {
                    query = query.bind(one.serial.as_bytes()).bind(one.revoked_at.micros());
                }
            })?;
        }
        Ok(())
    }
}

impl ReadTxn {
    /// Revocations of one generation of an authority since `since` that were not seen at a place yet, newest first, at most `rows`;
    /// without certificates that have ended at `now`.
    pub async fn unreached(
        &mut self,
        (authority, place): (&AuthorityId, &PlaceId),
        (since, now): (Timestamp, Timestamp),
        rows: u32,
    ) -> Result<Vec<Unreached>, StoreError> {
        let (since, now) = (since.micros(), now.micros());
        let found = on!(self, all Record, UNREACHED, authority.as_str(), place.as_str(), since, now, i64::from(rows))?;
        let read = |record: Record| {
            Ok(Unreached {
                serial: serial("revocation.serial", &record.serial)?,
                revoked_at: Timestamp::from_micros(record.revoked_at),
                scope: scope((record.crl_shard, record.is_ca))?,
            })
        };
        found.into_iter().map(read).collect()
    }

    /// Where the revocation of that instant was seen, and when first, in the order of time.
    pub async fn reach(
        &mut self,
        (authority, serial): (&AuthorityId, &SerialNumber),
        revoked_at: Timestamp,
    ) -> Result<Vec<(PlaceId, Timestamp)>, StoreError> {
        let found = on!(self, all(String, i64), REACH, authority.as_str(), serial.as_bytes(), revoked_at.micros())?;
        let read = |(place, seen_at): (String, i64)| {
            let place = parsed("revocation_reach.place", PlaceId::parse(&place))?;
            Ok((place, Timestamp::from_micros(seen_at)))
        };
        found.into_iter().map(read).collect()
    }
}
