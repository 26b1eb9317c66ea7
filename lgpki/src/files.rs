//! Files that others read, or write: they have their name when they are whole, and another one is told from the one before.

use std::ffi::OsString;
use std::fs::File;
use std::io::{self, ErrorKind};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// A file that takes its name when it is whole: until then it is called `.NAME.new`, and one that was left behind by a process
/// that died is replaced.
pub(crate) struct Arriving {
    new: PathBuf,
    name: PathBuf,
}

impl Arriving {
    /// Will become `name`. Errors: that is no name of a file.
    pub(crate) fn at(name: &Path) -> io::Result<Self> {
        let file = name.file_name().ok_or_else(|| io::Error::other("this is no name of a file"))?;
        let mut hidden = OsString::from(".");
        hidden.push(file);
        hidden.push(".new");
        Ok(Self { new: name.with_file_name(hidden), name: name.to_owned() })
    }

    /// The empty file to write into. What is in its way is taken away and never written through: in a folder that others may write
    /// to, it could be a link to a file of ours.
    pub(crate) fn begin(&self) -> io::Result<File> {
        match std::fs::remove_file(&self.new) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
            Ok(()) | Err(_) => {}
        }
        File::options().read(true).write(true).create_new(true).open(&self.new)
    }

    /// What was written, to be read.
    pub(crate) fn open(&self) -> io::Result<File> {
        File::open(&self.new)
    }

    /// Gives it its name; durable on return, what was written being so already. A folder that takes files and shows none is not
    /// asked whether it has kept the name.
    pub(crate) fn arrive(&self) -> io::Result<()> {
        std::fs::rename(&self.new, &self.name)?;
        let folder = self.name.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        match File::open(folder) {
            Ok(folder) => folder.sync_all(),
            Err(error) if error.kind() == ErrorKind::PermissionDenied => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Takes it away again.
    pub(crate) fn give_up(&self) {
        // It stays hidden where that fails, and is replaced the next time.
        drop(std::fs::remove_file(&self.new));
    }
}

/// Which file it is: another one, or the same one with other octets, has another of these.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Identity {
    device: u64,
    inode: u64,
    octets: u64,
    changed: (i64, i64),
}

impl Identity {
    /// `None` when there is no file, or it cannot be asked about.
    pub(crate) fn of(file: &Path) -> Option<Self> {
        let found = std::fs::metadata(file).ok()?;
        let changed = (found.ctime(), found.ctime_nsec());
        Some(Self { device: found.dev(), inode: found.ino(), octets: found.len(), changed })
    }
}
