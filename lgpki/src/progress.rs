//! How far long work is, for people at a terminal: a bar, and once a second a line that says where it stands.

use crate::clock::SystemClock;
use crate::out;
use ca_core::time::{Clock, Timestamp};
use std::time::Duration;

/// Signs of a bar.
const WIDTH: u64 = 20;

/// A bar with its per cent: `██████████░░░░░░░░░░  50 %`. It is full only when everything is done.
pub fn bar(done: u64, all: u64) -> String {
    let full = done.saturating_mul(WIDTH).checked_div(all).unwrap_or(WIDTH);
    let signs = (0..WIDTH).map(|place| if place < full { '█' } else { '░' });
    let percent = done.saturating_mul(100).checked_div(all).unwrap_or(100);
    format!("{} {percent:>3} %", signs.collect::<String>())
}

/// Says how far work is, on standard error, once a second from the second second; work that is done before says nothing.
#[derive(Debug)]
pub struct Patience {
    said: Timestamp,
}

impl Patience {
    /// The work begins now.
    pub fn begin() -> Self {
        Self { said: SystemClock.now() }
    }

    /// So much of it is done.
    pub fn tell(&mut self, done: u64, all: u64, what: &str) {
        if self.is_due() {
            out::talk(format_args!("{}  {done} of {all} {what}", bar(done, all)));
        }
    }

    /// So much is done of nobody knows how much.
    pub fn count(&mut self, done: u64, what: &str) {
        // The clock is not looked at for each of millions.
        if done.is_multiple_of(4096) && self.is_due() {
            out::talk(format_args!("{done} {what}"));
        }
    }

    fn is_due(&mut self) -> bool {
        let now = SystemClock.now();
        let due = now.since(self.said) >= Duration::from_secs(1);
        if due {
            self.said = now;
        }
        due
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_is_full_only_when_everything_is_done() {
        assert_eq!(bar(1, 2), "██████████░░░░░░░░░░  50 %");
        assert_eq!(bar(999, 1000), "███████████████████░  99 %");
        assert!(bar(0, 0).ends_with("████ 100 %"));
    }
}
