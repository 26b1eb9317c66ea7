//! Kanji and kana that look the same: 二 and ニ, 口 and ロ, 一 and ー, へ and ヘ. A person sees the word that was meant, a
//! program another one. Told by the neighbours: a single one surrounded by the other script is taken for a slip, or worse.
//!
//! Names that are written so are let through as far as they are known (口コミ, 八ヶ岳, 五カ年, 下タ町, 左エ門); the rules
//! were tried on the 102,000 names of places and businesses in Japan Post's data, where they are wrong about six hamlets,
//! five of them parts counted イ, ロ, ハ. Whoever has such a name writes a space or a dot beside the character.

use super::character::{Script, script};
use super::{Found, TextError};

/// Kanji and the katakana they look like (UTS #39 confusables.txt, and 千, 才).
const KANJI: &[(char, char)] = &[
    ('二', 'ニ'),
    ('口', 'ロ'),
    ('一', 'ー'),
    ('工', 'エ'),
    ('力', 'カ'),
    ('夕', 'タ'),
    ('卜', 'ト'),
    ('八', 'ハ'),
    ('千', 'チ'),
    ('才', 'オ'),
];

/// Hiragana and katakana that differ in nothing one sees.
const KANA: &[(char, char)] = &[('へ', 'ヘ'), ('べ', 'ベ'), ('ぺ', 'ペ')];

/// A character with its neighbours; `None` where the word ends: at an end of the text, a space, a sign, a Latin letter.
struct Place {
    before: Option<Script>,
    c: char,
    after: Option<Script>,
    previous: Option<char>,
    following: [Option<char>; 2],
}

/// Errors at the first character that looks like one of the script around it.
pub(super) fn check(characters: &[char]) -> Result<(), TextError> {
    let in_word = |c: &char| Some(script(*c)).filter(|script| *script != Script::Other);
    for (index, c) in characters.iter().enumerate() {
        let at = |offset: usize| characters.get(index.saturating_add(offset)).copied();
        let previous = index.checked_sub(1).and_then(|index| characters.get(index)).copied();
        let place = Place {
            before: previous.as_ref().and_then(in_word),
            c: *c,
            after: at(1).as_ref().and_then(in_word),
            previous,
            following: [at(1), at(2)],
        };
        if let Some(meant) = place.meant() {
            return Err(TextError::MixedScript(Found::new(&[*c], index.saturating_add(1), [meant.to_string()])));
        }
    }
    Ok(())
}

impl Place {
    /// The character that was probably meant, if it was not this one.
    fn meant(&self) -> Option<char> {
        if self.c == 'ー' {
            return self.mark_of_length();
        }
        let kanji = || KANJI.iter().find(|(kanji, _)| *kanji == self.c).filter(|_| self.is_katakana());
        let katakana = || KANJI.iter().find(|(_, katakana)| *katakana == self.c).filter(|_| self.is_kanji());
        let hiragana =
            || KANA.iter().find(|(hiragana, _)| *hiragana == self.c).filter(|_| self.stands_in(Script::Katakana));
        let other =
            || KANA.iter().find(|(_, katakana)| *katakana == self.c).filter(|_| self.stands_in(Script::Hiragana));
        kanji()
            .map(|(_, meant)| *meant)
            .or_else(|| katakana().map(|(meant, _)| *meant))
            .or_else(|| hiragana().map(|(_, meant)| *meant).or_else(|| other().map(|(meant, _)| *meant)))
    }

    fn stands_in(&self, script: Script) -> bool {
        self.before == Some(script) && self.after == Some(script)
    }

    /// Whether this kanji stands in a katakana word: コンピュ一ター, コンピュータ夕, 夕イヤ, and not アルプス八ヶ岳, ネット口コミ.
    fn is_katakana(&self) -> bool {
        let counts = matches!(self.c, '一' | '二' | '八' | '千')
            && matches!(self.following, [Some('ヶ' | 'ヵ' | 'ケ' | 'カ' | 'ノ' | 'ツ' | 'ッ'), _]);
        let mouth = self.c == '口' && matches!(self.following, [Some('コ'), Some('ミ')]);
        // At an end only those that begin or end no Japanese word beside katakana.
        let one_side = matches!(self.c, '夕' | '卜')
            && matches!((self.before, self.after), (Some(Script::Katakana), None) | (None, Some(Script::Katakana)));
        !counts && !mouth && (self.stands_in(Script::Katakana) || one_side)
    }

    /// Whether this katakana stands in a kanji word: 田ロ, ニ宮, 市川ハ郎, and not 五カ年, 下タ町, 又兵エ or 加ト吉.
    fn is_kanji(&self) -> bool {
        let kana = match self.c {
            'カ' => true,
            'ト' => self.before.is_some(),
            'タ' => matches!(self.previous, Some('下' | '二')),
            'エ' => matches!(self.previous, Some('兵' | '左' | '右')),
            _ => false,
        };
        let at_begin = self.before.is_none() && self.after == Some(Script::Han) && self.c != 'オ';
        let at_end = self.before == Some(Script::Han) && self.after.is_none() && matches!(self.c, 'ロ' | 'エ' | 'タ');
        !kana && (self.stands_in(Script::Han) || at_begin || at_end)
    }

    /// The mark of length lengthens a kana; after anything else it is the kanji 一 or a hyphen.
    fn mark_of_length(&self) -> Option<char> {
        match self.before {
            Some(Script::Hiragana | Script::Katakana) => None,
            Some(Script::Han) => Some('一'),
            _ if self.after == Some(Script::Han) => Some('一'),
            _ => Some('-'),
        }
    }
}
