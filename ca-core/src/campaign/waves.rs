//! Waves: when organisations begin, and which organisation is in which wave.

use crate::time::Timestamp;
use std::num::NonZeroU32;
use std::time::Duration;

/// One wave: from its first instant to its last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wave {
    /// Its number, from 1.
    pub number: u32,
    /// Midnight in Japan when it opens.
    pub opens_at: Timestamp,
    /// The last second in Japan of its last day.
    pub due_at: Timestamp,
}

/// When waves open and end, in days of Japan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Schedule {
    /// An instant of the day when the first wave opens.
    pub first_day: Timestamp,
    /// How many waves there are.
    pub waves: NonZeroU32,
    /// How many days after one wave the next opens; 0 opens all at once.
    pub every_days: u32,
    /// How many days each wave has.
    pub days: NonZeroU32,
}

/// A schedule that goes beyond what times can say.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the last of {waves} waves would end more than {LONGEST_DAYS} days after the first opens")]
pub struct ScheduleError {
    /// The number of waves.
    pub waves: u32,
}

/// Twenty years: the life of the longest-lived authority; a longer plan is a slip of the finger.
const LONGEST_DAYS: u64 = 20 * 366;
const DAY: u64 = 86_400;

impl Schedule {
    /// Its waves, from the first. Errors: the last ends in more than twenty years.
    pub fn waves(&self) -> Result<Vec<Wave>, ScheduleError> {
        let first = self.first_day.jst_midnight();
        let length = u64::from(self.days.get());
        let last = u64::from(self.waves.get().saturating_sub(1)).saturating_mul(u64::from(self.every_days));
        if last.saturating_add(length) > LONGEST_DAYS || u64::from(self.waves.get()) > LONGEST_DAYS {
            return Err(ScheduleError { waves: self.waves.get() });
        }
        let wave = |number: u32| {
            let before = u64::from(number.saturating_sub(1)).saturating_mul(u64::from(self.every_days));
            let opens_at = first.plus(Duration::from_secs(before.saturating_mul(DAY)));
            let due_at = opens_at.plus(Duration::from_secs(length.saturating_mul(DAY).saturating_sub(1)));
            Wave { number, opens_at, due_at }
        };
        Ok((1..=self.waves.get()).map(wave).collect())
    }
}

/// Deals organisations, each with its number of certificates, to waves: the smallest first, so that the first wave is a pilot,
/// and as many organisations in each wave as in the others, the later waves taking what is left over. An organisation is never
/// split. Returns each organisation with its wave, from 1, in the order of the waves; those of equal size in the order of `T`.
pub fn deal<T: Ord>(sizes: impl IntoIterator<Item = (T, u64)>, waves: NonZeroU32) -> Vec<(T, u32)> {
    let mut sizes: Vec<(u64, T)> = sizes.into_iter().map(|(organisation, size)| (size, organisation)).collect();
    sizes.sort();
    let all = u64::try_from(sizes.len()).unwrap_or(u64::MAX);
    let waves = u64::from(waves.get()).min(all.max(1));
    // Wave w, from 0, begins at the organisation all*w/waves, rounded down: what is left over is in the later waves.
    let begins = |wave: u64| all.saturating_mul(wave).checked_div(waves).unwrap_or(0);
    let (mut place, mut wave) = (0_u64, 0_u64);
    let mut dealt = Vec::with_capacity(sizes.len());
    for (_, organisation) in sizes {
        while wave.saturating_add(1) < waves && begins(wave.saturating_add(1)) <= place {
            wave = wave.saturating_add(1);
        }
        dealt.push((organisation, u32::try_from(wave.saturating_add(1)).unwrap_or(u32::MAX)));
        place = place.saturating_add(1);
    }
    dealt
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(n: u32) -> NonZeroU32 {
        NonZeroU32::new(n).unwrap()
    }

    #[test]
    fn the_smallest_are_first_and_the_waves_are_even() {
        let towns = [("city", 90), ("village", 1), ("town", 7), ("union", 1), ("prefecture", 400)];
        let dealt = deal(towns, number(3));
        assert_eq!(dealt, [("union", 1), ("village", 2), ("town", 2), ("city", 3), ("prefecture", 3)]);
        assert_eq!(deal(towns, number(1)).iter().map(|(_, wave)| *wave).max(), Some(1));
    }

    #[test]
    fn every_organisation_is_in_one_wave_and_no_wave_between_is_empty() {
        for (organisations, waves) in [(0_usize, 3_u32), (1, 3), (2, 3), (3, 3), (10, 3), (1788, 8)] {
            let dealt = deal((0..organisations).zip((0..7).cycle()), number(waves));
            let all: std::collections::BTreeSet<_> = dealt.iter().map(|(one, _)| *one).collect();
            assert_eq!((all.len(), dealt.len()), (organisations, organisations));
            let sizes: Vec<_> = (1..=waves).map(|wave| dealt.iter().filter(|(_, of)| *of == wave).count()).collect();
            let used: Vec<_> = sizes.iter().take_while(|size| **size > 0).collect();
            assert_eq!(used.len(), usize::try_from(waves).unwrap().min(organisations), "{sizes:?}");
            assert!(sizes.iter().max().unwrap() - sizes.iter().filter(|size| **size > 0).min().unwrap_or(&0) <= 1);
        }
    }

    #[test]
    fn waves_are_whole_days_in_japan() {
        let noon = Timestamp::from_jst(2026, 12, 1, 12, 0, 0).unwrap();
        let schedule = Schedule { first_day: noon, waves: number(2), every_days: 28, days: number(21) };
        let waves = schedule.waves().unwrap();
        let shown = waves.iter().map(|wave| (wave.number, wave.opens_at.jst(), wave.due_at.jst())).collect::<Vec<_>>();
        assert_eq!(
            shown,
            [
                (1, "2026-12-01 00:00:00".to_owned(), "2026-12-21 23:59:59".to_owned()),
                (2, "2026-12-29 00:00:00".to_owned(), "2027-01-18 23:59:59".to_owned()),
            ]
        );
    }

    #[test]
    fn a_schedule_of_more_than_twenty_years_is_refused() {
        let first_day = Timestamp::from_seconds(1_795_255_200);
        let schedule = Schedule { first_day, waves: number(8), every_days: 1000, days: number(320) };
        assert_eq!(schedule.waves().unwrap().len(), 8);
        assert!(Schedule { days: number(321), ..schedule }.waves().is_err());
        assert!(Schedule { waves: number(u32::MAX), every_days: 0, ..schedule }.waves().is_err());
    }
}
