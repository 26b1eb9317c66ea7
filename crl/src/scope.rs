//! What a CRL covers. Only full CRLs so far; the name is here so that a CRL never goes without one.

/// The certificates a CRL speaks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// All certificates of the issuer: no issuingDistributionPoint (RFC 5280 §5.2.5).
    Full,
}
