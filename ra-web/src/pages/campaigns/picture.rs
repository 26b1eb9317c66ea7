//! The bar of a tally: one piece for each standing, as long as its certificates are many. A browser draws it without script, and
//! who cannot see it reads the sentence it carries.

use ca_core::campaign::{ItemStanding, Tally};

use crate::desk::message::Message;
use crate::locale::Words;

/// A piece of a bar, in certificates from its left end.
pub(crate) struct Piece {
    pub(crate) from: u64,
    pub(crate) length: u64,
    pub(crate) tone: &'static str,
}

/// A bar.
pub(crate) struct Bar {
    /// Its length, in certificates; at least 1.
    pub(crate) length: u64,
    /// From the left, those done first.
    pub(crate) pieces: Vec<Piece>,
    /// The same in words.
    pub(crate) sentence: String,
}

impl Bar {
    /// The bar of a tally.
    pub(crate) fn of(words: &Words, tally: &Tally) -> Self {
        let mut pieces = Vec::new();
        let mut from = 0_u64;
        for standing in ItemStanding::ALL {
            let length = tally.of(standing);
            if length > 0 {
                pieces.push(Piece { from, length, tone: standing.as_str() });
            }
            from = from.saturating_add(length);
        }
        let sentence = Message::new("campaign-bar").with("done", tally.done()).with("all", tally.all());
        let sentence = sentence.with("percent", tally.percent()).with("overdue", tally.of(ItemStanding::Overdue));
        Self { length: from.max(1), pieces, sentence: words.say(&sentence) }
    }
}

/// The text key of a standing.
pub(super) const fn standing_key(standing: ItemStanding) -> &'static str {
    match standing {
        ItemStanding::Replaced => "campaign-replaced",
        ItemStanding::Ended => "campaign-ended",
        ItemStanding::Open => "campaign-open",
        ItemStanding::Overdue => "campaign-overdue",
        ItemStanding::Waiting => "campaign-waiting",
    }
}

/// The suffix of the chip's class.
pub(super) const fn standing_tone(standing: ItemStanding) -> &'static str {
    match standing {
        ItemStanding::Replaced => "good",
        ItemStanding::Ended => "over",
        ItemStanding::Open => "work",
        ItemStanding::Overdue => "bad",
        ItemStanding::Waiting => "waiting",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::locale::{Language, Texts};
    use std::sync::Arc;

    #[test]
    fn the_pieces_of_a_bar_lie_side_by_side() {
        let words = Words::new(Arc::new(Texts::load().unwrap()), Language::English);
        let mut tally = Tally::default();
        let standings = [ItemStanding::Overdue, ItemStanding::Replaced, ItemStanding::Overdue, ItemStanding::Waiting];
        standings.into_iter().for_each(|standing| tally.count(standing));
        let bar = Bar::of(&words, &tally);
        let drawn: Vec<_> = bar.pieces.iter().map(|piece| (piece.from, piece.length, piece.tone)).collect();
        assert_eq!((bar.length, drawn), (4, vec![(0, 1, "replaced"), (1, 2, "overdue"), (3, 1, "waiting")]));
        assert_eq!(bar.sentence, "1 of 4 certificates are done (25 %), 2 are overdue.");
        assert_eq!(Bar::of(&words, &Tally::default()).length, 1, "a picture of nothing has a size, too");
    }
}
