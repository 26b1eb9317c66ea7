//! 気をつけること: what a careful colleague would add.

use ca_core::profile::Family;
use ca_core::time::Timestamp;

use super::kind::Kind;
use super::period::{days_between, has_no_end};
use super::{Origin, Question, names};
use crate::desk::diagnosis::key_label;
use crate::locale::{Message, Words};
use crate::pages::{dates, hexadecimal};

/// How long before the end the next certificate is asked for.
const SOON_DAYS: i64 = 30;
/// Critical extensions that other paragraphs say in words: nameConstraints, policyMappings, policyConstraints,
/// inhibitAnyPolicy, issuerAltName (RFC 5280 §4.2.1).
const EXPLAINED: [&str; 5] = ["2.5.29.30", "2.5.29.33", "2.5.29.36", "2.5.29.54", "2.5.29.18"];

pub(super) fn sentences(question: &Question<'_>, words: &Words) -> Vec<Message> {
    let (kind, certificate) = (question.kind(), question.certificate);
    let (extensions, mut said) = (certificate.extensions(), Vec::new());
    let left = days_between(question.now, certificate.validity().not_after);
    let valid = certificate.validity().contains(question.now)
        && !matches!(question.origin, Origin::Revoked(_) | Origin::Suspended(_));
    if valid && kind.is_requested() && left <= SOON_DAYS {
        said.push(Message::new("explain-caution-soon"));
    }
    if extensions.dns_names.iter().any(|name| name.starts_with("*.")) {
        said.push(Message::new("explain-caution-wildcard"));
    }
    said.extend(question.key_ends.map(|ends| key(question, ends, words)));
    let unknown: Vec<String> =
        extensions.unknown_critical.iter().filter(|id| !EXPLAINED.contains(&id.as_str())).cloned().collect();
    if !unknown.is_empty() {
        said.push(Message::new("explain-caution-unknown").with("numbers", names::list(words, &unknown)));
    }
    if kind == Kind::Of(Family::Root) {
        said.push(Message::new("explain-caution-root"));
        let fingerprint = hexadecimal::grouped(&certificate.fingerprint());
        said.push(Message::new("explain-caution-fingerprint").with("fingerprint", fingerprint));
    }
    if question.origin == Origin::File {
        said.push(Message::new("explain-caution-unchecked"));
    }
    said
}

/// What the calendar of algorithms says of the key: a date, or that it is past.
fn key(question: &Question<'_>, ends: Timestamp, words: &Words) -> Message {
    let certificate = question.certificate;
    let label = key_label(certificate.key().algorithm());
    let until = certificate.validity().not_after;
    if ends < question.now {
        Message::new("explain-caution-key-ended").with("key", label)
    } else if until > ends || has_no_end(until) {
        Message::new("explain-caution-key-beyond").with("key", label).with("day", dates::day(words, ends))
    } else {
        Message::new("explain-caution-key").with("key", label).with("day", dates::day(words, ends))
    }
}
