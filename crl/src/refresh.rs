//! Making the next of an authority's lists. The order of acts is the point of this file; what a crash between two of them
//! leaves behind is beside each.

use std::io::{self, Read};
use std::sync::Arc;
use std::time::Duration;

use ca_core::audit::Actor;
use ca_core::certificate::Certificate;
use ca_core::digest::Hasher;
use ca_core::id::{AuthorityId, KeyLabel};
use ca_core::key::{SignatureAlgorithm, SignatureHash};
use ca_core::revocation::{ListId, ListKind};
use ca_core::signer::{Signer, SignerError};
use ca_core::time::Timestamp;
use store::crls::{CrlHead, CrlRow, PIECE, Purpose};
use store::{ReadTxn, Step, Store, StoreError};

use crate::build::CrlContent;
use crate::check::{CheckError, check_written};
use crate::draft::{Draft, DraftError, SignedDraft};
use crate::source::Revocations;
use crate::succession::{Succession, SuccessionError};

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

/// One of an authority's lists, and how it is made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListPlan {
    /// Which.
    pub list: ListId,
    /// How long it is valid.
    pub policy: CrlPolicy,
    /// Where it is found; only partitions say so in themselves.
    pub addresses: Vec<String>,
    /// Where its deltas are found; empty where there are none, and for a delta.
    pub freshest: Vec<String>,
    /// How long the list that is signed ahead for an emergency is valid; `None` where none is.
    pub emergency: Option<Duration>,
}

impl ListPlan {
    /// The one list of an authority that has no others.
    pub const fn full(policy: CrlPolicy) -> Self {
        Self { list: ListId::FULL, policy, addresses: Vec::new(), freshest: Vec::new(), emergency: None }
    }
}

/// What came of a refresh.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refreshed {
    /// The CRL is stored and is the latest.
    Stored(CrlHead),
    /// Another process stored one of the same list with a higher number meanwhile. It may have read earlier than this one
    /// did, so this is to be done again.
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
    /// A delta of a list that has never been made.
    #[error("the list {0} has no complete CRL yet that a delta could build on")]
    NoBase(ListId),
    /// What a list outside has is being written down, and this one could lack some of it.
    #[error(
        "the revocations of list {0} that was found outside are not all taken over yet; if nobody is at it, do it again: `lgpki crl recover`"
    )]
    Recovering(i64),
    /// The entries could not be gathered; among other things, one would have got lost.
    #[error(transparent)]
    Succession(#[from] SuccessionError),
    /// The CRL would be dated before the latest (the clock went back, and nothing is signed until it is right), or what was
    /// written is not what was to be written.
    #[error(transparent)]
    Check(#[from] CheckError),
    /// The CRL could not be written or signed.
    #[error(transparent)]
    Draft(#[from] DraftError),
    /// The disk that takes what memory does not failed.
    #[error("the octets of the CRL cannot be kept: {0}")]
    File(#[from] io::Error),
    /// The signing thread was lost.
    #[error("the signing thread ended without an answer")]
    Thread,
}

impl RefreshError {
    /// What the key store said, where it was the key store that failed.
    pub const fn signer(&self) -> Option<&SignerError> {
        match self {
            Self::Draft(DraftError::Signer(error)) => Some(error),
            _ => None,
        }
    }
}

/// What one transaction read beside taking the number.
struct Taken {
    number: i64,
    issuer: Issuer,
    /// What the list follows, or builds on: with its first piece.
    earlier: Option<CrlRow>,
}

/// Whose list it is, as far as building and signing go.
#[derive(Clone)]
struct Issuer {
    certificate: Certificate,
    algorithm: SignatureAlgorithm,
    key: KeyLabel,
}

/// Makes, signs, checks and stores the next CRL of `authority` after `plan`, dated `now`. On return it is durable and served;
/// with a plan for emergencies, the same list with a longer life is durable beside it, and not served.
///
/// # Errors
/// Every [`RefreshError`]. A CRL that loses an entry, or does not pass [`check_written`], is not stored.
pub async fn refresh(
    store: &Store,
    signer: &Arc<dyn Signer>,
    (authority, plan): (&AuthorityId, &ListPlan),
    now: Timestamp,
) -> Result<Refreshed, RefreshError> {
    // 1. The number becomes durable; a crash after this leaves a gap in the numbers, which RFC 5280 §5.2.3 allows.
    let taken = take(store, (authority, plan), now).await?;
    // 2. Read and written down, in a transaction that began after the number was taken. Nothing is left of it by a crash.
    let base_number = taken.earlier.as_ref().filter(|_| plan.list.kind == ListKind::Delta).map(|row| row.head.number);
    let draft = gather(store, (authority, plan.list), taken.earlier, now).await?;
    let list =
        Next { issuer: taken.issuer, plan, number: taken.number, base_number, now, validity: plan.policy.validity };
    // 3. Signed and checked beside the asynchronous threads; a crash here leaves nothing but the gap.
    let (sealed, list) = list.sealed(draft, signer).await?;
    // 4. Stored, unless a higher number is: from here on it is served.
    let (stored, draft) = list.stored(store, authority, (sealed, Purpose::Regular)).await?;
    let Some(head) = stored else { return Ok(Refreshed::Overtaken { number: list.number }) };
    if let Some(validity) = plan.emergency {
        // 5. The same under a number of its own, for longer. Without it the list of step 4 stands all the same.
        let number = take_emergency(store, (authority, plan), now).await?;
        let (sealed, list) = Next { number, validity, ..list }.sealed(draft, signer).await?;
        list.stored(store, authority, (sealed, Purpose::Emergency)).await?;
    }
    Ok(Refreshed::Stored(head))
}

async fn take(
    store: &Store,
    (authority, plan): (&AuthorityId, &ListPlan),
    now: Timestamp,
) -> Result<Taken, RefreshError> {
    let ListId { scope, kind } = plan.list;
    let mut txn = store.write(now, ACTOR).await?;
    let row = txn.authority(authority).await?.ok_or_else(|| RefreshError::NoSuchAuthority(authority.clone()))?;
    let certificate =
        Certificate::from_der(&row.certificate).map_err(|_| RefreshError::AuthorityCertificate(authority.clone()))?;
    refuse_dating_back(&mut txn, (authority, plan.list), now).await?;
    let earlier = txn.latest_crl(authority, scope.complete()).await?;
    let number = match (kind, &earlier) {
        (ListKind::Complete, _) => txn.take_crl_number(authority, scope).await?,
        (ListKind::Delta, Some(base)) => txn.take_delta_number(authority, scope, base.head.number).await?,
        (ListKind::Delta, None) => return Err(RefreshError::NoBase(scope.complete())),
    };
    refuse_while_recovering(&mut txn, authority).await?;
    txn.commit(Step::CrlNumberTaken).await?;
    let algorithm = row.signature.unwrap_or_else(|| certificate.signs_with());
    Ok(Taken { number, issuer: Issuer { certificate, algorithm, key: row.key_label }, earlier })
}

async fn take_emergency(
    store: &Store,
    (authority, plan): (&AuthorityId, &ListPlan),
    now: Timestamp,
) -> Result<i64, RefreshError> {
    let mut txn = store.write(now, ACTOR).await?;
    let number = txn.take_emergency_number(authority, plan.list.scope).await?;
    refuse_while_recovering(&mut txn, authority).await?;
    txn.commit(Step::CrlNumberTaken).await?;
    Ok(number)
}

/// Seen with the number, which nobody takes at the same time.
async fn refuse_while_recovering(txn: &mut ReadTxn, authority: &AuthorityId) -> Result<(), RefreshError> {
    match txn.crl_recovery(authority).await? {
        Some(number) => Err(RefreshError::Recovering(number)),
        None => Ok(()),
    }
}

/// Seen before a number is taken and anything is signed, so that no CRL with a wrong date exists at all.
async fn refuse_dating_back(
    txn: &mut ReadTxn,
    (authority, list): (&AuthorityId, ListId),
    now: Timestamp,
) -> Result<(), RefreshError> {
    let latest = txn.latest_crls(authority).await?;
    let this_update = now.whole_seconds();
    let same_scope = latest.into_iter().filter(|head| head.list.scope == list.scope);
    match same_scope.map(|head| head.this_update).max() {
        Some(previous) if this_update < previous => Err(CheckError::DatedBack { this_update, previous }.into()),
        _ => Ok(()),
    }
}

/// What the list has: every row of the database beside every entry of the earlier list.
async fn gather(
    store: &Store,
    (authority, list): (&AuthorityId, ListId),
    earlier: Option<CrlRow>,
    now: Timestamp,
) -> Result<Draft, RefreshError> {
    let mut txn = store.read().await?;
    let mut kept = match earlier {
        Some(row) => Some(crate::source::kept(&mut txn, row).await?),
        None => None,
    };
    let earlier = kept.as_mut().map(crate::spool::Spool::reader).transpose()?;
    let mut succession = Succession::begin(list.kind, earlier, now.whole_seconds())?;
    let mut rows = Revocations::of(&mut txn, authority, list.scope).await?;
    while let Some(revoked) = rows.next(&mut txn).await? {
        succession.take(&revoked)?;
    }
    Ok(succession.end()?)
}

/// A list that is about to exist.
#[derive(Clone)]
struct Next<'a> {
    issuer: Issuer,
    plan: &'a ListPlan,
    number: i64,
    base_number: Option<i64>,
    now: Timestamp,
    validity: Duration,
}

/// A signed list with what is kept of it.
struct Sealed {
    signed: SignedDraft,
    sha256: Option<[u8; 32]>,
}

impl Next<'_> {
    fn next_update(&self) -> Timestamp {
        self.now.plus(self.validity).whole_seconds()
    }

    async fn sealed(self, draft: Draft, signer: &Arc<dyn Signer>) -> Result<(Sealed, Self), RefreshError> {
        let (signer, issuer, plan) = (Arc::clone(signer), self.issuer.clone(), self.plan.clone());
        let (number, base, this_update, next_update) =
            (self.number, self.base_number, self.now.whole_seconds(), self.next_update());
        let sealed = tokio::task::spawn_blocking(move || {
            let unsigned = |number: i64| u64::try_from(number).unwrap_or(0);
            let content = CrlContent {
                issuer: &issuer.certificate,
                algorithm: issuer.algorithm,
                list: plan.list,
                number: unsigned(number),
                base_number: base.map(unsigned),
                this_update,
                next_update,
                addresses: &plan.addresses,
                freshest: &plan.freshest,
            };
            seal(draft, &content, (signer.as_ref(), &issuer.key))
        });
        Ok((sealed.await.map_err(|_| RefreshError::Thread)??, self))
    }

    /// The head of the list once it is stored, `None` when it was overtaken; and its entries.
    async fn stored(
        &self,
        store: &Store,
        authority: &AuthorityId,
        (mut sealed, purpose): (Sealed, Purpose),
    ) -> Result<(Option<CrlHead>, Draft), RefreshError> {
        let head = CrlHead {
            authority_id: authority.clone(),
            list: self.plan.list,
            number: self.number,
            base_number: self.base_number,
            this_update: self.now.whole_seconds(),
            next_update: self.next_update(),
            octets: i64::try_from(sealed.signed.octets()).unwrap_or(i64::MAX),
            entries: i64::try_from(sealed.signed.draft().count()).ok(),
            sha256: sealed.sha256,
        };
        let der = self.keep_pieces(store, authority, &mut sealed.signed).await?;
        let mut txn = store.write(self.now, ACTOR).await?;
        refuse_while_recovering(&mut txn, authority).await?;
        let draft = sealed.signed.into_draft();
        match txn.store_crl(&CrlRow { head: head.clone(), der }).await {
            Ok(()) => txn.commit(Step::CrlStored).await?,
            Err(StoreError::Stale { .. }) if purpose == Purpose::Regular => return Ok((None, draft)),
            Err(error) => return Err(error.into()),
        }
        Ok((Some(head), draft))
    }

    /// Writes every piece but the first, which is returned: it makes the list stored.
    async fn keep_pieces(
        &self,
        store: &Store,
        authority: &AuthorityId,
        signed: &mut SignedDraft,
    ) -> Result<Vec<u8>, RefreshError> {
        let mut reader = signed.reader()?;
        let first = piece(&mut reader)?;
        for number in 1.. {
            let octets = piece(&mut reader)?;
            if octets.is_empty() {
                break;
            }
            let mut txn = store.write(self.now, ACTOR).await?;
            txn.store_crl_piece(authority, self.number, number, &octets).await?;
            txn.commit(Step::CrlPieceKept).await?;
        }
        Ok(first)
    }
}

fn piece(reader: &mut impl Read) -> io::Result<Vec<u8>> {
    let mut octets = Vec::new();
    reader.take(u64::try_from(PIECE).unwrap_or(u64::MAX)).read_to_end(&mut octets)?;
    Ok(octets)
}

fn seal(draft: Draft, content: &CrlContent<'_>, signer: (&dyn Signer, &KeyLabel)) -> Result<Sealed, RefreshError> {
    let mut signed = draft.sign(content, signer)?;
    let written = (signed.draft().count(), signed.draft().sum());
    let mut digest = Hasher::new(SignatureHash::Sha256);
    let octets = Digesting { source: signed.reader()?, digest: digest.as_mut() };
    check_written(octets, content, written).inspect_err(|error| {
        if matches!(error, CheckError::Signature) {
            let (signer, key) = signer;
            signer.distrust(key, &format!("it signed a CRL wrongly: {error}"));
        }
    })?;
    let sha256 = digest.and_then(|digest| <[u8; 32]>::try_from(digest.finish().as_bytes()).ok());
    Ok(Sealed { signed, sha256 })
}

/// Reads on, and digests what it has read.
struct Digesting<'a, R> {
    source: R,
    digest: Option<&'a mut Hasher>,
}

impl<R: Read> Read for Digesting<'_, R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let read = self.source.read(into)?;
        if let Some(digest) = &mut self.digest {
            digest.update(into.get(..read).unwrap_or_default());
        }
        Ok(read)
    }
}
