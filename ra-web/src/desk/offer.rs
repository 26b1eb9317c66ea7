//! What can be asked for: the profiles of families that people request, as far as an authority of this installation issues
//! them, and what their forms offer.

use std::sync::Arc;

use ca_core::certificate::Certificate;
use ca_core::issue::Generation;
use ca_core::key::KeyAlgorithm;
use ca_core::name::prefecture_in_english;
use ca_core::profile::{Family, Field, KeySource, Pack, Profile};
use ca_core::time::Timestamp;
use store::ReadTxn;
use store::authorities::AuthorityRow;

use super::{Desk, DeskError};

/// A profile that can be asked for.
#[derive(Clone, Debug)]
pub struct Offer<'a> {
    /// Its pack.
    pub pack: &'a Pack,
    /// The profile.
    pub profile: Arc<Profile>,
    /// The certificate of the authority that issues it.
    pub authority: Certificate,
    /// The kinds of keys the centre makes for it, the usual one first; empty where it makes none.
    pub made_here: Vec<KeyAlgorithm>,
}

/// How the page groups what can be asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Group {
    /// Posts and people.
    People,
    /// Servers.
    Servers,
    /// Mail and programs.
    MailAndPrograms,
}

impl Group {
    /// Every group, in the order of the page.
    pub const ALL: [Self; 3] = [Self::People, Self::Servers, Self::MailAndPrograms];

    /// Returns the group of a family.
    pub const fn of(family: Family) -> Self {
        match family {
            Family::WebServer | Family::PlatformServer => Self::Servers,
            Family::Mail | Family::CodeSigning => Self::MailAndPrograms,
            _ => Self::People,
        }
    }
}

/// Returns everything the person's organisation can ask for, in the order of the packs.
pub async fn all<'a>(desk: &Desk<'a>) -> Result<Vec<Offer<'a>>, DeskError> {
    all_within(&mut desk.store.read().await?, desk).await
}

/// Returns the offer of the profile with that name. Errors: [`DeskError::NotFound`] when it cannot be asked for.
pub async fn named<'a>(desk: &Desk<'a>, name: &str) -> Result<Offer<'a>, DeskError> {
    all(desk).await?.into_iter().find(|offer| offer.profile.id.as_str() == name).ok_or(DeskError::NotFound)
}

async fn all_within<'a>(txn: &mut ReadTxn, desk: &Desk<'a>) -> Result<Vec<Offer<'a>>, DeskError> {
    let authorities = txn.authorities().await?;
    let in_a_prefecture = prefecture_in_english(&desk.organisation.code).is_some();
    let mut offers = Vec::new();
    for pack in desk.packs.iter().filter(|pack| pack.is_effective(desk.now)) {
        for profile in pack.profiles().iter().filter(|profile| profile.family.is_requested()) {
            let Some(authority) = issuing(&authorities, profile, desk.now) else { continue };
            if asks_for(profile, Field::PrefectureEn) && !in_a_prefecture {
                continue;
            }
            let authority = Certificate::from_der(&authority.certificate)
                .map_err(|error| DeskError::Unreadable { what: "authority certificate", reason: error.to_string() })?;
            let made_here = if desk.centre.is_some() { made_here(profile) } else { Vec::new() };
            offers.push(Offer { pack, profile: Arc::clone(profile), authority, made_here });
        }
    }
    Ok(offers)
}

/// The authority that issues certificates of the profile at `now`: the current generation of the first that may.
fn issuing<'a>(authorities: &'a [AuthorityRow], profile: &Profile, now: Timestamp) -> Option<&'a AuthorityRow> {
    let generations = || authorities.iter().map(|row| &row.generation);
    let current = profile.issuers.iter().find_map(|line| Generation::issuing(generations(), line, now))?;
    authorities.iter().find(|row| row.generation == *current)
}

fn asks_for(profile: &Profile, field: Field) -> bool {
    profile.subject.as_ref().is_some_and(|template| template.fields().any(|found| found == field))
}

/// RSA-3072 or P-256, whichever the profile names first, then the others as it names them.
fn made_here(profile: &Profile) -> Vec<KeyAlgorithm> {
    if !profile.key_sources.contains(&KeySource::Centre) {
        return Vec::new();
    }
    let mut kinds = profile.keys.clone();
    kinds.retain(|kind| KeyAlgorithm::MADE_HERE.contains(kind));
    kinds.sort_by_key(|kind| !matches!(kind, KeyAlgorithm::Rsa3072 | KeyAlgorithm::P256));
    kinds
}

#[cfg(test)]
mod tests {
    use super::*;
    use ca_core::profile::Packs;

    #[test]
    fn the_usual_key_comes_first_and_only_where_the_centre_makes_keys() {
        let packs = Packs::shipped().unwrap();
        let of = |name: &str| made_here(packs.profile_named(name).unwrap().1);
        assert_eq!(of("job-role").first(), Some(&KeyAlgorithm::P256));
        assert_eq!(of("job-role").len(), 5);
        assert!(of("web-server").is_empty() && of("code-signing").is_empty());
    }

    #[test]
    fn every_requested_family_is_in_a_group() {
        let groups: Vec<Group> =
            Family::ALL.into_iter().filter(|family| family.is_requested()).map(Group::of).collect();
        assert!(Group::ALL.iter().all(|group| groups.contains(group)));
    }
}
