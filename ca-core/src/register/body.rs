//! One body of the register: what it is, what it is called, and the name it has under lg.jp.

use crate::name::LocalGovernmentCode;
use crate::time::Timestamp;

/// What a body is. Kept in the database and in register files as its word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum BodyKind {
    /// A prefecture (都道府県).
    Prefecture,
    /// A city designated by cabinet order (指定都市).
    DesignatedCity,
    /// Another city (市).
    City,
    /// A special ward of Tokyo (特別区).
    SpecialWard,
    /// A town (町).
    Town,
    /// A village (村).
    Village,
    /// A ward of a designated city (行政区): a part of the city, not a government of its own.
    Ward,
    /// A partial-affairs union (一部事務組合).
    PartialAffairsUnion,
    /// A wide-area union (広域連合).
    WideAreaUnion,
    /// A body the operator of LGWAN has approved (認められた団体).
    ApprovedBody,
    /// A provider of services on LGWAN (LGWAN-ASP).
    Provider,
}

/// The attribute of a name under lg.jp, its second label from the left of `<attribute>.<name>.lg.jp`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Attribute {
    /// Tokyo.
    Metro,
    /// The other prefectures.
    Pref,
    /// Cities and special wards.
    City,
    /// Towns.
    Town,
    /// Villages.
    Vill,
    /// Unions.
    Union,
}

/// A name under lg.jp without that ending: `town.hokkaido-mori`. Lower case.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LgJpLabel(String);

/// A body as the register knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RegisteredBody {
    /// Its code.
    pub code: LocalGovernmentCode,
    /// What it is.
    pub kind: BodyKind,
    /// Its name in Japanese: `森町`; of a ward, with its city: `札幌市中央区`.
    pub name: String,
    /// The reading of the name in full-width katakana.
    pub kana: String,
    /// Its official name under lg.jp, where it is known.
    pub label: Option<LgJpLabel>,
    /// When it began, where that is known; at midnight in Japan.
    pub valid_from: Option<Timestamp>,
    /// When it ended; at midnight in Japan. From then on it is no body any more.
    pub valid_until: Option<Timestamp>,
}

macro_rules! words {
    ($kind:ident: $($name:ident = $word:literal,)+) => {
        impl $kind {
            /// Every one of them.
            pub const ALL: &'static [Self] = &[$(Self::$name,)+];

            /// The word in files, in the database and on the command line.
            pub const fn as_str(self) -> &'static str {
                match self {$(Self::$name => $word,)+}
            }

            /// The one of that word.
            pub fn of(word: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|one| one.as_str() == word)
            }
        }
    };
}

words! { BodyKind:
    Prefecture = "prefecture",
    DesignatedCity = "designated-city",
    City = "city",
    SpecialWard = "special-ward",
    Town = "town",
    Village = "village",
    Ward = "ward",
    PartialAffairsUnion = "partial-affairs-union",
    WideAreaUnion = "wide-area-union",
    ApprovedBody = "approved-body",
    Provider = "provider",
}

words! { Attribute:
    Metro = "metro",
    Pref = "pref",
    City = "city",
    Town = "town",
    Vill = "vill",
    Union = "union",
}

impl BodyKind {
    /// What it is called in Japanese.
    pub const fn japanese(self) -> &'static str {
        match self {
            Self::Prefecture => "都道府県",
            Self::DesignatedCity => "指定都市",
            Self::City => "市",
            Self::SpecialWard => "特別区",
            Self::Town => "町",
            Self::Village => "村",
            Self::Ward => "指定都市の区",
            Self::PartialAffairsUnion => "一部事務組合",
            Self::WideAreaUnion => "広域連合",
            Self::ApprovedBody => "認められた団体",
            Self::Provider => "LGWAN-ASPサービス提供者",
        }
    }

    /// The attribute of its name under lg.jp. `None`: wards use their city's name, and for approved bodies and providers no
    /// attribute is set aside.
    pub fn attribute(self, code: &LocalGovernmentCode) -> Option<Attribute> {
        match self {
            Self::Prefecture if code.prefecture() == Some(13) => Some(Attribute::Metro),
            Self::Prefecture => Some(Attribute::Pref),
            Self::DesignatedCity | Self::City | Self::SpecialWard => Some(Attribute::City),
            Self::Town => Some(Attribute::Town),
            Self::Village => Some(Attribute::Vill),
            Self::PartialAffairsUnion | Self::WideAreaUnion => Some(Attribute::Union),
            Self::Ward | Self::ApprovedBody | Self::Provider => None,
        }
    }

    /// Whether a body of this kind may have that code, as JIS X 0402 numbers them: 000 prefectures; 100, 130, 140 and 150
    /// designated cities, their wards behind them; 101–123 in Tokyo special wards; 201–299 cities; from 301 towns, villages
    /// and unions. Approved bodies and providers have numbers of the installation's own (90 to 99 in front).
    pub fn fits(self, code: &LocalGovernmentCode) -> bool {
        let Some(prefecture) = code.prefecture() else { return matches!(self, Self::ApprovedBody | Self::Provider) };
        match (self, code.body()) {
            (Self::ApprovedBody | Self::Provider, _) => false,
            (Self::Prefecture, body) => body == 0,
            (Self::DesignatedCity, body) => prefecture != 13 && matches!(body, 100 | 130 | 140 | 150),
            (Self::SpecialWard, body) => prefecture == 13 && matches!(body, 101..=123),
            (Self::Ward, body) => prefecture != 13 && matches!(body, 101..=199),
            (Self::City, body) => matches!(body, 201..=299),
            (Self::Town | Self::Village | Self::PartialAffairsUnion | Self::WideAreaUnion, body) => body > 300,
        }
    }

    /// What a body of that name and code is, as far as the two say: the last sign of 白樺町 says town. `None` for others.
    pub fn guessed(name: &str, code: &LocalGovernmentCode) -> Option<Self> {
        let kinds = match name.chars().last()? {
            '都' | '道' | '府' | '県' => &[Self::Prefecture][..],
            '市' => &[Self::DesignatedCity, Self::City],
            '区' => &[Self::SpecialWard, Self::Ward],
            '町' => &[Self::Town],
            '村' => &[Self::Village],
            '合' if name.ends_with("広域連合") => &[Self::WideAreaUnion],
            '合' if name.ends_with("組合") => &[Self::PartialAffairsUnion],
            _ => &[],
        };
        kinds.iter().copied().find(|kind| kind.fits(code))
    }
}

impl LgJpLabel {
    /// Reads `<attribute>.<name>`, both in lower case; the name of letters, digits and hyphens that are not at its ends, at most
    /// 63 (rules of JPRS for LG domain names). `None` for anything else.
    pub fn parse(text: &str) -> Option<Self> {
        let (attribute, name) = text.split_once('.')?;
        let letters = name.bytes().all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'-'));
        let good = letters && (1..=63).contains(&name.len()) && !name.starts_with('-') && !name.ends_with('-');
        (good && Attribute::of(attribute).is_some()).then(|| Self(text.to_owned()))
    }

    /// `town.hokkaido-mori`.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The attribute; the one a label has was checked when it was read.
    pub fn attribute(&self) -> Option<Attribute> {
        self.0.split('.').next().and_then(Attribute::of)
    }

    /// `hokkaido-mori`.
    pub fn name(&self) -> &str {
        self.0.split_once('.').map_or("", |(_, name)| name)
    }

    /// `town.hokkaido-mori.lg.jp`.
    pub fn domain(&self) -> String {
        format!("{}.lg.jp", self.0)
    }
}

impl RegisteredBody {
    /// Whether it is a body at `now`.
    pub fn in_force(&self, now: Timestamp) -> bool {
        self.valid_from.is_none_or(|from| from <= now) && self.valid_until.is_none_or(|until| now < until)
    }
}

impl std::fmt::Display for BodyKind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

impl std::fmt::Display for LgJpLabel {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(text: &str) -> LocalGovernmentCode {
        LocalGovernmentCode::parse(text).unwrap()
    }

    #[test]
    fn lg_jp_label_invariants() {
        for good in ["town.a", "city.sanyo-onoda", "pref.hokkaido", "union.a1"] {
            assert_eq!(LgJpLabel::parse(good).map(|label| label.domain()), Some(format!("{good}.lg.jp")));
        }
        assert!(LgJpLabel::parse(&format!("town.{}", "a".repeat(63))).is_some());
        assert!(LgJpLabel::parse(&format!("town.{}", "a".repeat(64))).is_none());
        for bad in ["", "town", "town.", "town.-a", "town.a-", "town.A", "town.a.b", "ward.a", "a.town"] {
            assert_eq!(LgJpLabel::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_kind_has_its_range_of_codes() {
        assert!(BodyKind::Provider.fits(&code("900010")) && !BodyKind::Town.fits(&code("900010")));
        assert!(BodyKind::SpecialWard.fits(&code("131016")) && !BodyKind::Ward.fits(&code("131016")));
        assert!(BodyKind::Ward.fits(&code("011011")) && !BodyKind::SpecialWard.fits(&code("011011")));
        assert!(!BodyKind::Provider.fits(&code("011011")));
    }

    #[test]
    fn the_last_sign_of_a_name_says_what_a_body_is() {
        assert_eq!(BodyKind::guessed("白樺町", &code("019992")), Some(BodyKind::Town));
        assert_eq!(BodyKind::guessed("札幌市", &code("011002")), Some(BodyKind::DesignatedCity));
        assert_eq!(BodyKind::guessed("白樺広域連合", &code("019992")), Some(BodyKind::WideAreaUnion));
        assert_eq!(BodyKind::guessed("白樺町", &code("011002")), None, "towns have other codes");
        assert_eq!(BodyKind::guessed("株式会社", &code("900010")), None);
    }

    #[test]
    fn every_word_leads_back_to_its_kind() {
        for kind in BodyKind::ALL {
            assert_eq!(BodyKind::of(kind.as_str()), Some(*kind));
            assert!(!kind.japanese().is_empty());
        }
        assert_eq!(BodyKind::of("county"), None);
    }
}
