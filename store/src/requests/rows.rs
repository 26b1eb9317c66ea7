//! Rows of the table `request`, read back into types. The approved application is restored here and nowhere else.

use super::{RequestRow, RequestState};
use crate::codec::{alternative_names, at, names, octets32, parsed, serial, word};
use crate::error::StoreError;
use ca_core::id::{AccountId, AuthorityId, OrganisationId, ProfileId, RequestId, RequestNumber};
use ca_core::key::SubjectKey;
use ca_core::name::DistinguishedName;
use ca_core::profile::KeySource;
use ca_core::request::{Application, Approved, KeyOrigin, NewRequest, Submitted};
use ca_core::time::Timestamp;

#[derive(sqlx::FromRow)]
pub(super) struct Record {
    request_id: String,
    number: String,
    organisation_id: String,
    profile_id: String,
    state: String,
    version: i64,
    requester_id: String,
    subject_text: String,
    names: String,
    csr: Vec<u8>,
    key_spki: Vec<u8>,
    key_source: String,
    starts_at: Option<i64>,
    key_sha256: Vec<u8>,
    statement: String,
    statement_sha256: Vec<u8>,
    submitted_at: i64,
    decided_by: Option<String>,
    decided_at: Option<i64>,
    decision_note: Option<String>,
    note: String,
    authority_id: Option<String>,
    serial: Option<Vec<u8>>,
}

/// The columns that decide the certificate.
#[derive(sqlx::FromRow)]
pub(super) struct ApplicationRecord {
    request_id: String,
    number: String,
    organisation_id: String,
    profile_id: String,
    requester_id: String,
    subject_der: Vec<u8>,
    names: String,
    directory_der: Option<Vec<u8>>,
    csr: Vec<u8>,
    key_spki: Vec<u8>,
    key_source: String,
    starts_at: Option<i64>,
    statement_sha256: Vec<u8>,
    submitted_at: i64,
    decided_by: Option<String>,
    decided_at: Option<i64>,
    pub(super) state: String,
}

impl TryFrom<Record> for RequestRow {
    type Error = StoreError;

    fn try_from(record: Record) -> Result<Self, StoreError> {
        let decided_by = record.decided_by.as_deref().map(AccountId::parse).transpose();
        let certificate = match (record.authority_id, record.serial) {
            (Some(authority), Some(octets)) => Some((
                parsed("certificate.authority_id", AuthorityId::parse(&authority))?,
                serial("certificate.serial", &octets)?,
            )),
            _ => None,
        };
        Ok(Self {
            request_id: parsed("request.request_id", RequestId::parse(&record.request_id))?,
            number: parsed("request.number", RequestNumber::parse(&record.number))?,
            organisation_id: parsed("request.organisation_id", OrganisationId::parse(&record.organisation_id))?,
            profile_id: parsed("request.profile_id", ProfileId::parse(&record.profile_id))?,
            state: word("request.state", &record.state, RequestState::parse(&record.state))?,
            version: record.version,
            requester_id: parsed("request.requester_id", AccountId::parse(&record.requester_id))?,
            subject_text: record.subject_text,
            names: names(&record.names),
            csr: record.csr,
            key_source: key_source(&record.key_source)?,
            starts_at: at(record.starts_at),
            key: parsed("request.key_spki", SubjectKey::from_spki_der(&record.key_spki))?.algorithm(),
            key_sha256: octets32("request.key_sha256", record.key_sha256)?,
            statement: record.statement,
            statement_sha256: octets32("request.statement_sha256", record.statement_sha256)?,
            submitted_at: Timestamp::from_micros(record.submitted_at),
            decided_by: parsed("request.decided_by", decided_by)?,
            decided_at: at(record.decided_at),
            decision_note: record.decision_note,
            note: record.note,
            certificate,
        })
    }
}

impl ApplicationRecord {
    pub(super) fn submitted(self) -> Result<Application<Submitted>, StoreError> {
        let names = alternative_names("request.names", &self.names, self.directory_der.as_deref())?;
        let origin = match key_source(&self.key_source)? {
            KeySource::Holder => KeyOrigin::Holder { csr_der: self.csr },
            KeySource::Centre => KeyOrigin::Centre,
        };
        let request = NewRequest {
            organisation: parsed("request.organisation_id", OrganisationId::parse(&self.organisation_id))?,
            profile: parsed("request.profile_id", ProfileId::parse(&self.profile_id))?,
            subject: parsed("request.subject_der", DistinguishedName::from_der(&self.subject_der))?,
            names,
            key: parsed("request.key_spki", SubjectKey::from_spki_der(&self.key_spki))?,
            origin,
            starts_at: at(self.starts_at),
        };
        Ok(Application::submitted(
            parsed("request.request_id", RequestId::parse(&self.request_id))?,
            parsed("request.number", RequestNumber::parse(&self.number))?,
            parsed("request.requester_id", AccountId::parse(&self.requester_id))?,
            Timestamp::from_micros(self.submitted_at),
            request,
        ))
    }

    pub(super) fn approved(self) -> Result<Application<Approved>, StoreError> {
        let (Some(by), Some(at)) = (self.decided_by.clone(), self.decided_at) else {
            return Err(StoreError::Corrupt { column: "request.decided_by", reason: "approved by nobody".to_owned() });
        };
        let by = parsed("request.decided_by", AccountId::parse(&by))?;
        let statement_sha256 = self.statement_sha256.clone();
        let restored = Application::restored(self.submitted()?, by, Timestamp::from_micros(at), &statement_sha256);
        parsed("request.statement_sha256", restored)
    }
}

fn key_source(text: &str) -> Result<KeySource, StoreError> {
    word("request.key_source", text, KeySource::parse(text))
}
