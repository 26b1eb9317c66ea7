//! `/requests/{number}/delivery`: handing over a key that the centre made. Its page says where the key is; the PIN is the answer to
//! one POST, the file that of another, and reading a page never takes anything: links are followed by scanners too.

use askama::Template;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::Response;
use ca_core::id::RequestNumber;
use ca_core::time::Timestamp;
use store::deliveries::Erasure;

use crate::auth::role::{Needs, SubmitRequests};
use crate::auth::{FormToken, Officer, Posted};
use crate::centre::FileForm;
use crate::desk::deliveries::{self, DeliveryView, Fetched, Linked, Pinned, Slip, Stage};
use crate::desk::message::Message;
use crate::error::Refusal;
use crate::locale::Words;
use crate::pages::certificates::attachment;
use crate::pages::steps::{StepState, Steps};
use crate::pages::{self, Base, dates, hexadecimal};
use crate::urls;

#[derive(Template)]
#[template(path = "requests/delivery.html")]
struct DeliveryPage {
    base: Base,
    steps: Steps,
    number: String,
    back: String,
    key: &'static str,
    until: Option<String>,
    by: Option<String>,
    linked: bool,
    /// The form of the next step.
    form: Option<FormToken>,
    pins: bool,
    legacy: bool,
    again: bool,
}

#[derive(Template)]
#[template(path = "requests/delivery_pin.html")]
struct SlipPage {
    base: Base,
    number: String,
    organisation: String,
    requester: Option<String>,
    subject: String,
    serial: String,
    groups: Vec<String>,
    made: String,
    until: String,
    next: String,
}

#[derive(Template)]
#[template(path = "requests/delivery_link.html")]
struct LinkPage {
    base: Base,
    number: String,
    link: String,
    until: String,
    back: String,
}

#[derive(Template)]
#[template(path = "requests/delivery_fetch.html")]
struct FetchPage {
    base: Base,
    form: FormToken,
    number: String,
    organisation: String,
    subject: String,
    until: String,
}

/// Draws the page.
pub async fn show(officer: Officer<SubmitRequests>, Path(number): Path<String>) -> Result<Response, Refusal> {
    let view = deliveries::show(&officer.desk(), &read(&number)?).await?;
    draw(&officer, StatusCode::OK, &view)
}

/// Makes the PIN; the answer is its slip, and nothing else ever is.
pub async fn pin(Path(number): Path<String>, posted: Posted<Officer<SubmitRequests>>) -> Result<Response, Refusal> {
    let form = if posted.fields.has("legacy") { FileForm::Legacy } else { FileForm::Modern };
    if form == FileForm::Legacy && !deliveries::offers_legacy(&posted.by.desk()) {
        return Err(Refusal::BadForm("a form of file that is not offered"));
    }
    match deliveries::pin(&posted.by.desk(), &read(&number)?, form).await? {
        Pinned::Shown(slip) => draw_slip(&posted.by, *slip),
        Pinned::Not(view) => draw(&posted.by, StatusCode::CONFLICT, &view),
    }
}

/// Makes a link and shows it.
pub async fn link(Path(number): Path<String>, posted: Posted<Officer<SubmitRequests>>) -> Result<Response, Refusal> {
    let (officer, number) = (&posted.by, read(&number)?);
    let (token, until) = match deliveries::link(&officer.desk(), &number).await? {
        Linked::Made(token, until) => (token, until),
        Linked::Not(view) => return draw(officer, StatusCode::CONFLICT, &view),
    };
    let path = urls::delivery_fetch(&number, &token);
    let link = officer.ra.settings().public_url.join(&path).map_err(Refusal::internal)?;
    pages::page(&LinkPage {
        base: officer.base()?,
        link: link.into(),
        until: dates::moment(&officer.words(), until),
        back: urls::delivery(&number),
        number: number.to_string(),
    })
}

/// Draws the question whether to download now.
pub async fn ask_fetch(
    officer: Officer<SubmitRequests>,
    Path((number, token)): Path<(String, String)>,
) -> Result<Response, Refusal> {
    let number = read(&number)?;
    let view = deliveries::follow(&officer.desk(), &number, &token).await?;
    let open = officer.desk().centre;
    let (Stage::Packed, Some(until), Some(_)) = (view.stage, view.delivery.expires_at, open) else {
        return draw(&officer, missed(&view), &view);
    };
    pages::page(&FetchPage {
        base: officer.base()?,
        form: officer.form(&urls::delivery_fetch(&number, &token))?,
        number: number.to_string(),
        organisation: view.organisation,
        subject: view.request.subject_text,
        until: dates::moment(&officer.words(), until),
    })
}

/// Hands the file over, once.
pub async fn fetch(
    Path((number, token)): Path<(String, String)>,
    posted: Posted<Officer<SubmitRequests>>,
) -> Result<Response, Refusal> {
    match deliveries::fetch(&posted.by.desk(), &read(&number)?, &token).await? {
        Fetched::File(file) => attachment(file),
        Fetched::Not(view) => draw(&posted.by, missed(&view), &view),
    }
}

/// A file that waits behind a closed vault may be asked for again; one that is gone never.
fn missed(view: &DeliveryView) -> StatusCode {
    if view.stage == Stage::Packed { StatusCode::SERVICE_UNAVAILABLE } else { StatusCode::GONE }
}

fn read(number: &str) -> Result<RequestNumber, Refusal> {
    RequestNumber::parse(number).map_err(|_| Refusal::NotFound)
}

fn draw<C: Needs>(officer: &Officer<C>, status: StatusCode, view: &DeliveryView) -> Result<Response, Refusal> {
    let (words, number) = (officer.words(), &view.request.number);
    let moment = |at: Option<Timestamp>| at.map(|at| dates::moment(&words, at));
    let open = officer.desk().centre.is_some();
    let (pins, links) = (view.stage == Stage::Ready && open, view.stage == Stage::Packed && open);
    let closed = !open && matches!(view.stage, Stage::Ready | Stage::Packed);
    let (at, by) = match view.stage {
        Stage::Packed => (view.delivery.packed_at, &view.packed_by),
        Stage::Fetched => (view.delivery.fetched_at, &view.fetched_by),
        Stage::TooEarly | Stage::Ready | Stage::Over(_) => (None, &None),
    };
    let page = DeliveryPage {
        base: officer.base()?,
        steps: steps(view.stage),
        number: number.to_string(),
        back: urls::request(number),
        key: if closed { "delivery-closed" } else { sentence(view.stage) },
        until: moment(view.delivery.expires_at.filter(|_| links)),
        by: moment(at).map(|when| who_and_when(&words, by.as_ref(), &when)),
        linked: view.delivery.token_sha256.is_some(),
        form: if pins || links { Some(officer.form(&urls::delivery(number))?) } else { None },
        pins,
        legacy: deliveries::offers_legacy(&officer.desk()),
        again: matches!(view.stage, Stage::Fetched | Stage::Over(_)),
    };
    pages::page_with(status, &page)
}

fn draw_slip(officer: &Officer<SubmitRequests>, slip: Slip) -> Result<Response, Refusal> {
    let (words, number) = (officer.words(), &slip.view.request.number);
    pages::page(&SlipPage {
        base: officer.base()?,
        number: number.to_string(),
        next: urls::delivery(number),
        organisation: slip.view.organisation,
        requester: slip.view.requester,
        subject: slip.certificate.subject,
        serial: hexadecimal::grouped(slip.certificate.serial.as_bytes()),
        groups: slip.pin.groups().map(str::to_owned).collect(),
        made: who_and_when(&words, Some(&officer.account.name), &dates::moment(&words, officer.desk().now)),
        until: dates::moment(&words, slip.expires_at),
    })
}

fn who_and_when(words: &Words, name: Option<&String>, when: &str) -> String {
    let nobody = || words.t("person-unknown");
    let message = Message::new("delivery-who-and-when").with("name", name.cloned().unwrap_or_else(nobody));
    words.say(&message.with("when", when))
}

fn steps(stage: Stage) -> Steps {
    use StepState::{Done, Now, Stopped, Waiting};
    let (issued, pin, file) = match stage {
        Stage::TooEarly => (Now, Waiting, Waiting),
        Stage::Ready => (Done, Now, Waiting),
        Stage::Packed => (Done, Done, Now),
        Stage::Fetched => (Done, Done, Done),
        Stage::Over(Erasure::RequestEnded) => (Stopped, Waiting, Waiting),
        Stage::Over(Erasure::NotFetched) => (Done, Done, Stopped),
        Stage::Over(Erasure::NotPacked | Erasure::Revoked) => (Done, Stopped, Waiting),
    };
    Steps::new(
        "delivery-steps-label",
        [("request-step-issued", issued), ("delivery-step-pin", pin), ("delivery-step-file", file)],
    )
}

fn sentence(stage: Stage) -> &'static str {
    match stage {
        Stage::TooEarly => "delivery-too-early",
        Stage::Ready => "delivery-ready",
        Stage::Packed => "delivery-packed",
        Stage::Fetched => "delivery-fetched",
        Stage::Over(Erasure::RequestEnded) => "delivery-over-request-ended",
        Stage::Over(Erasure::NotPacked) => "delivery-over-not-packed",
        Stage::Over(Erasure::NotFetched) => "delivery-over-not-fetched",
        Stage::Over(Erasure::Revoked) => "delivery-over-revoked",
    }
}
