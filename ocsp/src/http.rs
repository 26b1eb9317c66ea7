//! OCSP over HTTP (RFC 6960 appendix A, RFC 5019 §5): POST, and GET with the request in the path, which caches understand.
//!
//! Refusals are answers too and go out with status 200 and `no-store`; only a body over the limit is refused by HTTP.

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{DefaultBodyLimit, Path, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode, header};
use axum::routing::{get, post};
use ca_core::digest::{hex, sha256};
use ca_core::id::AuthorityId;
use ca_core::time::Timestamp;

use crate::hot::{Hot, Moment};
use crate::request::{LARGEST_REQUEST_OCTETS, OcspRequest, RequestError};
use crate::responder::{Answer, Caching, Responder};
use crate::response::Refusal;

/// The media type of answers (RFC 6960 appendix C.2).
pub(crate) const MEDIA_TYPE: &str = "application/ocsp-response";
/// What every path here begins with.
pub(crate) const ROOT: &str = "/ocsp/";

/// The public routes of the responder. The media type of a POST is not looked at (docs/leniency.md).
pub fn router(responder: Responder) -> Router {
    routes(responder)
}

/// Who answers what came over HTTP.
pub(crate) trait Answers: Clone + Send + Sync + 'static {
    /// The answer of that authority's responder; what goes wrong becomes a refusal.
    fn answer(&self, authority: &AuthorityId, request: &OcspRequest) -> impl Future<Output = Answer> + Send;
    /// The same where nothing has to be waited for; `None` where something has.
    fn at_once(&self, authority: &AuthorityId, request: &OcspRequest, now: Timestamp) -> Option<Answer>;
    /// The moment `now` is of; `None` while nothing is answered at once.
    fn moment(&self, now: Timestamp) -> Option<Moment>;
    /// What was said a moment ago.
    fn hot(&self) -> &Hot;
    /// The present.
    fn now(&self) -> Timestamp;
}

impl Answers for Responder {
    async fn answer(&self, authority: &AuthorityId, request: &OcspRequest) -> Answer {
        self.answer(authority, request).await
    }

    fn at_once(&self, authority: &AuthorityId, request: &OcspRequest, now: Timestamp) -> Option<Answer> {
        self.at_once(authority, request, now)
    }

    fn moment(&self, now: Timestamp) -> Option<Moment> {
        self.moment(now)
    }

    fn hot(&self) -> &Hot {
        &self.hot
    }

    fn now(&self) -> Timestamp {
        self.clock.now()
    }
}

/// The same routes, whoever answers.
pub(crate) fn routes<A: Answers>(answers: A) -> Router {
    Router::new()
        .route("/ocsp/{authority}", post(asked_by_post::<A>))
        .route("/ocsp/{authority}/{*base64}", get(asked_by_get::<A>))
        .layer(DefaultBodyLimit::max(LARGEST_REQUEST_OCTETS))
        .with_state(answers)
}

async fn asked_by_post<A: Answers>(
    State(responder): State<A>,
    Path(authority): Path<String>,
    body: Bytes,
) -> Response<Body> {
    ok(as_posted(answered(&responder, &authority, OcspRequest::parse(&body)).await))
}

// RFC 9110 §9.3.3: a POST's answer is not reused, whatever it says about itself.
pub(crate) fn as_posted(answer: Answer) -> Answer {
    Answer { caching: Caching::Never, ..answer }
}

async fn asked_by_get<A: Answers>(
    State(responder): State<A>,
    // axum has undone the percent-encoding; a literal `+` stays what it is.
    Path((authority, base64)): Path<(String, String)>,
    request: HeaderMap,
) -> Response<Body> {
    let mut response = ok(answered(&responder, &authority, OcspRequest::parse_path(&base64)).await);
    let tag = response.headers().get(header::ETAG);
    let mut wanted = request.get_all(header::IF_NONE_MATCH).iter();
    if tag.is_some_and(|tag| wanted.any(|wanted| names(wanted.as_bytes(), tag.as_bytes()))) {
        *response.status_mut() = StatusCode::NOT_MODIFIED;
        response.headers_mut().remove(header::CONTENT_TYPE);
        *response.body_mut() = Body::empty();
    }
    response
}

async fn answered(responder: &impl Answers, authority: &str, request: Result<OcspRequest, RequestError>) -> Answer {
    match (AuthorityId::parse(authority), request) {
        (_, Err(error)) => {
            tracing::debug!(error = %error, "malformed OCSP request");
            Answer::refused(Refusal::MalformedRequest)
        }
        (Err(_), Ok(_)) => Answer::refused(Refusal::Unauthorized),
        (Ok(authority), Ok(request)) => responder.answer(&authority, &request).await,
    }
}

/// What an answer said, beside its response: for whoever counts. The names are those of RFC 6960 §4.2.1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Outcome(pub Option<Refusal>);

fn ok(answer: Answer) -> Response<Body> {
    let mut headers = HeaderMap::with_capacity(8);
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(MEDIA_TYPE));
    answer.describe(answer.tag().as_deref(), |name, value| {
        if let Ok(value) = HeaderValue::try_from(value) {
            headers.insert(name, value);
        }
    });
    let mut response = Response::new(Body::from(answer.der));
    *response.headers_mut() = headers;
    response.extensions_mut().insert(Outcome(answer.refusal));
    response
}

impl Answer {
    /// The entity tag of what caches may keep.
    pub(crate) fn tag(&self) -> Option<String> {
        matches!(self.caching, Caching::Public { .. }).then(|| entity_tag(&self.der))
    }

    /// What caches are told.
    pub(crate) fn describe(&self, tag: Option<&str>, mut set: impl FnMut(HeaderName, &str)) {
        match self.caching {
            Caching::Never => set(header::CACHE_CONTROL, "no-store"),
            Caching::Public { max_age, this_update, next_update } => {
                let age = max_age.as_secs().to_string();
                set(header::CACHE_CONTROL, &["max-age=", &age, ", public, no-transform, must-revalidate"].concat());
                set(header::LAST_MODIFIED, &this_update.http_date());
                set(header::EXPIRES, &next_update.http_date());
            }
        }
        if let Some(tag) = tag {
            set(header::ETAG, tag);
        }
    }
}

fn entity_tag(body: &[u8]) -> String {
    format!("\"{}\"", hex(&sha256(body)))
}

/// Whether one of the entity tags wanted is that one.
pub(crate) fn names(wanted: &[u8], tag: &[u8]) -> bool {
    let mut wanted = wanted.split(|octet| *octet == b',').map(<[u8]>::trim_ascii);
    wanted.any(|one| one.strip_prefix(b"W/").unwrap_or(one) == tag)
}
