//! The one place where DER (X.690) is written and strictly read; certificates, CRLs and OCSP all go through it.
//!
//! [`Writer`] works back to front: contents first, header after, in one buffer and without a pass to count lengths. So a
//! structure is written from its last field to its first; the code reads upwards. [`Reader`] accepts DER and nothing else:
//! definite minimal lengths, minimal integers, `00`/`ff` booleans, no trailing octets. [`check_strict`] walks a whole
//! value and stands in front of x509-parser, which alone is lenient.

mod reader;
mod writer;

pub use reader::{Element, Reader, check_strict};
pub use writer::{Writer, header};

/// Universal and context tags used in PKIX, as identifier octets.
pub mod tag {
    /// BOOLEAN.
    pub const BOOLEAN: u8 = 0x01;
    /// INTEGER.
    pub const INTEGER: u8 = 0x02;
    /// BIT STRING.
    pub const BIT_STRING: u8 = 0x03;
    /// OCTET STRING.
    pub const OCTET_STRING: u8 = 0x04;
    /// NULL.
    pub const NULL: u8 = 0x05;
    /// OBJECT IDENTIFIER.
    pub const OID: u8 = 0x06;
    /// ENUMERATED.
    pub const ENUMERATED: u8 = 0x0a;
    /// UTF8String.
    pub const UTF8_STRING: u8 = 0x0c;
    /// PrintableString.
    pub const PRINTABLE_STRING: u8 = 0x13;
    /// IA5String.
    pub const IA5_STRING: u8 = 0x16;
    /// BMPString.
    pub const BMP_STRING: u8 = 0x1e;
    /// UTCTime.
    pub const UTC_TIME: u8 = 0x17;
    /// GeneralizedTime.
    pub const GENERALIZED_TIME: u8 = 0x18;
    /// SEQUENCE.
    pub const SEQUENCE: u8 = 0x30;
    /// SET.
    pub const SET: u8 = 0x31;

    /// `[n] IMPLICIT` of a primitive type; `n` below 31.
    pub const fn context(n: u8) -> u8 {
        0x80 | (n & 0x1f)
    }

    /// `[n]` constructed: EXPLICIT, or IMPLICIT of a constructed type; `n` below 31.
    pub const fn context_constructed(n: u8) -> u8 {
        0xa0 | (n & 0x1f)
    }
}

/// Why octets are not the DER that was expected.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DerError {
    /// The value ends before its length says.
    #[error("truncated")]
    Truncated,
    /// Octets follow where the value should have ended.
    #[error("{0} octets follow the end of the value")]
    TrailingData(usize),
    /// Another tag than the one that must stand here.
    #[error("tag {found:#04x} where {expected:#04x} is expected")]
    UnexpectedTag {
        /// What the standard wants here.
        expected: u8,
        /// What is here.
        found: u8,
    },
    /// Indefinite, not minimal or beyond 4 GiB.
    #[error("a length that DER does not allow")]
    Length,
    /// A tag number of 31 or more; PKIX has none.
    #[error("a multi-octet tag")]
    HighTag,
    /// A value whose octets DER forbids, with the type's name.
    #[error("{0} not in DER form")]
    Value(&'static str),
    /// Nested deeper than 32 levels.
    #[error("nested too deeply")]
    TooDeep,
}

/// Whether an octet may stand in a PrintableString (X.680 §41.4).
pub const fn is_printable(octet: u8) -> bool {
    octet.is_ascii_alphanumeric()
        || matches!(octet, b' ' | b'\'' | b'(' | b')' | b'+' | b',' | b'-' | b'.' | b'/' | b':' | b'=' | b'?')
}

#[cfg(test)]
mod tests;
