//! Software keys: one sealed file per key in one folder, signatures by aws-lc-rs.
//!
//! A file is opened on the first use of its key and the key stays in memory until the process ends. A key made by this
//! process is in memory already. What protects the keys while the service runs is the process and its user, no more; keys
//! that must survive the machine belong in an HSM.

mod data_key;
pub(crate) mod derive;
pub(crate) mod keyfile;
pub(crate) mod pair;
mod reseal;
pub(crate) mod wrapped;

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};

use ca_core::id::KeyLabel;
use ca_core::key::{KeyAlgorithm, SignatureAlgorithm, SubjectKey};
use ca_core::signer::{KeyKeeper, Signer, SignerError, Tbs};

use self::derive::FolderSecret;
use self::pair::SoftKey;
use crate::Passphrase;

pub use self::derive::DEFAULT_ITERATIONS;
pub use self::keyfile::KeyFileError;
pub use self::reseal::{change_passphrase, change_with_iterations};

/// What follows the label in a file's name.
const FILE_SUFFIX: &str = ".key.pem";

/// The keys of one folder under one passphrase. Clones share them. It has no `Debug`.
#[derive(Clone)]
pub struct SoftKeys {
    folder: Arc<Path>,
    secret: Arc<FolderSecret>,
    opened: Arc<RwLock<HashMap<KeyLabel, Arc<SoftKey>>>>,
}

/// Begins gathering aws-lc-rs's first random byte (35 ms of jitter entropy) on a thread of its own and returns at once.
/// Called first thing by a command that is going to sign.
pub fn warm_up() {
    std::thread::spawn(|| {
        // Only the side effect counts; a failing source shows itself at the first signature.
        let _ = aws_lc_rs::rand::fill(&mut [0u8; 1]);
    });
}

impl SoftKeys {
    /// The keys in `folder`, which is made (mode 0700) if it is not there. No key is opened yet, so a wrong passphrase
    /// shows at the first use: ask [`probe`](crate::probe) to know at once.
    ///
    /// # Errors
    /// [`KeyFileError::Io`]; [`KeyFileError::Exposed`] when others may write to the folder.
    pub fn open(folder: &Path, passphrase: Passphrase) -> Result<Self, KeyFileError> {
        Self::open_with_iterations(folder, passphrase, DEFAULT_ITERATIONS)
    }

    /// As [`SoftKeys::open`], new keys sealed with that many rounds of PBKDF2. Tests take few; a production count is
    /// [`DEFAULT_ITERATIONS`] or more. Files keep the count they were sealed with.
    ///
    /// # Errors
    /// As [`SoftKeys::open`].
    pub fn open_with_iterations(folder: &Path, passphrase: Passphrase, iterations: u32) -> Result<Self, KeyFileError> {
        keyfile::prepare_folder(folder)?;
        reseal::finish(folder)?;
        let existing = key_files(folder)?.into_iter().find_map(|(_, path)| keyfile::derivation_of(&path));
        let secret = Arc::new(FolderSecret::new(passphrase, iterations, existing));
        // The slow derivation begins now, beside whatever else a start does; the first key waits for the rest of it.
        let ahead = Arc::clone(&secret);
        std::thread::spawn(move || {
            if let Some(derivation) = ahead.for_new_keys() {
                ahead.key(&derivation);
            }
        });
        Ok(Self { folder: Arc::from(folder), secret, opened: Arc::default() })
    }

    /// The labels of the keys in the folder, sorted. Nothing is opened.
    ///
    /// # Errors
    /// [`KeyFileError::Io`].
    pub fn labels(&self) -> Result<Vec<KeyLabel>, KeyFileError> {
        let mut labels: Vec<KeyLabel> = key_files(&self.folder)?.into_iter().map(|(label, _)| label).collect();
        labels.sort();
        Ok(labels)
    }

    /// Seals a key that was made elsewhere (PKCS#8, DER) into the folder. On return it is on the disk.
    ///
    /// # Errors
    /// [`SignerError::KeyExists`] when there is a key of that label, [`SignerError::Unusable`].
    pub fn import(&self, label: &KeyLabel, pkcs8: &[u8]) -> Result<SubjectKey, SignerError> {
        let key = SoftKey::from_pkcs8(pkcs8).map_err(|error| unusable(label, &error))?;
        keyfile::create(&self.path(label), pkcs8, &self.secret).map_err(|error| match error {
            KeyFileError::Exists { .. } => SignerError::KeyExists(label.clone()),
            other => unusable(label, &other),
        })?;
        Ok(self.remember(label, key).public().clone())
    }

    fn path(&self, label: &KeyLabel) -> PathBuf {
        // A label is [a-z0-9-]{1,64}: it cannot leave the folder.
        self.folder.join(format!("{}{FILE_SUFFIX}", label.as_str()))
    }

    fn key(&self, label: &KeyLabel) -> Result<Arc<SoftKey>, SignerError> {
        if let Some(key) = self.opened.read().unwrap_or_else(PoisonError::into_inner).get(label) {
            return Ok(Arc::clone(key));
        }
        let path = self.path(label);
        if !path.exists() {
            return Err(SignerError::NoSuchKey(label.clone()));
        }
        let pkcs8 = keyfile::open(&path, &self.secret).map_err(|error| unusable(label, &error))?;
        let key = SoftKey::from_pkcs8(&pkcs8).map_err(|error| unusable(label, &error))?;
        Ok(self.remember(label, key))
    }

    fn remember(&self, label: &KeyLabel, key: SoftKey) -> Arc<SoftKey> {
        let mut opened = self.opened.write().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(opened.entry(label.clone()).or_insert_with(|| Arc::new(key)))
    }
}

impl Signer for SoftKeys {
    fn public_key(&self, label: &KeyLabel) -> Result<SubjectKey, SignerError> {
        Ok(self.key(label)?.public().clone())
    }

    fn sign(
        &self,
        label: &KeyLabel,
        algorithm: SignatureAlgorithm,
        batch: &[Tbs<'_>],
    ) -> Vec<Result<Vec<u8>, SignerError>> {
        match self.key(label) {
            Ok(key) => key
                .sign_batch(algorithm, batch)
                .into_iter()
                .map(|signature| signature.map_err(|error| unusable(label, &error)))
                .collect(),
            Err(error) => batch.iter().map(|_| Err(error.clone())).collect(),
        }
    }

    fn sign_at_once(&self, label: &KeyLabel, algorithm: SignatureAlgorithm, tbs: Tbs<'_>) -> Option<Vec<u8>> {
        // Others take a tenth of a millisecond and more, and not before a file has been opened.
        let opened = self.opened.read().unwrap_or_else(PoisonError::into_inner);
        let key = opened.get(label).filter(|key| key.public().algorithm() == KeyAlgorithm::P256).cloned()?;
        drop(opened);
        key.sign_message(algorithm, tbs.message()).ok()
    }
}

impl KeyKeeper for SoftKeys {
    fn create(&self, label: &KeyLabel, algorithm: KeyAlgorithm) -> Result<SubjectKey, SignerError> {
        let path = self.path(label);
        if path.exists() {
            return Err(SignerError::KeyExists(label.clone()));
        }
        let key = SoftKey::generate(algorithm).map_err(|error| unusable(label, &error))?;
        let pkcs8 = key.to_pkcs8().map_err(|error| unusable(label, &error))?;
        keyfile::create(&path, &pkcs8, &self.secret).map_err(|error| match error {
            KeyFileError::Exists { .. } => SignerError::KeyExists(label.clone()),
            other => unusable(label, &other),
        })?;
        // From here the key is on the disk: only now may anyone certify it.
        Ok(self.remember(label, key).public().clone())
    }

    fn destroy(&self, label: &KeyLabel) -> Result<(), SignerError> {
        let path = self.path(label);
        if !path.exists() {
            return Err(SignerError::NoSuchKey(label.clone()));
        }
        keyfile::remove(&path).map_err(|error| unusable(label, &error))?;
        self.opened.write().unwrap_or_else(PoisonError::into_inner).remove(label);
        Ok(())
    }
}

fn unusable(label: &KeyLabel, reason: &dyn std::fmt::Display) -> SignerError {
    SignerError::Unusable { label: label.clone(), reason: reason.to_string() }
}

fn key_files(folder: &Path) -> Result<Vec<(KeyLabel, PathBuf)>, KeyFileError> {
    let io = |source| KeyFileError::Io { path: folder.to_path_buf(), source };
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(io)? {
        let path = entry.map_err(io)?.path();
        let name = path.file_name().and_then(|name| name.to_str()).and_then(|name| name.strip_suffix(FILE_SUFFIX));
        if let Some(label) = name.and_then(|name| KeyLabel::parse(name).ok()) {
            files.push((label, path));
        }
    }
    Ok(files)
}

#[cfg(test)]
pub(crate) mod testing {
    use std::path::{Path, PathBuf};

    /// A folder of one test, removed at its end.
    pub(crate) struct ScratchDir(PathBuf);

    impl ScratchDir {
        pub(crate) fn new(name: &str) -> Self {
            let path = std::env::temp_dir().join(format!("lgpki-{name}-{}", std::process::id()));
            let _ = std::fs::remove_dir_all(&path);
            std::fs::create_dir(&path).unwrap();
            Self(path)
        }

        pub(crate) fn path(&self) -> &Path {
            &self.0
        }
    }

    impl Drop for ScratchDir {
        fn drop(&mut self) {
            let _ = std::fs::remove_dir_all(&self.0);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;
    use std::process::Command;

    use ca_core::verify::verify;
    use zeroize::Zeroizing;

    use super::testing::ScratchDir;
    use super::*;

    const FEW_ROUNDS: u32 = 1_000;

    fn opened(folder: &Path, passphrase: &str) -> SoftKeys {
        let passphrase = Passphrase::typed(Zeroizing::new(passphrase.into())).ok().unwrap();
        SoftKeys::open_with_iterations(folder, passphrase, FEW_ROUNDS).ok().unwrap()
    }

    fn label(text: &str) -> KeyLabel {
        KeyLabel::parse(text).unwrap()
    }

    #[test]
    fn openssl_reads_every_kind_of_key_with_the_same_passphrase() {
        let dir = ScratchDir::new("keys-openssl");
        let keys = opened(dir.path(), "open sesame");
        for algorithm in [KeyAlgorithm::P256, KeyAlgorithm::P384, KeyAlgorithm::Rsa2048] {
            let label = label(&format!("k-{algorithm}"));
            let public = keys.create(&label, algorithm).unwrap();
            let output = Command::new("openssl")
                .args(["pkey", "-pubout", "-outform", "DER", "-passin", "pass:open sesame", "-in"])
                .arg(keys.path(&label))
                .output()
                .unwrap();
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
            assert_eq!(output.stdout, public.spki_der());
        }
    }

    #[test]
    fn a_file_openssl_sealed_is_opened() {
        let dir = ScratchDir::new("keys-from-openssl");
        let path = dir.path().join("theirs.key.pem");
        let made = Command::new("openssl")
            .args(["genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-aes-256-cbc"])
            .args(["-pass", "pass:open sesame", "-out"])
            .arg(&path)
            .output()
            .unwrap();
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
        assert_eq!(
            opened(dir.path(), "open sesame").public_key(&label("theirs")).unwrap().algorithm(),
            KeyAlgorithm::P256
        );
    }

    #[test]
    fn only_a_quick_key_that_is_open_signs_at_once() {
        let dir = ScratchDir::new("keys-at-once");
        let keys = opened(dir.path(), "p");
        let quick = keys.create(&label("quick"), KeyAlgorithm::P256).unwrap();
        keys.create(&label("slow"), KeyAlgorithm::P384).unwrap();
        let at_once =
            |keys: &SoftKeys, name, algorithm| keys.sign_at_once(&label(name), algorithm, Tbs::Probe(b"message"));
        let signature = at_once(&keys, "quick", SignatureAlgorithm::EcdsaSha256).unwrap();
        verify(&quick, SignatureAlgorithm::EcdsaSha256, b"message", &signature).unwrap();
        assert_eq!(at_once(&keys, "quick", SignatureAlgorithm::RsaSha256), None, "it cannot");
        assert_eq!(at_once(&keys, "slow", SignatureAlgorithm::EcdsaSha384), None);
        let again = opened(dir.path(), "p");
        assert_eq!(at_once(&again, "quick", SignatureAlgorithm::EcdsaSha256), None, "its file has not been read yet");
        again.public_key(&label("quick")).unwrap();
        assert!(at_once(&again, "quick", SignatureAlgorithm::EcdsaSha256).is_some());
    }

    #[test]
    fn keys_of_one_folder_share_a_salt_and_no_initialisation_vector() {
        let dir = ScratchDir::new("keys-salt");
        let keys = opened(dir.path(), "p");
        keys.create(&label("one"), KeyAlgorithm::P256).unwrap();
        let again = opened(dir.path(), "p");
        again.create(&label("two"), KeyAlgorithm::P256).unwrap();
        let derivation = |name: &str| keyfile::derivation_of(&keys.path(&label(name))).unwrap();
        assert!(derivation("one") == derivation("two"));
        assert_eq!(derivation("one").iterations, FEW_ROUNDS);
        let read = |name: &str| std::fs::read(keys.path(&label(name))).unwrap();
        assert_ne!(read("one"), read("two"));
    }

    #[test]
    fn a_wrong_passphrase_names_the_file() {
        let dir = ScratchDir::new("keys-wrong");
        opened(dir.path(), "right").create(&label("root"), KeyAlgorithm::P256).unwrap();
        // One padding in 256 is right by chance, so more than one wrong passphrase is tried.
        for n in 0..300 {
            let message = opened(dir.path(), &format!("wrong {n}")).public_key(&label("root")).unwrap_err().to_string();
            assert!(message.contains("root.key.pem") && message.contains("passphrase is wrong"), "{message}");
        }
    }

    #[test]
    fn a_damaged_file_is_an_error_wherever_the_damage_is() {
        let dir = ScratchDir::new("keys-damaged");
        let path = opened(dir.path(), "p")
            .create(&label("k"), KeyAlgorithm::P256)
            .map(|_| dir.path().join("k.key.pem"))
            .unwrap();
        let whole = std::fs::read(&path).unwrap();
        for cut in [0, 1, 40, whole.len() / 2, whole.len() - 30] {
            std::fs::write(&path, &whole[..cut]).unwrap();
            let message = opened(dir.path(), "p").public_key(&label("k")).unwrap_err().to_string();
            assert!(message.contains("k.key.pem"), "{message}");
        }
        for at in (30..whole.len() - 30).step_by(13) {
            let mut bytes = whole.clone();
            bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
            std::fs::write(&path, &bytes).unwrap();
            assert!(opened(dir.path(), "p").public_key(&label("k")).is_err(), "octet {at}");
        }
    }

    #[test]
    fn a_file_others_may_read_is_not_used() {
        let dir = ScratchDir::new("keys-mode");
        opened(dir.path(), "p").create(&label("k"), KeyAlgorithm::P256).unwrap();
        let path = dir.path().join("k.key.pem");
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
        let message = opened(dir.path(), "p").public_key(&label("k")).unwrap_err().to_string();
        assert!(message.contains("k.key.pem") && message.contains("chmod 600"), "{message}");
        std::fs::set_permissions(dir.path(), std::fs::Permissions::from_mode(0o777)).unwrap();
        let passphrase = Passphrase::typed(Zeroizing::new("p".into())).ok().unwrap();
        assert!(matches!(SoftKeys::open(dir.path(), passphrase).err(), Some(KeyFileError::Exposed { .. })));
    }

    #[test]
    fn a_key_is_never_replaced_and_leaves_no_staging_file() {
        let dir = ScratchDir::new("keys-once");
        let keys = opened(dir.path(), "p");
        let first = keys.create(&label("k"), KeyAlgorithm::P256).unwrap();
        assert!(matches!(keys.create(&label("k"), KeyAlgorithm::P256), Err(SignerError::KeyExists(_))));
        // Another process won the race between the look and the link.
        let lost = keyfile::create(&keys.path(&label("k")), b"other", &keys.secret);
        assert!(matches!(lost, Err(KeyFileError::Exists { .. })));
        assert_eq!(opened(dir.path(), "p").public_key(&label("k")).unwrap().spki_der(), first.spki_der());
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1);
        assert_eq!(keys.labels().ok().unwrap(), [label("k")]);
    }
}
