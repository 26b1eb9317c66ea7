//! Text that goes into a certificate as a name: kanji, kana and Latin letters of JIS X 0213, in NFC, that look like what
//! they are. [`CertificateText::parse`] changes nothing: text comes back as it was given, or is refused with the place, the
//! reason and, where there is a usual one, what to write instead. What was issued cannot be corrected, so a person decides.
//!
//! Refused: what NFC would change (髙 and 高, 﨑 and 崎 stay apart: NFC does not fold them), variation selectors, characters
//! outside JIS X 0213, hidden and unassigned ones, full-width letters and half-width kana, characters that look like others,
//! and those that tools take for the end of an attribute.

mod character;
mod jisx0213;
mod lookalike;

use std::fmt;
use unicode_normalization::char::is_combining_mark;
use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfc, is_nfc_quick};

/// How many corrections [`CertificateText::suggestion`] makes before it gives up.
const MOST_CORRECTIONS: usize = 64;

/// Text that has been checked; [`CertificateText::as_str`] is octet for octet what was parsed. It has no upper bound: each
/// attribute has its own (RFC 5280 appendix A.1).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct CertificateText(String);

/// A place in text where something is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    text: String,
    position: usize,
    suggestions: Vec<String>,
}

/// Why text cannot go into a certificate; the first thing that is wrong with it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TextError {
    /// Nothing there.
    #[error("the text is empty")]
    Empty,
    /// NFC would change it (UAX #15): two code points for one character, or a compatibility ideograph.
    #[error("{0} is not in the composed form (NFC)")]
    NotComposed(Found),
    /// A character followed by a variation selector (IVS or SVS): programs without it show another form.
    #[error("{0} is a variant that only a selector tells apart")]
    Variant(Found),
    /// A control, format, bidirectional, tag or other character that shows nothing.
    #[error("{0} is invisible")]
    Hidden(Found),
    /// Private use (外字), a noncharacter, or not assigned: it means nothing, or something else elsewhere.
    #[error("{0} has no meaning that everybody shares")]
    Unassigned(Found),
    /// A letter that is no kanji, kana or Latin letter of JIS X 0213:2004.
    #[error("{0} is no kanji, kana or Latin letter of JIS X 0213")]
    NotInJisX0213(Found),
    /// A full-width letter or digit, or half-width katakana.
    #[error("{0} has the wrong width")]
    Width(Found),
    /// A character that looks like another and never stands in names: Cyrillic or Greek for Latin, a radical for a kanji.
    #[error("{0} looks like another character")]
    LookAlike(Found),
    /// A kanji or kana among characters of another script, where it looks like one of them: ミ二バス with the kanji 二. Rarely
    /// it is right; then a space or a dot beside it says so.
    #[error("{0} looks like a character of the script around it")]
    MixedScript(Found),
    /// A sign with which tools write attributes apart: `ST=Tokyo, C=JP` would read as two.
    #[error("{0} separates the parts of a name")]
    Separator(Found),
    /// A sign that names do not have: ①, ㈱, ★.
    #[error("{0} is a sign that names do not have")]
    Sign(Found),
    /// A space at an end, after another space, or of an unusual kind.
    #[error("{0} is a space that is out of place")]
    Space(Found),
}

impl CertificateText {
    /// The text, unchanged. Errors: the first thing that is wrong, counted from the left; look-alikes between the scripts
    /// after everything else.
    pub fn parse(text: &str) -> Result<Self, TextError> {
        let characters: Vec<char> = text.chars().collect();
        if characters.is_empty() {
            return Err(TextError::Empty);
        }
        let mut rest = characters.as_slice();
        let mut position = 1;
        let mut before = None;
        while let Some((first, after)) = rest.split_first() {
            composed(rest, position)?;
            character::check(rest, before, position)?;
            before = Some(*first);
            (rest, position) = (after, position + 1);
        }
        lookalike::check(&characters)?;
        // Every starter with its marks is composed; what composes across starters (Hangul) was refused as a letter.
        if !is_nfc(text) {
            return Err(TextError::NotComposed(Found::new(&characters, 1, [text.nfc().collect()])));
        }
        Ok(Self(text.to_owned()))
    }

    /// What `text` might have been meant to be: every first suggestion taken until nothing is wrong. `None` where there is
    /// none, or `text` is right already. For a person to look at, never to be taken unseen.
    pub fn suggestion(text: &str) -> Option<String> {
        let mut corrected = text.to_owned();
        for _ in 0..MOST_CORRECTIONS {
            match Self::parse(&corrected) {
                Ok(found) => return Some(found.0).filter(|found| found != text),
                Err(error) => corrected = error.found()?.applied(&corrected)?,
            }
        }
        None
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for CertificateText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TextError {
    /// Which rule it is, for the texts of pages: the same words as the variants, in lower case with hyphens.
    pub const fn key(&self) -> &'static str {
        match self {
            Self::Empty => "empty",
            Self::NotComposed(_) => "not-composed",
            Self::Variant(_) => "variant",
            Self::Hidden(_) => "hidden",
            Self::Unassigned(_) => "unassigned",
            Self::NotInJisX0213(_) => "not-in-jis-x-0213",
            Self::Width(_) => "width",
            Self::LookAlike(_) => "look-alike",
            Self::MixedScript(_) => "mixed-script",
            Self::Separator(_) => "separator",
            Self::Sign(_) => "sign",
            Self::Space(_) => "space",
        }
    }

    /// What is wrong and where; `None` for empty text.
    pub const fn found(&self) -> Option<&Found> {
        match self {
            Self::Empty => None,
            Self::NotComposed(found)
            | Self::Variant(found)
            | Self::Hidden(found)
            | Self::Unassigned(found)
            | Self::NotInJisX0213(found)
            | Self::Width(found)
            | Self::LookAlike(found)
            | Self::MixedScript(found)
            | Self::Separator(found)
            | Self::Sign(found)
            | Self::Space(found) => Some(found),
        }
    }
}

impl Found {
    fn new<const N: usize>(characters: &[char], position: usize, suggestions: [String; N]) -> Self {
        Self { text: characters.iter().collect(), position, suggestions: suggestions.into() }
    }

    /// The characters that are wrong, mostly one. They may be invisible: show [`Found::code_points`] beside them.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Their code points: `U+845B U+E0100`.
    pub fn code_points(&self) -> String {
        let codes: Vec<String> = self.text.chars().map(|c| format!("U+{:04X}", u32::from(c))).collect();
        codes.join(" ")
    }

    /// Where the first of them stands, in characters (code points) from 1.
    pub const fn position(&self) -> usize {
        self.position
    }

    /// What could stand instead, the most likely first. An empty one means: leave it out.
    pub fn suggestions(&self) -> &[String] {
        &self.suggestions
    }

    /// `text`, in which this was found, with the first suggestion taken. `None` without one.
    fn applied(&self, text: &str) -> Option<String> {
        let instead = self.suggestions.first()?;
        let before = text.chars().take(self.position.saturating_sub(1));
        let after = text.chars().skip(self.position.saturating_sub(1).saturating_add(self.text.chars().count()));
        Some(before.chain(instead.chars()).chain(after).collect())
    }
}

/// `U+9AD9 (髙) at character 3`; the character only where it can be seen.
impl fmt::Display for Found {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.code_points())?;
        if self.text.chars().all(character::is_visible) {
            write!(f, " ({})", self.text)?;
        }
        write!(f, " at character {}", self.position)
    }
}

/// Errors if the first character of `rest`, with the marks that follow it, is not in NFC.
fn composed(rest: &[char], position: usize) -> Result<(), TextError> {
    let marks = rest.iter().skip(1).take_while(|c| is_combining_mark(**c) && !character::is_selector(**c)).count();
    let given = rest.get(..=marks).unwrap_or(rest);
    let quickly = is_nfc_quick(given.iter().copied()) == IsNormalized::Yes;
    if quickly || given.iter().copied().nfc().eq(given.iter().copied()) {
        Ok(())
    } else {
        Err(TextError::NotComposed(Found::new(given, position, [given.iter().copied().nfc().collect()])))
    }
}

#[cfg(test)]
mod tests;
