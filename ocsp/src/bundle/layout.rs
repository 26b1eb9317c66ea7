//! The file: a header of fixed length that says where the parts are, and nothing between or behind them.
//!
//! ```text
//! header | artefacts | index | removed keys | manifest | signature
//! ```

use super::BundleError;
use super::record::OCTETS;

/// Octets of the header.
pub(super) const HEADER: u64 = 64;
/// What a bundle begins with.
const COMPLETE: &[u8; 16] = b"LGPKI edge 1\n\0\0\0";
/// What a delta begins with.
const DELTA: &[u8; 16] = b"LGPKI delta 1\n\0\0";
/// Octets of a manifest: a hundred thousand lists and certificates.
const LARGEST_MANIFEST: u64 = 16 << 20;
/// Octets of a signature with its key.
const LARGEST_SEAL: u64 = 64 << 10;
/// Octets of a line, as a length in the file.
pub(super) const RECORD: u64 = {
    assert!(OCTETS == 112, "the length of a line is part of the format");
    112
};
/// Octets of a key.
pub(super) const KEY: u64 = 32;

/// Where the parts are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Layout {
    /// Where the index begins; the artefacts stand between the header and it.
    pub(super) index_at: u64,
    /// Lines of the index.
    pub(super) records: u64,
    /// Keys that are in a delta's base and no more in what it makes.
    pub(super) removed: u64,
    /// Octets of the manifest.
    pub(super) manifest: u64,
    /// Octets of the signature.
    pub(super) seal: u64,
    /// The number of the bundle a delta builds on; `None` for a complete one.
    pub(super) base: Option<u64>,
}

impl Layout {
    pub(super) fn to_octets(self) -> Vec<u8> {
        let mut octets = Vec::new();
        octets.extend_from_slice(if self.base.is_some() { DELTA } else { COMPLETE });
        for number in
            [self.index_at, self.records, self.removed, self.manifest, self.seal, self.base.unwrap_or_default()]
        {
            octets.extend_from_slice(&number.to_be_bytes());
        }
        octets
    }

    /// Reads the header of a file of `length` octets. Errors: [`BundleError::Malformed`], unless the parts fill it exactly.
    pub(super) fn read(octets: &[u8], length: u64) -> Result<Self, BundleError> {
        let wrong = BundleError::Malformed;
        let (magic, rest) = octets.split_first_chunk::<16>().ok_or(wrong("it is too short"))?;
        let (numbers, []) = rest.as_chunks::<8>() else { return Err(wrong("its header has another length")) };
        let &[index_at, records, removed, manifest, seal, base] = numbers else {
            return Err(wrong("its header has another length"));
        };
        let number = u64::from_be_bytes;
        let base = match (magic, number(base)) {
            (COMPLETE, 0) => None,
            (DELTA, base) => Some(base),
            _ => return Err(wrong("it begins otherwise")),
        };
        let layout = Self {
            index_at: number(index_at),
            records: number(records),
            removed: number(removed),
            manifest: number(manifest),
            seal: number(seal),
            base,
        };
        if layout.manifest > LARGEST_MANIFEST || layout.seal > LARGEST_SEAL || layout.index_at < HEADER {
            return Err(wrong("its header has lengths no bundle has"));
        }
        if base.is_none() && layout.removed > 0 {
            return Err(wrong("only a delta removes"));
        }
        match layout.end() {
            Some(end) if end == length => Ok(layout),
            _ => Err(wrong("its parts do not fill it")),
        }
    }

    pub(super) fn removed_at(&self) -> Option<u64> {
        self.index_at.checked_add(self.records.checked_mul(RECORD)?)
    }

    pub(super) fn manifest_at(&self) -> Option<u64> {
        self.removed_at()?.checked_add(self.removed.checked_mul(KEY)?)
    }

    pub(super) fn seal_at(&self) -> Option<u64> {
        self.manifest_at()?.checked_add(self.manifest)
    }

    fn end(&self) -> Option<u64> {
        self.seal_at()?.checked_add(self.seal)
    }
}
