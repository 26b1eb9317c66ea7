//! Digests, through ring. SHA-1 is here only where a standard names it as an identifier (OCSP CertID, key identifiers);
//! nothing is signed over it.

use crate::key::SignatureHash;
use ring::{digest, hmac};

/// SHA-1 of `data`, for identifiers only (RFC 5280 §4.2.1.2, RFC 6960 §4.1.1).
pub fn sha1(data: &[u8]) -> [u8; 20] {
    fixed(digest::digest(&digest::SHA1_FOR_LEGACY_USE_ONLY, data).as_ref())
}

/// SHA-256 of `data`.
pub fn sha256(data: &[u8]) -> [u8; 32] {
    fixed(digest::digest(&digest::SHA256, data).as_ref())
}

/// SHA-384 of `data`.
pub fn sha384(data: &[u8]) -> [u8; 48] {
    fixed(digest::digest(&digest::SHA384, data).as_ref())
}

/// A digest in the making, for what is too long to stand in memory at once.
#[derive(Clone)]
pub struct Hasher {
    hash: SignatureHash,
    context: digest::Context,
}

/// What a [`Hasher`] has read, in short: enough to sign it, and to verify a signature of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hashed {
    hash: SignatureHash,
    digest: Vec<u8>,
}

impl Hasher {
    /// A digest of nothing yet. `None` for a digest nothing is signed over here (SHA-1, SHA-512).
    pub fn new(hash: SignatureHash) -> Option<Self> {
        let algorithm = match hash {
            SignatureHash::Sha256 => &digest::SHA256,
            SignatureHash::Sha384 => &digest::SHA384,
            _ => return None,
        };
        Some(Self { hash, context: digest::Context::new(algorithm) })
    }

    /// Reads on.
    pub fn update(&mut self, octets: &[u8]) {
        self.context.update(octets);
    }

    /// The digest of all that was read.
    pub fn finish(self) -> Hashed {
        Hashed { hash: self.hash, digest: self.context.finish().as_ref().to_vec() }
    }
}

impl Hashed {
    /// By which digest.
    pub const fn hash(&self) -> SignatureHash {
        self.hash
    }

    /// The digest.
    pub fn as_bytes(&self) -> &[u8] {
        &self.digest
    }
}

/// HMAC-SHA-256 of `data` under `key` (RFC 2104).
pub fn hmac_sha256(key: &[u8], data: &[u8]) -> [u8; 32] {
    fixed(hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), data).as_ref())
}

/// Whether both are equal, in time that depends on their lengths only.
pub fn constant_time_eq(one: &[u8], other: &[u8]) -> bool {
    one.len() == other.len() && one.iter().zip(other).fold(0u8, |difference, (a, b)| difference | (a ^ b)) == 0
}

/// Lower-case hexadecimal of `data`.
pub fn hex(data: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digit = |nibble: u8| char::from(DIGITS.get(usize::from(nibble)).copied().unwrap_or(b'0'));
    let mut text = String::with_capacity(data.len().saturating_mul(2));
    for octet in data {
        text.push(digit(octet >> 4));
        text.push(digit(octet & 0x0f));
    }
    text
}

fn fixed<const N: usize>(digest: &[u8]) -> [u8; N] {
    let mut out = [0u8; N];
    out.iter_mut().zip(digest).for_each(|(to, from)| *to = *from);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digests_of_abc_are_those_of_fips_180() {
        assert_eq!(hex(&sha1(b"abc")), "a9993e364706816aba3e25717850c26c9cd0d89d");
        assert!(hex(&sha256(b"abc")).starts_with("ba7816bf8f01cfea414140de5dae2223"));
        assert!(hex(&sha384(b"abc")).starts_with("cb00753f45a35e8bb5a03d699ac65007"));
    }

    #[test]
    fn a_digest_in_pieces_is_that_of_the_whole() {
        for (hash, whole) in
            [(SignatureHash::Sha256, sha256(b"abc").to_vec()), (SignatureHash::Sha384, sha384(b"abc").to_vec())]
        {
            let mut hasher = Hasher::new(hash).unwrap();
            hasher.update(b"a");
            hasher.update(b"bc");
            assert_eq!(hasher.finish().as_bytes(), whole);
        }
    }

    #[test]
    fn comparison_sees_every_octet() {
        assert!(constant_time_eq(b"same", b"same"));
        assert!(!constant_time_eq(b"same", b"samf") && !constant_time_eq(b"same", b"sam"));
    }
}
