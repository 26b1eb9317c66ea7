//! Writing, back to front: contents first, header after, in one buffer.

use super::tag;
use crate::oid::Oid;
use crate::time::Timestamp;

/// The header of a value with `tag` whose content has `length` octets: for contents that are too long to be written at once.
pub fn header(tag: u8, length: usize) -> Vec<u8> {
    let mut writer = Writer::default();
    writer.header(tag, length);
    writer.finish()
}

/// Writes DER from the end to the beginning. Inside a closure, write the last field first.
#[derive(Default)]
pub struct Writer {
    /// Octets in reverse order.
    reversed: Vec<u8>,
}

impl Writer {
    /// An empty writer with room for `octets`.
    pub fn with_capacity(octets: usize) -> Self {
        Self { reversed: Vec::with_capacity(octets) }
    }

    /// The octets written, in reading order.
    pub fn finish(mut self) -> Vec<u8> {
        self.reversed.reverse();
        self.reversed
    }

    /// DER of what `fields` writes.
    pub fn build(fields: impl FnOnce(&mut Self)) -> Vec<u8> {
        let mut writer = Self::with_capacity(512);
        fields(&mut writer);
        writer.finish()
    }

    /// Puts octets that are DER already (or the content of a primitive) in front.
    pub fn raw(&mut self, der: &[u8]) {
        self.reversed.extend(der.iter().rev());
    }

    /// A value with `tag` whose content is `content`.
    pub fn primitive(&mut self, tag: u8, content: &[u8]) {
        self.raw(content);
        self.header(tag, content.len());
    }

    /// A value with `tag` whose content is what `content` writes, last field first.
    pub fn constructed(&mut self, tag: u8, content: impl FnOnce(&mut Self)) {
        let before = self.reversed.len();
        content(self);
        self.header(tag, self.reversed.len().saturating_sub(before));
    }

    /// A SEQUENCE of what `content` writes, last field first.
    pub fn sequence(&mut self, content: impl FnOnce(&mut Self)) {
        self.constructed(tag::SEQUENCE, content);
    }

    /// An OBJECT IDENTIFIER.
    pub fn oid(&mut self, oid: Oid) {
        self.primitive(tag::OID, oid.as_bytes());
    }

    /// A NULL.
    pub fn null(&mut self) {
        self.primitive(tag::NULL, &[]);
    }

    /// A BOOLEAN.
    pub fn boolean(&mut self, value: bool) {
        self.primitive(tag::BOOLEAN, &[if value { 0xff } else { 0 }]);
    }

    /// An INTEGER from unsigned big-endian octets; made minimal, padded when the first bit is set.
    pub fn unsigned(&mut self, big_endian: &[u8]) {
        self.unsigned_as(tag::INTEGER, big_endian);
    }

    /// An INTEGER.
    pub fn integer(&mut self, value: u64) {
        self.unsigned(&value.to_be_bytes());
    }

    /// An ENUMERATED.
    pub fn enumerated(&mut self, value: u8) {
        self.unsigned_as(tag::ENUMERATED, &[value]);
    }

    fn unsigned_as(&mut self, tag: u8, big_endian: &[u8]) {
        let start = big_endian.iter().position(|octet| *octet != 0).unwrap_or(big_endian.len());
        let octets = big_endian.get(start..).unwrap_or_default();
        self.raw(octets);
        let pad = octets.first().is_none_or(|first| *first >= 0x80);
        if pad {
            self.reversed.push(0);
        }
        self.header(tag, octets.len().saturating_add(usize::from(pad)));
    }

    /// An OCTET STRING.
    pub fn octet_string(&mut self, content: &[u8]) {
        self.primitive(tag::OCTET_STRING, content);
    }

    /// An OCTET STRING around what `content` writes, last field first.
    pub fn octet_string_of(&mut self, content: impl FnOnce(&mut Self)) {
        self.constructed(tag::OCTET_STRING, content);
    }

    /// A BIT STRING of whole octets.
    pub fn bit_string(&mut self, content: &[u8]) {
        self.raw(content);
        self.reversed.push(0);
        self.header(tag::BIT_STRING, content.len().saturating_add(1));
    }

    /// A BIT STRING of whole octets, around what `content` writes, last field first.
    pub fn bit_string_of(&mut self, content: impl FnOnce(&mut Self)) {
        self.constructed(tag::BIT_STRING, |w| {
            content(w);
            w.reversed.push(0);
        });
    }

    /// A BIT STRING of named bits (X.690 §11.2.2): bit 0 is the highest bit of the first octet; trailing zeros dropped.
    pub fn named_bits(&mut self, bits: u16) {
        let octets = bits.to_be_bytes();
        let used = if bits == 0 { 0 } else { 16u32.saturating_sub(bits.trailing_zeros()) };
        let length = usize::try_from(used.div_ceil(8)).unwrap_or(0);
        self.raw(octets.get(..length).unwrap_or_default());
        self.reversed.push(u8::try_from(used.next_multiple_of(8).saturating_sub(used)).unwrap_or(0));
        self.header(tag::BIT_STRING, length.saturating_add(1));
    }

    /// A `Time` as RFC 5280 §4.1.2.5 chooses it: UTCTime through 2049, GeneralizedTime after.
    pub fn time(&mut self, at: Timestamp) {
        if at.civil().year < 2050 {
            let [_, _, short @ ..] = at.generalized();
            self.primitive(tag::UTC_TIME, &short);
        } else {
            self.generalized_time(at);
        }
    }

    /// A GeneralizedTime with whole seconds in UTC.
    pub fn generalized_time(&mut self, at: Timestamp) {
        self.primitive(tag::GENERALIZED_TIME, &at.generalized());
    }

    fn header(&mut self, tag: u8, length: usize) {
        match u8::try_from(length) {
            Ok(short) if short < 0x80 => self.reversed.push(short),
            _ => {
                let octets = length.to_be_bytes();
                let significant = octets.iter().skip_while(|octet| **octet == 0).count();
                self.reversed.extend(octets.iter().rev().take(significant));
                self.reversed.push(0x80 | u8::try_from(significant).unwrap_or(0));
            }
        }
        self.reversed.push(tag);
    }
}
