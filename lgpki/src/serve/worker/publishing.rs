//! What the worker tells the world: CRLs that are asked for or due, and OCSP answers signed ahead.

use super::{ACTOR, Worker};
use crate::trouble::chain;
use ca_core::id::AuthorityId;
use ca_core::revocation::ListScope;
use ca_core::serial::SerialNumber;
use ca_core::time::Timestamp;
use crl::check::CheckError;
use crl::{ListPlan, RefreshError, Refreshed};
use std::collections::{BTreeSet, HashMap};
use std::time::Duration;
use store::authorities::AuthorityRow;
use store::crls::CrlHead;
use store::jobs::{ClaimedJob, Job, JobKind};
use store::{Step, StoreError};

/// OCSP answers signed in one transaction.
const PRESIGNED: u32 = 200;
/// How long a list that was followed is kept whole for those who are reading it, and one that was not stored for who is making it.
const FINISHED_WITHIN: Duration = Duration::from_secs(3600);
/// Pieces deleted in one transaction: 64 MiB, with each round; so 7 GiB an hour.
const PRUNED: u32 = 64;

impl Worker {
    /// Asks for the CRLs that are due without a revocation.
    pub(super) async fn ask_for_due_crls(&self) -> Result<(), StoreError> {
        if !self.kinds.contains(&JobKind::RefreshCrl) {
            return Ok(());
        }
        for authority in self.authorities.local() {
            let (id, now) = (&authority.authority_id, self.clock.now());
            let mut txn = self.store.read().await?;
            if txn.has_ended(authority, now).await? {
                continue;
            }
            let latest = txn.latest_crls(id).await?;
            drop(txn);
            let plans = self.policy.lists_of(authority, &self.repository);
            let due: BTreeSet<ListScope> =
                plans.iter().filter(|plan| is_due(plan, &latest, now)).map(|plan| plan.list.scope).collect();
            if !due.is_empty() {
                let mut txn = self.store.write(now, ACTOR).await?;
                for scope in due {
                    txn.enqueue(&Job::RefreshCrl(id.clone(), scope), now).await?;
                }
                txn.commit(Step::JobTouched).await?;
            }
        }
        Ok(())
    }

    /// Deletes what is left of lists that were followed, and of those that were never stored; what is too much for one transaction,
    /// with the next round.
    pub(super) async fn prune_lists(&self) -> Result<(), StoreError> {
        if !self.kinds.contains(&JobKind::RefreshCrl) {
            return Ok(());
        }
        let now = self.clock.now();
        let mut txn = self.store.write(now, ACTOR).await?;
        let pieces = txn.prune_crl_pieces(now.minus(FINISHED_WITHIN), PRUNED).await?;
        if pieces > 0 {
            txn.commit(Step::CrlPiecesPruned).await?;
            tracing::info!(event_id = "crl.pruned", pieces);
        }
        Ok(())
    }

    /// Makes each list once, however many jobs ask for it.
    pub(super) async fn refresh(&self, jobs: Vec<(ClaimedJob, AuthorityId, ListScope)>) {
        let mut by_authority: HashMap<AuthorityId, (Vec<ClaimedJob>, BTreeSet<ListScope>)> = HashMap::new();
        for (job, authority, scope) in jobs {
            let (jobs, scopes) = by_authority.entry(authority).or_default();
            jobs.push(job);
            scopes.insert(scope);
        }
        for (authority, (jobs, scopes)) in by_authority {
            let made = self.refresh_lists(&authority, &scopes).await;
            for job in &jobs {
                match &made {
                    Ok(()) => self.finish(job).await,
                    Err(why) => self.put_off(job, why).await,
                }
            }
        }
    }

    /// Makes the lists of an authority that speak for certificates listed at these scopes. Errors: why one of them is put off.
    async fn refresh_lists(&self, authority: &AuthorityId, scopes: &BTreeSet<ListScope>) -> Result<(), String> {
        let Some(row) = self.authorities.local().iter().find(|row| row.authority_id == *authority) else {
            return Err("the authority's key is not here".to_owned());
        };
        if self.has_ended(row).await.map_err(|error| chain(&error))? {
            return Ok(());
        }
        // Each attempt takes a number.
        if !self.keys.is_usable(&row.key_label) {
            return Err("the key of the authority cannot be used now".to_owned());
        }
        let latest = async { self.store.read().await?.latest_crls(authority).await };
        let latest = latest.await.map_err(|error: StoreError| chain(&error))?;
        let plans = self.policy.lists_of(row, &self.repository);
        for plan in plans.iter().filter(|plan| is_wanted(plan, scopes, (&latest, self.clock.now()))) {
            let refreshed = crl::refresh(&self.store, &self.signer, (authority, plan), self.clock.now()).await;
            match refreshed.inspect_err(|error| tell_of_the_clock(authority, error)).map_err(|error| chain(&error))? {
                Refreshed::Stored(CrlHead { number, octets, .. }) => {
                    self.stored.notify_waiters();
                    tracing::info!(event_id = "crl.refreshed", authority = %authority, list = %plan.list, number, octets);
                }
                // The other may have read the revocations before this one did.
                Refreshed::Overtaken { number } => {
                    return Err(format!("number {number}: another process stored a later {} meanwhile", plan.list));
                }
            }
        }
        Ok(())
    }

    async fn has_ended(&self, row: &AuthorityRow) -> Result<bool, StoreError> {
        self.store.read().await?.has_ended(row, self.clock.now()).await
    }

    pub(super) async fn presign(&self, jobs: Vec<(ClaimedJob, AuthorityId, SerialNumber)>) {
        let mut by_authority: HashMap<AuthorityId, (Vec<ClaimedJob>, Vec<SerialNumber>)> = HashMap::new();
        for (job, authority, serial) in jobs {
            let (jobs, serials) = by_authority.entry(authority).or_default();
            jobs.push(job);
            serials.push(serial);
        }
        for (authority, (jobs, serials)) in by_authority {
            let presigned = self.responder.presign(&authority, &serials).await;
            for job in &jobs {
                match &presigned {
                    Ok(_) => self.finish(job).await,
                    Err(error) => self.put_off(job, &chain(error)).await,
                }
            }
        }
    }

    /// Signs answers for certificates just issued. Nothing hangs on it: a live answer serves until the next round.
    pub(super) async fn presign_new(&self, authority: &AuthorityId, serials: Vec<SerialNumber>) {
        if serials.is_empty() || !self.kinds.contains(&JobKind::Presign) {
            return;
        }
        if let Err(error) = self.responder.presign(authority, &serials).await {
            tracing::warn!(event_id = "ocsp.presign", authority = %authority, error = chain(&error));
        }
    }

    /// One pass over answers that are missing or old. Whether more are left.
    pub(super) async fn presign_missing(&self) -> bool {
        let mut more = false;
        let answers = |row: &&AuthorityRow| row.ocsp_key_label.as_ref().is_some_and(|label| self.keys.is_usable(label));
        for authority in self.authorities.local().iter().filter(answers) {
            match self.responder.presign_pass(&authority.authority_id, PRESIGNED).await {
                // A pass that stored nothing would find the same certificates again.
                Ok(pass) => {
                    let looked_at = u32::try_from(pass.stored.saturating_add(pass.left_out)).unwrap_or(u32::MAX);
                    more |= pass.stored > 0 && looked_at >= PRESIGNED;
                }
                Err(error) => {
                    tracing::warn!(event_id = "ocsp.presign", authority = %authority.authority_id, error = chain(&error));
                }
            }
        }
        more
    }
}

/// Nothing is signed until the clock is right: somebody must set it.
fn tell_of_the_clock(authority: &AuthorityId, error: &RefreshError) {
    if let RefreshError::Check(CheckError::DatedBack { previous, .. }) = error {
        let last = previous.rfc3339();
        tracing::error!(event_id = "clock.behind", authority = %authority, last, "the clock is behind the last list");
    }
}

fn is_due(plan: &ListPlan, latest: &[CrlHead], now: Timestamp) -> bool {
    let next_update = latest.iter().find(|head| head.list == plan.list).map(|head| head.next_update);
    plan.policy.is_due(next_update, now)
}

/// Whether a list says something of certificates listed at one of these scopes. Where there are deltas, a change stands in
/// them, and the complete list is made when it is due.
fn is_wanted(plan: &ListPlan, scopes: &BTreeSet<ListScope>, (latest, now): (&[CrlHead], Timestamp)) -> bool {
    let concerned = |scope: &ListScope| plan.list.scope.speaks_for(*scope);
    let has_deltas = !plan.freshest.is_empty();
    scopes.iter().any(concerned) && (!has_deltas || is_due(plan, latest, now))
}
