//! The issuing engine's ledger on the tables `intent` and `certificate`. Each call is one transaction for its batch, with
//! the audit events, the requests' states and the jobs inside it. This is the hot path: rows are narrow, indexes few, and
//! a batch of 64 is three statements and a commit. `Recorded::assertion` is called here, after the commit, and nowhere
//! else in the store.

use crate::audit::EventColumns;
use crate::batch::BatchSql;
use crate::codec::{joined, parsed};
use crate::db::{Only, on};
use crate::error::StoreError;
use crate::jobs::Job;
use crate::txn::{Step, WriteTxn};
use crate::{ReadTxn, Store};
use ca_core::audit::{Actor, AuditEvent, Verb};
use ca_core::digest::{hex, sha256};
use ca_core::id::{AuthorityId, RequestId};
use ca_core::issue::{Facts, Intents, Issued, Ledger, LedgerError, Linted, Recorded, Signed, Unsettled};
use ca_core::revocation::{Listing, Revocation, RevocationReason};
use ca_core::serial::SerialNumber;
use ca_core::time::Timestamp;
use std::collections::{BTreeSet, HashSet};
use std::error::Error;

/// Who acts when the ledger writes.
const CA: Actor = Actor::System("ca");

static INTENTS: BatchSql = BatchSql::new(
    "insert into intent (authority_id, serial, request_id, profile_id, subject, names, key_sha256, not_before, not_after,
        crl_shard, is_ca, stays_listed, tbs, tbs_sha256, recorded_at) values ",
    "(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, $1)",
    "",
    1,
);

static CERTIFICATES: BatchSql = BatchSql::new(
    "insert into certificate (authority_id, serial, request_id, der, recorded_at) values ",
    "(?, ?, ?, ?, $1)",
    "",
    1,
);

static EVENTS: BatchSql = BatchSql::new(
    "insert into audit_event (audit_event_id, at, actor, verb, object, detail) values ",
    "(?, $1, $2, $3, ?, ?)",
    "",
    3,
);

/// `issuing` too: a worker whose lease ran out may have left its intent behind. Should both sign, the index
/// `certificate_request_once` lets one certificate stand.
static REQUESTS_TO_ISSUING: BatchSql = BatchSql::new(
    "update request set state = 'issuing', version = version + 1, updated_at = $1
    where state in ('approved', 'issuing') and request_id in (",
    "?",
    ")",
    1,
);

static REQUESTS_TO_ISSUED: BatchSql = BatchSql::new(
    "update request set state = 'issued', version = version + 1, updated_at = $1
    where state in ('approved', 'issuing') and request_id in (",
    "?",
    ")",
    1,
);

static REQUESTS_WAITING: BatchSql = BatchSql::new(
    "select request_id from request where state in ('approved', 'issuing') and request_id in (",
    "?",
    ")",
    0,
);

static ISSUE_JOBS_DONE: BatchSql = BatchSql::new("delete from job where kind = 'issue' and subject in (", "?", ")", 0);

const UNSETTLED: &str = "select i.serial, i.request_id from intent i
    where i.authority_id = $1 and not exists (
        select 1 from certificate c where c.authority_id = i.authority_id and c.serial = i.serial)";

const UNSETTLED_ONE: &str = "select i.serial, i.request_id from intent i
    where i.authority_id = $1 and i.serial = $2 and not exists (
        select 1 from certificate c where c.authority_id = i.authority_id and c.serial = i.serial)";

/// Does nothing where the certificate turned up meanwhile: then that is the outcome.
const BURN: &str = "insert into certificate (authority_id, serial, request_id, der, recorded_at)
    values ($1, $2, $3, null, $4)
    on conflict (authority_id, serial) do nothing";

const REQUEST_WAITS_AGAIN: &str = "update request set state = 'approved', version = version + 1, updated_at = $2
    where request_id = $1 and state = 'issuing'";

type IntentRecord = (Vec<u8>, Option<String>);

impl Ledger for Store {
    async fn record_intents(&self, mut batch: Vec<Linted>, now: Timestamp) -> Result<Intents, LedgerError> {
        let mut intents = Intents::default();
        while !batch.is_empty() {
            let facts: Vec<&Facts> = batch.iter().map(Linted::facts).collect();
            let mut txn = self.write(now, CA).await.map_err(refused)?;
            txn.insert_intents(&facts).await.map_err(refused)?;
            txn.insert_events(Verb::IntentRecorded, &facts, |facts| ("tbs_sha256", &facts.tbs))
                .await
                .map_err(refused)?;
            match txn.requests_to(&REQUESTS_TO_ISSUING, &facts).await {
                Ok(()) => {
                    txn.commit(Step::IntentsRecorded).await.map_err(refused)?;
                    intents.recorded = batch.into_iter().map(Recorded::assertion).collect();
                    break;
                }
                Err(StoreError::Stale { .. }) => {
                    // Nothing of this transaction stays. Once more, without those that do not wait.
                    let mut waiting = txn.waiting(&facts).await.map_err(refused)?;
                    let waits = |linted: &Linted| linted.facts().request.as_ref().is_none_or(|id| waiting.remove(id));
                    let (kept, left_out): (_, Vec<Linted>) = batch.into_iter().partition(waits);
                    if left_out.is_empty() {
                        return Err(LedgerError::NotRecorded("the requests change too fast".to_owned()));
                    }
                    batch = kept;
                    intents.not_waiting.extend(left_out);
                }
                Err(error) => return Err(refused(error)),
            }
        }
        Ok(intents)
    }

    async fn record_issued(&self, batch: Vec<Signed>, now: Timestamp) -> Result<Vec<Issued>, LedgerError> {
        if batch.is_empty() {
            return Ok(Vec::new());
        }
        let facts: Vec<&Facts> = batch.iter().map(Signed::facts).collect();
        let mut txn = self.write(now, CA).await.map_err(refused)?;
        txn.insert_certificates(&batch).await.map_err(refused)?;
        let signed: Vec<&Signed> = batch.iter().collect();
        txn.insert_events(Verb::CertificateIssued, &signed, |signed| ("sha256", signed.der()))
            .await
            .map_err(refused)?;
        txn.requests_to(&REQUESTS_TO_ISSUED, &facts).await.map_err(refused)?;
        txn.finish_issue_jobs(&facts).await.map_err(refused)?;
        txn.commit(Step::CertificatesRecorded).await.map_err(refused)?;
        Ok(batch.into_iter().map(Signed::into_issued).collect())
    }

    async fn settle(
        &self,
        authority: &AuthorityId,
        which: Unsettled,
        now: Timestamp,
    ) -> Result<Vec<SerialNumber>, LedgerError> {
        let mut txn = self.write(now, CA).await.map_err(refused)?;
        let burnt = txn.burn_unsettled(authority, which).await.map_err(refused)?;
        if burnt.is_empty() {
            return Ok(burnt);
        }
        txn.commit(Step::Settled).await.map_err(refused)?;
        Ok(burnt)
    }
}

impl ReadTxn {
    /// Serials of an authority with an intent and no outcome: what [`Ledger::settle`] would burn.
    pub async fn unsettled(&mut self, authority: &AuthorityId) -> Result<Vec<SerialNumber>, StoreError> {
        on!(self, all IntentRecord, UNSETTLED, authority.as_str())?
            .into_iter()
            .map(|(serial, _)| crate::codec::serial("intent.serial", &serial))
            .collect()
    }
}

/// What a row of a batch is about.
trait About {
    fn facts(&self) -> &Facts;
}

impl About for &Facts {
    fn facts(&self) -> &Facts {
        self
    }
}

impl About for &Signed {
    fn facts(&self) -> &Facts {
        Signed::facts(self)
    }
}

impl WriteTxn {
    async fn insert_intents(&mut self, batch: &[&Facts]) -> Result<(), StoreError> {
        let now = self.now().micros();
        for (sql, chunk) in INTENTS.chunks(batch) {
            on!(self, execute sql => |query| {
                query = query.bind(now);
                for facts in chunk {
                    query = query.bind(facts.authority.as_str()).bind(facts.serial.as_bytes());
                    query = query.bind(facts.request.as_ref().map(RequestId::as_str)).bind(facts.profile.as_str());
                    query = query.bind(facts.subject.to_string()).bind(joined(&facts.names));
                    query = query.bind(facts.key_fingerprint.as_slice());
                    query = query.bind(facts.validity.not_before.micros()).bind(facts.validity.not_after.micros());
                    let Listing { shard, is_ca, stays_listed } = facts.listing;
                    query = query.bind(shard.map(i64::from)).bind(is_ca).bind(stays_listed);
                    query = query.bind(facts.tbs.as_slice()).bind(sha256(&facts.tbs).to_vec());
                }
            })?;
        }
        Ok(())
    }

    async fn insert_certificates(&mut self, batch: &[Signed]) -> Result<(), StoreError> {
        let now = self.now().micros();
        for (sql, chunk) in CERTIFICATES.chunks(batch) {
            on!(self, execute sql => |query| {
                query = query.bind(now);
                for signed in chunk {
                    let facts = signed.facts();
                    query = query.bind(facts.authority.as_str()).bind(facts.serial.as_bytes());
                    query = query.bind(facts.request.as_ref().map(RequestId::as_str)).bind(signed.der());
                }
            })?;
        }
        Ok(())
    }

    /// One event per row, with the SHA-256 of the octets `evidence` gives and its name.
    async fn insert_events<'rows, T: About>(
        &mut self,
        verb: Verb,
        batch: &'rows [T],
        evidence: impl Fn(&'rows T) -> (&'static str, &'rows [u8]),
    ) -> Result<(), StoreError> {
        let mut rows = Vec::with_capacity(batch.len());
        for row in batch {
            let (facts, (name, octets)) = (row.facts(), evidence(row));
            let event = AuditEvent::new(verb, certificate_object(&facts.authority, &facts.serial));
            let mut event = event.with(name, hex(&sha256(octets)));
            if let Some(request) = &facts.request {
                event = event.with("request", request.as_str());
            }
            rows.push(EventColumns::of(event, self)?);
        }
        let now = self.now().micros();
        for (sql, chunk) in EVENTS.chunks(&rows) {
            on!(self, execute sql => |query| {
                query = query.bind(now).bind(CA.as_text()).bind(verb.as_str());
                for row in chunk {
                    query = query.bind(&row.audit_event_id).bind(&row.object).bind(&row.detail);
                }
            })?;
        }
        Ok(())
    }

    /// Moves the requests of a batch on. Errors: stale when one of them is not waiting, or stands twice in the batch.
    async fn requests_to(&mut self, sql: &BatchSql, batch: &[&Facts]) -> Result<(), StoreError> {
        let now = self.now().micros();
        for (sql, chunk) in sql.chunks(&requests(batch)) {
            let moved = on!(self, execute sql => |query| {
                query = query.bind(now);
                for request in chunk {
                    query = query.bind(request.as_str());
                }
            })?;
            if usize::try_from(moved) != Ok(chunk.len()) {
                return Err(StoreError::Stale { what: "request" });
            }
        }
        Ok(())
    }

    /// The requests of a batch that wait to be issued.
    async fn waiting(&mut self, batch: &[&Facts]) -> Result<HashSet<RequestId>, StoreError> {
        let mut waiting = HashSet::new();
        for (sql, chunk) in REQUESTS_WAITING.chunks(&requests(batch)) {
            let found = on!(self, all Only<String>, sql => |query| {
                for request in chunk {
                    query = query.bind(request.as_str());
                }
            })?;
            for (id,) in found {
                waiting.insert(parsed("request.request_id", RequestId::parse(&id))?);
            }
        }
        Ok(waiting)
    }

    async fn finish_issue_jobs(&mut self, batch: &[&Facts]) -> Result<(), StoreError> {
        for (sql, chunk) in ISSUE_JOBS_DONE.chunks(&requests(batch)) {
            on!(self, execute sql => |query| {
                for request in chunk {
                    query = query.bind(request.as_str());
                }
            })?;
        }
        Ok(())
    }

    /// Burns serial numbers whose outcome is unknown, with their events, and lets their requests wait again; returns them.
    pub(crate) async fn burn_unsettled(
        &mut self,
        authority: &AuthorityId,
        which: Unsettled,
    ) -> Result<Vec<SerialNumber>, StoreError> {
        let (mut burnt, mut scopes) = (Vec::new(), BTreeSet::new());
        for (octets, request) in self.unsettled_intents(authority, which).await? {
            let serial = crate::codec::serial("intent.serial", &octets)?;
            let now = self.now();
            if on!(self, execute BURN, authority.as_str(), &octets, request.as_deref(), now.micros())? == 0 {
                continue;
            }
            let revocation = Revocation { reason: RevocationReason::Unspecified, revoked_at: now, invalidity_at: None };
            scopes.insert(self.insert_revocation(authority, &serial, &revocation).await?);
            self.audit(AuditEvent::new(Verb::OutcomeUnknown, certificate_object(authority, &serial))).await?;
            if let Some(request) = request {
                let request = parsed("intent.request_id", RequestId::parse(&request))?;
                if on!(self, execute REQUEST_WAITS_AGAIN, request.as_str(), now.micros())? == 1 {
                    self.enqueue(&Job::Issue(request), now).await?;
                }
            }
            burnt.push(serial);
        }
        for scope in scopes {
            self.ask_for_crls(authority, scope).await?;
        }
        Ok(burnt)
    }

    async fn unsettled_intents(
        &mut self,
        authority: &AuthorityId,
        which: Unsettled,
    ) -> Result<Vec<IntentRecord>, StoreError> {
        match which {
            Unsettled::All => on!(self, all IntentRecord, UNSETTLED, authority.as_str()),
            Unsettled::These(serials) => {
                let mut found = Vec::with_capacity(serials.len());
                for serial in serials {
                    found.extend(on!(self, one IntentRecord, UNSETTLED_ONE, authority.as_str(), serial.as_bytes())?);
                }
                Ok(found)
            }
        }
    }
}

fn requests<'batch>(batch: &[&'batch Facts]) -> Vec<&'batch RequestId> {
    batch.iter().filter_map(|facts| facts.request.as_ref()).collect()
}

fn certificate_object(authority: &AuthorityId, serial: &SerialNumber) -> String {
    format!("certificate:{authority}/{serial}")
}

/// The store's failure in the engine's words. Only a commit that did not answer leaves anything open.
fn refused(error: StoreError) -> LedgerError {
    let text = match error.source() {
        Some(cause) => format!("{error}: {cause}"),
        None => error.to_string(),
    };
    match error {
        StoreError::OutcomeUnknown(_) => LedgerError::OutcomeUnknown(text),
        StoreError::Conflict { .. } | StoreError::Stale { .. } => LedgerError::Lost(text),
        _ => LedgerError::NotRecorded(text),
    }
}
