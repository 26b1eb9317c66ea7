//! Making the next CRL of an authority. The order of acts is the point of this file; what a crash between two of them
//! leaves behind is beside each.

use std::sync::Arc;
use std::time::Duration;

use ca_core::audit::Actor;
use ca_core::certificate::Certificate;
use ca_core::id::{AuthorityId, KeyLabel};
use ca_core::key::SignatureAlgorithm;
use ca_core::signer::{Signer, SignerError, Tbs};
use ca_core::time::Timestamp;
use store::authorities::AuthorityRow;
use store::crls::CrlRow;
use store::revocations::RevokedEntry;
use store::{Step, Store, StoreError};

use crate::build::CrlContent;
use crate::check::{CheckError, check_content, check_follows};
use crate::entries::{CrlEntry, Revoked};
use crate::inspect::{CertificateList, CrlError};
use crate::scope::Scope;

const ACTOR: Actor = Actor::System("crl");

/// How long CRLs are valid and when they are renewed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CrlPolicy {
    /// From thisUpdate to nextUpdate.
    pub validity: Duration,
    /// How long before nextUpdate the next CRL is due without a revocation.
    pub refresh_before: Duration,
}

impl CrlPolicy {
    /// An issuing authority's: made daily, valid for 72 hours, so that two missed days are noticed before anyone is hurt.
    pub const ISSUING: Self =
        Self { validity: Duration::from_secs(72 * 3600), refresh_before: Duration::from_secs(48 * 3600) };
    /// A root's: valid for 3 months, renewed monthly.
    pub const ROOT: Self =
        Self { validity: Duration::from_secs(90 * 86_400), refresh_before: Duration::from_secs(60 * 86_400) };

    /// Whether the next CRL is due at `now`, given the nextUpdate of the latest stored one.
    pub fn is_due(&self, next_update: Option<Timestamp>, now: Timestamp) -> bool {
        next_update.is_none_or(|next_update| now >= next_update.minus(self.refresh_before))
    }
}

/// What came of a refresh.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refreshed {
    /// The CRL is stored and is the latest.
    Stored(CrlRow),
    /// Another process stored a CRL with a higher number meanwhile, which has every entry this one had. This one is
    /// dropped; nothing is left to do.
    Overtaken {
        /// The number that was taken in vain.
        number: i64,
    },
}

/// Why there is no new CRL. The latest stored one stays as it is in every case.
#[derive(Debug, thiserror::Error)]
pub enum RefreshError {
    /// The database failed. Safe to try again: the next attempt takes a number of its own.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// There is no such authority.
    #[error("there is no authority {0}")]
    NoSuchAuthority(AuthorityId),
    /// The authority's certificate in the database cannot be read.
    #[error("the certificate of authority {0} cannot be read")]
    AuthorityCertificate(AuthorityId),
    /// The latest stored CRL cannot be read.
    #[error("the stored CRL {number} cannot be read")]
    StoredCrl {
        /// Its number.
        number: i64,
        /// Why.
        source: CrlError,
    },
    /// The CRL would be dated before the latest: the clock went back, and nothing is signed until it is right.
    #[error(transparent)]
    Check(#[from] CheckError),
    /// The key store failed.
    #[error(transparent)]
    Signer(#[from] SignerError),
    /// The signing thread was lost.
    #[error("the signing thread ended without an answer")]
    Thread,
}

/// What one transaction read beside taking the number.
struct Taken {
    number: i64,
    authority: AuthorityRow,
    revoked: Vec<Revoked>,
    previous: Option<CrlRow>,
}

/// Makes, signs, checks and stores the next full CRL of `authority`, dated `now`. On return it is durable and served.
///
/// # Errors
/// Every [`RefreshError`]. A CRL that does not pass [`check_content`] and [`check_follows`] is not stored.
pub async fn refresh(
    store: &Store,
    signer: &Arc<dyn Signer>,
    authority: &AuthorityId,
    now: Timestamp,
    policy: &CrlPolicy,
) -> Result<Refreshed, RefreshError> {
    // 1. The number becomes durable; a crash after this leaves a gap in the numbers, which RFC 5280 §5.2.3 allows.
    let taken = take(store, authority, now).await?;
    let issuer = Certificate::from_der(&taken.authority.certificate)
        .map_err(|_| RefreshError::AuthorityCertificate(authority.clone()))?;
    let previous = read_previous(taken.previous.as_ref())?;
    refuse_dating_back(now, previous.as_ref())?;
    let draft = Draft {
        algorithm: taken.authority.signature.unwrap_or_else(|| issuer.signs_with()),
        issuer,
        key: taken.authority.key_label,
        number: u64::try_from(taken.number).unwrap_or(0),
        this_update: now.whole_seconds(),
        next_update: now.plus(policy.validity).whole_seconds(),
        previous,
        revoked: taken.revoked,
    };
    let (this_update, next_update, signer) = (draft.this_update, draft.next_update, Arc::clone(signer));
    // 2. Built, signed and checked beside the asynchronous threads; a crash here leaves nothing but the gap.
    let der = tokio::task::spawn_blocking(move || draft.sign_and_check(signer.as_ref()))
        .await
        .map_err(|_| RefreshError::Thread)??;
    // 3. Stored, unless a higher number is: from here on it is served.
    let row = CrlRow { authority_id: authority.clone(), number: taken.number, this_update, next_update, der };
    let mut txn = store.write(now, ACTOR).await?;
    match txn.store_crl(&row).await {
        Ok(()) => {}
        Err(StoreError::Stale { .. }) => return Ok(Refreshed::Overtaken { number: row.number }),
        Err(error) => return Err(error.into()),
    }
    txn.commit(Step::CrlStored).await?;
    Ok(Refreshed::Stored(row))
}

/// Takes a number and reads the revocations in one transaction, the number first: of two processes the one with the
/// higher number has then read later, and its CRL has all entries of the other.
async fn take(store: &Store, authority: &AuthorityId, now: Timestamp) -> Result<Taken, RefreshError> {
    let mut txn = store.write(now, ACTOR).await?;
    let row = txn.authority(authority).await?.ok_or_else(|| RefreshError::NoSuchAuthority(authority.clone()))?;
    let number = txn.take_crl_number(authority).await?;
    let revoked = txn.revocations(authority).await?.into_iter().map(Revoked::from).collect();
    let previous = txn.latest_crl(authority).await?;
    txn.commit(Step::CrlNumberTaken).await?;
    Ok(Taken { number, authority: row, revoked, previous })
}

impl From<RevokedEntry> for Revoked {
    fn from(row: RevokedEntry) -> Self {
        let entry = CrlEntry {
            serial: row.serial,
            revoked_at: row.revocation.revoked_at.whole_seconds(),
            reason: row.revocation.reason,
            invalidity_at: row.revocation.invalidity_at.map(Timestamp::whole_seconds),
        };
        Self { entry, not_after: row.not_after }
    }
}

fn read_previous(row: Option<&CrlRow>) -> Result<Option<CertificateList>, RefreshError> {
    row.map(|row| {
        CertificateList::parse(&row.der).map_err(|source| RefreshError::StoredCrl { number: row.number, source })
    })
    .transpose()
}

/// Seen before signing, so that no CRL with a wrong date exists at all.
fn refuse_dating_back(now: Timestamp, previous: Option<&CertificateList>) -> Result<(), CheckError> {
    match previous.map(|previous| previous.this_update) {
        Some(previous) if now.whole_seconds() < previous => {
            Err(CheckError::DatedBack { this_update: now.whole_seconds(), previous })
        }
        _ => Ok(()),
    }
}

struct Draft {
    issuer: Certificate,
    algorithm: SignatureAlgorithm,
    key: KeyLabel,
    number: u64,
    this_update: Timestamp,
    next_update: Timestamp,
    previous: Option<CertificateList>,
    revoked: Vec<Revoked>,
}

impl Draft {
    fn sign_and_check(self, signer: &dyn Signer) -> Result<Vec<u8>, RefreshError> {
        let previous_update = self.previous.as_ref().map(|previous| previous.this_update);
        let entries: Vec<CrlEntry> =
            self.revoked.iter().filter(|r| r.is_listed(previous_update)).map(|r| r.entry.clone()).collect();
        let content = CrlContent {
            issuer: &self.issuer,
            algorithm: self.algorithm,
            scope: Scope::Full,
            number: self.number,
            this_update: self.this_update,
            next_update: self.next_update,
            entries: &entries,
        };
        let tbs = content.to_tbs();
        let signature =
            signer.sign(&self.key, content.algorithm, &[Tbs::Crl(&tbs)]).pop().ok_or(RefreshError::Thread)??;
        let der = content.algorithm.signed(&tbs, &signature);
        let list = check_content(&der, &content).inspect_err(|error| {
            if matches!(error, CheckError::Signature) {
                signer.distrust(&self.key, &format!("it signed a CRL wrongly: {error}"));
            }
        })?;
        if let Some(previous) = &self.previous {
            check_follows(&list, previous, &self.revoked)?;
        }
        Ok(der)
    }
}
