//! What leaves for places without a database: the answers in store, by pages; and the targets of publication, with what was seen
//! to stand there.

use crate::CLOCKS_DIFFER;
use crate::codec::{at, limit, micros, octets32, serial};
use crate::db::on;
use crate::error::StoreError;
use crate::jobs::Lease;
use crate::ocsp::PresignedRow;
use crate::txn::{ReadTxn, WriteTxn};
use ca_core::audit::{AuditEvent, Verb};
use ca_core::digest::hex;
use ca_core::id::AuthorityId;
use ca_core::serial::SerialNumber;
use ca_core::time::Timestamp;
use std::time::Duration;

/// How publishing to a target stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TargetRow {
    /// When a pass last ended.
    pub tried_at: Option<Timestamp>,
    /// When everything was last seen to stand there as it should, or was handed over.
    pub complete_at: Option<Timestamp>,
    /// Passes that went wrong since.
    pub failures: i64,
    /// What the last of them found, for the operator.
    pub trouble: Option<String>,
    /// No pass is begun before.
    pub retry_at: Option<Timestamp>,
}

/// What was last seen at a path of a target.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicationRow {
    /// Where: `crl/application-ca.crl`.
    pub path: String,
    /// Its number.
    pub number: i64,
    /// SHA-256 of it; of a bundle, of its manifest.
    pub sha256: [u8; 32],
    /// Its thisUpdate, or when it was made.
    pub this_update: Timestamp,
    /// Its nextUpdate; of a bundle, the first in it.
    pub next_update: Timestamp,
}

/// What a pass over a target has found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PassRow {
    /// Everything that was seen.
    pub seen: Vec<PublicationRow>,
    /// What is wrong, and when to try again; `None` when everything stands there as it should.
    pub trouble: Option<(String, Timestamp)>,
}

#[derive(sqlx::FromRow)]
struct TargetRecord {
    tried_at: Option<i64>,
    complete_at: Option<i64>,
    failures: i64,
    trouble: Option<String>,
    retry_at: Option<i64>,
}

#[derive(sqlx::FromRow)]
struct PublicationRecord {
    path: String,
    number: i64,
    sha256: Vec<u8>,
    this_update: i64,
    next_update: i64,
}

const KNOW: &str = "insert into publication_target (target, failures) values ($1, 0) on conflict (target) do nothing";

/// A lease that lasts longer than any is of a clock that was ahead.
const LEASE: &str = "update publication_target set leased_until = $3
    where target = $1 and (leased_until is null or leased_until <= $2 or leased_until > $4)";

const RENEW: &str = "update publication_target set leased_until = $3 where target = $1 and leased_until = $2";

const COMPLETE: &str = "update publication_target
    set leased_until = null, tried_at = $3, complete_at = $3, failures = 0, trouble = null, retry_at = null
    where target = $1 and leased_until = $2";

const WRONG: &str = "update publication_target
    set leased_until = null, tried_at = $3, failures = failures + 1, trouble = $4, retry_at = $5
    where target = $1 and leased_until = $2";

const SEEN: &str = "insert into publication (target, path, number, sha256, this_update, next_update, seen_at)
    values ($1, $2, $3, $4, $5, $6, $7)
    on conflict (target, path) do update set number = excluded.number, sha256 = excluded.sha256,
        this_update = excluded.this_update, next_update = excluded.next_update, seen_at = excluded.seen_at";

const TARGET: &str =
    "select tried_at, complete_at, failures, trouble, retry_at from publication_target where target = $1";

const PUBLISHED: &str = "select path, number, sha256, this_update, next_update from publication
    where target = $1 order by path";

impl WriteTxn {
    /// Leases a target for that long: returns until when, which proves that the lease is ours, or `None` while another has it.
    pub async fn lease_target(&mut self, target: &str, lease: Duration) -> Result<Option<Timestamp>, StoreError> {
        let (now, until) = (self.now(), self.now().plus(lease));
        on!(self, execute KNOW, target)?;
        let ahead = until.plus(CLOCKS_DIFFER);
        let leased = on!(self, execute LEASE, target, now.micros(), until.micros(), ahead.micros())?;
        Ok((leased > 0).then_some(until))
    }

    /// Leases a target for that long from now on, again: returns until when, or `None` when the lease that ended at `until` is not
    /// ours any more.
    pub async fn renew_target(
        &mut self,
        (target, until): (&str, Timestamp),
        lease: Duration,
    ) -> Result<Option<Timestamp>, StoreError> {
        let next = self.now().plus(lease);
        let renewed = on!(self, execute RENEW, target, until.micros(), next.micros())?;
        Ok((renewed > 0).then_some(next))
    }

    /// Writes down what a pass has found, with an event for each list or bundle that was not seen there before, and ends the
    /// lease. Nothing is written when it is lost.
    pub async fn record_pass(
        &mut self,
        (target, leased_until): (&str, Timestamp),
        pass: &PassRow,
    ) -> Result<Lease, StoreError> {
        let (now, until) = (self.now().micros(), leased_until.micros());
        let ended = match &pass.trouble {
            None => on!(self, execute COMPLETE, target, until, now)?,
            Some((trouble, retry_at)) => {
                on!(self, execute WRONG, target, until, now, trouble.as_str(), micros(Some(*retry_at)))?
            }
        };
        if ended == 0 {
            return Ok(Lease::Lost);
        }
        let before = self.published(target).await?;
        for row in &pass.seen {
            let PublicationRow { path, number, sha256, this_update, next_update } = row;
            let (from, to) = (this_update.micros(), next_update.micros());
            on!(self, execute SEEN, target, path.as_str(), *number, sha256.to_vec(), from, to, now)?;
            if !before.iter().any(|old| old.path == *path && old.sha256 == *sha256) {
                let event = AuditEvent::new(Verb::Published, format!("publication:{target}/{path}"));
                self.audit(event.with("number", number.to_string()).with("sha256", hex(sha256))).await?;
            }
        }
        Ok(Lease::Kept)
    }
}

/// As one answer is read: never one that a revocation has overtaken.
const PAGE: &str = "select o.serial, o.revoked, o.der, o.this_update, o.next_update
    from ocsp_response o left join revocation v on v.authority_id = o.authority_id and v.serial = o.serial
    where o.authority_id = $1 and o.serial > $2 and o.next_update > $3 and o.revoked = (v.serial is not null)
    order by o.serial limit $4";

impl ReadTxn {
    /// The answers of an authority that are current at `now`, by serial, from behind `after`; empty behind the last.
    pub async fn presigned_page(
        &mut self,
        authority: &AuthorityId,
        after: Option<&SerialNumber>,
        (now, rows): (Timestamp, u32),
    ) -> Result<Vec<PresignedRow>, StoreError> {
        let after = after.map(|serial| serial.as_bytes().to_vec()).unwrap_or_default();
        let found = on!(
            self,
            all(Vec<u8>, bool, Vec<u8>, i64, i64),
            PAGE,
            authority.as_str(),
            after,
            now.micros(),
            limit(rows)
        )?;
        let row = |(octets, revoked, der, this_update, next_update): (Vec<u8>, bool, Vec<u8>, i64, i64)| {
            Ok(PresignedRow {
                authority_id: authority.clone(),
                serial: serial("ocsp_response.serial", &octets)?,
                revoked,
                der,
                this_update: Timestamp::from_micros(this_update),
                next_update: Timestamp::from_micros(next_update),
            })
        };
        found.into_iter().map(row).collect()
    }

    /// How publishing to a target stands; `None` before the first pass.
    pub async fn publication_target(&mut self, target: &str) -> Result<Option<TargetRow>, StoreError> {
        let found = on!(self, one TargetRecord, TARGET, target)?;
        Ok(found.map(|record| TargetRow {
            tried_at: at(record.tried_at),
            complete_at: at(record.complete_at),
            failures: record.failures,
            trouble: record.trouble,
            retry_at: at(record.retry_at),
        }))
    }

    /// What was last seen at a target, by path.
    pub async fn published(&mut self, target: &str) -> Result<Vec<PublicationRow>, StoreError> {
        let rows = on!(self, all PublicationRecord, PUBLISHED, target)?.into_iter();
        rows.map(|record| {
            Ok(PublicationRow {
                path: record.path,
                number: record.number,
                sha256: octets32("publication.sha256", record.sha256)?,
                this_update: Timestamp::from_micros(record.this_update),
                next_update: Timestamp::from_micros(record.next_update),
            })
        })
        .collect()
    }
}
