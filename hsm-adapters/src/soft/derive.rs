//! From the passphrase to the key that seals the files: PBKDF2-HMAC-SHA256 (RFC 8018 §5.2).
//!
//! One passphrase opens the whole folder, so the files made in it share one salt, and the slow derivation is paid once per
//! process instead of once per key: whoever guesses the passphrase has every key in either case. Each file has an
//! initialisation vector of its own. Files with other salts and counts (another folder's, openssl's) are opened as well.

use std::collections::HashMap;
use std::num::NonZeroU32;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use aws_lc_rs::pbkdf2;
use zeroize::Zeroizing;

use crate::Passphrase;

/// Rounds of PBKDF2 for new files: OWASP's figure of 2023 for HMAC-SHA256 is 600,000 for log-in passwords; this passphrase
/// is chosen by an administrator, sits beside the keys only in a try-out, and every start waits for it.
pub const DEFAULT_ITERATIONS: u32 = 210_000;

/// A file that asks for more is refused instead of keeping a start waiting for minutes.
const MOST_ITERATIONS: u32 = 10_000_000;

const SALT_BYTES: usize = 16;

/// How a sealing key comes from the passphrase. Not secret: it stands in every file.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(crate) struct Derivation {
    pub(super) salt: Vec<u8>,
    pub(super) iterations: u32,
}

impl Derivation {
    /// What a file says, unless it is absurd (no salt, no or too many rounds).
    pub(super) fn read(salt: &[u8], iterations: u32) -> Option<Self> {
        let sane = !salt.is_empty() && salt.len() <= 64 && (1..=MOST_ITERATIONS).contains(&iterations);
        sane.then(|| Self { salt: salt.to_vec(), iterations })
    }
}

type SealingKey = Arc<Zeroizing<[u8; 32]>>;

/// The passphrase and the sealing keys derived from it so far. No `Debug`.
pub(crate) struct FolderSecret {
    passphrase: Passphrase,
    iterations: u32,
    for_new_keys: OnceLock<Derivation>,
    derived: Mutex<HashMap<Derivation, SealingKey>>,
}

impl FolderSecret {
    /// `existing` is how a key already in the folder is sealed: new ones follow it when its count is the wanted one.
    pub(crate) fn new(passphrase: Passphrase, iterations: u32, existing: Option<Derivation>) -> Self {
        let for_new_keys = OnceLock::new();
        if let Some(derivation) = existing.filter(|d| d.iterations == iterations && d.salt.len() == SALT_BYTES) {
            // A fresh cell takes the value.
            let _ = for_new_keys.set(derivation);
        }
        Self { passphrase, iterations, for_new_keys, derived: Mutex::default() }
    }

    /// How the next new file is sealed. `None` when the system has no randomness.
    ///
    /// The salt comes from the operating system and not from aws-lc-rs: it is public, and the derivation can begin while
    /// aws-lc-rs still gathers its first random byte (35 ms).
    pub(super) fn for_new_keys(&self) -> Option<Derivation> {
        if let Some(derivation) = self.for_new_keys.get() {
            return Some(derivation.clone());
        }
        let mut salt = vec![0u8; SALT_BYTES];
        getrandom::fill(&mut salt).ok()?;
        Some(self.for_new_keys.get_or_init(|| Derivation { salt, iterations: self.iterations }).clone())
    }

    /// The sealing key; derived on the first call, remembered afterwards. Callers wait for a derivation under way.
    pub(super) fn key(&self, derivation: &Derivation) -> SealingKey {
        let mut derived = self.derived.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(key) = derived.get(derivation) {
            return Arc::clone(key);
        }
        let rounds = NonZeroU32::new(derivation.iterations).unwrap_or(NonZeroU32::MIN);
        let mut key = Zeroizing::new([0u8; 32]);
        pbkdf2::derive(
            pbkdf2::PBKDF2_HMAC_SHA256,
            rounds,
            &derivation.salt,
            self.passphrase.as_bytes(),
            key.as_mut_slice(),
        );
        let key = Arc::new(key);
        derived.insert(derivation.clone(), Arc::clone(&key));
        key
    }
}
