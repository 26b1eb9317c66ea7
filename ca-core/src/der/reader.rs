//! Reading, front to back: DER and nothing else.

use super::{DerError, is_printable, tag};
use crate::time::Timestamp;

/// One value: its tag, its content, and the whole with header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Element<'a> {
    /// Identifier octet.
    pub tag: u8,
    /// Content octets.
    pub content: &'a [u8],
    /// Header and content.
    pub whole: &'a [u8],
}

/// Reads DER from the beginning, accepting nothing that DER forbids.
#[derive(Clone, Debug)]
pub struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    /// Reads `der`.
    pub const fn new(der: &'a [u8]) -> Self {
        Self { rest: der }
    }

    /// Reads the fields of `der`, which is one SEQUENCE and nothing else.
    pub fn of_sequence(der: &'a [u8]) -> Result<Self, DerError> {
        let mut outer = Self::new(der);
        let inner = outer.sequence()?;
        outer.finish()?;
        Ok(inner)
    }

    /// Whether nothing is left.
    pub const fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    /// What has not been read yet.
    pub const fn rest(&self) -> &'a [u8] {
        self.rest
    }

    /// Errors unless everything has been read.
    pub const fn finish(&self) -> Result<(), DerError> {
        if self.rest.is_empty() { Ok(()) } else { Err(DerError::TrailingData(self.rest.len())) }
    }

    /// The tag of the next value; `None` at the end.
    pub fn peek(&self) -> Option<u8> {
        self.rest.first().copied()
    }

    /// The next value, whatever it is.
    pub fn element(&mut self) -> Result<Element<'a>, DerError> {
        let (&tag, after_tag) = self.rest.split_first().ok_or(DerError::Truncated)?;
        if tag & 0x1f == 0x1f {
            return Err(DerError::HighTag);
        }
        let (&first, after_length) = after_tag.split_first().ok_or(DerError::Truncated)?;
        let (length, body) = if first < 0x80 {
            (usize::from(first), after_length)
        } else {
            let count = usize::from(first & 0x7f);
            if count == 0 || count > 4 {
                return Err(DerError::Length);
            }
            let (octets, body) = after_length.split_at_checked(count).ok_or(DerError::Truncated)?;
            let length = octets.iter().fold(0usize, |value, octet| (value << 8) | usize::from(*octet));
            if length < 0x80 || octets.first() == Some(&0) {
                return Err(DerError::Length);
            }
            (length, body)
        };
        let (content, rest) = body.split_at_checked(length).ok_or(DerError::Truncated)?;
        let whole = self.rest.get(..self.rest.len().saturating_sub(rest.len())).ok_or(DerError::Truncated)?;
        self.rest = rest;
        Ok(Element { tag, content, whole })
    }

    /// The content of the next value, which must have `tag`.
    pub fn expect(&mut self, tag: u8) -> Result<&'a [u8], DerError> {
        self.expect_element(tag).map(|element| element.content)
    }

    /// The next value, which must have `tag`.
    pub fn expect_element(&mut self, tag: u8) -> Result<Element<'a>, DerError> {
        match self.peek() {
            Some(found) if found == tag => self.element(),
            Some(found) => Err(DerError::UnexpectedTag { expected: tag, found }),
            None => Err(DerError::Truncated),
        }
    }

    /// The content of the next value if it has `tag`; `None` otherwise, and then nothing is read.
    pub fn optional(&mut self, tag: u8) -> Result<Option<&'a [u8]>, DerError> {
        if self.peek() == Some(tag) { self.expect(tag).map(Some) } else { Ok(None) }
    }

    /// The fields of the next value, which must be a SEQUENCE.
    pub fn sequence(&mut self) -> Result<Self, DerError> {
        self.expect(tag::SEQUENCE).map(Self::new)
    }

    /// The fields of the next value, which must be constructed with `tag`.
    pub fn constructed(&mut self, tag: u8) -> Result<Self, DerError> {
        self.expect(tag).map(Self::new)
    }

    /// Content octets of an OBJECT IDENTIFIER.
    pub fn oid(&mut self) -> Result<&'a [u8], DerError> {
        let content = self.expect(tag::OID)?;
        check_primitive(tag::OID, content)?;
        Ok(content)
    }

    /// A BOOLEAN.
    pub fn boolean(&mut self) -> Result<bool, DerError> {
        let content = self.expect(tag::BOOLEAN)?;
        check_primitive(tag::BOOLEAN, content)?;
        Ok(content == [0xff])
    }

    /// Big-endian octets of an INTEGER that is not negative, without its sign padding.
    pub fn unsigned(&mut self) -> Result<&'a [u8], DerError> {
        let content = self.expect(tag::INTEGER)?;
        check_primitive(tag::INTEGER, content)?;
        match content {
            [first, ..] if *first >= 0x80 => Err(DerError::Value("a non-negative INTEGER")),
            [0, rest @ ..] if !rest.is_empty() => Ok(rest),
            all => Ok(all),
        }
    }

    /// A small non-negative INTEGER.
    pub fn small_integer(&mut self) -> Result<u64, DerError> {
        let octets = self.unsigned()?;
        if octets.len() > 8 {
            return Err(DerError::Value("a small INTEGER"));
        }
        Ok(octets.iter().fold(0u64, |value, octet| (value << 8) | u64::from(*octet)))
    }

    /// The octets of a BIT STRING of whole octets.
    pub fn bit_string(&mut self) -> Result<&'a [u8], DerError> {
        match self.expect(tag::BIT_STRING)? {
            [0, octets @ ..] => Ok(octets),
            _ => Err(DerError::Value("a BIT STRING of whole octets")),
        }
    }

    /// An instant from UTCTime (1950–2049) or GeneralizedTime, whole seconds, `Z` (RFC 5280 §4.1.2.5).
    pub fn time(&mut self) -> Result<Timestamp, DerError> {
        let element = self.element()?;
        match element.tag {
            tag::UTC_TIME | tag::GENERALIZED_TIME => parse_time(element.tag, element.content),
            found => Err(DerError::UnexpectedTag { expected: tag::UTC_TIME, found }),
        }
    }
}

/// Errors unless `der` is exactly one value in DER form, all the way down (depth at most 32). Content of OCTET STRINGs and
/// BIT STRINGs is not entered.
pub fn check_strict(der: &[u8]) -> Result<(), DerError> {
    let mut reader = Reader::new(der);
    check_element(reader.element()?, 32)?;
    reader.finish()
}

fn check_element(element: Element<'_>, depth_left: u8) -> Result<(), DerError> {
    let Some(depth_left) = depth_left.checked_sub(1) else { return Err(DerError::TooDeep) };
    if element.tag & 0x20 == 0 {
        return check_primitive(element.tag, element.content);
    }
    if element.tag & 0xc0 == 0 && element.tag != tag::SEQUENCE && element.tag != tag::SET {
        return Err(DerError::Value("a constructed string"));
    }
    let mut fields = Reader::new(element.content);
    while !fields.is_empty() {
        check_element(fields.element()?, depth_left)?;
    }
    Ok(())
}

fn check_primitive(tag: u8, content: &[u8]) -> Result<(), DerError> {
    let (fine, name) = match tag {
        tag::BOOLEAN => (matches!(content, [0] | [0xff]), "a BOOLEAN"),
        tag::INTEGER | tag::ENUMERATED => (is_minimal_integer(content), "an INTEGER"),
        tag::NULL => (content.is_empty(), "a NULL"),
        tag::OID => (is_oid(content), "an OBJECT IDENTIFIER"),
        tag::BIT_STRING => (is_bit_string(content), "a BIT STRING"),
        tag::UTF8_STRING => (std::str::from_utf8(content).is_ok(), "a UTF8String"),
        tag::PRINTABLE_STRING => (content.iter().all(|octet| is_printable(*octet)), "a PrintableString"),
        tag::IA5_STRING => (content.is_ascii(), "an IA5String"),
        tag::UTC_TIME | tag::GENERALIZED_TIME => (parse_time(tag, content).is_ok(), "a time"),
        tag::SEQUENCE | tag::SET => (false, "a constructed value"),
        _ => (true, ""),
    };
    if fine { Ok(()) } else { Err(DerError::Value(name)) }
}

fn is_minimal_integer(content: &[u8]) -> bool {
    match content {
        [] => false,
        [0, second, ..] => *second >= 0x80,
        [0xff, second, ..] => *second < 0x80,
        _ => true,
    }
}

fn is_oid(content: &[u8]) -> bool {
    let starts_arc =
        |index: usize| index == 0 || content.get(index.wrapping_sub(1)).is_some_and(|before| before & 0x80 == 0);
    content.last().is_some_and(|last| last & 0x80 == 0)
        && content.iter().enumerate().all(|(index, octet)| !(starts_arc(index) && *octet == 0x80))
}

fn is_bit_string(content: &[u8]) -> bool {
    match content {
        [0] => true,
        [unused @ 0..=7, .., last] => last.trailing_zeros() >= u32::from(*unused),
        _ => false,
    }
}

fn parse_time(tag: u8, content: &[u8]) -> Result<Timestamp, DerError> {
    const BAD: DerError = DerError::Value("a time");
    let digits = content.strip_suffix(b"Z").ok_or(BAD)?;
    if !digits.iter().all(u8::is_ascii_digit) {
        return Err(BAD);
    }
    let (year_digits, year) = if tag == tag::UTC_TIME { (2, None) } else { (4, Some(())) };
    let (year_text, rest) = digits.split_at_checked(year_digits).ok_or(BAD)?;
    let number = |text: &[u8]| text.iter().fold(0i32, |value, digit| value * 10 + i32::from(digit - b'0'));
    let year = match (year, number(year_text)) {
        (Some(()), full) => full,
        (None, short) if short < 50 => short + 2000,
        (None, short) => short + 1900,
    };
    let (pairs, []) = rest.as_chunks::<2>() else { return Err(BAD) };
    let [month, day, hour, minute, second] = pairs else { return Err(BAD) };
    let field = |pair: &[u8; 2]| u8::try_from(number(pair)).unwrap_or(u8::MAX);
    Timestamp::from_utc(year, field(month), field(day), field(hour), field(minute), field(second)).ok_or(BAD)
}
