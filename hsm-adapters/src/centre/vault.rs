//! Seals what must wait in the database: a holder's private key between its making and its delivery, its PIN until the slip
//! is printed. AES-256-GCM under a data key that stands in the folder of the software keys, sealed by their passphrase; so
//! a copy of the database alone opens nothing, and neither does a copy of the folder.
//!
//! Every nonce is drawn by the library. GCM allows 2^32 random nonces a key (SP 800-38D §8.3): more than Japan has people.
//! What is sealed for one row and purpose does not open for another.

use std::path::PathBuf;

use aws_lc_rs::aead::{AES_256_GCM, Aad, Nonce, RandomizedNonceKey};
use zeroize::Zeroizing;

use crate::SoftKeys;
use crate::soft::KeyFileError;

/// The file in the folder of keys.
const FILE: &str = "vault.pem";

/// The first octet of everything sealed: this form, and no other yet.
const VERSION: u8 = 1;

const KEY_ID_BYTES: usize = 8;
const NONCE_BYTES: usize = 12;
const TAG_BYTES: usize = 16;

/// The data key, opened. Shared by reference between threads. No `Debug`.
pub struct Vault {
    key: RandomizedNonceKey,
    key_id: [u8; KEY_ID_BYTES],
}

/// What is sealed. It takes part in the seal, so that a PIN cannot be passed off as a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// A holder's private key, PKCS#8.
    HolderKey,
    /// The PIN of a PKCS#12.
    Pin,
    /// A finished PKCS#12 that waits to be taken.
    Pkcs12,
}

impl Purpose {
    const fn word(self) -> &'static str {
        match self {
            Self::HolderKey => "holder-key",
            Self::Pin => "pin",
            Self::Pkcs12 => "pkcs12",
        }
    }
}

/// What a sealed value belongs to: it opens for the same purpose and id only.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SealedFor<'a> {
    /// What it is.
    pub purpose: Purpose,
    /// The row it stands in, as its id's text.
    pub id: &'a str,
}

/// Why the vault cannot be used, or something sealed does not open.
#[derive(Debug, thiserror::Error)]
pub enum VaultError {
    /// There is no vault in the folder.
    #[error("there is no vault for holders' keys: {} is missing", path.display())]
    Absent {
        /// The file looked for.
        path: PathBuf,
    },
    /// The vault's file cannot be read, opened or written.
    #[error("the vault for holders' keys cannot be used: {0}")]
    File(#[from] KeyFileError),
    /// Sealed in a form this program does not know, or cut short.
    #[error("what is kept for a holder has a form this program does not know")]
    UnknownForm,
    /// Sealed by another vault: the file was replaced, or the database belongs to another installation.
    #[error("what is kept for a holder was sealed by another vault ({sealed_by}) than this one ({this})")]
    OtherVault {
        /// The id in the sealed value, hexadecimal.
        sealed_by: String,
        /// This vault's id, hexadecimal.
        this: String,
    },
    /// Changed since it was sealed, or sealed for another row or purpose.
    #[error("what is kept for a holder was changed, or belongs to another row")]
    DoesNotOpen,
    /// The library failed; nothing was sealed.
    #[error("nothing could be sealed")]
    NotSealed,
}

impl Vault {
    /// Makes the vault of a folder: once, when an installation is founded or first asked to make keys. On return its file
    /// is on the disk. It must be in every backup of the folder, and in every copy of it that another process uses.
    ///
    /// # Errors
    /// [`VaultError::File`] with [`KeyFileError::Exists`] when there is one already, also one made at the same moment.
    pub fn create(keys: &SoftKeys) -> Result<Self, VaultError> {
        let data_key = keys.create_data_key(FILE)?;
        Self::of(data_key.key.as_slice(), data_key.check)
    }

    /// Opens the vault of a folder.
    ///
    /// # Errors
    /// [`VaultError::Absent`] before [`Vault::create`]; [`VaultError::File`] when it does not open.
    pub fn open(keys: &SoftKeys) -> Result<Self, VaultError> {
        let data_key = keys.open_data_key(FILE).map_err(|error| match error {
            KeyFileError::Io { path, source } if source.kind() == std::io::ErrorKind::NotFound => {
                VaultError::Absent { path }
            }
            other => VaultError::File(other),
        })?;
        Self::of(data_key.key.as_slice(), data_key.check)
    }

    /// Seals `secret` for one row and purpose: version (1 octet), vault id (8), nonce (12), ciphertext and tag (16).
    ///
    /// # Errors
    /// [`VaultError::NotSealed`].
    pub fn seal(&self, belongs: SealedFor<'_>, secret: &[u8]) -> Result<Vec<u8>, VaultError> {
        // The full room at once: a growing vector would leave a copy of the secret behind.
        let mut sealed = Zeroizing::new(Vec::with_capacity(secret.len().saturating_add(TAG_BYTES)));
        sealed.extend_from_slice(secret);
        let nonce = self
            .key
            .seal_in_place_append_tag(Aad::from(bound(self.key_id, belongs)), &mut *sealed)
            .map_err(|_| VaultError::NotSealed)?;
        Ok([&[VERSION], self.key_id.as_slice(), nonce.as_ref(), sealed.as_slice()].concat())
    }

    /// What was sealed, wiped when dropped.
    ///
    /// # Errors
    /// [`VaultError::UnknownForm`], `OtherVault`, `DoesNotOpen`.
    pub fn open_sealed(&self, belongs: SealedFor<'_>, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, VaultError> {
        let rest = sealed.strip_prefix(&[VERSION]).ok_or(VaultError::UnknownForm)?;
        let (key_id, rest) = rest.split_first_chunk::<KEY_ID_BYTES>().ok_or(VaultError::UnknownForm)?;
        let (nonce, ciphertext) = rest.split_first_chunk::<NONCE_BYTES>().ok_or(VaultError::UnknownForm)?;
        if *key_id != self.key_id {
            let hex = ca_core::digest::hex;
            return Err(VaultError::OtherVault { sealed_by: hex(key_id), this: hex(&self.key_id) });
        }
        let mut secret = Zeroizing::new(ciphertext.to_vec());
        let nonce = Nonce::assume_unique_for_key(*nonce);
        let length = self
            .key
            .open_in_place(nonce, Aad::from(bound(self.key_id, belongs)), &mut secret)
            .map_err(|_| VaultError::DoesNotOpen)?
            .len();
        secret.truncate(length);
        Ok(secret)
    }

    fn of(key: &[u8], key_id: [u8; KEY_ID_BYTES]) -> Result<Self, VaultError> {
        let key = RandomizedNonceKey::new(&AES_256_GCM, key).map_err(|_| VaultError::NotSealed)?;
        Ok(Self { key, key_id })
    }
}

/// The associated data: version, vault, purpose, a zero octet (which no purpose contains), id.
fn bound(key_id: [u8; KEY_ID_BYTES], belongs: SealedFor<'_>) -> Vec<u8> {
    [&[VERSION], key_id.as_slice(), belongs.purpose.word().as_bytes(), &[0], belongs.id.as_bytes()].concat()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Passphrase;
    use crate::soft::testing::ScratchDir;

    fn keys(dir: &ScratchDir, passphrase: &str) -> SoftKeys {
        let passphrase = Passphrase::typed(Zeroizing::new(passphrase.to_owned())).ok().unwrap();
        SoftKeys::open_with_iterations(dir.path(), passphrase, 1_000).ok().unwrap()
    }

    const FOR_A: SealedFor<'_> = SealedFor { purpose: Purpose::HolderKey, id: "a" };

    #[test]
    fn what_is_sealed_opens_for_its_row_and_purpose_only() {
        let dir = ScratchDir::new("vault");
        let vault = Vault::create(&keys(&dir, "p")).ok().unwrap();
        let sealed = vault.seal(FOR_A, b"a private key").unwrap();
        let opened = |belongs| vault.open_sealed(belongs, &sealed);
        assert_eq!(opened(FOR_A).ok().unwrap().as_slice(), b"a private key");
        for other in [SealedFor { id: "b", ..FOR_A }, SealedFor { purpose: Purpose::Pin, ..FOR_A }] {
            assert!(matches!(opened(other), Err(VaultError::DoesNotOpen)));
        }
        assert_eq!(vault.seal(FOR_A, b"").map(|empty| empty.len()).unwrap(), 37);
    }

    #[test]
    fn the_same_secret_never_looks_the_same() {
        let dir = ScratchDir::new("vault-nonces");
        let vault = Vault::create(&keys(&dir, "p")).ok().unwrap();
        let nonces: std::collections::BTreeSet<Vec<u8>> =
            (0..1000).map(|_| vault.seal(FOR_A, b"s").unwrap()[9..21].to_vec()).collect();
        assert_eq!(nonces.len(), 1000);
    }

    #[test]
    fn every_changed_octet_is_noticed() {
        let dir = ScratchDir::new("vault-changed");
        let vault = Vault::create(&keys(&dir, "p")).ok().unwrap();
        let sealed = vault.seal(FOR_A, b"a private key").unwrap();
        for at in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[at] ^= 1;
            assert!(vault.open_sealed(FOR_A, &changed).is_err(), "octet {at}");
            assert!(vault.open_sealed(FOR_A, &sealed[..at]).is_err(), "{at} octets");
        }
    }

    #[test]
    fn a_vault_is_made_once_and_opened_by_the_folders_passphrase() {
        let dir = ScratchDir::new("vault-once");
        assert!(matches!(Vault::open(&keys(&dir, "p")), Err(VaultError::Absent { .. })));
        let sealed = Vault::create(&keys(&dir, "p")).ok().unwrap().seal(FOR_A, b"s").unwrap();
        let again = Vault::create(&keys(&dir, "p")).err();
        assert!(matches!(again, Some(VaultError::File(KeyFileError::Exists { .. }))));
        assert_eq!(Vault::open(&keys(&dir, "p")).ok().unwrap().open_sealed(FOR_A, &sealed).unwrap().as_slice(), b"s");
        // One padding in 256 is right by chance; what comes out is then no data key.
        for n in 0..300 {
            assert!(matches!(Vault::open(&keys(&dir, &format!("wrong {n}"))), Err(VaultError::File(_))));
        }
        assert!(keys(&dir, "p").labels().unwrap().is_empty(), "a data key is no key that signs");
    }

    #[test]
    fn another_installations_vault_is_recognised() {
        let (one, two) = (ScratchDir::new("vault-one"), ScratchDir::new("vault-two"));
        let sealed = Vault::create(&keys(&one, "p")).ok().unwrap().seal(FOR_A, b"s").unwrap();
        let other = Vault::create(&keys(&two, "p")).ok().unwrap();
        assert!(matches!(other.open_sealed(FOR_A, &sealed), Err(VaultError::OtherVault { .. })));
    }

    #[test]
    fn a_changed_vault_file_does_not_open_as_another_key() {
        let dir = ScratchDir::new("vault-file");
        Vault::create(&keys(&dir, "p")).ok().unwrap();
        let path = dir.path().join(FILE);
        let whole = std::fs::read(&path).unwrap();
        for at in (40..whole.len() - 40).step_by(3) {
            let mut changed = whole.clone();
            changed[at] = if changed[at] == b'A' { b'B' } else { b'A' };
            std::fs::write(&path, &changed).unwrap();
            assert!(changed == whole || Vault::open(&keys(&dir, "p")).is_err(), "octet {at}");
        }
    }
}
