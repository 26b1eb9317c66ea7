//! What the world fetches over plain HTTP: CRLs (`/crl/<authority>.crl`, `/crl/<authority>/<list>.crl`), the authorities'
//! certificates (`/aia/<authority>.cer`, `.pem`; `.p7c` with every certificate issued to it) and the link certificates between
//! their generations (`/aia/<authority>.by-<issuer>.cer`, `.pem`). Everything is signed or self-evident, so nothing is secret.
//!
//! A CRL past its nextUpdate is still served, with `no-store` and without `Expires`: its entries are still revoked, a
//! reader that checks nextUpdate refuses it by itself, and one that fails open on an error page would lose even those
//! entries. Caches must not hold it for a moment longer, so that the next one is seen at once.
//!
//! A short CRL stays in memory until the next is stored; a long one is handed on piece by piece, as fast as its reader
//! takes it, so that no number of slow readers takes more than a piece each.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode, header};
use axum::response::IntoResponse;
use axum::routing::get;
use ca_core::certificate::{pkcs7, to_pem};
use ca_core::digest::{hex, sha256};
use ca_core::id::AuthorityId;
use ca_core::revocation::ListId;
use ca_core::time::{Clock, Timestamp};
use futures_util::stream::try_unfold;
use store::crls::CrlHead;
use store::{Store, StoreError};

/// The longest a cache may hold a CRL: the time within which an ordinary revocation must be visible.
const LONGEST_CACHED: Duration = Duration::from_secs(3600);
/// How long a cache may hold an authority's certificate.
const CERTIFICATE_CACHED: Duration = Duration::from_secs(24 * 3600);
/// Octets of a CRL that is kept in memory.
const SHORT: i64 = 4 << 20;

/// What the routes need. Clones share what they remember.
#[derive(Clone)]
pub struct CrlState {
    store: Store,
    clock: Arc<dyn Clock>,
    short: Arc<RwLock<HashMap<Place, Arc<Short>>>>,
}

/// Whose list, and which.
type Place = (AuthorityId, ListId);

/// A short CRL.
struct Short {
    head: CrlHead,
    der: Bytes,
}

impl CrlState {
    /// Serves what stands in `store`.
    pub fn new(store: Store, clock: Arc<dyn Clock>) -> Self {
        Self { store, clock, short: Arc::default() }
    }
}

/// The public routes of CRLs and authority certificates.
pub fn router(state: CrlState) -> Router {
    Router::new().route("/crl/{*path}", get(crl)).route("/aia/{file}", get(authority_certificate)).with_state(state)
}

async fn crl(State(state): State<CrlState>, Path(path): Path<String>, request: HeaderMap) -> Response<Body> {
    let Some((authority, list)) = ListId::of_path(&path) else { return StatusCode::NOT_FOUND.into_response() };
    match state.answer_crl(&authority, list, &request).await {
        Ok(Some(answer)) => answer,
        Ok(None) => StatusCode::NOT_FOUND.into_response(),
        Err(error) => unavailable(&error),
    }
}

impl CrlState {
    async fn answer_crl(
        &self,
        authority: &AuthorityId,
        list: ListId,
        request: &HeaderMap,
    ) -> Result<Option<Response<Body>>, StoreError> {
        let mut txn = self.store.read().await?;
        let Some(head) = txn.latest_crl_head(authority, list).await? else { return Ok(None) };
        drop(txn);
        let mut answer = Response::new(Body::empty());
        let digest = match head.sha256 {
            Some(digest) => digest,
            None => sha256(&self.short(&head).await?.der),
        };
        let tag = format!("\"{}\"", hex(digest.get(..16).unwrap_or_default()));
        describe(&mut answer, (&head, &tag), self.clock.now());
        // Not If-Modified-Since: two CRLs of one second have one date, and the second must not stay unseen (RFC 9110 §8.8.2.2).
        if matches_tag(request, &tag) == Some(true) {
            *answer.status_mut() = StatusCode::NOT_MODIFIED;
            return Ok(Some(answer));
        }
        set(&mut answer, header::CONTENT_TYPE, "application/pkix-crl");
        *answer.body_mut() = if head.octets <= SHORT {
            Body::from(self.short(&head).await?.der.clone())
        } else {
            set(&mut answer, header::CONTENT_LENGTH, &head.octets.to_string());
            self.pieces(head)
        };
        Ok(Some(answer))
    }

    /// That list, from memory or into it.
    async fn short(&self, head: &CrlHead) -> Result<Arc<Short>, StoreError> {
        let place = (head.authority_id.clone(), head.list);
        let known = self.short.read().unwrap_or_else(PoisonError::into_inner).get(&place).cloned();
        if let Some(known) = known.filter(|known| known.head.number == head.number) {
            return Ok(known);
        }
        let mut txn = self.store.read().await?;
        let row = txn.crl(&head.authority_id, head.number).await?.ok_or(StoreError::NotFound { what: "crl" })?;
        let short = Arc::new(Short { head: row.head.clone(), der: Bytes::from(txn.whole_crl(row).await?) });
        self.short.write().unwrap_or_else(PoisonError::into_inner).insert(place, Arc::clone(&short));
        Ok(short)
    }

    /// A long list, piece by piece. An error in the middle ends the connection, so that nobody takes a part for the whole.
    fn pieces(&self, head: CrlHead) -> Body {
        Body::from_stream(try_unfold((self.store.clone(), head, 0i64), |(store, head, piece)| async move {
            let mut txn = store.read().await?;
            let octets = if piece == 0 {
                txn.crl(&head.authority_id, head.number).await?.map(|row| row.der)
            } else {
                txn.crl_piece(&head.authority_id, head.number, piece).await?
            };
            drop(txn);
            Ok::<_, StoreError>(octets.map(|octets| (Bytes::from(octets), (store, head, piece.saturating_add(1)))))
        }))
    }
}

fn describe(answer: &mut Response<Body>, (head, tag): (&CrlHead, &str), now: Timestamp) {
    let remaining = head.next_update.since(now);
    let caching = if remaining.is_zero() {
        "no-store".to_owned()
    } else {
        set(answer, header::EXPIRES, &head.next_update.http_date());
        format!("public, max-age={}", LONGEST_CACHED.min(remaining / 2).as_secs())
    };
    set(answer, header::CACHE_CONTROL, &caching);
    set(answer, header::LAST_MODIFIED, &head.this_update.http_date());
    set(answer, header::ETAG, tag);
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
