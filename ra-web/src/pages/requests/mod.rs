//! `/requests`: the list, the choice of a kind, one request. The forms are in [`form`]; handing over a key is in [`delivery`].

pub(crate) mod confirm;
pub mod delivery;
pub(crate) mod findings;
pub mod form;
pub mod request;

use askama::Template;
use axum::extract::Query;
use axum::response::Response;
use ca_core::id::RequestId;
use serde::Deserialize;
use store::requests::RequestState;

use crate::auth::Officer;
use crate::auth::role::{Capability, SeeRequests, SubmitRequests};
use crate::desk::named;
use crate::desk::offer::{self, Group, Offer};
use crate::desk::requests::{self, ListedState, PAGE_LENGTH, RequestView};
use crate::error::Refusal;
use crate::pages::{self, Base, dates};
use crate::urls;

pub use form::{diagnose, show as form, submit};
pub use request::{show, withdraw};

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

/// A link that narrows a list.
pub(crate) struct Filter {
    pub(crate) label: &'static str,
    pub(crate) href: String,
    pub(crate) current: bool,
}

struct Line {
    href: String,
    number: String,
    kind: String,
    name: String,
    more: usize,
    requester: Option<String>,
    submitted: String,
    state: &'static str,
    tone: &'static str,
}

#[derive(Template)]
#[template(path = "requests.html")]
struct RequestsPage {
    base: Base,
    typed: String,
    state: &'static str,
    filters: Vec<Filter>,
    lines: Vec<Line>,
    narrowed: bool,
    older: Option<String>,
    may_submit: bool,
}

#[derive(Template)]
#[template(path = "requests/new.html")]
struct NewPage {
    base: Base,
    groups: Vec<GroupView>,
}

/// What can be asked for, under one heading.
struct GroupView {
    title: &'static str,
    kinds: Vec<KindView>,
}

struct KindView {
    id: String,
    href: String,
    title: String,
    about: String,
}

/// Draws the list.
pub async fn list(officer: Officer<SeeRequests>, Query(asked): Query<Asked>) -> Result<Response, Refusal> {
    let state = ListedState::parse(&asked.state);
    let before = RequestId::parse(&asked.before).ok();
    let found = requests::list(&officer.desk(), state, &asked.q, before.clone()).await?;
    let full = u32::try_from(found.len()).is_ok_and(|count| count >= PAGE_LENGTH);
    let older = found.last().filter(|_| full).map(|last| query(&asked.q, state, Some(last.row.request_id.as_str())));
    let filters = ListedState::ALL
        .into_iter()
        .map(|one| Filter { label: filter_key(one), href: query(&asked.q, one, None), current: one == state })
        .collect();
    pages::page(&RequestsPage {
        base: officer.base()?,
        state: state.word(),
        filters,
        lines: found.into_iter().map(|view| line(&officer, view)).collect(),
        narrowed: !asked.q.trim().is_empty() || state != ListedState::All || before.is_some(),
        older,
        may_submit: officer.may(Capability::SubmitRequests),
        typed: asked.q,
    })
}

/// Draws the choice of a kind.
pub async fn choose(officer: Officer<SubmitRequests>) -> Result<Response, Refusal> {
    let words = officer.words();
    let offers = offer::all(&officer.desk()).await?;
    let kind = |offer: &Offer<'_>| KindView {
        id: format!("kind-{}", offer.profile.id),
        href: urls::request_form(&offer.profile.id),
        title: words.of(&offer.profile.title).to_owned(),
        about: words.of(&offer.profile.about).to_owned(),
    };
    let groups = Group::ALL.into_iter().map(|group| {
        let within = offers.iter().filter(|offer| Group::of(offer.profile.family) == group);
        GroupView { title: group_key(group), kinds: within.map(kind).collect() }
    });
    let groups = groups.filter(|group| !group.kinds.is_empty()).collect();
    pages::page(&NewPage { base: officer.base()?, groups })
}

fn group_key(group: Group) -> &'static str {
    match group {
        Group::People => "kinds-people",
        Group::Servers => "kinds-servers",
        Group::MailAndPrograms => "kinds-mail-and-programs",
    }
}

fn line(officer: &Officer<SeeRequests>, view: RequestView) -> Line {
    let mut names = named::names(&view.row.names, &view.row.subject_text).into_iter();
    Line {
        href: urls::request(&view.row.number),
        number: view.row.number.to_string(),
        kind: officer.title(&view.row.profile_id),
        name: names.next().unwrap_or_default(),
        more: names.count(),
        requester: view.requester,
        submitted: dates::short(view.row.submitted_at),
        state: state_key(view.row.state),
        tone: tone(view.row.state),
    }
}

fn query(typed: &str, state: ListedState, before: Option<&str>) -> String {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    query.append_pair("state", state.word());
    if !typed.is_empty() {
        query.append_pair("q", typed);
    }
    if let Some(before) = before {
        query.append_pair("before", before);
    }
    format!("{}?{}", urls::requests(), query.finish())
}

fn filter_key(state: ListedState) -> &'static str {
    match state {
        ListedState::All => "requests-filter-all",
        ListedState::Waiting => "requests-filter-waiting",
        ListedState::Working => "requests-filter-working",
        ListedState::Issued => "requests-filter-issued",
        ListedState::Closed => "requests-filter-closed",
    }
}

/// Returns the text key of a state.
pub(crate) fn state_key(state: RequestState) -> &'static str {
    match state {
        RequestState::Submitted => "request-state-submitted",
        RequestState::Approved => "request-state-approved",
        RequestState::Issuing => "request-state-issuing",
        RequestState::Issued => "request-state-issued",
        RequestState::Returned => "request-state-returned",
        RequestState::Rejected => "request-state-rejected",
        RequestState::Withdrawn => "request-state-withdrawn",
        RequestState::Failed => "request-state-failed",
    }
}

/// Returns the suffix of the chip's class.
pub(crate) fn tone(state: RequestState) -> &'static str {
    match state {
        RequestState::Submitted => "waiting",
        RequestState::Approved | RequestState::Issuing => "work",
        RequestState::Issued => "good",
        RequestState::Returned | RequestState::Rejected | RequestState::Failed => "bad",
        RequestState::Withdrawn => "over",
    }
}

#[cfg(test)]
mod tests;
