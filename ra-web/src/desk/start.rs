//! The day on which a certificate begins, where a profile lets it be chosen: today to 180 days from now, at midnight in Japan.

use std::time::Duration;

use ca_core::time::Timestamp;

use super::era::CivilDate;
use super::message::Message;

/// How far ahead a beginning may be chosen.
pub const LONGEST_AHEAD_DAYS: u32 = 180;

/// Returns the instant of the day typed into the boxes for year, month and day, or as a whole into the first one; `None` for
/// none, and for today, which is the instant of issue. Errors: no day, or one outside the limits.
pub fn chosen(boxes: [&str; 3], now: Timestamp) -> Result<Option<Timestamp>, Message> {
    let [year, month, day] = boxes.map(str::trim);
    if [year, month, day].iter().all(|text| text.is_empty()) {
        return Ok(None);
    }
    let typed = if month.is_empty() && day.is_empty() {
        CivilDate::typed_whole(year)
    } else {
        CivilDate::typed(year, month, day)
    };
    let Some((date, start)) = typed.and_then(|date| Some((date, date.start()?))) else {
        let shown: String = [year, month, day].join("/").trim_end_matches('/').chars().take(40).collect();
        return Err(Message::new("start-date").with("typed", shown));
    };
    let today = CivilDate::in_japan(now);
    if date == today {
        return Ok(None);
    }
    if date < today {
        return Err(Message::new("start-past").with("date", date.both_ja()));
    }
    let last = CivilDate::in_japan(now.plus(Duration::from_secs(86_400).saturating_mul(LONGEST_AHEAD_DAYS)));
    if date > last {
        let message = Message::new("start-too-far").with("date", date.both_ja());
        return Err(message.with("days", LONGEST_AHEAD_DAYS).with("last", last.both_ja()));
    }
    Ok(Some(start))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2026-11-22T00:30 in Japan.
    const NOW: Timestamp = Timestamp::from_seconds(1_795_275_000);

    fn start(boxes: [&str; 3]) -> Result<Option<String>, &'static str> {
        chosen(boxes, NOW).map(|found| found.map(Timestamp::rfc3339)).map_err(|message| message.key)
    }

    #[test]
    fn a_day_ahead_begins_at_midnight_in_japan_in_either_calendar() {
        let april = Ok(Some("2027-03-31T15:00:00Z".to_owned()));
        assert_eq!(start(["2027", "4", "1"]), april);
        assert_eq!(start(["令和9", "4", "1"]), april);
        assert_eq!(start(["R9.4.1", "", ""]), april);
        assert_eq!(start(["令和9年4月1日", "", ""]), april);
    }

    #[test]
    fn nothing_and_today_are_the_instant_of_issue() {
        assert_eq!(start(["", " ", ""]), Ok(None));
        assert_eq!(start(["2026", "11", "22"]), Ok(None));
    }

    #[test]
    fn the_past_the_far_future_and_no_days_are_refused() {
        assert_eq!(start(["2026", "11", "21"]), Err("start-past"));
        assert!(start(["2027", "5", "21"]).is_ok());
        assert_eq!(start(["2027", "5", "22"]), Err("start-too-far"));
        assert_eq!(start(["2027", "4", "31"]), Err("start-date"));
        assert_eq!(start(["2027", "", "1"]), Err("start-date"));
    }
}
