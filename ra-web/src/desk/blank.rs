//! The blanks of a form that go into a certificate's name: which a profile has, and in which order forms draw them. A profile
//! names fields (`ca_core::profile::Field`); departments have three blanks a script.

use ca_core::profile::{Field, Fields, Profile};

/// A place where a person writes one value of a name. In the order of forms.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Blank {
    /// The outermost department in Japanese.
    Unit1,
    /// The same in Latin letters.
    UnitEn1,
    /// The department below it.
    Unit2,
    /// The same in Latin letters.
    UnitEn2,
    /// The innermost department.
    Unit3,
    /// The same in Latin letters.
    UnitEn3,
    /// A post in Japanese.
    Post,
    /// The same in Latin letters.
    PostEn,
    /// A person's name in Japanese.
    Person,
    /// The same in Latin letters.
    PersonEn,
    /// The number that tells persons of one name apart.
    PersonNumber,
    /// A mailbox, service or product in Latin letters.
    ServiceEn,
}

/// What may be written into a blank.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Script {
    /// Japanese: kanji, kana and Latin letters.
    Japanese,
    /// Latin letters, digits and a few signs.
    Latin,
    /// A person's name in Latin letters: capitals, family name first.
    LatinName,
    /// Letters, digits and hyphens.
    Number,
}

impl Blank {
    /// Every blank, in the order of forms.
    pub const ALL: [Self; 12] = [
        Self::Unit1,
        Self::UnitEn1,
        Self::Unit2,
        Self::UnitEn2,
        Self::Unit3,
        Self::UnitEn3,
        Self::Post,
        Self::PostEn,
        Self::Person,
        Self::PersonEn,
        Self::PersonNumber,
        Self::ServiceEn,
    ];

    /// Departments in Japanese, and the same in Latin letters beside them.
    pub const UNITS: [(Self, Self); 3] =
        [(Self::Unit1, Self::UnitEn1), (Self::Unit2, Self::UnitEn2), (Self::Unit3, Self::UnitEn3)];

    /// Returns the blanks of the form for `profile`.
    pub fn of(profile: &Profile) -> Vec<Self> {
        let asked = profile.asked();
        Self::ALL.into_iter().filter(|blank| asked.contains(&blank.field())).collect()
    }

    /// Returns the field of the name it is for.
    pub const fn field(self) -> Field {
        match self {
            Self::Unit1 | Self::Unit2 | Self::Unit3 => Field::Units,
            Self::UnitEn1 | Self::UnitEn2 | Self::UnitEn3 => Field::UnitsEn,
            Self::Post => Field::Post,
            Self::PostEn => Field::PostEn,
            Self::Person => Field::Person,
            Self::PersonEn => Field::PersonEn,
            Self::PersonNumber => Field::PersonNumber,
            Self::ServiceEn => Field::ServiceEn,
        }
    }

    /// Returns what was written into it when a name was filled in with `fields`.
    pub fn text_in(self, fields: &Fields) -> Option<&str> {
        let place = match self {
            Self::Unit2 | Self::UnitEn2 => 1,
            Self::Unit3 | Self::UnitEn3 => 2,
            _ => 0,
        };
        fields.values(self.field()).get(place).map(String::as_str)
    }

    /// Returns its `id` and `name` in the page.
    pub const fn id(self) -> &'static str {
        match self {
            Self::Unit1 => "unit-1",
            Self::UnitEn1 => "unit-en-1",
            Self::Unit2 => "unit-2",
            Self::UnitEn2 => "unit-en-2",
            Self::Unit3 => "unit-3",
            Self::UnitEn3 => "unit-en-3",
            Self::Post => "post",
            Self::PostEn => "post-en",
            Self::Person => "person",
            Self::PersonEn => "person-en",
            Self::PersonNumber => "person-number",
            Self::ServiceEn => "service-en",
        }
    }

    /// Returns the blank of that id.
    pub fn parse(id: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|blank| blank.id() == id)
    }

    /// Returns what may be written into it.
    pub const fn script(self) -> Script {
        match self {
            Self::Unit1 | Self::Unit2 | Self::Unit3 | Self::Post | Self::Person => Script::Japanese,
            Self::UnitEn1 | Self::UnitEn2 | Self::UnitEn3 | Self::PostEn | Self::ServiceEn => Script::Latin,
            Self::PersonEn => Script::LatinName,
            Self::PersonNumber => Script::Number,
        }
    }

    /// Returns the sentence for leaving it empty; `None` where it may stay empty.
    pub const fn empty_key(self) -> Option<&'static str> {
        match self {
            Self::Post => Some("post-empty"),
            Self::PostEn => Some("post-en-empty"),
            Self::Person => Some("person-empty"),
            Self::PersonEn => Some("person-en-empty"),
            Self::PersonNumber => Some("person-number-empty"),
            Self::ServiceEn => Some("service-en-empty"),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ca_core::profile::Packs;

    #[test]
    fn ids_round_trip_and_blanks_stand_in_the_order_of_the_form() {
        for blank in Blank::ALL {
            assert_eq!(Blank::parse(blank.id()), Some(blank));
        }
        assert!(Blank::ALL.is_sorted());
    }

    #[test]
    fn every_field_of_every_requested_profile_has_a_blank() {
        for profile in Packs::shipped().unwrap().requested() {
            let blanks = Blank::of(profile);
            for field in profile.asked() {
                assert!(blanks.iter().any(|blank| blank.field() == field), "{}: {field:?}", profile.id);
            }
        }
    }
}
