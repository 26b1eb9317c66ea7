//! `/requests/new/{profile}`: the form of any profile, its live diagnosis, and the filing. Which inputs it draws is said by the
//! profile. The confirmation is in [`super::confirm`], the words of the diagnosis in [`super::findings`].
//!
//! The steps keep everything in the page: hidden fields carry what was typed, and every step checks it again.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, Query};
use axum::http::header::ACCEPT;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use ca_core::key::KeyAlgorithm;
use ca_core::profile::KeySource;
use ca_core::request::csr::LARGEST_REQUEST;
use serde::Deserialize;

use crate::auth::role::SubmitRequests;
use crate::auth::{Fields, FormToken, Officer, Posted};
use crate::desk::blank::{Blank, Script};
use crate::desk::certificates::{self, CertificateView};
use crate::desk::check::{self, Checked, LONGEST_NOTE};
use crate::desk::diagnosis::key_label;
use crate::desk::draft::Draft;
use crate::desk::era::CivilDate;
use crate::desk::named::is_directory;
use crate::desk::offer::{self, Offer};
use crate::desk::problem::{Field, Problem};
use crate::desk::requests::{self, Filed};
use crate::desk::start::LONGEST_AHEAD_DAYS;
use crate::desk::written;
use crate::error::Refusal;
use crate::locale::Words;
use crate::pages::certificates::certificate::address;
use crate::pages::form::Problems;
use crate::pages::steps::{StepState, Steps};
use crate::pages::{self, Base};
use crate::urls;

use super::confirm;
use super::findings::{self, Diagnosis};

/// A blank as it is drawn.
struct BlankView {
    id: &'static str,
    label: String,
    hint: String,
    value: String,
    lang: &'static str,
    required: bool,
    /// What could stand there instead of what is wrong.
    suggestion: Option<String>,
}

/// A kind of key the centre makes.
struct KindView {
    word: String,
    label: String,
    /// The last day of its certificates, where its algorithm has one.
    until: Option<String>,
    checked: bool,
}

#[derive(Template)]
#[template(path = "requests/form.html")]
struct FormPage {
    base: Base,
    steps: Steps,
    form: FormToken,
    diagnose: String,
    problems: Problems,
    title: String,
    about: String,
    /// Japanese and the same in Latin letters side by side.
    rows: Vec<Vec<BlankView>>,
    names: Option<String>,
    names_limit: usize,
    emails: Option<String>,
    emails_limit: usize,
    domains: String,
    start: Option<[String; 3]>,
    start_days: u32,
    kinds: Vec<KindView>,
    by_centre: bool,
    csr: String,
    csr_limit: usize,
    note: String,
    note_limit: usize,
    diagnosis: Option<Diagnosis>,
}

/// The query of the form.
#[derive(Deserialize)]
pub struct Asked {
    /// An earlier certificate: its authority, a slash, its serial number in hexadecimal.
    #[serde(default)]
    like: String,
}

/// Draws the form: empty, or with the names of an earlier certificate.
pub async fn show(
    officer: Officer<SubmitRequests>,
    Path(profile): Path<String>,
    Query(asked): Query<Asked>,
) -> Result<Response, Refusal> {
    let offer = offer::named(&officer.desk(), &profile).await?;
    let draft = match asked.like.split_once('/') {
        None => Draft::empty(Arc::clone(&offer.profile)),
        Some((authority, serial)) => {
            let (authority, serial) = address(authority, serial)?;
            like(&offer, &certificates::show(&officer.desk(), &authority, &serial).await?)
        }
    };
    draw(&officer, &offer, (StatusCode::OK, draft), &[], None).await
}

/// Takes a step of the form: a suggestion for a blank, back to the form, on to the confirmation, or the filing.
pub async fn submit(Path(profile): Path<String>, posted: Posted<Officer<SubmitRequests>>) -> Result<Response, Refusal> {
    let Posted { by: officer, fields, nonce } = &posted;
    let offer = offer::named(&officer.desk(), &profile).await?;
    let mut draft = draft_of(&offer, fields);
    if let Some(blank) = Blank::parse(fields.text("take")) {
        draft.take(blank);
        let Checked { draft, problems, .. } = check::check(&officer.desk(), &offer, draft).await?;
        // What is not filled in yet is not complained about before the person goes on.
        let wrong: Vec<Problem> =
            problems.into_iter().filter(|problem| findings::is_worth_saying(&draft, problem)).collect();
        return draw(officer, &offer, (StatusCode::OK, draft), &wrong, None).await;
    }
    match fields.text("step") {
        "edit" => draw(officer, &offer, (StatusCode::OK, draft), &[], None).await,
        "submit" => match requests::submit(&officer.desk(), &offer, draft, nonce.as_str()).await? {
            Filed::At(path) => Ok(pages::see_other(&format!("{path}?done=submitted"))),
            Filed::Refused(checked) => draw_refused(officer, &offer, *checked).await,
        },
        _ => match check::check(&officer.desk(), &offer, draft).await? {
            Checked { draft, ready: Some(ready), .. } => confirm::draw(officer, &offer, &draft, ready),
            checked => draw_refused(officer, &offer, checked).await,
        },
    }
}

/// Says what the form looks like so far; JSON for the script, else the form again.
pub async fn diagnose(
    Path(profile): Path<String>,
    headers: HeaderMap,
    posted: Posted<Officer<SubmitRequests>>,
) -> Result<Response, Refusal> {
    let officer = &posted.by;
    let offer = offer::named(&officer.desk(), &profile).await?;
    let checked = check::check(&officer.desk(), &offer, draft_of(&offer, &posted.fields)).await?;
    let diagnosis = findings::diagnosis(&officer.words(), &checked);
    let accept = headers.get(ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if accept.starts_with("application/json") {
        return Ok(pages::json(StatusCode::OK, &diagnosis.json(&checked)));
    }
    draw(officer, &offer, (StatusCode::OK, checked.draft), &[], Some(diagnosis)).await
}

/// A draft with the names of an earlier certificate: what its subject and its Japanese name were filled in with, where the profile
/// still writes such names, and its servers and mail addresses.
fn like(offer: &Offer<'_>, earlier: &CertificateView) -> Draft {
    let profile = &offer.profile;
    let named = earlier.row.names.iter().filter(|name| !is_directory(name));
    let (emails, servers): (Vec<&str>, Vec<&str>) = named.map(String::as_str).partition(|name| name.contains('@'));
    let (emails, servers) = (emails.join(", "), servers.join(", "));
    let certificate = earlier.certificate.as_ref();
    let subject = certificate.zip(profile.subject.as_ref());
    let subject = subject.and_then(|(certificate, template)| template.read(certificate.subject()));
    let directory = certificate.and_then(|certificate| certificate.extensions().directory_names.first());
    let directory = directory.zip(profile.alternative.directory.as_ref());
    let directory = directory.and_then(|(name, template)| template.read(name));
    let filled = [subject.unwrap_or_default(), directory.unwrap_or_default()];
    let typed = |input: &str| match Blank::parse(input) {
        Some(blank) => filled.iter().find_map(|fields| blank.text_in(fields)).unwrap_or_default(),
        None if input == Field::Names.id() => servers.as_str(),
        None if input == Field::Emails.id() => emails.as_str(),
        None => "",
    };
    Draft::new(Arc::clone(profile), typed, None)
}

fn draft_of(offer: &Offer<'_>, fields: &Fields) -> Draft {
    let file = fields.file("csr-file").map(AsRef::as_ref);
    Draft::new(Arc::clone(&offer.profile), |name| fields.text(name), file)
}

async fn draw_refused(
    officer: &Officer<SubmitRequests>,
    offer: &Offer<'_>,
    checked: Checked,
) -> Result<Response, Refusal> {
    let diagnosis = matches!(checked.diagnosis, Some(Ok(_))).then(|| findings::diagnosis(&officer.words(), &checked));
    let drawn = (StatusCode::UNPROCESSABLE_ENTITY, checked.draft);
    draw(officer, offer, drawn, &checked.problems, diagnosis).await
}

async fn draw(
    officer: &Officer<SubmitRequests>,
    offer: &Offer<'_>,
    (status, draft): (StatusCode, Draft),
    found: &[Problem],
    diagnosis: Option<Diagnosis>,
) -> Result<Response, Refusal> {
    let words = officer.words();
    let problems = Problems::found(&words, found);
    let profile = &offer.profile;
    let inputs = Draft::inputs(profile);
    let text = |field: Field| draft.text(field).to_owned();
    let page = FormPage {
        base: officer.base()?,
        steps: steps(StepState::Now, StepState::Waiting),
        form: officer.form(&urls::request_form(&profile.id))?,
        diagnose: urls::request_diagnose(&profile.id),
        title: words.t1("request-form-title", "title", words.of(&profile.title)),
        about: words.of(&profile.about).to_owned(),
        rows: rows(&words, &draft, &problems),
        names: inputs.contains(&Field::Names).then(|| text(Field::Names)),
        names_limit: profile.alternative.dns.most,
        emails: inputs.contains(&Field::Emails).then(|| text(Field::Emails)),
        emails_limit: profile.alternative.emails.most,
        domains: check::domains(&officer.desk()).await?.join(", "),
        start: profile.scheduled_start.then(|| [Field::Start, Field::StartMonth, Field::StartDay].map(text)),
        start_days: LONGEST_AHEAD_DAYS,
        kinds: kinds(&words, offer, draft.text(Field::KeyKind)),
        by_centre: draft.key_source() == KeySource::Centre,
        csr: text(Field::Csr),
        csr_limit: LARGEST_REQUEST / 1024,
        note: text(Field::Note),
        note_limit: LONGEST_NOTE,
        problems,
        diagnosis,
    };
    pages::page_with(status, &page)
}

/// What is written twice stands in one row.
fn rows(words: &Words, draft: &Draft, problems: &Problems) -> Vec<Vec<BlankView>> {
    let mut rows: Vec<Vec<BlankView>> = Vec::new();
    let mut before = None;
    for blank in Blank::of(&draft.profile) {
        let view = blank_view(words, blank, draft, problems);
        let beside = before == Some(Script::Japanese) && blank.script() != Script::Japanese;
        match rows.last_mut().filter(|_| beside) {
            Some(row) => row.push(view),
            None => rows.push(vec![view]),
        }
        before = Some(blank.script());
    }
    rows
}

fn blank_view(words: &Words, blank: Blank, draft: &Draft, problems: &Problems) -> BlankView {
    let (id, value) = (blank.id(), draft.text(Field::Blank(blank)));
    BlankView {
        id,
        label: words.t(&format!("blank-{id}")),
        hint: words.t(&format!("blank-{id}-hint")),
        value: value.to_owned(),
        lang: if blank.script() == Script::Japanese { "ja" } else { "en" },
        required: blank.empty_key().is_some(),
        suggestion: if problems.has(id) { written::suggested(blank, value) } else { None },
    }
}

fn kinds(words: &Words, offer: &Offer<'_>, chosen: &str) -> Vec<KindView> {
    let until = |kind: KeyAlgorithm| {
        let last = CivilDate::in_japan(offer.pack.calendar.end_of(kind)?);
        Some(words.t1("key-kind-until", "date", &if words.is_english() { last.both_en() } else { last.both_ja() }))
    };
    let known = offer.made_here.iter().any(|kind| kind.to_string() == chosen);
    let made = offer.made_here.iter().enumerate();
    made.map(|(index, kind)| {
        let word = kind.to_string();
        let checked = if known { word == chosen } else { index == 0 };
        KindView { label: key_label(*kind), until: until(*kind), checked, word }
    })
    .collect()
}

/// The steps of asking.
pub(super) fn steps(input: StepState, confirm: StepState) -> Steps {
    Steps::new(
        "request-form-steps-label",
        [
            ("request-form-step-input", input),
            ("request-form-step-confirm", confirm),
            ("request-form-step-done", StepState::Waiting),
        ],
    )
}
