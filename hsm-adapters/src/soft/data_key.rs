//! A data key in the folder of the software keys: 256 random bits that seal something else, themselves sealed by the
//! folder's passphrase in a file of the same form as the keys. It signs nothing and is not listed among the keys.

use aws_lc_rs::rand;
use ca_core::digest::{constant_time_eq, sha256};
use pkcs8::der::Encode;
use pkcs8::der::asn1::ObjectIdentifier;
use pkcs8::spki::AlgorithmIdentifierRef;
use zeroize::Zeroizing;

use super::SoftKeys;
use super::keyfile::{self, KeyFileError};

/// id-aes256-GCM (RFC 5084 §3.2): what the key is for, where a key pair's file says rsaEncryption.
const AES_256_GCM: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.1.46");

const KEY_BYTES: usize = 32;

/// How a data key is recognised, in octets of a digest of it: neither secret nor of use to a guesser of 256 bits.
pub(crate) const CHECK_BYTES: usize = 8;

/// A data key in memory. No `Debug`.
pub(crate) struct DataKey {
    /// The key, wiped when dropped.
    pub(crate) key: Zeroizing<[u8; KEY_BYTES]>,
    /// What names it.
    pub(crate) check: [u8; CHECK_BYTES],
}

impl DataKey {
    fn of(key: Zeroizing<[u8; KEY_BYTES]>) -> Self {
        let mut named = Zeroizing::new([0u8; 16 + KEY_BYTES]);
        for (to, from) in named.iter_mut().zip(b"lgpki data key 1".iter().chain(key.iter())) {
            *to = *from;
        }
        let mut check = [0u8; CHECK_BYTES];
        for (to, from) in check.iter_mut().zip(sha256(named.as_slice())) {
            *to = from;
        }
        Self { key, check }
    }
}

impl SoftKeys {
    /// Makes a data key and seals it into the new file `name` of the folder. On return it is on the disk.
    ///
    /// # Errors
    /// [`KeyFileError::Exists`], `Io`, `NotSealed`.
    pub(crate) fn create_data_key(&self, name: &str) -> Result<DataKey, KeyFileError> {
        let path = self.folder.join(name);
        let not_sealed = || KeyFileError::NotSealed { path: path.clone() };
        let mut key = Zeroizing::new([0u8; KEY_BYTES]);
        rand::fill(key.as_mut_slice()).map_err(|_| not_sealed())?;
        let key = DataKey::of(key);
        let mut content = Zeroizing::new(Vec::with_capacity(KEY_BYTES + CHECK_BYTES));
        content.extend_from_slice(key.key.as_slice());
        content.extend_from_slice(&key.check);
        let algorithm = AlgorithmIdentifierRef { oid: AES_256_GCM, parameters: None };
        let info = pkcs8::PrivateKeyInfo::new(algorithm, &content).to_der().map_err(|_| not_sealed())?;
        keyfile::create(&path, &Zeroizing::new(info), &self.secret)?;
        Ok(key)
    }

    /// The data key in the file `name` of the folder.
    ///
    /// # Errors
    /// As for a key's file; [`KeyFileError::Damaged`] when what is sealed there is no data key, or not the one that was.
    pub(crate) fn open_data_key(&self, name: &str) -> Result<DataKey, KeyFileError> {
        let path = self.folder.join(name);
        let damaged = || KeyFileError::Damaged { path: path.clone() };
        let der = keyfile::open(&path, &self.secret)?;
        let info = pkcs8::PrivateKeyInfo::try_from(der.as_slice()).map_err(|_| damaged())?;
        let (key, check) = info.private_key.split_at_checked(KEY_BYTES).ok_or_else(damaged)?;
        let key = <[u8; KEY_BYTES]>::try_from(key).map(Zeroizing::new).map_err(|_| damaged())?;
        let key = DataKey::of(key);
        // The seal is CBC without a code: a flipped bit would otherwise make another key, under which nothing opens.
        let same = info.algorithm.oid == AES_256_GCM && constant_time_eq(check, &key.check);
        if same { Ok(key) } else { Err(damaged()) }
    }
}
