//! Certificates as lists, pages and downloads see them: the outcome joined with its intent, its request's organisation
//! and its revocation. They are written by the ledger (`ledger.rs`).

use crate::codec::{anywhere, at, limit, names, octets32, parsed, serial};
use crate::db::{Only, on};
use crate::error::StoreError;
use crate::revocations::reason;
use crate::txn::ReadTxn;
use ca_core::id::{AuthorityId, OrganisationId, ProfileId, RequestId};
use ca_core::key::SubjectKey;
use ca_core::revocation::Revocation;
use ca_core::serial::SerialNumber;
use ca_core::time::{Timestamp, Validity};

/// A certificate, or a burnt serial number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CertificateRow {
    /// Who issued it.
    pub authority_id: AuthorityId,
    /// Its serial number.
    pub serial: SerialNumber,
    /// The request it answers; `None` for those of a ceremony.
    pub request_id: Option<RequestId>,
    /// The profile it was made by.
    pub profile_id: ProfileId,
    /// The certificate, DER; `None` for a burnt serial number (欠番), whose signature may or may not exist.
    pub der: Option<Vec<u8>>,
    /// The subject, for people.
    pub subject: String,
    /// The alternative names, for people.
    pub names: Vec<String>,
    /// SHA-256 of the public key info.
    pub key_sha256: [u8; 32],
    /// When it is good, if it is not revoked.
    pub validity: Validity,
    /// When it was recorded.
    pub recorded_at: Timestamp,
    /// Whose it is; `None` for those of a ceremony.
    pub organisation_id: Option<OrganisationId>,
    /// Why and since when it is no longer good.
    pub revocation: Option<Revocation>,
    /// Who revoked it: `account:…` or `system:…`.
    pub revoked_by: Option<String>,
}

/// Which certificates to list, newest first.
#[derive(Clone, Debug, Default)]
pub struct CertificateFilter {
    /// Only this organisation's.
    pub organisation: Option<OrganisationId>,
    /// Only those with this in subject or names, or with this serial number in hexadecimal.
    pub search: Option<String>,
    /// Only those in this state at that instant.
    pub state: Option<(CertificateState, Timestamp)>,
    /// Only those before this one: the next page.
    pub before: Option<(Timestamp, SerialNumber)>,
    /// At most so many; 0 is 50.
    pub limit: u32,
}

/// What a certificate's dates and revocation say. Every certificate is in one of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CertificateState {
    /// Not revoked, and its last instant has not passed.
    Valid,
    /// Revoked, or a burnt serial number.
    Revoked,
    /// Not revoked, but its last instant has passed.
    Expired,
}

impl CertificateState {
    /// `valid`, `revoked`, `expired`: as in the statements below.
    const fn as_str(self) -> &'static str {
        match self {
            Self::Valid => "valid",
            Self::Revoked => "revoked",
            Self::Expired => "expired",
        }
    }
}

#[derive(sqlx::FromRow)]
struct Record {
    authority_id: String,
    serial: Vec<u8>,
    request_id: Option<String>,
    profile_id: String,
    der: Option<Vec<u8>>,
    subject: String,
    names: String,
    key_sha256: Vec<u8>,
    not_before: i64,
    not_after: i64,
    recorded_at: i64,
    organisation_id: Option<String>,
    reason: Option<i64>,
    revoked_at: Option<i64>,
    invalidity_at: Option<i64>,
    revoked_by: Option<String>,
}

macro_rules! select_certificate {
    ($rest:literal) => {
        concat!(
            "select c.authority_id, c.serial, c.request_id, i.profile_id, c.der, i.subject, i.names, i.key_sha256,
                i.not_before, i.not_after, c.recorded_at, q.organisation_id, v.reason, v.revoked_at, v.invalidity_at,
                v.revoked_by
            from certificate c
                join intent i on i.authority_id = c.authority_id and i.serial = c.serial
                left join request q on q.request_id = c.request_id
                left join revocation v on v.authority_id = c.authority_id and v.serial = c.serial ",
            $rest
        )
    };
}

const BY_SERIAL: &str = select_certificate!("where c.authority_id = $1 and c.serial = $2");

/// Goes through the few authorities, so that the primary key is used.
const BY_SERIAL_OF_ANY: &str = select_certificate!(
    "where c.authority_id in (select authority_id from authority) and c.serial = $1
    order by c.recorded_at desc limit 1"
);

const LATEST: &str = select_certificate!(
    "where (c.recorded_at < $1 or (c.recorded_at = $1 and c.serial < $2))
        and ($3 = '' or lower(i.subject) like $3 escape '!' or i.subject like $4 escape '!'
            or lower(i.names) like $3 escape '!' or i.names like $4 escape '!' or c.serial = $5)
        and ($7 = '' or ($7 = 'revoked' and v.reason is not null)
            or ($7 = 'valid' and v.reason is null and i.not_after >= $8)
            or ($7 = 'expired' and v.reason is null and i.not_after < $8))
    order by c.recorded_at desc, c.serial desc limit $6"
);

const OF_ORGANISATION: &str = select_certificate!(
    "where q.organisation_id = $9 and (c.recorded_at < $1 or (c.recorded_at = $1 and c.serial < $2))
        and ($3 = '' or lower(i.subject) like $3 escape '!' or i.subject like $4 escape '!'
            or lower(i.names) like $3 escape '!' or i.names like $4 escape '!' or c.serial = $5)
        and ($7 = '' or ($7 = 'revoked' and v.reason is not null)
            or ($7 = 'valid' and v.reason is null and i.not_after >= $8)
            or ($7 = 'expired' and v.reason is null and i.not_after < $8))
    order by c.recorded_at desc, c.serial desc limit $6"
);

const FOR_KEY: &str = select_certificate!(
    "where c.authority_id = $1 and i.profile_id = $2 and i.key_sha256 = $3 and c.der is not null and v.reason is null
    order by c.recorded_at desc limit 1"
);

/// Certificates of CAs that hold.
const OF_AUTHORITIES: &str = "select c.der from certificate c
        join intent i on i.authority_id = c.authority_id and i.serial = c.serial
        left join revocation v on v.authority_id = c.authority_id and v.serial = c.serial
    where c.authority_id = $1 and i.is_ca and c.der is not null and v.serial is null and i.not_after > $2
    order by c.serial";

impl ReadTxn {
    /// The certificates of CAs that an authority has issued, also to itself, and that hold at `now`, DER, by serial.
    pub async fn certificates_of_authorities(
        &mut self,
        authority: &AuthorityId,
        now: Timestamp,
    ) -> Result<Vec<Vec<u8>>, StoreError> {
        let found = on!(self, all Only<Vec<u8>>, OF_AUTHORITIES, authority.as_str(), now.micros())?;
        Ok(found.into_iter().map(|(der,)| der).collect())
    }

    /// The newest certificate by that authority and profile for that key that is not revoked. Looks through all of the
    /// authority's: for those that issue to few.
    pub async fn certificate_for_key(
        &mut self,
        authority: &AuthorityId,
        profile: &ProfileId,
        key: &SubjectKey,
    ) -> Result<Option<CertificateRow>, StoreError> {
        let key = key.fingerprint();
        let record = on!(self, one Record, FOR_KEY, authority.as_str(), profile.as_str(), key.as_slice())?;
        record.map(CertificateRow::try_from).transpose()
    }

    /// The certificate, or burnt serial number, of that authority with that serial.
    pub async fn certificate(
        &mut self,
        authority: &AuthorityId,
        serial: &SerialNumber,
    ) -> Result<Option<CertificateRow>, StoreError> {
        let record = on!(self, one Record, BY_SERIAL, authority.as_str(), serial.as_bytes())?;
        record.map(CertificateRow::try_from).transpose()
    }

    /// The certificate with that serial, whichever of our authorities issued it (the newest, should there be two).
    pub async fn certificate_by_serial(&mut self, serial: &SerialNumber) -> Result<Option<CertificateRow>, StoreError> {
        on!(self, one Record, BY_SERIAL_OF_ANY, serial.as_bytes())?.map(CertificateRow::try_from).transpose()
    }

    /// Certificates, newest first.
    pub async fn certificates(&mut self, filter: &CertificateFilter) -> Result<Vec<CertificateRow>, StoreError> {
        let (before, before_serial) = match &filter.before {
            Some((at, serial)) => (at.micros(), serial.as_bytes()),
            None => (i64::MAX, [].as_slice()),
        };
        let search = filter.search.as_deref().map(anywhere).unwrap_or_default();
        let lower = search.to_lowercase();
        let wanted = filter.search.as_deref().and_then(|text| SerialNumber::parse_hex(text).ok());
        let wanted = wanted.as_ref().map_or([].as_slice(), SerialNumber::as_bytes);
        let (state, now) = filter.state.map_or(("", 0), |(state, at)| (state.as_str(), at.micros()));
        let rows = limit(filter.limit);
        let records = match &filter.organisation {
            None => on!(self, all Record, LATEST, before, before_serial, &lower, &search, wanted, rows, state, now)?,
            Some(organisation) => {
                let organisation = organisation.as_str();
                on!(
                    self,
                    all Record,
                    OF_ORGANISATION,
                    before,
                    before_serial,
                    &lower,
                    &search,
                    wanted,
                    rows,
                    state,
                    now,
                    organisation
                )?
            }
        };
        records.into_iter().map(CertificateRow::try_from).collect()
    }
}

impl TryFrom<Record> for CertificateRow {
    type Error = StoreError;

    fn try_from(record: Record) -> Result<Self, StoreError> {
        let request_id = record.request_id.as_deref().map(RequestId::parse).transpose();
        let organisation_id = record.organisation_id.as_deref().map(OrganisationId::parse).transpose();
        let revocation = match (record.reason, record.revoked_at) {
            (Some(code), Some(revoked_at)) => Some(Revocation {
                reason: reason(code)?,
                revoked_at: Timestamp::from_micros(revoked_at),
                invalidity_at: at(record.invalidity_at),
            }),
            _ => None,
        };
        Ok(Self {
            authority_id: parsed("certificate.authority_id", AuthorityId::parse(&record.authority_id))?,
            serial: serial("certificate.serial", &record.serial)?,
            request_id: parsed("certificate.request_id", request_id)?,
            profile_id: parsed("intent.profile_id", ProfileId::parse(&record.profile_id))?,
            der: record.der,
            subject: record.subject,
            names: names(&record.names),
            key_sha256: octets32("intent.key_sha256", record.key_sha256)?,
            validity: Validity {
                not_before: Timestamp::from_micros(record.not_before),
                not_after: Timestamp::from_micros(record.not_after),
            },
            recorded_at: Timestamp::from_micros(record.recorded_at),
            organisation_id: parsed("request.organisation_id", organisation_id)?,
            revocation,
            revoked_by: record.revoked_by,
        })
    }
}
