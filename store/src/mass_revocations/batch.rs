//! A batch of a plan is one transaction: what it revokes, what it takes note of, the jobs and the events of both. So a plan that
//! was cut off goes on where it was, and does nothing twice.

use super::{MassRevocation, Progress};
use crate::codec::{micros, parsed, serial};
use crate::db::{Only, on};
use crate::error::StoreError;
use crate::jobs::Job;
use crate::revocations::scope;
use crate::txn::WriteTxn;
use ca_core::audit::{AuditEvent, Verb};
use ca_core::id::AuthorityId;
use ca_core::serial::SerialNumber;
use std::collections::BTreeSet;

/// What a batch has done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Batch {
    /// It has looked at so many; there may be more.
    Done(Progress),
    /// Nothing was left to do: the plan has ended.
    NothingLeft,
}

#[derive(sqlx::FromRow)]
struct ListedRecord {
    authority_id: String,
    serial: Vec<u8>,
    crl_shard: Option<i64>,
    is_ca: Option<bool>,
}

/// Who executes the same plan at the same time waits here for this transaction to end.
const BEGIN: &str = "update mass_revocation set begun_at = coalesce(begun_at, $2)
    where mass_revocation_id = $1 and ended_at is null";

const LAST_OF_BATCH: &str = "select max(position) from (select position from mass_revocation_item
    where mass_revocation_id = $1 and outcome is null order by position limit $2) batch";

const REVOKED_BEFORE: &str = "update mass_revocation_item set outcome = 'revoked-before'
    where mass_revocation_id = $1 and position <= $2 and outcome is null and exists (
        select 1 from revocation v where v.authority_id = mass_revocation_item.authority_id
            and v.serial = mass_revocation_item.serial and v.reason <> 6)";

const ENDED: &str = "update mass_revocation_item set outcome = 'ended'
    where mass_revocation_id = $1 and position <= $2 and outcome is null and exists (
        select 1 from intent i where i.authority_id = mass_revocation_item.authority_id
            and i.serial = mass_revocation_item.serial and i.not_after < $3)";

const SUSPENDED_FOR_GOOD: &str =
    "update revocation set reason = $3, revoked_at = $4, invalidity_at = $5, revoked_by = $6
    where reason = 6 and (authority_id, serial) in (
        select t.authority_id, t.serial from mass_revocation_item t
        where t.mass_revocation_id = $1 and t.position <= $2 and t.outcome is null)
    returning authority_id, serial, crl_shard, is_ca";

const REVOKE: &str =
    "insert into revocation (authority_id, serial, reason, revoked_at, invalidity_at, revoked_by, not_after,
        crl_shard, is_ca, stays_listed)
    select i.authority_id, i.serial, $3, $4, $5, $6, i.not_after, i.crl_shard, i.is_ca, i.stays_listed
    from mass_revocation_item t join intent i on i.authority_id = t.authority_id and i.serial = t.serial
    where t.mass_revocation_id = $1 and t.position <= $2 and t.outcome is null and not exists (
        select 1 from revocation v where v.authority_id = t.authority_id and v.serial = t.serial)
    returning authority_id, serial, crl_shard, is_ca";

const FORGET_RESPONSES: &str = "delete from ocsp_response where (authority_id, serial) in (
    select t.authority_id, t.serial from mass_revocation_item t
    where t.mass_revocation_id = $1 and t.position <= $2 and t.outcome is null)";

const REVOKED: &str = "update mass_revocation_item set outcome = 'revoked'
    where mass_revocation_id = $1 and position <= $2 and outcome is null";

const END: &str = "update mass_revocation set ended_at = $2 where mass_revocation_id = $1 and ended_at is null";

impl WriteTxn {
    /// Executes the next `rows` certificates of a plan: revokes them, forgets their pre-signed responses, takes note of what has
    /// become of each, and asks for each response and once for each list. When nothing is left, the plan has ended, with its event.
    /// Conflicts: `revocation_pk` when one of them was revoked at the same moment; safe to do again.
    pub async fn execute_mass_revocation(&mut self, plan: &MassRevocation, rows: u32) -> Result<Batch, StoreError> {
        let (id, now) = (plan.mass_revocation_id.as_str(), self.now().micros());
        if on!(self, execute BEGIN, id, now)? == 0 {
            return Ok(Batch::NothingLeft);
        }
        let last = on!(self, one Only<Option<i64>>, LAST_OF_BATCH, id, i64::from(rows))?.and_then(|(last,)| last);
        let Some(last) = last else {
            on!(self, execute END, id, now)?;
            let progress = self.mass_revocation_progress(&plan.mass_revocation_id).await?;
            let event = AuditEvent::new(Verb::MassRevocationEnded, format!("mass-revocation:{id}"));
            let event = event.with("revoked", progress.revoked.to_string());
            let event = event.with("revoked-before", progress.revoked_before.to_string());
            self.audit(event.with("ended", progress.ended.to_string())).await?;
            return Ok(Batch::NothingLeft);
        };
        let revoked_before = on!(self, execute REVOKED_BEFORE, id, last)?;
        let ended = on!(self, execute ENDED, id, last, now)?;
        let changed = self.revoke_batch(plan, last).await?;
        on!(self, execute FORGET_RESPONSES, id, last)?;
        let revoked = on!(self, execute REVOKED, id, last)?;
        self.follow_up(plan, changed).await?;
        Ok(Batch::Done(Progress { open: 0, revoked, revoked_before, ended }))
    }

    async fn revoke_batch(&mut self, plan: &MassRevocation, last: i64) -> Result<Vec<ListedRecord>, StoreError> {
        let id = plan.mass_revocation_id.as_str();
        let (revoked_at, by) = (self.now().whole_seconds().micros(), self.actor().as_text());
        let (code, since) = (i64::from(plan.reason.code()), micros(plan.invalidity_at));
        let mut changed =
            on!(self, all ListedRecord, SUSPENDED_FOR_GOOD, id, last, code, revoked_at, since, by.clone())?;
        changed.extend(on!(self, all ListedRecord, REVOKE, id, last, code, revoked_at, since, by.clone())?);
        Ok(changed)
    }

    /// The events and jobs of what a batch has revoked.
    async fn follow_up(&mut self, plan: &MassRevocation, changed: Vec<ListedRecord>) -> Result<(), StoreError> {
        let (now, mut lists) = (self.now(), BTreeSet::new());
        for record in changed {
            let (authority, serial) = name(&record.authority_id, &record.serial)?;
            let event = AuditEvent::new(Verb::CertificateRevoked, format!("certificate:{authority}/{serial}"));
            let event = event.with("reason", plan.reason.as_str());
            self.audit(event.with("plan", plan.mass_revocation_id.as_str())).await?;
            lists.insert((authority.clone(), scope((record.crl_shard, record.is_ca))?));
            self.enqueue(&Job::Presign(authority, serial), now).await?;
        }
        for (authority, scope) in lists {
            self.ask_for_crls(&authority, scope).await?;
        }
        Ok(())
    }
}

fn name(authority: &str, octets: &[u8]) -> Result<(AuthorityId, SerialNumber), StoreError> {
    let authority = parsed("mass_revocation_item.authority_id", AuthorityId::parse(authority))?;
    Ok((authority, serial("mass_revocation_item.serial", octets)?))
}
