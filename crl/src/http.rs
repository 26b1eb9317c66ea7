//! What the world fetches over plain HTTP: CRLs (`/crl/<authority>.crl`, `/crl/<authority>/<list>.crl`), the authorities'
//! certificates (`/aia/<authority>.cer`, `.pem`; `.p7c` with every certificate issued to it) and the link certificates between
//! their generations (`/aia/<authority>.by-<issuer>.cer`, `.pem`). Everything is signed or self-evident, so nothing is secret.
//!
//! A CRL past its nextUpdate is still served, with `no-store` and without `Expires`: its entries are still revoked, a
//! reader that checks nextUpdate refuses it by itself, and one that fails open on an error page would lose even those
//! entries. Caches must not hold it for a moment longer, so that the next one is seen at once. One that was made in the future, since the
//! clock went back, is served in the same way.
//!
//! A short CRL stays in memory until the next is stored; a long one is handed on piece by piece, as fast as its reader
//! takes it, so that no number of slow readers takes more than a piece each.

use std::collections::HashMap;
use std::io::{self, Read};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode, header};
use axum::response::IntoResponse;
use axum::routing::get;
use ca_core::digest::{hex, sha256};
use ca_core::id::AuthorityId;
use ca_core::revocation::ListId;
use ca_core::time::{Clock, Timestamp};
use futures_util::stream::try_unfold;
use store::crls::CrlHead;
use store::{Store, StoreError};

use crate::repository::{Form, certificates};

/// The longest a cache may hold a CRL: the time within which an ordinary revocation must be visible.
const LONGEST_CACHED: Duration = Duration::from_secs(3600);
/// How long a cache may hold an authority's certificate.
const CERTIFICATE_CACHED: Duration = Duration::from_secs(24 * 3600);
/// Octets of a CRL that is kept in memory.
const SHORT: i64 = 4 << 20;
/// Octets of a file that are read at once.
const STRIDE: u64 = 256 << 10;

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
        let tag = entity_tag(&digest);
        describe_crl(&mut answer, (head.this_update, head.next_update, &tag), self.clock.now());
        // Not If-Modified-Since: two CRLs of one second have one date, and the second must not stay unseen (RFC 9110 §8.8.2.2).
        if matches_tag(request, &tag) {
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
            let octets = txn.crl_part(&head.authority_id, head.number, piece).await?;
            drop(txn);
            Ok::<_, StoreError>(octets.map(|octets| (Bytes::from(octets), (store, head, piece.saturating_add(1)))))
        }))
    }
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
    if certificates.is_empty() {
        return StatusCode::NOT_FOUND.into_response();
    }
    let Some(form) = Form::parse(form) else { return StatusCode::NOT_FOUND.into_response() };
    let body = form.of(&certificates);
    answer_certificate((form, body), &request)
}

/// A certificate in one of its forms, as it is served.
pub fn answer_certificate((form, body): (Form, Vec<u8>), request: &HeaderMap) -> Response<Body> {
    let tag = entity_tag(&sha256(&body));
    let mut answer = Response::new(Body::empty());
    set(&mut answer, header::CACHE_CONTROL, &format!("public, max-age={}", CERTIFICATE_CACHED.as_secs()));
    set(&mut answer, header::ETAG, &tag);
    if matches_tag(request, &tag) {
        *answer.status_mut() = StatusCode::NOT_MODIFIED;
        return answer;
    }
    set(&mut answer, header::CONTENT_TYPE, form.media_type());
    *answer.body_mut() = Body::from(body);
    answer
}

fn unavailable(error: &StoreError) -> Response<Body> {
    tracing::error!(error = %error, "the repository cannot read the database");
    let mut answer = StatusCode::SERVICE_UNAVAILABLE.into_response();
    set(&mut answer, header::RETRY_AFTER, "30");
    set(&mut answer, header::CACHE_CONTROL, "no-store");
    answer
}

/// What caches are told about a CRL: its thisUpdate and nextUpdate, and its [`entity_tag`].
pub fn describe_crl(
    answer: &mut Response<Body>,
    (this_update, next_update, tag): (Timestamp, Timestamp, &str),
    now: Timestamp,
) {
    let remaining = next_update.since(now);
    let is_current = this_update <= now && !remaining.is_zero();
    let caching = if !is_current {
        "no-store".to_owned()
    } else {
        set(answer, header::EXPIRES, &next_update.http_date());
        format!("public, max-age={}", LONGEST_CACHED.min(remaining / 2).as_secs())
    };
    set(answer, header::CACHE_CONTROL, &caching);
    // Not of a time to come (RFC 9110 §8.8.2.1).
    if this_update <= now {
        set(answer, header::LAST_MODIFIED, &this_update.http_date());
    }
    set(answer, header::ETAG, tag);
}

/// A strong validator, of the SHA-256 of what is served: the same octets, the same tag, on every node.
pub fn entity_tag(sha256: &[u8; 32]) -> String {
    format!("\"{}\"", hex(sha256.get(..16).unwrap_or_default()))
}

/// Whether the client has what that tag stands for.
pub fn matches_tag(request: &HeaderMap, tag: &str) -> bool {
    let wanted = request.get_all(header::IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
    wanted.flat_map(|value| value.split(',')).any(|one| {
        let one = one.trim();
        one == "*" || one.strip_prefix("W/").unwrap_or(one) == tag
    })
}

/// A body that is read from `source` piece by piece, as fast as the client takes it. An error in the middle ends the connection,
/// so that nobody takes a part for the whole.
pub fn streamed(source: impl Read + Send + 'static) -> Body {
    Body::from_stream(try_unfold(source, |mut source| async move {
        let read = tokio::task::spawn_blocking(move || {
            let mut piece = Vec::new();
            (&mut source).take(STRIDE).read_to_end(&mut piece).map(|_| (piece, source))
        });
        let (piece, source) = read.await.map_err(io::Error::other)??;
        Ok::<_, io::Error>((!piece.is_empty()).then(|| (Bytes::from(piece), source)))
    }))
}

fn set(answer: &mut Response<Body>, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        answer.headers_mut().insert(name, value);
    }
}
