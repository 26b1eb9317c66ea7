//! What became of bodies (廃置分合): mergers, changes of name and of rank, reorganised wards.

use crate::name::LocalGovernmentCode;
use crate::time::Timestamp;

/// What happened to a body. Kept in register files as its word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum LineageKind {
    /// It became part of another, old or new (編入, 新設).
    MergedInto,
    /// It has another name and is otherwise the same (名称変更).
    Renamed,
    /// It became a city (市制施行) or a town (町制施行) and has another code for it.
    Promoted,
    /// Its city drew its wards anew (行政区の再編).
    WardReorganisation,
}

/// One step from a body to what followed it. A body that was divided has several of one day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LineageEvent {
    /// Since when; midnight in Japan.
    pub effective: Timestamp,
    /// What happened.
    pub kind: LineageKind,
    /// The body it happened to.
    pub predecessor: LocalGovernmentCode,
    /// The body that followed; the same code where only the name changed.
    pub successor: LocalGovernmentCode,
}

impl LineageKind {
    /// Every one of them.
    pub const ALL: &'static [Self] = &[Self::MergedInto, Self::Renamed, Self::Promoted, Self::WardReorganisation];

    /// The word in register files.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::MergedInto => "merged-into",
            Self::Renamed => "renamed",
            Self::Promoted => "promoted",
            Self::WardReorganisation => "ward-reorganisation",
        }
    }

    /// The one of that word.
    pub fn of(word: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|one| one.as_str() == word)
    }

    /// What it is called in Japanese.
    pub const fn japanese(self) -> &'static str {
        match self {
            Self::MergedInto => "合併",
            Self::Renamed => "名称変更",
            Self::Promoted => "市制・町制施行",
            Self::WardReorganisation => "行政区の再編",
        }
    }
}
