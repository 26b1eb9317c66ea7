//! Requests: filed once, listed, looked at, withdrawn.

use ca_core::id::{AccountId, RequestId, RequestNumber};
use ca_core::profile::KeySource;
use ca_core::request::{Application, KeyOrigin, NewRequest};
use ca_core::time::Timestamp;
use store::requests::{Decision, RequestFilter, RequestRow, RequestState};
use store::submissions::Claim;
use store::{ReadTxn, Step, StoreError, WriteTxn};

use super::approvals::Decided;
use super::check::{self, Checked, ReadyKey};
use super::draft::Draft;
use super::message::Message;
use super::offer::Offer;
use super::problem::{Field, Problem};
use super::search::half_width;
use super::{Desk, DeskError};
use crate::centre::MadeKey;
use crate::urls;

/// Requests on one page of the list.
pub const PAGE_LENGTH: u32 = 50;

/// A request with the names of the people who dealt with it.
#[derive(Clone, Debug)]
pub struct RequestView {
    /// The row.
    pub row: RequestRow,
    /// The organisation's name in Japanese.
    pub organisation: String,
    /// Who asked; `None` when the account is gone.
    pub requester: Option<String>,
    /// Who decided.
    pub decided_by: Option<String>,
    /// When its certificate was recorded; only [`show`] looks.
    pub issued_at: Option<Timestamp>,
}

/// Which requests the list shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ListedState {
    /// All.
    #[default]
    All,
    /// Waiting for approval.
    Waiting,
    /// Approved and being issued.
    Working,
    /// Issued.
    Issued,
    /// Returned, rejected, withdrawn or failed.
    Closed,
}

impl ListedState {
    /// Every choice, in the order of the page.
    pub const ALL: [Self; 5] = [Self::All, Self::Waiting, Self::Working, Self::Issued, Self::Closed];

    /// Returns the word in the query string.
    pub fn word(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Waiting => "waiting",
            Self::Working => "working",
            Self::Issued => "issued",
            Self::Closed => "closed",
        }
    }

    /// Returns the choice with that word; all, when there is none.
    pub fn parse(word: &str) -> Self {
        Self::ALL.into_iter().find(|state| state.word() == word).unwrap_or_default()
    }

    fn states(self) -> Vec<RequestState> {
        use RequestState::{Approved, Failed, Issued, Issuing, Rejected, Returned, Submitted, Withdrawn};
        match self {
            Self::All => Vec::new(),
            Self::Waiting => vec![Submitted],
            Self::Working => vec![Approved, Issuing],
            Self::Issued => vec![Issued],
            Self::Closed => vec![Returned, Rejected, Withdrawn, Failed],
        }
    }
}

/// What became of filing.
#[derive(Debug)]
pub enum Filed {
    /// It is filed (now, or when the same form was sent before); this path shows it.
    At(String),
    /// It cannot be filed as it is.
    Refused(Box<Checked>),
}

/// Files a draft: request, audit event, the sealed key where the centre made one, and the form's nonce in one transaction. The
/// same form sent twice is filed once.
pub async fn submit(desk: &Desk<'_>, offer: &Offer<'_>, draft: Draft, nonce: &str) -> Result<Filed, DeskError> {
    // Cryptography comes before the transaction: on SQLite there is one writer at a time.
    let diagnosis = check::examined(&draft);
    let id = RequestId::new(desk.now, desk.entropy)?;
    let made = made_at_the_centre(desk, offer, &draft, &id).await?;
    let mut txn = desk.store.write(desk.now, desk.actor()).await?;
    if let Claim::Done(path) = txn.claim_submission(nonce, &desk.account.account_id).await? {
        return Ok(Filed::At(path));
    }
    let mut checked = check::check_within(&mut txn, desk, offer, (draft, diagnosis)).await?;
    let Some(ready) = checked.ready.take() else {
        return Ok(Filed::Refused(Box::new(checked)));
    };
    let (key, origin, sealed) = match (ready.key, made) {
        (ReadyKey::Holder(examined), _) => {
            let (key, csr_der) = examined.csr.into_parts();
            (key, KeyOrigin::Holder { csr_der }, None)
        }
        (ReadyKey::Centre(_), Some(made)) => (made.public, KeyOrigin::Centre, Some(made.sealed)),
        // What was wrong when the key was to be made is right now: a domain was verified in between. Once more, please.
        (ReadyKey::Centre(_), None) => {
            checked.problems.push(Problem::new(Field::KeySource, Message::new("centre-again")));
            return Ok(Filed::Refused(Box::new(checked)));
        }
    };
    let request = NewRequest {
        organisation: desk.organisation.organisation_id.clone(),
        profile: ready.profile.id.clone(),
        subject: ready.subject,
        names: ready.names,
        key,
        origin,
        starts_at: ready.starts_at,
    };
    let number = txn.next_request_number(desk.now).await?;
    let path = urls::request(&number);
    let application = Application::submitted(id, number, desk.account.account_id.clone(), desk.now, request);
    match txn.insert_request(&application).await {
        Ok(()) => txn.note_request(application.id(), checked.draft.text(Field::Note).trim()).await?,
        // Another person filed the same key between our check and our insert.
        Err(error) if error.is_conflict("request_key_once") => {
            checked.problems.push(Problem::new(Field::Csr, Message::new("csr-key-used-elsewhere")));
            return Ok(Filed::Refused(Box::new(checked)));
        }
        Err(error) => return Err(error.into()),
    }
    if let Some(sealed) = sealed {
        txn.keep_holder_key(application.id(), &sealed).await?;
    }
    txn.complete_submission(nonce, &path).await?;
    txn.commit(Step::RequestSubmitted).await?;
    Ok(Filed::At(path))
}

/// Returns the key the centre makes for a form that is right and asks for one. Making one takes up to a second, so no key is
/// made for a form that will be refused.
async fn made_at_the_centre(
    desk: &Desk<'_>,
    offer: &Offer<'_>,
    draft: &Draft,
    id: &RequestId,
) -> Result<Option<MadeKey>, DeskError> {
    let (KeySource::Centre, Some(centre)) = (draft.key_source(), desk.centre) else { return Ok(None) };
    match check::check(desk, offer, draft.clone()).await?.ready.map(|ready| ready.key) {
        Some(ReadyKey::Centre(algorithm)) => Ok(Some(centre.make(algorithm, id).await?)),
        _ => Ok(None),
    }
}

/// Returns the requests the person may see, newest first: at most [`PAGE_LENGTH`], older than `before` when that is given. `typed` is
/// a request number or a part of a name.
pub async fn list(
    desk: &Desk<'_>,
    state: ListedState,
    typed: &str,
    before: Option<RequestId>,
) -> Result<Vec<RequestView>, DeskError> {
    let search = half_width(typed).trim().to_owned();
    let filter = RequestFilter {
        organisation: desk.scope().cloned(),
        states: state.states(),
        search: (!search.is_empty()).then_some(search),
        limit: PAGE_LENGTH,
        before,
    };
    let mut txn = desk.store.read().await?;
    let mut views = Vec::new();
    for row in txn.requests(&filter).await? {
        views.push(view(&mut txn, row).await?);
    }
    Ok(views)
}

/// Returns one request. Errors: [`DeskError::NotFound`] also for that of another organisation.
pub async fn show(desk: &Desk<'_>, number: &RequestNumber) -> Result<RequestView, DeskError> {
    let mut txn = desk.store.read().await?;
    let row = visible(&mut txn, desk, number).await?;
    let issued_at = match &row.certificate {
        Some((authority, serial)) => txn.certificate(authority, serial).await?.map(|found| found.recorded_at),
        None => None,
    };
    Ok(RequestView { issued_at, ..view(&mut txn, row).await? })
}

/// Withdraws a request that nobody has decided yet: state and audit event in one transaction.
pub async fn withdraw(desk: &Desk<'_>, number: &RequestNumber) -> Result<Decided, DeskError> {
    let mut txn = desk.store.write(desk.now, desk.actor()).await?;
    let row = visible(&mut txn, desk, number).await?;
    if row.organisation_id != desk.organisation.organisation_id {
        return Err(DeskError::NotFound);
    }
    if row.state != RequestState::Submitted {
        return Ok(withdrawn_before(desk, &row));
    }
    match conclude(txn, &row, Decision::Withdraw).await? {
        // PostgreSQL lets another decision be committed between our reading and our writing.
        Decided::Stale => Ok(withdrawn_before(desk, &visible(&mut desk.store.read().await?, desk, number).await?)),
        decided => Ok(decided),
    }
}

/// The same button pressed twice is one withdrawal; anything else that came first is somebody else's.
fn withdrawn_before(desk: &Desk<'_>, row: &RequestRow) -> Decided {
    let mine = row.decided_by.as_ref() == Some(&desk.account.account_id);
    if mine && row.state == RequestState::Withdrawn { Decided::Done } else { Decided::Stale }
}

/// Writes a decision on the version that was read, and commits. On PostgreSQL another decision may have come in between.
pub(super) async fn conclude(
    mut txn: WriteTxn,
    row: &RequestRow,
    decision: Decision<'_>,
) -> Result<Decided, DeskError> {
    match txn.decide(&row.request_id, row.version, decision).await {
        Err(StoreError::Stale { .. }) => return Ok(Decided::Stale),
        done => done?,
    }
    txn.commit(Step::RequestDecided).await?;
    Ok(Decided::Done)
}

/// Returns the row of a request the person may see.
pub(super) async fn visible(
    txn: &mut ReadTxn,
    desk: &Desk<'_>,
    number: &RequestNumber,
) -> Result<RequestRow, DeskError> {
    txn.request_by_number(number).await?.filter(|row| desk.sees(&row.organisation_id)).ok_or(DeskError::NotFound)
}

/// Returns a row with the names that belong to it.
pub(super) async fn view(txn: &mut ReadTxn, row: RequestRow) -> Result<RequestView, DeskError> {
    let organisation = txn.organisation(&row.organisation_id).await?.map(|found| found.name).unwrap_or_default();
    let requester = name_of(txn, Some(&row.requester_id)).await?;
    let decided_by = name_of(txn, row.decided_by.as_ref()).await?;
    Ok(RequestView { row, organisation, requester, decided_by, issued_at: None })
}

async fn name_of(txn: &mut ReadTxn, account: Option<&AccountId>) -> Result<Option<String>, DeskError> {
    let Some(account) = account else { return Ok(None) };
    Ok(txn.account(account).await?.map(|found| found.name))
}
