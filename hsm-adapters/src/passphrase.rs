//! The passphrase that seals the software keys, and the ways it may come in.
//!
//! An argument is visible to every user of the machine and an environment value to every child process, so there is no way
//! in for either. A prompt belongs to the command, which hands over what was typed with [`Passphrase::typed`].

use std::fs::File;
use std::io::{Read, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use ca_core::entropy::{Entropy, EntropyUnavailable};
use zeroize::Zeroizing;

/// The longest passphrase taken, in bytes: far above anything typed, far below anything that is a wrong file.
pub const LONGEST_BYTES: usize = 1024;

/// A passphrase. Wiped when dropped; it has no `Debug` and no `Display`, so that it cannot reach a log.
#[derive(Clone)]
pub struct Passphrase(Zeroizing<Vec<u8>>);

/// Why no passphrase, or PIN of a token, could be taken. Whoever asks says which it was.
#[derive(Debug, thiserror::Error)]
pub enum PassphraseError {
    /// The file or descriptor cannot be read.
    #[error("{} cannot be read: {source}", path.display())]
    Unreadable {
        /// What was to be read.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// Others than the owner may read the file.
    #[error("the file {} has mode {mode:04o}: others than its owner may read it; run chmod 600 on it", path.display())]
    Exposed {
        /// The file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// There is nothing in it.
    #[error("it is empty")]
    Empty,
    /// It is longer than [`LONGEST_BYTES`].
    #[error("it is longer than {LONGEST_BYTES} bytes: is this the right file?")]
    TooLong,
}

impl Passphrase {
    /// The passphrase a person typed at a prompt, byte for byte.
    ///
    /// # Errors
    /// [`PassphraseError::Empty`] and [`PassphraseError::TooLong`].
    pub fn typed(text: Zeroizing<String>) -> Result<Self, PassphraseError> {
        Self::checked(Zeroizing::new(text.as_bytes().to_vec()))
    }

    /// A new passphrase of 256 random bits, in hexadecimal: for keys that do not outlive the process.
    ///
    /// # Errors
    /// The source of randomness failed.
    pub fn drawn(entropy: &dyn Entropy) -> Result<Self, EntropyUnavailable> {
        let mut octets = Zeroizing::new([0u8; 32]);
        entropy.fill(octets.as_mut())?;
        Ok(Self::hexadecimal(octets.as_ref()))
    }

    /// Random octets, written in hexadecimal.
    pub(crate) fn hexadecimal(octets: &[u8]) -> Self {
        Self(Zeroizing::new(ca_core::digest::hex(octets).into_bytes()))
    }

    /// The content of a file, without one trailing line end (`\n` or `\r\n`).
    ///
    /// # Errors
    /// [`PassphraseError::Exposed`] when the group or the world has any right to the file; unreadable, empty, too long.
    pub fn from_file(path: &Path) -> Result<Self, PassphraseError> {
        let unreadable = |source| PassphraseError::Unreadable { path: path.to_path_buf(), source };
        // The opened file is what is judged, so that it cannot be exchanged between the look and the read.
        let file = File::open(path).map_err(unreadable)?;
        let metadata = file.metadata().map_err(unreadable)?;
        let mode = metadata.permissions().mode() & 0o7777;
        if metadata.is_file() && mode & 0o077 != 0 {
            return Err(PassphraseError::Exposed { path: path.to_path_buf(), mode });
        }
        Self::read(file, path)
    }

    /// What can be read from an open descriptor of this process (a pipe from a password keeper, a systemd credential),
    /// without one trailing line end.
    ///
    /// # Errors
    /// As [`Passphrase::from_file`], except that nobody asks for the mode of a pipe.
    pub fn from_fd(descriptor: u32) -> Result<Self, PassphraseError> {
        let path = PathBuf::from(format!("/dev/fd/{descriptor}"));
        let file = File::open(&path).map_err(|source| PassphraseError::Unreadable { path: path.clone(), source })?;
        Self::read(file, &path)
    }

    /// Writes it into the new file `path`, mode 0600, from which [`Self::from_file`] reads it. On return it is on the disk.
    ///
    /// # Errors
    /// The name is taken, or the system refuses.
    pub fn write(&self, path: &Path) -> std::io::Result<()> {
        let mut file = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
        file.write_all(&self.0)?;
        file.sync_all()
    }

    /// The bytes, for the key derivation only.
    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    fn read(file: File, path: &Path) -> Result<Self, PassphraseError> {
        // The full room at once: a growing vector would leave copies behind. Two more bytes for the line end, one to notice excess.
        let mut bytes = Zeroizing::new(Vec::with_capacity(LONGEST_BYTES + 3));
        let limit = u64::try_from(LONGEST_BYTES + 3).unwrap_or(u64::MAX);
        file.take(limit)
            .read_to_end(&mut bytes)
            .map_err(|source| PassphraseError::Unreadable { path: path.to_path_buf(), source })?;
        if bytes.last() == Some(&b'\n') {
            bytes.pop();
            if bytes.last() == Some(&b'\r') {
                bytes.pop();
            }
        }
        Self::checked(bytes)
    }

    fn checked(bytes: Zeroizing<Vec<u8>>) -> Result<Self, PassphraseError> {
        match bytes.len() {
            0 => Err(PassphraseError::Empty),
            n if n > LONGEST_BYTES => Err(PassphraseError::TooLong),
            _ => Ok(Self(bytes)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::soft::testing::ScratchDir;

    fn written(dir: &ScratchDir, content: &[u8], mode: u32) -> PathBuf {
        let path = dir.path().join("passphrase");
        std::fs::write(&path, content).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
        path
    }

    #[test]
    fn passphrase_invariants() {
        let typed = |n: usize| Passphrase::typed(Zeroizing::new("x".repeat(n)));
        assert!(matches!(typed(0).err(), Some(PassphraseError::Empty)));
        assert!(typed(1).is_ok());
        assert!(typed(LONGEST_BYTES).is_ok());
        assert!(matches!(typed(LONGEST_BYTES + 1).err(), Some(PassphraseError::TooLong)));
    }

    #[test]
    fn one_line_end_is_not_part_of_the_passphrase() {
        let dir = ScratchDir::new("passphrase-line-end");
        for (content, expected) in
            [(&b"open sesame\n"[..], &b"open sesame"[..]), (b"a\r\n", b"a"), (b"a\n\n", b"a\n"), (b" a ", b" a ")]
        {
            let path = written(&dir, content, 0o600);
            assert_eq!(Passphrase::from_file(&path).ok().unwrap().as_bytes(), expected);
        }
    }

    #[test]
    fn a_file_others_may_read_is_refused_by_name() {
        let dir = ScratchDir::new("passphrase-mode");
        for mode in [0o640, 0o604, 0o620] {
            let path = written(&dir, b"secret\n", mode);
            let message = Passphrase::from_file(&path).err().unwrap().to_string();
            assert!(message.contains(path.to_str().unwrap()) && message.contains("chmod 600"), "{message}");
        }
    }

    #[test]
    fn a_descriptor_is_read_to_its_end() {
        use std::os::fd::AsRawFd;
        let dir = ScratchDir::new("passphrase-fd");
        let file = File::open(written(&dir, b"through a descriptor\n", 0o600)).unwrap();
        let descriptor = u32::try_from(file.as_raw_fd()).unwrap();
        assert_eq!(Passphrase::from_fd(descriptor).ok().unwrap().as_bytes(), b"through a descriptor");
        assert!(matches!(Passphrase::from_fd(9999).err(), Some(PassphraseError::Unreadable { .. })));
    }
}
