//! `/certificates`: the list with its one search box, one certificate in plain language, and its files. Revoking is in
//! [`revoke`], what can be taken back in [`suspension`], where it can be seen in [`reach`].

pub mod certificate;
pub mod reach;
pub mod revoke;
pub mod suspension;
mod target;

use askama::Template;
use axum::extract::Query;
use axum::response::Response;
use ca_core::serial::SerialNumber;
use ca_core::time::Timestamp;
use serde::Deserialize;
use store::certificates::{CertificateRow, CertificateState};

use crate::auth::Officer;
use crate::auth::role::{Capability, SeeCertificates};
use crate::desk::certificates::{self, PAGE_LENGTH, Standing};
use crate::desk::named;
use crate::error::Refusal;
use crate::pages::requests::Filter;
use crate::pages::{self, Base, dates};
use crate::urls;

pub(crate) use certificate::attachment;
pub use certificate::{download, show};
pub use reach::show as show_reach;
pub use revoke::{ask as ask_revoke, revoke};
pub use suspension::{change as change_suspension, show as show_suspension};

/// The query of the list.
#[derive(Deserialize)]
pub struct Asked {
    #[serde(default)]
    q: String,
    #[serde(default)]
    state: String,
    #[serde(default)]
    before: String,
}

struct Line {
    href: String,
    kind: String,
    name: String,
    more: usize,
    until: String,
    serial: String,
    state: &'static str,
    tone: &'static str,
}

#[derive(Template)]
#[template(path = "certificates.html")]
struct CertificatesPage {
    base: Base,
    typed: String,
    state: &'static str,
    filters: Vec<Filter>,
    lines: Vec<Line>,
    narrowed: bool,
    own_only: bool,
    older: Option<String>,
    may_submit: bool,
}

/// The filters in the order of the page: word, text key, state.
const FILTERS: [(&str, &str, Option<CertificateState>); 4] = [
    ("all", "certificates-filter-all", None),
    ("valid", "certificates-filter-valid", Some(CertificateState::Valid)),
    ("revoked", "certificates-filter-revoked", Some(CertificateState::Revoked)),
    ("expired", "certificates-filter-expired", Some(CertificateState::Expired)),
];

/// Draws the list.
pub async fn list(officer: Officer<SeeCertificates>, Query(asked): Query<Asked>) -> Result<Response, Refusal> {
    let desk = officer.desk();
    let known = FILTERS.into_iter().find(|(word, _, _)| *word == asked.state);
    let (state_word, _, state) = known.unwrap_or(("all", "certificates-filter-all", None));
    let before = before(&asked.before);
    let found = certificates::list(&desk, &asked.q, state, before.clone()).await?;
    let full = u32::try_from(found.len()).is_ok_and(|count| count >= PAGE_LENGTH);
    let older = found.last().filter(|_| full).map(|last| {
        let place = format!("{}-{}", last.recorded_at.micros(), last.serial.to_hex());
        query(&asked.q, state_word, Some(&place))
    });
    let filters = FILTERS
        .into_iter()
        .map(|(word, label, _)| Filter { label, href: query(&asked.q, word, None), current: word == state_word })
        .collect();
    let lines = found.into_iter().map(|row| line(&officer, row, desk.now)).collect();
    pages::page(&CertificatesPage {
        base: officer.base()?,
        state: state_word,
        filters,
        lines,
        narrowed: !asked.q.trim().is_empty() || state.is_some() || before.is_some(),
        own_only: desk.scope().is_some(),
        older,
        may_submit: officer.may(Capability::SubmitRequests),
        typed: asked.q,
    })
}

fn line(officer: &Officer<SeeCertificates>, row: CertificateRow, now: Timestamp) -> Line {
    let standing = certificates::standing(&row, now);
    let mut names = named::names(&row.names, &row.subject).into_iter();
    Line {
        href: urls::certificate(&row.authority_id, &row.serial),
        kind: officer.title(&row.profile_id),
        name: names.next().unwrap_or_default(),
        more: names.count(),
        until: dates::short(row.validity.not_after),
        serial: row.serial.to_hex(),
        state: state_key(standing),
        tone: tone(standing),
    }
}

fn before(place: &str) -> Option<(Timestamp, SerialNumber)> {
    let (micros, serial) = place.split_once('-')?;
    Some((Timestamp::from_micros(micros.parse().ok()?), SerialNumber::parse_hex(serial).ok()?))
}

fn query(typed: &str, state: &str, before: Option<&str>) -> String {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    query.append_pair("state", state);
    if !typed.is_empty() {
        query.append_pair("q", typed);
    }
    if let Some(before) = before {
        query.append_pair("before", before);
    }
    format!("{}?{}", urls::certificates(), query.finish())
}

/// Returns the text key of what a certificate is worth.
pub(crate) fn state_key(standing: Standing) -> &'static str {
    match standing {
        Standing::Valid => "certificate-state-valid",
        Standing::NotYet => "certificate-state-not-yet",
        Standing::Revoked => "certificate-state-revoked",
        Standing::Suspended => "certificate-state-suspended",
        Standing::Expired => "certificate-state-expired",
        Standing::Burnt => "certificate-state-burnt",
    }
}

/// Returns the suffix of the chip's class.
pub(crate) fn tone(standing: Standing) -> &'static str {
    match standing {
        Standing::Valid => "good",
        Standing::NotYet => "waiting",
        Standing::Revoked | Standing::Suspended | Standing::Burnt => "bad",
        Standing::Expired => "over",
    }
}
