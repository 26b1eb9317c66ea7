//! What has become of the certificates of a campaign: derived from what exists, never stored.

use super::{OldKinds, Wave};
use crate::certificate::{Certificate, CertificateError};
use crate::id::{AuthorityId, OrganisationId, ProfileId};
use crate::serial::SerialNumber;
use crate::time::Timestamp;
use std::collections::HashMap;

/// What has become of one old certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ItemStanding {
    /// A newer certificate of the same organisation, profile and subject is valid and not old itself.
    Replaced,
    /// It was revoked, or its time ran out, and nothing took its place.
    Ended,
    /// It is to be replaced, and its wave is open.
    Open,
    /// It should have been replaced: the last day of its wave is over.
    Overdue,
    /// Its wave has not opened.
    Waiting,
}

impl ItemStanding {
    /// Every standing, what is done first.
    pub const ALL: [Self; 5] = [Self::Replaced, Self::Ended, Self::Open, Self::Overdue, Self::Waiting];

    /// `replaced`, `ended`, `open`, `overdue`, `waiting`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Replaced => "replaced",
            Self::Ended => "ended",
            Self::Open => "open",
            Self::Overdue => "overdue",
            Self::Waiting => "waiting",
        }
    }

    /// Whether nothing is left to do.
    pub const fn is_done(self) -> bool {
        matches!(self, Self::Replaced | Self::Ended)
    }

    /// The standing at `now` of a certificate in `wave`: `replaced` when something took its place, `ended` when it is not good
    /// any more.
    pub fn of(replaced: bool, ended: bool, wave: &Wave, now: Timestamp) -> Self {
        if replaced {
            Self::Replaced
        } else if ended {
            Self::Ended
        } else if now < wave.opens_at {
            Self::Waiting
        } else if now > wave.due_at {
            Self::Overdue
        } else {
            Self::Open
        }
    }
}

/// How many certificates are in each standing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// In the order of [`ItemStanding::ALL`].
    counts: [u64; 5],
}

impl Tally {
    /// Counts one.
    pub fn count(&mut self, standing: ItemStanding) {
        let pairs = ItemStanding::ALL.into_iter().zip(&mut self.counts);
        pairs.filter(|(of, _)| *of == standing).for_each(|(_, count)| *count = count.saturating_add(1));
    }

    /// Counts those of another tally too.
    pub fn add(&mut self, other: &Self) {
        self.counts.iter_mut().zip(other.counts).for_each(|(count, more)| *count = count.saturating_add(more));
    }

    /// How many are in that standing.
    pub fn of(&self, standing: ItemStanding) -> u64 {
        let mut pairs = ItemStanding::ALL.into_iter().zip(self.counts);
        pairs.find(|(of, _)| *of == standing).map_or(0, |(_, count)| count)
    }

    /// How many there are.
    pub fn all(&self) -> u64 {
        self.counts.iter().sum()
    }

    /// How many are replaced or ended.
    pub fn done(&self) -> u64 {
        self.of(ItemStanding::Replaced).saturating_add(self.of(ItemStanding::Ended))
    }

    /// `done` in whole hundredths of all, rounded down, so that 100 is said only when it is; 100 for none.
    pub fn percent(&self) -> u64 {
        self.done().saturating_mul(100).checked_div(self.all()).unwrap_or(100)
    }
}

/// A certificate, named.
pub type CertificateName = (AuthorityId, SerialNumber);

/// What a certificate certifies: one that certifies the same takes the place of another.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Certified {
    /// Whose it is.
    pub organisation: OrganisationId,
    /// By which profile.
    pub profile: ProfileId,
    /// Its subject, as text.
    pub subject: String,
}

/// The newest certificate that is not old, for whatever it certifies.
#[derive(Clone, Debug, Default)]
pub struct Replacements {
    newest: HashMap<Certified, (Timestamp, CertificateName)>,
}

impl Replacements {
    /// Takes a valid certificate into account: recorded at `recorded_at`, `der` as it was issued. Nothing changes when it is
    /// old itself. Errors: it cannot be read.
    pub fn offer(
        &mut self,
        old: &OldKinds,
        certified: Certified,
        name: CertificateName,
        (der, recorded_at): (&[u8], Timestamp),
    ) -> Result<(), CertificateError> {
        if old.cover(&name.0, Certificate::from_der(der)?.key().algorithm()) {
            return Ok(());
        }
        let known = self.newest.entry(certified).or_insert_with(|| (recorded_at, name.clone()));
        if known.0 < recorded_at {
            *known = (recorded_at, name);
        }
        Ok(())
    }

    /// What took the place of a certificate recorded at `recorded_at`: the newest after it that certifies the same.
    pub fn of(&self, certified: &Certified, recorded_at: Timestamp) -> Option<&CertificateName> {
        self.newest.get(certified).filter(|(at, _)| *at > recorded_at).map(|(_, name)| name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::issue::memory::MemoryRoot;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_seconds(seconds)
    }

    #[test]
    fn standings_follow_the_days_of_the_wave_and_the_certificates() {
        let wave = Wave { number: 1, opens_at: at(100), due_at: at(200) };
        let at_each = |replaced, ended| [99, 100, 200, 201].map(|s| ItemStanding::of(replaced, ended, &wave, at(s)));
        use ItemStanding::{Ended, Open, Overdue, Replaced, Waiting};
        assert_eq!(at_each(false, false), [Waiting, Open, Open, Overdue]);
        assert_eq!(at_each(false, true), [Ended; 4]);
        assert_eq!(at_each(true, false), [Replaced; 4]);
        assert_eq!(at_each(true, true), [Replaced; 4], "revoked by its holder, after the new one was there");
    }

    #[test]
    fn tally_invariants() {
        let mut tally = Tally::default();
        assert_eq!((tally.all(), tally.percent()), (0, 100));
        ItemStanding::ALL.into_iter().for_each(|standing| tally.count(standing));
        tally.count(ItemStanding::Replaced);
        assert_eq!((tally.all(), tally.done(), tally.percent()), (6, 3, 50));
        tally.add(&tally.clone());
        assert_eq!((tally.of(ItemStanding::Replaced), tally.all()), (4, 12));
        let mut nearly = Tally::default();
        (0..999).for_each(|_| nearly.count(ItemStanding::Replaced));
        nearly.count(ItemStanding::Open);
        assert_eq!(nearly.percent(), 99);
    }

    #[test]
    fn only_a_newer_certificate_that_is_not_old_takes_the_place() {
        let certificate = MemoryRoot::founded().certificate;
        let certified = |subject: &str| Certified {
            organisation: OrganisationId::parse(&"1".repeat(32)).unwrap(),
            profile: ProfileId::parse("web-server").unwrap(),
            subject: subject.to_owned(),
        };
        let named = |authority: &str, last: u8| {
            (AuthorityId::parse(authority).unwrap(), SerialNumber::from_bytes(&[1, last]).unwrap())
        };
        let old = OldKinds::new(Vec::new(), vec![named("ca", 1).0]).unwrap();
        let mut replacements = Replacements::default();
        for (name, seconds) in [(named("ca", 2), 40), (named("ca-g2", 3), 20), (named("ca-g2", 4), 10)] {
            replacements.offer(&old, certified("a"), name, (certificate.der(), at(seconds))).unwrap();
        }
        assert_eq!(replacements.of(&certified("a"), at(5)), Some(&named("ca-g2", 3)), "the newest of the new");
        assert_eq!(replacements.of(&certified("a"), at(20)), None, "none is newer");
        assert_eq!(replacements.of(&certified("b"), at(5)), None, "another subject");
        assert!(replacements.offer(&old, certified("a"), named("ca-g2", 5), (&[0x30, 0], at(50))).is_err());
    }
}
