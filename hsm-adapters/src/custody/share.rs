//! One custodian's share, in its file: armour after RFC 7468 around
//!
//! ```text
//! SEQUENCE {
//!   SEQUENCE {                      -- the head, which anybody may read
//!     version    INTEGER (1),
//!     set        OCTET STRING (16),
//!     number     INTEGER (1..16),   least INTEGER,  of INTEGER,
//!     custodian  UTF8String,        opens UTF8String,
//!     madeAt     GeneralizedTime,
//!     digest     OCTET STRING (32)  -- recognises the secret
//!   },
//!   EncryptedPrivateKeyInfo,        -- the share, sealed with the custodian's passphrase as key files are
//!   checksum     OCTET STRING (32)  -- SHA-256 of both: damage is found before anybody types a passphrase
//! }
//! ```
//!
//! What is sealed carries the head's SHA-256, so that a head that was changed is found when the share opens. The text above
//! the armour is for people and is not read.

use super::shamir::Point;
use super::{Quorum, SECRET_BYTES, SetId};
use crate::Passphrase;
use crate::soft::derive::FolderSecret;
use crate::soft::keyfile::{self, KeyFileError, NotUnsealed};
use crate::soft::wrapped::{armoured, open_share, seal_share, unarmoured};
use ca_core::der::{DerError, Reader, Writer, tag};
use ca_core::digest::{constant_time_eq, hex, sha256};
use ca_core::name::CertificateText;
use ca_core::time::Timestamp;
use std::path::Path;
use zeroize::Zeroizing;

const LABEL: &str = "LGPKI CUSTODY SHARE";
const VERSION: u64 = 1;
/// Rounds of PBKDF2 for new files (OWASP 2023, HMAC-SHA256): the passphrase is a person's, and the file lies in a drawer.
const ITERATIONS: u32 = 600_000;
/// Shorter ones are guessed faster than 600,000 rounds slow a guesser down.
const SHORTEST_PASSPHRASE: usize = 8;
/// No share file is larger; what is, is something else.
const LARGEST_FILE: usize = 16 * 1024;

/// What a share says about itself. Not secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShareHead {
    /// The set it belongs to.
    pub set: SetId,
    /// Its number, from 1.
    pub number: u8,
    /// How many of the set are needed.
    pub quorum: Quorum,
    /// Whose it is.
    pub custodian: String,
    /// The key store the secret opens.
    pub opens: String,
    /// When the set was made.
    pub made_at: Timestamp,
    /// Recognises the secret.
    pub digest: [u8; 32],
}

/// A share in memory. It has no `Debug`; the part that counts is wiped when dropped.
pub struct Share {
    pub(super) head: ShareHead,
    pub(super) point: Point,
}

/// A share as it is kept: read by anybody, opened by its custodian.
#[derive(Clone)]
pub struct SealedShare {
    head: ShareHead,
    /// An `EncryptedPrivateKeyInfo`, DER.
    sealed: Vec<u8>,
}

/// What is wrong with a share or its file.
#[derive(Debug, thiserror::Error)]
pub enum ShareError {
    /// There is no armour of ours in it.
    #[error("it is no custodian's share: the lines -----BEGIN {LABEL}----- and -----END {LABEL}----- are not there")]
    NoShare,
    /// Something between the lines is damaged.
    #[error("it is damaged: a character is missing or changed")]
    Damaged,
    /// It is in order but says what cannot be.
    #[error("it is damaged, or made by something else: {0}")]
    Malformed(&'static str),
    /// A later program wrote it.
    #[error("it is of version {0}, which this program does not know")]
    Version(u64),
    /// The passphrase is wrong, or the sealed part is damaged.
    #[error("it does not open: the passphrase is not the one {0} chose")]
    WrongPassphrase(String),
    /// Sealed in another way than this program does.
    #[error("it is sealed with an algorithm other than PBKDF2-HMAC-SHA256 with AES-256-CBC")]
    UnknownSeal,
    /// What was sealed belongs under another head.
    #[error("what it says about itself is not what was sealed with it: somebody has changed it")]
    Forged,
    /// The passphrase chosen for it is short.
    #[error("the passphrase of a share has {SHORTEST_PASSPHRASE} characters at least")]
    ShortPassphrase,
    /// It could not be sealed: the library or the system's randomness failed.
    #[error("it could not be sealed")]
    NotSealed,
    /// The file.
    #[error(transparent)]
    File(#[from] KeyFileError),
}

impl From<DerError> for ShareError {
    fn from(_: DerError) -> Self {
        Self::Damaged
    }
}

impl Share {
    /// What it says about itself.
    pub const fn head(&self) -> &ShareHead {
        &self.head
    }

    /// The share as one line of hexadecimal digits, opened: to be carried to the process that gathers, and nowhere else.
    pub fn carried(&self) -> Zeroizing<String> {
        let head = self.head.to_der();
        let mut octets = Zeroizing::new(Vec::with_capacity(head.len() + SECRET_BYTES));
        octets.extend_from_slice(&self.point.y);
        octets.extend_from_slice(&head);
        Zeroizing::new(hex(&octets))
    }

    /// The share that was carried as that line.
    ///
    /// # Errors
    /// [`ShareError::Damaged`], `Malformed`, `Version`.
    pub fn of_carried(line: &str) -> Result<Self, ShareError> {
        let digit = |octet: u8| char::from(octet).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
        let octet = |pair: &[u8]| match pair {
            [high, low] => Some(digit(*high)? << 4 | digit(*low)?),
            _ => None,
        };
        // The full room at once: a growing vector would leave copies behind.
        let mut octets = Zeroizing::new(Vec::with_capacity(line.len() / 2));
        for pair in line.as_bytes().chunks(2) {
            octets.push(octet(pair).ok_or(ShareError::Damaged)?);
        }
        let (value, head) = octets.split_at_checked(SECRET_BYTES).ok_or(ShareError::Damaged)?;
        let head = ShareHead::from_der(head)?;
        let point = Point { x: head.number, y: Zeroizing::new(value.to_vec()) };
        Ok(Self { head, point })
    }

    /// The share sealed with its custodian's passphrase. Takes about a second of derivation.
    ///
    /// # Errors
    /// [`ShareError::ShortPassphrase`], `NotSealed`.
    pub fn seal(&self, passphrase: Passphrase) -> Result<SealedShare, ShareError> {
        if passphrase.as_bytes().len() < SHORTEST_PASSPHRASE {
            return Err(ShareError::ShortPassphrase);
        }
        self.seal_with_iterations(passphrase, ITERATIONS)
    }

    /// As [`Self::seal`] with that many rounds of PBKDF2, for tests.
    ///
    /// # Errors
    /// As there.
    pub fn seal_with_iterations(&self, passphrase: Passphrase, iterations: u32) -> Result<SealedShare, ShareError> {
        let head = self.head.to_der();
        let mut content = Zeroizing::new(Vec::with_capacity(32 + SECRET_BYTES));
        content.extend_from_slice(&sha256(&head));
        content.extend_from_slice(&self.point.y);
        let secret = FolderSecret::new(passphrase, iterations, None);
        let sealed = seal_share(&content, &secret).ok_or(ShareError::NotSealed)?;
        Ok(SealedShare { head: self.head.clone(), sealed })
    }
}

impl SealedShare {
    /// The share in the text of a file.
    ///
    /// # Errors
    /// Every [`ShareError`] but those of opening and sealing.
    pub fn parse(text: &[u8]) -> Result<Self, ShareError> {
        if text.len() > LARGEST_FILE {
            return Err(ShareError::NoShare);
        }
        let text = std::str::from_utf8(text).map_err(|_| ShareError::NoShare)?;
        let armour = text.find(&format!("-----BEGIN {LABEL}-----")).and_then(|begin| text.get(begin..));
        let der = unarmoured(armour.ok_or(ShareError::NoShare)?, LABEL).ok_or(ShareError::Damaged)?;
        let mut fields = Reader::of_sequence(&der)?;
        let (head, sealed) = (fields.element()?, fields.element()?);
        let checksum = fields.expect(tag::OCTET_STRING)?;
        fields.finish()?;
        if !constant_time_eq(checksum, &checksum_of(head.whole, sealed.whole)) {
            return Err(ShareError::Damaged);
        }
        Ok(Self { head: ShareHead::from_der(head.whole)?, sealed: sealed.whole.to_vec() })
    }

    /// The share in the file `path`, which only its owner may read.
    ///
    /// # Errors
    /// As [`Self::parse`], and [`ShareError::File`].
    pub fn from_file(path: &Path) -> Result<Self, ShareError> {
        Self::parse(keyfile::text(path)?.as_bytes())
    }

    /// What it says about itself.
    pub const fn head(&self) -> &ShareHead {
        &self.head
    }

    /// Opens it. Takes about a second of derivation.
    ///
    /// # Errors
    /// [`ShareError::WrongPassphrase`], `UnknownSeal`, `Forged`, `Damaged`.
    pub fn open(&self, passphrase: Passphrase) -> Result<Share, ShareError> {
        let secret = FolderSecret::new(passphrase, ITERATIONS, None);
        let content = open_share(&self.sealed, &secret);
        let content = content.map_err(|why| match why {
            NotUnsealed::Damaged => ShareError::Damaged,
            NotUnsealed::UnknownSeal => ShareError::UnknownSeal,
            NotUnsealed::WrongPassphrase => ShareError::WrongPassphrase(self.head.custodian.clone()),
        })?;
        let (bound_to, value) = content.split_at_checked(32).ok_or(ShareError::Damaged)?;
        if value.len() != SECRET_BYTES || !constant_time_eq(bound_to, &sha256(&self.head.to_der())) {
            return Err(ShareError::Forged);
        }
        let point = Point { x: self.head.number, y: Zeroizing::new(value.to_vec()) };
        Ok(Share { head: self.head.clone(), point })
    }

    /// The text of its file: a few lines for people, then the armour.
    ///
    /// # Errors
    /// [`ShareError::NotSealed`] when it is longer than any file read.
    pub fn to_text(&self) -> Result<String, ShareError> {
        let ShareHead { set, number, quorum, custodian, opens, made_at, .. } = &self.head;
        let (least, of) = (quorum.least(), quorum.of());
        let head = self.head.to_der();
        let der = Writer::build(|all| {
            all.sequence(|fields| {
                fields.octet_string(&checksum_of(&head, &self.sealed));
                fields.raw(&self.sealed);
                fields.raw(&head);
            });
        });
        let armour = armoured(&der, LABEL).ok_or(ShareError::NotSealed)?;
        Ok(format!(
            "Share {number} of {of} of what opens the key store {opens}; any {least} open it, fewer tell nothing.\n\
             Custodian: {custodian}\n\
             Set: {set}, made {}\n\
             Keep this file and its passphrase apart, and away from the other shares.\n\n{}",
            made_at.rfc3339(),
            *armour
        ))
    }

    /// Writes it into the new file `path`, mode 0600. On return it is on the disk.
    ///
    /// # Errors
    /// [`ShareError::File`] when the name is taken or the system refuses; `NotSealed`.
    pub fn write(&self, path: &Path) -> Result<(), ShareError> {
        Ok(keyfile::place(path, &self.to_text()?)?)
    }
}

impl ShareHead {
    fn to_der(&self) -> Vec<u8> {
        Writer::build(|head| {
            head.sequence(|fields| {
                fields.octet_string(&self.digest);
                fields.generalized_time(self.made_at);
                fields.primitive(tag::UTF8_STRING, self.opens.as_bytes());
                fields.primitive(tag::UTF8_STRING, self.custodian.as_bytes());
                fields.integer(self.quorum.of().into());
                fields.integer(self.quorum.least().into());
                fields.integer(self.number.into());
                fields.octet_string(&self.set.0);
                fields.integer(VERSION);
            });
        })
    }

    fn from_der(der: &[u8]) -> Result<Self, ShareError> {
        let mut fields = Reader::of_sequence(der)?;
        match fields.small_integer()? {
            VERSION => {}
            other => return Err(ShareError::Version(other)),
        }
        let set = fields.expect(tag::OCTET_STRING)?;
        let set = SetId(set.try_into().map_err(|_| ShareError::Malformed("its set has no id of 16 octets"))?);
        let small = |number: u64| u8::try_from(number).map_err(|_| ShareError::Malformed("a number is too large"));
        let (number, least, of) =
            (small(fields.small_integer()?)?, small(fields.small_integer()?)?, small(fields.small_integer()?)?);
        let quorum = Quorum::new(least, of).map_err(|_| ShareError::Malformed("no such number of custodians"))?;
        if !(1..=of).contains(&number) {
            return Err(ShareError::Malformed("its number is none of the set's"));
        }
        let custodian = name(fields.expect(tag::UTF8_STRING)?)?;
        let opens = name(fields.expect(tag::UTF8_STRING)?)?;
        let made_at = fields.time()?;
        let digest = fields.expect(tag::OCTET_STRING)?;
        let digest = digest.try_into().map_err(|_| ShareError::Malformed("its digest is not of 32 octets"))?;
        fields.finish()?;
        Ok(Self { set, number, quorum, custodian, opens, made_at, digest })
    }
}

fn name(octets: &[u8]) -> Result<String, ShareError> {
    let text = std::str::from_utf8(octets).ok().filter(|text| is_name(text));
    text.map(str::to_owned).ok_or(ShareError::Malformed("a name cannot be read"))
}

/// Whether a text is a name: 1 to 64 characters, all of them such as may stand in a certificate.
pub(super) fn is_name(text: &str) -> bool {
    (1..=64).contains(&text.chars().count()) && CertificateText::parse(text).is_ok()
}

fn checksum_of(head: &[u8], sealed: &[u8]) -> [u8; 32] {
    let mut both = Vec::with_capacity(head.len() + sealed.len());
    both.extend_from_slice(head);
    both.extend_from_slice(sealed);
    sha256(&both)
}

#[cfg(test)]
mod tests;
