//! How long answers may be believed, when they are renewed, and for how long caches hold them.

use std::collections::HashMap;
use std::time::Duration;

use ca_core::id::AuthorityId;
use ca_core::time::Timestamp;

use crate::identity::Window;
use crate::responder::Caching;

/// How long answers may be believed and held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OcspPolicy {
    /// From thisUpdate to nextUpdate.
    pub validity: Duration,
    /// How long before nextUpdate an answer is renewed.
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
}

impl OcspPolicies {
    /// That of one authority, by what the packs call it.
    pub fn of(&self, line: &AuthorityId) -> OcspPolicy {
        self.of.get(line).copied().unwrap_or(self.otherwise)
    }
}

impl From<OcspPolicy> for OcspPolicies {
    fn from(otherwise: OcspPolicy) -> Self {
        Self { otherwise, of: HashMap::new() }
    }
}
