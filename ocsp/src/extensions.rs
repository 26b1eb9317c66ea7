//! The Extensions of requests and answers: the nonce (RFC 9654) and the archive cutoff (RFC 6960 §4.4.4) are understood, others are
//! ignored unless critical.

use ca_core::der::{DerError, Reader, Writer, tag};
use ca_core::oid::{self, Oid};
use ca_core::time::Timestamp;

/// Lengths a nonce may have, in octets (RFC 9654 §2.1). 32 are typical, 16 the old default of OpenSSL.
pub const NONCE_OCTETS: std::ops::RangeInclusive<usize> = 1..=128;

/// Why Extensions are not accepted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ExtensionError {
    /// Not DER, or not in the shape of Extensions.
    #[error(transparent)]
    Der(#[from] DerError),
    /// A nonce of no octets, or more than 128.
    #[error("the nonce has {0} octets, 1 to 128 are allowed")]
    NonceLength(usize),
    /// Two nonces.
    #[error("there are two nonces")]
    TwoNonces,
    /// A critical extension with an unknown meaning; the dotted OID.
    #[error("the critical extension {0} is not known")]
    UnknownCritical(String),
}

/// Reads `Extensions` of a request or an answer and gives the nonce, if there is one.
///
/// # Errors
/// Every [`ExtensionError`].
pub(crate) fn read_nonce(extensions: &[u8]) -> Result<Option<Vec<u8>>, ExtensionError> {
    let mut nonce = None;
    read(extensions, oid::OCSP_NONCE, |value| {
        let mut inner = Reader::new(value);
        let octets = inner.expect(tag::OCTET_STRING)?;
        inner.finish()?;
        if !NONCE_OCTETS.contains(&octets.len()) {
            return Err(ExtensionError::NonceLength(octets.len()));
        }
        if nonce.replace(octets.to_vec()).is_some() { Err(ExtensionError::TwoNonces) } else { Ok(()) }
    })?;
    Ok(nonce)
}

/// Reads `Extensions` of what is said about one certificate and gives the archive cutoff (RFC 6960 §4.4.4), if there is one.
///
/// # Errors
/// [`ExtensionError`]; two of them are malformed.
pub(crate) fn read_archive_cutoff(extensions: &[u8]) -> Result<Option<Timestamp>, ExtensionError> {
    let mut cutoff = None;
    read(extensions, oid::OCSP_ARCHIVE_CUTOFF, |value| {
        let mut inner = Reader::new(value);
        let at = inner.time()?;
        inner.finish()?;
        if cutoff.replace(at).is_some() { Err(DerError::Value("one archive cutoff").into()) } else { Ok(()) }
    })?;
    Ok(cutoff)
}

/// Gives `take` the value of each extension with that name; no other may be critical.
fn read(
    extensions: &[u8],
    known: Oid,
    mut take: impl FnMut(&[u8]) -> Result<(), ExtensionError>,
) -> Result<(), ExtensionError> {
    let mut list = Reader::of_sequence(extensions)?;
    while !list.is_empty() {
        let mut extension = list.sequence()?;
        let id = extension.oid()?;
        let critical = extension.peek() == Some(tag::BOOLEAN) && extension.boolean()?;
        let value = extension.expect(tag::OCTET_STRING)?;
        extension.finish()?;
        if id == known.as_bytes() {
            take(value)?;
        } else if critical {
            return Err(ExtensionError::UnknownCritical(oid::dotted(id)));
        }
    }
    Ok(())
}

/// Writes `[context] EXPLICIT Extensions` with this nonce.
pub(crate) fn write_nonce(writer: &mut Writer, context: u8, nonce: &[u8]) {
    writer.constructed(tag::context_constructed(context), |w| {
        w.sequence(|w| {
            w.sequence(|w| {
                w.octet_string_of(|w| w.octet_string(nonce));
                w.oid(oid::OCSP_NONCE);
            });
        });
    });
}

/// Writes `[1] EXPLICIT Extensions`, those of what is said about one certificate, with this archive cutoff; whole seconds.
pub(crate) fn write_archive_cutoff(writer: &mut Writer, cutoff: Timestamp) {
    writer.constructed(tag::context_constructed(1), |w| {
        w.sequence(|w| {
            w.sequence(|w| {
                w.octet_string_of(|w| w.generalized_time(cutoff));
                w.oid(oid::OCSP_ARCHIVE_CUTOFF);
            });
        });
    });
}
