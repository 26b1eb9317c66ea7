//! Words of packs into types, each error with its place.

use super::file::{Encoding, Words};
use crate::key::KeyAlgorithm;
use crate::name::{Attribute, DistinguishedName, StringKind};
use crate::oid::{self, ObjectId, Oid};
use crate::profile::{Field, KeyUsage, NameTemplate, Source};
use crate::time::Timestamp;
use std::time::Duration;
use toml::Spanned;
use toml::value::Datetime;

/// What is wrong, and where in the file (an octet offset).
#[derive(Debug)]
pub(super) struct Wrong {
    pub(super) offset: usize,
    pub(super) reason: String,
}

/// A complaint about the value at that place.
pub(super) fn wrong<T>(at: &Spanned<T>, reason: impl Into<String>) -> Wrong {
    Wrong { offset: at.span().start, reason: reason.into() }
}

/// One of the words `parse` knows; the complaint lists `known`.
pub(super) fn word<T>(
    text: &Spanned<String>,
    what: &str,
    known: &[&str],
    parse: impl Fn(&str) -> Option<T>,
) -> Result<T, Wrong> {
    parse(text.get_ref())
        .ok_or_else(|| wrong(text, format!("`{}` is no {what}; there are: {}", text.get_ref(), known.join(", "))))
}

/// Extended key usages packs may name, with their words; others are written as object identifiers.
pub(in crate::profile) const PURPOSES: [(&str, Oid); 8] = [
    ("serverAuth", oid::KP_SERVER_AUTH),
    ("clientAuth", oid::KP_CLIENT_AUTH),
    ("codeSigning", oid::KP_CODE_SIGNING),
    ("emailProtection", oid::KP_EMAIL_PROTECTION),
    ("timeStamping", oid::KP_TIME_STAMPING),
    ("OCSPSigning", oid::KP_OCSP_SIGNING),
    ("scvpServer", oid::KP_SCVP_SERVER),
    ("documentSigning", oid::KP_DOCUMENT_SIGNING),
];

/// An extended key usage: a known word, or an object identifier.
pub(super) fn purpose(text: &Spanned<String>) -> Result<ObjectId, Wrong> {
    if let Some((_, oid)) = PURPOSES.iter().find(|(word, _)| *word == text.get_ref()) {
        return Ok(ObjectId::from(*oid));
    }
    ObjectId::parse(text.get_ref()).map_err(|_| {
        let known = PURPOSES.map(|(word, _)| word).join(", ");
        wrong(text, format!("`{}` is no extended key usage: an object identifier, or one of {known}", text.get_ref()))
    })
}

/// Key usage bits.
pub(super) fn key_usage(words: &Words) -> Result<KeyUsage, Wrong> {
    let mut bits = KeyUsage::default();
    for text in words.get_ref() {
        let bit = word(text, "key usage", &KeyUsage::NAMES, KeyUsage::named)?;
        if bits.contains(bit) {
            return Err(wrong(text, format!("{} stands twice", text.get_ref())));
        }
        bits = bits.and(bit);
    }
    Ok(bits)
}

/// Kinds of keys.
pub(super) fn keys(words: &Words) -> Result<Vec<KeyAlgorithm>, Wrong> {
    let mut keys: Vec<KeyAlgorithm> = Vec::new();
    for text in words.get_ref() {
        let names: Vec<String> = KeyAlgorithm::named().map(|key| key.to_string()).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let key = word(text, "kind of key", &names, KeyAlgorithm::parse)?;
        if keys.contains(&key) {
            return Err(wrong(text, format!("{key} stands twice")));
        }
        keys.push(key);
    }
    if keys.is_empty() { Err(wrong(words, "at least one kind of key is needed")) } else { Ok(keys) }
}

pub(super) const fn string_kind(encoding: Encoding) -> StringKind {
    match encoding {
        Encoding::Printable => StringKind::Printable,
        Encoding::Utf8 => StringKind::Utf8,
    }
}

/// A name template: `C=JP`, `CN={post-en}`. What is constant is tried at once.
pub(super) fn template(words: &Words, encoding: StringKind) -> Result<NameTemplate, Wrong> {
    let mut parts = Vec::new();
    for text in words.get_ref() {
        let (attribute, value) = attribute(text)?;
        let source = match value.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')) {
            Some(field) => {
                let known = Field::ALL.map(Field::as_str);
                let unknown = || wrong(text, format!("`{field}` is no field; there are: {}", known.join(", ")));
                Source::Field(Field::parse(field).ok_or_else(unknown)?)
            }
            None => {
                DistinguishedName::new(&[(attribute, encoding, value)]).map_err(|e| wrong(text, e.to_string()))?;
                Source::Constant(value.to_owned())
            }
        };
        parts.push((attribute, source));
    }
    if parts.is_empty() {
        Err(wrong(words, "a name has at least one attribute"))
    } else {
        Ok(NameTemplate { parts, encoding })
    }
}

/// A name without fields.
pub(super) fn name(words: &Words, encoding: StringKind) -> Result<DistinguishedName, Wrong> {
    let mut attributes = Vec::new();
    for text in words.get_ref() {
        let (attribute, value) = attribute(text)?;
        if value.starts_with('{') {
            return Err(wrong(text, "this name has no fields to fill"));
        }
        attributes.push((attribute, encoding, value));
    }
    DistinguishedName::new(&attributes).map_err(|error| wrong(words, error.to_string()))
}

fn attribute(text: &Spanned<String>) -> Result<(Attribute, &str), Wrong> {
    let (short, value) = text
        .get_ref()
        .split_once('=')
        .ok_or_else(|| wrong(text, format!("`{}` is no attribute: write `CN=…` or `CN={{field}}`", text.get_ref())))?;
    let attribute = Attribute::named(short).ok_or_else(|| {
        let known = Attribute::names().collect::<Vec<_>>().join(", ");
        wrong(text, format!("`{short}` is no attribute of names; there are: {known}"))
    })?;
    if attribute == Attribute::Country && !(value.len() == 2 && value.bytes().all(|c| c.is_ascii_uppercase())) {
        return Err(wrong(text, "C is a country code: two capital letters, as in C=JP (RFC 5280 appendix A.1)"));
    }
    Ok((attribute, value))
}

/// The first instant of a day in Japan.
pub(super) fn day(at: &Spanned<Datetime>) -> Result<Timestamp, Wrong> {
    let Datetime { date: Some(date), time: None, offset: None } = at.get_ref() else {
        return Err(wrong(at, "write a day alone, as in 2026-04-01: days are those of Japan"));
    };
    Timestamp::from_jst(i32::from(date.year), date.month, date.day, 0, 0, 0)
        .ok_or_else(|| wrong(at, "there is no such day between 1970 and 9999"))
}

/// The last instant of a day in Japan, in whole seconds.
pub(super) fn end_of_day(at: &Spanned<Datetime>) -> Result<Timestamp, Wrong> {
    Ok(day(at)?.plus(Duration::from_secs(86_399)))
}

/// A length of time: a number and `s`, `m`, `h` or `d`.
pub(super) fn duration(text: &Spanned<String>) -> Result<Duration, Wrong> {
    let written = text.get_ref();
    let seconds = [('s', 1u64), ('m', 60), ('h', 3600), ('d', 86_400)].into_iter().find_map(|(unit, seconds)| {
        written.strip_suffix(unit)?.parse::<u64>().ok()?.checked_mul(seconds).filter(|seconds| *seconds > 0)
    });
    match seconds {
        Some(seconds) if seconds <= 366 * 86_400 => Ok(Duration::from_secs(seconds)),
        Some(_) => Err(wrong(text, format!("{written} is too long: 366d at most"))),
        None => Err(wrong(text, format!("`{written}` is no length of time: a number and s, m, h or d, as in 72h"))),
    }
}
