//! Lengths of time as people say them.

use std::time::Duration;

const MINUTE: u64 = 60;
const HOUR: u64 = 3600;
const DAY: u64 = 86_400;

/// A length of time as it is said: in whole minutes, hours or days.
pub(crate) fn spoken(length: Duration) -> String {
    let of = |unit: u64| length.as_secs().checked_div(unit).unwrap_or_default();
    match length.as_secs() {
        seconds if seconds < 2 * MINUTE => format!("{seconds} s"),
        seconds if seconds < 2 * HOUR => format!("{} min", of(MINUTE)),
        seconds if seconds < 4 * DAY => format!("{} h", of(HOUR)),
        _ => format!("{} days", of(DAY)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_said_in_what_they_are_whole_of() {
        let said = [119, 120, 7199, 7200, 345_599, 345_600].map(|seconds| spoken(Duration::from_secs(seconds)));
        assert_eq!(said, ["119 s", "2 min", "119 min", "2 h", "95 h", "4 days"]);
    }
}
