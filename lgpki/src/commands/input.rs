//! What people hand to a command: files in PEM or DER, words of the command line.

use crate::trouble::{Exit, Trouble};
use ca_core::certificate::Certificate;
use ca_core::id::AuthorityId;
use ca_core::key::KeyAlgorithm;
use ca_core::serial::SerialNumber;
use ca_core::time::Timestamp;
use std::io::Read;
use std::path::Path;

/// Larger than any certificate or chain; CRLs may be larger.
const LARGEST: u64 = 256 * 1024 * 1024;

/// The DER of every PEM block labelled `label` in `file`, or the file itself when it is no PEM. Errors: exit 2 when it
/// cannot be read or has no such block.
pub fn read(file: &Path, label: &str) -> Result<Vec<Vec<u8>>, Trouble> {
    let wrong = |what: String| Trouble::new(Exit::Usage, format!("{}: {what}", file.display()));
    let octets = bounded(file, LARGEST).map_err(|error| {
        wrong("cannot be read".to_owned()).because(error).advice("is this the right file, and may this user read it?")
    })?;
    if !octets.windows(11).any(|window| window == b"-----BEGIN ") {
        return Ok(vec![octets]);
    }
    let blocks = pem::parse_many(&octets).map_err(|error| wrong("broken PEM".to_owned()).because(error))?;
    let found: Vec<&str> = blocks.iter().map(pem::Pem::tag).collect();
    let wanted: Vec<Vec<u8>> =
        blocks.iter().filter(|block| block.tag() == label).map(|block| block.contents().to_vec()).collect();
    if wanted.is_empty() {
        let found = if found.is_empty() { "no whole PEM block".to_owned() } else { found.join(", ") };
        return Err(wrong(format!("no {label} in it, but {found}")).advice("name a file that holds one, in PEM or DER"));
    }
    Ok(wanted)
}

/// The octets of a regular file of at most that many. Errors: it cannot be read, is larger, or is no regular file: a device or
/// pipe may never end.
pub fn bounded(file: &Path, most: u64) -> std::io::Result<Vec<u8>> {
    let opened = std::fs::File::open(file)?;
    let meta = opened.metadata()?;
    if !meta.is_file() {
        return Err(std::io::Error::other("this is no regular file"));
    }
    let mut octets = Vec::new();
    opened.take(most.saturating_add(1)).read_to_end(&mut octets)?;
    if u64::try_from(octets.len()).unwrap_or(u64::MAX) > most {
        return Err(std::io::Error::other(format!("more than {most} octets are too many")));
    }
    Ok(octets)
}

/// The certificates in `file`, in order. Errors: exit 2.
pub fn certificates(file: &Path) -> Result<Vec<Certificate>, Trouble> {
    read(file, "CERTIFICATE")?.iter().map(|der| Certificate::from_der(der)).collect::<Result<_, _>>().map_err(|error| {
        Trouble::new(Exit::Usage, format!("{}: not a certificate this program reads", file.display())).because(error)
    })
}

/// The first certificate in `file`. Errors: exit 2.
pub fn certificate(file: &Path) -> Result<Certificate, Trouble> {
    certificates(file)?
        .into_iter()
        .next()
        .ok_or_else(|| Trouble::new(Exit::Usage, format!("{}: no certificate in it", file.display())))
}

/// The kind of key a word of the command line names: `p256`. For clap. Errors: a sentence.
pub fn key_kind(word: &str) -> Result<KeyAlgorithm, String> {
    KeyAlgorithm::parse(word).ok_or_else(|| {
        "one of p256, p384, rsa2048, rsa3072, rsa4096, and to try them out mldsa44, mldsa65, mldsa87".to_owned()
    })
}

/// The authority a word of the command line names: `application-ca`. For clap. Errors: a sentence.
pub fn authority(word: &str) -> Result<AuthorityId, String> {
    AuthorityId::parse(word).map_err(|error| error.to_string())
}

/// The serial number a word of the command line names, hexadecimal; separators may stay. For clap. Errors: a sentence.
pub fn serial(word: &str) -> Result<SerialNumber, String> {
    SerialNumber::parse_hex(word).map_err(|error| error.to_string())
}

/// The instant of an RFC 3339 text in UTC with whole seconds, `2026-11-21T10:00:00Z`. For clap. Errors: a sentence.
pub fn instant(text: &str) -> Result<Timestamp, String> {
    let parsed = || {
        let (date, time) = text.strip_suffix('Z')?.split_once('T')?;
        let numbers = |text: &str, separator| -> Option<Vec<u16>> {
            text.split(separator).map(|part| part.parse().ok().filter(|_| part.len() >= 2)).collect()
        };
        match (numbers(date, '-')?.as_slice(), numbers(time, ':')?.as_slice()) {
            ([year, month, day], [hour, minute, second]) => {
                let small = |value: &u16| u8::try_from(*value).ok();
                let (month, day) = (small(month)?, small(day)?);
                Timestamp::from_utc(i32::from(*year), month, day, small(hour)?, small(minute)?, small(second)?)
            }
            _ => None,
        }
    };
    parsed().ok_or_else(|| "write it as 2026-11-21T10:00:00Z".to_owned())
}

/// The midnight in Japan that begins a day written as `2026-12-01`. For clap. Errors: a sentence.
pub fn day(text: &str) -> Result<Timestamp, String> {
    let parsed = || {
        let mut parts = text.split('-');
        let (year, month, day) = (parts.next()?, parts.next()?, parts.next()?);
        let plain = |text: &str, length| text.len() == length && text.bytes().all(|octet| octet.is_ascii_digit());
        let whole = plain(year, 4) && plain(month, 2) && plain(day, 2) && parts.next().is_none();
        let (month, day) = (month.parse().ok()?, day.parse().ok()?);
        whole.then(|| Timestamp::from_jst(year.parse().ok()?, month, day, 0, 0, 0)).flatten()
    };
    parsed().ok_or_else(|| "write a day of Japan as 2026-12-01".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_are_rfc_3339_in_utc() {
        assert_eq!(instant("2026-11-21T10:00:00Z"), Ok(Timestamp::from_utc(2026, 11, 21, 10, 0, 0).unwrap()));
        for bad in [
            "2026-11-21",
            "2026-11-21T10:00:00",
            "2026-11-21T10:00:00+09:00",
            "2026-13-21T10:00:00Z",
            "T Z",
            "1-1-1T1:1:1Z",
        ] {
            assert!(instant(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn days_begin_at_midnight_in_japan() {
        assert_eq!(day("2026-12-01").unwrap().rfc3339(), "2026-11-30T15:00:00Z");
        for bad in ["2026-2-1", "2026-02-30", "20261201", "2026-12-01-01", "+026-12-01", "2026-12-01T00:00:00Z"] {
            assert!(day(bad).is_err(), "{bad}");
        }
    }
}
