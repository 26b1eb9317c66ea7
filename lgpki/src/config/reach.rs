//! Where the prober looks for revocations, as the configuration says.

use super::checked::{Public, Wrong, base_url, duration, words, wrong};
use super::file;
use ca_core::id::PlaceId;
use std::time::Duration;
use toml::Spanned;
use url::Url;

/// How often places are looked at unless it is said.
const EVERY: Duration = Duration::from_secs(5);
/// Beyond this nobody could say whether a revocation was seen within a minute.
const LONGEST: Duration = Duration::from_secs(30);
/// The addresses in certificates.
const LISTS: &str = "crl";
const ANSWERS: &str = "ocsp";
/// LGWAN's repository.
const LGWAN: &str = "lgwan";

/// Where it is looked whether revocations can be seen, and how often.
#[derive(Clone, Debug)]
pub struct Reach {
    /// How often.
    pub every: Duration,
    /// Where, in the order in which they are shown.
    pub places: Vec<WatchedPlace>,
}

/// A place where others learn of revocations.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WatchedPlace {
    /// Its name.
    pub id: PlaceId,
    /// What is found there.
    pub offers: Offer,
    /// The base of its addresses.
    pub base: Url,
}

/// What a place has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Offer {
    /// Lists, below `/crl/`.
    Lists,
    /// OCSP answers, below `/ocsp/`.
    Answers,
}

/// Checks the section. Errors: a name that is none or stands twice, an address that is none, a pace that is too slow.
pub(super) fn check(raw: file::Reach, public: &Public) -> Result<Reach, Wrong> {
    let every = duration(raw.every.as_ref(), EVERY)?;
    if let Some(place) = raw.every.as_ref().filter(|_| every > LONGEST) {
        return Err(wrong(place, format!("every must be {} at most: reach is told in seconds", words(LONGEST))));
    }
    let named = |name: &Spanned<String>| PlaceId::parse(name.get_ref()).map_err(|error| wrong(name, error.to_string()));
    let ours = |name: &str| named(&Spanned::new(0..0, name.to_owned()));
    let base = || public.repository_url.clone();
    let mut places = vec![
        WatchedPlace { id: ours(LISTS)?, offers: Offer::Lists, base: base() },
        WatchedPlace { id: ours(ANSWERS)?, offers: Offer::Answers, base: base() },
    ];
    if let Some(base) = &public.lgwan_repository_url {
        places.push(WatchedPlace { id: ours(LGWAN)?, offers: Offer::Lists, base: base.clone() });
    }
    for repository in raw.repository {
        let (id, base) = (named(&repository.name)?, base_url(&repository.url)?);
        if places.iter().any(|place| place.id == id) {
            return Err(wrong(&repository.name, format!("there is a place {id} already")));
        }
        places.push(WatchedPlace { id, offers: Offer::Lists, base });
    }
    Ok(Reach { every, places })
}
