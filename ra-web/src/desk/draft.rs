//! The form for a web server as a person filled it in, and its check.
//!
//! The check is the same for the live diagnosis, the confirmation and the filing: what was shown is checked again before it counts.

use ca_core::name::{DistinguishedName, DnsName, OrganisationName};
use ca_core::profile::{self, Family, Fields, Profile};
use ca_core::request::csr::LARGEST_REQUEST;
use std::sync::Arc;
use store::ReadTxn;

use super::diagnosis::{self, Examined};
use super::message::Message;
use super::names::{self, AcceptedNames};
use super::problem::{Field, Problem};
use super::{Desk, DeskError};

/// The most characters of a note.
pub const LONGEST_NOTE: usize = 400;

/// The form for a web server, as typed. Never holds a private key: [`Draft::new`] takes it out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Draft {
    /// The server names, one a line.
    pub names: String,
    /// The signing request as text; empty when a file of another kind was uploaded.
    pub csr: String,
    /// The note for the approver.
    pub note: String,
    /// What was uploaded, when it is not text.
    upload: Option<Vec<u8>>,
    /// What taking the form apart already found.
    found: Vec<Problem>,
    /// True when a file came together with other pasted text, and won.
    file_won: bool,
}

/// A draft after its check: what is wrong, what is known, and, when nothing is wrong, what can be filed.
#[derive(Clone, Debug)]
pub struct Checked {
    /// What the person typed, to be shown again. A readable upload has become text.
    pub draft: Draft,
    /// What must be mended, in the order of the form.
    pub problems: Vec<Problem>,
    /// What the signing request says; `None` when there is none.
    pub diagnosis: Option<Result<Examined, Message>>,
    /// What the certificate will say; `None` when something is wrong.
    pub ready: Option<Ready>,
}

/// A request that can be filed.
#[derive(Clone, Debug)]
pub struct Ready {
    /// What the certificate will be.
    pub profile: Arc<Profile>,
    /// The certificate's name: from the register and the profile.
    pub subject: DistinguishedName,
    /// The server names, the first of which is in the subject.
    pub names: Vec<DnsName>,
    /// The signing request.
    pub csr: Examined,
    /// What was changed in what the person typed.
    pub notices: Vec<Message>,
}

impl Draft {
    /// Takes a posted form apart. A file is preferred to pasted text. Private keys are dropped at once, in every field.
    pub fn new(names: &str, pasted: &str, file: Option<&[u8]>, note: &str) -> Self {
        let mut draft = Self::default();
        draft.names = draft.kept(Field::Names, names);
        draft.note = draft.kept(Field::Note, note);
        match file {
            Some(octets) => {
                draft.file_won = !pasted.trim().is_empty() && pasted.trim().as_bytes() != octets.trim_ascii();
                match std::str::from_utf8(octets) {
                    Ok(text) if octets.len() <= LARGEST_REQUEST => draft.csr = draft.kept(Field::Csr, text),
                    _ => draft.upload = Some(octets.to_vec()),
                }
            }
            None => draft.csr = draft.kept(Field::Csr, pasted),
        }
        draft
    }

    /// Returns `text` unless a private key is in it; then the empty text, and the problem is noted.
    fn kept(&mut self, field: Field, text: &str) -> String {
        let lost = match field {
            Field::Csr => diagnosis::is_private_key(text.as_bytes()),
            _ => diagnosis::holds_private_key(text),
        };
        if !lost {
            return text.to_owned();
        }
        let key = if field == Field::Csr { "csr-private-key" } else { "csr-private-key-elsewhere" };
        self.found.push(Problem::new(field, Message::new(key)));
        String::new()
    }

    fn csr_octets(&self) -> &[u8] {
        self.upload.as_deref().unwrap_or(self.csr.as_bytes())
    }

    fn lost_a_key_in(&self, field: Field) -> bool {
        self.found.iter().any(|problem| problem.field == field)
    }
}

/// Checks a draft against the register and the keys already in use. Reads only.
pub async fn check(desk: &Desk<'_>, draft: Draft) -> Result<Checked, DeskError> {
    let diagnosis = examined(&draft);
    check_within(&mut desk.store.read().await?, desk, draft, diagnosis).await
}

/// Returns what the draft's signing request says, without the database.
pub(super) fn examined(draft: &Draft) -> Option<Result<Examined, Message>> {
    if draft.lost_a_key_in(Field::Csr) {
        return Some(Err(Message::new("csr-private-key")));
    }
    let octets = draft.csr_octets();
    (!octets.iter().all(u8::is_ascii_whitespace)).then(|| diagnosis::examine(octets))
}

/// Returns the domains in which the organisation may ask for names just now.
pub async fn domains(desk: &Desk<'_>) -> Result<Vec<String>, DeskError> {
    let domains = desk.store.read().await?.domains(&desk.organisation.organisation_id).await?;
    Ok(domains.into_iter().filter(|one| one.verified_until > desk.now).map(|one| one.domain.to_string()).collect())
}

/// Checks a draft inside a transaction. `diagnosis` comes from [`examined`], before the transaction began: on SQLite there is one
/// writer at a time, and cryptography should not keep it waiting.
pub(super) async fn check_within(
    txn: &mut ReadTxn,
    desk: &Desk<'_>,
    mut draft: Draft,
    mut diagnosis: Option<Result<Examined, Message>>,
) -> Result<Checked, DeskError> {
    let domains = txn.domains(&desk.organisation.organisation_id).await?;
    let mut problems: Vec<Problem> = std::mem::take(&mut draft.found);
    let accepted = match names::accept(&draft.names, &domains, desk.now) {
        Ok(accepted) => Some(accepted),
        Err(found) => {
            let emptied = problems.iter().any(|problem| problem.field == Field::Names);
            problems.extend(found.into_iter().filter(|_| !emptied));
            None
        }
    };
    if let Some(Ok(examined)) = &diagnosis
        && let Some(message) = key_used_before(txn, desk, examined).await?
    {
        diagnosis = Some(Err(message));
    }
    match &diagnosis {
        None => problems.push(Problem::new(Field::Csr, Message::new("csr-empty"))),
        Some(Err(message)) if !problems.iter().any(|problem| problem.field == Field::Csr) => {
            problems.push(Problem::new(Field::Csr, message.clone()));
        }
        Some(_) => {}
    }
    if let Some(Ok(examined)) = &diagnosis {
        draft.csr = examined.pem();
        draft.upload = None;
    }
    let length = draft.note.chars().count();
    if length > LONGEST_NOTE {
        let message = Message::new("note-too-long").with("count", length).with("limit", LONGEST_NOTE);
        problems.push(Problem::new(Field::Note, message));
    }
    problems.sort_by_key(|problem| problem.field);
    let ready = match (accepted, &diagnosis) {
        (Some(accepted), Some(Ok(examined))) if problems.is_empty() => {
            Some(ready(desk, accepted, examined, draft.file_won)?)
        }
        _ => None,
    };
    Ok(Checked { draft, problems, diagnosis, ready })
}

fn ready(desk: &Desk<'_>, accepted: AcceptedNames, examined: &Examined, file_won: bool) -> Result<Ready, DeskError> {
    let unreadable = |reason: String| DeskError::Unreadable { what: "organisation name", reason };
    let first = accepted.names.first().ok_or_else(|| unreadable("no server name".to_owned()))?;
    let organisation =
        OrganisationName::parse(&desk.organisation.name_en).map_err(|error| unreadable(error.to_string()))?;
    let profile =
        desk.packs.of_family(Family::WebServer).ok_or_else(|| unreadable("no profile of web servers".to_owned()))?;
    let template = profile.subject.as_ref().ok_or_else(|| unreadable("a profile without subject".to_owned()))?;
    let fields = Fields::default()
        .with(profile::Field::OrganisationEn, organisation.as_str())
        .with(profile::Field::ServerName, first.as_str());
    let subject = template.fill(&fields).map_err(|error| unreadable(error.to_string()))?;
    let profile = Arc::clone(profile);
    let mut notices = accepted.notices;
    if file_won {
        notices.push(Message::new("csr-double"));
    }
    notices.extend(examined.repairs.iter().cloned());
    Ok(Ready { profile, subject, names: accepted.names, csr: examined.clone(), notices })
}

/// Returns the sentence for a key that was used before; the earlier request is named only to its own organisation.
async fn key_used_before(
    txn: &mut ReadTxn,
    desk: &Desk<'_>,
    examined: &Examined,
) -> Result<Option<Message>, DeskError> {
    let Some(number) = txn.key_in_use(&examined.csr.key().fingerprint()).await? else { return Ok(None) };
    let earlier = txn.request_by_number(&number).await?;
    Ok(Some(match earlier {
        Some(earlier) if earlier.organisation_id == desk.organisation.organisation_id => {
            Message::new("csr-key-used").with("number", number)
        }
        _ => Message::new("csr-key-used-elsewhere"),
    }))
}
