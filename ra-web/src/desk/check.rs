//! The check of a form: what must be mended, or what the certificate will say.
//!
//! It is the same for the live diagnosis, the confirmation and the filing: what was shown is checked again before it counts.

use std::sync::Arc;

use ca_core::key::KeyAlgorithm;
use ca_core::name::{AlternativeNames, DistinguishedName, OrganisationName, prefecture_in_english};
use ca_core::profile::{self, Fields, KeySource, NameTemplate, Profile};
use ca_core::time::{Timestamp, Validity};
use store::ReadTxn;

use super::blank::Blank;
use super::diagnosis::{self, Examined, key_label};
use super::draft::Draft;
use super::message::Message;
use super::names::{self, Proven};
use super::offer::Offer;
use super::problem::{Field, Problem};
use super::{Desk, DeskError, start, written};

/// The most characters of a note.
pub const LONGEST_NOTE: usize = 400;

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
    /// The certificate's name: from the register, the form and the profile.
    pub subject: DistinguishedName,
    /// The names beside it.
    pub names: AlternativeNames,
    /// The key, or which the centre is to make.
    pub key: ReadyKey,
    /// The chosen beginning; `None` for the instant of issue.
    pub starts_at: Option<Timestamp>,
    /// Its life, if it were issued now.
    pub validity: Validity,
    /// Whether its life ends with its key's, before that of others of its kind.
    pub ends_with_key: bool,
    /// What was changed in what the person typed.
    pub notices: Vec<Message>,
}

/// Whose key will be certified.
#[derive(Clone, Debug)]
pub enum ReadyKey {
    /// The one in the holder's request.
    Holder(Box<Examined>),
    /// One that the centre makes when the request is filed.
    Centre(KeyAlgorithm),
}

impl ReadyKey {
    /// Returns the kind of key.
    pub fn algorithm(&self) -> KeyAlgorithm {
        match self {
            Self::Holder(examined) => examined.csr.key().algorithm(),
            Self::Centre(algorithm) => *algorithm,
        }
    }
}

/// What was found on the way through the form.
#[derive(Default)]
struct Findings {
    problems: Vec<Problem>,
    notices: Vec<Message>,
}

impl Findings {
    /// Notes what is wrong, unless the field was emptied because a private key was in it: that is said already.
    fn wrong(&mut self, field: Field, message: Message) {
        let emptied =
            self.problems.iter().any(|known| known.field == field && known.message.key.starts_with("csr-private-key"));
        if !emptied {
            self.problems.push(Problem::new(field, message));
        }
    }

    fn taken<T>(&mut self, field: Field, outcome: Result<T, Message>) -> Option<T> {
        outcome.map_err(|message| self.wrong(field, message)).ok()
    }

    fn names<T: Clone>(&mut self, outcome: Result<names::AcceptedNames<T>, Vec<Problem>>) -> Vec<T> {
        match outcome {
            Ok(accepted) => {
                self.notices.extend(accepted.notices);
                accepted.names
            }
            Err(found) => {
                found.into_iter().for_each(|problem| self.wrong(problem.field, problem.message));
                Vec::new()
            }
        }
    }
}

/// Checks a draft against the register and the keys already in use. Reads only.
pub async fn check(desk: &Desk<'_>, offer: &Offer<'_>, draft: Draft) -> Result<Checked, DeskError> {
    let diagnosis = examined(&draft);
    check_within(&mut desk.store.read().await?, desk, offer, (draft, diagnosis)).await
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

/// Checks a draft inside a transaction. The diagnosis comes from [`examined`], before the transaction began: on SQLite there is
/// one writer at a time, and cryptography should not keep it waiting.
pub(super) async fn check_within(
    txn: &mut ReadTxn,
    desk: &Desk<'_>,
    offer: &Offer<'_>,
    (mut draft, mut diagnosis): (Draft, Option<Result<Examined, Message>>),
) -> Result<Checked, DeskError> {
    let domains = txn.domains(&desk.organisation.organisation_id).await?;
    let proven = Proven { domains: &domains, now: desk.now };
    let mut found = Findings { problems: std::mem::take(&mut draft.found), notices: Vec::new() };
    let fields = written_fields(&draft, &mut found);
    let names = typed_names(&draft, proven, &mut found);
    let boxes = [Field::Start, Field::StartMonth, Field::StartDay].map(|field| draft.text(field));
    let starts_at = found.taken(Field::Start, start::chosen(boxes, desk.now)).flatten();
    if let Some(Ok(examined)) = &diagnosis
        && let Some(message) = unfit_key(txn, desk, offer, examined).await?
    {
        diagnosis = Some(Err(message));
    }
    if let Some(Ok(examined)) = &diagnosis {
        draft.put_csr(&examined.pem());
    }
    let key = wanted_key(&draft, offer, diagnosis.as_ref(), &mut found);
    let life = key.as_ref().and_then(|key| {
        let at = if draft.key_source() == KeySource::Centre { Field::KeyKind } else { Field::Csr };
        found.taken(at, life(offer, key.algorithm(), starts_at, desk.now))
    });
    let length = draft.text(Field::Note).chars().count();
    if length > LONGEST_NOTE {
        found.wrong(Field::Note, Message::new("note-too-long").with("count", length).with("limit", LONGEST_NOTE));
    }
    found.problems.sort_by_key(|problem| problem.field);
    let ready = match (key, life) {
        (Some(key), Some((validity, ends_with_key))) if found.problems.is_empty() => {
            if draft.file_won {
                found.notices.push(Message::new("csr-double"));
            }
            if let ReadyKey::Holder(examined) = &key {
                found.notices.extend(examined.repairs.iter().cloned());
            }
            let (subject, names) = filled(desk, offer, fields, names)?;
            let profile = Arc::clone(&offer.profile);
            Some(Ready { profile, subject, names, key, starts_at, validity, ends_with_key, notices: found.notices })
        }
        _ => None,
    };
    Ok(Checked { draft, problems: found.problems, diagnosis, ready })
}

/// The values of the blanks that are right.
fn written_fields(draft: &Draft, found: &mut Findings) -> Fields {
    let blanks = Blank::of(&draft.profile);
    let typed = |blank: Blank| draft.text(Field::Blank(blank)).trim();
    let mut fields = Fields::default();
    for blank in &blanks {
        let text = typed(*blank);
        if !text.is_empty() {
            if let Some(accepted) = found.taken(Field::Blank(*blank), written::accept(*blank, text)) {
                fields = fields.with(blank.field(), accepted.value);
                found.notices.extend(accepted.notice);
            }
        } else if let Some(key) = blank.empty_key() {
            found.wrong(Field::Blank(*blank), Message::new(key));
        }
    }
    for (japanese, latin) in Blank::UNITS.into_iter().filter(|(_, latin)| blanks.contains(latin)) {
        match (typed(japanese), typed(latin)) {
            ("", "") => {}
            (name, "") => found.wrong(Field::Blank(latin), Message::new("unit-en-missing").with("name", name)),
            ("", name) => found.wrong(Field::Blank(japanese), Message::new("unit-missing").with("name", name)),
            _ => {}
        }
    }
    fields
}

fn typed_names(draft: &Draft, proven: Proven<'_>, found: &mut Findings) -> AlternativeNames {
    let rule = &draft.profile.alternative;
    let mut names = AlternativeNames::default();
    if rule.dns.most > 0 {
        names.dns = found.names(names::accept(draft.text(Field::Names), rule.dns, proven));
    }
    if rule.emails.most > 0 {
        names.emails = found.names(names::accept_emails(draft.text(Field::Emails), rule.emails, proven));
    }
    names
}

/// The key to certify, as far as the form says one that will do.
fn wanted_key(
    draft: &Draft,
    offer: &Offer<'_>,
    diagnosis: Option<&Result<Examined, Message>>,
    found: &mut Findings,
) -> Option<ReadyKey> {
    if draft.key_source() == KeySource::Holder {
        return match diagnosis {
            None => found.taken(Field::Csr, Err(Message::new("csr-empty"))),
            Some(Err(message)) => found.taken(Field::Csr, Err(message.clone())),
            Some(Ok(examined)) => Some(ReadyKey::Holder(Box::new(examined.clone()))),
        };
    }
    if diagnosis.is_some() {
        found.wrong(Field::Csr, Message::new("csr-not-needed"));
    }
    let Some(usual) = offer.made_here.first() else {
        return found.taken(Field::KeySource, Err(Message::new("key-source-not-offered")));
    };
    let typed = draft.text(Field::KeyKind);
    let known = || offer.made_here.iter().find(|kind| kind.to_string() == typed);
    let kind = if typed.is_empty() { Some(usual) } else { known() };
    found.taken(Field::KeyKind, kind.copied().ok_or_else(|| Message::new("key-kind-unknown"))).map(ReadyKey::Centre)
}

/// The certificate's life if it were issued now, and whether its key ends it. Errors: the key may not be used then.
fn life(
    offer: &Offer<'_>,
    key: KeyAlgorithm,
    starts_at: Option<Timestamp>,
    now: Timestamp,
) -> Result<(Validity, bool), Message> {
    let Validity { not_before, not_after } = offer.profile.validity.period(starts_at.unwrap_or(now));
    let not_after = not_after.min(offer.authority.validity().not_after);
    let end = offer.pack.calendar.end_of(key).filter(|end| *end < not_after);
    let not_after = end.unwrap_or(not_after);
    if not_after <= not_before {
        return Err(Message::new("key-out-of-date").with("key", key_label(key)));
    }
    Ok((Validity { not_before, not_after }, end.is_some()))
}

/// The subject and the names beside it.
fn filled(
    desk: &Desk<'_>,
    offer: &Offer<'_>,
    fields: Fields,
    mut names: AlternativeNames,
) -> Result<(DistinguishedName, AlternativeNames), DeskError> {
    let organisation = OrganisationName::parse(&desk.organisation.name_en)
        .map_err(|error| DeskError::Unreadable { what: "organisation name", reason: error.to_string() })?;
    let unreadable = |reason: String| DeskError::Unreadable { what: "subject", reason };
    let prefecture = prefecture_in_english(&desk.organisation.code).unwrap_or_default();
    let server = names.dns.first().map(ToString::to_string).unwrap_or_default();
    let fields = fields
        .with(profile::Field::Organisation, desk.organisation.name.as_str())
        .with(profile::Field::OrganisationEn, organisation.as_str())
        .with(profile::Field::PrefectureEn, prefecture)
        .with(profile::Field::ServerName, server);
    let fill = |template: &NameTemplate| template.fill(&fields).map_err(|error| unreadable(error.to_string()));
    let template = offer.profile.subject.as_ref();
    let subject = fill(template.ok_or_else(|| unreadable("a profile without subject".to_owned()))?)?;
    names.directory = offer.profile.alternative.directory.as_ref().map(fill).transpose()?;
    Ok((subject, names))
}

/// Returns the sentence for a key that is not certified here or was used before; the earlier request is named only to its own
/// organisation.
async fn unfit_key(
    txn: &mut ReadTxn,
    desk: &Desk<'_>,
    offer: &Offer<'_>,
    examined: &Examined,
) -> Result<Option<Message>, DeskError> {
    let key = examined.csr.key();
    if !offer.profile.certifies(key.algorithm()) {
        let allowed: Vec<String> = offer.profile.keys.iter().map(|kind| key_label(*kind)).collect();
        let message = Message::new("csr-key-not-certified").with("found", key_label(key.algorithm()));
        return Ok(Some(message.with("allowed", allowed.join(", "))));
    }
    let Some(number) = txn.key_in_use(&key.fingerprint()).await? else { return Ok(None) };
    let earlier = txn.request_by_number(&number).await?;
    Ok(Some(match earlier {
        Some(earlier) if earlier.organisation_id == desk.organisation.organisation_id => {
            Message::new("csr-key-used").with("number", number)
        }
        _ => Message::new("csr-key-used-elsewhere"),
    }))
}
