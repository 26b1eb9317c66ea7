//! `/requests/{number}`: where a request stands, what it asks for, what happened, and what may be done next.

use askama::Template;
use axum::extract::{Path, Query};
use axum::http::StatusCode;
use axum::response::Response;
use ca_core::id::RequestNumber;
use ca_core::profile::KeySource;
use serde::Deserialize;
use store::requests::{RequestRow, RequestState};

use crate::auth::role::{Capability, Needs, SeeRequests, WithdrawRequests};
use crate::auth::{FormToken, Officer, Posted};
use crate::desk::approvals::{self, Decided};
use crate::desk::diagnosis::key_label;
use crate::desk::message::Message;
use crate::desk::named;
use crate::desk::requests::{self, RequestView};
use crate::error::Refusal;
use crate::locale::Words;
use crate::pages::approvals::CardView;
use crate::pages::campaigns::{self, Notice};
use crate::pages::form::Problems;
use crate::pages::steps::{StepState, Steps};
use crate::pages::{self, Base, dates, hexadecimal};
use crate::urls;

use super::{state_key, tone};

/// The query of the page.
#[derive(Deserialize)]
pub struct Asked {
    /// What was just done, to be confirmed on top.
    #[serde(default)]
    done: String,
}

/// What came of a decision that did not go through: drawn on top of the page, with what was typed.
pub(crate) struct Aftermath {
    /// Someone else decided first.
    pub(crate) stale: bool,
    /// What has to be mended.
    pub(crate) problems: Problems,
    /// The reason as typed.
    pub(crate) reason: String,
}

struct Event {
    when: String,
    text: String,
    reason: Option<String>,
}

#[derive(Template)]
#[template(path = "requests/request.html")]
struct RequestPage {
    base: Base,
    steps: Steps,
    problems: Problems,
    done: Option<String>,
    stale: Option<String>,
    kept_reason: String,
    number: String,
    state: &'static str,
    tone: &'static str,
    next: &'static str,
    notices: Vec<Notice>,
    organisation: String,
    requester: Option<String>,
    kind: String,
    subject: String,
    names: Vec<String>,
    key: String,
    key_maker: &'static str,
    starts: Option<String>,
    fingerprint: String,
    note: String,
    events: Vec<Event>,
    certificate: Option<String>,
    delivery: Option<String>,
    card: Option<CardView>,
    waits: bool,
    own: bool,
    again: bool,
    withdraw: Option<FormToken>,
}

/// Draws the page.
pub async fn show(
    officer: Officer<SeeRequests>,
    Path(number): Path<String>,
    Query(asked): Query<Asked>,
) -> Result<Response, Refusal> {
    match RequestNumber::parse(&number) {
        Ok(number) => draw(&officer, StatusCode::OK, &number, &asked.done, None).await,
        // No number but a kind of certificate, as in /requests/web-server, where its form was at first.
        Err(_) => match officer.desk().packs.profile_named(&number) {
            Some((_, profile)) => Ok(pages::see_other(&urls::request_form(&profile.id))),
            None => Err(Refusal::NotFound),
        },
    }
}

/// Takes the request back.
pub async fn withdraw(
    Path(number): Path<String>,
    posted: Posted<Officer<WithdrawRequests>>,
) -> Result<Response, Refusal> {
    let number = RequestNumber::parse(&number).map_err(|_| Refusal::NotFound)?;
    match requests::withdraw(&posted.by.desk(), &number).await? {
        Decided::Done => Ok(pages::see_other(&format!("{}?done=withdrawn", urls::request(&number)))),
        Decided::Stale | Decided::Refused(_) => {
            let aftermath = Aftermath { stale: true, problems: Problems::none(), reason: String::new() };
            draw(&posted.by, StatusCode::CONFLICT, &number, "", Some(aftermath)).await
        }
    }
}

/// Draws the page of a request, also after a decision that did not go through.
pub(crate) async fn draw<C: Needs>(
    officer: &Officer<C>,
    status: StatusCode,
    number: &RequestNumber,
    done: &str,
    aftermath: Option<Aftermath>,
) -> Result<Response, Refusal> {
    let words = officer.words();
    let view = requests::show(&officer.desk(), number).await?;
    let aftermath = aftermath.unwrap_or(Aftermath { stale: false, problems: Problems::none(), reason: String::new() });
    let waits = view.row.state == RequestState::Submitted;
    let ours = view.row.organisation_id == officer.organisation.organisation_id;
    let own = view.row.requester_id == officer.account.account_id;
    let stale = aftermath.stale.then(|| stale_sentence(&words, &view));
    let card = if waits && ours && !own && officer.may(Capability::DecideRequests) {
        let card = approvals::card_of(&officer.desk(), view.clone()).await?;
        Some(CardView::alone(officer, &words, card, &aftermath)?)
    } else {
        None
    };
    let withdrawable = waits && ours && officer.may(Capability::WithdrawRequests);
    let deliverable = view.row.state == RequestState::Issued && ours && view.row.key_source == KeySource::Centre;
    let page = RequestPage {
        base: officer.base()?,
        notices: answered(officer, &view.row).await?,
        steps: steps(view.row.state),
        problems: aftermath.problems,
        done: done_key(done).map(|key| words.t1(key, "number", number.as_str())),
        stale,
        kept_reason: aftermath.reason,
        number: number.to_string(),
        state: state_key(view.row.state),
        tone: tone(view.row.state),
        next: next_key(view.row.state),
        events: events(&words, &view),
        certificate: view.row.certificate.as_ref().map(|(authority, serial)| urls::certificate(authority, serial)),
        delivery: (deliverable && officer.may(Capability::SubmitRequests)).then(|| urls::delivery(number)),
        card,
        waits,
        own: own && officer.may(Capability::DecideRequests),
        again: matches!(view.row.state, RequestState::Returned | RequestState::Rejected | RequestState::Withdrawn)
            && officer.may(Capability::SubmitRequests),
        withdraw: if withdrawable { Some(officer.form(&urls::request(number))?) } else { None },
        organisation: view.organisation,
        requester: view.requester,
        kind: officer.title(&view.row.profile_id),
        names: named::names(&view.row.names, &view.row.subject_text),
        subject: view.row.subject_text,
        key_maker: match view.row.key_source {
            KeySource::Holder => "key-by-holder",
            KeySource::Centre => "key-by-centre",
        },
        starts: view.row.starts_at.map(|at| dates::moment(&words, at)),
        key: key_label(view.row.key),
        fingerprint: hexadecimal::grouped(&view.row.key_sha256),
        note: view.row.note,
    };
    pages::page_with(status, &page)
}

/// What the request answers of the moves to new cryptography, where it may still lead, or has led, to a certificate of ours.
async fn answered<C: Needs>(officer: &Officer<C>, row: &RequestRow) -> Result<Vec<Notice>, Refusal> {
    use RequestState::{Approved, Issued, Issuing, Submitted};
    let counts = matches!(row.state, Submitted | Approved | Issuing | Issued);
    if !counts || row.organisation_id != officer.organisation.organisation_id {
        return Ok(Vec::new());
    }
    campaigns::answering(officer, &row.profile_id, &row.subject_text).await
}

fn stale_sentence(words: &Words, view: &RequestView) -> String {
    let state = words.t(state_key(view.row.state));
    let message = match (&view.decided_by, view.row.decided_at) {
        (Some(name), Some(at)) => {
            Message::new("stale-by").with("name", name).with("when", dates::moment(words, at)).with("state", state)
        }
        _ => Message::new("stale-unknown").with("state", state),
    };
    words.say(&message)
}

fn events(words: &Words, view: &RequestView) -> Vec<Event> {
    let nobody = || words.t("person-unknown");
    let named = |key, name: &Option<String>| words.t1(key, "name", &name.clone().unwrap_or_else(nobody));
    let mut events = vec![Event {
        when: dates::moment(words, view.row.submitted_at),
        text: named("request-event-submitted", &view.requester),
        reason: None,
    }];
    let decided = match view.row.state {
        RequestState::Submitted => None,
        RequestState::Approved | RequestState::Issuing | RequestState::Issued | RequestState::Failed => {
            Some("request-event-approved")
        }
        RequestState::Returned => Some("request-event-returned"),
        RequestState::Rejected => Some("request-event-rejected"),
        RequestState::Withdrawn => Some("request-event-withdrawn"),
    };
    if let (Some(key), Some(at)) = (decided, view.row.decided_at) {
        // A note after an approval is the machine's and for the log; people read `request-next-failed`.
        let reason = view.row.decision_note.clone().filter(|_| key != "request-event-approved");
        events.push(Event { when: dates::moment(words, at), text: named(key, &view.decided_by), reason });
    }
    if let Some(at) = view.issued_at {
        let text = words.t("request-event-issued");
        events.push(Event { when: dates::moment(words, at), text, reason: None });
    }
    events
}

fn steps(state: RequestState) -> Steps {
    use StepState::{Done, Now, Stopped, Waiting};
    let (requested, approved, issued) = match state {
        RequestState::Submitted => (Done, Now, Waiting),
        RequestState::Approved | RequestState::Issuing => (Done, Done, Now),
        RequestState::Issued => (Done, Done, Done),
        RequestState::Returned | RequestState::Rejected => (Done, Stopped, Waiting),
        RequestState::Withdrawn => (Stopped, Waiting, Waiting),
        RequestState::Failed => (Done, Done, Stopped),
    };
    Steps::new(
        "request-steps-label",
        [("request-step-requested", requested), ("request-step-approved", approved), ("request-step-issued", issued)],
    )
}

fn next_key(state: RequestState) -> &'static str {
    match state {
        RequestState::Submitted => "request-next-submitted",
        RequestState::Approved => "request-next-approved",
        RequestState::Issuing => "request-next-issuing",
        RequestState::Issued => "request-next-issued",
        RequestState::Returned => "request-next-returned",
        RequestState::Rejected => "request-next-rejected",
        RequestState::Withdrawn => "request-next-withdrawn",
        RequestState::Failed => "request-next-failed",
    }
}

/// Returns the text key for a word of the address; nothing for words that are not ours.
pub(crate) fn done_key(done: &str) -> Option<&'static str> {
    match done {
        "submitted" => Some("request-done-submitted"),
        "approved" => Some("request-done-approved"),
        "returned" => Some("request-done-returned"),
        "rejected" => Some("request-done-rejected"),
        "withdrawn" => Some("request-done-withdrawn"),
        _ => None,
    }
}
