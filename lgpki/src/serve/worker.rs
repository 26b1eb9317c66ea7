//! The worker does what committed changes have caused: one `match` on the kind of job. It is woken when somebody posts to
//! this process, and looks by itself every second for what other processes ask.
//!
//! Jobs are leased, so a worker that dies loses nothing; done twice, each of them does no harm. When issuing fails on the
//! way, the worker stops taking issue jobs for a while and asks the keys to prove themselves first: each failed signature
//! costs a serial, and a broken device must not burn them by the thousand.

use super::metrics::STEP_SECONDS;
use super::renewal::Renewal;
use crate::config::CrlPolicies;
use crate::issuance::{Issuance, NotIssued};
use crate::trouble::chain;
use ca_core::audit::Actor;
use ca_core::id::{AuthorityId, KeyLabel, RequestId};
use ca_core::issue::{Issued, Order};
use ca_core::request::{Application, Approved};
use ca_core::serial::SerialNumber;
use ca_core::signer::Signer;
use ca_core::time::{Clock, Timestamp};
use crl::{CrlPolicy, Refreshed};
use hsm_adapters::probe::{Probe, probe};
use ocsp::Responder;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};
use store::authorities::{AuthorityKind, AuthorityRow};
use store::jobs::{ClaimedJob, Job, JobKind};
use store::{Step, Store, StoreError};
use tokio::sync::{Notify, watch};
use tokio::task::JoinSet;

const ACTOR: Actor = Actor::System("ca");
/// How often to look for jobs other processes ask for.
const POLL: Duration = Duration::from_secs(1);
/// Jobs taken at once: the issuing engine's largest batch.
const JOBS: u32 = 64;
/// Longer than any job takes; a worker that dies keeps its jobs from others for this long.
const LEASE: Duration = Duration::from_secs(60);
/// How often deadlines are looked at: CRLs that become due, answers that grow old.
const ROUND: Duration = Duration::from_secs(30);
/// OCSP answers signed in one transaction.
const PRESIGNED: u32 = 200;
/// The longest a failed job or a failing key is left alone.
const LONGEST_PAUSE: Duration = Duration::from_secs(300);

/// What the worker works with.
pub(super) struct Worker {
    pub(super) store: Store,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) signer: Arc<dyn Signer>,
    /// Which kinds of jobs are done here.
    pub(super) kinds: Vec<JobKind>,
    /// The authorities whose key is here.
    pub(super) authorities: Vec<AuthorityRow>,
    /// The engine that issues to holders, where its key is here.
    pub(super) engine: Option<Issuance>,
    pub(super) responder: Responder,
    pub(super) crl: CrlPolicies,
    /// Renews responders' certificates, where the authorities' keys are at work.
    pub(super) renewal: Option<Renewal>,
    pub(super) wake: Arc<Notify>,
}

/// What the worker remembers from one look to the next.
#[derive(Default)]
struct Memory {
    /// When deadlines are looked at next; `None` for now.
    next_round: Option<Instant>,
    /// Answers are left to sign.
    presign_more: bool,
    /// The last look found nothing to do, and that was said.
    idle: bool,
    /// Issue jobs wait until then.
    paused_until: Option<Timestamp>,
    /// Failures of issuing since the last success.
    failures: u32,
}

impl Worker {
    /// Works until told to stop, and finishes what it is in.
    pub(super) async fn run(self, mut stop: watch::Receiver<bool>) {
        let mut memory = Memory::default();
        while !*stop.borrow() {
            let pause = match self.look(&mut memory).await {
                Ok(Look::Worked) => {
                    memory.idle = false;
                    continue;
                }
                Ok(Look::Nothing { next }) => next,
                Err(error) => {
                    tracing::error!(
                        event_id = "worker.database",
                        error = chain(&error),
                        "the worker cannot reach the database"
                    );
                    POLL
                }
            };
            tokio::select! {
                () = self.wake.notified() => {}
                () = tokio::time::sleep(pause) => {}
                _ = stop.wait_for(|stop| *stop) => {}
            }
        }
        tracing::info!(event_id = "worker.stopped", "the worker has stopped");
    }

    /// One look: deadlines, then jobs, then answers that are old or missing.
    async fn look(&self, memory: &mut Memory) -> Result<Look, StoreError> {
        if memory.next_round.is_none_or(|next| next <= Instant::now()) {
            self.ask_for_due_crls().await?;
            if let Some(renewal) = &self.renewal {
                for authority in &self.authorities {
                    renewal.renew_if_due(authority, self.clock.now()).await;
                }
            }
            memory.presign_more = true;
            memory.next_round = Instant::now().checked_add(ROUND);
        }
        let kinds = self.kinds_now(memory).await;
        let jobs = self.claim(&kinds).await?;
        if !jobs.is_empty() {
            self.work(jobs, memory).await;
            return Ok(Look::Worked);
        }
        if std::mem::take(&mut memory.presign_more) && self.kinds.contains(&JobKind::Presign) {
            memory.presign_more = self.presign_missing().await;
            if memory.presign_more {
                return Ok(Look::Worked);
            }
        }
        let now = self.clock.now();
        let mut txn = self.store.read().await?;
        let due = txn.next_job_due(&kinds).await?;
        if !memory.idle {
            memory.idle = true;
            let waiting = txn.job_count().await?;
            tracing::info!(event_id = "worker.idle", waiting, "idle: no job is due");
        }
        Ok(Look::Nothing { next: due.map_or(POLL, |due| due.since(now).min(POLL)) })
    }

    async fn claim(&self, kinds: &[JobKind]) -> Result<Vec<ClaimedJob>, StoreError> {
        let now = self.clock.now();
        // Reading costs little; taking SQLite's one write lock every second for nothing does not.
        if self.store.read().await?.next_job_due(kinds).await?.is_none_or(|due| due > now) {
            return Ok(Vec::new());
        }
        let mut txn = self.store.write(now, ACTOR).await?;
        let jobs = txn.claim_jobs(kinds, JOBS, LEASE).await?;
        if jobs.is_empty() {
            return Ok(jobs);
        }
        match txn.commit(Step::JobTouched).await {
            Ok(()) => Ok(jobs),
            Err(error) => {
                // Leased or not: nobody works on them, so they are given back at once. If that fails too, the leases run out.
                self.give_back(&jobs).await?;
                Err(error)
            }
        }
    }

    async fn give_back(&self, jobs: &[ClaimedJob]) -> Result<(), StoreError> {
        let now = self.clock.now();
        let mut txn = self.store.write(now, ACTOR).await?;
        for job in jobs {
            txn.retry_job(job, "taken, but not known to be", now).await?;
        }
        txn.commit(Step::JobTouched).await
    }

    async fn work(&self, jobs: Vec<ClaimedJob>, memory: &mut Memory) {
        let (mut issue, mut refresh, mut presign) = (Vec::new(), Vec::new(), Vec::new());
        for job in jobs {
            match job.job.clone() {
                Job::Issue(request) => issue.push((job, request)),
                Job::RefreshCrl(authority) => refresh.push((job, authority)),
                Job::Presign(authority, serial) => presign.push((job, authority, serial)),
            }
        }
        // At the same time: a revocation does not wait behind certificates.
        tokio::join!(self.issue(issue, memory), self.refresh(refresh), self.presign(presign));
    }

    /// Puts a job away that is done, or needs not be done any more.
    async fn finish(&self, job: &ClaimedJob) {
        let finished = async {
            let mut txn = self.store.write(self.clock.now(), ACTOR).await?;
            txn.finish_job(job).await?;
            txn.commit(Step::JobTouched).await
        };
        if let Err(error) = finished.await {
            // It is taken again when the lease has run out, and doing it again does no harm.
            tracing::warn!(event_id = "job.unfinished", job = %job.job_id, error = chain(&error));
        }
    }

    /// Puts a job off, longer each time.
    async fn put_off(&self, job: &ClaimedJob, why: &str) {
        let kind = job.job.kind().as_str();
        tracing::warn!(event_id = "job.failed", kind, job = %job.job_id, attempts = job.attempts, error = why);
        let put_off = async {
            let now = self.clock.now();
            let mut txn = self.store.write(now, ACTOR).await?;
            txn.retry_job(job, why, now.plus(pause(u32::try_from(job.attempts).unwrap_or(u32::MAX)))).await?;
            txn.commit(Step::JobTouched).await
        };
        if let Err(error) = put_off.await {
            tracing::warn!(event_id = "job.unfinished", job = %job.job_id, error = chain(&error));
        }
    }
}

enum Look {
    Worked,
    Nothing { next: Duration },
}

/// 1, 2, 4 … 256 seconds.
fn pause(failures: u32) -> Duration {
    Duration::from_secs(1u64 << failures.saturating_sub(1).min(8)).min(LONGEST_PAUSE)
}

// Issuing.
impl Worker {
    /// The kinds to take now: no issue jobs while issuing pauses.
    async fn kinds_now(&self, memory: &mut Memory) -> Vec<JobKind> {
        let mut kinds = self.kinds.clone();
        let Some(until) = memory.paused_until else { return kinds };
        let now = self.clock.now();
        let usable = now >= until && self.engine_key_is_usable().await;
        if usable {
            memory.paused_until = None;
            return kinds;
        }
        if now >= until {
            memory.pause(now);
        }
        kinds.retain(|kind| *kind != JobKind::Issue);
        kinds
    }

    async fn engine_key_is_usable(&self) -> bool {
        let Some(engine) = &self.engine else { return false };
        let (signer, label): (_, KeyLabel) = (Arc::clone(&self.signer), engine.authority().label().clone());
        match tokio::task::spawn_blocking(move || probe(signer.as_ref(), &label)).await {
            Ok(Probe::Usable) => true,
            Ok(Probe::Unusable { reason }) => {
                tracing::error!(event_id = "issue.key", reason, "the issuing key cannot be used; issuing pauses");
                false
            }
            Err(_) => false,
        }
    }

    async fn issue(&self, jobs: Vec<(ClaimedJob, RequestId)>, memory: &mut Memory) {
        let Some(engine) = &self.engine else {
            for (job, _) in &jobs {
                self.put_off(job, "the issuing key is not here").await;
            }
            return;
        };
        let mut under_way = JoinSet::new();
        for (job, request) in jobs {
            match self.approved(&request).await {
                Ok(Some(application)) => {
                    let engine = engine.clone();
                    under_way.spawn(async move { (job, request, submit(&engine, &application).await) });
                }
                // Withdrawn, or issued by an earlier attempt.
                Ok(None) => self.finish(&job).await,
                Err(error) => self.put_off(&job, &chain(&error)).await,
            }
        }
        let mut issued = Vec::new();
        while let Some(outcome) = under_way.join_next().await {
            match outcome {
                Ok((_, _, Ok(certificate))) => {
                    memory.failures = 0;
                    // The job went with the transaction that recorded the certificate.
                    issued.push(certificate.facts().serial.clone());
                }
                Ok((job, request, Err(NotIssued::Refused(refusal)))) => {
                    self.give_up(&job, &request, &refusal.to_string()).await;
                }
                Ok((job, _, Err(failed @ NotIssued::Failed(_)))) => {
                    self.put_off(&job, &failed.to_string()).await;
                    memory.pause(self.clock.now());
                }
                // The lease runs out, and the job is taken again.
                Ok((_, _, Err(NotIssued::Stopping))) | Err(_) => {}
            }
        }
        self.presign_new(engine.authority().id(), issued).await;
    }

    /// The application as it was approved, loaded again: what the page approved may have been withdrawn since.
    async fn approved(&self, request: &RequestId) -> Result<Option<Application<Approved>>, StoreError> {
        self.store.read().await?.approved_application(request).await
    }

    /// The engine will never issue this: the request fails, with its event, and the job ends with it.
    async fn give_up(&self, job: &ClaimedJob, request: &RequestId, why: &str) {
        tracing::warn!(event_id = "issue.refused", request = %request, reason = why);
        let given_up = async {
            let mut txn = self.store.write(self.clock.now(), ACTOR).await?;
            match txn.fail_request(request, why).await {
                // Not approved any more: somebody else has decided.
                Ok(()) | Err(StoreError::Stale { .. }) => {}
                Err(error) => return Err(error),
            }
            txn.finish_job(job).await?;
            txn.commit(Step::RequestDecided).await
        };
        if let Err(error) = given_up.await {
            tracing::warn!(event_id = "job.unfinished", job = %job.job_id, error = chain(&error));
        }
    }
}

async fn submit(engine: &Issuance, application: &Application<Approved>) -> Result<Issued, NotIssued> {
    let begun = Instant::now();
    let outcome = engine.submit(Order::approved(application)).await;
    metrics::histogram!(STEP_SECONDS, "step" => "all").record(begun.elapsed());
    outcome
}

impl Memory {
    fn pause(&mut self, now: Timestamp) {
        // Failures of one batch count once.
        if self.paused_until.is_none_or(|until| until <= now) {
            self.failures = self.failures.saturating_add(1);
            self.paused_until = Some(now.plus(pause(self.failures)));
        }
    }
}

// Telling the world.
impl Worker {
    fn crl_policy(&self, kind: AuthorityKind) -> &CrlPolicy {
        match kind {
            AuthorityKind::Root => &self.crl.root,
            AuthorityKind::Issuing => &self.crl.issuing,
        }
    }

    /// Asks for the CRLs that are due without a revocation.
    async fn ask_for_due_crls(&self) -> Result<(), StoreError> {
        if !self.kinds.contains(&JobKind::RefreshCrl) {
            return Ok(());
        }
        for authority in &self.authorities {
            let (id, now) = (&authority.authority_id, self.clock.now());
            let latest = self.store.read().await?.latest_crl(id).await?;
            if self.crl_policy(authority.kind).is_due(latest.map(|crl| crl.next_update), now) {
                let mut txn = self.store.write(now, ACTOR).await?;
                txn.enqueue(&Job::RefreshCrl(id.clone()), now).await?;
                txn.commit(Step::JobTouched).await?;
            }
        }
        Ok(())
    }

    async fn refresh(&self, jobs: Vec<(ClaimedJob, AuthorityId)>) {
        for (job, authority) in jobs {
            let Some(row) = self.authorities.iter().find(|row| row.authority_id == authority) else {
                self.put_off(&job, "the authority's key is not here").await;
                continue;
            };
            let policy = self.crl_policy(row.kind);
            match crl::refresh(&self.store, &self.signer, &authority, self.clock.now(), policy).await {
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

    async fn presign(&self, jobs: Vec<(ClaimedJob, AuthorityId, SerialNumber)>) {
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
    async fn presign_new(&self, authority: &AuthorityId, serials: Vec<SerialNumber>) {
        if serials.is_empty() || !self.kinds.contains(&JobKind::Presign) {
            return;
        }
        if let Err(error) = self.responder.presign(authority, &serials).await {
            tracing::warn!(event_id = "ocsp.presign", authority = %authority, error = chain(&error));
        }
    }

    /// One pass over answers that are missing or old. Whether more are left.
    async fn presign_missing(&self) -> bool {
        let mut more = false;
        for authority in self.authorities.iter().filter(|authority| authority.ocsp_certificate.is_some()) {
            match self.responder.presign_pass(&authority.authority_id, PRESIGNED).await {
                // A pass that stored nothing would find the same certificates again.
                Ok(pass) => more |= pass.stored > 0 && pass.stored.saturating_add(pass.left_out) >= 200,
                Err(error) => {
                    tracing::warn!(event_id = "ocsp.presign", authority = %authority.authority_id, error = chain(&error));
                }
            }
        }
        more
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_and_stay_bounded() {
        let seconds: Vec<u64> = [0, 1, 2, 3, 9, 10, u32::MAX].map(|failures| pause(failures).as_secs()).to_vec();
        assert_eq!(seconds, [1, 1, 2, 4, 256, 256, 256]);
    }

    #[test]
    fn the_failures_of_one_batch_count_once() {
        let mut memory = Memory::default();
        let now = Timestamp::from_seconds(1000);
        memory.pause(now);
        memory.pause(now);
        assert_eq!((memory.failures, memory.paused_until), (1, Some(Timestamp::from_seconds(1001))));
        memory.pause(Timestamp::from_seconds(1001));
        assert_eq!((memory.failures, memory.paused_until), (2, Some(Timestamp::from_seconds(1003))));
    }
}
