//! The list another CA keeps of what it has issued: OpenSSL's `index.txt` (`openssl ca`, apps/lib/apps.c). One line a certificate,
//! six fields separated by tabs: state (`V` valid, `R` revoked, `E` expired), end of validity, revocation, serial, file,
//! subject.

use crate::revocation::{Revocation, RevocationReason};
use crate::serial::{SerialError, SerialNumber};
use crate::time::Timestamp;

/// One certificate of the list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// The line it stands on, from 1.
    pub line: usize,
    /// Its serial number.
    pub serial: SerialNumber,
    /// The last instant of its validity.
    pub not_after: Timestamp,
    /// Since when it is no good, if it is not.
    pub revocation: Option<Revocation>,
    /// Its subject as the list writes it: `/C=JP/O=…`.
    pub subject: String,
}

/// A line that cannot be taken over.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {reason}")]
pub struct ListError {
    /// The line, from 1.
    pub line: usize,
    /// What is wrong with it.
    pub reason: Unlistable,
}

/// What is wrong with a line.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unlistable {
    /// Not six fields.
    #[error("it has {0} fields separated by tabs, not 6")]
    Fields(usize),
    /// Not a state.
    #[error("`{0}` is no state: V, R or E")]
    State(String),
    /// Not a time.
    #[error("`{0}` is no time of the form YYMMDDHHMMSSZ or YYYYMMDDHHMMSSZ")]
    Time(String),
    /// Not a serial number.
    #[error("serial number: {0}")]
    Serial(#[from] SerialError),
    /// Not a reason, or one that a certificate on a full CRL cannot have.
    #[error("`{0}` is no reason for a revocation")]
    Reason(String),
    /// A revoked certificate without a time.
    #[error("it is revoked and does not say since when")]
    RevokedWhen,
    /// A certificate that is not revoked has a revocation.
    #[error("it is not revoked and says since when it is")]
    RevokedThough,
    /// The serial number was on an earlier line.
    #[error("the serial number {serial} stands on line {before} already")]
    Twice {
        /// The serial number.
        serial: SerialNumber,
        /// Where it stands.
        before: usize,
    },
}

/// The certificates of a list, in its order. Empty lines and lines that begin with `#` are passed over; line ends may be those
/// of Windows. Errors: every line that cannot be taken over.
pub fn parse(text: &str) -> Result<Vec<Listed>, Vec<ListError>> {
    let (mut listed, mut wrong) = (Vec::new(), Vec::new());
    let mut places = std::collections::HashMap::new();
    for (line, content) in (1..).zip(text.lines()) {
        if content.trim().is_empty() || content.starts_with('#') {
            continue;
        }
        match read(line, content) {
            Ok(one) => match places.insert(one.serial.clone(), line) {
                None => listed.push(one),
                Some(before) => {
                    wrong.push(ListError { line, reason: Unlistable::Twice { serial: one.serial, before } })
                }
            },
            Err(reason) => wrong.push(ListError { line, reason }),
        }
    }
    if wrong.is_empty() { Ok(listed) } else { Err(wrong) }
}

fn read(line: usize, content: &str) -> Result<Listed, Unlistable> {
    let fields: Vec<&str> = content.split('\t').collect();
    let [state, end, revoked, serial, _file, subject] = fields.as_slice() else {
        return Err(Unlistable::Fields(fields.len()));
    };
    let revocation = match (*state, revoked.is_empty()) {
        ("V" | "E", true) => None,
        ("R", false) => Some(revocation(revoked)?),
        ("R", true) => return Err(Unlistable::RevokedWhen),
        ("V" | "E", false) => return Err(Unlistable::RevokedThough),
        _ => return Err(Unlistable::State(state.chars().take(8).collect())),
    };
    Ok(Listed {
        line,
        serial: SerialNumber::parse_hex(serial)?,
        not_after: time(end)?,
        revocation,
        subject: (*subject).to_owned(),
    })
}

/// `time`, `time,reason`, `time,keyTime,time` or `time,holdInstruction,OID`.
fn revocation(field: &str) -> Result<Revocation, Unlistable> {
    let mut parts = field.splitn(3, ',');
    let revoked_at = time(parts.next().unwrap_or_default())?;
    let (reason, more) = (parts.next().unwrap_or("unspecified"), parts.next());
    let unknown = || Unlistable::Reason(field.chars().take(60).collect());
    let when = || more.ok_or_else(unknown).and_then(time).map(Some);
    let (reason, invalidity_at) = match reason.to_ascii_lowercase().as_str() {
        "unspecified" => (RevocationReason::Unspecified, None),
        "keycompromise" => (RevocationReason::KeyCompromise, None),
        "cacompromise" => (RevocationReason::CaCompromise, None),
        "affiliationchanged" => (RevocationReason::AffiliationChanged, None),
        "superseded" => (RevocationReason::Superseded, None),
        "cessationofoperation" => (RevocationReason::CessationOfOperation, None),
        "certificatehold" | "holdinstruction" => (RevocationReason::CertificateHold, None),
        "privilegewithdrawn" => (RevocationReason::PrivilegeWithdrawn, None),
        "aacompromise" => (RevocationReason::AaCompromise, None),
        "keytime" => (RevocationReason::KeyCompromise, when()?),
        "cakeytime" => (RevocationReason::CaCompromise, when()?),
        _ => return Err(unknown()),
    };
    Ok(Revocation { reason, revoked_at, invalidity_at })
}

/// UTCTime or GeneralizedTime as text, in UTC (RFC 5280 §4.1.2.5: two digits below 50 are of this century).
fn time(text: &str) -> Result<Timestamp, Unlistable> {
    let wrong = || Unlistable::Time(text.chars().take(20).collect());
    let digits = text.strip_suffix('Z').filter(|digits| digits.bytes().all(|octet| octet.is_ascii_digit()));
    let digits = digits.ok_or_else(wrong)?;
    let (year, rest) = match digits.len() {
        12 => {
            let (year, rest) = digits.split_at(2);
            let year: i32 = year.parse().map_err(|_| wrong())?;
            (if year < 50 { 2000 + year } else { 1900 + year }, rest)
        }
        14 => {
            let (year, rest) = digits.split_at(4);
            (year.parse().map_err(|_| wrong())?, rest)
        }
        _ => return Err(wrong()),
    };
    let part = |at: usize| rest.get(at..at + 2).and_then(|part| part.parse::<u8>().ok()).ok_or_else(wrong);
    Timestamp::from_utc(year, part(0)?, part(2)?, part(4)?, part(6)?, part(8)?).ok_or_else(wrong)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(line: &str) -> Result<Listed, Unlistable> {
        parse(line).map(|mut listed| listed.remove(0)).map_err(|mut wrong| wrong.remove(0).reason)
    }

    #[test]
    fn lines_of_every_state_are_read() {
        let text = "V\t270101000000Z\t\t01\tunknown\t/C=JP/CN=one\r\n\
            # a remark\n\n\
            R\t20510101000000Z\t260102030405Z,superseded\t0A1B\tunknown\t/CN=two\n\
            E\t200101000000Z\t\tabc\tunknown\t/CN=three\n\
            R\t270101000000Z\t260102030405Z\tff\tunknown\t/CN=four\n";
        let listed = parse(text).unwrap();
        let at = |year, month, day, hour, minute, second| {
            Timestamp::from_utc(year, month, day, hour, minute, second).unwrap()
        };
        let serials: Vec<String> = listed.iter().map(|one| one.serial.to_hex()).collect();
        assert_eq!(serials, ["01", "0a1b", "0abc", "ff"]);
        assert_eq!(listed.iter().map(|one| one.line).collect::<Vec<_>>(), [1, 4, 5, 6]);
        assert_eq!(listed[1].not_after, at(2051, 1, 1, 0, 0, 0));
        let revoked = |reason| Some(Revocation { reason, revoked_at: at(2026, 1, 2, 3, 4, 5), invalidity_at: None });
        assert_eq!(listed[1].revocation, revoked(RevocationReason::Superseded));
        assert_eq!(listed[3].revocation, revoked(RevocationReason::Unspecified));
        assert_eq!((listed[0].subject.as_str(), listed[2].revocation.is_none()), ("/C=JP/CN=one", true));
    }

    #[test]
    fn odd_forms_of_revocations_are_read() {
        let revoked = |field: &str| {
            one(&format!("R\t270101000000Z\t{field}\t01\tunknown\t/CN=a")).map(|one| one.revocation.unwrap())
        };
        let time = revoked("260101000000Z,keyTime,20251231235959Z").unwrap();
        assert_eq!(time.reason, RevocationReason::KeyCompromise);
        assert_eq!(time.invalidity_at, Timestamp::from_utc(2025, 12, 31, 23, 59, 59));
        assert_eq!(revoked("260101000000Z,CAkeyTime,251231235959Z").unwrap().reason, RevocationReason::CaCompromise);
        let held = revoked("260101000000Z,holdInstruction,holdInstructionReject").unwrap();
        assert_eq!(held.reason, RevocationReason::CertificateHold);
        for (field, wrong) in [
            ("260101000000Z,removeFromCRL", Unlistable::Reason("260101000000Z,removeFromCRL".to_owned())),
            ("260101000000Z,keyTime", Unlistable::Reason("260101000000Z,keyTime".to_owned())),
            ("260101000000Z,bored", Unlistable::Reason("260101000000Z,bored".to_owned())),
            ("261301000000Z", Unlistable::Time("261301000000Z".to_owned())),
            ("", Unlistable::RevokedWhen),
        ] {
            assert_eq!(revoked(field).unwrap_err(), wrong);
        }
    }

    #[test]
    fn everything_that_is_wrong_is_said_by_line() {
        let text = "V\t270101000000Z\t\t01\tunknown\t/CN=a\nX\t270101000000Z\t\t02\tunknown\t/CN=a\nV\t27\t\t03\tunknown\t/CN=a\n\
            V\t270101000000Z\t\t0001\tunknown\t/CN=a\nV 270101000000Z\nV\t270101000000Z\t260101000000Z\t05\tunknown\t/CN=a\n\
            V\t270101000000Z\t\t00\tunknown\t/CN=a\n";
        let wrong: Vec<(usize, String)> =
            parse(text).unwrap_err().into_iter().map(|error| (error.line, error.reason.to_string())).collect();
        let lines: Vec<usize> = wrong.iter().map(|(line, _)| *line).collect();
        assert_eq!(lines, [2, 3, 4, 5, 6, 7], "{wrong:?}");
        assert_eq!(wrong[2].1, "the serial number 01 stands on line 1 already");
    }
}
