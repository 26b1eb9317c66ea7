//! The Extensions of requests and answers: the nonce (RFC 9654) is understood, others are ignored unless critical.

use ca_core::der::{DerError, Reader, Writer, tag};
use ca_core::oid;

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

/// Reads `Extensions` and gives the nonce, if there is one.
///
/// # Errors
/// Every [`ExtensionError`].
pub(crate) fn read_nonce(extensions: &[u8]) -> Result<Option<Vec<u8>>, ExtensionError> {
    let mut nonce = None;
    let mut list = Reader::of_sequence(extensions)?;
    while !list.is_empty() {
        let mut extension = list.sequence()?;
        let id = extension.oid()?;
        let critical = extension.peek() == Some(tag::BOOLEAN) && extension.boolean()?;
        let value = extension.expect(tag::OCTET_STRING)?;
        extension.finish()?;
        if id == oid::OCSP_NONCE.as_bytes() {
            let mut inner = Reader::new(value);
            let octets = inner.expect(tag::OCTET_STRING)?;
            inner.finish()?;
            if !NONCE_OCTETS.contains(&octets.len()) {
                return Err(ExtensionError::NonceLength(octets.len()));
            }
            if nonce.replace(octets.to_vec()).is_some() {
                return Err(ExtensionError::TwoNonces);
            }
        } else if critical {
            return Err(ExtensionError::UnknownCritical(oid::dotted(id)));
        }
    }
    Ok(nonce)
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
