//! `/approvals` (承認箱) and the decisions posted to `/requests/{number}/approve`, `/return` and `/reject`.

use askama::Template;
use axum::extract::{Path, Query};
use axum::http::StatusCode;
use axum::response::Response;
use ca_core::digest::hex;
use ca_core::id::RequestNumber;
use ca_core::profile::KeySource;
use serde::Deserialize;

use crate::auth::role::{DecideRequests, Needs};
use crate::auth::{FormToken, Officer, Posted};
use crate::desk::approvals::{self, Card, Decided, LONGEST_REASON, TurnDown};
use crate::desk::diagnosis::{holds_private_key, key_label};
use crate::desk::message::Message;
use crate::desk::named;
use crate::error::Refusal;
use crate::locale::Words;
use crate::pages::form::Problems;
use crate::pages::requests::request::{self, Aftermath};
use crate::pages::{self, Base, dates, hexadecimal};
use crate::urls;

/// The query of the page: what was just done to which request.
#[derive(Deserialize)]
pub struct Asked {
    #[serde(default)]
    done: String,
    #[serde(default)]
    number: String,
}

/// One request that waits, as a card.
pub(crate) struct CardView {
    pub(crate) number: String,
    pub(crate) href: String,
    pub(crate) title_id: String,
    pub(crate) sentence: String,
    pub(crate) since: String,
    pub(crate) key: String,
    pub(crate) starts: Option<String>,
    pub(crate) note: String,
    pub(crate) checks: Vec<&'static str>,
    pub(crate) flags: Vec<String>,
    pub(crate) statement: String,
    pub(crate) statement_hash: String,
    pub(crate) statement_hash_grouped: String,
    pub(crate) form: FormToken,
    pub(crate) reason_id: String,
    pub(crate) reason_limit: usize,
    pub(crate) reason: String,
    pub(crate) problems: Problems,
    pub(crate) own: bool,
    /// The page to come back to: `approvals` or `request`.
    pub(crate) from: &'static str,
}

#[derive(Template)]
#[template(path = "approvals.html")]
struct ApprovalsPage {
    base: Base,
    done: Option<String>,
    cards: Vec<CardView>,
}

impl CardView {
    /// A card among others: its ids carry the request's number.
    fn among<C: Needs>(officer: &Officer<C>, words: &Words, card: Card) -> Result<Self, Refusal> {
        let number = card.request.row.number.clone();
        let view = Self::new(officer, words, card)?;
        let (title_id, reason_id) = (format!("title-{number}"), format!("reason-{number}"));
        Ok(Self { title_id, reason_id, from: "approvals", ..view })
    }

    /// The one card of a request's page, with what an earlier attempt left.
    pub(crate) fn alone<C: Needs>(
        officer: &Officer<C>,
        words: &Words,
        card: Card,
        left: &Aftermath,
    ) -> Result<Self, Refusal> {
        let (reason, problems) = (left.reason.clone(), left.problems.clone());
        Ok(Self { reason, problems, ..Self::new(officer, words, card)? })
    }

    fn new<C: Needs>(officer: &Officer<C>, words: &Words, card: Card) -> Result<Self, Refusal> {
        let row = &card.request.row;
        let requester = card.request.requester.clone().unwrap_or_else(|| words.t("person-unknown"));
        let sentence = Message::new("approval-sentence")
            .with("organisation", &card.request.organisation)
            .with("requester", requester)
            .with("kind", officer.title(&row.profile_id))
            .with("names", named::names(&row.names, &row.subject_text).join(words.t("list-separator").as_str()));
        Ok(Self {
            number: row.number.to_string(),
            href: urls::request(&row.number),
            title_id: "decision-title".to_owned(),
            sentence: words.say(&sentence),
            since: dates::moment(words, row.submitted_at),
            key: key_label(card.request.row.key),
            note: row.note.clone(),
            checks: checks(&card),
            starts: row.starts_at.map(|at| dates::moment(words, at)),
            flags: card.flags.iter().map(|flag| words.say(flag)).collect(),
            statement: row.statement.clone(),
            statement_hash: hex(&row.statement_sha256),
            statement_hash_grouped: hexadecimal::grouped(&row.statement_sha256),
            form: officer.form(&urls::request(&row.number))?,
            reason_id: "reason".to_owned(),
            reason_limit: LONGEST_REASON,
            reason: String::new(),
            problems: Problems::none(),
            own: row.requester_id == officer.account.account_id,
            from: "request",
        })
    }
}

/// What a machine has made sure of.
fn checks(card: &Card) -> Vec<&'static str> {
    let row = &card.request.row;
    let mut checks = vec![match row.key_source {
        KeySource::Holder => "approval-check-proof",
        KeySource::Centre => "approval-check-made",
    }];
    let has_domains = row.names.iter().any(|name| !named::is_directory(name));
    if has_domains && !card.flags.iter().any(|flag| flag.key == "flag-domain-expired") {
        checks.push("approval-check-domains");
    }
    checks.push("approval-check-key");
    checks
}

/// Draws the approval box.
pub async fn list(officer: Officer<DecideRequests>, Query(asked): Query<Asked>) -> Result<Response, Refusal> {
    let words = officer.words();
    let waiting = approvals::waiting(&officer.desk()).await?;
    let cards: Result<Vec<_>, _> = waiting.into_iter().map(|card| CardView::among(&officer, &words, card)).collect();
    let done = RequestNumber::parse(&asked.number).ok().and_then(|number| {
        let text = words.t1(request::done_key(&asked.done)?, "number", number.as_str());
        Some(words.say(&Message::new("approvals-done").with("number", number).with("text", text)))
    });
    pages::page(&ApprovalsPage { base: officer.base()?, done, cards: cards? })
}

/// Approves.
pub async fn approve(Path(number): Path<String>, posted: Posted<Officer<DecideRequests>>) -> Result<Response, Refusal> {
    let number = RequestNumber::parse(&number).map_err(|_| Refusal::NotFound)?;
    let decided = approvals::approve(&posted.by.desk(), &number, posted.fields.text("statement")).await?;
    answer(&posted, &number, decided, "approved").await
}

/// Sends back to be corrected.
pub async fn send_back(path: Path<String>, posted: Posted<Officer<DecideRequests>>) -> Result<Response, Refusal> {
    turn_down(path, posted, TurnDown::Return, "returned").await
}

/// Refuses.
pub async fn reject(path: Path<String>, posted: Posted<Officer<DecideRequests>>) -> Result<Response, Refusal> {
    turn_down(path, posted, TurnDown::Reject, "rejected").await
}

async fn turn_down(
    Path(number): Path<String>,
    posted: Posted<Officer<DecideRequests>>,
    how: TurnDown,
    done: &'static str,
) -> Result<Response, Refusal> {
    let number = RequestNumber::parse(&number).map_err(|_| Refusal::NotFound)?;
    let decided = approvals::turn_down(&posted.by.desk(), &number, how, posted.fields.text("reason")).await?;
    answer(&posted, &number, decided, done).await
}

async fn answer(
    posted: &Posted<Officer<DecideRequests>>,
    number: &RequestNumber,
    decided: Decided,
    done: &'static str,
) -> Result<Response, Refusal> {
    let officer = &posted.by;
    let (status, stale, problem) = match decided {
        Decided::Done if posted.fields.text("from") == "approvals" => {
            return Ok(pages::see_other(&format!("{}?done={done}&number={number}", urls::approvals())));
        }
        Decided::Done => return Ok(pages::see_other(&format!("{}?done={done}", urls::request(number)))),
        Decided::Stale => (StatusCode::CONFLICT, true, None),
        Decided::Refused(problem) => (StatusCode::UNPROCESSABLE_ENTITY, false, Some(problem)),
    };
    let mut problems = Problems::none();
    if let Some(problem) = problem {
        problems.add(&officer.words(), problem.field.id(), &problem.message);
    }
    let typed = posted.fields.text("reason");
    let reason = if holds_private_key(typed) { String::new() } else { typed.to_owned() };
    request::draw(officer, status, number, "", Some(Aftermath { stale, problems, reason })).await
}
