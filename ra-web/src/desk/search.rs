//! The one search box: what did the person type?
//!
//! A request number, a serial number (hexadecimal with or without colons, or decimal), a fingerprint (any grouping) or a
//! server name. Full-width characters are read as half-width ones. Anything else is searched as part of a name.

use ca_core::id::RequestNumber;
use ca_core::serial::SerialNumber;

/// What was recognised in the search box.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Query {
    /// Nothing was typed: the whole list.
    Everything,
    /// A request number, such as R8-000123.
    Request(RequestNumber),
    /// A serial number; more than one reading when digits alone can be decimal or hexadecimal.
    Serial(Vec<SerialNumber>),
    /// A SHA-256 fingerprint of a certificate.
    Fingerprint([u8; 32]),
    /// A server name or a part of one, in lower case.
    Name(String),
}

/// The longest text the box takes; longer input is cut (a certificate's fingerprint with colons has 95 characters).
const LONGEST: usize = 200;

impl Query {
    /// Returns what `typed` means. It never fails: text that is nothing else is a part of a name.
    pub fn parse(typed: &str) -> Self {
        let text: String = half_width(typed).trim().chars().take(LONGEST).collect();
        if text.is_empty() {
            return Self::Everything;
        }
        if let Ok(number) = RequestNumber::parse(&text.to_ascii_uppercase()) {
            return Self::Request(number);
        }
        let compact: String = text.chars().filter(|c| !matches!(c, ':' | ' ' | '\t')).collect();
        let hexadecimal = compact.len() >= 8 && compact.bytes().all(|b| b.is_ascii_hexdigit());
        if hexadecimal
            && compact.len() == 64
            && let Some(fingerprint) = digest_from_hex(&compact)
        {
            return Self::Fingerprint(fingerprint);
        }
        let mut readings = Vec::new();
        if hexadecimal && let Ok(serial) = SerialNumber::parse_hex(&compact) {
            readings.push(serial);
        }
        if compact.len() >= 8
            && let Some(serial) = serial_from_decimal(&compact)
            && !readings.contains(&serial)
        {
            readings.push(serial);
        }
        if readings.is_empty() { Self::Name(text.to_lowercase()) } else { Self::Serial(readings) }
    }
}

/// Returns the text with full-width ASCII, the ideographic space and the ideographic full stop as their half-width forms. The
/// long-vowel mark is a hyphen, but not behind kana: センター stays as it is.
pub fn half_width(text: &str) -> String {
    let mut before = ' ';
    text.chars()
        .map(|c| {
            let here = match c {
                '\u{3000}' => ' ',
                '。' | '．' => '.',
                'ー' if matches!(before, '\u{3041}'..='\u{30ff}') => c,
                'ー' | '―' | '‐' | '−' => '-',
                '\u{ff01}'..='\u{ff5e}' => char::from_u32(u32::from(c).saturating_sub(0xfee0)).unwrap_or(c),
                other => other,
            };
            before = c;
            here
        })
        .collect()
}

/// Returns the 32 octets written as 64 hexadecimal digits without separators.
pub fn digest_from_hex(text: &str) -> Option<[u8; 32]> {
    if text.len() != 64 || !text.bytes().all(|b| b.is_ascii_hexdigit()) {
        return None;
    }
    let mut digest = [0_u8; 32];
    for (octet, index) in digest.iter_mut().zip((0..).step_by(2)) {
        let start: usize = index;
        *octet = u8::from_str_radix(text.get(start..start.checked_add(2)?)?, 16).ok()?;
    }
    Some(digest)
}

/// Returns the serial number written in decimal; `None` when it is not a number or longer than twenty octets.
fn serial_from_decimal(text: &str) -> Option<SerialNumber> {
    if text.is_empty() || text.len() > 49 {
        return None;
    }
    let mut octets = [0_u8; 21];
    for c in text.chars() {
        let mut carry = c.to_digit(10)?;
        for octet in octets.iter_mut().rev() {
            let value = u32::from(*octet).checked_mul(10)?.checked_add(carry)?;
            *octet = u8::try_from(value & 0xff).ok()?;
            carry = value >> 8;
        }
        if carry != 0 {
            return None;
        }
    }
    let first = octets.iter().position(|octet| *octet != 0)?;
    SerialNumber::from_bytes(octets.get(first..)?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn serial(hex: &str) -> SerialNumber {
        SerialNumber::parse_hex(hex).unwrap()
    }

    #[test]
    fn an_empty_box_asks_for_everything() {
        assert_eq!(Query::parse("  \u{3000}"), Query::Everything);
    }

    #[test]
    fn a_request_number_is_recognised_in_any_width_and_case() {
        let number = RequestNumber::parse("R8-000123").unwrap();
        for typed in ["R8-000123", "r8-000123", "Ｒ８－０００１２３", " R8-000123 "] {
            assert_eq!(Query::parse(typed), Query::Request(number.clone()), "{typed}");
        }
    }

    #[test]
    fn a_serial_is_recognised_with_and_without_colons() {
        let expected = serial("4f0a1b2c3d4e5f60718293a4b5c6d7e8f9");
        for typed in [
            "4f0a1b2c3d4e5f60718293a4b5c6d7e8f9",
            "4F:0A:1B:2C:3D:4E:5F:60:71:82:93:A4:B5:C6:D7:E8:F9",
            "4f0a 1b2c 3d4e 5f60 7182 93a4 b5c6 d7e8 f9",
        ] {
            assert_eq!(Query::parse(typed), Query::Serial(vec![expected.clone()]), "{typed}");
        }
    }

    #[test]
    fn a_decimal_serial_keeps_both_readings_when_digits_alone_are_typed() {
        // 0x1234567890 = 78187493520
        assert_eq!(Query::parse("78187493520"), Query::Serial(vec![serial("078187493520"), serial("1234567890")]));
    }

    #[test]
    fn a_fingerprint_is_recognised_in_any_grouping() {
        let plain = "ab".repeat(32);
        let colons = ["AB"; 32].join(":");
        assert_eq!(Query::parse(&plain), Query::Fingerprint([0xab; 32]));
        assert_eq!(Query::parse(&colons), Query::Fingerprint([0xab; 32]));
    }

    #[test]
    fn anything_else_is_part_of_a_name() {
        assert_eq!(Query::parse("WWW.Town.Shirakaba.lg.jp"), Query::Name("www.town.shirakaba.lg.jp".to_owned()));
        assert_eq!(Query::parse("shirakaba"), Query::Name("shirakaba".to_owned()));
        assert_eq!(Query::parse("市民センター長"), Query::Name("市民センター長".to_owned()));
        assert_eq!(Query::parse("ｗｗｗ．ｔｏｗｎ"), Query::Name("www.town".to_owned()));
        // Short runs of hexadecimal letters are more likely a word.
        assert_eq!(Query::parse("beef"), Query::Name("beef".to_owned()));
    }
}
