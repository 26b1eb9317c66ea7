//! Register files: lines of fields separated by commas, `#` in front of comments, no quotes. The shipped ones and those an
//! operator writes for bodies the shipped ones do not have (unions, approved bodies, providers) have the same form:
//! `code,kind,name,reading,label[,first day[,first day no longer]]`, the label being the official LG.JP name or empty. A line
//! `code,label` gives a body that is there already its official LG.JP name.

use super::body::{BodyKind, LgJpLabel, RegisteredBody};
use super::lineage::{LineageEvent, LineageKind};
use crate::name::{CodeError, LocalGovernmentCode};
use crate::time::Timestamp;
use std::time::Duration;

/// Why a register file is refused; each with the number of its line.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RegisterError {
    /// Too few or too many fields.
    #[error("line {line} has {found} fields")]
    Fields {
        /// The line, from 1.
        line: usize,
        /// How many fields it has.
        found: usize,
    },
    /// No code.
    #[error("line {line}: {cause}")]
    Code {
        /// The line, from 1.
        line: usize,
        /// What is wrong.
        #[source]
        cause: CodeError,
    },
    /// A field that cannot be read.
    #[error("line {line}: {text:?} is no {what}")]
    Field {
        /// The line, from 1.
        line: usize,
        /// What was expected: `kind`, `name`, `reading in katakana`, `LG.JP label`, `day`, `event`.
        what: &'static str,
        /// What stands there.
        text: String,
    },
    /// A code that bodies of that kind do not have.
    #[error("line {line}: {code} is no code of a {kind}")]
    KindAndCode {
        /// The line, from 1.
        line: usize,
        /// The code.
        code: LocalGovernmentCode,
        /// The kind.
        kind: BodyKind,
    },
    /// A body that is there already.
    #[error("{0} is in the register twice")]
    Twice(LocalGovernmentCode),
    /// A label that belongs to two bodies at once.
    #[error("the label {label} belongs to {first} and {second}")]
    LabelTwice {
        /// The label.
        label: LgJpLabel,
        /// A body that has it.
        first: LocalGovernmentCode,
        /// Another.
        second: LocalGovernmentCode,
    },
    /// A label for a body nobody knows.
    #[error("{0} has a label and is not in the register")]
    Bodiless(LocalGovernmentCode),
    /// A lineage event about a body nobody knows.
    #[error("{0} has a lineage and is not in the register")]
    Unknown(LocalGovernmentCode),
}

/// What a line says.
#[derive(Clone, Debug)]
pub(super) enum Entry {
    /// A body.
    Body(RegisteredBody),
    /// The official LG.JP name of a body that is there already.
    Label(LocalGovernmentCode, LgJpLabel),
}

/// Reads bodies and labels. Errors: the first line that is wrong.
pub(super) fn entries(text: &str) -> Result<Vec<Entry>, RegisterError> {
    let entry = |(line, fields): (usize, Vec<&str>)| match fields.as_slice() {
        [code, label] => Ok(Entry::Label(read_code(line, code)?, read_label(line, label)?)),
        _ => body(line, &fields).map(Entry::Body),
    };
    lines(text).map(entry).collect()
}

/// Reads lineage events: `day,event,predecessor,successor`. Errors: the first line that is wrong.
pub(super) fn events(text: &str) -> Result<Vec<LineageEvent>, RegisterError> {
    lines(text).map(|(line, fields)| event(line, &fields)).collect()
}

fn lines(text: &str) -> impl Iterator<Item = (usize, Vec<&str>)> {
    let numbered = text.lines().enumerate().map(|(index, line)| (index.saturating_add(1), line.trim_end()));
    numbered
        .filter(|(_, line)| !line.is_empty() && !line.starts_with('#'))
        .map(|(line, text)| (line, text.split(',').map(str::trim).collect()))
}

fn read_code(line: usize, text: &str) -> Result<LocalGovernmentCode, RegisterError> {
    LocalGovernmentCode::parse(text).map_err(|cause| RegisterError::Code { line, cause })
}

fn read_label(line: usize, text: &str) -> Result<LgJpLabel, RegisterError> {
    LgJpLabel::parse(text).ok_or_else(|| RegisterError::Field { line, what: "LG.JP label", text: text.to_owned() })
}

fn body(line: usize, fields: &[&str]) -> Result<RegisteredBody, RegisterError> {
    let ([code, kind, name, kana, label], dates) = fields
        .split_first_chunk::<5>()
        .filter(|(_, dates)| dates.len() <= 2)
        .ok_or(RegisterError::Fields { line, found: fields.len() })?;
    let wrong = |what, text: &str| RegisterError::Field { line, what, text: text.to_owned() };
    let code = read_code(line, code)?;
    let kind = BodyKind::of(kind).ok_or_else(|| wrong("kind", kind))?;
    if !kind.fits(&code) {
        return Err(RegisterError::KindAndCode { line, code, kind });
    }
    if name.is_empty() || name.chars().any(char::is_control) {
        return Err(wrong("name", name));
    }
    if kana.is_empty() || !kana.chars().all(|c| matches!(c, '\u{30a1}'..='\u{30fc}' | '\u{3000}')) {
        return Err(wrong("reading in katakana", kana));
    }
    let label = match *label {
        "" => None,
        text => Some(read_label(line, text)?),
    };
    let date = |index: usize| match dates.get(index).copied() {
        None | Some("") => Ok(None),
        Some(text) => day(text).map(Some).ok_or_else(|| wrong("day", text)),
    };
    Ok(RegisteredBody {
        code,
        kind,
        name: (*name).to_owned(),
        kana: (*kana).to_owned(),
        label,
        valid_from: date(0)?,
        valid_until: date(1)?,
    })
}

fn event(line: usize, fields: &[&str]) -> Result<LineageEvent, RegisterError> {
    let [date, kind, predecessor, successor] = fields else {
        return Err(RegisterError::Fields { line, found: fields.len() });
    };
    let wrong = |what, text: &str| RegisterError::Field { line, what, text: text.to_owned() };
    Ok(LineageEvent {
        effective: day(date).ok_or_else(|| wrong("day", date))?,
        kind: LineageKind::of(kind).ok_or_else(|| wrong("event", kind))?,
        predecessor: read_code(line, predecessor)?,
        successor: read_code(line, successor)?,
    })
}

/// Midnight in Japan at the beginning of a day written `2024-01-01`.
fn day(text: &str) -> Option<Timestamp> {
    let mut parts = text.split('-');
    let (year, month, day) = (parts.next()?, parts.next()?, parts.next()?);
    if parts.next().is_some() || (year.len(), month.len(), day.len()) != (4, 2, 2) {
        return None;
    }
    let midnight = Timestamp::from_utc(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?, 0, 0, 0)?;
    Some(midnight.minus(Duration::from_secs(9 * 3600)))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOWN: &str = "019992,town,白樺町,シラカバチョウ,town.shirakaba,2024-01-01,";

    #[test]
    fn a_line_becomes_a_body_with_its_days() {
        let read = entries(&format!("# a comment\n\n{TOWN}\n")).unwrap();
        let [Entry::Body(body)] = read.as_slice() else { panic!("{read:?}") };
        assert_eq!(body.valid_from.unwrap().jst(), "2024-01-01 00:00:00");
        assert_eq!(body.valid_until, None);
        assert_eq!(body.label.as_ref().unwrap().as_str(), "town.shirakaba");
    }

    #[test]
    fn what_is_wrong_in_a_line_is_said_with_its_number() {
        let refused =
            |from: &str, to: &str| entries(&format!("#\n{}", TOWN.replace(from, to))).unwrap_err().to_string();
        assert_eq!(refused("019992", "019993"), "line 2: the check digit of 01999 is 2, not 3");
        assert_eq!(refused(",town,", ",county,"), r#"line 2: "county" is no kind"#);
        assert_eq!(refused(",town,", ",city,"), "line 2: 019992 is no code of a city");
        assert_eq!(refused("シラカバ", "しらかば"), r#"line 2: "しらかばチョウ" is no reading in katakana"#);
        assert_eq!(refused("town.shira", "ward.shira"), r#"line 2: "ward.shirakaba" is no LG.JP label"#);
        assert_eq!(refused("2024-01-01", "2024-1-1"), r#"line 2: "2024-1-1" is no day"#);
        assert_eq!(refused("2024-01-01", "2023-02-29"), r#"line 2: "2023-02-29" is no day"#);
        assert_eq!(refused("白樺町", ""), r#"line 2: "" is no name"#);
        assert_eq!(entries("019992,town,白樺町").unwrap_err().to_string(), "line 1 has 3 fields");
        assert_eq!(entries("019992,town").unwrap_err().to_string(), r#"line 1: "town" is no LG.JP label"#);
        assert_eq!(events("2024-01-01,gone,019992,019992").unwrap_err().to_string(), r#"line 1: "gone" is no event"#);
    }
}
