//! The bodies certificates belong to: their six-digit code (全国地方公共団体コード) and their name in certificates.

use crate::der::is_printable;

/// A local government code with a right check digit: prefecture 2, body 3, check digit 1. Kept in the database as `TEXT`.
///
/// JIS X 0402 has no codes for approved bodies (認められた団体) and LGWAN-ASP providers. An installation numbers them itself:
/// 90 to 99 where a government has its prefecture, three digits of its own, and the same check digit (`900010`).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LocalGovernmentCode(String);

/// Why text is no local government code.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CodeError {
    /// Not six digits.
    #[error("a local government code has six digits")]
    Shape,
    /// The check digit is wrong.
    #[error("the check digit of {stem} is {expected}, not {found}")]
    CheckDigit {
        /// The first five digits.
        stem: String,
        /// What the sixth should be.
        expected: u8,
        /// What it is.
        found: u8,
    },
    /// The first two digits are neither a prefecture nor those of an installation's own numbers.
    #[error("there is no prefecture {0}")]
    Prefecture(String),
}

impl LocalGovernmentCode {
    /// Reads six ASCII digits. Errors: another shape, no such prefecture (01–47, or 90–99 for an installation's own numbers),
    /// or a wrong check digit: the last digit of 11 − (6a+5b+4c+3d+2e mod 11).
    pub fn parse(text: &str) -> Result<Self, CodeError> {
        let digits: Vec<u8> = text.bytes().filter(u8::is_ascii_digit).map(|b| b - b'0').collect();
        let ([a, b, c, d, e, found], 6) = (digits.as_slice(), text.len()) else { return Err(CodeError::Shape) };
        if !matches!(a * 10 + b, 1..=47 | 90..=99) {
            return Err(CodeError::Prefecture(format!("{a}{b}")));
        }
        let expected = check_digit([*a, *b, *c, *d, *e]);
        if *found == expected {
            Ok(Self(text.to_owned()))
        } else {
            Err(CodeError::CheckDigit { stem: format!("{a}{b}{c}{d}{e}"), expected, found: *found })
        }
    }

    /// The prefecture's number, 1–47; `None` for an installation's own numbers.
    pub fn prefecture(&self) -> Option<u8> {
        self.0.get(..2).and_then(|digits| digits.parse().ok()).filter(|number| (1..=47).contains(number))
    }

    /// The body's number within its prefecture, 0–999; 0 is the prefecture itself (JIS X 0402).
    pub fn body(&self) -> u16 {
        self.0.get(2..5).and_then(|digits| digits.parse().ok()).unwrap_or_default()
    }

    /// The six digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Display for LocalGovernmentCode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

fn check_digit(stem: [u8; 5]) -> u8 {
    let sum: u16 = stem.iter().zip([6u16, 5, 4, 3, 2]).map(|(digit, weight)| u16::from(*digit) * weight).sum();
    u8::try_from((11 - sum % 11) % 10).unwrap_or(0)
}

/// An organisation's name as certificates carry it: 1–64 characters of PrintableString, such as `Shirakaba Town`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct OrganisationName(String);

/// Why text is no organisation name for certificates.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OrganisationNameError {
    /// Empty or longer than 64 characters.
    #[error("an organisation's name has 1 to 64 characters, this has {0}")]
    Length(usize),
    /// A character PrintableString cannot carry, or one that separates attributes (`,` `=` `+`).
    #[error("the character {0:?} is not allowed in an organisation's name")]
    Character(char),
    /// Spaces at an end.
    #[error("an organisation's name has no space at its ends")]
    Spaces,
}

impl OrganisationName {
    /// Reads a name. Errors: length, a character outside the set or a separator, spaces at an end.
    pub fn parse(text: &str) -> Result<Self, OrganisationNameError> {
        let length = text.chars().count();
        let allowed = |c: char| u8::try_from(c).is_ok_and(is_printable) && !matches!(c, ',' | '=' | '+');
        if let Some(c) = text.chars().find(|c| !allowed(*c)) {
            return Err(OrganisationNameError::Character(c));
        }
        if !(1..=64).contains(&length) {
            return Err(OrganisationNameError::Length(length));
        }
        if text.trim() == text { Ok(Self(text.to_owned())) } else { Err(OrganisationNameError::Spaces) }
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Display for OrganisationName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn local_government_code_invariants() {
        for real in ["011002", "130001", "131016", "271004", "473821", "465011"] {
            assert!(LocalGovernmentCode::parse(real).is_ok(), "{real}");
        }
        assert_eq!(
            LocalGovernmentCode::parse("011003"),
            Err(CodeError::CheckDigit { stem: "01100".into(), expected: 2, found: 3 })
        );
        let own = LocalGovernmentCode::parse("900010").unwrap();
        assert_eq!((own.prefecture(), own.body()), (None, 1));
        let sapporo = LocalGovernmentCode::parse("011002").unwrap();
        assert_eq!((sapporo.prefecture(), sapporo.body()), (Some(1), 100));
        assert_eq!(LocalGovernmentCode::parse("480002"), Err(CodeError::Prefecture("48".into())));
        for bad in ["", "01100", "0110021", "01100x", "０１１００２"] {
            assert_eq!(LocalGovernmentCode::parse(bad), Err(CodeError::Shape), "{bad}");
        }
    }

    #[test]
    fn organisation_name_invariants() {
        assert!(OrganisationName::parse("Shirakaba Town").is_ok());
        assert!(OrganisationName::parse(&"a".repeat(64)).is_ok());
        assert_eq!(OrganisationName::parse(&"a".repeat(65)), Err(OrganisationNameError::Length(65)));
        assert_eq!(OrganisationName::parse(""), Err(OrganisationNameError::Length(0)));
        assert_eq!(OrganisationName::parse("Tokyo, C=JP"), Err(OrganisationNameError::Character(',')));
        assert_eq!(OrganisationName::parse("白樺町"), Err(OrganisationNameError::Character('白')));
        assert_eq!(OrganisationName::parse(" a"), Err(OrganisationNameError::Spaces));
    }
}
