//! A holder's key in a file of its own: PKCS#8 in PEM, mode 0600, sealed with a passphrase (PBES2) or, where the holder
//! wants it so, not. Files never replace others. `openssl pkey -in FILE` reads them; files of OpenSSL are read here.

use std::path::Path;

use super::{HolderKey, HolderKeyError};
use crate::Passphrase;
use crate::soft::DEFAULT_ITERATIONS;
use crate::soft::derive::FolderSecret;
use crate::soft::keyfile::{self, Found, KeyFileError};

/// Why a key file of a holder cannot be written or read.
#[derive(Debug, thiserror::Error)]
pub enum HolderFileError {
    /// The file.
    #[error(transparent)]
    File(#[from] KeyFileError),
    /// What is in it.
    #[error(transparent)]
    Key(#[from] HolderKeyError),
}

/// A key file that has been looked at.
pub enum KeyFile<'a> {
    /// It needs its passphrase.
    Sealed(SealedKey<'a>),
    /// It needed none.
    Plain(HolderKey),
}

/// A key file that needs its passphrase.
pub struct SealedKey<'a>(&'a Path);

/// Seals `key` with `passphrase` into the new file `path`, mode 0600, by PBES2 with AES-256-CBC and
/// [`DEFAULT_ITERATIONS`] rounds of PBKDF2-HMAC-SHA256. On return the file and its name are on the disk.
///
/// # Errors
/// [`KeyFileError::Exists`] when there is such a file; `Io`, `NotSealed`.
pub fn create_sealed(path: &Path, key: &HolderKey, passphrase: Passphrase) -> Result<(), KeyFileError> {
    keyfile::create(path, key.pkcs8_der(), &FolderSecret::new(passphrase, DEFAULT_ITERATIONS, None))
}

/// Writes `key` into the new file `path`, mode 0600, with nothing else to protect it. On return the file and its name are
/// on the disk.
///
/// # Errors
/// As [`create_sealed`].
pub fn create_plain(path: &Path, key: &HolderKey) -> Result<(), KeyFileError> {
    keyfile::create_plain(path, key.pkcs8_der())
}

/// Looks into `path`.
///
/// # Errors
/// The file cannot be read, others may read it, or it holds no PKCS#8 key in PEM of a kind used here.
pub fn look(path: &Path) -> Result<KeyFile<'_>, HolderFileError> {
    match keyfile::look(path)? {
        Found::Sealed => Ok(KeyFile::Sealed(SealedKey(path))),
        Found::Plain(pkcs8) => Ok(KeyFile::Plain(HolderKey::from_pkcs8(&pkcs8)?)),
    }
}

impl SealedKey<'_> {
    /// The key.
    ///
    /// # Errors
    /// [`KeyFileError::WrongPassphrase`], `UnknownSeal`, `Damaged`; or it is no key of a kind used here.
    pub fn open(self, passphrase: Passphrase) -> Result<HolderKey, HolderFileError> {
        // Another file's count and salt are used as they are; only a new file would take the default.
        let secret = FolderSecret::new(passphrase, DEFAULT_ITERATIONS, None);
        Ok(HolderKey::from_pkcs8(&keyfile::open(self.0, &secret)?)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::soft::testing::ScratchDir;
    use ca_core::key::KeyAlgorithm;
    use std::os::unix::fs::PermissionsExt;
    use zeroize::Zeroizing;

    fn passphrase(text: &str) -> Passphrase {
        Passphrase::typed(Zeroizing::new(text.to_owned())).ok().unwrap()
    }

    fn opened(path: &Path, with: &str) -> Result<HolderKey, HolderFileError> {
        match look(path)? {
            KeyFile::Sealed(sealed) => sealed.open(passphrase(with)),
            KeyFile::Plain(key) => Ok(key),
        }
    }

    #[test]
    fn a_key_comes_back_from_its_file_sealed_or_not() {
        let dir = ScratchDir::new("holder-file");
        let key = HolderKey::generate(KeyAlgorithm::P256).ok().unwrap();
        let (sealed, plain) = (dir.path().join("sealed.pem"), dir.path().join("plain.pem"));
        create_sealed(&sealed, &key, passphrase("open sesame")).unwrap();
        create_plain(&plain, &key).unwrap();
        assert!(std::fs::read_to_string(&sealed).unwrap().starts_with("-----BEGIN ENCRYPTED PRIVATE KEY-----"));
        for path in [&sealed, &plain] {
            assert_eq!(opened(path, "open sesame").ok().unwrap().public(), key.public());
            assert_eq!(std::fs::metadata(path).unwrap().permissions().mode() & 0o777, 0o600);
            assert!(matches!(create_plain(path, &key), Err(KeyFileError::Exists { .. })));
        }
        let wrong = opened(&sealed, "close sesame").err();
        assert!(matches!(wrong, Some(HolderFileError::File(KeyFileError::WrongPassphrase { .. }))));
    }

    #[test]
    fn older_forms_are_named_with_the_way_out() {
        let dir = ScratchDir::new("holder-file-older");
        let path = dir.path().join("old.pem");
        std::fs::write(&path, "-----BEGIN EC PRIVATE KEY-----\nMHc=\n-----END EC PRIVATE KEY-----\n").unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
        let message = opened(&path, "p").err().unwrap().to_string();
        assert!(message.contains("EC PRIVATE KEY") && message.contains("openssl pkcs8 -topk8"), "{message}");
        std::fs::write(&path, "no key at all").unwrap();
        assert!(matches!(opened(&path, "p").err(), Some(HolderFileError::File(KeyFileError::Damaged { .. }))));
    }
}
