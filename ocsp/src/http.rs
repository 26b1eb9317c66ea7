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

use crate::request::{LARGEST_REQUEST_OCTETS, OcspRequest, RequestError};
use crate::responder::{Answer, Caching, Responder};
use crate::response::Refusal;

/// The public routes of the responder. The media type of a POST is not looked at (docs/leniency.md).
pub fn router(responder: Responder) -> Router {
    routes(responder)
}

/// Who answers what came over HTTP.
pub(crate) trait Answers: Clone + Send + Sync + 'static {
    /// The answer of that authority's responder; what goes wrong becomes a refusal.
    fn answer(&self, authority: &AuthorityId, request: &OcspRequest) -> impl Future<Output = Answer> + Send;
}

impl Answers for Responder {
    async fn answer(&self, authority: &AuthorityId, request: &OcspRequest) -> Answer {
        self.answer(authority, request).await
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
    let answer = answered(&responder, &authority, OcspRequest::parse(&body)).await;
    // RFC 9110 §9.3.3: a POST's answer is not reused, whatever it says about itself.
    ok(Answer { caching: Caching::Never, ..answer })
}

async fn asked_by_get<A: Answers>(
    State(responder): State<A>,
    // axum has undone the percent-encoding; a literal `+` stays what it is.
    Path((authority, base64)): Path<(String, String)>,
    request: HeaderMap,
) -> Response<Body> {
    let answer = answered(&responder, &authority, OcspRequest::parse_path(&base64)).await;
    let unchanged = matches!(answer.caching, Caching::Public { .. }) && knows(&request, &entity_tag(&answer.der));
    let mut response = ok(answer);
    if unchanged {
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
    let tag = match answer.caching {
        Caching::Never => String::new(),
        Caching::Public { .. } => entity_tag(&answer.der),
    };
    let mut response = Response::new(Body::from(answer.der));
    response.extensions_mut().insert(Outcome(answer.refusal));
    set(&mut response, header::CONTENT_TYPE, "application/ocsp-response");
    match answer.caching {
        Caching::Never => set(&mut response, header::CACHE_CONTROL, "no-store"),
        Caching::Public { max_age, this_update, next_update } => {
            let control = format!("max-age={}, public, no-transform, must-revalidate", max_age.as_secs());
            set(&mut response, header::CACHE_CONTROL, &control);
            set(&mut response, header::LAST_MODIFIED, &this_update.http_date());
            set(&mut response, header::EXPIRES, &next_update.http_date());
            set(&mut response, header::ETAG, &tag);
        }
    }
    response
}

fn entity_tag(body: &[u8]) -> String {
    format!("\"{}\"", hex(&sha256(body)))
}

fn knows(request: &HeaderMap, tag: &str) -> bool {
    let wanted = request.get_all(header::IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
    wanted.flat_map(|value| value.split(',')).any(|one| one.trim().trim_start_matches("W/") == tag)
}

fn set(response: &mut Response<Body>, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        response.headers_mut().insert(name, value);
    }
}
