//! The responder: a question in, an answer out. Signed in advance where that will do, signed now where it will not.
//!
//! What it says is read from the database at the moment of the question, also when the answer was signed before: a stored
//! answer is used only while it agrees with the status, so a revocation is seen at once and a lost race of the pre-signer
//! does no harm. Answers in memory were read with what the database said a second ago ([`crate::Follower`]). A serial that was never issued gets `unauthorized`, never *good*.

use std::collections::HashMap;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use ca_core::certificate::CertificateError;
use ca_core::id::AuthorityId;
use ca_core::revocation::{Revocation, RevocationReason};
use ca_core::signer::Signer;
use ca_core::time::{Clock, Timestamp};
use store::authorities::AuthorityRow;
use store::ocsp::{PresignedRow, Status};
use store::{ReadTxn, Store, StoreError};
use tokio::sync::Semaphore;

use crate::cert_id::{CertId, CertIdDigest};
use crate::follow::IN_STEP;
use crate::frame::{About, Said};
use crate::hot::{Hot, Moment};
use crate::identity::{Identity, SigningError, Window};
use crate::policy::{OcspPolicies, OcspPolicy};
use crate::request::OcspRequest;
use crate::response::{CertStatus, OcspResponse, Refusal, SingleResponse};
use crate::shelf::Shelf;
use crate::unanswered::Unanswered;

/// Signatures under way at once; a flood beyond it gets `tryLater` instead of a queue that outlives its clients.
const LIVE_SIGNATURES: usize = 256;

/// Microseconds between two answers of quick keys that are verified: a flood of questions is not made costlier by proofs, and a
/// key that signs wrongly is found within that time. What devices sign, and what is stored, is always verified.
const PROVEN_EVERY: i64 = 10_000;

/// How long an authority's responder certificate is remembered before the database is asked again.
const IDENTITY_REMEMBERED: Duration = Duration::from_secs(60);

/// Answers for every authority of the database that has a responder certificate. Clones share everything.
#[derive(Clone)]
pub struct Responder {
    pub(crate) store: Store,
    pub(crate) signer: Arc<dyn Signer>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) policies: Arc<OcspPolicies>,
    known: Arc<RwLock<HashMap<AuthorityId, Known>>>,
    live: Arc<Semaphore>,
    shelves: Arc<Shelves>,
    pub(crate) unanswered: Arc<Unanswered>,
    pub(crate) hot: Arc<Hot>,
    /// When an answer of a quick key was verified last, in microseconds.
    proven: Arc<AtomicI64>,
}

/// The answers in memory.
#[derive(Debug)]
struct Shelves {
    of: RwLock<HashMap<AuthorityId, Arc<Shelf>>>,
    /// When they were last looked after, in microseconds; before that nobody asks them.
    in_step: AtomicI64,
    /// How often this process had changed what is said of a certificate then.
    changes: AtomicU64,
}

#[derive(Clone)]
struct Known {
    since: Timestamp,
    identity: Arc<Identity>,
}

/// An answer, ready for the wire.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// OCSPResponse, DER.
    pub der: Vec<u8>,
    /// What caches may do with it.
    pub caching: Caching,
    /// Why it says nothing, where it does not.
    pub refusal: Option<Refusal>,
}

/// Whether an answer may be kept by caches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Caching {
    /// The same question gets the same answer for a while.
    Public {
        /// For how long.
        max_age: Duration,
        /// The answer's thisUpdate.
        this_update: Timestamp,
        /// The answer's nextUpdate.
        next_update: Timestamp,
    },
    /// An answer for one client, or a refusal.
    Never,
}

/// Why no answer could be given, for the log; the client gets [`Failure::refusal`].
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("a certificate of the authority cannot be read: {0}")]
    Certificate(#[from] CertificateError),
    #[error(transparent)]
    Signing(#[from] SigningError),
    #[error("{LIVE_SIGNATURES} answers are being signed already")]
    Busy,
    #[error("the signing thread ended without an answer")]
    Thread,
}

impl Failure {
    /// What the client is told: to come again where that can help.
    const fn refusal(&self) -> Refusal {
        match self {
            Self::Store(_) | Self::Busy | Self::Signing(SigningError::Signer(_)) => Refusal::TryLater,
            Self::Certificate(_) | Self::Signing(_) | Self::Thread => Refusal::InternalError,
        }
    }
}

/// What is known about one CertID.
enum Standing {
    /// Another issuer's.
    Foreign,
    /// Our issuer's, and no certificate has that serial (or not yet).
    Unissued,
    /// Our certificate's.
    Known(CertStatus),
}

impl Responder {
    /// A responder that reads `store`, signs with `signer` and tells the time by `clock`.
    pub fn new(
        store: Store,
        signer: Arc<dyn Signer>,
        clock: Arc<dyn Clock>,
        policies: impl Into<OcspPolicies>,
    ) -> Self {
        let policies = Arc::new(policies.into());
        let shelves =
            Arc::new(Shelves { of: RwLock::default(), in_step: AtomicI64::new(i64::MIN), changes: AtomicU64::new(0) });
        let live = Arc::new(Semaphore::new(LIVE_SIGNATURES));
        Self {
            store,
            signer,
            clock,
            policies,
            known: Arc::default(),
            live,
            shelves,
            unanswered: Arc::default(),
            hot: Arc::default(),
            proven: Arc::default(),
        }
    }

    /// The answer of `authority`'s responder. Never fails: what goes wrong becomes a refusal and a line in the log.
    pub async fn answer(&self, authority: &AuthorityId, request: &OcspRequest) -> Answer {
        match self.answered(authority, request).await {
            Ok(answer) => answer,
            Err(failure) => {
                tracing::warn!(authority = %authority, error = %failure, "no OCSP answer could be given");
                Answer::refused(failure.refusal())
            }
        }
    }

    /// The answer of `authority`'s responder where memory has it, without waiting for anything; `None` where it takes more.
    pub(crate) fn at_once(&self, authority: &AuthorityId, request: &OcspRequest, now: Timestamp) -> Option<Answer> {
        let identity = self.known(authority, now)?;
        self.remembered(&identity, request, now).or_else(|| self.signed_at_once(&identity, request, now))
    }

    /// One signed for this question, where memory knows what to say and the key is quick.
    fn signed_at_once(&self, identity: &Identity, request: &OcspRequest, now: Timestamp) -> Option<Answer> {
        let [cert_id] = request.cert_ids() else { return None };
        self.moment(now)?;
        if !identity.issued_by_us(cert_id) {
            return None;
        }
        let status = self.shelf(&identity.authority)?.status(cert_id.serial()?, now)?;
        let policy = self.policies.of(&identity.line);
        let window = identity.window(now, policy.validity).ok()?;
        let Window { this_update, next_update } = window;
        let said = Said { about: About::Asked(cert_id), status, this_update, next_update };
        let der = identity.sign_at_once(self.signer.as_ref(), (&said, request.nonce()), self.proof_is_due(now))?;
        let caching = if request.nonce().is_some() { Caching::Never } else { policy.caching(window, now) };
        Some(Answer { der, caching, refusal: None })
    }

    /// Whether the next answer of a quick key is verified: every one, while there are fewer than a hundred a second.
    fn proof_is_due(&self, now: Timestamp) -> bool {
        let last = self.proven.load(Ordering::Relaxed);
        let due = now.micros().checked_sub(last).is_none_or(|since| !(0..PROVEN_EVERY).contains(&since));
        due && self.proven.compare_exchange(last, now.micros(), Ordering::Relaxed, Ordering::Relaxed).is_ok()
    }

    /// The moment `now` is of: what was said in it may be said again. `None` while memory is not in step with the database.
    pub(crate) fn moment(&self, now: Timestamp) -> Option<Moment> {
        let looked = self.shelves.in_step.load(Ordering::Acquire);
        let changed = self.store.status_changes() != self.shelves.changes.load(Ordering::Acquire);
        let at = Timestamp::from_micros(looked);
        let in_step = !changed && now >= at && now.since(at) <= IN_STEP;
        in_step.then(|| Moment { second: now.seconds(), state: looked })
    }

    async fn answered(&self, authority: &AuthorityId, request: &OcspRequest) -> Result<Answer, Failure> {
        let now = self.clock.now();
        let Some(identity) = self.identity(authority, now).await? else {
            return Ok(Answer::refused(Refusal::Unauthorized));
        };
        if let Some(answer) = self.remembered(&identity, request, now) {
            return Ok(answer);
        }
        let mut txn = self.store.read().await?;
        let mut statuses = Vec::with_capacity(request.cert_ids().len());
        let mut ours = 0usize;
        for cert_id in request.cert_ids() {
            match standing(&mut txn, &identity, cert_id).await? {
                // RFC 6960 §2.2: `unknown` beside certificates we do answer for.
                Standing::Foreign => statuses.push(CertStatus::Unknown),
                // Issued a moment ago perhaps: no answer at all, so that nothing remembers a wrong one.
                Standing::Unissued => return Ok(Answer::refused(Refusal::Unauthorized)),
                Standing::Known(status) => {
                    if let Some(serial) = cert_id.serial() {
                        self.unanswered.note(authority, serial);
                    }
                    ours += 1;
                    statuses.push(status);
                }
            }
        }
        if ours == 0 {
            return Ok(Answer::refused(Refusal::Unauthorized));
        }
        if let ([cert_id], [status], None) = (request.cert_ids(), statuses.as_slice(), request.nonce())
            && let Some(row) = stored(&mut txn, &identity, cert_id).await?
            && agrees(&row, cert_id, status, now)
        {
            return Ok(presigned_answer(row, self.policies.of(&identity.line), now));
        }
        drop(txn);
        let policy = self.policies.of(&identity.line);
        self.signed_now(identity, request, statuses, (policy, now)).await
    }

    /// The answer in memory, where that is in step with the database and one that was signed ahead will do.
    fn remembered(&self, identity: &Identity, request: &OcspRequest, now: Timestamp) -> Option<Answer> {
        let ([cert_id], None) = (request.cert_ids(), request.nonce()) else { return None };
        if cert_id.issuer()?.digest != CertIdDigest::Sha1 || !identity.issued_by_us(cert_id) {
            return None;
        }
        self.moment(now)?;
        let found = self.shelf(&identity.authority)?.answer(cert_id.serial()?)?;
        let window = Window { this_update: found.this_update, next_update: found.next_update };
        let fresh = window.this_update <= now && now < window.next_update;
        let caching = self.policies.of(&identity.line).caching(window, now);
        fresh.then_some(Answer { der: found.der, caching, refusal: None })
    }

    /// How many answers are in memory.
    pub fn in_memory(&self) -> usize {
        self.shelves.of.read().unwrap_or_else(PoisonError::into_inner).values().map(|shelf| shelf.len()).sum()
    }

    pub(crate) fn shelf(&self, authority: &AuthorityId) -> Option<Arc<Shelf>> {
        self.shelves.of.read().unwrap_or_else(PoisonError::into_inner).get(authority).cloned()
    }

    pub(crate) fn put_up(&self, authority: &AuthorityId, shelf: Arc<Shelf>) {
        self.shelves.of.write().unwrap_or_else(PoisonError::into_inner).insert(authority.clone(), shelf);
    }

    /// Memory says what the database said at `now`, when this process had changed it that often.
    pub(crate) fn in_step(&self, now: Timestamp, changes: u64) {
        self.shelves.changes.store(changes, Ordering::Release);
        self.shelves.in_step.store(now.micros(), Ordering::Release);
    }

    async fn signed_now(
        &self,
        identity: Arc<Identity>,
        request: &OcspRequest,
        statuses: Vec<CertStatus>,
        (policy, now): (OcspPolicy, Timestamp),
    ) -> Result<Answer, Failure> {
        let window = identity.window(now, policy.validity)?;
        let responses =
            request.cert_ids().iter().zip(statuses).map(|(cert_id, status)| window.single(cert_id.clone(), status));
        let data = identity.data(responses.collect(), request.nonce(), window.this_update);
        let permit = Arc::clone(&self.live).try_acquire_owned().map_err(|_| Failure::Busy)?;
        let signer = Arc::clone(&self.signer);
        let signed = tokio::task::spawn_blocking(move || {
            let signed = identity.sign(signer.as_ref(), vec![data]).pop();
            drop(permit);
            signed
        });
        let response = signed.await.map_err(|_| Failure::Thread)?.ok_or(Failure::Thread)??;
        let caching = if request.nonce().is_some() { Caching::Never } else { policy.caching(window, now) };
        Ok(Answer { der: response.to_der(), caching, refusal: None })
    }

    fn known(&self, authority: &AuthorityId, now: Timestamp) -> Option<Arc<Identity>> {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        let known =
            known.get(authority).filter(|known| known.since <= now && now.since(known.since) < IDENTITY_REMEMBERED)?;
        Some(Arc::clone(&known.identity))
    }

    fn identified(&self, row: &AuthorityRow) -> Result<Option<Identity>, CertificateError> {
        Identity::of(row, self.policies.history(&row.generation.line))
    }

    /// The responder of an authority; `None` when there is no such authority or it has none.
    pub(crate) async fn identity(
        &self,
        authority: &AuthorityId,
        now: Timestamp,
    ) -> Result<Option<Arc<Identity>>, Failure> {
        if let Some(known) = self.known(authority, now) {
            return Ok(Some(known));
        }
        let row = self.store.read().await?.authority(authority).await?;
        let Some(identity) = row.map(|row| self.identified(&row)).transpose()?.flatten() else { return Ok(None) };
        let identity = Arc::new(identity);
        let known = Known { since: now, identity: Arc::clone(&identity) };
        self.known.write().unwrap_or_else(PoisonError::into_inner).insert(authority.clone(), known);
        Ok(Some(identity))
    }
}

fn presigned_answer(row: PresignedRow, policy: OcspPolicy, now: Timestamp) -> Answer {
    let window = Window { this_update: row.this_update, next_update: row.next_update };
    Answer { der: row.der, caching: policy.caching(window, now), refusal: None }
}

impl Answer {
    /// An unsigned refusal; no cache keeps it.
    pub fn refused(refusal: Refusal) -> Self {
        Self { der: refusal.to_der(), caching: Caching::Never, refusal: Some(refusal) }
    }
}

impl Window {
    pub(crate) const fn single(self, cert_id: CertId, status: CertStatus) -> SingleResponse {
        SingleResponse {
            cert_id,
            status,
            this_update: self.this_update,
            next_update: Some(self.next_update),
            archive_cutoff: None,
        }
    }
}

/// What OCSP says for a row; `None` for a serial without a certificate.
pub(crate) fn status_said(status: Status) -> Option<CertStatus> {
    match status {
        Status::Unissued => None,
        Status::Good => Some(CertStatus::Good),
        Status::Revoked(Revocation { reason, revoked_at, .. }) => Some(CertStatus::Revoked {
            at: revoked_at.whole_seconds(),
            reason: (reason != RevocationReason::Unspecified).then_some(reason),
        }),
    }
}

async fn standing(txn: &mut ReadTxn, identity: &Identity, cert_id: &CertId) -> Result<Standing, StoreError> {
    if !identity.issued_by_us(cert_id) {
        return Ok(Standing::Foreign);
    }
    let Some(serial) = cert_id.serial() else { return Ok(Standing::Unissued) };
    let status = txn.certificate_status(&identity.authority, serial).await?;
    Ok(status_said(status).map_or(Standing::Unissued, Standing::Known))
}

/// Answers in store are about SHA-1 CertIDs, which nearly all clients without a nonce send (RFC 5019 §2.1.1).
async fn stored(txn: &mut ReadTxn, identity: &Identity, cert_id: &CertId) -> Result<Option<PresignedRow>, StoreError> {
    match (cert_id.issuer().map(|issuer| issuer.digest), cert_id.serial()) {
        (Some(CertIdDigest::Sha1), Some(serial)) => txn.presigned(&identity.authority, serial).await,
        _ => Ok(None),
    }
}

/// Whether a stored answer is fresh and says what is true now.
fn agrees(row: &PresignedRow, cert_id: &CertId, status: &CertStatus, now: Timestamp) -> bool {
    let Ok(OcspResponse::Signed(signed)) = OcspResponse::parse(&row.der) else { return false };
    let [single] = signed.data.responses.as_slice() else { return false };
    row.this_update <= now
        && now < row.next_update
        && single.status == *status
        && single.cert_id.names_the_same(cert_id)
}
