//! How long answers may be believed, when they are renewed, and for how long caches hold them.
//!
//! Answers that are signed at once are not due at once: what is signed ahead lives up to a third of the time to its renewal
//! shorter than it might, how much of it its serial number says. Renewed every 12 hours at most, it is after 8 to 12.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use ca_core::digest::sha256;
use ca_core::id::AuthorityId;
use ca_core::serial::SerialNumber;
use ca_core::time::Timestamp;

use crate::identity::Window;
use crate::responder::Caching;

/// How long answers may be believed and held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OcspPolicy {
    /// From thisUpdate to nextUpdate; the longest for what is signed ahead.
    pub validity: Duration,
    /// How long before nextUpdate an answer that was signed ahead is renewed.
    pub refresh_before: Duration,
    /// The longest a cache may hold an answer: the time within which an emergency revocation must be visible.
    pub longest_cached: Duration,
}

impl OcspPolicy {
    /// Valid for 24 hours, renewed after 12, in caches for at most 15 minutes.
    pub const DEFAULT: Self = Self {
        validity: Duration::from_secs(24 * 3600),
        refresh_before: Duration::from_secs(12 * 3600),
        longest_cached: Duration::from_secs(15 * 60),
    };

    /// How long an answer lives that is signed ahead; always the same for a certificate, and longer than `refresh_before`.
    pub(crate) fn life_of(&self, serial: &SerialNumber) -> Duration {
        let most = self.validity.saturating_sub(self.refresh_before) / 3;
        self.validity.saturating_sub(most.mul_f64(share(serial)))
    }

    /// Until the answer is renewed, and no longer than a revocation may stay unseen.
    pub(crate) fn caching(&self, window: Window, now: Timestamp) -> Caching {
        let renewed = window.next_update.minus(self.refresh_before);
        // An answer that lives shorter than the renewal period (its signer expires) is held for half of what is left.
        let until_renewed = if renewed > now { renewed.since(now) } else { window.next_update.since(now) / 2 };
        Caching::Public {
            max_age: until_renewed.min(self.longest_cached),
            this_update: window.this_update,
            next_update: window.next_update,
        }
    }
}

/// How long the answers of each authority may be believed and held.
#[derive(Clone, Debug)]
pub struct OcspPolicies {
    /// Of authorities that are not named.
    pub otherwise: OcspPolicy,
    /// Of those that are.
    pub of: HashMap<AuthorityId, OcspPolicy>,
    /// Those that keep what they know of certificates that have expired, and say so.
    pub archives: HashSet<AuthorityId>,
}

/// What becomes of what is known of a certificate when it has expired.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum History {
    /// It is told for as long as there is a responder, and answers say so (RFC 6960 §4.4.4).
    Kept,
    /// Nothing is promised.
    NotPromised,
}

impl OcspPolicies {
    /// That of one authority, by what the packs call it.
    pub fn of(&self, line: &AuthorityId) -> OcspPolicy {
        self.of.get(line).copied().unwrap_or(self.otherwise)
    }

    pub(crate) fn history(&self, line: &AuthorityId) -> History {
        if self.archives.contains(line) { History::Kept } else { History::NotPromised }
    }
}

impl From<OcspPolicy> for OcspPolicies {
    fn from(otherwise: OcspPolicy) -> Self {
        Self { otherwise, of: HashMap::new(), archives: HashSet::new() }
    }
}

/// A share from 0 to 1 that falls evenly, also on serial numbers that count up.
fn share(serial: &SerialNumber) -> f64 {
    let [a, b, c, d, ..] = sha256(serial.as_bytes());
    f64::from(u32::from_be_bytes([a, b, c, d])) / f64::from(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// How many of these serials' answers are renewed in each tenth of the time in which they may be.
    fn tenths(serials: impl Iterator<Item = u64>) -> [usize; 10] {
        let mut tenths = [0; 10];
        for number in serials {
            let serial = SerialNumber::from_bytes(&number.to_be_bytes()).unwrap();
            let life = OcspPolicy::DEFAULT.life_of(&serial);
            let age_at_renewal = life - OcspPolicy::DEFAULT.refresh_before;
            assert!((0.4..=0.5).contains(&(age_at_renewal.as_secs_f64() / life.as_secs_f64())));
            let into = age_at_renewal - Duration::from_secs(8 * 3600);
            tenths[usize::try_from(into.as_secs() / 1440).unwrap().min(9)] += 1;
        }
        tenths
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(16))]

        #[test]
        fn answers_signed_together_are_renewed_apart(seed in any::<u64>()) {
            let steps = |step: u64| tenths((0..10_000).map(|n| seed.wrapping_add(step.wrapping_mul(n)) | 1 << 60));
            for tenths in [steps(2), steps(4096), steps(0x9e37_79b9_7f4a_7c15 & !(1 << 60))] {
                prop_assert!(tenths.iter().all(|count| (800..=1200).contains(count)), "{:?}", tenths);
            }
        }

        #[test]
        fn an_answer_is_renewed_before_it_ends_and_never_lives_longer_than_it_may(
            before in 1u64..10_000_000,
            after in 1u64..10_000_000,
            octets in proptest::collection::vec(1u8..=127, 1..=20),
        ) {
            let (refresh_before, renewed) = (Duration::from_secs(before), Duration::from_secs(after));
            let validity = refresh_before + renewed;
            let policy = OcspPolicy { validity, refresh_before, ..OcspPolicy::DEFAULT };
            let life = policy.life_of(&SerialNumber::from_bytes(&octets).unwrap());
            prop_assert!(refresh_before < life && life <= validity);
            prop_assert!(life - refresh_before >= renewed.mul_f64(0.666));
        }
    }
}
