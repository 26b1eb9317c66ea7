//! One key, one file: PKCS#8 `EncryptedPrivateKeyInfo` (RFC 5958 §3) in PEM, sealed with PBES2 (RFC 8018 §6.2):
//! PBKDF2-HMAC-SHA256 and AES-256-CBC. `openssl pkey -in FILE` reads it with the same passphrase.
//!
//! A file appears whole or not at all, is on the disk before [`create`] returns, and never replaces another.

use std::fs::{self, File, OpenOptions};
use std::io::{Read, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use aws_lc_rs::cipher::{
    AES_256, DecryptionContext, EncryptionContext, PaddedBlockDecryptingKey, PaddedBlockEncryptingKey, UnboundCipherKey,
};
use aws_lc_rs::iv::FixedLength;
use pkcs8::der::Encode;
use pkcs8::der::pem::PemLabel;
use pkcs8::pkcs5::EncryptionScheme;
use pkcs8::pkcs5::pbes2::{self, Kdf, Pbkdf2Prf};
use pkcs8::{EncryptedPrivateKeyInfo, LineEnding, SecretDocument};
use zeroize::Zeroizing;

use super::derive::{Derivation, FolderSecret};

/// Larger than any sealed key (RSA-4096 is 3.3 KB in PEM); what is longer is no key.
const LARGEST_FILE_BYTES: u64 = 16 * 1024;

const AES_BLOCK_BYTES: usize = 16;

/// What is wrong with a key file or the folder it stands in.
#[derive(Debug, thiserror::Error)]
pub enum KeyFileError {
    /// The system refused.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The group or the world has a right it must not have.
    #[error("{} has mode {mode:04o}; it must be open to its owner only (chmod {wanted:o})", path.display())]
    Exposed {
        /// The file or folder.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
        /// What they should be.
        wanted: u32,
    },
    /// Not a PKCS#8 encrypted key, or cut short.
    #[error("{} is damaged: it is not an encrypted private key in PEM (PKCS#8)", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
    },
    /// Sealed in another way than [`create`] does.
    #[error("{} is sealed with an algorithm other than PBKDF2-HMAC-SHA256 with AES-256-CBC", path.display())]
    UnknownSeal {
        /// The file.
        path: PathBuf,
    },
    /// The seal does not open. A flipped bit in the sealed part looks the same as a wrong passphrase.
    #[error("{} does not open: the passphrase is wrong, or the file is damaged", path.display())]
    WrongPassphrase {
        /// The file.
        path: PathBuf,
    },
    /// There is a key of this name already.
    #[error("{} exists already", path.display())]
    Exists {
        /// The file.
        path: PathBuf,
    },
    /// A key in PEM, but in an older form than PKCS#8.
    #[error("{} holds a {label} in PEM; only PKCS#8 is read (openssl pkcs8 -topk8 -in OLD -out NEW makes one)", path.display())]
    OtherForm {
        /// The file.
        path: PathBuf,
        /// What its first line says: `EC PRIVATE KEY`.
        label: String,
    },
    /// The library or the system's random source failed.
    #[error("{}: the key could not be sealed", path.display())]
    NotSealed {
        /// The file.
        path: PathBuf,
    },
}

/// What stands in a file that may be anybody's.
pub(crate) enum Found {
    /// An `EncryptedPrivateKeyInfo`: [`open`] opens it with its passphrase.
    Sealed,
    /// A `PrivateKeyInfo` that nothing protects but the file's mode; DER.
    Plain(Zeroizing<Vec<u8>>),
}

/// Looks what kind of key file `path` is, without a passphrase.
///
/// # Errors
/// [`KeyFileError::Io`], `Exposed`, `Damaged`, `OtherForm`.
pub(crate) fn look(path: &Path) -> Result<Found, KeyFileError> {
    let damaged = || KeyFileError::Damaged { path: path.to_path_buf() };
    let text = text(path)?;
    let label = text.lines().find_map(|line| line.trim().strip_prefix("-----BEGIN ")?.strip_suffix("-----"));
    match label.ok_or_else(damaged)? {
        label if label == EncryptedPrivateKeyInfo::PEM_LABEL => Ok(Found::Sealed),
        label if label == pkcs8::PrivateKeyInfo::PEM_LABEL => {
            let (_, document) = SecretDocument::from_pem(text.trim_start()).map_err(|_| damaged())?;
            Ok(Found::Plain(Zeroizing::new(document.as_bytes().to_vec())))
        }
        label => Err(KeyFileError::OtherForm { path: path.to_path_buf(), label: label.chars().take(40).collect() }),
    }
}

/// The PKCS#8 `PrivateKeyInfo` (DER) sealed in `path`; wiped when dropped.
///
/// # Errors
/// Every [`KeyFileError`] but `Exists` and `NotSealed`.
pub(crate) fn open(path: &Path, secret: &FolderSecret) -> Result<Zeroizing<Vec<u8>>, KeyFileError> {
    let sealed = read(path)?;
    unsealed(sealed.as_bytes(), secret).map_err(|why| match why {
        NotUnsealed::Damaged => KeyFileError::Damaged { path: path.to_path_buf() },
        NotUnsealed::UnknownSeal => KeyFileError::UnknownSeal { path: path.to_path_buf() },
        NotUnsealed::WrongPassphrase => KeyFileError::WrongPassphrase { path: path.to_path_buf() },
    })
}

/// Why sealed octets did not open.
pub(crate) enum NotUnsealed {
    /// They are no `EncryptedPrivateKeyInfo`.
    Damaged,
    /// They are sealed in another way than [`sealed`] does.
    UnknownSeal,
    /// The passphrase is wrong, or a bit is flipped.
    WrongPassphrase,
}

/// The `PrivateKeyInfo` (DER) in an `EncryptedPrivateKeyInfo` (DER); wiped when dropped.
///
/// # Errors
/// [`NotUnsealed`].
pub(crate) fn unsealed(sealed: &[u8], secret: &FolderSecret) -> Result<Zeroizing<Vec<u8>>, NotUnsealed> {
    let info = EncryptedPrivateKeyInfo::try_from(sealed).map_err(|_| NotUnsealed::Damaged)?;
    let (derivation, iv) = parameters(&info).ok_or(NotUnsealed::UnknownSeal)?;
    let wrong = || NotUnsealed::WrongPassphrase;
    let key = secret.key(&derivation);
    let key = UnboundCipherKey::new(&AES_256, key.as_slice()).map_err(|_| wrong())?;
    let key = PaddedBlockDecryptingKey::cbc_pkcs7(key).map_err(|_| wrong())?;
    let mut bytes = Zeroizing::new(info.encrypted_data.to_vec());
    let context = DecryptionContext::Iv128(FixedLength::from(*iv));
    let length = key.decrypt(&mut bytes, context).map_err(|_| wrong())?.len();
    bytes.truncate(length);
    // One padding in 256 is right by chance: what comes out must be a private key, too.
    pkcs8::PrivateKeyInfo::try_from(bytes.as_slice()).map_err(|_| wrong())?;
    Ok(bytes)
}

/// How the key in `path` is sealed, without opening it. `None` when the file is not one of ours.
pub(super) fn derivation_of(path: &Path) -> Option<Derivation> {
    let sealed = read(path).ok()?;
    let info = EncryptedPrivateKeyInfo::try_from(sealed.as_bytes()).ok()?;
    parameters(&info).map(|(derivation, _)| derivation)
}

/// Seals `pkcs8` (DER) into the new file `path`, mode 0600. On return the file and its name are on the disk.
///
/// # Errors
/// [`KeyFileError::Exists`] when the name is taken, also by another process at the same moment; `Io`; `NotSealed`.
pub(crate) fn create(path: &Path, pkcs8: &[u8], secret: &FolderSecret) -> Result<(), KeyFileError> {
    let pem = sealed_pem(pkcs8, secret).ok_or_else(|| KeyFileError::NotSealed { path: path.to_path_buf() })?;
    place(path, &pem)
}

/// Writes `pkcs8` (DER) into the new file `path`, mode 0600, unsealed. On return the file and its name are on the disk.
///
/// # Errors
/// As [`create`].
pub(crate) fn create_plain(path: &Path, pkcs8: &[u8]) -> Result<(), KeyFileError> {
    let pem = SecretDocument::try_from(pkcs8)
        .and_then(|document| document.to_pem(pkcs8::PrivateKeyInfo::PEM_LABEL, LineEnding::LF));
    place(path, &pem.map_err(|_| KeyFileError::NotSealed { path: path.to_path_buf() })?)
}

/// Writes a new file `path`, mode 0600, whole or not at all. On return the file and its name are on the disk.
///
/// # Errors
/// [`KeyFileError::Exists`] when the name is taken; `Io`.
pub(crate) fn place(path: &Path, pem: &str) -> Result<(), KeyFileError> {
    let folder = folder_of(path);
    let name = path.file_name().and_then(|n| n.to_str()).unwrap_or("key");
    let staging = folder.join(format!(".{name}.{}", std::process::id()));
    let io = |path: &Path| {
        let path = path.to_path_buf();
        move |source| KeyFileError::Io { path, source }
    };

    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&staging).map_err(io(&staging))?;
    let written = file.write_all(pem.as_bytes()).and_then(|()| file.sync_all()).map_err(io(&staging));
    // A link and not a rename: rename would silently replace a key that appeared meanwhile, and a CA key cannot be made again.
    let linked = written.and_then(|()| {
        fs::hard_link(&staging, path).map_err(|source| match source.kind() {
            std::io::ErrorKind::AlreadyExists => KeyFileError::Exists { path: path.to_path_buf() },
            _ => KeyFileError::Io { path: path.to_path_buf(), source },
        })
    });
    let unlinked = fs::remove_file(&staging).map_err(io(&staging));
    linked?;
    unlinked?;
    sync_folder(folder)
}

/// Removes the file `path`. On return its name is gone from the disk; copies in backups are not, and flash memory may keep
/// the sealed bytes until it reuses the block.
///
/// # Errors
/// [`KeyFileError::Io`].
pub(super) fn remove(path: &Path) -> Result<(), KeyFileError> {
    fs::remove_file(path).map_err(|source| KeyFileError::Io { path: path.to_path_buf(), source })?;
    sync_folder(folder_of(path))
}

/// Makes the folder (mode 0700) if it is not there, and refuses one that others may write to.
///
/// # Errors
/// [`KeyFileError::Io`] and [`KeyFileError::Exposed`].
pub(super) fn prepare_folder(folder: &Path) -> Result<(), KeyFileError> {
    use std::os::unix::fs::DirBuilderExt;
    let io = |source| KeyFileError::Io { path: folder.to_path_buf(), source };
    fs::DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(io)?;
    let mode = fs::metadata(folder).map_err(io)?.permissions().mode() & 0o7777;
    if mode & 0o022 != 0 {
        return Err(KeyFileError::Exposed { path: folder.to_path_buf(), mode, wanted: 0o700 });
    }
    Ok(())
}

/// `pkcs8` (a `PrivateKeyInfo`) as an `EncryptedPrivateKeyInfo`, both DER. `None` when the library or the system's random
/// source fails.
pub(crate) fn sealed(pkcs8: &[u8], secret: &FolderSecret) -> Option<SecretDocument> {
    let mut iv = [0u8; AES_BLOCK_BYTES];
    getrandom::fill(&mut iv).ok()?;
    let derivation = secret.for_new_keys()?;
    let key = secret.key(&derivation);
    let key = PaddedBlockEncryptingKey::cbc_pkcs7(UnboundCipherKey::new(&AES_256, key.as_slice()).ok()?).ok()?;
    // Room for the padding at once: a growing vector would leave a copy of the key behind.
    let mut bytes = Zeroizing::new(Vec::with_capacity(pkcs8.len() + AES_BLOCK_BYTES));
    bytes.extend_from_slice(pkcs8);
    key.less_safe_encrypt(&mut *bytes, EncryptionContext::Iv128(FixedLength::from(iv))).ok()?;

    let scheme = pbes2::Parameters::pbkdf2_sha256_aes256cbc(derivation.iterations, &derivation.salt, &iv).ok()?;
    let info = EncryptedPrivateKeyInfo { encryption_algorithm: scheme.into(), encrypted_data: &bytes };
    SecretDocument::try_from(info.to_der().ok()?).ok()
}

fn sealed_pem(pkcs8: &[u8], secret: &FolderSecret) -> Option<Zeroizing<String>> {
    sealed(pkcs8, secret)?.to_pem(EncryptedPrivateKeyInfo::PEM_LABEL, LineEnding::LF).ok()
}

fn read(path: &Path) -> Result<SecretDocument, KeyFileError> {
    let damaged = || KeyFileError::Damaged { path: path.to_path_buf() };
    let text = text(path)?;
    let (label, document) = SecretDocument::from_pem(&text).map_err(|_| damaged())?;
    if label != EncryptedPrivateKeyInfo::PEM_LABEL {
        return Err(damaged());
    }
    Ok(document)
}

/// The text of a file that only its owner may read.
///
/// # Errors
/// [`KeyFileError::Io`], `Exposed`; `Damaged` when it is large or no text.
pub(crate) fn text(path: &Path) -> Result<Zeroizing<String>, KeyFileError> {
    let io = |source| KeyFileError::Io { path: path.to_path_buf(), source };
    let damaged = || KeyFileError::Damaged { path: path.to_path_buf() };
    let file = File::open(path).map_err(io)?;
    let metadata = file.metadata().map_err(io)?;
    let mode = metadata.permissions().mode() & 0o7777;
    if mode & 0o077 != 0 {
        return Err(KeyFileError::Exposed { path: path.to_path_buf(), mode, wanted: 0o600 });
    }
    if metadata.len() > LARGEST_FILE_BYTES {
        return Err(damaged());
    }
    // The full room at once: a growing text would leave copies behind.
    let mut text = Zeroizing::new(String::with_capacity(usize::try_from(LARGEST_FILE_BYTES).unwrap_or_default()));
    file.take(LARGEST_FILE_BYTES).read_to_string(&mut text).map_err(|error| match error.kind() {
        std::io::ErrorKind::InvalidData => damaged(),
        _ => io(error),
    })?;
    Ok(text)
}

/// The folder a file stands in; the current one for a bare name, whose parent is the empty path.
fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

fn parameters<'a>(info: &EncryptedPrivateKeyInfo<'a>) -> Option<(Derivation, &'a [u8; AES_BLOCK_BYTES])> {
    let EncryptionScheme::Pbes2(scheme) = &info.encryption_algorithm else { return None };
    let (Kdf::Pbkdf2(kdf), pbes2::EncryptionScheme::Aes256Cbc { iv }) = (&scheme.kdf, scheme.encryption) else {
        return None;
    };
    if kdf.prf != Pbkdf2Prf::HmacWithSha256 || kdf.key_length.is_some_and(|n| n != 32) {
        return None;
    }
    Some((Derivation::read(kdf.salt, kdf.iteration_count)?, iv))
}

pub(super) fn sync_folder(folder: &Path) -> Result<(), KeyFileError> {
    let io = |source| KeyFileError::Io { path: folder.to_path_buf(), source };
    File::open(folder).map_err(io)?.sync_all().map_err(io)
}
