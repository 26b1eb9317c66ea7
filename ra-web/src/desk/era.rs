//! Dates as people in a town hall write them: 令和8年11月21日 beside 2026年11月21日.
//!
//! Times are kept in UTC; the day shown is the day in Japan (UTC+9, no summer time).

use std::time::Duration;

use ca_core::time::Timestamp;

use super::search::half_width;

/// One civil day in Japan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct CivilDate {
    /// The year of the common era, such as 2026.
    pub year: u16,
    /// 1 to 12.
    pub month: u8,
    /// 1 to 31.
    pub day: u8,
}

/// The eras a certificate's date can fall into, newest first, with their first day
/// (元号を改める政令: 平成31年政令第143号, 昭和64年政令第1号).
const ERAS: [(&str, &str, CivilDate); 2] = [
    ("令和", "Reiwa", CivilDate { year: 2019, month: 5, day: 1 }),
    ("平成", "Heisei", CivilDate { year: 1989, month: 1, day: 8 }),
];

impl CivilDate {
    /// Returns the day in Japan on which `at` falls.
    pub fn in_japan(at: Timestamp) -> Self {
        let civil = at.civil_jst();
        Self { year: u16::try_from(civil.year).unwrap_or(u16::MAX), month: civil.month, day: civil.day }
    }

    /// Returns the day typed into three boxes; `None` when the calendar has no such day. Full-width digits are read. The year may
    /// be of the common era (2026) or of an era (令和8, R8, 令和元).
    pub fn typed(year: &str, month: &str, day: &str) -> Option<Self> {
        let number = |text: &str| half_width(text).trim().trim_end_matches(['年', '月', '日']).parse::<u8>().ok();
        let date = Self { year: typed_year(year)?, month: number(month)?, day: number(day)? };
        date.start().map(|_| date)
    }

    /// Returns the day typed into one box: R9.4.1, 令和9年4月1日, 2027/4/1; `None` when it is no such day.
    pub fn typed_whole(text: &str) -> Option<Self> {
        let text = half_width(text).replace(['年', '月', '.', '/', '-'], " ").replace('日', "");
        let mut parts = text.split_whitespace();
        let (year, month, day) = (parts.next()?, parts.next()?, parts.next()?);
        if parts.next().is_some() { None } else { Self::typed(year, month, day) }
    }

    /// Returns the instant at which the day begins in Japan; `None` when the calendar has no such day (or before 1970).
    pub fn start(self) -> Option<Timestamp> {
        let midnight_utc = Timestamp::from_utc(i32::from(self.year), self.month, self.day, 0, 0, 0)?;
        Some(midnight_utc.minus(Duration::from_secs(9 * 3600)))
    }

    /// Returns the day with its era, such as 令和8年11月21日; the first year of an era is 元年. Days before 平成 are given in
    /// the common era only.
    pub fn era_ja(self) -> String {
        let Some((name, _, first)) = ERAS.iter().find(|(_, _, first)| self >= *first) else {
            return self.common_ja();
        };
        let year = self.year.saturating_sub(first.year).saturating_add(1);
        let year = if year == 1 { "元".to_owned() } else { year.to_string() };
        format!("{name}{year}年{}月{}日", self.month, self.day)
    }

    /// Returns the day in the common era, such as 2026年11月21日.
    pub fn common_ja(self) -> String {
        format!("{}年{}月{}日", self.year, self.month, self.day)
    }

    /// Returns both, such as 令和8年11月21日(2026年11月21日).
    pub fn both_ja(self) -> String {
        let (era, common) = (self.era_ja(), self.common_ja());
        if era == common { common } else { format!("{era}({common})") }
    }

    /// Returns both for English readers, such as "21 November 2026 (Reiwa 8)".
    pub fn both_en(self) -> String {
        const MONTHS: [&str; 12] = [
            "January",
            "February",
            "March",
            "April",
            "May",
            "June",
            "July",
            "August",
            "September",
            "October",
            "November",
            "December",
        ];
        let month = MONTHS.get(usize::from(self.month.saturating_sub(1))).copied().unwrap_or("");
        let plain = format!("{} {month} {}", self.day, self.year);
        match ERAS.iter().find(|(_, _, first)| self >= *first) {
            Some((_, name, first)) => {
                format!("{plain} ({name} {})", self.year.saturating_sub(first.year).saturating_add(1))
            }
            None => plain,
        }
    }
}

fn typed_year(typed: &str) -> Option<u16> {
    let text = half_width(typed);
    let text = text.trim().trim_end_matches('年');
    let (era, rest) =
        match ["令和", "R", "r", "平成", "H", "h"].iter().find_map(|era| Some((*era, text.strip_prefix(era)?))) {
            Some((era, rest)) => (Some(if matches!(era, "令和" | "R" | "r") { "令和" } else { "平成" }), rest),
            None => (None, text),
        };
    let number = if rest.trim() == "元" { 1 } else { rest.trim().parse::<u16>().ok()? };
    match era.and_then(|era| ERAS.iter().find(|(name, _, _)| *name == era)) {
        Some((_, _, first)) => first.year.checked_add(number.checked_sub(1)?),
        None => Some(number),
    }
}

/// Returns the time of day in Japan, such as "19:00".
pub fn time_in_japan(at: Timestamp) -> String {
    at.jst().get(11..16).unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn date(year: u16, month: u8, day: u8) -> CivilDate {
        CivilDate { year, month, day }
    }

    #[test]
    fn the_first_year_of_an_era_is_gannen() {
        assert_eq!(date(2019, 5, 1).era_ja(), "令和元年5月1日");
        assert_eq!(date(2019, 4, 30).era_ja(), "平成31年4月30日");
        assert_eq!(date(1989, 1, 8).era_ja(), "平成元年1月8日");
    }

    #[test]
    fn both_calendars_stand_side_by_side() {
        assert_eq!(date(2026, 11, 21).both_ja(), "令和8年11月21日(2026年11月21日)");
        assert_eq!(date(2026, 11, 21).both_en(), "21 November 2026 (Reiwa 8)");
        assert_eq!(date(1985, 1, 2).both_ja(), "1985年1月2日");
    }

    #[test]
    fn the_day_is_the_day_in_japan() {
        // 2026-11-21T15:30:00Z is half past midnight of the 22nd in Japan.
        let at = Timestamp::from_seconds(1_795_275_000);
        assert_eq!(CivilDate::in_japan(at), date(2026, 11, 22));
        assert_eq!(time_in_japan(at), "00:30");
    }

    #[test]
    fn a_typed_day_is_read_in_either_calendar() {
        assert_eq!(CivilDate::typed("2026", "11", "21"), Some(date(2026, 11, 21)));
        assert_eq!(CivilDate::typed("令和8", "１１", "21日"), Some(date(2026, 11, 21)));
        assert_eq!(CivilDate::typed("R8", "4", "1"), Some(date(2026, 4, 1)));
        assert_eq!(CivilDate::typed("令和元", "5", "1"), Some(date(2019, 5, 1)));
        for (year, month, day) in
            [("2026", "2", "29"), ("2026", "13", "1"), ("", "1", "1"), ("R0", "1", "1"), ("x", "1", "1")]
        {
            assert_eq!(CivilDate::typed(year, month, day), None, "{year}/{month}/{day}");
        }
    }

    #[test]
    fn a_whole_day_may_stand_in_one_box() {
        for typed in ["R9.4.1", "令和9年4月1日", "2027/4/1", "2027-04-01", "Ｒ９．４．１", "令和９年４月１日"]
        {
            assert_eq!(CivilDate::typed_whole(typed), Some(date(2027, 4, 1)), "{typed}");
        }
        for typed in ["", "R9.4", "R9.4.1.1", "R9.4.31", "next April"] {
            assert_eq!(CivilDate::typed_whole(typed), None, "{typed}");
        }
    }

    #[test]
    fn a_day_begins_at_midnight_in_japan() {
        assert_eq!(date(2026, 11, 22).start().unwrap().rfc3339(), "2026-11-21T15:00:00Z");
    }
}
