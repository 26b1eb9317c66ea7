//! The confirmation of a form: the certificate as it will be, before anything is filed.

use askama::Template;
use axum::response::Response;

use crate::auth::role::SubmitRequests;
use crate::auth::{FormToken, Officer};
use crate::desk::check::{Ready, ReadyKey};
use crate::desk::diagnosis::{Examined, key_label};
use crate::desk::draft::Draft;
use crate::desk::message::Message;
use crate::desk::named;
use crate::desk::offer::Offer;
use crate::desk::problem::Field;
use crate::error::Refusal;
use crate::locale::Words;
use crate::pages::steps::{StepState, Steps};
use crate::pages::{self, Base, dates, hexadecimal};
use crate::urls;

use super::form::steps;

#[derive(Template)]
#[template(path = "requests/confirm.html")]
struct ConfirmPage {
    base: Base,
    steps: Steps,
    form: FormToken,
    carried: Vec<(&'static str, String)>,
    notices: Vec<String>,
    profile: String,
    policy: String,
    organisation: String,
    organisation_en: String,
    subject: String,
    directory: Option<String>,
    japanese: Option<String>,
    servers: Vec<String>,
    emails: Vec<String>,
    key: String,
    key_maker: &'static str,
    fingerprint: Option<String>,
    validity: String,
    ends_with_key: bool,
    ignored_subject: Option<String>,
    ignored_names: String,
    note: String,
    requester: String,
}

/// Draws it.
pub(super) fn draw(
    officer: &Officer<SubmitRequests>,
    offer: &Offer<'_>,
    draft: &Draft,
    ready: Ready,
) -> Result<Response, Refusal> {
    let words = officer.words();
    let held = match &ready.key {
        ReadyKey::Holder(examined) => Some(examined.as_ref()),
        ReadyKey::Centre(_) => None,
    };
    let directory = ready.names.directory.as_ref().map(ToString::to_string);
    pages::page(&ConfirmPage {
        base: officer.base()?,
        steps: steps(StepState::Done, StepState::Now),
        form: officer.form(&urls::request_form(&ready.profile.id))?,
        carried: draft.carried().into_iter().map(|(id, text)| (id, text.to_owned())).collect(),
        notices: ready.notices.iter().map(|notice| words.say(notice)).collect(),
        profile: words.of(&ready.profile.title).to_owned(),
        policy: words.of(&offer.pack.title).to_owned(),
        organisation: officer.organisation.name.clone(),
        organisation_en: officer.organisation.name_en.clone(),
        subject: ready.subject.to_string(),
        japanese: directory.as_ref().and_then(|name| named::names(std::slice::from_ref(name), "").pop()),
        directory,
        servers: ready.names.dns.iter().map(ToString::to_string).collect(),
        emails: ready.names.emails.iter().map(ToString::to_string).collect(),
        key: key_label(ready.key.algorithm()),
        key_maker: if held.is_some() { "key-by-holder" } else { "key-by-centre" },
        fingerprint: held.map(|examined| hexadecimal::grouped(&examined.csr.key().fingerprint())),
        validity: validity(&words, &ready),
        ends_with_key: ready.ends_with_key,
        ignored_subject: held.and_then(|examined| examined.requested_subject.clone()),
        ignored_names: held.map(ignored_names).unwrap_or_default(),
        note: draft.text(Field::Note).to_owned(),
        requester: officer.account.name.clone(),
    })
}

fn ignored_names(examined: &Examined) -> String {
    examined.requested_dns_names.join(", ")
}

/// From when until when, in both calendars; without a chosen beginning, as it would be if it were issued now.
fn validity(words: &Words, ready: &Ready) -> String {
    let key = if ready.starts_at.is_some() { "confirm-validity-chosen" } else { "confirm-validity-issue" };
    let message = Message::new(key).with("until", dates::moment(words, ready.validity.not_after));
    words.say(&if ready.starts_at.is_some() {
        message.with("from", dates::moment(words, ready.validity.not_before))
    } else {
        message
    })
}
