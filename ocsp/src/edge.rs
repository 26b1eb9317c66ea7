//! A responder without key and database: it answers from a bundle that was made where the keys are.
//!
//! It says what it holds, and only while that is current: past nextUpdate, and where the bundle has been altered on its disk,
//! the client is told to come again. It signs nothing, so a nonce is not repeated (RFC 5019 §4 allows that), and a CertID made
//! with SHA-256, or a question about several certificates, has no answer in advance: `unauthorized` (RFC 5019 §2.2.3).

use crate::bundle::{Bundle, BundleError, answer_path};
use crate::cert_id::CertId;
use crate::hot::{Hot, Moment};
use crate::http::{Answers, routes};
use crate::policy::OcspPolicy;
use crate::request::OcspRequest;
use crate::responder::{Answer, Caching};
use crate::response::{OcspResponse, Refusal};
use axum::Router;
use ca_core::id::AuthorityId;
use ca_core::time::{Clock, Timestamp};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

/// What an edge holds. Clones share it.
#[derive(Clone)]
pub struct Edge {
    held: Arc<RwLock<Option<Bundle>>>,
    clock: Arc<dyn Clock>,
    hot: Arc<Hot>,
    /// Something in what is held could not be read as it was signed.
    altered: Arc<AtomicBool>,
}

/// The public routes of the responder.
pub fn router(edge: Edge) -> Router {
    routes(edge)
}

impl Edge {
    /// One that holds nothing yet, and tells everybody to come again.
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self { held: Arc::default(), clock, hot: Arc::default(), altered: Arc::default() }
    }

    /// The bundle that is served; `None` before the first.
    pub fn held(&self) -> Option<Bundle> {
        self.held.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Serves that bundle from now on; [`take_in`](crate::bundle::take_in) has looked at it.
    pub fn hold(&self, bundle: Bundle) {
        *self.held.write().unwrap_or_else(PoisonError::into_inner) = Some(bundle);
        self.altered.store(false, Ordering::Relaxed);
    }

    /// Something of what is held cannot be read as it was signed: the file was written to, or cut off. What else is in it is served
    /// until the next bundle is.
    pub fn found_altered(&self) {
        self.altered.store(true, Ordering::Relaxed);
    }

    /// Whether that was found.
    pub fn is_altered(&self) -> bool {
        self.altered.load(Ordering::Relaxed)
    }

    /// The present, as its clock says.
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// The answer to a question. Two reads of the file, which block: it is in the system's cache of pages where it is in use.
    pub fn answer(&self, authority: &AuthorityId, request: &OcspRequest) -> Answer {
        let Some(bundle) = self.held() else { return Answer::refused(Refusal::TryLater) };
        let [cert_id] = request.cert_ids() else { return Answer::refused(Refusal::Unauthorized) };
        match found(&bundle, authority, cert_id, self.now()) {
            Ok(answer) => answer,
            Err(error) => {
                self.found_altered();
                tracing::error!(event_id = "edge.altered", authority = %authority, %error, "an answer cannot be read");
                Answer::refused(Refusal::TryLater)
            }
        }
    }
}

impl Answers for Edge {
    async fn answer(&self, authority: &AuthorityId, request: &OcspRequest) -> Answer {
        self.answer(authority, request)
    }

    fn at_once(&self, authority: &AuthorityId, request: &OcspRequest, _: Timestamp) -> Option<Answer> {
        Some(self.answer(authority, request)).filter(|answer| answer.refusal.is_none())
    }

    fn moment(&self, now: Timestamp) -> Option<Moment> {
        let number = self.held()?.manifest().number;
        Some(Moment { second: now.seconds(), state: i64::try_from(number).ok()? })
    }

    fn hot(&self) -> &Hot {
        &self.hot
    }

    fn now(&self) -> Timestamp {
        self.clock.now()
    }
}

fn found(bundle: &Bundle, authority: &AuthorityId, asked: &CertId, now: Timestamp) -> Result<Answer, BundleError> {
    let Some(serial) = asked.serial() else { return Ok(Answer::refused(Refusal::Unauthorized)) };
    let Some(record) = bundle.find(&answer_path(authority, serial))? else {
        return Ok(Answer::refused(Refusal::Unauthorized));
    };
    let der = bundle.whole(&record)?;
    // The path has the serial; whether the same issuer is meant, only the answer knows.
    let Ok(OcspResponse::Signed(signed)) = OcspResponse::parse(&der) else { return Err(BundleError::Altered) };
    if !signed.data.responses.iter().any(|single| single.cert_id.names_the_same(asked)) {
        return Ok(Answer::refused(Refusal::Unauthorized));
    }
    if now < record.this_update || now >= record.next_update {
        return Ok(Answer::refused(Refusal::TryLater));
    }
    // The next bundle is expected within the first half of what is left.
    let max_age = (record.next_update.since(now) / 2).min(OcspPolicy::DEFAULT.longest_cached);
    let (this_update, next_update) = (record.this_update, record.next_update);
    Ok(Answer { der, caching: Caching::Public { max_age, this_update, next_update }, refusal: None })
}
