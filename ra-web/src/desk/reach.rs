//! The reach of a revocation: since when it can be seen, place by place, as a prober has seen it from outside.

use std::time::Duration;

use ca_core::id::{AuthorityId, PlaceId};
use ca_core::serial::SerialNumber;
use ca_core::time::Timestamp;
use store::certificates::CertificateRow;

use super::{Desk, DeskError, certificates};

/// Within this a revocation is to be seen everywhere.
const WITHIN: Duration = Duration::from_secs(60);

/// A place a revocation has to reach.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Leg {
    /// Where.
    pub place: PlaceId,
    /// Whether it can be seen there.
    pub state: LegState,
}

/// Whether a revocation can be seen at a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LegState {
    /// It was seen then for the first time.
    Seen(Timestamp),
    /// It was not seen yet, and need not have been.
    Waited,
    /// It was not seen yet, and should have been within a minute.
    Late,
}

impl LegState {
    /// How long it took from `revoked_at`, where it was seen.
    pub fn took(self, revoked_at: Timestamp) -> Option<Duration> {
        match self {
            Self::Seen(at) => Some(at.since(revoked_at)),
            Self::Waited | Self::Late => None,
        }
    }
}

/// Returns the legs in the order of `places`; then those of places that nobody names any more and where it was seen.
pub fn legs(places: &[PlaceId], seen: &[(PlaceId, Timestamp)], (revoked_at, now): (Timestamp, Timestamp)) -> Vec<Leg> {
    let unseen = if now.since(revoked_at) > WITHIN { LegState::Late } else { LegState::Waited };
    let state = |place: &PlaceId| {
        let found = seen.iter().find(|(other, _)| other == place);
        found.map_or(unseen, |(_, at)| LegState::Seen(*at))
    };
    let others = seen.iter().map(|(place, _)| place).filter(|place| !places.contains(place));
    places.iter().chain(others).map(|place| Leg { place: place.clone(), state: state(place) }).collect()
}

/// Returns a certificate and where its revocation was seen; no legs when it is not revoked. Errors: [`DeskError::NotFound`] also for
/// that of another organisation.
pub async fn of(
    desk: &Desk<'_>,
    places: &[PlaceId],
    (authority, serial): (&AuthorityId, &SerialNumber),
) -> Result<(CertificateRow, Vec<Leg>), DeskError> {
    let mut txn = desk.store.read().await?;
    let row = certificates::visible(&mut txn, desk, authority, serial).await?;
    let Some(revoked_at) = row.revocation.as_ref().map(|found| found.revoked_at) else { return Ok((row, Vec::new())) };
    let seen = txn.reach((authority, serial), revoked_at).await?;
    Ok((row, legs(places, &seen, (revoked_at, desk.now))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_where_it_was_not_seen_is_late_after_a_minute() {
        let place = |name| PlaceId::parse(name).unwrap();
        let at = Timestamp::from_seconds;
        let (places, seen) = ([place("crl"), place("lgwan")], [(place("crl"), at(104)), (place("old"), at(105))]);
        let states = |now| {
            let legs = legs(&places, &seen, (at(100), at(now)));
            legs.into_iter().map(|leg| (leg.place.to_string(), leg.state)).collect::<Vec<_>>()
        };
        let named = |name: &str, state| (name.to_owned(), state);
        let expected = |unseen| {
            [named("crl", LegState::Seen(at(104))), named("lgwan", unseen), named("old", LegState::Seen(at(105)))]
        };
        assert_eq!(states(160), expected(LegState::Waited));
        assert_eq!(states(161), expected(LegState::Late));
        assert_eq!(LegState::Seen(at(104)).took(at(100)), Some(Duration::from_secs(4)));
    }
}
