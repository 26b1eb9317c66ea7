//! The authorities of this installation, as rows. The engine's own view of one is `ca_core::issue::Authority`.

use crate::codec::{parsed, word};
use crate::db::on;
use crate::error::StoreError;
use crate::txn::{ReadTxn, WriteTxn};
use ca_core::audit::{AuditEvent, Verb};
use ca_core::id::{AuthorityId, KeyLabel};
use ca_core::time::Timestamp;

/// An authority.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuthorityRow {
    /// Its id, as in URLs.
    pub authority_id: AuthorityId,
    /// Its Japanese name.
    pub name_ja: String,
    /// Its English name.
    pub name_en: String,
    /// Its place in the hierarchy.
    pub kind: AuthorityKind,
    /// Who issued its certificate; `None` for a root.
    pub issuer_id: Option<AuthorityId>,
    /// Its certificate, DER.
    pub certificate: Vec<u8>,
    /// Its key in the key store.
    pub key_label: KeyLabel,
    /// The certificate of its OCSP responder, DER.
    pub ocsp_certificate: Option<Vec<u8>>,
    /// The key of its OCSP responder.
    pub ocsp_key_label: Option<KeyLabel>,
    /// When it was added.
    pub created_at: Timestamp,
}

/// An authority's place in the hierarchy. Kept in the database as `TEXT`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AuthorityKind {
    /// Trust begins here; it issues to authorities only.
    Root,
    /// It issues to holders.
    Issuing,
}

impl AuthorityKind {
    /// `root`, `issuing`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Root => "root",
            Self::Issuing => "issuing",
        }
    }

    /// The kind of that word.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Root, Self::Issuing].into_iter().find(|kind| kind.as_str() == text)
    }
}

#[derive(sqlx::FromRow)]
struct Record {
    authority_id: String,
    name_ja: String,
    name_en: String,
    kind: String,
    issuer_id: Option<String>,
    certificate: Vec<u8>,
    key_label: String,
    ocsp_certificate: Option<Vec<u8>>,
    ocsp_key_label: Option<String>,
    created_at: i64,
}

const INSERT: &str = "insert into authority (authority_id, name_ja, name_en, kind, issuer_id, certificate, key_label,
        ocsp_certificate, ocsp_key_label, created_at)
    values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";

const BY_ID: &str = "select authority_id, name_ja, name_en, kind, issuer_id, certificate, key_label, ocsp_certificate,
        ocsp_key_label, created_at
    from authority where authority_id = $1";

const ALL: &str = "select authority_id, name_ja, name_en, kind, issuer_id, certificate, key_label, ocsp_certificate,
        ocsp_key_label, created_at
    from authority order by created_at, authority_id";

const SET_RESPONDER: &str = "update authority set ocsp_certificate = $2, ocsp_key_label = $3 where authority_id = $1";

impl WriteTxn {
    /// Adds an authority, with its event. Conflicts: `authority_pk`, `authority_key_once`. Errors: no such issuer.
    pub async fn insert_authority(&mut self, authority: &AuthorityRow) -> Result<(), StoreError> {
        on!(
            self,
            execute INSERT,
            authority.authority_id.as_str(),
            &authority.name_ja,
            &authority.name_en,
            authority.kind.as_str(),
            authority.issuer_id.as_ref().map(AuthorityId::as_str),
            &authority.certificate,
            authority.key_label.as_str(),
            authority.ocsp_certificate.as_deref(),
            authority.ocsp_key_label.as_ref().map(KeyLabel::as_str),
            authority.created_at.micros(),
        )?;
        let event = AuditEvent::new(Verb::AuthorityCreated, format!("authority:{}", authority.authority_id));
        self.audit(event.with("kind", authority.kind.as_str()).with("key", authority.key_label.as_str())).await
    }

    /// Names the OCSP responder of an authority from now on. Its certificate has its own event. Errors: no such authority.
    pub async fn set_ocsp_responder(
        &mut self,
        authority: &AuthorityId,
        certificate: &[u8],
        key: &KeyLabel,
    ) -> Result<(), StoreError> {
        match on!(self, execute SET_RESPONDER, authority.as_str(), certificate, key.as_str())? {
            0 => Err(StoreError::NotFound { what: "authority" }),
            _ => Ok(()),
        }
    }
}

impl ReadTxn {
    /// The authority of that id.
    pub async fn authority(&mut self, id: &AuthorityId) -> Result<Option<AuthorityRow>, StoreError> {
        on!(self, one Record, BY_ID, id.as_str())?.map(AuthorityRow::try_from).transpose()
    }

    /// All authorities, oldest first.
    pub async fn authorities(&mut self) -> Result<Vec<AuthorityRow>, StoreError> {
        on!(self, all Record, ALL)?.into_iter().map(AuthorityRow::try_from).collect()
    }
}

impl TryFrom<Record> for AuthorityRow {
    type Error = StoreError;

    fn try_from(record: Record) -> Result<Self, StoreError> {
        let issuer_id = record.issuer_id.as_deref().map(AuthorityId::parse).transpose();
        let ocsp_key_label = record.ocsp_key_label.as_deref().map(KeyLabel::parse).transpose();
        Ok(Self {
            authority_id: parsed("authority.authority_id", AuthorityId::parse(&record.authority_id))?,
            name_ja: record.name_ja,
            name_en: record.name_en,
            kind: word("authority.kind", &record.kind, AuthorityKind::parse(&record.kind))?,
            issuer_id: parsed("authority.issuer_id", issuer_id)?,
            certificate: record.certificate,
            key_label: parsed("authority.key_label", KeyLabel::parse(&record.key_label))?,
            ocsp_certificate: record.ocsp_certificate,
            ocsp_key_label: parsed("authority.ocsp_key_label", ocsp_key_label)?,
            created_at: Timestamp::from_micros(record.created_at),
        })
    }
}
