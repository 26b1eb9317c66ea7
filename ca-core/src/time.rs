//! Instants and validity periods. An instant is microseconds since 1970 in UTC, the form the database keeps; people in
//! Japan read JST. This module reads no clock: `now` is always an argument, and [`Clock`] is implemented in `lgpki`.

use std::time::Duration;
use time::{Date, Month, OffsetDateTime, PrimitiveDateTime, Time, UtcOffset};

/// An instant: microseconds since 1970-01-01T00:00:00 UTC. Kept in the database as `BIGINT`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

/// Where the present comes from. State structs hold one; everything below them takes `now` as an argument.
pub trait Clock: Send + Sync {
    /// The present instant.
    fn now(&self) -> Timestamp;
}

/// The calendar date and time of an instant in UTC, ready to be written or compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Civil {
    /// Year, 1970–9999.
    pub year: i32,
    /// Month, 1–12.
    pub month: u8,
    /// Day of the month, 1–31.
    pub day: u8,
    /// Hour, 0–23.
    pub hour: u8,
    /// Minute, 0–59.
    pub minute: u8,
    /// Second, 0–59.
    pub second: u8,
    /// Days since Sunday, 0–6.
    pub weekday: u8,
}

const MICROS: i64 = 1_000_000;
/// The last second RFC 5280 can write: 9999-12-31T23:59:59Z.
const LAST_SECOND: i64 = 253_402_300_799;
const JST_SECONDS: i64 = 9 * 3600;
const DAY_SECONDS: i64 = 86_400;

impl Timestamp {
    /// The instant that many microseconds after 1970-01-01T00:00:00Z.
    pub const fn from_micros(micros: i64) -> Self {
        Self(micros)
    }

    /// Microseconds since 1970-01-01T00:00:00Z.
    pub const fn micros(self) -> i64 {
        self.0
    }

    /// The instant that many whole seconds after 1970-01-01T00:00:00Z; saturates.
    pub const fn from_seconds(seconds: i64) -> Self {
        Self(seconds.saturating_mul(MICROS))
    }

    /// Whole seconds since 1970-01-01T00:00:00Z, rounded down.
    #[inline]
    pub const fn seconds(self) -> i64 {
        self.0.div_euclid(MICROS)
    }

    /// The same instant without its fraction of a second: what X.509 can carry.
    pub const fn whole_seconds(self) -> Self {
        Self::from_seconds(self.seconds())
    }

    /// Later by `duration`; saturates at the end of time.
    pub fn plus(self, duration: Duration) -> Self {
        Self(self.0.saturating_add(i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)))
    }

    /// Earlier by `duration`; saturates at the beginning of time.
    pub fn minus(self, duration: Duration) -> Self {
        Self(self.0.saturating_sub(i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)))
    }

    /// How long after `earlier` this is; zero if it is not after it.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_micros(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }

    /// Calendar fields in UTC; instants outside 1970–9999 are drawn to the nearest end.
    pub fn civil(self) -> Civil {
        Self::civil_at(self.seconds())
    }

    /// Calendar fields in Japan (UTC+9).
    pub fn civil_jst(self) -> Civil {
        Self::civil_at(self.seconds().saturating_add(JST_SECONDS))
    }

    fn civil_at(seconds: i64) -> Civil {
        let at =
            OffsetDateTime::from_unix_timestamp(seconds.clamp(0, LAST_SECOND)).unwrap_or(OffsetDateTime::UNIX_EPOCH);
        Civil {
            year: at.year(),
            month: u8::from(at.month()),
            day: at.day(),
            hour: at.hour(),
            minute: at.minute(),
            second: at.second(),
            weekday: at.weekday().number_days_from_sunday(),
        }
    }

    /// The instant of these UTC calendar fields; `None` where there is no such date or it lies outside 1970–9999.
    pub fn from_utc(year: i32, month: u8, day: u8, hour: u8, minute: u8, second: u8) -> Option<Self> {
        if !(1970..=9999).contains(&year) {
            return None;
        }
        let date = Date::from_calendar_date(year, Month::try_from(month).ok()?, day).ok()?;
        let time = Time::from_hms(hour, minute, second).ok()?;
        Some(Self::from_seconds(PrimitiveDateTime::new(date, time).assume_offset(UtcOffset::UTC).unix_timestamp()))
    }

    /// The instant of these calendar fields in Japan; `None` where there is no such date or it lies outside 1970–9999.
    pub fn from_jst(year: i32, month: u8, day: u8, hour: u8, minute: u8, second: u8) -> Option<Self> {
        let at = Self::from_utc(year, month, day, hour, minute, second)?;
        Some(Self::from_seconds(at.seconds().saturating_sub(JST_SECONDS)))
    }

    /// The last midnight in Japan that is not behind this instant.
    pub const fn jst_midnight(self) -> Self {
        let into = self.seconds().saturating_add(JST_SECONDS).rem_euclid(DAY_SECONDS);
        Self::from_seconds(self.seconds().saturating_sub(into))
    }

    /// RFC 3339 in UTC with whole seconds: `2026-11-21T10:00:00Z`.
    pub fn rfc3339(self) -> String {
        let c = self.civil();
        format!("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z", c.year, c.month, c.day, c.hour, c.minute, c.second)
    }

    /// For people in Japan: `2026-11-21 19:00:00` (JST, without saying so).
    pub fn jst(self) -> String {
        let c = self.civil_jst();
        format!("{:04}-{:02}-{:02} {:02}:{:02}:{:02}", c.year, c.month, c.day, c.hour, c.minute, c.second)
    }

    /// For HTTP headers (RFC 9110 §5.6.7): `Sat, 21 Nov 2026 10:00:00 GMT`.
    pub fn http_date(self) -> String {
        const DAYS: [&str; 7] = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];
        const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
        let c = self.civil();
        let weekday = DAYS.get(usize::from(c.weekday)).copied().unwrap_or_default();
        let month = MONTHS.get(usize::from(c.month.saturating_sub(1))).copied().unwrap_or_default();
        let digits = self.generalized();
        let text = |octets| std::str::from_utf8(octets).unwrap_or_default();
        let [year, month_and_day, hour, minute, second] =
            [0..4, 4..8, 8..10, 10..12, 12..14].map(|place| text(digits.get(place).unwrap_or_default()));
        let day = month_and_day.get(2..).unwrap_or_default();
        [weekday, ", ", day, " ", month, " ", year, " ", hour, ":", minute, ":", second, " GMT"].concat()
    }

    /// As a GeneralizedTime has it (RFC 5280 §4.1.2.5.2): `YYYYMMDDHHMMSSZ`, in UTC.
    pub fn generalized(self) -> [u8; 15] {
        let c = self.civil();
        let century = u8::try_from(c.year / 100).unwrap_or(0);
        let year = u8::try_from(c.year % 100).unwrap_or(0);
        let two = |value: u8| [b'0'.saturating_add(value / 10 % 10), b'0'.saturating_add(value % 10)];
        let fields = [century, year, c.month, c.day, c.hour, c.minute, c.second].map(two);
        let [[a, b], [d, e], [f, g], [h, i], [j, k], [l, m], [n, o]] = fields;
        [a, b, d, e, f, g, h, i, j, k, l, m, n, o, b'Z']
    }
}

/// A period, both ends included (RFC 5280 §4.1.2.5).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Validity {
    /// The first instant.
    pub not_before: Timestamp,
    /// The last instant.
    pub not_after: Timestamp,
}

impl Validity {
    /// Whether `at` lies in the period.
    pub fn contains(&self, at: Timestamp) -> bool {
        self.not_before <= at && at <= self.not_after
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timestamp_invariants() {
        let at = Timestamp::from_utc(2026, 11, 21, 10, 0, 0).unwrap();
        assert_eq!(at.rfc3339(), "2026-11-21T10:00:00Z");
        assert_eq!(at.jst(), "2026-11-21 19:00:00");
        assert_eq!(at.http_date(), "Sat, 21 Nov 2026 10:00:00 GMT");
        assert_eq!(Timestamp::from_utc(2026, 2, 29, 0, 0, 0), None);
        assert_eq!(Timestamp::from_utc(1969, 12, 31, 0, 0, 0), None);
        assert_eq!(Timestamp::from_utc(9999, 12, 31, 23, 59, 59).unwrap().seconds(), LAST_SECOND);
        assert_eq!(Timestamp::from_micros(-1).seconds(), -1);
        assert_eq!(at.since(at.plus(Duration::from_secs(1))), Duration::ZERO);
    }

    #[test]
    fn days_in_japan_begin_at_15_o_clock_utc() {
        let first_of_april = Timestamp::from_jst(2026, 4, 1, 0, 0, 0).unwrap();
        assert_eq!(first_of_april.rfc3339(), "2026-03-31T15:00:00Z");
        assert_eq!(first_of_april.jst_midnight(), first_of_april);
        assert_eq!(first_of_april.plus(Duration::from_secs(86_399)).jst_midnight(), first_of_april);
        assert_eq!(first_of_april.minus(Duration::from_micros(1)).jst_midnight().jst(), "2026-03-31 00:00:00");
        assert_eq!(Timestamp::from_jst(2026, 2, 29, 0, 0, 0), None);
    }

    #[test]
    fn validity_includes_both_ends() {
        let validity = Validity { not_before: Timestamp::from_seconds(10), not_after: Timestamp::from_seconds(20) };
        assert!(validity.contains(Timestamp::from_seconds(10)) && validity.contains(Timestamp::from_seconds(20)));
        assert!(!validity.contains(Timestamp::from_seconds(9)) && !validity.contains(Timestamp::from_seconds(21)));
    }
}
