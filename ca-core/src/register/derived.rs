//! What a body's name under lg.jp would be by its reading: `<attribute>.<name in Hepburn romaji>`, with the prefecture and a
//! hyphen before a name that several bodies have. Derived, not official: a body may spell itself otherwise, and a county before
//! the name (`town.mikata-kami`) is in no reading.

use super::body::{BodyKind, LgJpLabel, RegisteredBody};
use super::romaji;

/// Prefectures by their numbers from 1, as LG.JP names write them in front of a name that several bodies have.
const PREFECTURES: [&str; 47] = [
    "hokkaido",
    "aomori",
    "iwate",
    "miyagi",
    "akita",
    "yamagata",
    "fukushima",
    "ibaraki",
    "tochigi",
    "gunma",
    "saitama",
    "chiba",
    "tokyo",
    "kanagawa",
    "niigata",
    "toyama",
    "ishikawa",
    "fukui",
    "yamanashi",
    "nagano",
    "gifu",
    "shizuoka",
    "aichi",
    "mie",
    "shiga",
    "kyoto",
    "osaka",
    "hyogo",
    "nara",
    "wakayama",
    "tottori",
    "shimane",
    "okayama",
    "hiroshima",
    "yamaguchi",
    "tokushima",
    "kagawa",
    "ehime",
    "kochi",
    "fukuoka",
    "saga",
    "nagasaki",
    "kumamoto",
    "oita",
    "miyazaki",
    "kagoshima",
    "okinawa",
];

/// Words within names, and how they begin in the reading: there a vowel begins a word and does not lengthen the one before.
const WORDS: [(&str, &str); 10] = [
    ("浦", "ウラ"),
    ("上", "ウエ"),
    ("ノ内", "ウチ"),
    ("之内", "ウチ"),
    ("戸内", "ウチ"),
    ("小海", "ウミ"),
    ("丘", "オカ"),
    ("豊岡", "オカ"),
    ("広尾", "オ"),
    ("之表", "オモテ"),
];

impl RegisteredBody {
    /// The names under lg.jp its reading leads to, the likeliest first, then the same with the prefecture before them. None for
    /// unions (they choose their names freely), for kinds without an attribute, and for a reading that is no katakana.
    pub fn derived_labels(&self) -> Vec<LgJpLabel> {
        let Some(attribute) = self.kind.attribute(&self.code) else { return Vec::new() };
        let spellings = self.spellings();
        let before = prefecture(self).filter(|_| self.kind != BodyKind::Prefecture);
        let prefixed = before.iter().flat_map(|before| spellings.iter().map(move |own| format!("{before}-{own}")));
        let names = spellings.iter().cloned().chain(prefixed);
        names.filter_map(|name| LgJpLabel::parse(&format!("{}.{name}", attribute.as_str()))).collect()
    }

    /// The names it is expected to use: its label alone where that is known, otherwise [`Self::derived_labels`].
    pub fn expected_labels(&self) -> Vec<LgJpLabel> {
        self.label.as_ref().map_or_else(|| self.derived_labels(), |label| vec![label.clone()])
    }

    /// Whether a label is its own, or one of [`Self::derived_labels`] with or without hyphens between the parts of its name
    /// (`city.sanyo-onoda`).
    pub fn reads_as(&self, label: &LgJpLabel) -> bool {
        if self.label.as_ref() == Some(label) {
            return true;
        }
        if self.kind.attribute(&self.code) != label.attribute() {
            return false;
        }
        let prefixed = prefecture(self).and_then(|before| label.name().strip_prefix(before)?.strip_prefix('-'));
        let said = [Some(label.name()), prefixed].map(|name| name.map(|name| name.replace('-', "")));
        self.spellings().into_iter().any(|own| said.contains(&Some(own)))
    }

    /// The spellings of its name without what says its kind (シ, チョウ …), the likeliest first; none where it has no reading
    /// a name under lg.jp could follow.
    pub(super) fn spellings(&self) -> Vec<String> {
        let Some(stem) = stem(self) else { return Vec::new() };
        let places = WORDS.iter().filter(|(word, _)| self.name.contains(word));
        let apart: Vec<usize> = places
            .filter_map(|(_, kana)| stem.rfind(kana))
            .filter_map(|at| stem.get(..at))
            .map(|before| before.chars().count())
            .collect();
        romaji::spellings(stem, &apart).unwrap_or_default()
    }
}

/// The prefecture of a body in Latin letters: `hokkaido`.
pub(super) fn prefecture(body: &RegisteredBody) -> Option<&'static str> {
    PREFECTURES.get(usize::from(body.code.prefecture()?).checked_sub(1)?).copied()
}

/// The reading without what says the kind. `None` if nothing is left, and for kinds whose names follow no reading.
fn stem(body: &RegisteredBody) -> Option<&str> {
    let endings: &[&str] = match (body.kind, body.name.chars().last()?) {
        (BodyKind::Prefecture, '都') => &["ト"],
        (BodyKind::Prefecture, '府') => &["フ"],
        (BodyKind::Prefecture, '県') => &["ケン"],
        // ドウ is part of Hokkaido's name.
        (BodyKind::Prefecture, _) => &[],
        (BodyKind::DesignatedCity | BodyKind::City, _) => &["シ"],
        (BodyKind::SpecialWard, _) => &["ク"],
        (BodyKind::Town, _) => &["チョウ", "マチ"],
        (BodyKind::Village, _) => &["ムラ", "ソン"],
        _ => return None,
    };
    let stem = endings.iter().find_map(|ending| body.kana.strip_suffix(ending)).unwrap_or(&body.kana);
    Some(stem).filter(|stem| !stem.is_empty())
}
