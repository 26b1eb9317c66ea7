//! `/requests/web-server`: the form, its live diagnosis, the confirmation and the filing.
//!
//! The steps keep everything in the page: hidden fields carry what was typed, and every step checks it again.

use askama::Template;
use axum::http::header::ACCEPT;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use ca_core::profile::Length;
use ca_core::request::csr::LARGEST_REQUEST;
use serde_json::json;

use crate::auth::role::SubmitRequests;
use crate::auth::{Fields, FormToken, Officer, Posted};
use crate::desk::diagnosis::{Examined, key_label};
use crate::desk::draft::{self, Checked, Draft, LONGEST_NOTE, Ready};
use crate::desk::names::MOST_NAMES;
use crate::desk::problem::{Field, Problem};
use crate::desk::requests::{self, Filed};
use crate::error::Refusal;
use crate::locale::Words;
use crate::pages::form::Problems;
use crate::pages::steps::{StepState, Steps};
use crate::pages::{self, Base, hexadecimal};
use crate::urls;

/// What is known about the form so far: `state` is ok, warn, error or info.
struct Finding {
    state: &'static str,
    text: String,
}

struct Diagnosis {
    summary: String,
    items: Vec<Finding>,
}

#[derive(Template)]
#[template(path = "requests/web_server.html")]
struct FormPage {
    base: Base,
    steps: Steps,
    form: FormToken,
    problems: Problems,
    draft: Draft,
    diagnosis: Option<Diagnosis>,
    domains: String,
    names_limit: usize,
    csr_limit: usize,
    note_limit: usize,
}

#[derive(Template)]
#[template(path = "requests/web_server_confirm.html")]
struct ConfirmPage {
    base: Base,
    steps: Steps,
    form: FormToken,
    draft: Draft,
    notices: Vec<String>,
    organisation: String,
    organisation_en: String,
    subject: String,
    names: Vec<String>,
    key: String,
    fingerprint: String,
    validity: String,
    ignored_subject: Option<String>,
    ignored_names: String,
    requester: String,
}

/// Draws the empty form.
pub async fn show(officer: Officer<SubmitRequests>) -> Result<Response, Refusal> {
    draw_form(&officer, StatusCode::OK, Draft::default(), &[], None).await
}

/// Takes a step of the form: back to it, on to the confirmation, or the filing.
pub async fn submit(posted: Posted<Officer<SubmitRequests>>) -> Result<Response, Refusal> {
    let Posted { by: officer, fields, nonce } = posted;
    let draft = draft_of(&fields);
    match fields.text("step") {
        "edit" => draw_form(&officer, StatusCode::OK, draft, &[], None).await,
        "submit" => match requests::submit(&officer.desk(), draft, nonce.as_str()).await? {
            Filed::At(path) => Ok(pages::see_other(&format!("{path}?done=submitted"))),
            Filed::Refused(checked) => draw_refused(&officer, *checked).await,
        },
        _ => match draft::check(&officer.desk(), draft).await? {
            Checked { draft, ready: Some(ready), .. } => draw_confirmation(&officer, draft, ready),
            checked => draw_refused(&officer, checked).await,
        },
    }
}

/// Says what the names and the signing request look like so far; JSON for the script, else the form again.
pub async fn diagnose(headers: HeaderMap, posted: Posted<Officer<SubmitRequests>>) -> Result<Response, Refusal> {
    let Posted { by: officer, fields, .. } = posted;
    let checked = draft::check(&officer.desk(), draft_of(&fields)).await?;
    let diagnosis = diagnosis(&officer.words(), &checked);
    let accept = headers.get(ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if accept.starts_with("application/json") {
        let items: Vec<_> =
            diagnosis.items.iter().map(|item| json!({ "state": item.state, "text": item.text })).collect();
        let forget = forgotten(&checked);
        let found = json!({ "summary": diagnosis.summary, "items": items, "forget": forget });
        return Ok(pages::json(StatusCode::OK, &found));
    }
    draw_form(&officer, StatusCode::OK, checked.draft, &[], Some(diagnosis)).await
}

fn draft_of(fields: &Fields) -> Draft {
    Draft::new(
        fields.text("names"),
        fields.text("csr"),
        fields.file("csr-file").map(AsRef::as_ref),
        fields.text("note"),
    )
}

async fn draw_refused(officer: &Officer<SubmitRequests>, checked: Checked) -> Result<Response, Refusal> {
    let diagnosis = matches!(checked.diagnosis, Some(Ok(_))).then(|| diagnosis(&officer.words(), &checked));
    draw_form(officer, StatusCode::UNPROCESSABLE_ENTITY, checked.draft, &checked.problems, diagnosis).await
}

async fn draw_form(
    officer: &Officer<SubmitRequests>,
    status: StatusCode,
    draft: Draft,
    found: &[Problem],
    diagnosis: Option<Diagnosis>,
) -> Result<Response, Refusal> {
    let words = officer.words();
    let mut problems = Problems::none();
    for problem in found {
        problems.add(&words, problem.field.id(), &problem.message);
    }
    let page = FormPage {
        base: officer.base()?,
        steps: steps(StepState::Now, StepState::Waiting),
        form: officer.form(&urls::requests_web_server())?,
        problems,
        draft,
        diagnosis,
        domains: draft::domains(&officer.desk()).await?.join(", "),
        names_limit: MOST_NAMES,
        csr_limit: LARGEST_REQUEST / 1024,
        note_limit: LONGEST_NOTE,
    };
    pages::page_with(status, &page)
}

fn draw_confirmation(officer: &Officer<SubmitRequests>, draft: Draft, ready: Ready) -> Result<Response, Refusal> {
    let words = officer.words();
    let Examined { csr, requested_subject, requested_dns_names, .. } = &ready.csr;
    pages::page(&ConfirmPage {
        base: officer.base()?,
        steps: steps(StepState::Done, StepState::Now),
        form: officer.form(&urls::requests_web_server())?,
        draft,
        notices: ready.notices.iter().map(|notice| words.say(notice)).collect(),
        organisation: officer.organisation.name.clone(),
        organisation_en: officer.organisation.name_en.clone(),
        subject: ready.subject.to_string(),
        names: ready.names.iter().map(ToString::to_string).collect(),
        key: key_label(csr.key().algorithm()),
        fingerprint: hexadecimal::grouped(&csr.key().fingerprint()),
        validity: match ready.profile.validity.length {
            Length::Days(days) => words.t1("confirm-validity-days", "days", &days.to_string()),
            Length::Years(years) => words.t1("confirm-validity-years", "years", &years.to_string()),
        },
        ignored_subject: requested_subject.clone(),
        ignored_names: requested_dns_names.join(", "),
        requester: officer.account.name.clone(),
    })
}

fn steps(input: StepState, confirm: StepState) -> Steps {
    Steps::new(
        "web-server-steps-label",
        [
            ("web-server-step-input", input),
            ("web-server-step-confirm", confirm),
            ("web-server-step-done", StepState::Waiting),
        ],
    )
}

fn diagnosis(words: &Words, checked: &Checked) -> Diagnosis {
    let mut items = Vec::new();
    let names_typed = !checked.draft.names.trim().is_empty();
    for problem in &checked.problems {
        let worth_saying = match problem.field {
            Field::Names => names_typed || problem.message.key != "names-empty",
            Field::Csr => checked.diagnosis.is_some(),
            _ => true,
        };
        if worth_saying {
            items.push(Finding { state: "error", text: words.say(&problem.message) });
        }
    }
    if let Some(Ok(examined)) = &checked.diagnosis {
        items.extend(good_findings(words, examined));
    }
    let summary = match &checked.diagnosis {
        Some(Ok(_)) => "diagnosis-good",
        Some(Err(_)) => "diagnosis-bad",
        None => "diagnosis-none",
    };
    Diagnosis { summary: words.t(summary), items }
}

/// The inputs a script must empty, because a private key is in them.
fn forgotten(checked: &Checked) -> Vec<&'static str> {
    let holds_key = |problem: &&Problem| problem.message.key.starts_with("csr-private-key");
    let mut inputs: Vec<_> = checked.problems.iter().filter(holds_key).map(|problem| problem.field.id()).collect();
    if inputs.contains(&Field::Csr.id()) {
        inputs.push("csr-file");
    }
    inputs
}

fn good_findings(words: &Words, examined: &Examined) -> Vec<Finding> {
    let key = examined.csr.key();
    let mut found = vec![
        Finding { state: "ok", text: words.t("diagnosis-proof-good") },
        Finding { state: "ok", text: words.t1("diagnosis-key-is", "key", &key_label(key.algorithm())) },
        Finding {
            state: "ok",
            text: words.t1("diagnosis-fingerprint-is", "fingerprint", &hexadecimal::grouped(&key.fingerprint())),
        },
    ];
    let remarks = examined.repairs.iter().chain(&examined.advice);
    found.extend(remarks.map(|remark| Finding { state: "warn", text: words.say(remark) }));
    if let Some(subject) = &examined.requested_subject {
        found.push(Finding { state: "info", text: words.t1("diagnosis-subject-ignored", "subject", subject) });
    }
    if !examined.requested_dns_names.is_empty() {
        let names = examined.requested_dns_names.join(", ");
        found.push(Finding { state: "info", text: words.t1("diagnosis-names-ignored", "names", &names) });
    }
    found
}
