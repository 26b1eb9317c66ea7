//! Taking over what another CA has issued: rows that say what that CA's own list says. Their profile is [`PROFILE`], they belong
//! to no request, and they have no events of their own: one event says what was taken over. CRLs and their numbers have theirs.

use crate::batch::BatchSql;
use crate::codec::{micros, parsed};
use crate::crls::CrlRow;
use crate::db::{Only, on};
use crate::error::StoreError;
use crate::txn::{ReadTxn, WriteTxn};
use ca_core::audit::{Actor, AuditEvent, Verb};
use ca_core::digest::{hex, sha256};
use ca_core::id::{AuthorityId, ProfileId};
use ca_core::revocation::Revocation;
use ca_core::serial::SerialNumber;
use ca_core::time::Timestamp;

/// The profile of what another CA has issued. No pack has one of that name, so nothing is issued by it.
pub const PROFILE: &str = "imported";

/// A certificate that another CA has issued.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImportedCertificate {
    /// Its serial number.
    pub serial: SerialNumber,
    /// Its subject, for people.
    pub subject: String,
    /// Its alternative names, separated by line feeds.
    pub names: String,
    /// SHA-256 of its public key info; zeros when only its entry in a list is known.
    pub key_sha256: [u8; 32],
    /// From when it is valid.
    pub not_before: Timestamp,
    /// The last instant of its validity.
    pub not_after: Timestamp,
    /// What is signed in it; empty when only its entry in a list is known.
    pub tbs: Vec<u8>,
    /// All of it; empty when only its entry in a list is known.
    pub der: Vec<u8>,
    /// Since when it is no good, if it is not.
    pub revocation: Option<Revocation>,
    /// Whether it is a CA's, as far as that is known: its revocation then also stands on the list of CAs.
    pub is_ca: bool,
}

/// What was taken over, for its event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Takeover {
    /// How many certificates.
    pub certificates: usize,
    /// How many of them are revoked.
    pub revoked: usize,
    /// The number of the last CRL of the other CA; 0 when it had none.
    pub crl_number: i64,
    /// SHA-256 of the list, where there was one.
    pub list_sha256: Option<[u8; 32]>,
}

static INTENTS: BatchSql = BatchSql::new(
    "insert into intent (authority_id, serial, request_id, profile_id, subject, names, key_sha256, not_before, not_after,
        is_ca, tbs, tbs_sha256, recorded_at) values ",
    "($1, ?, null, $2, ?, ?, ?, ?, ?, ?, ?, ?, $3)",
    "",
    3,
);

static CERTIFICATES: BatchSql = BatchSql::new(
    "insert into certificate (authority_id, serial, request_id, der, recorded_at) values ",
    "($1, ?, null, ?, $2)",
    "",
    2,
);

static REVOCATIONS: BatchSql = BatchSql::new(
    "insert into revocation (authority_id, serial, reason, revoked_at, invalidity_at, revoked_by, not_after, is_ca) values ",
    "($1, ?, ?, ?, ?, $2, ?, ?)",
    "",
    2,
);

const ABOVE: &str = "insert into authority_above (authority_id, position, der) values ($1, $2, $3)";

const ALL_ABOVE: &str = "select der from authority_above where authority_id = $1 order by position";

const CRL_NUMBER: &str = "insert into crl (authority_id, number, taken_at) values ($1, $2, $3)";

impl WriteTxn {
    /// Writes down certificates that another CA has issued, each with its revocation. Conflicts: `intent_pk`,
    /// `certificate_pk`.
    pub async fn import_certificates(
        &mut self,
        authority: &AuthorityId,
        certificates: &[ImportedCertificate],
    ) -> Result<(), StoreError> {
        let now = self.now().micros();
        let profile = parsed("intent.profile_id", ProfileId::parse(PROFILE))?;
        for (sql, chunk) in INTENTS.chunks(certificates) {
            on!(self, execute sql => |query| {
                query = query.bind(authority.as_str()).bind(profile.as_str()).bind(now);
                for one in chunk {
                    query = query.bind(one.serial.as_bytes()).bind(&one.subject).bind(&one.names);
                    query = query.bind(one.key_sha256.as_slice());
                    query = query.bind(one.not_before.micros()).bind(one.not_after.micros());
                    query = query.bind(one.is_ca).bind(one.tbs.as_slice()).bind(sha256(&one.tbs).to_vec());
                }
            })?;
        }
        for (sql, chunk) in CERTIFICATES.chunks(certificates) {
            on!(self, execute sql => |query| {
                query = query.bind(authority.as_str()).bind(now);
                for one in chunk {
                    query = query.bind(one.serial.as_bytes()).bind(one.der.as_slice());
                }
            })?;
        }
        let revoked: Vec<(&ImportedCertificate, &Revocation)> =
            certificates.iter().filter_map(|one| Some((one, one.revocation.as_ref()?))).collect();
        let by = Actor::as_text(self.actor());
        for (sql, chunk) in REVOCATIONS.chunks(&revoked) {
            on!(self, execute sql => |query| {
                query = query.bind(authority.as_str()).bind(by.as_str());
                for (one, revocation) in chunk {
                    query = query.bind(one.serial.as_bytes()).bind(i64::from(revocation.reason.code()));
                    query = query.bind(revocation.revoked_at.micros()).bind(micros(revocation.invalidity_at));
                    query = query.bind(one.not_after.micros()).bind(one.is_ca);
                }
            })?;
        }
        Ok(())
    }

    /// Keeps the certificates above an authority's own, its issuer's first, the root's last. Conflict: `authority_above_pk`.
    pub async fn import_above(&mut self, authority: &AuthorityId, above: &[&[u8]]) -> Result<(), StoreError> {
        for (position, der) in (1i64..).zip(above) {
            on!(self, execute ABOVE, authority.as_str(), position, *der)?;
        }
        Ok(())
    }

    /// Counts the CRL numbers of an authority from `number`, the last another CA has used, and stores that CRL when it is
    /// there: the next has a greater number, and nothing of this one gets lost. Conflicts: `crl_pk`.
    pub async fn import_crl(
        &mut self,
        authority: &AuthorityId,
        number: i64,
        crl: Option<&CrlRow>,
    ) -> Result<(), StoreError> {
        let now = self.now().micros();
        on!(self, execute CRL_NUMBER, authority.as_str(), number, now)?;
        let event = AuditEvent::new(Verb::CrlNumberTaken, format!("crl:{authority}"));
        self.audit(event.with("number", number.to_string()).with("from", "import")).await?;
        match crl {
            Some(crl) => self.store_crl(crl).await,
            None => Ok(()),
        }
    }

    /// Writes down what was taken over, as one event.
    pub async fn record_takeover(&mut self, authority: &AuthorityId, what: &Takeover) -> Result<(), StoreError> {
        let event = AuditEvent::new(Verb::AuthorityImported, format!("authority:{authority}"));
        let event = event.with("certificates", what.certificates.to_string()).with("revoked", what.revoked.to_string());
        let event = event.with("crl_number", what.crl_number.to_string());
        self.audit(match &what.list_sha256 {
            Some(digest) => event.with("list_sha256", hex(digest)),
            None => event,
        })
        .await
    }
}

impl ReadTxn {
    /// The certificates above an authority's own that it brought with it, its issuer's first, the root's last; none for one that was
    /// founded here, or whose issuer is here.
    pub async fn above(&mut self, authority: &AuthorityId) -> Result<Vec<Vec<u8>>, StoreError> {
        let found = on!(self, all Only<Vec<u8>>, ALL_ABOVE, authority.as_str())?;
        Ok(found.into_iter().map(|(der,)| der).collect())
    }
}
