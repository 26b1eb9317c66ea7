//! The last look at a CRL before it is stored. What is wrong here never leaves: relying parties keep a bad CRL until its
//! nextUpdate, and one with a lost entry makes a revoked certificate good again.
//!
//! The octets are parsed again, so the writer is checked by the reader; the signature was made by the key store and is
//! verified by another library. That no entry got lost was seen when the entries were gathered ([`crate::succession`]).

use std::io::Read;

use ca_core::certificate::Certificate;
use ca_core::key::SignatureAlgorithm;
use ca_core::oid;
use ca_core::serial::SerialNumber;
use ca_core::time::Timestamp;
use ca_core::verify::verify_message;

use crate::build::CrlContent;
use crate::draft::Sum;
use crate::inspect::CertificateList;
use crate::reader::{CrlError, CrlReader, Signed};

/// What is wrong with a CRL.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CheckError {
    /// It cannot be read back.
    #[error(transparent)]
    Unreadable(#[from] CrlError),
    /// It is not signed by the authority's key.
    #[error("the signature does not verify with the issuer's key")]
    Signature,
    /// It reads differently from what was to be written.
    #[error("the CRL's {0} is not what was to be written")]
    Differs(&'static str),
    /// Its number does not rise.
    #[error("CRL number {number} does not rise above {previous}")]
    NumberDoesNotRise {
        /// The new CRL's.
        number: u64,
        /// The latest stored CRL's.
        previous: u64,
    },
    /// It is dated before the CRL it follows: the clock went back.
    #[error("thisUpdate {this_update} is before that of the previous CRL, {previous}", this_update = .this_update.rfc3339(), previous = .previous.rfc3339())]
    DatedBack {
        /// The new CRL's.
        this_update: Timestamp,
        /// The latest stored CRL's.
        previous: Timestamp,
    },
    /// An entry of the previous CRL is missing although it is still owed: an old backup was restored, or the date of a
    /// revocation has changed.
    #[error("the entry of certificate {0} is lost")]
    EntryLost(SerialNumber),
}

/// Reads a signed CRL and holds it against what was to be written: `content`, and that many entries with that sum.
///
/// # Errors
/// [`CheckError::Unreadable`], [`CheckError::Signature`], [`CheckError::Differs`].
pub fn check_written(der: impl Read, content: &CrlContent<'_>, (count, sum): (u64, Sum)) -> Result<(), CheckError> {
    let mut reader = CrlReader::open(der)?;
    let (mut found, mut last) = (Sum::default(), None);
    while let Some(entry) = reader.entry()? {
        found.add(&entry);
        if last.as_ref().is_some_and(|last| *last >= entry.serial) {
            return Err(CheckError::Differs("order"));
        }
        last = Some(entry.serial);
    }
    let as_many = reader.count() == count;
    let (header, trailer) = reader.finish()?;
    verify_signature(content.issuer, header.algorithm, (&trailer.signed, &trailer.signature))?;
    let extensions: Vec<_> =
        content.extensions().map(|(id, critical)| (oid::dotted(id.as_bytes()), critical)).collect();
    let as_meant = [
        ("issuer", header.issuer.as_der() == content.issuer.subject().as_der()),
        ("authority key identifier", trailer.authority_key_identifier == Some(content.issuer.key_identifier())),
        ("number", trailer.number == Some(content.number)),
        ("base number", trailer.base_number == content.base_number),
        ("thisUpdate", header.this_update == content.this_update.whole_seconds()),
        ("nextUpdate", header.next_update == Some(content.next_update.whole_seconds())),
        ("validity", content.next_update.whole_seconds() > content.this_update.whole_seconds()),
        ("entries", as_many && found == sum),
        ("extensions", trailer.extensions.iter().map(|one| (one.oid.clone(), one.critical)).eq(extensions)),
    ];
    match as_meant.iter().find(|(_, same)| !same) {
        Some((what, _)) => Err(CheckError::Differs(what)),
        None => Ok(()),
    }
}

/// Errors unless the signature of a CRL is that of `issuer`'s key.
///
/// # Errors
/// [`CheckError::Signature`].
pub fn verify_signature(
    issuer: &Certificate,
    algorithm: SignatureAlgorithm,
    (signed, signature): (&Signed, &[u8]),
) -> Result<(), CheckError> {
    verify_message(issuer.key(), algorithm, signed.message(), signature).map_err(|_| CheckError::Signature)
}

impl CertificateList {
    /// Errors unless the signature is that of `issuer`'s key.
    ///
    /// # Errors
    /// [`CheckError::Signature`].
    pub fn verify(&self, issuer: &Certificate) -> Result<(), CheckError> {
        verify_signature(issuer, self.algorithm, (&self.signed, &self.signature))
    }
}
