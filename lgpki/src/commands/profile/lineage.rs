//! Families of keys: a line of samples has keys of one of them, from its root down.

use ca_core::key::KeyAlgorithm;
use ca_core::profile::Pack;

/// Which kind of keys a line has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Lineage {
    /// Elliptic curves.
    Ec,
    /// RSA.
    Rsa,
    /// ML-DSA, under experimental packs.
    MlDsa,
}

impl Lineage {
    const ALL: [Self; 3] = [Self::Ec, Self::Rsa, Self::MlDsa];

    /// Those that every authority of the pack has a key of.
    pub(super) fn of(pack: &Pack) -> impl Iterator<Item = Self> {
        let rules = &pack.authorities;
        Self::ALL.into_iter().filter(|lineage| rules.iter().all(|rule| rule.keys.iter().any(|key| lineage.has(*key))))
    }

    /// The one a kind of key is of.
    pub(super) const fn of_key(key: KeyAlgorithm) -> Self {
        if key.is_ml_dsa() {
            Self::MlDsa
        } else if key.is_rsa() {
            Self::Rsa
        } else {
            Self::Ec
        }
    }

    pub(super) const fn has(self, key: KeyAlgorithm) -> bool {
        match self {
            Self::Ec => key.is_ec(),
            Self::Rsa => key.is_rsa(),
            Self::MlDsa => key.is_ml_dsa(),
        }
    }
}

impl std::fmt::Display for Lineage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Ec => "ec",
            Self::Rsa => "rsa",
            Self::MlDsa => "mldsa",
        })
    }
}
