//! One look at a place, as whoever relies on it does: fetched, judged, and believed only when it is signed by the right key and
//! current. Blocks; runs beside the asynchronous threads.

use ca_core::certificate::Certificate;
use ca_core::id::AuthorityId;
use ca_core::revocation::{ListKind, ListScope, RevocationReason};
use ca_core::serial::SerialNumber;
use ca_core::time::Timestamp;
use crl::ListPlan;
use crl::check::{CheckError, verify_signature};
use crl::reader::{CrlError, CrlReader};
use ocsp::client::{NotBelieved, judge, question};
use ocsp::{CertIdDigest, CertStatus};
use std::collections::{BTreeMap, HashMap, HashSet};
use std::time::Duration;
use store::reach::Unreached;
use url::Url;

/// The longest a place may take to begin its answer.
const PATIENCE: Duration = Duration::from_secs(5);
/// The longest it may take to send a list.
const LONG_LIST: Duration = Duration::from_secs(60);
/// Ten million entries are less than half of it, in octets.
const LARGEST_LIST: u64 = 1 << 30;
/// In octets: no answer about one certificate is larger.
const LARGEST_ANSWER: u64 = 1 << 16;

/// Whose revocations are looked for, and until when what is found must be current.
#[derive(Clone, Debug)]
pub(super) struct Sought {
    pub(super) authority: AuthorityId,
    pub(super) issuer: Certificate,
    pub(super) now: Timestamp,
    pub(super) open: Vec<Unreached>,
}

/// What came of a look.
#[derive(Debug, Default)]
pub(super) struct Looked {
    /// The revocations that can be seen there.
    pub(super) seen: Vec<Unreached>,
    /// Why more could not be looked for.
    pub(super) failed: Option<LookError>,
}

/// Why a list or answer is as good as none.
#[derive(Debug, thiserror::Error)]
pub(super) enum LookError {
    #[error("{address} does not answer")]
    NoAnswer {
        address: String,
        #[source]
        source: Box<ureq::Error>,
    },
    #[error("what is at {address} is no list")]
    NoList {
        address: String,
        #[source]
        source: CrlError,
    },
    #[error("the list at {address} is of another issuer")]
    Foreign { address: String },
    #[error("the list at {address} is not signed by its issuer")]
    Forged {
        address: String,
        #[source]
        source: CheckError,
    },
    #[error("the list at {address} is of {this_update} and counts no more or not yet")]
    NotCurrent { address: String, this_update: String },
    #[error("the answer of {address} cannot be believed")]
    NotBelieved {
        address: String,
        #[source]
        source: NotBelieved,
    },
    #[error("the thread that looked was lost")]
    Thread,
}

fn agent() -> ureq::Agent {
    let config = ureq::Agent::config_builder().proxy(None).timeout_connect(Some(PATIENCE));
    config.timeout_recv_response(Some(PATIENCE)).timeout_recv_body(Some(LONG_LIST)).build().into()
}

/// Looks into the lists that the certificates point to, and into their deltas for what is not there. `plans`: the lists of the
/// authority, with their addresses at that place.
pub(super) fn at_lists(sought: Sought, plans: &[ListPlan]) -> Looked {
    let (agent, mut looked) = (agent(), Looked::default());
    let mut by_list: BTreeMap<ListScope, Vec<Unreached>> = BTreeMap::new();
    for one in &sought.open {
        let complete = plans.iter().filter(|plan| plan.list.kind == ListKind::Complete).map(|plan| plan.list.scope);
        // The shortest is the one the certificate points to.
        if let Some(scope) = complete.filter(|scope| scope.speaks_for(one.scope)).max() {
            by_list.entry(scope).or_default().push(one.clone());
        }
    }
    for (scope, mut open) in by_list {
        for list in [scope.complete(), scope.delta()] {
            let address = plans.iter().find(|plan| plan.list == list).and_then(|plan| plan.addresses.first());
            let Some(address) = address.filter(|_| !open.is_empty()) else { continue };
            match listed(&agent, address, (&sought, &open)) {
                Ok(found) => {
                    let (seen, rest) = open.into_iter().partition(|one| found.contains(&one.serial));
                    looked.seen.extend::<Vec<_>>(seen);
                    open = rest;
                }
                Err(error) => looked.failed = Some(error),
            }
        }
    }
    looked
}

/// Which of the revocations stand in the list at `address`, as they are and not as they were.
fn listed(
    agent: &ureq::Agent,
    address: &str,
    (sought, open): (&Sought, &[Unreached]),
) -> Result<HashSet<SerialNumber>, LookError> {
    let address = || address.to_owned();
    let no_answer = |source| LookError::NoAnswer { address: address(), source: Box::new(source) };
    let no_list = |source| LookError::NoList { address: address(), source };
    let mut answer = agent.get(address()).call().map_err(no_answer)?;
    let body = answer.body_mut().with_config().limit(LARGEST_LIST).reader();
    let wanted: HashMap<&SerialNumber, Timestamp> =
        open.iter().map(|one| (&one.serial, one.revoked_at.whole_seconds())).collect();
    let (mut list, mut found) = (CrlReader::open(body).map_err(no_list)?, HashSet::new());
    while let Some(entry) = list.entry().map_err(no_list)? {
        let meant = wanted.get(&entry.serial).is_some_and(|revoked_at| *revoked_at == entry.revoked_at);
        if meant && entry.reason != RevocationReason::RemoveFromCrl {
            found.insert(entry.serial);
        }
    }
    let (header, trailer) = list.finish().map_err(no_list)?;
    if header.issuer != *sought.issuer.subject() {
        return Err(LookError::Foreign { address: address() });
    }
    verify_signature(&sought.issuer, header.algorithm, (&trailer.signed, &trailer.signature))
        .map_err(|source| LookError::Forged { address: address(), source })?;
    // It may have been made since the look began.
    let begun = header.this_update <= sought.now.plus(LONG_LIST);
    if !begun || header.next_update.is_some_and(|next_update| next_update < sought.now) {
        return Err(LookError::NotCurrent { address: address(), this_update: header.this_update.rfc3339() });
    }
    Ok(found)
}

/// Asks about each certificate, until the place does not answer.
pub(super) fn at_answers(sought: Sought, base: &Url) -> Looked {
    let (agent, mut looked) = (agent(), Looked::default());
    let address = format!("{}/ocsp/{}", base.as_str().trim_end_matches('/'), sought.authority);
    for one in &sought.open {
        match is_told(&agent, &address, (&sought, one)) {
            Ok(true) => looked.seen.push(one.clone()),
            Ok(false) => {}
            Err(error) => {
                let silent = matches!(error, LookError::NoAnswer { .. });
                looked.failed = Some(error);
                if silent {
                    break;
                }
            }
        }
    }
    looked
}

fn is_told(agent: &ureq::Agent, address: &str, (sought, one): (&Sought, &Unreached)) -> Result<bool, LookError> {
    let no_answer = |source| LookError::NoAnswer { address: address.to_owned(), source: Box::new(source) };
    let question = question(&sought.issuer, &one.serial, CertIdDigest::Sha1, None);
    let asked = agent.post(address).header("content-type", "application/ocsp-request").send(question.to_der());
    let body = asked.map_err(no_answer)?.body_mut().with_config().limit(LARGEST_ANSWER).read_to_vec();
    let answer = judge(&body.map_err(no_answer)?, &question, &sought.issuer, sought.now);
    let answer = answer.map_err(|source| LookError::NotBelieved { address: address.to_owned(), source })?;
    let since = |single: &ocsp::SingleResponse| match single.status {
        CertStatus::Revoked { at, .. } => Some(at),
        CertStatus::Good | CertStatus::Unknown => None,
    };
    Ok(answer.responses.first().and_then(since) == Some(one.revoked_at.whole_seconds()))
}
