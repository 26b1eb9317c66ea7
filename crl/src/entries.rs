//! Which revoked certificates a CRL lists, and how an entry is written.
//!
//! An entry stays until a CRL made after the certificate's expiry has carried it (RFC 5280 §3.3), so nobody who looks at
//! every CRL can miss it. The rule looks at the previous CRL only and needs no memory of its own.

use ca_core::der::tag;
use ca_core::oid;
use ca_core::revocation::RevocationReason;
use ca_core::serial::SerialNumber;
use ca_core::time::Timestamp;

/// One entry of a CRL (RFC 5280 §5.3).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CrlEntry {
    /// The certificate.
    pub serial: SerialNumber,
    /// revocationDate; whole seconds.
    pub revoked_at: Timestamp,
    /// reasonCode; `Unspecified` is written by leaving it out (RFC 5280 §5.3.1).
    pub reason: RevocationReason,
    /// invalidityDate; whole seconds.
    pub invalidity_at: Option<Timestamp>,
}

/// A revoked certificate with what decides whether it is still listed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Revoked {
    /// What the CRL says.
    pub entry: CrlEntry,
    /// The last instant of the certificate's validity.
    pub not_after: Timestamp,
    /// Whether it is listed for ever: what was signed while it was good counts for longer.
    pub stays_listed: bool,
}

impl Revoked {
    /// Whether the next CRL lists it. `previous` is the thisUpdate of the latest stored CRL.
    pub fn is_listed(&self, previous: Option<Timestamp>) -> bool {
        // The previous CRL came after the expiry and after the revocation: it was the last one owed.
        self.stays_listed
            || previous.is_none_or(|previous| self.not_after >= previous || self.entry.revoked_at >= previous)
    }
}

/// Longest content of an entry: a serial of 20 octets, a GeneralizedTime, and the three extensions. So every length in an
/// entry is one octet, and an entry is written front to back without counting anything twice.
const LONGEST: usize = 22 + 17 + 2 + 12 + 18 + 26;

impl CrlEntry {
    /// Appends the entry, DER.
    pub fn append(&self, out: &mut Vec<u8>) {
        EntryWriter::default().append(self, out);
    }
}

/// Writes entries. Dates are most of the work, and a list has few days: those it has met it remembers.
#[derive(Clone, Debug, Default)]
pub struct EntryWriter {
    /// By the day's number, modulo the length.
    days: Vec<Day>,
}

/// Most days that are remembered: those of five years.
const DAYS: usize = 1 << 11;

/// One day as a `Time` begins with it.
#[derive(Clone, Copy, Debug, Default)]
struct Day {
    /// Days since 1970, and one more; 0 for none.
    number: i64,
    /// As they stand: `YYMMDD` of a UTCTime behind its header; or of a GeneralizedTime `YYYYMMDD`, without.
    octets: [u8; 8],
    /// Octets of the date: 6 or 8.
    length: u8,
}

impl EntryWriter {
    /// Appends an entry, DER.
    #[inline]
    pub fn append(&mut self, entry: &CrlEntry, out: &mut Vec<u8>) {
        let seconds = entry.revoked_at.seconds();
        let day = self.day(seconds);
        let (serial, length) = entry.serial.padded();
        let signed = usize::from(serial.first().is_some_and(|first| *first >= 0x80));
        let integer = usize::from(length).saturating_add(signed);
        let plain = entry.reason == RevocationReason::Unspecified && entry.invalidity_at.is_none();
        let extensions = if plain { 0 } else { extensions_of(entry) };
        let behind = if plain { 0 } else { extensions.saturating_add(2) };
        let content = integer.saturating_add(usize::from(day.length)).saturating_add(11).saturating_add(behind);
        out.reserve(LONGEST.saturating_add(2));
        out.extend_from_slice(&[tag::SEQUENCE, octet(content), tag::INTEGER, octet(integer)]);
        if signed == 1 {
            out.push(0);
        }
        // A copy of known length is a few instructions; what is too much is cut off again.
        let end = out.len().saturating_add(usize::from(length));
        out.extend_from_slice(serial);
        out.truncate(end);
        let [a, b, c, d, e, f, g, h] = day.octets;
        let [i, j, k, l, m, n, z, _] = time_of_day(seconds);
        if day.length == UTC_DATE {
            out.extend_from_slice(&[a, b, c, d, e, f, g, h, i, j, k, l, m, n, z]);
        } else {
            out.extend_from_slice(&[tag::GENERALIZED_TIME, 15, a, b, c, d, e, f, g, h, i, j, k, l, m, n, z]);
        }
        if !plain {
            append_extensions(entry, extensions, out);
        }
    }

    /// The day of an instant as RFC 5280 §4.1.2.5 writes it: UTCTime through 2049, GeneralizedTime after.
    #[inline]
    fn day(&mut self, seconds: i64) -> Day {
        let number = seconds.div_euclid(DAY_SECONDS).saturating_add(1);
        let place = usize::try_from(number.unsigned_abs()).unwrap_or(0) % DAYS;
        if let Some(known) = self.days.get(place).filter(|known| known.number == number) {
            return *known;
        }
        self.new_day(Timestamp::from_seconds(seconds), number, place)
    }

    /// A day that has not been met yet.
    #[cold]
    fn new_day(&mut self, at: Timestamp, number: i64, place: usize) -> Day {
        let full = generalized(at);
        let day = if at.civil().year < 2050 {
            let [_, _, y, z, m, n, d, e] = full;
            Day { number, octets: [tag::UTC_TIME, 13, y, z, m, n, d, e], length: UTC_DATE }
        } else {
            Day { number, octets: full, length: 8 }
        };
        if self.days.is_empty() {
            self.days.resize(DAYS, Day::default());
        }
        if let Some(kept) = self.days.get_mut(place) {
            *kept = day;
        }
        day
    }
}

/// How many octets the extensions of an entry have.
fn extensions_of(entry: &CrlEntry) -> usize {
    let reason = entry.reason != RevocationReason::Unspecified;
    let hold = entry.reason == RevocationReason::CertificateHold;
    [(reason, 12), (hold, 18), (entry.invalidity_at.is_some(), 26)]
        .iter()
        .fold(0usize, |sum, (stands, length)| sum.saturating_add(if *stands { *length } else { 0 }))
}

/// Appends the extensions of an entry, which have so many octets.
fn append_extensions(entry: &CrlEntry, octets: usize, out: &mut Vec<u8>) {
    out.extend_from_slice(&[tag::SEQUENCE, octet(octets)]);
    if entry.reason != RevocationReason::Unspecified {
        out.extend_from_slice(&reason_code(entry.reason));
    }
    if entry.reason == RevocationReason::CertificateHold {
        let instruction = oid::HOLD_INSTRUCTION_REJECT.as_bytes();
        extension(out, oid::HOLD_INSTRUCTION_CODE, &[&[tag::OID, octet(instruction.len())], instruction].concat());
    }
    if let Some(at) = entry.invalidity_at {
        // Always GeneralizedTime, unlike the other dates (RFC 5280 §5.3.2).
        extension(out, oid::INVALIDITY_DATE, &[[tag::GENERALIZED_TIME, 15].as_slice(), &at.generalized()].concat());
    }
}

/// The extension nearly every entry has, and most have no other: reasonCode (RFC 5280 §5.3.1).
#[inline]
const fn reason_code(reason: RevocationReason) -> [u8; 12] {
    let [a, b, c] = REASON_CODE;
    [tag::SEQUENCE, 10, tag::OID, 3, a, b, c, tag::OCTET_STRING, 3, tag::ENUMERATED, 1, reason.code()]
}

/// The octets of its identifier.
const REASON_CODE: [u8; 3] = match oid::REASON_CODE.as_bytes().first_chunk() {
    Some(octets) => *octets,
    None => panic!("three octets"),
};

/// Extensions of entries are not critical.
fn extension(out: &mut Vec<u8>, id: oid::Oid, value: &[u8]) {
    let id = id.as_bytes();
    let inner = id.len().saturating_add(value.len()).saturating_add(4);
    out.extend_from_slice(&[tag::SEQUENCE, octet(inner), tag::OID, octet(id.len())]);
    out.extend_from_slice(id);
    out.extend_from_slice(&[tag::OCTET_STRING, octet(value.len())]);
    out.extend_from_slice(value);
}

/// A length below 128, which is one octet.
fn octet(length: usize) -> u8 {
    debug_assert!(length <= LONGEST);
    u8::try_from(length).unwrap_or(u8::MAX)
}

/// Octets of the date of a UTCTime.
const UTC_DATE: u8 = 6;
const DAY_SECONDS: i64 = 86_400;

/// `YYYYMMDD` in UTC; before 1970 and after 9999 the nearest day there is.
fn generalized(at: Timestamp) -> [u8; 8] {
    let [a, b, c, d, e, f, g, h, ..] = at.generalized();
    [a, b, c, d, e, f, g, h]
}

/// `HHMMSSZ` in UTC, and an octet more. The six digits are made at once, two of each number in a lane of 16 bits.
#[inline]
fn time_of_day(seconds: i64) -> [u8; 8] {
    let seconds = seconds.clamp(0, LAST_SECOND).rem_euclid(DAY_SECONDS).unsigned_abs();
    let lanes = (seconds / 3600) | ((seconds / 60 % 60) << 16) | ((seconds % 60) << 32);
    // A tenth: 103 / 1024 is near enough below 100.
    let tens = (lanes.wrapping_mul(103) >> 10) & 0x000f_000f_000f;
    let ones = lanes.wrapping_sub(tens.wrapping_mul(10));
    (tens | (ones << 8) | u64::from_le_bytes(*b"000000Z\0")).to_le_bytes()
}

/// 9999-12-31T23:59:59Z, the last that can be written.
const LAST_SECOND: i64 = 253_402_300_799;

#[cfg(test)]
mod tests {
    use super::*;
    use ca_core::der::{Writer, check_strict};

    fn entry(serial: &[u8], revoked_at: i64) -> CrlEntry {
        CrlEntry {
            serial: SerialNumber::from_bytes(serial).unwrap(),
            revoked_at: Timestamp::from_seconds(revoked_at),
            reason: RevocationReason::Unspecified,
            invalidity_at: None,
        }
    }

    fn revoked(revoked_at: i64, not_after: i64) -> Revoked {
        Revoked { entry: entry(&[1], revoked_at), not_after: Timestamp::from_seconds(not_after), stays_listed: false }
    }

    #[test]
    fn an_expired_certificate_is_listed_once_more() {
        let at = |seconds| Some(Timestamp::from_seconds(seconds));
        let expired = revoked(10, 100);
        assert!(expired.is_listed(None));
        assert!(expired.is_listed(at(50)), "still valid at the previous CRL");
        assert!(expired.is_listed(at(100)), "valid in its last second");
        assert!(!expired.is_listed(at(101)), "the previous CRL came after the expiry");
        assert!(Revoked { stays_listed: true, ..expired }.is_listed(at(101)), "unless it stays");
    }

    #[test]
    fn a_certificate_revoked_after_its_expiry_is_listed_once() {
        let late = revoked(200, 100);
        assert!(late.is_listed(Some(Timestamp::from_seconds(150))));
        assert!(!late.is_listed(Some(Timestamp::from_seconds(201))));
    }

    /// The same by the writer that works back to front.
    fn written(entry: &CrlEntry) -> Vec<u8> {
        let extension = |w: &mut Writer, id, value: &dyn Fn(&mut Writer)| {
            w.sequence(|w| {
                w.octet_string_of(value);
                w.oid(id);
            });
        };
        Writer::build(|w| {
            w.sequence(|w| {
                if entry.reason != RevocationReason::Unspecified || entry.invalidity_at.is_some() {
                    w.sequence(|w| {
                        if let Some(at) = entry.invalidity_at {
                            extension(w, oid::INVALIDITY_DATE, &|w| w.generalized_time(at));
                        }
                        if entry.reason == RevocationReason::CertificateHold {
                            extension(w, oid::HOLD_INSTRUCTION_CODE, &|w| w.oid(oid::HOLD_INSTRUCTION_REJECT));
                        }
                        if entry.reason != RevocationReason::Unspecified {
                            extension(w, oid::REASON_CODE, &|w| w.enumerated(entry.reason.code()));
                        }
                    });
                }
                w.time(entry.revoked_at);
                w.unsigned(entry.serial.as_bytes());
            });
        })
    }

    #[test]
    fn an_entry_written_forwards_is_the_one_written_backwards() {
        let dates = [0, 1_775_001_600, 2_524_607_999, 2_524_608_000, 253_402_300_799];
        let serials: [&[u8]; 4] = [&[1], &[0x80], &[0x7f; 20], &[0xff; 19]];
        let reasons = (0..=10).filter_map(RevocationReason::from_code);
        for reason in reasons {
            for (serial, date) in serials.into_iter().flat_map(|serial| dates.map(|date| (serial, date))) {
                for invalidity_at in
                    [None, Some(Timestamp::from_seconds(dates[1])), Some(Timestamp::from_seconds(dates[4]))]
                {
                    let entry = CrlEntry { reason, invalidity_at, ..entry(serial, date) };
                    let mut der = Vec::new();
                    entry.append(&mut der);
                    assert_eq!(der, written(&entry), "{entry:?}");
                    check_strict(&der).unwrap();
                }
            }
        }
    }
}
