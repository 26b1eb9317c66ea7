//! The worker's issue jobs: from the approved request to the engine, and what becomes of the job.

use super::super::metrics::STEP_SECONDS;
use super::{ACTOR, Memory, Worker};
use crate::issuance::{Issuance, NotIssued};
use crate::trouble::chain;
use ca_core::id::{AuthorityId, RequestId};
use ca_core::issue::{Facts, Issued, Order};
use ca_core::request::{Application, Approved};
use ca_core::serial::SerialNumber;
use std::collections::HashMap;
use std::time::Instant;
use store::jobs::ClaimedJob;
use store::organisations::uncovered;
use store::{Step, StoreError};
use tokio::task::JoinSet;

/// Why a request fails whose job waited for too long.
const PROOF_RAN_OUT: &str = "a name is in no domain whose proof of control is still good";

/// What is to be done about a request whose job is due.
enum Verdict {
    Issue(Box<Application<Approved>>),
    /// Never, and why.
    Refuse(&'static str),
    /// Not now, and why.
    Wait(String),
}

impl Worker {
    /// The engine of the authority that now issues certificates of the application's profile.
    fn engine_for(&self, application: &Application<Approved>) -> Option<&Issuance> {
        let (_, profile) = self.policy.packs.profile(&application.request().profile)?;
        self.authorities.engine_for(profile, self.clock.now())
    }

    pub(super) async fn issue(&self, jobs: Vec<(ClaimedJob, RequestId)>, memory: &mut Memory) {
        let mut verdicts = self.verdicts(&jobs).await;
        let mut under_way = JoinSet::new();
        for (job, request) in jobs {
            match verdicts.remove(&request) {
                Some(Verdict::Issue(application)) => match self.engine_for(&application).cloned() {
                    Some(engine) if !self.keys.is_usable(engine.authority().label()) => {
                        self.put_off(&job, "the key of the authority cannot be used now").await;
                    }
                    Some(engine) => {
                        under_way.spawn(async move { (job, request, submit(&engine, &application).await) });
                    }
                    None => self.put_off(&job, "no authority whose key is here issues this profile").await,
                },
                Some(Verdict::Refuse(why)) => self.give_up(&job, &request, why).await,
                Some(Verdict::Wait(why)) => self.put_off(&job, &why).await,
                // Issued by an earlier attempt, or failed.
                None => self.finish(&job).await,
            }
        }
        let mut issued: HashMap<AuthorityId, Vec<SerialNumber>> = HashMap::new();
        while let Some(outcome) = under_way.join_next().await {
            match outcome {
                Ok((_, _, Ok(certificate))) => {
                    memory.failures = 0;
                    // The job went with the transaction that recorded the certificate.
                    let Facts { authority, serial, .. } = certificate.facts();
                    issued.entry(authority.clone()).or_default().push(serial.clone());
                }
                Ok((job, request, Err(NotIssued::Refused(refusal)))) => {
                    self.give_up(&job, &request, &refusal.to_string()).await;
                }
                Ok((job, _, Err(failed @ NotIssued::Failed(_)))) => {
                    self.put_off(&job, &failed.to_string()).await;
                    memory.pause(Instant::now());
                }
                // Looked at again when it comes up again; the engine is well, so nothing pauses.
                Ok((job, _, Err(waiting @ NotIssued::NotWaiting))) => self.put_off(&job, &waiting.to_string()).await,
                // The lease runs out, and the job is taken again.
                Ok((_, _, Err(NotIssued::Stopping))) | Err(_) => {}
            }
        }
        for (authority, serials) in issued {
            self.presign_new(&authority, serials).await;
        }
    }

    /// What is to be done about each request; nothing about those that do not wait to be issued any more.
    async fn verdicts(&self, jobs: &[(ClaimedJob, RequestId)]) -> HashMap<RequestId, Verdict> {
        let requests: Vec<RequestId> = jobs.iter().map(|(_, request)| request.clone()).collect();
        let mut verdicts = HashMap::new();
        match self.read_again(&requests).await {
            Ok(read) => verdicts = read,
            // One row that cannot be read does not hold up the others.
            Err(StoreError::Corrupt { .. }) => {
                for request in requests {
                    match self.read_again(std::slice::from_ref(&request)).await {
                        Ok(read) => verdicts.extend(read),
                        Err(error) => drop(verdicts.insert(request, Verdict::Wait(chain(&error)))),
                    }
                }
            }
            Err(error) => verdicts.extend(requests.into_iter().map(|request| (request, Verdict::Wait(chain(&error))))),
        }
        verdicts
    }

    /// The applications as they were approved, in one look: what the pages approved may have been decided otherwise since,
    /// and a job may have waited until the proof for a domain ran out.
    async fn read_again(&self, requests: &[RequestId]) -> Result<HashMap<RequestId, Verdict>, StoreError> {
        let mut txn = self.store.read().await?;
        let mut domains = HashMap::new();
        let mut verdicts = HashMap::new();
        for application in txn.approved_applications(requests).await? {
            let (id, asked) = (application.id().clone(), application.request());
            if !domains.contains_key(&asked.organisation) {
                domains.insert(asked.organisation.clone(), txn.domains(&asked.organisation).await?);
            }
            let proven = domains.get(&asked.organisation).map_or(&[][..], Vec::as_slice);
            let verdict = match uncovered(&asked.names, proven, self.clock.now()) {
                Some(_) => Verdict::Refuse(PROOF_RAN_OUT),
                None => Verdict::Issue(Box::new(application)),
            };
            verdicts.insert(id, verdict);
        }
        Ok(verdicts)
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
            self.unfinished(job, &error).await;
        }
    }
}

async fn submit(engine: &Issuance, application: &Application<Approved>) -> Result<Issued, NotIssued> {
    let begun = Instant::now();
    let outcome = engine.submit(Order::approved(application)).await;
    metrics::histogram!(STEP_SECONDS, "step" => "all").record(begun.elapsed());
    outcome
}
