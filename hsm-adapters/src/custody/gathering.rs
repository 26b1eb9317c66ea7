//! Custodians come one after the other, each with their share, until enough have come. What does not belong is refused with
//! its reason; what is right stays, and the next custodian may try. The secret shows only when it is the one that was shared.

use super::shamir::{Point, combine};
use super::{ActivationSecret, Quorum, SetId, Share};
use ca_core::time::Timestamp;
use std::time::Duration;

/// Shares that have come so far. Wiped when dropped. It has no `Debug`.
pub struct Gathering {
    set: SetId,
    quorum: Quorum,
    digest: [u8; 32],
    begun_at: Timestamp,
    within: Duration,
    custodians: Vec<(u8, String)>,
    points: Vec<Point>,
}

/// What came of a share that was taken.
pub enum Taken {
    /// More must come.
    Waiting {
        /// How many have come.
        have: u8,
        /// How many are needed.
        least: u8,
    },
    /// Enough have come, and this is the secret they were given shares of.
    Complete(ActivationSecret),
}

/// Why a share was not taken. But for `WrongShares` and `TooLate`, everything stays as it was.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotTaken {
    /// It belongs to another set.
    #[error("the share of {custodian} belongs to the set {found}, and the set in force is {wanted}")]
    OtherSet {
        /// Whose it is.
        custodian: String,
        /// Its set.
        found: SetId,
        /// The set that is gathered.
        wanted: SetId,
    },
    /// Its set agrees, but not what the set is.
    #[error("the share of {0} says something else about its set than the set in force is: it is a forgery")]
    OtherTerms(String),
    /// This custodian has been here already.
    #[error("the share of {0} has been brought already; another custodian must come")]
    Again(String),
    /// The first custodian came too long ago.
    #[error("the first custodian came more than {} minutes ago: all begin again", within.as_secs() / 60)]
    TooLate {
        /// How long they had.
        within: Duration,
    },
    /// Together they give something that is not the secret: at least one is wrong. All begin again.
    #[error("these shares do not give the secret of their set: at least one of them was changed; all begin again")]
    WrongShares,
}

impl Gathering {
    /// Begins to gather the set of that id, quorum and digest at `now`; all must come `within` that time.
    pub const fn new(set: SetId, quorum: Quorum, digest: [u8; 32], now: Timestamp, within: Duration) -> Self {
        Self { set, quorum, digest, begun_at: now, within, custodians: Vec::new(), points: Vec::new() }
    }

    /// Takes one custodian's share.
    ///
    /// # Errors
    /// [`NotTaken`]. After `WrongShares` and `TooLate` nothing is gathered any more.
    pub fn take(&mut self, share: Share, now: Timestamp) -> Result<Taken, NotTaken> {
        if self.is_over(now) {
            self.forget();
            return Err(NotTaken::TooLate { within: self.within });
        }
        let Share { head, point } = share;
        if head.set != self.set {
            return Err(NotTaken::OtherSet { custodian: head.custodian, found: head.set, wanted: self.set });
        }
        if head.quorum != self.quorum || head.digest != self.digest {
            return Err(NotTaken::OtherTerms(head.custodian));
        }
        if self.custodians.iter().any(|(number, name)| *number == head.number || *name == head.custodian) {
            return Err(NotTaken::Again(head.custodian));
        }
        self.custodians.push((head.number, head.custodian));
        self.points.push(point);
        if self.points.len() < usize::from(self.quorum.least()) {
            return Ok(Taken::Waiting { have: self.have(), least: self.quorum.least() });
        }
        let secret = combine(&self.points).map(ActivationSecret);
        self.points.clear();
        match secret.filter(|secret| secret.is_of(self.set, &self.digest)) {
            Some(secret) => Ok(Taken::Complete(secret)),
            None => {
                self.forget();
                Err(NotTaken::WrongShares)
            }
        }
    }

    /// How many have come.
    pub fn have(&self) -> u8 {
        u8::try_from(self.custodians.len()).unwrap_or(u8::MAX)
    }

    /// How many are needed.
    pub const fn least(&self) -> u8 {
        self.quorum.least()
    }

    /// The set that is gathered.
    pub const fn set(&self) -> SetId {
        self.set
    }

    /// Who has come: number and name.
    pub fn custodians(&self) -> &[(u8, String)] {
        &self.custodians
    }

    /// Whether the time for it is over.
    pub fn is_over(&self, now: Timestamp) -> bool {
        now > self.begun_at.plus(self.within)
    }

    fn forget(&mut self) {
        self.custodians.clear();
        self.points.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{NAMES, shares};
    use super::*;

    const WITHIN: Duration = Duration::from_secs(600);

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_seconds(1_800_000_000 + seconds)
    }

    fn gathering(of: &Share) -> Gathering {
        Gathering::new(of.head.set, of.head.quorum, of.head.digest, at(0), WITHIN)
    }

    fn copy(share: &Share) -> Share {
        Share { head: share.head.clone(), point: share.point.clone() }
    }

    #[test]
    fn any_three_of_five_in_any_order_open_it_and_two_do_not() {
        let (secret, shares) = shares(3, 5, 1);
        for first in 0..5 {
            for second in (0..5).filter(|n| *n != first) {
                for third in (0..5).filter(|n| *n != first && *n != second) {
                    let mut gathering = gathering(&shares[0]);
                    for (have, n) in [(1, first), (2, second)] {
                        let waits = gathering.take(copy(&shares[n]), at(1));
                        assert!(matches!(waits, Ok(Taken::Waiting { have: h, least: 3 }) if h == have));
                    }
                    let Ok(Taken::Complete(opened)) = gathering.take(copy(&shares[third]), at(2)) else { panic!() };
                    assert_eq!(*opened.0, *secret.0);
                    assert_eq!(
                        gathering.custodians().iter().map(|(_, name)| name.as_str()).collect::<Vec<_>>(),
                        [first, second, third].map(|n| NAMES[n])
                    );
                }
            }
        }
    }

    #[test]
    fn one_person_alone_never_opens_it() {
        let (_, shares) = shares(2, 5, 2);
        let mut gathering = gathering(&shares[0]);
        assert!(gathering.take(copy(&shares[0]), at(0)).is_ok());
        for _ in 0..5 {
            assert_eq!(gathering.take(copy(&shares[0]), at(1)).err(), Some(NotTaken::Again(NAMES[0].to_owned())));
        }
        // A second number under the first name is the same person.
        let mut again = copy(&shares[1]);
        again.head.custodian = NAMES[0].to_owned();
        assert_eq!(gathering.take(again, at(1)).err(), Some(NotTaken::Again(NAMES[0].to_owned())));
        assert!(matches!(gathering.take(copy(&shares[4]), at(1)), Ok(Taken::Complete(_))));
    }

    #[test]
    fn a_share_of_another_set_is_refused_and_the_others_stay() {
        let ((_, ours), (_, theirs)) = (shares(2, 3, 3), shares(2, 3, 4));
        let mut gathering = gathering(&ours[0]);
        assert!(gathering.take(copy(&ours[0]), at(0)).is_ok());
        assert!(matches!(gathering.take(copy(&theirs[1]), at(1)).err(), Some(NotTaken::OtherSet { .. })));
        assert_eq!(gathering.have(), 1);
        assert!(matches!(gathering.take(copy(&ours[2]), at(1)), Ok(Taken::Complete(_))));
    }

    #[test]
    fn a_wrong_share_is_found_by_the_digest_and_all_begin_again() {
        let (_, shares) = shares(2, 3, 5);
        let mut gathering = gathering(&shares[0]);
        assert!(gathering.take(copy(&shares[0]), at(0)).is_ok());
        let mut wrong = copy(&shares[1]);
        wrong.point.y[31] ^= 1;
        assert_eq!(gathering.take(wrong, at(1)).err(), Some(NotTaken::WrongShares));
        assert_eq!(gathering.have(), 0);
        let mut other_terms = copy(&shares[1]);
        other_terms.head.digest[0] ^= 1;
        assert!(matches!(gathering.take(other_terms, at(1)).err(), Some(NotTaken::OtherTerms(_))));
    }

    #[test]
    fn who_comes_too_late_finds_nothing_to_complete() {
        let (_, shares) = shares(2, 3, 6);
        let mut gathering = gathering(&shares[0]);
        assert!(gathering.take(copy(&shares[0]), at(0)).is_ok());
        assert_eq!(gathering.take(copy(&shares[1]), at(601)).err(), Some(NotTaken::TooLate { within: WITHIN }));
        assert_eq!(gathering.have(), 0);
    }
}
