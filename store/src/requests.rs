//! Requests, from submission to decision. What was asked never changes; the state does, one version at a time, and each
//! change names the version it has read. From `approved` on, the ledger moves the state (`ledger.rs`).

use crate::batch::BatchSql;
use crate::codec::{anywhere, joined, limit};
use crate::db::{Only, on};
use crate::deliveries::Erasure;
use crate::error::StoreError;
use crate::jobs::Job;
use crate::txn::{ReadTxn, WriteTxn};
use ca_core::audit::{Actor, AuditEvent, Verb};
use ca_core::id::{AccountId, AuthorityId, OrganisationId, ProfileId, RequestId, RequestNumber};
use ca_core::key::KeyAlgorithm;
use ca_core::name::DistinguishedName;
use ca_core::profile::KeySource;
use ca_core::request::{Application, Approved, Submitted};
use ca_core::serial::SerialNumber;
use ca_core::time::Timestamp;

mod rows;
use rows::{ApplicationRecord, Record};

/// A request as lists and pages show it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestRow {
    /// Its id.
    pub request_id: RequestId,
    /// The number people quote.
    pub number: RequestNumber,
    /// Whose it is.
    pub organisation_id: OrganisationId,
    /// The profile of the certificate.
    pub profile_id: ProfileId,
    /// Where it stands.
    pub state: RequestState,
    /// Rises with every change; a decision names the one it has read.
    pub version: i64,
    /// Who filed it.
    pub requester_id: AccountId,
    /// The subject, for people.
    pub subject_text: String,
    /// The alternative names, for people.
    pub names: Vec<String>,
    /// The CSR, DER; empty when the centre made the key.
    pub csr: Vec<u8>,
    /// Who made the key.
    pub key_source: KeySource,
    /// The chosen beginning of the certificate.
    pub starts_at: Option<Timestamp>,
    /// The kind of key.
    pub key: KeyAlgorithm,
    /// SHA-256 of the public key info.
    pub key_sha256: [u8; 32],
    /// The text an approver agrees to.
    pub statement: String,
    /// Its SHA-256.
    pub statement_sha256: [u8; 32],
    /// When it was filed.
    pub submitted_at: Timestamp,
    /// Who decided.
    pub decided_by: Option<AccountId>,
    /// When.
    pub decided_at: Option<Timestamp>,
    /// What was said with the decision.
    pub decision_note: Option<String>,
    /// What the requester wants the approver to know; empty when nothing. Not part of the statement, not in the certificate.
    pub note: String,
    /// The certificate it led to.
    pub certificate: Option<(AuthorityId, SerialNumber)>,
}

/// Where a request stands. Kept in the database as `TEXT`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RequestState {
    /// Waiting for a second person.
    Submitted,
    /// Approved, waiting to be issued.
    Approved,
    /// An intent is recorded: its certificate may exist.
    Issuing,
    /// There is a certificate.
    Issued,
    /// Sent back to be corrected.
    Returned,
    /// Refused for good.
    Rejected,
    /// Taken back by the requester's side.
    Withdrawn,
    /// Approved, but the CA refused it.
    Failed,
}

impl RequestState {
    /// Every state.
    pub const ALL: [Self; 8] = [
        Self::Submitted,
        Self::Approved,
        Self::Issuing,
        Self::Issued,
        Self::Returned,
        Self::Rejected,
        Self::Withdrawn,
        Self::Failed,
    ];

    /// `submitted`, `approved`, …
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Submitted => "submitted",
            Self::Approved => "approved",
            Self::Issuing => "issuing",
            Self::Issued => "issued",
            Self::Returned => "returned",
            Self::Rejected => "rejected",
            Self::Withdrawn => "withdrawn",
            Self::Failed => "failed",
        }
    }

    /// The state of that word.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == text)
    }
}

/// Which requests to list, newest first.
#[derive(Clone, Debug, Default)]
pub struct RequestFilter {
    /// Only this organisation's.
    pub organisation: Option<OrganisationId>,
    /// Only those in these states; all when empty.
    pub states: Vec<RequestState>,
    /// Only those with this in number, subject or names.
    pub search: Option<String>,
    /// Only those before this one: the next page.
    pub before: Option<RequestId>,
    /// At most so many; 0 is 50.
    pub limit: u32,
}

/// What a person decides on a request that is submitted. The transaction's actor is who decides.
#[derive(Clone, Debug)]
pub enum Decision<'a> {
    /// Issue it: proof that a second person agreed to the statement.
    Approve(&'a Application<Approved>),
    /// Send it back to be corrected.
    Return {
        /// What is to be corrected.
        note: &'a str,
    },
    /// Refuse it.
    Reject {
        /// Why.
        note: &'a str,
    },
    /// Take it back.
    Withdraw,
}

const NEXT_NUMBER: &str = "insert into request_number (era_year, last_number) values ($1, 1)
    on conflict (era_year) do update set last_number = request_number.last_number + 1
    returning last_number";

const INSERT: &str =
    "insert into request (request_id, number, organisation_id, profile_id, state, version, requester_id,
        subject_der, subject_text, names, csr, key_spki, key_sha256, statement, statement_sha256, submitted_at,
        decided_by, decided_at, decision_note, updated_at, directory_der, key_source, starts_at)
    values ($1, $2, $3, $4, 'submitted', 1, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, null, null, null, $14, $15, $16, $17)";

/// Every decision is made on the version that was read, and on a request nobody has decided on.
const DECIDE: &str = "update request set state = $3, version = version + 1, decided_by = $4, decided_at = $5,
        decision_note = $6, updated_at = $5
    where request_id = $1 and version = $2 and state = 'submitted'";

/// The approval must be of the statement that is stored.
const APPROVE: &str = "update request set state = 'approved', version = version + 1, decided_by = $3, decided_at = $4,
        updated_at = $4
    where request_id = $1 and version = $2 and state = 'submitted' and statement_sha256 = $5";

const NOTE: &str = "update request set note = $2 where request_id = $1 and state = 'submitted'";

const FAIL: &str = "update request set state = 'failed', version = version + 1, decision_note = $2, updated_at = $3
    where request_id = $1 and state in ('approved', 'issuing')";

const COUNTS: &str = "select state, count(*) from request group by state";

const KEY_IN_USE: &str = "select number from request
    where key_sha256 = $1 and state in ('submitted', 'approved', 'issuing', 'issued')";

macro_rules! select_request {
    ($rest:literal) => {
        concat!(
            "select q.request_id, q.number, q.organisation_id, q.profile_id, q.state, q.version, q.requester_id,
                q.subject_text, q.names, q.csr, q.key_spki, q.key_source, q.starts_at, q.key_sha256, q.statement, q.statement_sha256,
                q.submitted_at, q.decided_by, q.decided_at, q.decision_note, q.note, c.authority_id, c.serial
            from request q left join certificate c on c.request_id = q.request_id and c.der is not null ",
            $rest
        )
    };
}

const BY_ID: &str = select_request!("where q.request_id = $1");

const BY_NUMBER: &str = select_request!("where q.number = $1");

const LATEST: &str = select_request!(
    "where q.request_id < $1 and ($2 = '' or $2 like '%,' || q.state || ',%')
        and ($3 = '' or lower(q.number) like $3 escape '!' or lower(q.subject_text) like $3 escape '!'
            or q.subject_text like $4 escape '!' or lower(q.names) like $3 escape '!' or q.names like $4 escape '!')
    order by q.request_id desc limit $5"
);

const OF_ORGANISATION: &str = select_request!(
    "where q.organisation_id = $6 and q.request_id < $1 and ($2 = '' or $2 like '%,' || q.state || ',%')
        and ($3 = '' or lower(q.number) like $3 escape '!' or lower(q.subject_text) like $3 escape '!'
            or q.subject_text like $4 escape '!' or lower(q.names) like $3 escape '!' or q.names like $4 escape '!')
    order by q.request_id desc limit $5"
);

static APPLICATIONS: BatchSql = BatchSql::new(
    "select request_id, number, organisation_id, profile_id, requester_id, subject_der, names, directory_der, csr, key_spki,
        key_source, starts_at, statement_sha256, submitted_at, decided_by, decided_at, state
    from request where request_id in (",
    "?",
    ")",
    0,
);

/// Sorts behind every id, which are hexadecimal.
const BEHIND_ALL: &str = "g";

impl WriteTxn {
    /// The next number of `now`'s Reiwa year in Japan (令和元年 is 2019). Numbers have no gaps: others who ask wait until
    /// this transaction ends.
    pub async fn next_request_number(&mut self, now: Timestamp) -> Result<RequestNumber, StoreError> {
        let era_year = u16::try_from(now.civil_jst().year.saturating_sub(2018).max(1)).unwrap_or(u16::MAX);
        let last = on!(self, one Only<i64>, NEXT_NUMBER, i64::from(era_year))?.map_or(0, |(last,)| last);
        let sequence = crate::codec::parsed("request_number.last_number", u32::try_from(last))?;
        Ok(RequestNumber::new(era_year, sequence))
    }

    /// Files a request, with its event. Conflicts: `request_key_once` when the key has a request already,
    /// `request_number_once`. Errors: no such organisation or requester.
    pub async fn insert_request(&mut self, application: &Application<Submitted>) -> Result<(), StoreError> {
        let request = application.request();
        on!(
            self,
            execute INSERT,
            application.id().as_str(),
            application.number().as_str(),
            request.organisation.as_str(),
            request.profile.as_str(),
            application.requester().as_str(),
            request.subject.as_der(),
            request.subject.to_string(),
            joined(&request.names),
            request.origin.csr_der().unwrap_or_default(),
            request.key.spki_der(),
            request.key.fingerprint().as_slice(),
            application.statement(),
            application.statement_hash().as_slice(),
            application.submitted_at().micros(),
            request.names.directory.as_ref().map(DistinguishedName::as_der),
            request.origin.source().as_str(),
            crate::codec::micros(request.starts_at),
        )?;
        let event = AuditEvent::new(Verb::RequestSubmitted, format!("request:{}", application.id()));
        let statement = ca_core::digest::hex(&application.statement_hash());
        self.audit(event.with("number", application.number().as_str()).with("statement_sha256", statement)).await
    }

    /// Notes what the requester wants the approver to know, in the transaction that files the request. Errors: it is not
    /// waiting for a decision.
    pub async fn note_request(&mut self, id: &RequestId, note: &str) -> Result<(), StoreError> {
        match on!(self, execute NOTE, id.as_str(), note)? {
            0 => Err(StoreError::NotFound { what: "request" }),
            _ => Ok(()),
        }
    }

    /// Decides on a request that was read at `version`, with its event; an approval also asks for the job *issue*.
    /// Errors: [`StoreError::Stale`] when it has changed since, is not waiting for a decision any more, or the approval
    /// is of another statement or request; [`StoreError::NotFound`] when the actor is no person.
    pub async fn decide(&mut self, id: &RequestId, version: i64, decision: Decision<'_>) -> Result<(), StoreError> {
        let Actor::Person(by) = self.actor().clone() else {
            return Err(StoreError::NotFound { what: "account" });
        };
        let now = self.now();
        let (verb, state, note) = match decision {
            Decision::Approve(application) => return self.approve(id, version, application).await,
            Decision::Return { note } => (Verb::RequestReturned, RequestState::Returned, Some(note)),
            Decision::Reject { note } => (Verb::RequestRejected, RequestState::Rejected, Some(note)),
            Decision::Withdraw => (Verb::RequestWithdrawn, RequestState::Withdrawn, None),
        };
        let changed = on!(self, execute DECIDE, id.as_str(), version, state.as_str(), by.as_str(), now.micros(), note)?;
        if changed == 0 {
            return Err(StoreError::Stale { what: "request" });
        }
        self.erase_holder_key(id, Erasure::RequestEnded).await?;
        self.audit(AuditEvent::new(verb, format!("request:{id}"))).await
    }

    async fn approve(
        &mut self,
        id: &RequestId,
        version: i64,
        application: &Application<Approved>,
    ) -> Result<(), StoreError> {
        let (by, at) = (application.approved_by().as_str(), application.approved_at().micros());
        let statement = application.statement_hash();
        let changed = on!(self, execute APPROVE, id.as_str(), version, by, at, statement.as_slice())?;
        if changed == 0 || application.id() != id {
            return Err(StoreError::Stale { what: "request" });
        }
        let now = self.now();
        self.enqueue(&Job::Issue(id.clone()), now).await?;
        let event = AuditEvent::new(Verb::RequestApproved, format!("request:{id}"));
        self.audit(event.with("statement_sha256", ca_core::digest::hex(&statement))).await
    }

    /// Gives up an approved request that the CA refuses to issue, with its event; its key is free again. Errors:
    /// [`StoreError::Stale`] when it is not approved.
    pub async fn fail_request(&mut self, id: &RequestId, note: &str) -> Result<(), StoreError> {
        let now = self.now().micros();
        if on!(self, execute FAIL, id.as_str(), note, now)? == 0 {
            return Err(StoreError::Stale { what: "request" });
        }
        self.erase_holder_key(id, Erasure::RequestEnded).await?;
        self.audit(AuditEvent::new(Verb::IssueRefused, format!("request:{id}")).with("reason", note)).await
    }
}

impl ReadTxn {
    /// The request of that id.
    pub async fn request(&mut self, id: &RequestId) -> Result<Option<RequestRow>, StoreError> {
        on!(self, one Record, BY_ID, id.as_str())?.map(RequestRow::try_from).transpose()
    }

    /// The request with that number.
    pub async fn request_by_number(&mut self, number: &RequestNumber) -> Result<Option<RequestRow>, StoreError> {
        on!(self, one Record, BY_NUMBER, number.as_str())?.map(RequestRow::try_from).transpose()
    }

    /// Requests, newest first.
    pub async fn requests(&mut self, filter: &RequestFilter) -> Result<Vec<RequestRow>, StoreError> {
        let before = filter.before.as_ref().map_or(BEHIND_ALL, RequestId::as_str);
        let states: Vec<&str> = filter.states.iter().map(|state| state.as_str()).collect();
        let states = if states.is_empty() { String::new() } else { format!(",{},", states.join(",")) };
        let search = filter.search.as_deref().map(anywhere).unwrap_or_default();
        let (lower, rows) = (search.to_lowercase(), limit(filter.limit));
        let records = match &filter.organisation {
            None => on!(self, all Record, LATEST, before, &states, &lower, &search, rows)?,
            Some(id) => on!(self, all Record, OF_ORGANISATION, before, &states, &lower, &search, rows, id.as_str())?,
        };
        records.into_iter().map(RequestRow::try_from).collect()
    }

    /// How many requests are in each state; every state is there.
    pub async fn request_counts(&mut self) -> Result<Vec<(RequestState, i64)>, StoreError> {
        let counts = on!(self, all(String, i64), COUNTS)?;
        let count = |state: RequestState| counts.iter().find(|(name, _)| name == state.as_str()).map_or(0, |(_, n)| *n);
        Ok(RequestState::ALL.map(|state| (state, count(state))).to_vec())
    }

    /// The number of the live request that has this key (SHA-256 of the public key info).
    pub async fn key_in_use(&mut self, key_sha256: &[u8; 32]) -> Result<Option<RequestNumber>, StoreError> {
        let number = on!(self, one Only<String>, KEY_IN_USE, key_sha256.as_slice())?;
        number.map(|(number,)| crate::codec::parsed("request.number", RequestNumber::parse(&number))).transpose()
    }

    /// The request, ready to be approved; `None` when it is not waiting for a decision.
    pub async fn submitted_application(
        &mut self,
        id: &RequestId,
    ) -> Result<Option<Application<Submitted>>, StoreError> {
        let mut records = self.application_records(std::slice::from_ref(id)).await?;
        let submitted = records.pop().filter(|record| record.state == RequestState::Submitted.as_str());
        submitted.map(ApplicationRecord::submitted).transpose()
    }

    /// The request as it was approved; `None` when it is not waiting to be issued. Errors: the row does not stand for an
    /// approval by a second person of the statement it holds ([`StoreError::Corrupt`]).
    pub async fn approved_application(&mut self, id: &RequestId) -> Result<Option<Application<Approved>>, StoreError> {
        Ok(self.approved_applications(std::slice::from_ref(id)).await?.pop())
    }

    /// Those of `ids` that wait to be issued, in no particular order. Errors as [`Self::approved_application`].
    pub async fn approved_applications(&mut self, ids: &[RequestId]) -> Result<Vec<Application<Approved>>, StoreError> {
        let waiting = [RequestState::Approved.as_str(), RequestState::Issuing.as_str()];
        let records = self.application_records(ids).await?.into_iter();
        records.filter(|record| waiting.contains(&record.state.as_str())).map(ApplicationRecord::approved).collect()
    }

    async fn application_records(&mut self, ids: &[RequestId]) -> Result<Vec<ApplicationRecord>, StoreError> {
        let mut records = Vec::with_capacity(ids.len());
        for (sql, chunk) in APPLICATIONS.chunks(ids) {
            records.extend(on!(self, all ApplicationRecord, sql => |query| {
                for id in chunk {
                    query = query.bind(id.as_str());
                }
            })?);
        }
        Ok(records)
    }
}
