//! Keys made at the centre, as the desk needs them: made for a request, sealed until the certificate is there, packed into a
//! PKCS#12 under a PIN, opened once for the download.
//!
//! What it is not: it keeps nothing and knows no library. `lgpki` brings the implementation over the vault and the pool of
//! keys; where it brings none, the choice is not offered. What is sealed here stands in the table `delivery`; a PIN stands
//! nowhere.

use std::error::Error;
use std::fmt;
use std::sync::Arc;

use ca_core::id::RequestId;
use ca_core::key::{KeyAlgorithm, SubjectKey};
use zeroize::Zeroizing;

/// Makes, seals and packs keys of holders. Every call may take a second of one core, and none may be made on a thread that
/// answers requests: [`Centre`] takes care of that. Calls may come from several threads at once. Nothing is durable on return.
pub trait CentreKeys: Send + Sync {
    /// Whether keys can be made now: their vault may be closed until somebody opens it.
    fn are_here(&self) -> bool;

    /// A key pair nobody has had, its private half sealed for that request and openable for no other.
    ///
    /// # Errors
    /// [`CentreError::NotMade`]: keys of that kind are not made, or randomness or the vault failed.
    fn make(&self, algorithm: KeyAlgorithm, request: &RequestId) -> Result<MadeKey, CentreError>;

    /// The PKCS#12 of a certificate and the key that [`make`](Self::make) sealed, under a fresh PIN; it has been read back.
    ///
    /// # Errors
    /// [`CentreError::DoesNotOpen`] when the key was sealed by another vault or for another request;
    /// [`CentreError::NotPacked`] when the certificate is for another key, or the file could not be made.
    fn pack(&self, packing: &Packing) -> Result<PackedKey, CentreError>;

    /// The PKCS#12 that [`pack`](Self::pack) sealed for that request, as the holder takes it away.
    ///
    /// # Errors
    /// [`CentreError::DoesNotOpen`].
    fn open(&self, request: &RequestId, file: &[u8]) -> Result<Zeroizing<Vec<u8>>, CentreError>;
}

/// A fresh key pair. Its private half is `sealed`, which is of use to the vault that sealed it only.
#[derive(Clone, Debug)]
pub struct MadeKey {
    /// The public half, for the request.
    pub public: SubjectKey,
    /// The private half, sealed; for `store`'s `keep_holder_key`, in the transaction that files the request.
    pub sealed: Vec<u8>,
}

/// What goes into a PKCS#12.
#[derive(Clone, Debug)]
pub struct Packing {
    /// Whose key it is.
    pub request: RequestId,
    /// The sealed private half.
    pub sealed_key: Vec<u8>,
    /// The holder's certificate, DER.
    pub certificate: Vec<u8>,
    /// The certificates above it, DER, the issuer's first.
    pub chain: Vec<Vec<u8>>,
    /// What key stores show for it.
    pub friendly_name: String,
    /// How the file is sealed under its PIN.
    pub form: FileForm,
}

/// How a PKCS#12 is sealed under its PIN.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum FileForm {
    /// PBES2 with AES-256 (RFC 8018): everything since about 2018.
    #[default]
    Modern,
    /// Triple DES and SHA-1, for old devices that read nothing else; refused unless the configuration allows it.
    Legacy,
}

impl FileForm {
    /// The word in the audit log: `aes-256` or `3des`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Modern => "aes-256",
            Self::Legacy => "3des",
        }
    }
}

/// A finished PKCS#12 and the PIN that opens it.
pub struct PackedKey {
    /// The file, sealed by the vault for its request: a row of the database opens neither without the vault nor without the PIN.
    pub sealed_file: Vec<u8>,
    /// The PIN, for the slip.
    pub pin: ShownPin,
}

/// A PIN on its way to the one page that shows it. Wiped when dropped; no `Debug`, no `Display`, so that it reaches no log.
pub struct ShownPin(Zeroizing<String>);

impl ShownPin {
    /// The PIN of these digits, in groups as the slip prints them: `1234 5678 …`.
    pub fn of_groups(spaced: Zeroizing<String>) -> Self {
        Self(spaced)
    }

    /// The groups of digits.
    pub fn groups(&self) -> impl Iterator<Item = &str> {
        self.0.split(' ')
    }
}

/// Why a key was not made, packed or opened. The causes are for the log.
#[derive(Debug, thiserror::Error)]
pub enum CentreError {
    /// No key was made, or it was not sealed.
    #[error("no key was made at the centre")]
    NotMade(#[source] Cause),
    /// What is kept for a holder does not open.
    #[error("what is kept for the holder does not open")]
    DoesNotOpen(#[source] Cause),
    /// There is no PKCS#12.
    #[error("the PKCS#12 was not made")]
    NotPacked(#[source] Cause),
}

/// The error below, for the log only.
pub type Cause = Box<dyn Error + Send + Sync>;

/// Whether old devices get a PKCS#12 they can read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LegacyFiles {
    /// No; the form does not offer it.
    #[default]
    Refuse,
    /// Whoever packs may choose it.
    Allow,
}

/// The keys of the centre with what the configuration says about them. Cheap to clone.
#[derive(Clone)]
pub struct Centre {
    keys: Arc<dyn CentreKeys>,
    legacy: LegacyFiles,
}

impl Centre {
    /// Puts `keys` at the desk's service.
    pub fn new(keys: Arc<dyn CentreKeys>, legacy: LegacyFiles) -> Self {
        Self { keys, legacy }
    }

    /// As [`CentreKeys::are_here`].
    pub fn is_open(&self) -> bool {
        self.keys.are_here()
    }

    /// Whether [`FileForm::Legacy`] may be chosen.
    pub const fn legacy(&self) -> LegacyFiles {
        self.legacy
    }

    /// As [`CentreKeys::make`], on a thread where waiting is allowed. Make the key before the transaction begins.
    ///
    /// # Errors
    /// As [`CentreKeys::make`].
    pub async fn make(&self, algorithm: KeyAlgorithm, request: &RequestId) -> Result<MadeKey, CentreError> {
        let (keys, request) = (Arc::clone(&self.keys), request.clone());
        let made = tokio::task::spawn_blocking(move || keys.make(algorithm, &request)).await;
        made.map_err(|ended| CentreError::NotMade(Box::new(ended)))?
    }

    /// As [`CentreKeys::pack`], on a thread where waiting is allowed.
    ///
    /// # Errors
    /// As [`CentreKeys::pack`].
    pub async fn pack(&self, packing: Packing) -> Result<PackedKey, CentreError> {
        let keys = Arc::clone(&self.keys);
        let packed = tokio::task::spawn_blocking(move || keys.pack(&packing)).await;
        packed.map_err(|ended| CentreError::NotPacked(Box::new(ended)))?
    }

    /// As [`CentreKeys::open`], on a thread where waiting is allowed.
    ///
    /// # Errors
    /// As [`CentreKeys::open`].
    pub async fn open(&self, request: &RequestId, file: Vec<u8>) -> Result<Zeroizing<Vec<u8>>, CentreError> {
        let (keys, request) = (Arc::clone(&self.keys), request.clone());
        let opened = tokio::task::spawn_blocking(move || keys.open(&request, &file)).await;
        opened.map_err(|ended| CentreError::DoesNotOpen(Box::new(ended)))?
    }
}

impl fmt::Debug for Centre {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Centre").field("legacy", &self.legacy).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pin_is_shown_in_its_groups() {
        let pin = ShownPin::of_groups(Zeroizing::new("0123 4567 8901".to_owned()));
        assert_eq!(pin.groups().collect::<Vec<_>>(), ["0123", "4567", "8901"]);
    }
}
