//! Serial numbers (RFC 5280 §4.1.2.2): positive, at most 20 octets, unpredictable when we draw them.

use crate::digest::hex;
use crate::entropy::{Entropy, EntropyUnavailable};

/// Most octets a serial number has.
pub const MOST: usize = 20;

/// A positive certificate serial number: 1–20 big-endian octets, minimal. Kept in the database as `BYTEA`. In order they stand
/// as their octets do, which is also how both databases sort them; it takes no memory of its own, since lists have millions.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SerialNumber {
    /// Zeros behind the last.
    octets: [u8; MOST],
    length: u8,
}

/// Why octets are no serial number.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SerialError {
    /// Zero is not positive.
    #[error("a serial number is at least 1")]
    NotPositive,
    /// Longer than RFC 5280 allows.
    #[error("a serial number has at most 20 octets, this has {0}")]
    TooLong(usize),
    /// Text that is not hexadecimal.
    #[error("a serial number is written in hexadecimal digits")]
    NotHexadecimal,
}

impl SerialNumber {
    /// A fresh serial: a first octet of 1–127 (positive, no padding) and 128 random bits behind it, 17 octets in all;
    /// BR 7.1 wants at least 64 bits. Errors when `entropy` fails.
    pub fn drawn(entropy: &dyn Entropy) -> Result<Self, EntropyUnavailable> {
        let mut octets = [0u8; 17];
        entropy.fill(&mut octets)?;
        let [first, ..] = &mut octets;
        *first = (*first & 0x7f).max(1);
        Ok(Self::kept(&octets))
    }

    /// The serial of these big-endian octets, leading zeros dropped. Errors: zero, or more than 20 octets.
    pub fn from_bytes(octets: &[u8]) -> Result<Self, SerialError> {
        let start = octets.iter().position(|octet| *octet != 0).ok_or(SerialError::NotPositive)?;
        let octets = octets.get(start..).unwrap_or_default();
        if octets.len() > MOST || (octets.len() == MOST && octets.first().is_some_and(|first| *first >= 0x80)) {
            return Err(SerialError::TooLong(octets.len()));
        }
        Ok(Self::kept(octets))
    }

    /// At most [`MOST`] octets.
    fn kept(octets: &[u8]) -> Self {
        let mut kept = [0u8; MOST];
        kept.iter_mut().zip(octets).for_each(|(to, from)| *to = *from);
        Self { octets: kept, length: u8::try_from(octets.len()).unwrap_or(0) }
    }

    /// Reads hexadecimal text; colons, spaces and upper case are accepted. Errors as [`Self::from_bytes`].
    pub fn parse_hex(text: &str) -> Result<Self, SerialError> {
        let digits: Vec<u8> = text
            .chars()
            .filter(|c| *c != ':' && *c != ' ')
            .map(|c| c.to_digit(16).and_then(|digit| u8::try_from(digit).ok()).ok_or(SerialError::NotHexadecimal))
            .collect::<Result<_, _>>()?;
        let odd = digits.len() % 2;
        let padded: Vec<u8> = std::iter::repeat_n(0, odd).chain(digits).collect();
        let octets: Vec<u8> =
            padded.chunks(2).map(|pair| pair.iter().fold(0u8, |value, digit| (value << 4) | digit)).collect();
        if octets.is_empty() { Err(SerialError::NotHexadecimal) } else { Self::from_bytes(&octets) }
    }

    /// Big-endian octets without leading zeros.
    pub fn as_bytes(&self) -> &[u8] {
        self.octets.get(..usize::from(self.length)).unwrap_or_default()
    }

    /// The octets, zeros behind the last of them, and how many there are: for whoever copies millions.
    #[inline]
    pub const fn padded(&self) -> (&[u8; MOST], u8) {
        (&self.octets, self.length)
    }

    /// Lower-case hexadecimal without separators.
    pub fn to_hex(&self) -> String {
        hex(self.as_bytes())
    }
}

impl std::fmt::Display for SerialNumber {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.to_hex())
    }
}

impl std::fmt::Debug for SerialNumber {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "SerialNumber({})", self.to_hex())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::CountingEntropy;

    #[test]
    fn serial_number_invariants() {
        assert_eq!(SerialNumber::from_bytes(&[0, 0]), Err(SerialError::NotPositive));
        assert_eq!(SerialNumber::from_bytes(&[0, 1]).unwrap().as_bytes(), [1]);
        assert!(SerialNumber::from_bytes(&[0x7f; 20]).is_ok());
        assert_eq!(SerialNumber::from_bytes(&[0x80; 20]), Err(SerialError::TooLong(20)));
        assert_eq!(SerialNumber::from_bytes(&[1; 21]), Err(SerialError::TooLong(21)));
        assert_eq!(SerialNumber::parse_hex("0A:bC").unwrap().to_hex(), "0abc");
        assert_eq!(SerialNumber::parse_hex("1").unwrap().as_bytes(), [1]);
        assert_eq!(SerialNumber::parse_hex("xy"), Err(SerialError::NotHexadecimal));
        assert_eq!(SerialNumber::parse_hex(""), Err(SerialError::NotHexadecimal));
    }

    #[test]
    fn serials_stand_in_the_order_of_their_octets() {
        let serial = |octets: &[u8]| SerialNumber::from_bytes(octets).unwrap();
        let sorted =
            [serial(&[1]), serial(&[1, 0]), serial(&[1, 0, 5]), serial(&[1, 2]), serial(&[0x7f; 20]), serial(&[0x80])];
        assert!(sorted.is_sorted_by(|a, b| a < b && a.as_bytes() < b.as_bytes()));
    }

    #[test]
    fn a_drawn_serial_has_a_non_zero_octet_and_sixteen_random_ones() {
        let entropy = CountingEntropy::default();
        let (one, two) = (SerialNumber::drawn(&entropy).unwrap(), SerialNumber::drawn(&entropy).unwrap());
        assert_ne!(one, two);
        for serial in [one, two] {
            assert_eq!(serial.as_bytes().len(), 17);
            assert!((1..=0x7f).contains(&serial.as_bytes()[0]));
        }
    }
}
