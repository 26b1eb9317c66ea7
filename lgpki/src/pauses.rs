//! How long what failed is left alone: longer each time, and never for long.

use std::time::Duration;

/// The longest.
pub(crate) const LONGEST: Duration = Duration::from_secs(300);

/// The pause after that many failures on end: 1, 2, 4 … 256 seconds.
pub(crate) fn pause(failures: u32) -> Duration {
    Duration::from_secs(1u64 << failures.saturating_sub(1).min(8)).min(LONGEST)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_and_stay_bounded() {
        let seconds: Vec<u64> = [0, 1, 2, 3, 9, 10, u32::MAX].map(|failures| pause(failures).as_secs()).to_vec();
        assert_eq!(seconds, [1, 1, 2, 4, 256, 256, 256]);
    }
}
