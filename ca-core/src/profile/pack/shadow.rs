//! The shadow of a pack: the same authorities and profiles with ML-DSA keys from the root down, to measure what would change.

use super::Pack;
use crate::key::{KeyAlgorithm, RsaPadding};
use crate::profile::KeyUsage;
use std::sync::Arc;

/// What an ML-DSA key may be used for (RFC 9881 §5).
const SIGNS: KeyUsage = KeyUsage(0xc600);

/// The twin. Profiles that do nothing but encipher have none: ML-DSA only signs.
pub(super) fn of(pack: &Pack, key: KeyAlgorithm) -> Pack {
    let mut twin = pack.clone();
    twin.experimental = true;
    for authority in &mut twin.authorities {
        authority.keys = vec![key];
        authority.padding = RsaPadding::default();
    }
    for profile in &mut twin.profiles {
        let profile = Arc::make_mut(profile);
        let usage = KeyUsage(profile.key_usage_ec.0 & SIGNS.0);
        (profile.key_usage_rsa, profile.key_usage_ec) = (usage, usage);
        profile.keys = vec![key];
        // The public requirements of browsers and mail programs know no ML-DSA yet.
        profile.baseline = None;
    }
    twin.profiles.retain(|profile| profile.key_usage_ec != KeyUsage::default());
    twin
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shadow_signs_and_what_only_enciphers_has_none() {
        let pack = Pack::shipped("lgwan-private").unwrap().unwrap();
        let twin = pack.shadow(KeyAlgorithm::MlDsa65);
        assert!(twin.experimental && twin.profile_named("encryption").is_none());
        assert_eq!(twin.profiles().len(), pack.profiles().len() - 1);
        for profile in twin.profiles() {
            assert!(profile.certifies(KeyAlgorithm::MlDsa65) && !profile.certifies(KeyAlgorithm::P256));
            assert!(SIGNS.contains(profile.key_usage_for(KeyAlgorithm::MlDsa65)), "{}", profile.id);
        }
    }
}
