//! Opening a bundle and finding things in it. It is read where it stands, through the system's cache of pages. Of the index
//! one key in [`BLOCK`] stays in memory with the digest of its block, so that an artefact is two reads away, and what was
//! altered on the disk after the bundle was taken in is seen before it is handed on.

use super::layout::{HEADER, KEY, Layout, RECORD};
use super::record::{OCTETS, Record, SIGNED, key_of};
use super::{BundleError, Manifest, SCHEMA, SealJudge};
use ca_core::digest::{Hasher, hex, sha256};
use ca_core::key::SignatureHash;
use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::FileExt;
use std::sync::Arc;

/// Lines of the index that are read and digested at once: 3.5 KB.
const BLOCK: u64 = 32;
/// Octets that are read at once where everything is read.
const STRIDE: usize = 1 << 20;
/// The longest artefact that is handed on in one piece, in octets.
pub const LARGEST_WHOLE: u64 = 4 << 20;

/// Octets that can be read anywhere, from several threads.
pub trait Octets: Send + Sync {
    /// Fills `into` with what stands at `at`. Errors: the disk, or fewer octets there.
    fn read_at(&self, into: &mut [u8], at: u64) -> io::Result<()>;
    /// How many there are.
    fn length(&self) -> io::Result<u64>;
}

impl Octets for File {
    fn read_at(&self, into: &mut [u8], at: u64) -> io::Result<()> {
        self.read_exact_at(into, at)
    }

    fn length(&self) -> io::Result<u64> {
        self.metadata().map(|metadata| metadata.len())
    }
}

impl Octets for Vec<u8> {
    fn read_at(&self, into: &mut [u8], at: u64) -> io::Result<()> {
        let rest = usize::try_from(at).ok().and_then(|at| self.get(at..));
        rest.and_then(|rest| rest.get(..into.len()))
            .map(|found| into.copy_from_slice(found))
            .ok_or_else(|| io::ErrorKind::UnexpectedEof.into())
    }

    fn length(&self) -> io::Result<u64> {
        Ok(u64::try_from(self.len()).unwrap_or(u64::MAX))
    }
}

/// An open bundle, or delta. Clones read the same file, also after another has taken its name.
#[derive(Clone)]
pub struct Bundle {
    pub(super) octets: Arc<dyn Octets>,
    pub(super) layout: Layout,
    manifest: Arc<Manifest>,
    /// As they stand in the file.
    pub(super) signed: Arc<(Vec<u8>, String)>,
    blocks: Arc<Vec<Block>>,
}

/// What is remembered of [`BLOCK`] lines.
struct Block {
    first: [u8; 32],
    digest: [u8; 32],
}

impl Bundle {
    /// Opens a complete bundle. `judge` is given the octets of the manifest and its signature, and says what is wrong. The index
    /// is read through once and is the one that was signed; the artefacts are looked at by [`take_in`](super::take_in).
    ///
    /// # Errors
    /// [`BundleError`]; a delta is malformed here.
    pub fn open(octets: Arc<dyn Octets>, judge: SealJudge<'_>) -> Result<Self, BundleError> {
        let mut bundle = Self::begun(octets, judge)?;
        if bundle.layout.base.is_some() {
            return Err(BundleError::Malformed("it is a delta"));
        }
        bundle.blocks = Arc::new(bundle.read_index()?);
        Ok(bundle)
    }

    /// As [`Self::open`] without the index, which in a delta is not the one that was signed.
    pub(super) fn begun(octets: Arc<dyn Octets>, judge: SealJudge<'_>) -> Result<Self, BundleError> {
        let length = octets.length()?;
        let mut header = vec![0; usize::try_from(HEADER).unwrap_or_default()];
        if length < HEADER {
            return Err(BundleError::Malformed("it is too short"));
        }
        octets.read_at(&mut header, 0)?;
        let layout = Layout::read(&header, length)?;
        let part = |at: Option<u64>, length: u64| {
            let at = at.ok_or(BundleError::Malformed("its parts do not fill it"))?;
            let mut part = vec![0; usize::try_from(length).unwrap_or_default()];
            octets.read_at(&mut part, at)?;
            Ok::<_, BundleError>(part)
        };
        let text = part(layout.manifest_at(), layout.manifest)?;
        let seal = String::from_utf8(part(layout.seal_at(), layout.seal)?)
            .map_err(|_| BundleError::Malformed("its signature is no text"))?;
        judge(&text, &seal).map_err(BundleError::Seal)?;
        let manifest: Manifest = serde_json::from_slice(&text)
            .map_err(|error| BundleError::Seal(format!("it is not in the shape of a manifest: {error}")))?;
        if manifest.schema != SCHEMA {
            return Err(BundleError::Seal(format!("it is of the kind {:?}, not {SCHEMA}", manifest.schema)));
        }
        if layout.base.is_none() && manifest.artefacts != layout.records {
            return Err(BundleError::Index);
        }
        Ok(Self {
            octets,
            layout,
            manifest: Arc::new(manifest),
            signed: Arc::new((text, seal)),
            blocks: Arc::default(),
        })
    }

    fn read_index(&self) -> Result<Vec<Block>, BundleError> {
        let mut digest = Hasher::new(SignatureHash::Sha256).ok_or(BundleError::Index)?;
        let (mut blocks, mut last) = (Vec::new(), None);
        for number in 0..self.layout.records.div_ceil(BLOCK) {
            let block = self.block(number)?;
            for line in block.chunks(OCTETS) {
                let record = Record::read(line).ok_or(BundleError::Index)?;
                let end = record.at.checked_add(record.octets);
                if last.is_some_and(|last| last >= record.key)
                    || record.at < HEADER
                    || end.is_none_or(|end| end > self.layout.index_at)
                {
                    return Err(BundleError::Index);
                }
                digest.update(line.get(..SIGNED).unwrap_or_default());
                last = Some(record.key);
            }
            let first = block.first_chunk::<32>().ok_or(BundleError::Index)?;
            blocks.push(Block { first: *first, digest: sha256(&block) });
        }
        if hex(digest.finish().as_bytes()) != self.manifest.index_sha256 {
            return Err(BundleError::Index);
        }
        Ok(blocks)
    }

    /// Whether the index still is the one that was opened: the file may have been written to since.
    pub(super) fn index_is_unaltered(&self) -> bool {
        let mut numbered = (0u64..).zip(self.blocks.iter());
        numbered.all(|(number, known)| self.block(number).is_ok_and(|block| sha256(&block) == known.digest))
    }

    fn block(&self, number: u64) -> Result<Vec<u8>, BundleError> {
        let first = number.saturating_mul(BLOCK);
        let lines = self.layout.records.saturating_sub(first).min(BLOCK);
        let mut octets = vec![0; usize::try_from(lines.saturating_mul(RECORD)).unwrap_or_default()];
        self.octets.read_at(&mut octets, self.layout.index_at.saturating_add(first.saturating_mul(RECORD)))?;
        Ok(octets)
    }

    /// What was signed about it.
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// The line of that path; `None` when there is no such artefact.
    ///
    /// # Errors
    /// The disk, or [`BundleError::Altered`].
    pub fn find(&self, path: &str) -> Result<Option<Record>, BundleError> {
        let key = key_of(path);
        let after = self.blocks.partition_point(|block| block.first <= key);
        let Some(place) = after.checked_sub(1) else { return Ok(None) };
        let Some(known) = self.blocks.get(place) else { return Ok(None) };
        let block = self.block(u64::try_from(place).unwrap_or(u64::MAX))?;
        if sha256(&block) != known.digest {
            return Err(BundleError::Altered);
        }
        Ok(block.chunks(OCTETS).filter_map(Record::read).find(|record| record.key == key))
    }

    /// The whole of a short artefact.
    ///
    /// # Errors
    /// The disk; [`BundleError::Altered`], also for one over [`LARGEST_WHOLE`].
    pub fn whole(&self, record: &Record) -> Result<Vec<u8>, BundleError> {
        if record.octets > LARGEST_WHOLE {
            return Err(BundleError::Altered);
        }
        let mut octets = vec![0; usize::try_from(record.octets).unwrap_or_default()];
        self.octets.read_at(&mut octets, record.at)?;
        if sha256(&octets) != record.sha256 { Err(BundleError::Altered) } else { Ok(octets) }
    }

    /// An artefact of any length. Reading the end of it fails where it is not what was signed.
    pub fn reader(&self, record: &Record) -> Reading {
        Reading {
            octets: Arc::clone(&self.octets),
            record: record.clone(),
            read: 0,
            digest: Hasher::new(SignatureHash::Sha256),
        }
    }

    /// All lines, sorted by key.
    pub fn records(&self) -> impl Iterator<Item = Result<Record, BundleError>> {
        let blocks = 0..self.layout.records.div_ceil(BLOCK);
        blocks.flat_map(|number| {
            let lines = |block: Vec<u8>| {
                block.chunks(OCTETS).map(|line| Record::read(line).ok_or(BundleError::Index)).collect::<Vec<_>>()
            };
            match self.block(number) {
                Ok(block) => lines(block),
                Err(error) => vec![Err(error)],
            }
        })
    }

    /// The keys a delta removes.
    pub(super) fn removed(&self) -> Result<Vec<[u8; 32]>, BundleError> {
        let at = self.layout.removed_at().ok_or(BundleError::Malformed("its parts do not fill it"))?;
        let mut octets = vec![0; usize::try_from(self.layout.removed.saturating_mul(KEY)).unwrap_or_default()];
        self.octets.read_at(&mut octets, at)?;
        Ok(octets.as_chunks::<32>().0.to_vec())
    }
}

/// An artefact, read piece by piece and digested on the way.
pub struct Reading {
    octets: Arc<dyn Octets>,
    record: Record,
    read: u64,
    digest: Option<Hasher>,
}

impl Read for Reading {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let left = usize::try_from(self.record.octets.saturating_sub(self.read)).unwrap_or(usize::MAX);
        let wanted = into.len().min(left).min(STRIDE);
        let part = into.get_mut(..wanted).unwrap_or_default();
        self.octets.read_at(part, self.record.at.saturating_add(self.read))?;
        if let Some(digest) = &mut self.digest {
            digest.update(part);
        }
        self.read = self.read.saturating_add(u64::try_from(wanted).unwrap_or(u64::MAX));
        if self.read == self.record.octets
            && let Some(digest) = self.digest.take()
            && digest.finish().as_bytes() != self.record.sha256
        {
            return Err(io::Error::other(BundleError::Altered));
        }
        Ok(wanted)
    }
}
