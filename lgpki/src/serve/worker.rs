//! The worker does what committed changes have caused: one `match` on the kind of job. It is woken when somebody posts to
//! this process, and looks by itself every second for what other processes ask.
//!
//! Jobs are leased, so a worker that dies loses nothing; done twice, each of them does no harm. When issuing fails on the
//! way, the worker stops taking issue jobs for a while, and takes none for a key that has not proven itself: each failed
//! signature costs a serial, and a broken device must not burn them by the thousand.

mod erasing;
mod issuing;
mod publishing;

use super::authorities::{Authorities, Registry};
use super::keys::KeysInService;
use super::renewal::Renewal;
use crate::config::Policy;
use crate::installation::Repository;
use crate::pauses::{LONGEST, pause};
use crate::trouble::chain;
use ca_core::audit::Actor;
use ca_core::signer::Signer;
use ca_core::time::{Clock, Timestamp};
use ocsp::Responder;
use std::sync::Arc;
use std::time::{Duration, Instant};
use store::jobs::{ClaimedJob, Job, JobKind};
use store::{CLOCKS_DIFFER, Step, Store, StoreError};
use tokio::sync::{Notify, watch};

const ACTOR: Actor = Actor::System("ca");
/// How often to look for jobs other processes ask for.
const POLL: Duration = Duration::from_secs(1);
/// Jobs taken at once: the issuing engine's largest batch.
const JOBS: u32 = 64;
/// Longer than any job takes; a worker that dies keeps its jobs from others for this long.
const LEASE: Duration = Duration::from_secs(60);
/// How often deadlines are looked at: CRLs that become due, answers that grow old.
const ROUND: Duration = Duration::from_secs(30);

/// What the worker works with.
pub(super) struct Worker {
    pub(super) store: Store,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) signer: Arc<dyn Signer>,
    pub(super) keys: KeysInService,
    /// Which kinds of jobs are done here.
    pub(super) kinds: Vec<JobKind>,
    pub(super) registry: Registry,
    /// The authorities, as the registry found them last.
    pub(super) authorities: Authorities,
    pub(super) responder: Responder,
    pub(super) policy: Policy,
    /// Where lists are found.
    pub(super) repository: Repository,
    /// Renews responders' certificates, where the authorities' keys are at work.
    pub(super) renewal: Option<Renewal>,
    pub(super) wake: Arc<Notify>,
    /// Told when a list is stored.
    pub(super) stored: Arc<Notify>,
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
    /// Issue jobs wait until then, whatever the clock of the day says meanwhile.
    paused_until: Option<Instant>,
    /// Failures of issuing since the last success.
    failures: u32,
    /// What the clock of the day showed at the last look.
    showed: Option<(Instant, Timestamp)>,
    /// Lists are not made before then, so that one says what several revocations ask for.
    gathering_until: Option<Instant>,
}

impl Worker {
    /// Works until told to stop, and finishes what it is in.
    pub(super) async fn run(mut self, mut stop: watch::Receiver<bool>) {
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

    /// One look: serials of unknown outcome, deadlines, then jobs, then answers that are old or missing.
    async fn look(&mut self, memory: &mut Memory) -> Result<Look, StoreError> {
        for engine in self.authorities.engines() {
            // First: what may have been signed is revoked as soon as the database answers, whether or not there is an order.
            engine.settle_leftovers().await;
        }
        if self.authorities.are_older_than(&self.registry.activations) {
            // Somebody has come, or let an authority rest: a round at once.
            memory.next_round = None;
        }
        if memory.clock_was_set(self.clock.now()) {
            memory.next_round = None;
        }
        if memory.next_round.is_none_or(|next| next <= Instant::now()) {
            self.look_for_generations().await;
            self.bring_back().await?;
            self.ask_for_due_crls().await?;
            if let Some(renewal) = &self.renewal {
                // Renewing uses up a serial: not for a key that does not sign.
                for authority in self.authorities.local().iter().filter(|row| self.keys.is_usable(&row.key_label)) {
                    renewal.renew_if_due(authority, self.clock.now()).await;
                }
            }
            self.erase_overdue_keys().await?;
            self.prune_lists().await?;
            memory.presign_more = true;
            memory.next_round = Instant::now().checked_add(ROUND);
        }
        let kinds = self.kinds_now(memory);
        let jobs = self.claim(&kinds).await?;
        if jobs.iter().any(|job| matches!(job.job, Job::Issue(_))) {
            // A generation made a moment ago issues from its first instant.
            self.look_for_generations().await;
        }
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
        let gathers = self.kinds.iter().any(|kind| *kind == JobKind::RefreshCrl && !kinds.contains(kind))
            && txn.next_job_due(&[JobKind::RefreshCrl]).await?.is_some_and(|due| due <= now);
        if !memory.idle && !gathers {
            memory.idle = true;
            let waiting = txn.job_count().await?;
            tracing::info!(event_id = "worker.idle", waiting, "idle: no job is due");
        }
        Ok(Look::Nothing { next: due.map_or(POLL, |due| due.since(now).min(POLL)) })
    }

    /// What authorities there are now. Those known go on where that cannot be found out.
    async fn look_for_generations(&mut self) {
        match self.registry.look(&self.authorities).await {
            Ok(found) => self.authorities = found,
            Err(trouble) => tracing::error!(event_id = "worker.authorities", error = %trouble),
        }
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

    /// What a clock that was ahead has left: jobs that it has put off, or leased, for longer than anything is, and answers of a time to
    /// come.
    async fn bring_back(&self) -> Result<(), StoreError> {
        let mut txn = self.store.write(self.clock.now(), ACTOR).await?;
        let jobs = txn.bring_back_jobs(&self.kinds, LONGEST.max(LEASE)).await?;
        let mut answers = 0u64;
        for authority in self.authorities.local() {
            answers = answers.saturating_add(txn.forget_future_responses(&authority.authority_id).await?);
        }
        if jobs > 0 || answers > 0 {
            txn.commit(Step::JobTouched).await?;
            tracing::warn!(
                event_id = "clock.was-ahead",
                jobs,
                answers,
                "the clock was ahead: jobs are due, answers are gone"
            );
        }
        Ok(())
    }

    async fn give_back(&self, jobs: &[ClaimedJob]) -> Result<(), StoreError> {
        let now = self.clock.now();
        let mut txn = self.store.write(now, ACTOR).await?;
        for job in jobs {
            txn.retry_job(job, "given back: the database did not say what became of it", now).await?;
        }
        txn.commit(Step::JobTouched).await
    }

    /// The kinds to take now: no issue jobs while issuing pauses, no lists while revocations are gathered for the next.
    fn kinds_now(&self, memory: &mut Memory) -> Vec<JobKind> {
        let (now, mut kinds) = (Instant::now(), self.kinds.clone());
        memory.paused_until = memory.paused_until.filter(|until| now < *until);
        memory.gathering_until = memory.gathering_until.filter(|until| now < *until);
        kinds.retain(|kind| match kind {
            JobKind::Issue => memory.paused_until.is_none(),
            JobKind::RefreshCrl => memory.gathering_until.is_none(),
            JobKind::Presign => true,
        });
        kinds
    }

    async fn work(&self, jobs: Vec<ClaimedJob>, memory: &mut Memory) {
        let (mut issue, mut refresh, mut presign) = (Vec::new(), Vec::new(), Vec::new());
        for job in jobs {
            match job.job.clone() {
                Job::Issue(request) => issue.push((job, request)),
                Job::RefreshCrl(authority, scope) => refresh.push((job, authority, scope)),
                Job::Presign(authority, serial) => presign.push((job, authority, serial)),
            }
        }
        if !refresh.is_empty() {
            // The first of a burst is told at once; what comes meanwhile stands in the next lists.
            memory.gathering_until = Instant::now().checked_add(self.policy.coalesce);
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
            self.unfinished(job, &error).await;
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
            self.unfinished(job, &error).await;
        }
    }

    /// A job could not be put away, or nobody knows whether it was: it is given back, and taken again. If that fails too, its
    /// lease runs out. Doing it again does no harm.
    async fn unfinished(&self, job: &ClaimedJob, error: &StoreError) {
        tracing::warn!(event_id = "job.unfinished", job = %job.job_id, error = chain(error));
        if let Err(error) = self.give_back(std::slice::from_ref(job)).await {
            tracing::warn!(event_id = "job.leased", job = %job.job_id, error = chain(&error));
        }
    }
}

enum Look {
    Worked,
    Nothing { next: Duration },
}

impl Memory {
    /// Whether the clock of the day, which shows `now`, has been set since the last look. By how much is said in the log.
    fn clock_was_set(&mut self, now: Timestamp) -> bool {
        let Some((at, showed)) = self.showed.replace((Instant::now(), now)) else { return false };
        let expected = showed.plus(at.elapsed());
        let (ahead, behind) = (now.since(expected), expected.since(now));
        let was_set = ahead.max(behind) > CLOCKS_DIFFER;
        if was_set {
            let (ahead, behind) = (ahead.as_secs(), behind.as_secs());
            tracing::warn!(event_id = "clock.set", ahead, behind, "the clock was set");
        }
        was_set
    }

    fn pause(&mut self, now: Instant) {
        // Failures of one batch count once.
        if self.paused_until.is_none_or(|until| until <= now) {
            self.failures = self.failures.saturating_add(1);
            self.paused_until = now.checked_add(pause(self.failures));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_that_was_set_is_seen() {
        let mut memory = Memory::default();
        let now = Timestamp::from_seconds(1_000_000);
        assert!(!memory.clock_was_set(now), "nothing to compare with");
        assert!(!memory.clock_was_set(now.plus(CLOCKS_DIFFER)), "corrected");
        assert!(memory.clock_was_set(now.plus(3 * CLOCKS_DIFFER)));
        assert!(memory.clock_was_set(now), "and back");
        assert!(!memory.clock_was_set(now));
    }

    #[test]
    fn the_failures_of_one_batch_count_once() {
        let mut memory = Memory::default();
        let now = Instant::now();
        let later = |seconds| now.checked_add(Duration::from_secs(seconds));
        memory.pause(now);
        memory.pause(now);
        assert_eq!((memory.failures, memory.paused_until), (1, later(1)));
        memory.pause(later(1).unwrap());
        assert_eq!((memory.failures, memory.paused_until), (2, later(3)));
    }
}
