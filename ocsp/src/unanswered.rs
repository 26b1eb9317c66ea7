//! Certificates that somebody has asked for and that had no answer signed ahead: the pre-signer takes them first. Those that
//! have one are marked where it stands, in `shelf`.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Mutex, PoisonError};

use ca_core::id::AuthorityId;
use ca_core::serial::SerialNumber;

/// The most that are remembered for an authority; who is asked for again is remembered later.
const MOST: usize = 4096;

/// What was asked for since the pre-signer has looked.
#[derive(Debug, Default)]
pub(crate) struct Unanswered(Mutex<HashMap<AuthorityId, BTreeSet<SerialNumber>>>);

impl Unanswered {
    /// Somebody has asked for a certificate.
    pub(crate) fn note(&self, authority: &AuthorityId, serial: &SerialNumber) {
        let mut of = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let serials = of.entry(authority.clone()).or_default();
        if serials.len() < MOST {
            serials.insert(serial.clone());
        }
    }

    /// Takes up to so many of an authority.
    pub(crate) fn take(&self, authority: &AuthorityId, most: usize) -> Vec<SerialNumber> {
        let mut of = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(serials) = of.get_mut(authority) else { return Vec::new() };
        std::iter::from_fn(|| serials.pop_first()).take(most).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn however_many_are_asked_for_no_more_are_remembered_than_there_is_room_for() {
        let (asked, authority) = (Unanswered::default(), AuthorityId::parse("issuing").unwrap());
        for number in 1..=10_000u32 {
            asked.note(&authority, &SerialNumber::from_bytes(&number.to_be_bytes()).unwrap());
        }
        assert_eq!(asked.take(&authority, 1000).len(), 1000);
        assert_eq!(asked.take(&authority, usize::MAX).len(), MOST - 1000);
        assert!(asked.take(&authority, 1).is_empty());
    }
}
