//! Campaigns: a fleet of certificates moves to new cryptography (新暗号対応). What is old is said once, organisations are dealt
//! to waves, and how far it is follows from the certificates that exist: old and new are valid side by side until the holder
//! revokes the old one. This module has the rules; rows are in `store`, the survey is in `lgpki`.

mod standing;
mod waves;

pub use standing::{CertificateName, Certified, ItemStanding, Replacements, Tally};
pub use waves::{Schedule, ScheduleError, Wave, deal};

use crate::id::AuthorityId;
use crate::key::KeyAlgorithm;

/// Which certificates are old: those of a kind of key, and those of a generation of an authority. Kept in the database as the
/// words of both.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OldKinds {
    keys: Vec<KeyAlgorithm>,
    authorities: Vec<AuthorityId>,
}

/// Nothing would be old.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("neither a kind of key nor an authority is called old")]
pub struct NothingOld;

impl OldKinds {
    /// Certificates of holders' keys of these kinds, or issued by these generations. Errors: both are empty.
    pub fn new(keys: Vec<KeyAlgorithm>, authorities: Vec<AuthorityId>) -> Result<Self, NothingOld> {
        if keys.is_empty() && authorities.is_empty() {
            return Err(NothingOld);
        }
        Ok(Self { keys, authorities })
    }

    /// Whether a certificate by that authority, of a key of that kind, is old.
    pub fn cover(&self, authority: &AuthorityId, key: KeyAlgorithm) -> bool {
        self.authorities.contains(authority) || self.keys.contains(&key)
    }

    /// The kinds of keys.
    pub fn keys(&self) -> &[KeyAlgorithm] {
        &self.keys
    }

    /// The generations of authorities.
    pub fn authorities(&self) -> &[AuthorityId] {
        &self.authorities
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_certificate_is_old_by_its_key_or_by_its_authority() {
        let (first, second) = (AuthorityId::parse("ca").unwrap(), AuthorityId::parse("ca-g2").unwrap());
        let old = OldKinds::new(vec![KeyAlgorithm::Rsa2048], vec![first.clone()]).unwrap();
        assert!(old.cover(&first, KeyAlgorithm::P256));
        assert!(old.cover(&second, KeyAlgorithm::Rsa2048));
        assert!(!old.cover(&second, KeyAlgorithm::P256));
        assert_eq!(OldKinds::new(Vec::new(), Vec::new()), Err(NothingOld));
    }
}
