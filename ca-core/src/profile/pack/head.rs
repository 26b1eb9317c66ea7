//! The tables of a pack that are not profiles: dates, policies, authorities. Everything wrong is collected, so that who writes
//! a pack mends it in one go.

use super::file::{self, File};
use super::words::{self, Wrong, wrong};
use super::{
    ActivationRule, AuthorityRule, OnRestart, Pack, Periods, ResponderRule, consistency, crl, profiles, soundness,
};
use crate::id::{AuthorityId, PolicyId, ProfileId};
use crate::key::{Allowed, CryptoCalendar, CryptoDate, Dated, KeyAlgorithm, RsaPadding, SignatureHash};
use crate::oid::ObjectId;
use crate::profile::{PolicyTerm, Text};
use toml::Spanned;

/// Most characters of an explicitText (RFC 5280 §4.2.1.4).
const LONGEST_NOTICE: usize = 200;

/// Most custodians of one key store.
const MOST_CUSTODIANS: u8 = 16;

/// The pack. Errors: all that is wrong, in no order.
pub(super) fn read(raw: File) -> Result<Pack, Vec<Wrong>> {
    let mut wrongs = Vec::new();
    let policies = collect(raw.policy, &mut wrongs, |name, table| policy(name, &table));
    let authorities = collect(raw.authority, &mut wrongs, |name, table| authority(name, &table));
    let calendar = keep(calendar(&raw.crypto), &mut wrongs);
    let profiles = profiles::read(raw.profile, &policies, &mut wrongs);
    let head = keep(head(&raw.pack), &mut wrongs);
    let (Some(calendar), Some((name, from, until)), true) = (calendar, head, wrongs.is_empty()) else {
        return Err(wrongs);
    };
    let pack = Pack {
        name,
        version: raw.pack.version.into_inner(),
        title: text(raw.pack.title),
        effective_from: from,
        effective_until: until,
        experimental: raw.pack.experimental,
        calendar,
        policies: policies.into_iter().map(|(_, policy)| policy).collect(),
        authorities: authorities.iter().map(|(_, authority)| authority.clone()).collect(),
        profiles: profiles.iter().map(|(_, profile)| std::sync::Arc::clone(profile)).collect(),
    };
    let mut wrongs = consistency::check(&pack, &authorities, &profiles);
    wrongs.extend(soundness::check(&pack, &authorities, &profiles));
    if wrongs.is_empty() { Ok(pack) } else { Err(wrongs) }
}

/// A table that was read, with the place of its name.
pub(super) type Placed<T> = (usize, T);

/// Reads each table, in the order of the file; complaints go to `wrongs`.
pub(super) fn collect<R, T>(
    tables: file::Tables<R>,
    wrongs: &mut Vec<Wrong>,
    read: impl Fn(&Spanned<String>, R) -> Result<T, Wrong>,
) -> Vec<Placed<T>> {
    let mut tables: Vec<(Spanned<String>, R)> = tables.into_iter().collect();
    tables.sort_by_key(|(name, _)| name.span().start);
    let read = tables.into_iter().filter_map(|(name, table)| {
        let place = name.span().start;
        keep(read(&name, table), wrongs).map(|read| (place, read))
    });
    read.collect()
}

fn keep<T>(read: Result<T, Wrong>, wrongs: &mut Vec<Wrong>) -> Option<T> {
    read.map_err(|wrong| wrongs.push(wrong)).ok()
}

pub(super) fn text(text: file::Text) -> Text {
    Text { ja: text.ja.into_inner(), en: text.en.into_inner() }
}

type Head = (ProfileId, crate::time::Timestamp, Option<crate::time::Timestamp>);

fn head(raw: &file::Head) -> Result<Head, Wrong> {
    let name = ProfileId::parse(raw.name.get_ref()).map_err(|error| wrong(&raw.name, error.to_string()))?;
    if raw.version.get_ref().is_empty() {
        return Err(wrong(&raw.version, "a pack has a version, so that people can say which one they mean"));
    }
    let from = words::day(&raw.effective_from)?;
    let until = raw.effective_until.as_ref().map(words::end_of_day).transpose()?;
    match &raw.effective_until {
        Some(place) if until.is_some_and(|until| until < from) => Err(wrong(place, "this is before effective-from")),
        _ => Ok((name, from, until)),
    }
}

fn calendar(raw: &[Spanned<file::Crypto>]) -> Result<CryptoCalendar, Wrong> {
    let mut dates = Vec::new();
    for at in raw {
        let date = at.get_ref();
        let of = match (date.rsa_up_to, date.ec_up_to, &date.signature) {
            (Some(up_to), None, None) => Dated::Rsa { up_to },
            (None, Some(up_to), None) => Dated::Ec { up_to },
            (None, None, Some(hash)) => {
                let known = SignatureHash::ALL.map(SignatureHash::as_str);
                Dated::Signature(words::word(hash, "digest", &known, SignatureHash::parse)?)
            }
            _ => return Err(wrong(at, "say one of rsa-up-to, ec-up-to and signature")),
        };
        let allowed = match (date.never, &date.lives_until) {
            (true, None) if date.issued_until.is_none() => Allowed::Never,
            (false, Some(lives)) => {
                let issued = date.issued_until.as_ref().map(words::end_of_day).transpose()?;
                Allowed::Until { lives: words::end_of_day(lives)?, issued }
            }
            _ => return Err(wrong(at, "say either never = true or lives-until, with issued-until if need be")),
        };
        dates.push(CryptoDate { of, allowed, source: date.source.clone() });
        // Held to the calendar's own rules one by one, so that the complaint has a place.
        CryptoCalendar::new(dates.clone()).map_err(|error| wrong(at, error.to_string()))?;
    }
    CryptoCalendar::new(dates).map_err(|error| Wrong { offset: 0, reason: error.to_string() })
}

fn policy(name: &Spanned<String>, raw: &file::Policy) -> Result<PolicyTerm, Wrong> {
    let id = PolicyId::parse(name.get_ref()).map_err(|error| wrong(name, error.to_string()))?;
    let oid = ObjectId::parse(raw.oid.get_ref()).map_err(|error| wrong(&raw.oid, error.to_string()))?;
    if let Some(cps) = &raw.cps {
        let address = cps.get_ref();
        let http = address.starts_with("http://") || address.starts_with("https://");
        if !http || !address.bytes().all(|octet| octet.is_ascii_graphic()) {
            return Err(wrong(cps, "a CPS is at an http or https address in ASCII (RFC 5280 §4.2.1.4)"));
        }
    }
    if let Some(notice) = &raw.notice {
        let characters = notice.get_ref().chars().count();
        if !(1..=LONGEST_NOTICE).contains(&characters) || notice.get_ref().chars().any(char::is_control) {
            let reason = format!(
                "a notice has 1 to 200 characters without line breaks (RFC 5280 §4.2.1.4); this has {characters}"
            );
            return Err(wrong(notice, reason));
        }
    }
    let inner = |text: &Option<Spanned<String>>| text.as_ref().map(|text| text.get_ref().clone());
    Ok(PolicyTerm { id, oid, cps: inner(&raw.cps), notice: inner(&raw.notice) })
}

fn authority(name: &Spanned<String>, raw: &file::Authority) -> Result<AuthorityRule, Wrong> {
    let id = |text: &Spanned<String>| AuthorityId::parse(text.get_ref()).map_err(|e| wrong(text, e.to_string()));
    let profile = |text: &Spanned<String>| ProfileId::parse(text.get_ref()).map_err(|e| wrong(text, e.to_string()));
    let ocsp = raw.ocsp.as_ref().map(|ocsp| {
        let periods = periods(&ocsp.validity, &ocsp.refresh_before)?;
        Ok(ResponderRule { profile: profile(&ocsp.responder)?, periods })
    });
    let encoding = words::string_kind(*raw.encoding.get_ref());
    let keys = words::keys(&raw.keys)?;
    let utf8 = words::string_kind(file::Encoding::Utf8);
    Ok(AuthorityRule {
        id: id(name)?,
        title: text(raw.title.clone()),
        profile: profile(&raw.profile)?,
        issuer: raw.issuer.as_ref().map(id).transpose()?,
        subject: words::name(&raw.subject, encoding)?,
        encoding,
        alternative: raw.alternative.as_ref().map(|name| words::name(name, utf8)).transpose()?,
        padding: raw.signature.as_ref().map_or(Ok(RsaPadding::default()), |word| padding(word, &keys))?,
        keys,
        crl: crl::read(&raw.crl)?,
        ocsp: ocsp.transpose()?,
        activation: raw.activation.as_ref().map(activation).transpose()?,
    })
}

/// How an authority's RSA keys pad: a choice that other keys do not have.
fn padding(word: &Spanned<String>, keys: &[KeyAlgorithm]) -> Result<RsaPadding, Wrong> {
    let known = RsaPadding::ALL.map(RsaPadding::as_str);
    let padding = words::word(word, "signature", &known, RsaPadding::parse)?;
    match keys.iter().find(|key| !key.is_rsa()) {
        Some(other) => {
            Err(wrong(word, format!("a key {other} does not sign with {}: leave it out of keys", word.get_ref())))
        }
        None => Ok(padding),
    }
}

fn activation(raw: &file::Activation) -> Result<ActivationRule, Wrong> {
    let file::Custodians { least, of } = *raw.custodians.get_ref();
    if least < 2 {
        return Err(wrong(&raw.custodians, "at least two custodians must come together"));
    }
    if !(least..=MOST_CUSTODIANS).contains(&of) {
        let reason = format!("{least} of {of} custodians: there must be {least} to {MOST_CUSTODIANS}");
        return Err(wrong(&raw.custodians, reason));
    }
    let known = [OnRestart::Deactivate, OnRestart::Keep].map(OnRestart::as_str);
    let on_restart = words::word(&raw.on_restart, "answer to a restart", &known, OnRestart::parse)?;
    Ok(ActivationRule { least, of, on_restart })
}

pub(super) fn periods(validity: &Spanned<String>, refresh_before: &Spanned<String>) -> Result<Periods, Wrong> {
    let periods = Periods { validity: words::duration(validity)?, refresh_before: words::duration(refresh_before)? };
    if periods.refresh_before < periods.validity {
        Ok(periods)
    } else {
        Err(wrong(refresh_before, "refresh-before must be shorter than validity"))
    }
}
