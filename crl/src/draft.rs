//! A CRL in the making: entries are written once, as they come; what stands before and behind them follows when their
//! length is known. The digest is made in one pass, the signature is over the digest, and the same entries can be framed
//! again (a list for an emergency says the same for longer).

use std::io::{self, Read};

use ca_core::digest::{Hashed, Hasher};
use ca_core::id::KeyLabel;
use ca_core::signer::{Signer, SignerError, Tbs};
use ca_core::time::Timestamp;

use crate::build::{CrlContent, Frame};
use crate::entries::{CrlEntry, EntryWriter};
use crate::spool::Spool;

/// Octets of entries that stay in memory: those of a million with serials of 20 octets that give reasons. More stand in a file.
const IN_MEMORY: usize = 56 << 20;
/// Octets read at once.
const CHUNK: usize = 1 << 16;

/// The entries of one CRL.
#[derive(Debug)]
pub struct Draft {
    entries: Spool,
    writer: EntryWriter,
    count: u64,
    sum: Sum,
}

/// What was written, in short: enough to see that the reader reads the same entries in the same order. No digest: nobody
/// who could choose entries could gain by fooling it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sum(u64);

impl Sum {
    /// With one entry more.
    #[inline]
    pub fn add(&mut self, entry: &CrlEntry) {
        let (octets, length) = entry.serial.padded();
        let [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s, t] = *octets;
        let (first, second) = ([a, b, c, d, e, f, g, h], [i, j, k, l, m, n, o, p]);
        let serial = folded(u64::from_be_bytes(first) ^ MIX.0, u64::from_be_bytes(second) ^ MIX.1);
        let rest = u64::from_be_bytes([q, r, s, t, length, entry.reason.code(), 0, 0]);
        let at = |at: Timestamp| at.seconds().unsigned_abs();
        let dates = at(entry.revoked_at) ^ entry.invalidity_at.map_or(0, |date| at(date).rotate_left(32) | 1);
        self.0 = (self.0.rotate_left(29) ^ serial).wrapping_mul(MIX.2) ^ folded(rest ^ MIX.3, dates ^ MIX.0);
    }
}

/// Odd numbers without a pattern, those of wyhash.
const MIX: (u64, u64, u64, u64) =
    (0x2d35_8dcc_aa6c_78a5, 0x8bb8_4b93_962e_acc9, 0x4b33_a62e_d433_d4a3, 0x4d5a_2da5_1de1_aa47);

/// Both halves of the product, one over the other: every bit of it depends on every bit of both.
#[inline]
fn folded(one: u64, other: u64) -> u64 {
    let product = u128::from(one).wrapping_mul(u128::from(other)).to_be_bytes();
    let ([high, low], []) = product.as_chunks::<8>() else { return 0 };
    u64::from_be_bytes(*high) ^ u64::from_be_bytes(*low)
}

/// A signed CRL: what stands before its entries, the entries, and what stands behind them.
#[derive(Debug)]
pub struct SignedDraft {
    before: Vec<u8>,
    draft: Draft,
    after: Vec<u8>,
}

/// Why a draft could not be signed.
#[derive(Debug, thiserror::Error)]
pub enum DraftError {
    /// Its entries are too many for memory, and the file they go to failed.
    #[error("the entries cannot be written down: {0}")]
    File(#[from] io::Error),
    /// The key store failed.
    #[error(transparent)]
    Signer(#[from] SignerError),
    /// The key store gave no answer.
    #[error("the key store returned no signature")]
    NoSignature,
}

impl Default for Draft {
    fn default() -> Self {
        Self { entries: Spool::new(IN_MEMORY), writer: EntryWriter::default(), count: 0, sum: Sum::default() }
    }
}

impl Draft {
    /// No entries, with room for about that many.
    pub fn with_room(entries: usize) -> Self {
        let mut draft = Self::default();
        draft.entries.reserve(entries.saturating_mul(40));
        draft
    }

    /// Writes one entry more; in the order of their serials. Errors: the file failed.
    #[inline]
    pub fn push(&mut self, entry: &CrlEntry) -> io::Result<()> {
        self.count = self.count.saturating_add(1);
        self.sum.add(entry);
        let writer = &mut self.writer;
        self.entries.append(|out| writer.append(entry, out))
    }

    /// How many entries there are.
    pub const fn count(&self) -> u64 {
        self.count
    }

    /// Their [`Sum`].
    pub const fn sum(&self) -> Sum {
        self.sum
    }

    /// Frames the entries and has the whole signed with `key`. May block on a device. Errors: [`DraftError`].
    pub fn sign(
        mut self,
        content: &CrlContent<'_>,
        (signer, key): (&dyn Signer, &KeyLabel),
    ) -> Result<SignedDraft, DraftError> {
        let octets = usize::try_from(self.entries.len()).unwrap_or(usize::MAX);
        let Frame { before, after } = content.frame(octets);
        let signature = match content.algorithm.hash().and_then(Hasher::new) {
            Some(hasher) => {
                let hashed = self.hashed(hasher, &before, &after)?;
                signer.sign(key, content.algorithm, &[Tbs::HashedCrl(&hashed)]).pop()
            }
            // ML-DSA brings its own digest and wants the whole.
            None => {
                let mut whole = before.clone();
                self.entries.reader()?.read_to_end(&mut whole)?;
                whole.extend_from_slice(&after);
                signer.sign(key, content.algorithm, &[Tbs::Crl(&whole)]).pop()
            }
        };
        let signature = signature.ok_or(DraftError::NoSignature)??;
        let tbs = before.len().saturating_add(octets).saturating_add(after.len());
        let (outer_before, outer_after) = content.algorithm.around(tbs, &signature);
        let (before, after) = ([outer_before, before].concat(), [after, outer_after].concat());
        Ok(SignedDraft { before, draft: self, after })
    }

    fn hashed(&mut self, mut hasher: Hasher, before: &[u8], after: &[u8]) -> io::Result<Hashed> {
        hasher.update(before);
        match self.entries.reader()? {
            crate::spool::Reader::Memory(octets) => hasher.update(octets),
            mut file => {
                let mut chunk = vec![0u8; CHUNK];
                loop {
                    let read = file.read(&mut chunk)?;
                    if read == 0 {
                        break;
                    }
                    hasher.update(chunk.get(..read).unwrap_or_default());
                }
            }
        }
        hasher.update(after);
        Ok(hasher.finish())
    }
}

impl SignedDraft {
    /// How many octets it has.
    pub fn octets(&self) -> u64 {
        let around = self.before.len().saturating_add(self.after.len());
        self.draft.entries.len().saturating_add(u64::try_from(around).unwrap_or(u64::MAX))
    }

    /// Its entries, to be framed again.
    pub fn into_draft(self) -> Draft {
        self.draft
    }

    /// What was written.
    pub const fn draft(&self) -> &Draft {
        &self.draft
    }

    /// The CRL, DER, from its first octet. Errors: the file failed.
    pub fn reader(&mut self) -> io::Result<impl Read + Send> {
        let (before, after) = (self.before.as_slice(), self.after.as_slice());
        Ok(before.chain(self.draft.entries.reader()?).chain(after))
    }
}

/// The CRL of `entries` that says `content`, signed, in memory: for lists known to be short, and for measurements. Errors:
/// as [`Draft::sign`].
pub fn whole(
    content: &CrlContent<'_>,
    entries: &[CrlEntry],
    signer: (&dyn Signer, &KeyLabel),
) -> Result<Vec<u8>, DraftError> {
    let mut draft = Draft::with_room(entries.len());
    for entry in entries {
        draft.push(entry)?;
    }
    let mut signed = draft.sign(content, signer)?;
    let mut der = Vec::with_capacity(usize::try_from(signed.octets()).unwrap_or(0));
    signed.reader()?.read_to_end(&mut der)?;
    Ok(der)
}
