//! Bars for terminals: how much of something is done.

use crate::progress;
use ca_core::campaign::{ItemStanding, Tally};
use ca_core::time::Timestamp;

/// The bar of a tally with its per cent: `██████████░░░░░░░░░░  50 %`.
pub(super) fn bar(tally: &Tally) -> String {
    progress::bar(tally.done(), tally.all())
}

/// A tally in words: `5 of 12: 4 replaced, 1 ended, 7 open`.
pub(super) fn words(tally: &Tally) -> String {
    let counted = ItemStanding::ALL.into_iter().map(|standing| (tally.of(standing), standing.as_str()));
    let parts: Vec<String> =
        counted.filter(|(count, _)| *count > 0).map(|(count, word)| format!("{count} {word}")).collect();
    format!("{} of {}: {}", tally.done(), tally.all(), parts.join(", "))
}

/// The day in Japan: `2026-12-01`.
pub(super) fn day(at: Timestamp) -> String {
    let civil = at.civil_jst();
    format!("{:04}-{:02}-{:02}", civil.year, civil.month, civil.day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_is_full_only_when_everything_is_done() {
        let mut tally = Tally::default();
        assert!(bar(&tally).ends_with("████ 100 %"));
        tally.count(ItemStanding::Replaced);
        tally.count(ItemStanding::Open);
        assert_eq!(bar(&tally), "██████████░░░░░░░░░░  50 %");
        (0..99).for_each(|_| tally.count(ItemStanding::Ended));
        assert_eq!(bar(&tally), "███████████████████░  99 %");
        assert_eq!(words(&tally), "100 of 101: 1 replaced, 99 ended, 1 open");
    }
}
