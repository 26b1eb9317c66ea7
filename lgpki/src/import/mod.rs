//! Taking over a CA that exists: its key, and everything it has said so far. [`check`] looks, [`take_over`] writes.
//!
//! The order is the point: the key is in its place before anything speaks of it, and one transaction makes the CA and all it has
//! issued known at once. What comes after (a responder, the next CRL) is ordinary work, and is made up for when it is missing.

mod check;

pub use check::{Inputs, check};

use crate::foundry::{Established, Foundry, FoundryError};
use ca_core::audit::{Actor, AuditEvent, Verb};
use ca_core::certificate::Certificate;
use ca_core::id::{AuthorityId, IdError, KeyLabel};
use ca_core::issue::Generation;
use ca_core::profile::{AuthorityRule, Pack};
use ca_core::revocation::ListId;
use ca_core::time::Timestamp;
use crl::CertificateList;
use store::authorities::AuthorityRow;
use store::crls::{CrlHead, CrlRow};
use store::imports::{ImportedCertificate, Takeover};
use store::{Step, Store, StoreError};

const ACTOR: Actor = Actor::System("set-up");
/// Certificates written between two words about it.
const ROUND: usize = 10_000;

/// A CA that was checked.
pub struct Takeable {
    /// Its certificate.
    pub certificate: Certificate,
    /// The certificates above it, its issuer's first, the root's last; none for a root.
    pub above: Vec<Certificate>,
    /// Everything it has issued.
    pub issued: Vec<ImportedCertificate>,
    /// Its last CRL, and that in DER.
    pub crl: Option<(CertificateList, Vec<u8>)>,
    /// The number of its last CRL; 0 when it had none.
    pub crl_number: i64,
    /// SHA-256 of its list.
    pub list_sha256: Option<[u8; 32]>,
    /// How many are revoked by the last CRL and by nothing else.
    pub from_crl: usize,
}

impl Takeable {
    /// How many of them are revoked.
    pub fn revoked(&self) -> usize {
        self.issued.iter().filter(|one| one.revocation.is_some()).count()
    }

    /// How many are known by their entry only.
    pub fn entries_only(&self) -> usize {
        self.issued.iter().filter(|one| one.der.is_empty()).count()
    }
}

/// Why a CA was not taken over.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// Another authority stands in its place.
    #[error("{line} is another authority here already, called {subject}")]
    Another {
        /// The line of the packs.
        line: AuthorityId,
        /// The name of the one that is there.
        subject: String,
    },
    /// Its id or the label of its key.
    #[error(transparent)]
    Id(#[from] IdError),
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Its responder or its next CRL.
    #[error(transparent)]
    Foundry(#[from] FoundryError),
}

/// Where the CA will stand.
#[derive(Clone, Debug)]
pub struct Place<'a> {
    /// The pack that describes it.
    pub pack: &'a Pack,
    /// What the pack says about it.
    pub rule: &'a AuthorityRule,
    /// Which generation it will be.
    pub generation: Generation,
    /// Whether an earlier run has written everything about it already.
    pub is_there: bool,
}

/// Finds out where a CA will stand: the first generation of its line, or the one after those of its name. Errors: the line is
/// another authority's; the database.
pub async fn place<'a>(
    store: &Store,
    (pack, rule): (&'a Pack, &'a AuthorityRule),
    certificate: &Certificate,
    now: Timestamp,
) -> Result<Place<'a>, ImportError> {
    let rows = store.read().await?.authorities().await?;
    let of_line: Vec<AuthorityRow> = rows.into_iter().filter(|row| row.generation.line == rule.id).collect();
    if let Some(row) = of_line.iter().find(|row| row.certificate == certificate.der()) {
        return Ok(Place { pack, rule, generation: row.generation.clone(), is_there: true });
    }
    let latest = of_line.iter().max_by_key(|row| row.generation.number);
    let Some(latest) = latest else {
        return Ok(Place { pack, rule, generation: Generation::first(rule.id.clone(), now), is_there: false });
    };
    let subject = Certificate::from_der(&latest.certificate).map_err(FoundryError::from)?.subject().clone();
    if !subject.matches(certificate.subject()) {
        return Err(ImportError::Another { line: rule.id.clone(), subject: subject.to_string() });
    }
    Ok(Place { pack, rule, generation: latest.generation.next(now), is_there: false })
}

/// Writes down a CA whose key is in its place under `label`, and all it has issued, in one transaction; then makes its responder
/// and its next CRL. `tell` hears how many certificates are written. Everything is durable on return, and doing it again does no
/// harm. Errors: [`ImportError`].
pub async fn take_over(
    foundry: &Foundry,
    place: &Place<'_>,
    taken: &Takeable,
    label: &KeyLabel,
    tell: &mut (dyn FnMut(usize) + Send),
) -> Result<AuthorityId, ImportError> {
    let id = place.generation.id()?;
    if !place.is_there {
        written(foundry, place, taken, (&id, label), tell).await?;
    }
    let row = foundry.store.read().await?.authority(&id).await?.ok_or(StoreError::NotFound { what: "authority" })?;
    let established = Established::of(&row, &foundry.repository)?;
    if row.ocsp_certificate.is_none() {
        foundry.responder(place.pack, &established).await?;
    }
    let latest = foundry.store.read().await?.latest_crls(&id).await?;
    if latest.iter().all(|crl| crl.number <= taken.crl_number) {
        foundry.first_crls(&established).await?;
    }
    Ok(id)
}

async fn written(
    foundry: &Foundry,
    place: &Place<'_>,
    taken: &Takeable,
    (id, label): (&AuthorityId, &KeyLabel),
    tell: &mut (dyn FnMut(usize) + Send),
) -> Result<(), ImportError> {
    let now = foundry.clock.now();
    let issuer = issuer_of(&foundry.store, &taken.certificate).await?;
    // Where its issuer is here, so is everything above.
    let brought = issuer.is_none();
    let mut txn = foundry.store.write(now, ACTOR).await?;
    txn.insert_authority(&AuthorityRow {
        authority_id: id.clone(),
        generation: place.generation.clone(),
        name_ja: place.rule.title.ja.clone(),
        name_en: place.rule.title.en.clone(),
        kind: crate::foundry::kind_of(place.pack, place.rule),
        issuer_id: issuer,
        certificate: taken.certificate.der().to_vec(),
        key_label: label.clone(),
        signature: Some(taken.certificate.signs_with()),
        ocsp_certificate: None,
        ocsp_key_label: None,
        created_at: now,
    })
    .await?;
    if brought {
        let above: Vec<&[u8]> = taken.above.iter().map(Certificate::der).collect();
        txn.import_above(id, &above).await?;
    }
    let mut done = 0usize;
    for round in taken.issued.chunks(ROUND) {
        txn.import_certificates(id, round).await?;
        done = done.saturating_add(round.len());
        tell(done);
    }
    if let Some((crl, der)) = &taken.crl
        && let (Some(number), Some(next_update)) = (crl.number.and_then(|n| i64::try_from(n).ok()), crl.next_update)
    {
        let row = crl_row((id, number), (crl, next_update), der);
        txn.import_crl(id, number, Some(&row)).await?;
        if number < taken.crl_number {
            txn.import_crl(id, taken.crl_number, None).await?;
        }
    } else if taken.crl_number > 0 {
        txn.import_crl(id, taken.crl_number, None).await?;
    }
    txn.audit(AuditEvent::new(Verb::KeyCreated, format!("key:{label}")).with("from", "import")).await?;
    let (certificates, revoked) = (taken.issued.len(), taken.revoked());
    let (crl_number, list_sha256) = (taken.crl_number, taken.list_sha256);
    txn.record_takeover(id, &Takeover { certificates, revoked, crl_number, list_sha256 }).await?;
    Ok(txn.commit(Step::Setup).await?)
}

/// The last CRL of the other CA, as ours are stored.
fn crl_row((id, number): (&AuthorityId, i64), (crl, next_update): (&CertificateList, Timestamp), der: &[u8]) -> CrlRow {
    let head = CrlHead {
        authority_id: id.clone(),
        list: ListId::FULL,
        number,
        base_number: None,
        this_update: crl.this_update,
        next_update,
        octets: i64::try_from(der.len()).unwrap_or(i64::MAX),
        entries: i64::try_from(crl.entries.len()).ok(),
        sha256: Some(ca_core::digest::sha256(der)),
    };
    CrlRow { head, der: der.to_vec() }
}

/// The authority of this installation that has certified it, if one has.
async fn issuer_of(store: &Store, certificate: &Certificate) -> Result<Option<AuthorityId>, ImportError> {
    if certificate.issuer().matches(certificate.subject()) {
        return Ok(None);
    }
    let rows = store.read().await?.authorities().await?;
    let certified = |row: &AuthorityRow| {
        let issuer = Certificate::from_der(&row.certificate);
        issuer.is_ok_and(|issuer| certificate.verify(&issuer, certificate.validity().not_before).is_ok())
    };
    Ok(rows.iter().find(|row| certified(row)).map(|row| row.authority_id.clone()))
}
