//! Newtypes to columns and back, and nowhere else. What the database holds was written by this program, so a value that
//! does not parse is [`StoreError::Corrupt`] and stops the reader: it is never patched up.

use crate::error::StoreError;
use ca_core::name::{AlternativeNames, DistinguishedName, DnsName, EmailAddress};
use ca_core::serial::SerialNumber;
use ca_core::time::Timestamp;
use std::fmt::Display;

/// The value of a column that must parse.
pub(crate) fn parsed<T, E: Display>(column: &'static str, value: Result<T, E>) -> Result<T, StoreError> {
    value.map_err(|error| StoreError::Corrupt { column, reason: error.to_string() })
}

/// The value of a column that must be one of the words we write.
pub(crate) fn word<T>(column: &'static str, text: &str, value: Option<T>) -> Result<T, StoreError> {
    value.ok_or_else(|| StoreError::Corrupt { column, reason: format!("{text:?} is not one of its words") })
}

/// A digest or token of exactly 32 octets.
pub(crate) fn octets32(column: &'static str, octets: Vec<u8>) -> Result<[u8; 32], StoreError> {
    octets
        .try_into()
        .map_err(|found: Vec<u8>| StoreError::Corrupt { column, reason: format!("{} octets, not 32", found.len()) })
}

pub(crate) fn serial(column: &'static str, octets: &[u8]) -> Result<SerialNumber, StoreError> {
    parsed(column, SerialNumber::from_bytes(octets))
}

pub(crate) fn at(micros: Option<i64>) -> Option<Timestamp> {
    micros.map(Timestamp::from_micros)
}

pub(crate) fn micros(at: Option<Timestamp>) -> Option<i64> {
    at.map(Timestamp::micros)
}

/// Alternative names as one column: separated by line feeds, which no name contains; the directory name, as text, first.
pub(crate) fn joined(names: &AlternativeNames) -> String {
    let directory = names.directory.iter().map(ToString::to_string);
    let servers = names.dns.iter().map(ToString::to_string);
    let addresses = names.emails.iter().map(ToString::to_string);
    directory.chain(servers).chain(addresses).collect::<Vec<_>>().join("\n")
}

/// The alternative names of a column that [`joined`] wrote, and of the one with the directory name in DER.
pub(crate) fn alternative_names(
    what: &'static str,
    column: &str,
    directory_der: Option<&[u8]>,
) -> Result<AlternativeNames, StoreError> {
    let directory = parsed(what, directory_der.map(DistinguishedName::from_der).transpose())?;
    let mut names = AlternativeNames { directory, ..AlternativeNames::default() };
    for line in column.lines().skip(usize::from(names.directory.is_some())) {
        if line.contains('@') {
            names.emails.push(parsed(what, EmailAddress::parse(line))?);
        } else {
            names.dns.push(parsed(what, DnsName::parse(line))?);
        }
    }
    Ok(names)
}

/// The names of a column that [`joined`] wrote, as text for people.
pub(crate) fn names(column: &str) -> Vec<String> {
    column.lines().map(str::to_owned).collect()
}

/// A `like` pattern that finds `text` anywhere, whatever signs it contains; the statements escape with `!`.
pub(crate) fn anywhere(text: &str) -> String {
    let mut pattern = String::with_capacity(text.len() + 2);
    pattern.push('%');
    for c in text.chars() {
        if matches!(c, '%' | '_' | '!') {
            pattern.push('!');
        }
        pattern.push(c);
    }
    pattern.push('%');
    pattern
}

/// A row limit: 50 where none is said, at most a thousand, so that no page asks for everything.
pub(crate) fn limit(rows: u32) -> i64 {
    i64::from(if rows == 0 { 50 } else { rows.min(1000) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signs_of_like_are_searched_for_and_not_obeyed() {
        assert_eq!(anywhere("50%_!"), "%50!%!_!!%");
    }

    #[test]
    fn an_empty_column_of_names_has_none() {
        assert_eq!(names(""), Vec::<String>::new());
        assert_eq!(names("a.example\nb.example"), ["a.example", "b.example"]);
    }
}
