//! A CRL in a file, of any length: DER is read entry by entry, PEM in memory.

use crate::commands::input;
use crate::progress::Patience;
use crate::trouble::{Exit, Trouble};
use ::crl::entries::CrlEntry;
use ::crl::reader::{CrlError, CrlHeader, CrlReader, CrlTrailer};
use std::fs::File;
use std::io::{BufReader, Cursor, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

/// A CRL being read, with its name for what is wrong with it.
pub(super) struct Source {
    path: PathBuf,
    reader: CrlReader<Box<dyn Read + Send>>,
    patience: Patience,
}

/// The octets of the CRL in `path`, DER or PEM, from the first. Errors: exit 2.
pub(super) fn octets(path: &Path) -> Result<Box<dyn Read + Send>, Trouble> {
    let wrong = |why: &dyn std::fmt::Display| {
        Trouble::new(Exit::Usage, format!("{}: not a CRL this program reads", path.display())).because(why)
    };
    let mut file = File::open(path).map_err(|error| wrong(&error))?;
    let mut first = [0_u8; 1];
    let begun = file.read(&mut first).map_err(|error| wrong(&error))?;
    // DER begins with a SEQUENCE; anything else is PEM or nothing.
    if begun == 1 && first == [0x30] {
        file.seek(SeekFrom::Start(0)).map_err(|error| wrong(&error))?;
        return Ok(Box::new(BufReader::new(file)));
    }
    Ok(Box::new(Cursor::new(input::read(path, "X509 CRL")?.into_iter().next().unwrap_or_default())))
}

/// What stands around the entries, and how many there were.
pub(super) struct Listed {
    /// Before the entries.
    pub header: CrlHeader,
    /// Behind them.
    pub trailer: CrlTrailer,
    /// How many there were.
    pub entries: u64,
}

impl Source {
    /// Opens the CRL in `path`, DER or PEM. Errors: exit 2.
    pub(super) fn open(path: &Path) -> Result<Self, Trouble> {
        let octets = octets(path)?;
        let reader = CrlReader::open(octets).map_err(|error| broken(path, &error))?;
        Ok(Self { path: path.to_owned(), reader, patience: Patience::begin() })
    }

    /// What stands before the entries.
    pub(super) const fn header(&self) -> &CrlHeader {
        self.reader.header()
    }

    /// The next entry. Errors: exit 2 when it cannot be read.
    pub(super) fn entry(&mut self) -> Result<Option<CrlEntry>, Trouble> {
        let entry = self.reader.entry().map_err(|error| self.broken(&error))?;
        self.patience.count(self.reader.count(), "entries read");
        Ok(entry)
    }

    /// Reads the rest. Errors: as [`Self::entry`].
    pub(super) fn finish(mut self) -> Result<Listed, Trouble> {
        while self.entry()?.is_some() {}
        let (path, entries) = (self.path.clone(), self.reader.count());
        let (header, trailer) = self.reader.finish().map_err(|error| broken(&path, &error))?;
        Ok(Listed { header, trailer, entries })
    }

    fn broken(&self, error: &CrlError) -> Trouble {
        broken(&self.path, error)
    }
}

fn broken(path: &Path, error: &CrlError) -> Trouble {
    Trouble::new(Exit::Usage, format!("{}: not a CRL this program reads", path.display())).because(error)
}
