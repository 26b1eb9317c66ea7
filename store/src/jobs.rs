//! Work that a committed change has caused. A job is asked for in the transaction that causes it, leased by a worker,
//! and deleted when it is done. A worker that dies keeps its lease until it runs out; then another takes the job.

use crate::CLOCKS_DIFFER;
use crate::codec::{limit, parsed, word};
use crate::db::{Only, on};
use crate::error::StoreError;
use crate::txn::{ReadTxn, WriteTxn};
use ca_core::id::{AuthorityId, JobId, RequestId};
use ca_core::revocation::ListScope;
use ca_core::serial::SerialNumber;
use ca_core::time::Timestamp;
use std::time::Duration;

/// What is to be done.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Job {
    /// Issue the certificate of this approved request.
    Issue(RequestId),
    /// Make the CRLs of this authority that speak for certificates listed at this scope; all of them for [`ListScope::Full`].
    RefreshCrl(AuthorityId, ListScope),
    /// Sign an OCSP response for this certificate.
    Presign(AuthorityId, SerialNumber),
}

/// The kinds of jobs, for workers that do only some.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum JobKind {
    /// [`Job::Issue`].
    Issue,
    /// [`Job::RefreshCrl`].
    RefreshCrl,
    /// [`Job::Presign`].
    Presign,
}

/// A job under a lease.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClaimedJob {
    /// Its id.
    pub job_id: JobId,
    /// What is to be done.
    pub job: Job,
    /// How often it has been claimed, this time included.
    pub attempts: i64,
    /// When the lease ends: what proves that it is still ours.
    pub leased_until: Timestamp,
}

/// Whether a lease was still ours when the job was put away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lease {
    /// It was; the job is put away.
    Kept,
    /// The job was asked for again, or its lease ran out and another worker has it: it stays as it is.
    Lost,
}

impl JobKind {
    /// Every kind.
    pub const ALL: [Self; 3] = [Self::Issue, Self::RefreshCrl, Self::Presign];

    /// `issue`, `refresh_crl`, `presign`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Issue => "issue",
            Self::RefreshCrl => "refresh_crl",
            Self::Presign => "presign",
        }
    }

    fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text)
    }
}

impl Job {
    /// The kind of this job.
    pub const fn kind(&self) -> JobKind {
        match self {
            Self::Issue(_) => JobKind::Issue,
            Self::RefreshCrl(..) => JobKind::RefreshCrl,
            Self::Presign(..) => JobKind::Presign,
        }
    }

    fn subject(&self) -> String {
        match self {
            Self::Issue(request) => request.as_str().to_owned(),
            Self::RefreshCrl(authority, ListScope::Full) => authority.as_str().to_owned(),
            Self::RefreshCrl(authority, scope) => format!("{authority}/{scope}"),
            Self::Presign(authority, serial) => format!("{authority}/{}", serial.to_hex()),
        }
    }

    fn parse(kind: &str, subject: &str) -> Result<Self, StoreError> {
        const SUBJECT: &str = "job.subject";
        match word("job.kind", kind, JobKind::parse(kind))? {
            JobKind::Issue => Ok(Self::Issue(parsed(SUBJECT, RequestId::parse(subject))?)),
            JobKind::RefreshCrl => {
                let (authority, scope) = match subject.split_once('/') {
                    Some((authority, scope)) => (authority, word(SUBJECT, scope, ListScope::parse(scope))?),
                    None => (subject, ListScope::Full),
                };
                Ok(Self::RefreshCrl(parsed(SUBJECT, AuthorityId::parse(authority))?, scope))
            }
            JobKind::Presign => {
                let (authority, serial) = word(SUBJECT, subject, subject.split_once('/'))?;
                let authority = parsed(SUBJECT, AuthorityId::parse(authority))?;
                Ok(Self::Presign(authority, parsed(SUBJECT, SerialNumber::parse_hex(serial))?))
            }
        }
    }
}

#[derive(sqlx::FromRow)]
struct Record {
    job_id: String,
    kind: String,
    subject: String,
    attempts: i64,
}

/// Asking again makes a waiting job due and takes the lease from a running one, so that it runs once more: what it read
/// before may be older than what this transaction writes.
const ENQUEUE: &str = "insert into job (job_id, kind, subject, run_at, attempts, leased_until, last_error)
    values ($1, $2, $3, $4, 0, null, null)
    on conflict (kind, subject) do update set run_at = excluded.run_at, attempts = 0, leased_until = null";

/// The second look at the lease makes two claims at once safe: the one that comes second finds it taken.
const CLAIM: &str = "update job set leased_until = $1, attempts = attempts + 1
    where job_id in (
            select job_id from job
            where run_at <= $2 and (leased_until is null or leased_until <= $2) and $3 like '%,' || kind || ',%'
            order by run_at limit $4)
        and (leased_until is null or leased_until <= $2)
    returning job_id, kind, subject, attempts";

const FINISH: &str = "delete from job where job_id = $1 and leased_until = $2";

const RETRY: &str =
    "update job set run_at = $3, leased_until = null, last_error = $4 where job_id = $1 and leased_until = $2";

const RELEASE: &str =
    "update job set leased_until = null where leased_until is not null and $1 like '%,' || kind || ',%'";

const HURRY: &str = "update job set run_at = $2
    where leased_until is null and run_at > $2 and $1 like '%,' || kind || ',%'";

/// Nothing is put off, or leased, for so long.
const BRING_BACK: &str = "update job set
        run_at = case when run_at > $3 then $2 else run_at end,
        leased_until = case when leased_until > $3 then null else leased_until end
    where (run_at > $3 or leased_until > $3) and $1 like '%,' || kind || ',%'";

const NEXT_DUE: &str =
    "select min(case when leased_until is null or leased_until < run_at then run_at else leased_until end)
    from job where $1 like '%,' || kind || ',%'";

const COUNT: &str = "select count(*) from job";

impl WriteTxn {
    /// Asks for a job, to be done no earlier than `run_at`. A job for the same subject that waits or runs is not doubled:
    /// it becomes due at `run_at`, and one that runs is run once more.
    pub async fn enqueue(&mut self, job: &Job, run_at: Timestamp) -> Result<(), StoreError> {
        let id = JobId::new(self.now(), self.entropy.as_ref())?;
        on!(self, execute ENQUEUE, id.as_str(), job.kind().as_str(), job.subject(), run_at.micros())?;
        Ok(())
    }

    /// Leases at most `rows` jobs of these kinds that are due at this transaction's instant, for the length of `lease`.
    /// The lease is ours only once the transaction is committed ([`crate::Step::JobTouched`]).
    pub async fn claim_jobs(
        &mut self,
        kinds: &[JobKind],
        rows: u32,
        lease: Duration,
    ) -> Result<Vec<ClaimedJob>, StoreError> {
        let leased_until = self.now().plus(lease);
        let now = self.now().micros();
        on!(self, all Record, CLAIM, leased_until.micros(), now, listed(kinds), limit(rows))?
            .into_iter()
            .map(|record| {
                Ok(ClaimedJob {
                    job_id: parsed("job.job_id", JobId::parse(&record.job_id))?,
                    job: Job::parse(&record.kind, &record.subject)?,
                    attempts: record.attempts,
                    leased_until,
                })
            })
            .collect()
    }

    /// Ends every lease on jobs of these kinds and returns how many there were: at the start of a process, whose earlier life
    /// may have died with jobs in hand. A job another process is in may then be done twice, which does no harm.
    pub async fn release_leases(&mut self, kinds: &[JobKind]) -> Result<u64, StoreError> {
        Ok(on!(self, execute RELEASE, listed(kinds))?)
    }

    /// Makes every job of these kinds that was put off due at once, and returns how many there were: what they waited for is
    /// here again.
    pub async fn hurry_jobs(&mut self, kinds: &[JobKind]) -> Result<u64, StoreError> {
        let now = self.now().micros();
        Ok(on!(self, execute HURRY, listed(kinds), now)?)
    }

    /// Makes every job of these kinds due that is put off, or leased, for longer than `longest`, and returns how many there were: a
    /// clock was ahead when that was written.
    pub async fn bring_back_jobs(&mut self, kinds: &[JobKind], longest: Duration) -> Result<u64, StoreError> {
        let (now, ahead) = (self.now(), self.now().plus(longest).plus(CLOCKS_DIFFER));
        Ok(on!(self, execute BRING_BACK, listed(kinds), now.micros(), ahead.micros())?)
    }

    /// Deletes a job that is done, if the lease is still ours.
    pub async fn finish_job(&mut self, job: &ClaimedJob) -> Result<Lease, StoreError> {
        let (id, lease) = (job.job_id.as_str(), job.leased_until.micros());
        Ok(Lease::of(on!(self, execute FINISH, id, lease)?))
    }

    /// Puts a job off until `run_at` and keeps `error` (for the operator; no secrets), if the lease is still ours.
    pub async fn retry_job(&mut self, job: &ClaimedJob, error: &str, run_at: Timestamp) -> Result<Lease, StoreError> {
        let (id, lease) = (job.job_id.as_str(), job.leased_until.micros());
        Ok(Lease::of(on!(self, execute RETRY, id, lease, run_at.micros(), error)?))
    }
}

impl ReadTxn {
    /// When the next job of these kinds is due, counting running leases; `None` when there is none.
    pub async fn next_job_due(&mut self, kinds: &[JobKind]) -> Result<Option<Timestamp>, StoreError> {
        let due = on!(self, one Only<Option<i64>>, NEXT_DUE, listed(kinds))?;
        Ok(due.and_then(|(at,)| at).map(Timestamp::from_micros))
    }

    /// How many jobs wait or run.
    pub async fn job_count(&mut self) -> Result<i64, StoreError> {
        Ok(on!(self, one Only<i64>, COUNT)?.map_or(0, |(count,)| count))
    }
}

impl Lease {
    fn of(rows: u64) -> Self {
        if rows == 0 { Self::Lost } else { Self::Kept }
    }
}

/// `,issue,presign,`: a list as one text, since arrays differ between the databases.
fn listed(kinds: &[JobKind]) -> String {
    let words: Vec<&str> = kinds.iter().map(|kind| kind.as_str()).collect();
    format!(",{},", words.join(","))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn jobs_are_the_same_after_the_database() {
        let authority = AuthorityId::parse("ca-1").unwrap();
        let serial = SerialNumber::from_bytes(&[1, 0xab]).unwrap();
        let request = RequestId::parse(&"0".repeat(32)).unwrap();
        for job in [
            Job::Issue(request),
            Job::RefreshCrl(authority.clone(), ListScope::Full),
            Job::RefreshCrl(authority.clone(), ListScope::Shard(7)),
            Job::Presign(authority, serial),
        ] {
            assert_eq!(Job::parse(job.kind().as_str(), &job.subject()).unwrap(), job);
        }
        assert!(Job::parse("presign", "no-slash").is_err() && Job::parse("dance", "").is_err());
    }
}
