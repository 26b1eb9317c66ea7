//! A CRL taken apart in memory, for people, for clients and for tests; lists that may be long are read by [`crate::reader`].

use ca_core::key::SignatureAlgorithm;
use ca_core::name::DistinguishedName;
use ca_core::time::Timestamp;

use crate::entries::CrlEntry;
pub use crate::reader::{CrlError, CrlExtension};
use crate::reader::{CrlHeader, CrlReader, CrlTrailer, Signed};

/// A CRL taken apart; nothing in it has been verified.
#[derive(Clone, Debug)]
pub struct CertificateList {
    /// Who signed it, as it says.
    pub issuer: DistinguishedName,
    /// When it was made.
    pub this_update: Timestamp,
    /// When the next will exist.
    pub next_update: Option<Timestamp>,
    /// The revoked certificates, in order.
    pub entries: Vec<CrlEntry>,
    /// cRLNumber; `None` when absent or beyond 64 bits.
    pub number: Option<u64>,
    /// BaseCRLNumber, in a delta.
    pub base_number: Option<u64>,
    /// keyIdentifier of authorityKeyIdentifier.
    pub authority_key_identifier: Option<Vec<u8>>,
    /// Every extension of the list, in order.
    pub extensions: Vec<CrlExtension>,
    /// How it is signed.
    pub algorithm: SignatureAlgorithm,
    /// What the signature covers.
    pub signed: Signed,
    /// The signature.
    pub signature: Vec<u8>,
}

impl CertificateList {
    /// Reads a CRL of version 2, DER. An unknown critical extension of the list is no error here: it is in `extensions`.
    ///
    /// # Errors
    /// Every [`CrlError`].
    pub fn parse(der: &[u8]) -> Result<Self, CrlError> {
        let mut reader = CrlReader::open(der)?;
        let mut entries = Vec::new();
        while let Some(entry) = reader.entry()? {
            entries.push(entry);
        }
        let (header, trailer) = reader.finish()?;
        let CrlHeader { issuer, this_update, next_update, algorithm } = header;
        let CrlTrailer { number, base_number, authority_key_identifier, extensions, signed, signature } = trailer;
        Ok(Self {
            issuer,
            this_update,
            next_update,
            entries,
            number,
            base_number,
            authority_key_identifier,
            extensions,
            algorithm,
            signed,
            signature,
        })
    }
}
