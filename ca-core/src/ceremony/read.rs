//! From a script as it is written to checked types. Everything wrong is collected, so that who writes a script mends it in
//! one go.

use super::file::{self, File};
use super::step::Known;
use super::{Act, CertifiedKey, Person, Role, Script, Step, Token};
use crate::id::KeyLabel;
use crate::profile::Text;
use crate::time::Timestamp;
use std::collections::BTreeSet;
use std::time::Duration;
use toml::Spanned;
use toml::value::{Datetime, Offset};

/// The store that is always there: software keys in the ceremony's folder.
pub(super) const FOLDER: &str = "folder";

/// What is wrong, and where in the file (an octet offset).
#[derive(Debug)]
pub(super) struct Wrong {
    pub(super) offset: usize,
    pub(super) reason: String,
}

/// `reason`, at that place.
pub(super) fn wrong<T>(at: &Spanned<T>, reason: impl Into<String>) -> Wrong {
    Wrong { offset: at.span().start, reason: reason.into() }
}

/// The script. Errors: all that is wrong, in no order.
pub(super) fn read(raw: File) -> Result<Script, Vec<Wrong>> {
    let mut wrongs = Vec::new();
    let mut keep = |result: Result<(), Wrong>| wrongs.extend(result.err());
    keep(word(&raw.ceremony.name));
    let begins = instant(&raw.ceremony.begins);
    keep(begins.as_ref().map(|_| ()).map_err(|error| Wrong { offset: error.offset, reason: error.reason.clone() }));
    if raw.ceremony.packs.get_ref().is_empty() {
        keep(Err(wrong(&raw.ceremony.packs, "a ceremony works by at least one policy pack")));
    }
    for url in std::iter::once(&raw.ceremony.repository_url).chain(&raw.ceremony.lgwan_repository_url) {
        let http = url.get_ref().starts_with("http://");
        keep(if http {
            Ok(())
        } else {
            Err(wrong(url, "addresses in certificates begin with http:// (RFC 5280 §8)"))
        });
    }
    let people = people(raw.person, &mut keep);
    let tokens = tokens(raw.token, &mut keep);
    let known = Known { people: &people, tokens: &tokens };
    let mut steps: Vec<Step> = Vec::new();
    if raw.step.is_empty() {
        keep(Err(wrong(&raw.ceremony.name, "a ceremony has at least one step")));
    }
    for at in &raw.step {
        match known.step(at, &mut keep) {
            Ok(step) if steps.iter().any(|one| one.id == step.id) => {
                keep(Err(wrong(&at.get_ref().id, format!("a step is called {} already", step.id))));
            }
            Ok(step) => steps.push(step),
            Err(error) => keep(Err(error)),
        }
    }
    keys_in_order(&steps, &raw.step, &mut keep);
    requests_in_order(&steps, &raw.step, &mut keep);
    let Ok(begins) = begins else { return Err(wrongs) };
    if !wrongs.is_empty() {
        return Err(wrongs);
    }
    let head = raw.ceremony;
    Ok(Script {
        name: head.name.into_inner(),
        title: Text { ja: head.title.ja, en: head.title.en },
        place: head.place.into_inner(),
        begins,
        times_fixed: head.fix_times,
        repository_url: head.repository_url.into_inner(),
        lgwan_repository_url: head.lgwan_repository_url.map(Spanned::into_inner),
        packs: head.packs.into_inner(),
        people,
        tokens,
        steps,
    })
}

/// Errors: the text is no word.
pub(super) fn word(text: &Spanned<String>) -> Result<(), Wrong> {
    KeyLabel::parse(text.get_ref()).map(|_| ()).map_err(|error| wrong(text, error.to_string()))
}

fn instant(at: &Spanned<Datetime>) -> Result<Timestamp, Wrong> {
    let (Some(date), Some(time), Some(Offset::Z)) = (at.get_ref().date, at.get_ref().time, at.get_ref().offset) else {
        return Err(wrong(at, "write an instant in UTC, as in 2026-11-22T01:00:00Z"));
    };
    let second = time.second.unwrap_or(0);
    Timestamp::from_utc(i32::from(date.year), date.month, date.day, time.hour, time.minute, second)
        .ok_or_else(|| wrong(at, "there is no such instant between 1970 and 9999"))
}

fn people(
    raw: std::collections::BTreeMap<Spanned<String>, file::Person>,
    keep: &mut impl FnMut(Result<(), Wrong>),
) -> Vec<Person> {
    let mut raw: Vec<_> = raw.into_iter().collect();
    raw.sort_by_key(|(id, _)| id.span().start);
    let (mut people, mut names) = (Vec::new(), BTreeSet::new());
    for (id, person) in raw {
        keep(word(&id));
        let known = Role::ALL.map(|(word, _)| word).join(", ");
        let role = Role::ALL.iter().find(|(word, _)| word == person.role.get_ref());
        let Some((_, role)) = role else {
            keep(Err(wrong(&person.role, format!("`{}` is no role; there are: {known}", person.role.get_ref()))));
            continue;
        };
        // Who confirms is known by the name they type.
        if !names.insert(person.name.get_ref().clone()) || person.name.get_ref().trim() != person.name.get_ref() {
            keep(Err(wrong(&person.name, "a name stands once in a script, without spaces around it")));
        }
        people.push(Person { id: id.into_inner(), name: person.name.into_inner(), role: *role });
    }
    people
}

fn tokens(
    raw: std::collections::BTreeMap<Spanned<String>, file::Token>,
    keep: &mut impl FnMut(Result<(), Wrong>),
) -> Vec<Token> {
    let mut tokens = Vec::new();
    for (name, token) in raw {
        keep(word(&name));
        if name.get_ref() == FOLDER {
            keep(Err(wrong(&name, "`folder` is the store of software keys, which is always there")));
        }
        if let Some(rehearsal) = token.rehearsal_token.as_ref().filter(|other| other.get_ref() == token.token.get_ref())
        {
            keep(Err(wrong(rehearsal, "a rehearsal never touches the real token: name another")));
        }
        tokens.push(Token {
            name: name.into_inner(),
            module: token.module,
            token: token.token.into_inner(),
            rehearsal_token: token.rehearsal_token.map(Spanned::into_inner),
            timeout: Duration::from_secs(token.timeout_seconds.unwrap_or(60).clamp(1, 600)),
        });
    }
    tokens
}

/// A key is made before it is used, and not used after it is destroyed.
fn keys_in_order(steps: &[Step], raw: &[Spanned<file::Step>], keep: &mut impl FnMut(Result<(), Wrong>)) {
    let (mut made, mut destroyed) = (BTreeSet::new(), BTreeSet::new());
    for step in steps {
        let place = raw.iter().find(|at| at.get_ref().id.get_ref() == &step.id);
        let Some(place) = place.and_then(|at| at.get_ref().key.as_ref()) else { continue };
        let said = match &step.act {
            Act::MakeKey { key, .. } => (!made.insert(key)).then(|| format!("a key {key} is made already")),
            Act::DestroyKey { key } => (!destroyed.insert(key)).then(|| format!("the key {key} is destroyed by then")),
            Act::Certificate { key: CertifiedKey::Here(key), .. } | Act::Responder { key, .. } => {
                destroyed.contains(key).then(|| format!("the key {key} is destroyed by then"))
            }
            _ => None,
        };
        keep(said.map_or(Ok(()), |reason| Err(wrong(place, reason))));
    }
}

/// Requests are taken out of a bundle before a step acts on one.
fn requests_in_order(steps: &[Step], raw: &[Spanned<file::Step>], keep: &mut impl FnMut(Result<(), Wrong>)) {
    let mut taken = false;
    for step in steps {
        taken |= matches!(step.act, Act::TakeRequests { .. });
        let place = raw.iter().find(|at| at.get_ref().id.get_ref() == &step.id);
        let request = place.and_then(|at| at.get_ref().request.as_ref());
        if let Some(request) = request.filter(|_| !taken) {
            let what = request.get_ref();
            keep(Err(wrong(request, format!("no step before has taken {what} out of a bundle: add take-requests"))));
        }
    }
}
