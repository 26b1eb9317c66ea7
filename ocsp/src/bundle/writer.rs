//! Writing a bundle: artefacts one after the other as they come, of any length; then the index, which is sorted in memory
//! (112 octets an artefact); then the manifest and its signature; the header last, so that a file that was cut off is none.

use super::layout::{HEADER, Layout};
use super::record::{Artefact, Kind, Record, SIGNED, key_of};
use super::{BundleError, Manifest, SCHEMA};
use ca_core::digest::{Hasher, hex};
use ca_core::key::SignatureHash;
use ca_core::time::Timestamp;
use std::fs::File;
use std::io::{BufWriter, Read, Seek, SeekFrom, Write};

/// Octets that are copied at once.
const STRIDE: usize = 64 << 10;

/// What a bundle is called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Numbering {
    /// [`Manifest::origin`].
    pub origin: String,
    /// [`Manifest::number`].
    pub number: u64,
    /// When it is made.
    pub made_at: Timestamp,
}

/// An artefact that is being added.
pub struct Part {
    at: u64,
    digest: Hasher,
}

impl Part {
    fn end(self, at: u64) -> Result<(u64, u64, [u8; 32]), BundleError> {
        let sha256 = self.digest.finish().as_bytes().try_into().map_err(|_| BundleError::Index)?;
        Ok((self.at, at.saturating_sub(self.at), sha256))
    }
}

/// A bundle in the making.
pub struct BundleWriter {
    file: BufWriter<File>,
    at: u64,
    records: Vec<Record>,
    files: Vec<String>,
}

impl BundleWriter {
    /// Begins a bundle in an empty file.
    ///
    /// # Errors
    /// The disk.
    pub fn begin(file: File) -> Result<Self, BundleError> {
        let mut file = BufWriter::with_capacity(1 << 20, file);
        file.write_all(&vec![0; usize::try_from(HEADER).unwrap_or_default()])?;
        Ok(Self { file, at: HEADER, records: Vec::new(), files: Vec::new() })
    }

    /// Adds an artefact.
    ///
    /// # Errors
    /// The disk, or the source.
    pub fn add(&mut self, what: &Artefact, source: impl Read) -> Result<(), BundleError> {
        let part = self.copy(source)?;
        self.close(part, what)
    }

    /// Adds an artefact of another bundle. Errors: as [`Self::add`]; [`BundleError::Altered`] when it is not what its line says.
    pub(super) fn add_again(&mut self, record: &Record, source: impl Read) -> Result<(), BundleError> {
        let (at, octets, sha256) = self.copy(source)?.end(self.at)?;
        if (octets, sha256) != (record.octets, record.sha256) {
            return Err(BundleError::Altered);
        }
        self.records.push(Record { at, ..record.clone() });
        Ok(())
    }

    /// Begins an artefact that comes in pieces; one at a time.
    ///
    /// # Errors
    /// None but for a digest that is not there.
    pub fn open(&self) -> Result<Part, BundleError> {
        let digest = Hasher::new(SignatureHash::Sha256).ok_or(BundleError::Index)?;
        Ok(Part { at: self.at, digest })
    }

    /// The next piece.
    ///
    /// # Errors
    /// The disk.
    pub fn append(&mut self, part: &mut Part, octets: &[u8]) -> Result<(), BundleError> {
        part.digest.update(octets);
        self.file.write_all(octets)?;
        self.at = self.at.saturating_add(u64::try_from(octets.len()).unwrap_or(u64::MAX));
        Ok(())
    }

    /// Ends that artefact, and says what it is.
    ///
    /// # Errors
    /// None but for a digest of another length.
    pub fn close(&mut self, part: Part, what: &Artefact) -> Result<(), BundleError> {
        if what.kind != Kind::Answer {
            self.files.push(what.path.clone());
        }
        let (at, octets, sha256) = part.end(self.at)?;
        self.records.push(Record {
            key: key_of(&what.path),
            sha256,
            octets,
            number: what.number,
            this_update: what.this_update.whole_seconds(),
            next_update: what.next_update.whole_seconds(),
            kind: what.kind,
            at,
        });
        Ok(())
    }

    fn copy(&mut self, mut source: impl Read) -> Result<Part, BundleError> {
        let (mut part, mut piece) = (self.open()?, vec![0; STRIDE]);
        loop {
            let read = source.read(&mut piece)?;
            match piece.get(..read) {
                Some(read) if !read.is_empty() => self.append(&mut part, read)?,
                _ => return Ok(part),
            }
        }
    }

    /// Ends the bundle: `seal` is given the manifest and returns its signature. Durable on return. Returns what was signed.
    ///
    /// # Errors
    /// The disk; [`BundleError::Twice`]; what `seal` says, as [`BundleError::Seal`].
    pub fn finish(
        mut self,
        numbering: Numbering,
        seal: impl FnOnce(&[u8]) -> Result<String, String>,
    ) -> Result<Manifest, BundleError> {
        self.files.sort_unstable();
        self.sort()?;
        let manifest = Manifest {
            schema: SCHEMA.to_owned(),
            origin: numbering.origin,
            number: numbering.number,
            made_at: numbering.made_at.seconds(),
            next_update: first_due(&self.records).map(Timestamp::seconds),
            artefacts: u64::try_from(self.records.len()).unwrap_or(u64::MAX),
            index_sha256: index_digest(&self.records)?,
            files: std::mem::take(&mut self.files),
        };
        let text = serde_json::to_vec_pretty(&manifest).map_err(|error| BundleError::Seal(error.to_string()))?;
        let seal = seal(&text).map_err(BundleError::Seal)?;
        self.end((&text, &seal), None)?;
        Ok(manifest)
    }

    /// Ends a bundle whose manifest was signed elsewhere; `base` makes it a delta of that bundle, without these keys.
    pub(super) fn finish_as(
        mut self,
        signed: (&[u8], &str),
        base: Option<(u64, &[[u8; 32]])>,
    ) -> Result<(), BundleError> {
        self.sort()?;
        self.end(signed, base)
    }

    fn sort(&mut self) -> Result<(), BundleError> {
        self.records.sort_unstable_by_key(|record| record.key);
        let twice = self.records.windows(2).any(|two| matches!(two, [one, other] if one.key == other.key));
        if twice { Err(BundleError::Twice) } else { Ok(()) }
    }

    fn end(mut self, (text, seal): (&[u8], &str), base: Option<(u64, &[[u8; 32]])>) -> Result<(), BundleError> {
        let removed = base.map(|(_, removed)| removed).unwrap_or_default();
        for record in &self.records {
            self.file.write_all(&record.to_octets())?;
        }
        for key in removed {
            self.file.write_all(key)?;
        }
        self.file.write_all(text)?;
        self.file.write_all(seal.as_bytes())?;
        let length = |of: usize| u64::try_from(of).unwrap_or(u64::MAX);
        let layout = Layout {
            index_at: self.at,
            records: length(self.records.len()),
            removed: length(removed.len()),
            manifest: length(text.len()),
            seal: length(seal.len()),
            base: base.map(|(number, _)| number),
        };
        self.file.flush()?;
        // Everything else is durable before there is a header that speaks of it.
        self.file.get_ref().sync_all()?;
        let file = self.file.get_mut();
        file.seek(SeekFrom::Start(0))?;
        file.write_all(&layout.to_octets())?;
        file.sync_all()?;
        Ok(())
    }
}

/// When the first answer or list is due to be replaced.
fn first_due(records: &[Record]) -> Option<Timestamp> {
    let due = records.iter().filter(|record| record.kind != Kind::Certificate);
    due.map(|record| record.next_update).min()
}

fn index_digest(records: &[Record]) -> Result<String, BundleError> {
    let mut digest = Hasher::new(SignatureHash::Sha256).ok_or(BundleError::Index)?;
    for record in records {
        digest.update(record.to_octets().get(..SIGNED).unwrap_or_default());
    }
    Ok(hex(digest.finish().as_bytes()))
}
