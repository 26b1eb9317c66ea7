//! Dates and times as pages show them: both calendars, Japan's clock.

use ca_core::time::Timestamp;

use crate::desk::era::{CivilDate, time_in_japan};
use crate::locale::{Language, Words};

/// Returns the day in both calendars.
pub(crate) fn day(words: &Words, at: Timestamp) -> String {
    let date = CivilDate::in_japan(at);
    match words.language() {
        Language::Japanese => date.both_ja(),
        Language::English => date.both_en(),
    }
}

/// Returns the day in both calendars and the time of day in Japan.
pub(crate) fn moment(words: &Words, at: Timestamp) -> String {
    match words.language() {
        Language::Japanese => format!("{} {}", day(words, at), time_in_japan(at)),
        Language::English => format!("{}, {} (JST)", day(words, at), time_in_japan(at)),
    }
}

/// Returns the time to the second, such as 2026-11-21 19:00:05.
pub(crate) fn exact(at: Timestamp) -> String {
    at.jst().chars().take(19).collect()
}

/// Returns the time for tables, such as 2026-11-21 19:00.
pub(crate) fn short(at: Timestamp) -> String {
    at.jst().chars().take(16).collect()
}
