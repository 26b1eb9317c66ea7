//! What the world fetches over plain HTTP: CRLs (`/crl/<authority>.crl`), the authorities' certificates
//! (`/aia/<authority>.cer`, `.pem`; `.p7c` with every certificate issued to it) and the link certificates between their
//! generations (`/aia/<authority>.by-<issuer>.cer`, `.pem`). Everything is signed or self-evident, so nothing here is secret.
//!
//! A CRL past its nextUpdate is still served, with `no-store` and without `Expires`: its entries are still revoked, a
//! reader that checks nextUpdate refuses it by itself, and one that fails open on an error page would lose even those
//! entries. Caches must not hold it for a moment longer, so that the next one is seen at once.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode, header};
use axum::response::IntoResponse;
use axum::routing::get;
use ca_core::certificate::{pkcs7, to_pem};
use ca_core::digest::{hex, sha256};
use ca_core::id::AuthorityId;
use ca_core::time::{Clock, Timestamp};
use store::crls::CrlRow;
use store::{Store, StoreError};

/// The longest a cache may hold a CRL: the time within which an ordinary revocation must be visible.
const LONGEST_CACHED: Duration = Duration::from_secs(3600);
/// How long a cache may hold an authority's certificate.
const CERTIFICATE_CACHED: Duration = Duration::from_secs(24 * 3600);

/// What the routes need.
#[derive(Clone)]
pub struct CrlState {
    /// Where CRLs and authorities stand.
    pub store: Store,
    /// The present.
    pub clock: Arc<dyn Clock>,
}

/// The public routes of CRLs and authority certificates.
pub fn router(state: CrlState) -> Router {
    Router::new().route("/crl/{file}", get(crl)).route("/aia/{file}", get(authority_certificate)).with_state(state)
}

async fn crl(State(state): State<CrlState>, Path(file): Path<String>, request: HeaderMap) -> Response<Body> {
    let Some(authority) = file.strip_suffix(".crl").and_then(|slug| AuthorityId::parse(slug).ok()) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    match latest(&state.store, &authority).await {
        Ok(Some(crl)) => answer_crl(crl, state.clock.now(), &request),
        Ok(None) => StatusCode::NOT_FOUND.into_response(),
        Err(error) => unavailable(&error),
    }
}

async fn latest(store: &Store, authority: &AuthorityId) -> Result<Option<CrlRow>, StoreError> {
    store.read().await?.latest_crl(authority).await
}

fn answer_crl(crl: CrlRow, now: Timestamp, request: &HeaderMap) -> Response<Body> {
    let tag = entity_tag(&crl.der);
    let mut answer = Response::new(Body::empty());
    let remaining = crl.next_update.since(now);
    let caching = if remaining.is_zero() {
        "no-store".to_owned()
    } else {
        set(&mut answer, header::EXPIRES, &crl.next_update.http_date());
        format!("public, max-age={}", LONGEST_CACHED.min(remaining / 2).as_secs())
    };
    set(&mut answer, header::CACHE_CONTROL, &caching);
    set(&mut answer, header::LAST_MODIFIED, &crl.this_update.http_date());
    set(&mut answer, header::ETAG, &tag);
    // Not If-Modified-Since: two CRLs of one second have one date, and the second must not stay unseen (RFC 9110 §8.8.2.2).
    if matches_tag(request, &tag) == Some(true) {
        *answer.status_mut() = StatusCode::NOT_MODIFIED;
        return answer;
    }
    set(&mut answer, header::CONTENT_TYPE, "application/pkix-crl");
    *answer.body_mut() = Body::from(crl.der);
    answer
}

async fn authority_certificate(
    State(state): State<CrlState>,
    Path(file): Path<String>,
    request: HeaderMap,
) -> Response<Body> {
    let Some((slug, form)) = file.rsplit_once('.') else { return StatusCode::NOT_FOUND.into_response() };
    let certificates = match certificates(&state.store, slug).await {
        Ok(certificates) => certificates,
        Err(error) => return unavailable(&error),
    };
    let Some(certificate) = certificates.first() else { return StatusCode::NOT_FOUND.into_response() };
    let (kind, body) = match form {
        "cer" => ("application/pkix-cert", certificate.clone()),
        "pem" => ("application/x-pem-file", to_pem("CERTIFICATE", certificate).into_bytes()),
        // RFC 5280 §4.2.2.1 names this form for caIssuers: every certificate issued to the authority.
        "p7c" => {
            let all: Vec<&[u8]> = certificates.iter().map(Vec::as_slice).collect();
            ("application/pkcs7-mime; smime-type=certs-only", pkcs7::certs_only(&all))
        }
        _ => return StatusCode::NOT_FOUND.into_response(),
    };
    let tag = entity_tag(&body);
    let mut answer = Response::new(Body::empty());
    set(&mut answer, header::CACHE_CONTROL, &format!("public, max-age={}", CERTIFICATE_CACHED.as_secs()));
    set(&mut answer, header::ETAG, &tag);
    if matches_tag(&request, &tag) == Some(true) {
        *answer.status_mut() = StatusCode::NOT_MODIFIED;
        return answer;
    }
    set(&mut answer, header::CONTENT_TYPE, kind);
    *answer.body_mut() = Body::from(body);
    answer
}

/// What a name in the repository stands for: the authority's certificate, the links to it and what it brought from above, or (`root-g2.by-root`) the
/// link by one issuer alone. Empty when there is no such thing.
async fn certificates(store: &Store, name: &str) -> Result<Vec<Vec<u8>>, StoreError> {
    let (authority, by) = match name.split_once(".by-") {
        Some((authority, by)) => (AuthorityId::parse(authority), Some(AuthorityId::parse(by))),
        None => (AuthorityId::parse(name), None),
    };
    let (Ok(authority), Ok(by)) = (authority, by.transpose()) else { return Ok(Vec::new()) };
    let mut txn = store.read().await?;
    let Some(row) = txn.authority(&authority).await? else { return Ok(Vec::new()) };
    let links = txn.links(&authority).await?.into_iter();
    Ok(match by {
        Some(by) => links.filter(|link| link.authority_id == by).map(|link| link.der).collect(),
        None => {
            let above = txn.above(&authority).await?;
            std::iter::once(row.certificate).chain(links.map(|link| link.der)).chain(above).collect()
        }
    })
}

fn unavailable(error: &StoreError) -> Response<Body> {
    tracing::error!(error = %error, "the repository cannot read the database");
    let mut answer = StatusCode::SERVICE_UNAVAILABLE.into_response();
    set(&mut answer, header::RETRY_AFTER, "30");
    set(&mut answer, header::CACHE_CONTROL, "no-store");
    answer
}

/// A strong validator: the same octets, the same tag, on every node.
fn entity_tag(body: &[u8]) -> String {
    format!("\"{}\"", hex(sha256(body).get(..16).unwrap_or_default()))
}

fn matches_tag(request: &HeaderMap, tag: &str) -> Option<bool> {
    let mut wanted = request.get_all(header::IF_NONE_MATCH).iter().peekable();
    wanted.peek()?;
    Some(wanted.filter_map(|value| value.to_str().ok()).flat_map(|value| value.split(',')).any(|one| {
        let one = one.trim();
        one == "*" || one.strip_prefix("W/").unwrap_or(one) == tag
    }))
}

fn set(answer: &mut Response<Body>, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        answer.headers_mut().insert(name, value);
    }
}
