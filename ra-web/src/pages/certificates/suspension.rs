//! `/certificates/{authority}/{serial}/suspension`: a certificate is suspended, or its suspension lifted, with one button below what it
//! means. Either can be taken back by the other.

use askama::Template;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::Response;
use store::certificates::CertificateRow;

use crate::auth::role::RevokeCertificates;
use crate::auth::{FormToken, Officer, Posted};
use crate::desk::suspensions::{self, Suspension};
use crate::error::Refusal;
use crate::pages::{self, Base};
use crate::urls;

use super::certificate::address;
use super::target::Target;

/// What the button does.
struct Act {
    form: FormToken,
    step: &'static str,
    button: &'static str,
    effects: [&'static str; 3],
}

#[derive(Template)]
#[template(path = "certificates/suspension.html")]
struct SuspensionPage {
    base: Base,
    title: &'static str,
    lead: &'static str,
    target: Target,
    act: Option<Act>,
}

const SUSPENDING: [&str; 3] = ["suspension-effect-unusable", "suspension-effect-published", "suspension-effect-back"];
const LIFTING: [&str; 3] = ["lift-effect-usable", "lift-effect-published", "lift-effect-late"];

/// Draws the page.
pub async fn show(
    officer: Officer<RevokeCertificates>,
    Path((authority, serial)): Path<(String, String)>,
) -> Result<Response, Refusal> {
    let (authority, serial) = address(&authority, &serial)?;
    let (row, possible) = suspensions::of(&officer.desk(), &authority, &serial).await?;
    draw(&officer, StatusCode::OK, &row, possible)
}

/// Suspends, or lifts the suspension: whichever button was pressed. When the certificate has become another meanwhile, the page says
/// what can be done now.
pub async fn change(
    Path((authority, serial)): Path<(String, String)>,
    posted: Posted<Officer<RevokeCertificates>>,
) -> Result<Response, Refusal> {
    let (authority, serial) = address(&authority, &serial)?;
    let officer = &posted.by;
    let desk = officer.desk();
    let done = match posted.fields.text("step") {
        "suspend" if suspensions::suspend(&desk, &authority, &serial).await? == Suspension::Offered => "suspended",
        "lift" if suspensions::lift(&desk, &authority, &serial).await? == Suspension::Lasts => "lifted",
        _ => {
            let (row, possible) = suspensions::of(&desk, &authority, &serial).await?;
            return draw(officer, StatusCode::CONFLICT, &row, possible);
        }
    };
    Ok(pages::see_other(&format!("{}?done={done}", urls::certificate(&authority, &serial))))
}

fn draw(
    officer: &Officer<RevokeCertificates>,
    status: StatusCode,
    row: &CertificateRow,
    possible: Suspension,
) -> Result<Response, Refusal> {
    let form = || officer.form(&urls::certificate_suspension(&row.authority_id, &row.serial));
    let (title, lead, act) = match possible {
        Suspension::Offered => {
            let act = Act { form: form()?, step: "suspend", button: "suspension-button", effects: SUSPENDING };
            ("suspension-title", "suspension-lead", Some(act))
        }
        Suspension::Lasts => {
            let act = Act { form: form()?, step: "lift", button: "lift-button", effects: LIFTING };
            ("lift-title", "lift-lead", Some(act))
        }
        Suspension::NotOffered => ("suspension-title", "suspension-not-offered", None),
        Suspension::Needless => ("suspension-title", "suspension-needless", None),
    };
    let page = SuspensionPage { base: officer.base()?, title, lead, target: Target::of(officer, row), act };
    pages::page_with(status, &page)
}
