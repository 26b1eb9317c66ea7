//! The packs an installation works by, together: each profile and each authority belongs to one of them.

use super::{AuthorityRule, Pack, PackErrors, SHIPPED};
use crate::id::{AuthorityId, ProfileId};
use crate::profile::{Family, Profile};
use std::sync::Arc;

/// Packs that do not contradict each other. Clones share them.
#[derive(Clone, Debug)]
pub struct Packs(Arc<[Pack]>);

/// Why packs cannot work together.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PacksError {
    /// There is none.
    #[error("at least one policy pack is needed")]
    None,
    /// Two have the same name.
    #[error("the policy pack {0} is there twice")]
    Pack(ProfileId),
    /// Two have a profile of the same name.
    #[error("the profile {profile} is in {first} and in {second}")]
    Profile {
        /// The profile.
        profile: ProfileId,
        /// One pack.
        first: ProfileId,
        /// The other.
        second: ProfileId,
    },
    /// Two have an authority of the same id, or of the same name in certificates.
    #[error("the authority {authority} of {second}, or one of its name, is also in {first}")]
    Authority {
        /// The authority.
        authority: AuthorityId,
        /// One pack.
        first: ProfileId,
        /// The other.
        second: ProfileId,
    },
}

impl Packs {
    /// These packs together. Errors: none, or a name that stands in two.
    pub fn new(packs: Vec<Pack>) -> Result<Self, PacksError> {
        for (index, second) in packs.iter().enumerate() {
            for first in packs.iter().take(index) {
                check_pair(first, second)?;
            }
        }
        if packs.is_empty() { Err(PacksError::None) } else { Ok(Self(packs.into())) }
    }

    /// The packs that come with the program, without the experimental. Errors: [`PackErrors`], which a test excludes.
    pub fn shipped() -> Result<Self, PackErrors> {
        let packs = SHIPPED.iter().map(|(name, text)| Pack::parse(text, &format!("{name}.toml")));
        Ok(Self(packs.collect::<Result<Vec<_>, _>>()?.into()))
    }

    /// The same for a rehearsal: the last attribute of every authority's name begins with `TEST`, wherever one of the packs writes
    /// that name, so that nobody takes what a rehearsal makes for the real thing.
    #[must_use]
    pub fn rehearsed(&self) -> Self {
        let names: Vec<String> = self.iter().flat_map(Pack::last_attributes).collect();
        Self(self.iter().map(|pack| pack.clone().rehearsed(&names)).collect())
    }

    /// Each of them.
    pub fn iter(&self) -> impl Iterator<Item = &Pack> {
        self.0.iter()
    }

    /// The pack of that name.
    pub fn named(&self, name: &str) -> Option<&Pack> {
        self.iter().find(|pack| pack.name.as_str() == name)
    }

    /// The profile of that name, and its pack.
    pub fn profile(&self, id: &ProfileId) -> Option<(&Pack, &Arc<Profile>)> {
        self.iter().find_map(|pack| Some((pack, pack.profile(id)?)))
    }

    /// The profile of that name, and its pack.
    pub fn profile_named(&self, name: &str) -> Option<(&Pack, &Arc<Profile>)> {
        self.iter().find_map(|pack| Some((pack, pack.profile_named(name)?)))
    }

    /// The authority of that id, and its pack.
    pub fn authority(&self, id: &AuthorityId) -> Option<(&Pack, &AuthorityRule)> {
        self.iter().find_map(|pack| Some((pack, pack.authority(id)?)))
    }

    /// Every profile of families that people ask for, in the order of the packs.
    pub fn requested(&self) -> impl Iterator<Item = &Arc<Profile>> {
        self.iter().flat_map(Pack::profiles).filter(|profile| profile.family.is_requested())
    }

    /// The first profile of a family.
    pub fn of_family(&self, family: Family) -> Option<&Arc<Profile>> {
        self.iter().flat_map(Pack::profiles).find(|profile| profile.family == family)
    }
}

fn check_pair(first: &Pack, second: &Pack) -> Result<(), PacksError> {
    if first.name == second.name {
        return Err(PacksError::Pack(first.name.clone()));
    }
    let (names, both) = ((first.name.clone(), second.name.clone()), second.profiles());
    if let Some(profile) = both.iter().find(|profile| first.profile(&profile.id).is_some()) {
        return Err(PacksError::Profile { profile: profile.id.clone(), first: names.0, second: names.1 });
    }
    let taken = |rule: &AuthorityRule| {
        first.authorities.iter().any(|one| one.id == rule.id || one.subject.matches(&rule.subject))
    };
    match second.authorities.iter().find(|authority| taken(authority)) {
        Some(authority) => {
            Err(PacksError::Authority { authority: authority.id.clone(), first: names.0, second: names.1 })
        }
        None => Ok(()),
    }
}
