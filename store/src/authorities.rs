//! The authorities of this installation, as rows. The engine's own view of one is `ca_core::issue::Authority`.

use crate::audit::AuditFilter;
use crate::codec::{parsed, word};
use crate::db::{Only, on};
use crate::error::StoreError;
use crate::txn::{ReadTxn, WriteTxn};
use ca_core::audit::{AuditEvent, Verb};
use ca_core::id::{AuthorityId, KeyLabel};
use ca_core::issue::{Generation, Standing};
use ca_core::key::SignatureAlgorithm;
use ca_core::serial::SerialNumber;
use ca_core::time::Timestamp;

/// An authority.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuthorityRow {
    /// Its id, as in URLs.
    pub authority_id: AuthorityId,
    /// Which generation of which authority of the packs it is.
    pub generation: Generation,
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
    /// What its key signs with; `None` for the usual algorithm of that kind of key.
    pub signature: Option<SignatureAlgorithm>,
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

/// A link certificate (RFC 9810 §4.4), published.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LinkRow {
    /// The generation that issued it.
    pub authority_id: AuthorityId,
    /// The generation whose key it certifies.
    pub subject_id: AuthorityId,
    /// The certificate, DER.
    pub der: Vec<u8>,
}

#[derive(sqlx::FromRow)]
struct LinkRecord {
    authority_id: String,
    subject_id: String,
    der: Vec<u8>,
}

#[derive(sqlx::FromRow)]
struct Record {
    authority_id: String,
    line_id: Option<String>,
    generation: i64,
    issues_from: i64,
    signature_algorithm: Option<String>,
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
        ocsp_certificate, ocsp_key_label, created_at, line_id, generation, issues_from, signature_algorithm)
    values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)";

macro_rules! select_authority {
    ($rest:literal) => {
        concat!(
            "select authority_id, line_id, generation, issues_from, signature_algorithm, name_ja, name_en, kind, issuer_id,
                certificate, key_label, ocsp_certificate, ocsp_key_label, created_at
            from authority ",
            $rest
        )
    };
}

const BY_ID: &str = select_authority!("where authority_id = $1");

const ALL: &str = select_authority!("order by created_at, authority_id");

const LINK: &str = "insert into link_certificate (authority_id, serial, subject_id) values ($1, $2, $3)";

const LINKS: &str = "select l.authority_id, l.subject_id, c.der
    from link_certificate l join certificate c on c.authority_id = l.authority_id and c.serial = l.serial
    where l.subject_id = $1 and c.der is not null order by l.authority_id";

const OF_LINE: &str = "select other.authority_id
    from authority one join authority other on other.line_id = one.line_id
    where one.authority_id = $1 order by other.generation";

/// The last instant of the last certificate.
const LAST_END: &str = "select coalesce(max(i.not_after), 0)
    from intent i join certificate c on c.authority_id = i.authority_id and c.serial = i.serial
    where i.authority_id = $1";

const GOOD_UNTIL: &str = "select coalesce(max(i.not_after), 0)
    from intent i join certificate c on c.authority_id = i.authority_id and c.serial = i.serial
    where i.authority_id = $1 and i.key_sha256 <> $2 and i.key_sha256 <> $3 and not exists (
        select 1 from revocation r where r.authority_id = i.authority_id and r.serial = i.serial)";

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
            authority.generation.line.as_str(),
            i64::from(authority.generation.number),
            authority.generation.issues_from.micros(),
            authority.signature.map(SignatureAlgorithm::name),
        )?;
        let event = AuditEvent::new(Verb::AuthorityCreated, format!("authority:{}", authority.authority_id));
        let event = event.with("kind", authority.kind.as_str()).with("key", authority.key_label.as_str());
        self.audit(event.with("generation", authority.generation.number.to_string())).await
    }

    /// Publishes a certificate that `by` has issued as the link to `subject`, another generation of the same authority, with
    /// its event. Conflict: `link_certificate_subject_once`. Errors: no such certificate or authority.
    pub async fn insert_link(
        &mut self,
        by: &AuthorityId,
        serial: &SerialNumber,
        subject: &AuthorityId,
    ) -> Result<(), StoreError> {
        on!(self, execute LINK, by.as_str(), serial.as_bytes(), subject.as_str())?;
        let event = AuditEvent::new(Verb::AuthorityLinked, format!("authority:{subject}"));
        self.audit(event.with("by", by.as_str()).with("serial", serial.to_string())).await
    }

    /// Writes down that a generation begins without link certificates from and to the one before it, and why; once, however often
    /// it is said.
    pub async fn sever(&mut self, subject: &AuthorityId, before: &AuthorityId, reason: &str) -> Result<(), StoreError> {
        let object = format!("authority:{subject}");
        let known = self.audit_events(&AuditFilter { object: Some(object.clone()), before: None }, u32::MAX).await?;
        if known.iter().any(|event| event.verb == Verb::AuthoritySevered.as_str()) {
            return Ok(());
        }
        let event = AuditEvent::new(Verb::AuthoritySevered, object);
        self.audit(event.with("before", before.as_str()).with("reason", reason)).await
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

    /// The ids of all generations of an authority, the first first; its own alone where it has no row.
    pub async fn generations(&mut self, authority: &AuthorityId) -> Result<Vec<AuthorityId>, StoreError> {
        let found = on!(self, all Only<String>, OF_LINE, authority.as_str())?;
        if found.is_empty() {
            return Ok(vec![authority.clone()]);
        }
        let id = |(text,): &Only<String>| parsed("authority.authority_id", AuthorityId::parse(text));
        found.iter().map(id).collect()
    }

    /// The link certificates for the key of `subject`, by who issued them.
    pub async fn links(&mut self, subject: &AuthorityId) -> Result<Vec<LinkRow>, StoreError> {
        on!(self, all LinkRecord, LINKS, subject.as_str())?.into_iter().map(LinkRow::try_from).collect()
    }

    /// The last instant at which a certificate of that authority may be good; `None` when it has issued none.
    pub async fn last_end(&mut self, authority: &AuthorityId) -> Result<Option<Timestamp>, StoreError> {
        let (last,) = on!(self, one Only<i64>, LAST_END, authority.as_str())?.unwrap_or_default();
        Ok((last > 0).then(|| Timestamp::from_micros(last)))
    }

    /// Whether that authority has nothing more to say at `now`: a later generation issues, and the last of its own certificates
    /// has ended. No CRL and no OCSP answer is owed any more.
    pub async fn has_ended(&mut self, authority: &AuthorityRow, now: Timestamp) -> Result<bool, StoreError> {
        let last = self.last_end(&authority.authority_id).await?;
        Ok(self.is_retired(authority, now).await? && last.is_none_or(|last| last < now))
    }

    /// Whether a later generation of that authority issues at `now`.
    pub async fn is_retired(&mut self, authority: &AuthorityRow, now: Timestamp) -> Result<bool, StoreError> {
        let rows = self.authorities().await?;
        Ok(authority.generation.standing(rows.iter().map(|row| &row.generation), now) == Standing::Retired)
    }

    /// The last instant at which a certificate of that authority may be good that is not revoked, those for two public keys (the
    /// SHA-256 of each) left out; `None` when there is none.
    pub async fn good_until(
        &mut self,
        authority: &AuthorityId,
        [one, other]: [[u8; 32]; 2],
    ) -> Result<Option<Timestamp>, StoreError> {
        let found = on!(self, one Only<i64>, GOOD_UNTIL, authority.as_str(), one.as_slice(), other.as_slice())?;
        let (last,) = found.unwrap_or_default();
        Ok((last > 0).then(|| Timestamp::from_micros(last)))
    }

    /// All authorities, oldest first.
    pub async fn authorities(&mut self) -> Result<Vec<AuthorityRow>, StoreError> {
        on!(self, all Record, ALL)?.into_iter().map(AuthorityRow::try_from).collect()
    }
}

impl TryFrom<LinkRecord> for LinkRow {
    type Error = StoreError;

    fn try_from(record: LinkRecord) -> Result<Self, StoreError> {
        Ok(Self {
            authority_id: parsed("link_certificate.authority_id", AuthorityId::parse(&record.authority_id))?,
            subject_id: parsed("link_certificate.subject_id", AuthorityId::parse(&record.subject_id))?,
            der: record.der,
        })
    }
}

impl TryFrom<Record> for AuthorityRow {
    type Error = StoreError;

    fn try_from(record: Record) -> Result<Self, StoreError> {
        // A row of the version before generations is the first of its line.
        let line = record.line_id.as_deref().unwrap_or(&record.authority_id);
        let signature = |name: &str| word("authority.signature_algorithm", name, SignatureAlgorithm::parse(name));
        let issuer_id = record.issuer_id.as_deref().map(AuthorityId::parse).transpose();
        let ocsp_key_label = record.ocsp_key_label.as_deref().map(KeyLabel::parse).transpose();
        Ok(Self {
            authority_id: parsed("authority.authority_id", AuthorityId::parse(&record.authority_id))?,
            generation: Generation {
                line: parsed("authority.line_id", AuthorityId::parse(line))?,
                number: parsed("authority.generation", u32::try_from(record.generation))?,
                issues_from: Timestamp::from_micros(record.issues_from),
            },
            signature: record.signature_algorithm.as_deref().map(signature).transpose()?,
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
