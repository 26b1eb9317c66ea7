//! `POST /language`: switches between Japanese and English. The choice is a cookie of its own, because strangers have no session and
//! the choice outlives log-in and log-out. It changes nothing on the server, so the origin check is its only guard.

use axum::body::Bytes;
use axum::extract::State as Extract;
use axum::http::header::SET_COOKIE;
use axum::http::{HeaderMap, HeaderValue};
use axum::response::Response;

use crate::auth::csrf;
use crate::auth::session::{cookie, cookie_value};
use crate::error::Refusal;
use crate::locale::Language;
use crate::pages;
use crate::state::State;
use crate::urls;

const COOKIE: &str = "lgpki-language";
/// One year.
const MAX_AGE_SECONDS: u32 = 31_536_000;

/// The language the browser's cookie names; Japanese without one.
pub(crate) fn chosen(headers: &HeaderMap) -> Language {
    [format!("__Host-{COOKIE}"), COOKIE.to_owned()]
        .iter()
        .find_map(|name| cookie_value(headers, name))
        .and_then(|tag| Language::parse(&tag))
        .unwrap_or_default()
}

/// Sets the cookie and goes back to the page.
pub async fn switch(Extract(ra): Extract<State>, headers: HeaderMap, body: Bytes) -> Result<Response, Refusal> {
    csrf::check_origin(&ra.settings().public_url, &headers)?;
    let mut language = None;
    let mut back = urls::entry();
    for (name, value) in url::form_urlencoded::parse(&body) {
        match name.as_ref() {
            "language" => language = Language::parse(&value),
            "back" => back = urls::return_target(&value).map(str::to_owned).unwrap_or_else(urls::entry),
            _ => {}
        }
    }
    let language = language.ok_or(Refusal::BadForm("language"))?;
    let mut response = pages::see_other(&back);
    let cookie = cookie(&ra, COOKIE, language.tag(), Some(MAX_AGE_SECONDS));
    response.headers_mut().append(SET_COOKIE, HeaderValue::from_str(&cookie).map_err(Refusal::internal)?);
    Ok(response)
}
