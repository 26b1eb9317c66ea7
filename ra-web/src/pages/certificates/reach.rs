//! `/certificates/{authority}/{serial}/reach`: since when the revocation can be seen, place by place.

use askama::Template;
use axum::extract::Path;
use axum::response::Response;
use ca_core::id::PlaceId;
use ca_core::time::Timestamp;
use store::certificates::CertificateRow;

use crate::auth::Officer;
use crate::auth::role::SeeCertificates;
use crate::desk::named;
use crate::desk::reach::{self, Leg, LegState};
use crate::error::Refusal;
use crate::locale::Words;
use crate::pages::{self, Base, dates};
use crate::urls;

use super::certificate::address;

struct Line {
    place: String,
    state: &'static str,
    tone: &'static str,
    at: Option<String>,
    took: Option<String>,
}

#[derive(Template)]
#[template(path = "certificates/reach.html")]
struct ReachPage {
    base: Base,
    name: String,
    back: String,
    lines: Vec<Line>,
}

/// Draws the page.
pub async fn show(
    officer: Officer<SeeCertificates>,
    Path((authority, serial)): Path<(String, String)>,
) -> Result<Response, Refusal> {
    let (authority, serial) = address(&authority, &serial)?;
    let places = &officer.ra.settings().places;
    let (row, legs) = reach::of(&officer.desk(), places, (&authority, &serial)).await?;
    let words = officer.words();
    pages::page(&ReachPage {
        base: officer.base()?,
        name: named::names(&row.names, &row.subject).into_iter().next().unwrap_or_default(),
        back: urls::certificate(&authority, &serial),
        lines: lines(&words, &row, &legs),
    })
}

/// The database first, where the revocation begins.
fn lines(words: &Words, row: &CertificateRow, legs: &[Leg]) -> Vec<Line> {
    let Some(revoked_at) = row.revocation.as_ref().map(|found| found.revoked_at) else { return Vec::new() };
    let database = Line {
        place: words.t("place-database"),
        state: "reach-seen",
        tone: "good",
        at: Some(dates::exact(revoked_at)),
        took: None,
    };
    std::iter::once(database).chain(legs.iter().map(|leg| line(words, leg, revoked_at))).collect()
}

fn line(words: &Words, leg: &Leg, revoked_at: Timestamp) -> Line {
    let (state, tone, at) = match leg.state {
        LegState::Seen(at) => ("reach-seen", "good", Some(dates::exact(at))),
        LegState::Waited => ("reach-waited", "waiting", None),
        LegState::Late => ("reach-late", "bad", None),
    };
    let took = leg.state.took(revoked_at).map(|took| words.t1("reach-took", "seconds", &took.as_secs().to_string()));
    Line { place: place(words, &leg.place), state, tone, at, took }
}

/// What the place is called; the word of the configuration for those an installation has added.
fn place(words: &Words, place: &PlaceId) -> String {
    match place.as_str() {
        "crl" => words.t("place-crl"),
        "ocsp" => words.t("place-ocsp"),
        "lgwan" => words.t("place-lgwan"),
        "internet" => words.t("place-internet"),
        other => other.to_owned(),
    }
}
