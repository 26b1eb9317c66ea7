//! Which revoked certificates a CRL lists.
//!
//! An entry stays until a CRL made after the certificate's expiry has carried it (RFC 5280 §3.3), so nobody who looks at
//! every CRL can miss it. The rule looks at the previous CRL only and needs no memory of its own.

use ca_core::revocation::RevocationReason;
use ca_core::serial::SerialNumber;
use ca_core::time::Timestamp;

/// One entry of a CRL (RFC 5280 §5.3).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CrlEntry {
    /// The certificate.
    pub serial: SerialNumber,
    /// revocationDate; whole seconds.
    pub revoked_at: Timestamp,
    /// reasonCode; `Unspecified` is written by leaving it out (RFC 5280 §5.3.1).
    pub reason: RevocationReason,
    /// invalidityDate; whole seconds.
    pub invalidity_at: Option<Timestamp>,
}

/// A revoked certificate with what decides whether it is still listed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Revoked {
    /// What the CRL says.
    pub entry: CrlEntry,
    /// The last instant of the certificate's validity.
    pub not_after: Timestamp,
}

impl Revoked {
    /// Whether the next CRL lists it. `previous` is the thisUpdate of the latest stored CRL.
    pub fn is_listed(&self, previous: Option<Timestamp>) -> bool {
        // The previous CRL came after the expiry and after the revocation: it was the last one owed.
        previous.is_none_or(|previous| self.not_after >= previous || self.entry.revoked_at >= previous)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn revoked(revoked_at: i64, not_after: i64) -> Revoked {
        let entry = CrlEntry {
            serial: SerialNumber::from_bytes(&[1]).unwrap(),
            revoked_at: Timestamp::from_seconds(revoked_at),
            reason: RevocationReason::Unspecified,
            invalidity_at: None,
        };
        Revoked { entry, not_after: Timestamp::from_seconds(not_after) }
    }

    #[test]
    fn an_expired_certificate_is_listed_once_more() {
        let at = |seconds| Some(Timestamp::from_seconds(seconds));
        let expired = revoked(10, 100);
        assert!(expired.is_listed(None));
        assert!(expired.is_listed(at(50)), "still valid at the previous CRL");
        assert!(expired.is_listed(at(100)), "valid in its last second");
        assert!(!expired.is_listed(at(101)), "the previous CRL came after the expiry");
    }

    #[test]
    fn a_certificate_revoked_after_its_expiry_is_listed_once() {
        let late = revoked(200, 100);
        assert!(late.is_listed(Some(Timestamp::from_seconds(150))));
        assert!(!late.is_listed(Some(Timestamp::from_seconds(201))));
    }
}
