//! Form tokens: proof that a POST comes from a form this server drew for this session and this action, and the nonce which makes a
//! second submit of the same form harmless. Third line of defence beside SameSite=Strict and the origin check.

use std::collections::HashMap;

use axum::body::Bytes;
use axum::extract::{FromRequest, Multipart, Request};
use axum::http::header::{CONTENT_TYPE, ORIGIN};
use axum::http::{HeaderMap, StatusCode};
use ca_core::digest::{constant_time_eq, hex, hmac_sha256};
use store::sessions::Session;
use url::Url;

use super::FormOwner;
use crate::error::Refusal;
use crate::state::State;

/// The name of the hidden field.
pub const TOKEN_FIELD: &str = "form_token";
/// The header scripts send instead of the field.
pub const TOKEN_HEADER: &str = "x-form-token";
/// Octets of the nonce: 128 bits, so that no two forms ever share one.
const NONCE_LENGTH: usize = 16;
/// Fields a form may have at most.
const FIELD_LIMIT: usize = 64;

/// What a template writes into a form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FormToken {
    /// The path the form posts to.
    pub action: String,
    /// The value of the hidden field `form_token`: `<nonce>.<mac>`, hexadecimal.
    pub token: String,
}

/// The idempotency nonce of a drawn form, once its token was verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FormNonce(String);

impl FormNonce {
    /// 32 hexadecimal digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A form posted by `O`, with origin and token verified.
pub struct Posted<O> {
    /// Who posted it.
    pub by: O,
    /// What was filled in.
    pub fields: Fields,
    /// The nonce of the form, for `claim_submission`.
    pub nonce: FormNonce,
}

/// A script's call by `O`, with origin and token (in the header) verified.
pub struct Called<O> {
    /// Who called.
    pub by: O,
    /// The body, usually JSON.
    pub body: Bytes,
}

/// The fields of a form. Of a repeated name the first counts.
#[derive(Clone, Debug, Default)]
pub struct Fields {
    texts: HashMap<String, String>,
    files: HashMap<String, Bytes>,
}

impl Fields {
    /// The text of a field, as typed (not trimmed); empty when the field was not sent.
    pub fn text(&self, name: &str) -> &str {
        self.texts.get(name).map_or("", String::as_str)
    }

    /// The content of an uploaded file; `None` when nothing was chosen.
    pub fn file(&self, name: &str) -> Option<&Bytes> {
        self.files.get(name).filter(|content| !content.is_empty())
    }

    /// True when the field was sent at all (a ticked box, a pressed button).
    pub fn has(&self, name: &str) -> bool {
        self.texts.contains_key(name)
    }

    fn put_text(&mut self, name: String, value: String) -> Result<(), Refusal> {
        self.room()?;
        self.texts.entry(name).or_insert(value);
        Ok(())
    }

    fn room(&self) -> Result<(), Refusal> {
        if self.texts.len() + self.files.len() >= FIELD_LIMIT {
            return Err(Refusal::BadForm("too many fields"));
        }
        Ok(())
    }
}

/// Returns a fresh token for a form of this session that posts to `action`.
pub fn token(ra: &State, session: &Session, action: &str) -> Result<FormToken, Refusal> {
    let mut nonce = [0_u8; NONCE_LENGTH];
    ra.entropy().fill(&mut nonce)?;
    let nonce = hex(&nonce);
    let mac = mac(&session.csrf_secret, action, &nonce);
    Ok(FormToken { action: action.to_owned(), token: format!("{nonce}.{}", hex(&mac)) })
}

/// Returns the nonce of `token` if it was made for this session secret and for `path` or the path one level above it.
pub fn verify(secret: &[u8; 32], path: &str, token: &str) -> Option<FormNonce> {
    let (nonce, given) = token.split_once('.')?;
    if nonce.len() != NONCE_LENGTH * 2 || !nonce.bytes().all(|octet| matches!(octet, b'0'..=b'9' | b'a'..=b'f')) {
        return None;
    }
    let parent = path.rsplit_once('/').map_or("", |(parent, _)| parent);
    let accepted = [path, parent]
        .into_iter()
        .any(|action| constant_time_eq(hex(&mac(secret, action, nonce)).as_bytes(), given.as_bytes()));
    accepted.then(|| FormNonce(nonce.to_owned()))
}

/// Refuses a POST that another site caused.
///
/// `Sec-Fetch-Site` decides where the browser sends it. Without it an `Origin` must be ours (ours is "null" only under a referrer
/// policy of old browsers, and is refused). Programs send neither; for them the token alone counts.
pub fn check_origin(public_url: &Url, headers: &HeaderMap) -> Result<(), Refusal> {
    let text = |name: &str| headers.get(name).map(|value| value.to_str().unwrap_or("unreadable"));
    let ours = match (text("sec-fetch-site"), text(ORIGIN.as_str())) {
        (Some(site), _) => site == "same-origin",
        (None, Some(origin)) => origin == public_url.origin().ascii_serialization(),
        (None, None) => true,
    };
    if ours { Ok(()) } else { Err(Refusal::ForeignOrigin) }
}

fn mac(secret: &[u8; 32], action: &str, nonce: &str) -> [u8; 32] {
    hmac_sha256(secret, format!("form\0{action}\0{nonce}").as_bytes())
}

impl<O: FormOwner> FromRequest<State> for Posted<O> {
    type Rejection = Refusal;

    async fn from_request(request: Request, ra: &State) -> Result<Self, Refusal> {
        check_origin(&ra.settings().public_url, request.headers())?;
        let path = request.uri().path().to_owned();
        let (mut parts, body) = request.into_parts();
        let by = O::from_request_parts(&mut parts, ra).await?;
        let fields = read_fields(Request::from_parts(parts, body), ra).await?;
        let nonce = nonce_for(&by, &path, fields.text(TOKEN_FIELD))?;
        Ok(Self { by, fields, nonce })
    }
}

impl<O: FormOwner> FromRequest<State> for Called<O> {
    type Rejection = Refusal;

    async fn from_request(request: Request, ra: &State) -> Result<Self, Refusal> {
        check_origin(&ra.settings().public_url, request.headers())?;
        let path = request.uri().path().to_owned();
        let token = request.headers().get(TOKEN_HEADER).and_then(|value| value.to_str().ok()).unwrap_or("").to_owned();
        let (mut parts, body) = request.into_parts();
        let by = O::from_request_parts(&mut parts, ra).await?;
        nonce_for(&by, &path, &token)?;
        let body = Bytes::from_request(Request::from_parts(parts, body), ra).await.map_err(|refused| {
            if refused.status() == StatusCode::PAYLOAD_TOO_LARGE { Refusal::TooLarge } else { Refusal::BadForm("body") }
        })?;
        Ok(Self { by, body })
    }
}

fn nonce_for<O: FormOwner>(by: &O, path: &str, token: &str) -> Result<FormNonce, Refusal> {
    by.session().and_then(|session| verify(&session.csrf_secret, path, token)).ok_or(Refusal::FormExpired)
}

async fn read_fields(request: Request, ra: &State) -> Result<Fields, Refusal> {
    let content_type = request.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or("");
    if content_type.starts_with("multipart/form-data") {
        return read_multipart(request, ra).await;
    }
    let body = Bytes::from_request(request, ra).await.map_err(|refused| {
        if refused.status() == StatusCode::PAYLOAD_TOO_LARGE { Refusal::TooLarge } else { Refusal::BadForm("body") }
    })?;
    let mut fields = Fields::default();
    for (name, value) in url::form_urlencoded::parse(&body) {
        fields.put_text(name.into_owned(), value.into_owned())?;
    }
    Ok(fields)
}

async fn read_multipart(request: Request, ra: &State) -> Result<Fields, Refusal> {
    let mut form = Multipart::from_request(request, ra).await.map_err(|_| Refusal::BadForm("multipart"))?;
    let refused = |error: axum::extract::multipart::MultipartError| {
        if error.status() == StatusCode::PAYLOAD_TOO_LARGE { Refusal::TooLarge } else { Refusal::BadForm("multipart") }
    };
    let mut fields = Fields::default();
    while let Some(part) = form.next_field().await.map_err(refused)? {
        let Some(name) = part.name().map(str::to_owned) else { continue };
        if part.file_name().is_some() {
            let content = part.bytes().await.map_err(refused)?;
            fields.room()?;
            fields.files.entry(name).or_insert(content);
        } else {
            let value = part.text().await.map_err(refused)?;
            fields.put_text(name, value)?;
        }
    }
    Ok(fields)
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

    const SECRET: [u8; 32] = [7; 32];
    const NONCE: &str = "00112233445566778899aabbccddeeff";

    fn token_for(secret: &[u8; 32], action: &str) -> String {
        format!("{NONCE}.{}", hex(&mac(secret, action, NONCE)))
    }

    #[test]
    fn token_is_good_for_its_action_and_one_level_below() {
        let token = token_for(&SECRET, "/requests/new/web-server");
        assert_eq!(verify(&SECRET, "/requests/new/web-server", &token).unwrap().as_str(), NONCE);
        assert!(verify(&SECRET, "/requests/new/web-server/diagnose", &token).is_some());
        for other in ["/requests", "/requests/new/web-server/a/b", "/requests/new/web-serverx", "/login", ""] {
            assert!(verify(&SECRET, other, &token).is_none(), "{other}");
        }
    }

    #[test]
    fn token_of_another_session_or_changed_is_refused() {
        let token = token_for(&SECRET, "/login");
        assert!(verify(&[8; 32], "/login", &token).is_none());
        let changed = token.replace("0011", "0012");
        assert!(verify(&SECRET, "/login", &changed).is_none());
        for bad in ["", ".", NONCE, &format!("{NONCE}."), &token.to_uppercase(), &format!("{token}0"), &token[2..]] {
            assert!(verify(&SECRET, "/login", bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn post_of_another_site_is_refused() {
        let url = Url::parse("https://ra.example.lg.jp/").unwrap();
        let with = |pairs: &[(&'static str, &'static str)]| {
            let mut headers = HeaderMap::new();
            for (name, value) in pairs {
                headers.insert(*name, HeaderValue::from_static(value));
            }
            check_origin(&url, &headers).is_ok()
        };
        assert!(with(&[("sec-fetch-site", "same-origin"), ("origin", "null")]), "no-referrer hides the origin");
        assert!(with(&[("origin", "https://ra.example.lg.jp")]));
        assert!(with(&[]), "a program");
        assert!(!with(&[("sec-fetch-site", "same-site")]));
        assert!(!with(&[("sec-fetch-site", "cross-site"), ("origin", "https://ra.example.lg.jp")]));
        assert!(!with(&[("sec-fetch-site", "none")]));
        assert!(!with(&[("origin", "null")]));
        assert!(!with(&[("origin", "https://ra.example.lg.jp.evil.example")]));
        assert!(!with(&[("origin", "http://ra.example.lg.jp")]));
    }

    #[test]
    fn first_of_a_repeated_field_counts_and_fields_are_limited() {
        let mut fields = Fields::default();
        fields.put_text("a".to_owned(), "1".to_owned()).unwrap();
        fields.put_text("a".to_owned(), "2".to_owned()).unwrap();
        assert_eq!(fields.text("a"), "1");
        assert_eq!(fields.text("b"), "");
        assert!(fields.has("a") && !fields.has("b"));
        for number in 1..FIELD_LIMIT {
            fields.put_text(number.to_string(), String::new()).unwrap();
        }
        assert!(fields.put_text("more".to_owned(), String::new()).is_err());
    }
}
