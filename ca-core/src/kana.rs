//! Digests for the ear: twelve Kana words that one person reads aloud and another follows. Ten bits a word: 112 of the digest,
//! and 8 that show a mistake. No two words of the list sound alike (a test normalises them as the ear does).

use crate::digest::sha256;
use std::fmt;

/// The list: 1,024 words, one a line, from the Japanese list of BIP 39, without those that sound like another.
const LIST: &str = include_str!("../data/kana-words.txt");
/// How many words are read.
const WORDS: usize = 12;
/// How many octets of the digest they carry.
const OCTETS: usize = 14;

/// Twelve words. Two digests with the same words agree in their first 112 bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KanaWords([&'static str; WORDS]);

/// Why words are no reading of a digest.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KanaError {
    /// Too few or too many.
    #[error("there are 12 words, these are {0}")]
    Count(usize),
    /// One that is not on the list.
    #[error("the word {place} is not on the list: {word}")]
    Unknown {
        /// Which, from 1.
        place: usize,
        /// As it was said.
        word: String,
    },
    /// All are on the list, but one of them is not what was read.
    #[error("one of the words is wrong: their check does not hold")]
    Check,
}

/// The first word that is not what was read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the word {place} is {wanted}, not {said}")]
pub struct KanaMismatch {
    /// Which, from 1.
    pub place: usize,
    /// What it should be.
    pub wanted: &'static str,
    /// What it is.
    pub said: &'static str,
}

impl KanaWords {
    /// The words of a SHA-256 digest.
    ///
    /// ```
    /// use ca_core::{digest::sha256, kana::KanaWords};
    /// let words = KanaWords::of(&sha256(b"abc"));
    /// assert_eq!(words.to_string().lines().count(), 4);
    /// assert_eq!(KanaWords::parse(&words.to_string()), Ok(words));
    /// ```
    pub fn of(digest: &[u8; 32]) -> Self {
        let mut octets = [0u8; 15];
        octets.iter_mut().zip(digest.iter().take(OCTETS)).for_each(|(to, from)| *to = *from);
        let [.., last] = &mut octets;
        *last = check(digest.get(..OCTETS).unwrap_or_default());
        let bit = |at: usize| octets.get(at / 8).is_some_and(|octet| octet >> (7 - at % 8) & 1 == 1);
        let number = |word: usize| (0..10).fold(0usize, |number, at| number * 2 + usize::from(bit(word * 10 + at)));
        let mut words = [""; WORDS];
        for (place, word) in words.iter_mut().enumerate() {
            *word = LIST.lines().nth(number(place)).unwrap_or_default();
        }
        Self(words)
    }

    /// The words of a text, separated by spaces and line ends. Errors: [`KanaError`].
    pub fn parse(text: &str) -> Result<Self, KanaError> {
        let said: Vec<&str> = text.split_whitespace().collect();
        if said.len() != WORDS {
            return Err(KanaError::Count(said.len()));
        }
        let (mut words, mut octets, mut bits) = ([""; WORDS], [0u8; 15], 0usize);
        for (place, (slot, said)) in words.iter_mut().zip(&said).enumerate() {
            let unknown = || KanaError::Unknown { place: place.saturating_add(1), word: (*said).to_owned() };
            let (number, word) = LIST.lines().enumerate().find(|(_, word)| word == said).ok_or_else(unknown)?;
            *slot = word;
            for at in (0..10).rev() {
                if let Some(octet) = octets.get_mut(bits / 8) {
                    *octet |= u8::from(number >> at & 1 == 1) << (7 - bits % 8);
                }
                bits = bits.saturating_add(1);
            }
        }
        let [head @ .., last] = octets;
        if check(&head) == last { Ok(Self(words)) } else { Err(KanaError::Check) }
    }

    /// Errors with the first word that differs from `said`.
    pub fn compare(&self, said: &Self) -> Result<(), KanaMismatch> {
        let pairs = self.0.iter().zip(said.0).enumerate();
        match pairs.map(|(at, (wanted, said))| (at.saturating_add(1), *wanted, said)).find(|(_, a, b)| a != b) {
            Some((place, wanted, said)) => Err(KanaMismatch { place, wanted, said }),
            None => Ok(()),
        }
    }
}

/// What shows a wrong word: one in 256 is not found.
fn check(octets: &[u8]) -> u8 {
    let [first, ..] = sha256(octets);
    first
}

impl fmt::Display for KanaWords {
    /// Four lines of three words.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, line) in self.0.chunks(3).enumerate() {
            if at > 0 {
                f.write_str("\n")?;
            }
            f.write_str(&line.join(" "))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    /// The vowel a syllable ends in.
    fn vowel(kana: char) -> char {
        const ROWS: [(&str, char); 5] = [
            ("あかさたなはまやらわがざだばぱ", 'あ'),
            ("いきしちにひみりぎじぢびぴ", 'い'),
            ("うくすつぬふむゆるぐずづぶぷ", 'う'),
            ("えけせてねへめれげぜでべぺ", 'え'),
            ("おこそとのほもよろをごぞどぼぽ", 'お'),
        ];
        ROWS.iter().find(|(row, _)| row.contains(kana)).map_or(' ', |(_, vowel)| *vowel)
    }

    /// As a tired ear hears a word: small letters as large ones, no doubled consonant, no long vowel, no voicing.
    fn heard(word: &str) -> String {
        let mut heard = String::new();
        for kana in word.chars() {
            let kana = match kana {
                'っ' | 'ー' => continue,
                'ゃ' => 'や',
                'ゅ' => 'ゆ',
                'ょ' => 'よ',
                'ぁ' => 'あ',
                'ぃ' => 'い',
                'ぅ' => 'う',
                'ぇ' => 'え',
                'ぉ' | 'を' => 'お',
                'ぢ' => 'じ',
                'づ' => 'ず',
                other => other,
            };
            let before = heard.chars().last().map_or(' ', vowel);
            let long = kana == before || (before == 'お' && kana == 'う') || (before == 'え' && kana == 'い');
            if !(long && "あいうえお".contains(kana)) {
                heard.push(kana);
            }
        }
        let voiced = "がぎぐげござじずぜぞだでどばびぶべぼぱぴぷぺぽ".chars();
        let plain = "かきくけこさしすせそたてとはひふへほはひふへほ".chars();
        let plain: BTreeMap<char, char> = voiced.zip(plain).collect();
        heard.chars().map(|kana| *plain.get(&kana).unwrap_or(&kana)).collect()
    }

    #[test]
    fn no_two_words_of_the_list_sound_alike() {
        let mut by_sound: BTreeMap<String, Vec<&str>> = BTreeMap::new();
        LIST.lines().for_each(|word| by_sound.entry(heard(word)).or_default().push(word));
        let alike: Vec<_> = by_sound.values().filter(|words| words.len() > 1).collect();
        assert!(alike.is_empty(), "{alike:?}");
        assert_eq!(LIST.lines().count(), 1024);
        assert!(LIST.lines().all(|word| (3..=5).contains(&word.chars().count())));
        assert_eq!(heard("とうきゅう"), heard("とっきゅう"));
        assert_eq!(heard("おおどおり"), heard("おどり"));
    }

    #[test]
    fn kana_words_invariants() {
        for digest in [[0; 32], [0xff; 32], sha256(b"abc")] {
            let words = KanaWords::of(&digest);
            assert_eq!(KanaWords::parse(&words.to_string().replace('\n', "  ")), Ok(words));
            assert_eq!(words.to_string().lines().map(|line| line.split(' ').count()).collect::<Vec<_>>(), [3; 4]);
        }
        let (one, mut other) = (sha256(b"abc"), sha256(b"abc"));
        other[13] ^= 1;
        assert_ne!(KanaWords::of(&one), KanaWords::of(&other));
        assert_eq!(KanaWords::parse("あける"), Err(KanaError::Count(1)));
    }

    #[test]
    fn a_wrong_word_is_found_and_named() {
        let words = KanaWords::of(&sha256(b"abc"));
        let mut said: Vec<String> = words.to_string().split_whitespace().map(str::to_owned).collect();
        let right = std::mem::replace(&mut said[4], "らーめん".to_owned());
        let unknown = KanaError::Unknown { place: 5, word: "らーめん".to_owned() };
        assert_eq!(KanaWords::parse(&said.join(" ")), Err(unknown));
        let wrongs = LIST.lines().filter(|word| **word != right);
        let missed = wrongs.filter(|wrong| {
            said[4] = (*wrong).to_owned();
            KanaWords::parse(&said.join(" ")).is_ok()
        });
        assert!(missed.count() < 20, "about 4 of 1023 wrong words may pass the check");
        let other = KanaWords::of(&sha256(b"abd"));
        assert_eq!(words.compare(&other).unwrap_err().place, 1);
        assert_eq!(words.compare(&words), Ok(()));
    }
}
