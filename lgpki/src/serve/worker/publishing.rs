//! What the worker tells the world: CRLs that are asked for or due, and OCSP answers signed ahead.

use super::{ACTOR, Worker};
use crate::trouble::chain;
use ca_core::id::AuthorityId;
use ca_core::serial::SerialNumber;
use crl::Refreshed;
use std::collections::HashMap;
use store::authorities::AuthorityRow;
use store::jobs::{ClaimedJob, Job, JobKind};
use store::{Step, StoreError};

/// OCSP answers signed in one transaction.
const PRESIGNED: u32 = 200;

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
            let latest = txn.latest_crl(id).await?;
            drop(txn);
            if self.policy.crl_of(authority).is_due(latest.map(|crl| crl.next_update), now) {
                let mut txn = self.store.write(now, ACTOR).await?;
                txn.enqueue(&Job::RefreshCrl(id.clone()), now).await?;
                txn.commit(Step::JobTouched).await?;
            }
        }
        Ok(())
    }

    pub(super) async fn refresh(&self, jobs: Vec<(ClaimedJob, AuthorityId)>) {
        for (job, authority) in jobs {
            let Some(row) = self.authorities.local().iter().find(|row| row.authority_id == authority) else {
                self.put_off(&job, "the authority's key is not here").await;
                continue;
            };
            match self.has_ended(row).await {
                Ok(false) => {}
                Ok(true) => {
                    self.finish(&job).await;
                    continue;
                }
                Err(error) => {
                    self.put_off(&job, &chain(&error)).await;
                    continue;
                }
            }
            // Each attempt takes a number.
            if !self.keys.is_usable(&row.key_label) {
                self.put_off(&job, "the key of the authority cannot be used now").await;
                continue;
            }
            let policy = self.policy.crl_of(row);
            match crl::refresh(&self.store, &self.signer, &authority, self.clock.now(), &policy).await {
                Ok(refreshed) => {
                    let (number, overtaken) = match refreshed {
                        Refreshed::Stored(crl) => (crl.number, "no"),
                        Refreshed::Overtaken { number } => (number, "yes"),
                    };
                    tracing::info!(event_id = "crl.refreshed", authority = %authority, number, overtaken);
                    self.finish(&job).await;
                }
                Err(error) => self.put_off(&job, &chain(&error)).await,
            }
        }
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
