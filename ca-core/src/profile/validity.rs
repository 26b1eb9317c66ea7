//! How long certificates live: a length, and whether the end falls on the last second of a day in Japan.

use crate::time::{Civil, Timestamp, Validity};
use std::time::Duration;

/// A length of life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Length {
    /// Calendar years, counted in Japan.
    Years(u8),
    /// Days of 86,400 s.
    Days(u16),
}

/// Where the end falls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Boundary {
    /// Exactly the length after the beginning.
    Exact,
    /// At 23:59:59 in Japan, never longer than the length. What begins on a chosen day begins at 0:00 in Japan.
    JstDay,
}

/// How long certificates of a profile live.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ValidityRule {
    /// The length.
    pub length: Length,
    /// Where the end falls.
    pub boundary: Boundary,
}

const DAY: Duration = Duration::from_secs(86_400);
const SECOND: Duration = Duration::from_secs(1);

impl Length {
    /// The instant that long after `start`. A year after 29 February is 28 February.
    pub fn after(self, start: Timestamp) -> Timestamp {
        match self {
            Self::Days(days) => start.plus(DAY.saturating_mul(u32::from(days))),
            Self::Years(years) => {
                let Civil { year, month, day, hour, minute, second, .. } = start.civil_jst();
                let year = year.saturating_add(i32::from(years));
                let at = |day| Timestamp::from_jst(year, month, day, hour, minute, second);
                at(day).or_else(|| at(28)).unwrap_or(start)
            }
        }
    }
}

impl ValidityRule {
    /// The period that begins at `start` (whole seconds), both ends included.
    pub fn period(self, start: Timestamp) -> Validity {
        let not_before = start.whole_seconds();
        let end = self.length.after(not_before);
        let not_after = match self.boundary {
            Boundary::Exact => end.minus(SECOND),
            // The last midnight in Japan that is not behind the end, less a second.
            Boundary::JstDay => end.jst_midnight().minus(SECOND),
        };
        Validity { not_before, not_after }
    }
}

impl std::fmt::Display for Length {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Years(years) => write!(f, "{years}y"),
            Self::Days(days) => write!(f, "{days}d"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn jst(year: i32, month: u8, day: u8, hour: u8) -> Timestamp {
        Timestamp::from_jst(year, month, day, hour, 0, 0).unwrap()
    }

    fn period(length: Length, boundary: Boundary, start: Timestamp) -> (String, String) {
        let Validity { not_before, not_after } = ValidityRule { length, boundary }.period(start);
        (not_before.jst(), not_after.jst())
    }

    #[test]
    fn an_april_certificate_ends_with_a_march() {
        let (from, to) = period(Length::Years(5), Boundary::JstDay, jst(2027, 4, 1, 0));
        assert_eq!((from.as_str(), to.as_str()), ("2027-04-01 00:00:00", "2032-03-31 23:59:59"));
    }

    #[test]
    fn what_begins_within_a_day_is_never_longer_than_its_length() {
        let (from, to) = period(Length::Years(5), Boundary::JstDay, jst(2026, 11, 22, 10));
        assert_eq!((from.as_str(), to.as_str()), ("2026-11-22 10:00:00", "2031-11-21 23:59:59"));
        let (_, to) = period(Length::Days(397), Boundary::Exact, jst(2026, 11, 22, 10));
        assert_eq!(to, "2027-12-24 09:59:59");
    }

    #[test]
    fn a_year_after_the_29th_of_february_is_the_28th() {
        let (_, to) = period(Length::Years(1), Boundary::Exact, jst(2028, 2, 29, 12));
        assert_eq!(to, "2029-02-28 11:59:59");
    }
}
