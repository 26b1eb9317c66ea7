//! Octets in the making that may be many: in memory up to a limit, in a file without a name beyond it. A list of ten
//! million entries takes no more memory than one of a hundred thousand.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::sync::{Mutex, PoisonError};

/// Octets written to a file at once.
const CHUNK: usize = 1 << 20;

/// Memory of a list that is done, for the next: new pages cost a third of what writing a list does. At most the limit of
/// one spool is kept, and no more than the longest list has needed.
static SPARE: Mutex<Vec<u8>> = Mutex::new(Vec::new());

/// Octets that are appended, and then read.
#[derive(Debug)]
pub struct Spool {
    limit: usize,
    /// All octets, or those that are not in the file yet.
    buffer: Vec<u8>,
    file: Option<File>,
    in_file: u64,
}

impl Spool {
    /// Nothing yet; at most `limit` octets stay in memory.
    pub fn new(limit: usize) -> Self {
        let buffer = std::mem::take(&mut *SPARE.lock().unwrap_or_else(PoisonError::into_inner));
        Self { limit, buffer, file: None, in_file: 0 }
    }

    /// How many octets there are.
    pub fn len(&self) -> u64 {
        self.in_file.saturating_add(u64::try_from(self.buffer.len()).unwrap_or(u64::MAX))
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Lets `append` write to the end. Errors: the file cannot be made or written.
    #[inline]
    pub fn append(&mut self, append: impl FnOnce(&mut Vec<u8>)) -> io::Result<()> {
        append(&mut self.buffer);
        let most = if self.file.is_some() { CHUNK } else { self.limit };
        if self.buffer.len() < most { Ok(()) } else { self.flush() }
    }

    /// Room for that many octets more, where they stay in memory.
    pub fn reserve(&mut self, octets: usize) {
        if self.file.is_none() {
            self.buffer.reserve(octets.min(self.limit));
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        let file = match &mut self.file {
            Some(file) => file,
            none => none.insert(tempfile::tempfile()?),
        };
        file.seek(SeekFrom::Start(self.in_file))?;
        file.write_all(&self.buffer)?;
        self.in_file = self.in_file.saturating_add(u64::try_from(self.buffer.len()).unwrap_or(u64::MAX));
        self.buffer.clear();
        self.buffer.shrink_to(CHUNK);
        Ok(())
    }

    /// Drops what stands behind the first `length` octets. Errors: the file cannot be cut.
    pub fn truncate(&mut self, length: u64) -> io::Result<()> {
        let Some(file) = &mut self.file else {
            self.buffer.truncate(usize::try_from(length).unwrap_or(usize::MAX));
            return Ok(());
        };
        self.buffer.clear();
        self.in_file = self.in_file.min(length);
        file.set_len(self.in_file)
    }

    /// All of it, from the first octet. Errors: the file cannot be written.
    pub fn reader(&mut self) -> io::Result<Reader<'_>> {
        if self.file.is_some() && !self.buffer.is_empty() {
            self.flush()?;
        }
        if let Some(file) = &mut self.file {
            file.seek(SeekFrom::Start(0))?;
        }
        Ok(match &self.file {
            Some(file) => Reader::File(file),
            None => Reader::Memory(&self.buffer),
        })
    }
}

impl Drop for Spool {
    fn drop(&mut self) {
        let mut spare = SPARE.lock().unwrap_or_else(PoisonError::into_inner);
        if self.buffer.capacity() > spare.capacity() {
            self.buffer.clear();
            *spare = std::mem::take(&mut self.buffer);
        }
    }
}

/// Reads a [`Spool`].
#[derive(Debug)]
pub enum Reader<'a> {
    /// From memory.
    Memory(&'a [u8]),
    /// From its file.
    File(&'a File),
}

impl Read for Reader<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Memory(octets) => octets.read(into),
            Self::File(file) => file.read(into),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_appended_is_read_from_memory_and_from_a_file() {
        for limit in [usize::MAX, 10, 1] {
            let mut spool = Spool::new(limit);
            for piece in [&b"abcdef"[..], b"ghijkl", b"mnopqr"] {
                spool.append(|out| out.extend_from_slice(piece)).unwrap();
            }
            assert_eq!(spool.len(), 18);
            let read = |spool: &mut Spool| io::read_to_string(spool.reader().unwrap()).unwrap();
            assert_eq!(read(&mut spool), "abcdefghijklmnopqr");
            spool.truncate(7).unwrap();
            assert_eq!(read(&mut spool), "abcdefg");
            spool.append(|out| out.extend_from_slice(b"!")).unwrap();
            assert_eq!(read(&mut spool), "abcdefg!");
        }
    }
}
