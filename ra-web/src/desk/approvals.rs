//! Approvals: what waits for a second person, what a machine has seen about it, and the decision.
//!
//! Four eyes are in `Application::approve`; this module never decides by itself who may. What is approved is a statement: the page
//! shows it and posts its SHA-256 back, and another statement than the stored one is refused.

use std::time::Duration;

use ca_core::id::RequestNumber;
use ca_core::key::KeyAlgorithm;
use ca_core::name::{AlternativeNames, DnsName, EmailAddress};
use ca_core::request::{ApprovalError, Approver};
use store::ReadTxn;
use store::certificates::CertificateFilter;
use store::organisations::uncovered;
use store::requests::RequestState::{Approved, Issued, Issuing};
use store::requests::{Decision, RequestFilter, RequestRow, RequestState};

use super::message::Message;
use super::named;
use super::problem::{Field, Problem};
use super::requests::{self, RequestView};
use super::search::digest_from_hex;
use super::{Desk, DeskError, era};

/// The most characters of a reason.
pub const LONGEST_REASON: usize = 400;
/// Cards on the page.
const MOST_CARDS: usize = 50;
/// Waiting requests looked at to find the oldest: the most one query gives.
const MOST_WAITING: u32 = 1000;
/// From how many names on the approver is told to look closely.
const MANY_NAMES: usize = 5;
/// From how many days of waiting on the card says so (registration: remind after two business days).
const LONG_WAIT_DAYS: u64 = 2;

/// A request that waits, with what to look at closely.
#[derive(Clone, Debug)]
pub struct Card {
    /// The request.
    pub request: RequestView,
    /// What is unusual about it.
    pub flags: Vec<Message>,
}

/// What became of a decision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decided {
    /// It is done.
    Done,
    /// Someone else decided first; nothing was changed.
    Stale,
    /// It was refused, or the form has to be mended.
    Refused(Problem),
}

/// What an approver does instead of approving.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TurnDown {
    /// Back to the applicant, who may make a better one.
    Return,
    /// No.
    Reject,
}

/// Returns the requests of the person's organisation that wait, oldest first.
pub async fn waiting(desk: &Desk<'_>) -> Result<Vec<Card>, DeskError> {
    let filter = RequestFilter {
        organisation: Some(desk.organisation.organisation_id.clone()),
        states: vec![RequestState::Submitted],
        search: None,
        limit: MOST_WAITING,
        before: None,
    };
    let mut txn = desk.store.read().await?;
    let mut rows = txn.requests(&filter).await?;
    // The rows come newest first; the ones that waited longest are shown.
    rows.reverse();
    rows.truncate(MOST_CARDS);
    let mut cards = Vec::with_capacity(rows.len());
    for row in rows {
        let request = requests::view(&mut txn, row).await?;
        cards.push(card(&mut txn, desk, request).await?);
    }
    Ok(cards)
}

/// Returns the card of one request.
pub async fn card_of(desk: &Desk<'_>, request: RequestView) -> Result<Card, DeskError> {
    card(&mut desk.store.read().await?, desk, request).await
}

/// Approves: the decision, its audit event and the job that issues are one transaction. `shown` is the SHA-256 of the statement the
/// page showed, in hexadecimal, as it was posted back.
pub async fn approve(desk: &Desk<'_>, number: &RequestNumber, shown: &str) -> Result<Decided, DeskError> {
    let Some(shown) = digest_from_hex(shown) else {
        return Ok(refused("statement-missing"));
    };
    let mut txn = desk.store.write(desk.now, desk.actor()).await?;
    let row = own(&mut txn, desk, number).await?;
    let wanted = [Approved, Issuing, Issued];
    if row.state != RequestState::Submitted {
        return Ok(decided_before(desk, &row, &wanted));
    }
    let Some(application) = txn.submitted_application(&row.request_id).await? else {
        drop(txn);
        return decided_meanwhile(desk, number, &wanted).await;
    };
    let approver =
        Approver { account: desk.account.account_id.clone(), organisation: desk.organisation.organisation_id.clone() };
    let approved = match application.approve(&approver, &shown, desk.now) {
        Ok(approved) => approved,
        Err(ApprovalError::SamePerson) => return Ok(refused("refused-own")),
        Err(ApprovalError::StatementChanged) => return Ok(refused("statement-changed")),
        Err(ApprovalError::OtherOrganisation) => return Err(DeskError::NotFound),
    };
    // Inside the transaction: the page may have been drawn before a proof ran out.
    let domains = txn.domains(&row.organisation_id).await?;
    if let Some(name) = uncovered(&approved.request().names, &domains, desk.now) {
        let message = Message::new("refused-domain-expired").with("name", name);
        return Ok(Decided::Refused(Problem::new(Field::Statement, message)));
    }
    match requests::conclude(txn, &row, Decision::Approve(&approved)).await? {
        Decided::Stale => decided_meanwhile(desk, number, &wanted).await,
        decided => Ok(decided),
    }
}

/// Returns or rejects a request with a reason for the applicant: the decision and its audit event are one transaction.
pub async fn turn_down(
    desk: &Desk<'_>,
    number: &RequestNumber,
    how: TurnDown,
    reason: &str,
) -> Result<Decided, DeskError> {
    if let Some(problem) = reason_problem(reason) {
        return Ok(Decided::Refused(problem));
    }
    let mut txn = desk.store.write(desk.now, desk.actor()).await?;
    let row = own(&mut txn, desk, number).await?;
    let wanted = match how {
        TurnDown::Return => RequestState::Returned,
        TurnDown::Reject => RequestState::Rejected,
    };
    if row.state != RequestState::Submitted {
        return Ok(decided_before(desk, &row, &[wanted]));
    }
    let note = reason.trim();
    let decision = match how {
        TurnDown::Return => Decision::Return { note },
        TurnDown::Reject => Decision::Reject { note },
    };
    match requests::conclude(txn, &row, decision).await? {
        Decided::Stale => decided_meanwhile(desk, number, &[wanted]).await,
        decided => Ok(decided),
    }
}

/// Returns the row of a request the person may decide on: that of the own organisation.
async fn own(txn: &mut ReadTxn, desk: &Desk<'_>, number: &RequestNumber) -> Result<RequestRow, DeskError> {
    let row = requests::visible(txn, desk, number).await?;
    if row.organisation_id == desk.organisation.organisation_id { Ok(row) } else { Err(DeskError::NotFound) }
}

/// The same button pressed twice is one decision; anything else that came first is somebody else's.
fn decided_before(desk: &Desk<'_>, row: &RequestRow, wanted: &[RequestState]) -> Decided {
    let mine = row.decided_by.as_ref() == Some(&desk.account.account_id);
    if mine && wanted.contains(&row.state) { Decided::Done } else { Decided::Stale }
}

/// PostgreSQL lets another decision be committed between our reading and our writing: that of another person, or the same
/// button pressed twice.
async fn decided_meanwhile(
    desk: &Desk<'_>,
    number: &RequestNumber,
    wanted: &[RequestState],
) -> Result<Decided, DeskError> {
    let row = own(&mut desk.store.read().await?, desk, number).await?;
    Ok(decided_before(desk, &row, wanted))
}

fn refused(key: &'static str) -> Decided {
    Decided::Refused(Problem::new(Field::Statement, Message::new(key)))
}

fn reason_problem(reason: &str) -> Option<Problem> {
    let length = reason.trim().chars().count();
    let message = if length == 0 {
        Message::new("reason-empty")
    } else if super::diagnosis::holds_private_key(reason) {
        Message::new("csr-private-key-elsewhere")
    } else if length > LONGEST_REASON {
        Message::new("reason-too-long").with("count", length).with("limit", LONGEST_REASON)
    } else {
        return None;
    };
    Some(Problem::new(Field::Reason, message))
}

async fn card(txn: &mut ReadTxn, desk: &Desk<'_>, request: RequestView) -> Result<Card, DeskError> {
    let row = &request.row;
    let mut flags = Vec::new();
    let domains = txn.domains(&row.organisation_id).await?;
    for name in &row.names {
        let Some(named) = with_domain(name) else { continue };
        if uncovered(&named, &domains, desk.now).is_some() {
            flags.push(Message::new("flag-domain-expired").with("name", name));
        }
        if let Some(flag) = earlier_certificate(txn, desk, row, name).await? {
            flags.push(flag);
        }
    }
    if !row.names.iter().any(|name| with_domain(name).is_some()) {
        flags.extend(same_holder(txn, desk, row).await?);
    }
    flags.extend(plain_flags(row.names.len(), request.row.key, desk.now.since(row.submitted_at)));
    Ok(Card { request, flags })
}

/// Returns a line of a request's names as a name whose domain is looked up; `None` for a directory name.
fn with_domain(line: &str) -> Option<AlternativeNames> {
    let server = DnsName::parse(line).ok().map(|name| AlternativeNames::of_servers(vec![name]));
    server.or_else(|| Some(AlternativeNames { emails: vec![EmailAddress::parse(line).ok()?], ..Default::default() }))
}

/// Returns what the organisation's earlier certificates say about a name: none yet, or one that is still valid.
async fn earlier_certificate(
    txn: &mut ReadTxn,
    desk: &Desk<'_>,
    row: &RequestRow,
    name: &str,
) -> Result<Option<Message>, DeskError> {
    let filter = CertificateFilter {
        organisation: Some(row.organisation_id.clone()),
        search: Some(name.to_owned()),
        limit: 100,
        ..CertificateFilter::default()
    };
    let earlier = txn.certificates(&filter).await?;
    let mut same = earlier.iter().filter(|certificate| certificate.names.contains(&name.to_owned())).peekable();
    if same.peek().is_none() {
        let key = if name.contains('@') { "flag-new-address" } else { "flag-new-name" };
        return Ok(Some(Message::new(key).with("name", name)));
    }
    let valid = same.find(|certificate| certificate.revocation.is_none() && certificate.validity.contains(desk.now));
    Ok(valid.map(|certificate| {
        let until = era::CivilDate::in_japan(certificate.validity.not_after).era_ja();
        Message::new("flag-already-valid").with("name", name).with("until", until)
    }))
}

/// Returns that a post, a person or a program has a valid certificate of the same kind already.
async fn same_holder(txn: &mut ReadTxn, desk: &Desk<'_>, row: &RequestRow) -> Result<Option<Message>, DeskError> {
    let filter = CertificateFilter {
        organisation: Some(row.organisation_id.clone()),
        search: Some(row.subject_text.clone()),
        limit: 100,
        ..CertificateFilter::default()
    };
    let earlier = txn.certificates(&filter).await?;
    let same = earlier.iter().find(|certificate| {
        certificate.profile_id == row.profile_id
            && certificate.subject == row.subject_text
            && certificate.names == row.names
            && certificate.revocation.is_none()
            && certificate.validity.not_after >= desk.now
    });
    Ok(same.map(|certificate| {
        let name = named::names(&row.names, &row.subject_text).join(" ");
        let until = era::CivilDate::in_japan(certificate.validity.not_after).era_ja();
        Message::new("flag-already-valid").with("name", name).with("until", until)
    }))
}

/// Returns what can be said without the database.
fn plain_flags(names: usize, key: KeyAlgorithm, waited: Duration) -> Vec<Message> {
    let mut flags = Vec::new();
    if names >= MANY_NAMES {
        flags.push(Message::new("flag-many-names").with("count", names));
    }
    if key == KeyAlgorithm::Rsa2048 {
        flags.push(Message::new("flag-rsa-2048"));
    }
    let days = waited.as_secs() / 86_400;
    if days >= LONG_WAIT_DAYS {
        flags.push(Message::new("flag-long-wait").with("days", days));
    }
    flags
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_unusual_is_flagged() {
        let keys = |flags: Vec<Message>| flags.into_iter().map(|flag| flag.key).collect::<Vec<_>>();
        assert!(plain_flags(1, KeyAlgorithm::P256, Duration::from_secs(3600)).is_empty());
        assert_eq!(
            keys(plain_flags(5, KeyAlgorithm::Rsa2048, Duration::from_secs(2 * 86_400))),
            ["flag-many-names", "flag-rsa-2048", "flag-long-wait"]
        );
    }

    #[test]
    fn a_reason_is_needed_and_has_a_limit() {
        assert_eq!(reason_problem("  ").unwrap().message.key, "reason-empty");
        assert_eq!(reason_problem(&"あ".repeat(LONGEST_REASON + 1)).unwrap().message.key, "reason-too-long");
        assert_eq!(reason_problem("-----BEGIN PRIVATE KEY-----").unwrap().message.key, "csr-private-key-elsewhere");
        assert_eq!(reason_problem(&"あ".repeat(LONGEST_REASON)), None);
    }
}
