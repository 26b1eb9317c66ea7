//! `/certificates/{authority}/{serial}/revoke`: reason, effect, confirmation, revocation. There is no undo, and the page says so.

use askama::Template;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::Response;
use ca_core::revocation::RevocationReason;
use store::certificates::CertificateRow;

use crate::auth::role::RevokeCertificates;
use crate::auth::{Fields, FormToken, Officer, Posted};
use crate::desk::certificates::{self, Standing};
use crate::desk::problem::Problem;
use crate::desk::revocations::{self, Draft, Revoked, Wanted};
use crate::error::Refusal;
use crate::pages::form::Problems;
use crate::pages::{self, Base, dates};
use crate::urls;

use super::certificate::address;
use super::target::Target;

struct Choice {
    value: &'static str,
    id: String,
    label: String,
    chosen: bool,
}

#[derive(Template)]
#[template(path = "certificates/revoke.html")]
struct RevokePage {
    base: Base,
    form: FormToken,
    problems: Problems,
    target: Target,
    draft: Draft,
    choices: Vec<Choice>,
}

#[derive(Template)]
#[template(path = "certificates/revoke_confirm.html")]
struct ConfirmPage {
    base: Base,
    form: FormToken,
    target: Target,
    draft: Draft,
    reason: String,
    known_since: Option<String>,
}

#[derive(Template)]
#[template(path = "certificates/revoke_needless.html")]
struct NeedlessPage {
    base: Base,
    target: Target,
    sentence: &'static str,
}

/// Draws the form.
pub async fn ask(
    officer: Officer<RevokeCertificates>,
    Path((authority, serial)): Path<(String, String)>,
) -> Result<Response, Refusal> {
    let (authority, serial) = address(&authority, &serial)?;
    let row = revocations::revocable(&officer.desk(), &authority, &serial).await?;
    draw_form(&officer, StatusCode::OK, &row, Draft::default(), &[])
}

/// Takes a step of the form: back to it, on to the confirmation, or the revocation.
pub async fn revoke(
    Path((authority, serial)): Path<(String, String)>,
    posted: Posted<Officer<RevokeCertificates>>,
) -> Result<Response, Refusal> {
    let (authority, serial) = address(&authority, &serial)?;
    let officer = &posted.by;
    let desk = officer.desk();
    let row = revocations::revocable(&desk, &authority, &serial).await?;
    let draft = draft_of(&posted.fields);
    let step = posted.fields.text("step");
    match revocations::check(&draft, desk.now) {
        _ if step == "edit" => draw_form(officer, StatusCode::OK, &row, draft, &[]),
        Err(problems) => draw_form(officer, StatusCode::UNPROCESSABLE_ENTITY, &row, draft, &problems),
        Ok(wanted) if step == "revoke" => match revocations::revoke(&desk, &authority, &serial, wanted).await? {
            Revoked::Done => Ok(pages::see_other(&format!("{}?done=revoked", urls::certificate(&authority, &serial)))),
            Revoked::Expired => draw_form(officer, StatusCode::CONFLICT, &row, draft, &[]),
        },
        Ok(wanted) => draw_confirmation(officer, &row, draft, wanted),
    }
}

fn draft_of(fields: &Fields) -> Draft {
    let text = |name: &str| fields.text(name).to_owned();
    Draft { reason: text("reason"), year: text("year"), month: text("month"), day: text("day") }
}

/// Draws the form, or, when there is nothing to revoke, the page that says so.
fn draw_form(
    officer: &Officer<RevokeCertificates>,
    status: StatusCode,
    row: &CertificateRow,
    draft: Draft,
    found: &[Problem],
) -> Result<Response, Refusal> {
    let words = officer.words();
    let sentence = match certificates::standing(row, officer.desk().now) {
        Standing::Revoked | Standing::Burnt => Some("revoke-already"),
        Standing::Expired => Some("revoke-expired"),
        Standing::Valid | Standing::NotYet | Standing::Suspended => None,
    };
    if let Some(sentence) = sentence {
        return pages::page(&NeedlessPage { base: officer.base()?, target: Target::of(officer, row), sentence });
    }
    let mut problems = Problems::none();
    for problem in found {
        problems.add(&words, problem.field.id(), &problem.message);
    }
    let choices = RevocationReason::chosen_by_officers()
        .iter()
        .enumerate()
        .map(|(index, reason)| Choice {
            value: reason.as_str(),
            // The summary of problems links to the first radio button.
            id: if index == 0 { "revocation-reason".to_owned() } else { format!("reason-{}", reason.as_str()) },
            label: words.t(&format!("reason-{}", reason.as_str())),
            chosen: draft.reason == reason.as_str(),
        })
        .collect();
    let form = officer.form(&urls::certificate_revoke(&row.authority_id, &row.serial))?;
    let page = RevokePage { base: officer.base()?, form, problems, target: Target::of(officer, row), draft, choices };
    pages::page_with(status, &page)
}

fn draw_confirmation(
    officer: &Officer<RevokeCertificates>,
    row: &CertificateRow,
    draft: Draft,
    wanted: Wanted,
) -> Result<Response, Refusal> {
    let words = officer.words();
    pages::page(&ConfirmPage {
        base: officer.base()?,
        form: officer.form(&urls::certificate_revoke(&row.authority_id, &row.serial))?,
        target: Target::of(officer, row),
        draft,
        reason: words.t(&format!("reason-{}", wanted.reason.as_str())),
        known_since: wanted.known_since.and_then(|date| date.start()).map(|at| dates::day(&words, at)),
    })
}
