//! いつまで使えるか: both ends on Japan's clock, and how far the nearer one is from now.

use ca_core::profile::Family;
use ca_core::time::Timestamp;

use super::kind::Kind;
use super::{Origin, Question};
use crate::locale::{Language, Message, Words};
use crate::pages::dates;

/// No year is longer, so that "more than 4 years" is never too much.
const LONGEST_YEAR: i64 = 366;
/// From how many days on years are said instead.
const YEARS_FROM_DAYS: i64 = 2 * LONGEST_YEAR;

pub(super) fn sentences(question: &Question<'_>, words: &Words) -> Vec<Message> {
    let validity = question.certificate.validity();
    let from = moment(words, validity.not_before);
    let period = if has_no_end(validity.not_after) {
        Message::new("explain-period-endless").with("from", from)
    } else {
        Message::new("explain-period-both").with("from", from).with("until", moment(words, validity.not_after))
    };
    let mut said = vec![period];
    if let Origin::Revoked(at) = question.origin {
        said.push(Message::new("explain-period-revoked").with("when", moment(words, at)));
    } else if let Origin::Suspended(at) = question.origin {
        said.push(Message::new("explain-period-suspended").with("when", moment(words, at)));
    } else if question.now < validity.not_before {
        said.push(not_yet(days_between(question.now, validity.not_before)));
    } else if question.now > validity.not_after {
        said.extend(ended(question.kind(), days_between(validity.not_after, question.now)));
    } else if !has_no_end(validity.not_after) {
        said.push(left(days_between(question.now, validity.not_after)));
    }
    said
}

/// Whole days on Japan's calendar, so that what ends tonight ends in 0 days.
pub(super) fn days_between(earlier: Timestamp, later: Timestamp) -> i64 {
    let seconds = later.jst_midnight().seconds().saturating_sub(earlier.jst_midnight().seconds());
    seconds.div_euclid(86_400)
}

/// 99991231235959Z: no well-defined end (RFC 5280 §4.1.2.5).
pub(super) fn has_no_end(at: Timestamp) -> bool {
    at.civil().year >= 9999
}

fn left(days: i64) -> Message {
    match days {
        0 => Message::new("explain-left-today"),
        1 => Message::new("explain-left-tomorrow"),
        YEARS_FROM_DAYS.. => Message::new("explain-left-years").with("years", days.div_euclid(LONGEST_YEAR)),
        days => Message::new("explain-left-days").with("days", days),
    }
}

fn not_yet(days: i64) -> Message {
    match days {
        0 => Message::new("explain-not-yet-today"),
        1 => Message::new("explain-not-yet-tomorrow"),
        days => Message::new("explain-not-yet-days").with("days", days),
    }
}

/// What was signed before the end can still be verified, if it can be shown that it was signed before the end.
fn ended(kind: Kind, days: i64) -> Vec<Message> {
    let ended = match days {
        0 => Message::new("explain-ended-today"),
        1 => Message::new("explain-ended-yesterday"),
        YEARS_FROM_DAYS.. => Message::new("explain-ended-years").with("years", days.div_euclid(LONGEST_YEAR)),
        days => Message::new("explain-ended-days").with("days", days),
    };
    let signs = matches!(kind, Kind::Of(Family::JobRole | Family::CodeSigning) | Kind::Signing);
    [Some(ended), signs.then(|| Message::new("explain-ended-signatures"))].into_iter().flatten().collect()
}

/// Returns the day in both calendars, with the end or the beginning of a day in words.
pub(super) fn moment(words: &Words, at: Timestamp) -> String {
    let (day, clock) = (dates::day(words, at), at.civil_jst());
    match (clock.hour, clock.minute, clock.second, words.language()) {
        (23, 59, 59, _) => words.t1("explain-end-of-day", "day", &day),
        (0, 0, 0, _) => words.t1("explain-start-of-day", "day", &day),
        (hour, minute, _, Language::Japanese) => format!("{day}{hour}時{minute:02}分"),
        (hour, minute, _, Language::English) => format!("{day}, {hour:02}:{minute:02}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_counted_on_japans_calendar() {
        let jst = |day, hour| Timestamp::from_jst(2026, 4, day, hour, 0, 0).unwrap();
        assert_eq!(days_between(jst(1, 0), jst(1, 23)), 0);
        assert_eq!(days_between(jst(1, 23), jst(2, 0)), 1);
        assert_eq!(days_between(jst(1, 8), jst(30, 8)), 29);
    }
}
