//! `GET /home`: what there is to do today. Every number is a link to the list that proves it.

use std::time::Duration;

use askama::Template;
use axum::response::Response;
use store::certificates::{CertificateFilter, CertificateState};
use store::requests::{RequestFilter, RequestRow, RequestState};

use crate::auth::Officer;
use crate::auth::role::{Capability, OwnAccount};
use crate::error::Refusal;
use crate::pages::campaigns::{self, Notice};
use crate::pages::{self, Base};
use crate::urls;

/// Certificates that end within this time are shown.
const EXPIRY_NOTICE: Duration = Duration::from_secs(90 * 24 * 3600);
/// Counting stops here: a longer list is opened, not counted.
const COUNT_LIMIT: u32 = 500;

/// A number with its meaning and its list. The texts are keys.
struct Card {
    title: &'static str,
    text: &'static str,
    link: &'static str,
    href: String,
    count: usize,
    urgent: bool,
}

#[derive(Template)]
#[template(path = "home.html")]
struct HomePage {
    base: Base,
    notices: Vec<Notice>,
    cards: Vec<Card>,
    nothing_urgent: bool,
    may_submit: bool,
    /// Labels of keys nothing is signed with; shown to the centre's people.
    keys_out_of_service: Vec<String>,
}

/// Draws the home page of the role.
pub async fn show(officer: Officer<OwnAccount>) -> Result<Response, Refusal> {
    let mut cards = Vec::new();
    if officer.may(Capability::DecideRequests) {
        let waiting = requests(&officer, &[RequestState::Submitted]).await?;
        let others = waiting.iter().filter(|row| row.requester_id != officer.account.account_id).count();
        cards.push(Card::new(
            ["home-approvals", "home-approvals-text", "home-approvals-link"],
            urls::approvals(),
            others,
        ));
    }
    if officer.may(Capability::SubmitRequests) {
        let returned = requests(&officer, &[RequestState::Returned]).await?.len();
        let href = format!("{}?state=closed", urls::requests());
        cards.push(Card::new(["home-returned", "home-returned-text", "home-returned-link"], href, returned));
    }
    let open = requests(&officer, &[RequestState::Submitted, RequestState::Approved, RequestState::Issuing]).await?;
    let text = ["home-open", "home-open-text", "home-open-link"];
    cards.push(Card { urgent: false, ..Card::new(text, urls::requests(), open.len()) });
    let expiring = expiring(&officer).await?;
    cards.push(Card::new(
        ["home-expiring", "home-expiring-text", "home-expiring-link"],
        urls::certificates(),
        expiring,
    ));
    let keys_out_of_service = keys_out_of_service(&officer).await?;
    let notices = campaigns::notices(&officer).await?;
    let nothing_to_do = cards.iter().all(|card| !card.urgent) && notices.is_empty();
    pages::page(&HomePage {
        base: officer.base()?,
        nothing_urgent: nothing_to_do && keys_out_of_service.is_empty(),
        keys_out_of_service,
        notices,
        cards,
        may_submit: officer.may(Capability::SubmitRequests),
    })
}

impl Card {
    fn new([title, text, link]: [&'static str; 3], href: String, count: usize) -> Self {
        Self { title, text, link, href, count, urgent: count > 0 }
    }
}

/// What the centre must do something about: towns cannot.
async fn keys_out_of_service(officer: &Officer<OwnAccount>) -> Result<Vec<String>, Refusal> {
    if officer.desk().scope().is_some() {
        return Ok(Vec::new());
    }
    let rows = officer.ra.store().read().await?.keys_out_of_service().await?;
    Ok(rows.into_iter().map(|row| row.key_label.to_string()).collect())
}

async fn requests(officer: &Officer<OwnAccount>, states: &[RequestState]) -> Result<Vec<RequestRow>, Refusal> {
    let filter = RequestFilter {
        organisation: officer.desk().scope().cloned(),
        states: states.to_vec(),
        limit: COUNT_LIMIT,
        ..RequestFilter::default()
    };
    Ok(officer.ra.store().read().await?.requests(&filter).await?)
}

async fn expiring(officer: &Officer<OwnAccount>) -> Result<usize, Refusal> {
    let now = officer.ra.now();
    let filter = CertificateFilter {
        organisation: officer.desk().scope().cloned(),
        // Those over by then, newest first: the ones still good today come before the ones long over.
        state: Some((CertificateState::Expired, now.plus(EXPIRY_NOTICE))),
        limit: COUNT_LIMIT,
        ..CertificateFilter::default()
    };
    let rows = officer.ra.store().read().await?.certificates(&filter).await?;
    Ok(rows.iter().filter(|row| now <= row.validity.not_after).count())
}
