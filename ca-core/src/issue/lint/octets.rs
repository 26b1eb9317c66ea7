//! Fields of a certificate of which the other implementation does not show the octets.

use crate::der::{DerError, Element, Reader, tag};

/// Those fields.
pub(super) struct Octets<'a> {
    /// Content of the version field, an INTEGER with its header; `None` where it is left out (v1).
    pub(super) version: Option<&'a [u8]>,
    /// The AlgorithmIdentifier inside the signed part.
    pub(super) inner_algorithm: &'a [u8],
    /// The AlgorithmIdentifier beside the signature.
    pub(super) outer_algorithm: &'a [u8],
    /// notBefore and notAfter.
    pub(super) times: [Element<'a>; 2],
    /// The list of extensions; `None` where there is none.
    pub(super) extensions: Option<Reader<'a>>,
}

impl<'a> Octets<'a> {
    /// Reads them. Errors when `der` is no certificate.
    pub(super) fn of(der: &'a [u8]) -> Result<Self, DerError> {
        let mut certificate = Reader::of_sequence(der)?;
        let mut tbs = certificate.sequence()?;
        let version = tbs.optional(tag::context_constructed(0))?;
        tbs.expect(tag::INTEGER)?;
        let inner_algorithm = tbs.expect_element(tag::SEQUENCE)?.whole;
        tbs.expect(tag::SEQUENCE)?;
        let mut validity = tbs.sequence()?;
        let times = [validity.element()?, validity.element()?];
        tbs.expect(tag::SEQUENCE)?;
        tbs.expect(tag::SEQUENCE)?;
        tbs.optional(tag::context(1))?;
        tbs.optional(tag::context(2))?;
        let extensions = tbs.optional(tag::context_constructed(3))?.map(Reader::of_sequence).transpose()?;
        let outer_algorithm = certificate.expect_element(tag::SEQUENCE)?.whole;
        Ok(Self { version, inner_algorithm, outer_algorithm, times, extensions })
    }
}
