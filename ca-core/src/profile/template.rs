//! Templates of names: a profile says which attributes a subject has and where each value comes from. Constants stand as they
//! are; `{fields}` are filled from the organisation register and from what was asked for, never from a CSR.

use crate::name::{Attribute, DistinguishedName, NameError, StringKind};
use std::collections::BTreeMap;

/// What can be filled into a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Field {
    /// The organisation's name in Japanese, from the register.
    Organisation,
    /// The organisation's name in Latin letters, from the register.
    OrganisationEn,
    /// The organisation's prefecture in Latin letters, from its code.
    PrefectureEn,
    /// Departments and divisions in Japanese, outermost first; any number up to three.
    Units,
    /// The same in Latin letters.
    UnitsEn,
    /// A post in Japanese: 町長.
    Post,
    /// The same in Latin letters: `Mayor`.
    PostEn,
    /// A person's name in Japanese.
    Person,
    /// The same in Latin letters.
    PersonEn,
    /// A number that tells persons of one name apart.
    PersonNumber,
    /// The name of a mailbox, service or product in Latin letters.
    ServiceEn,
    /// The first DNS name.
    ServerName,
}

impl Field {
    /// Every field, in the order forms ask for them.
    pub const ALL: [Self; 12] = [
        Self::Organisation,
        Self::OrganisationEn,
        Self::PrefectureEn,
        Self::Units,
        Self::UnitsEn,
        Self::Post,
        Self::PostEn,
        Self::Person,
        Self::PersonEn,
        Self::PersonNumber,
        Self::ServiceEn,
        Self::ServerName,
    ];

    /// Its word in templates and forms: `post-en`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Organisation => "organisation",
            Self::OrganisationEn => "organisation-en",
            Self::PrefectureEn => "prefecture-en",
            Self::Units => "units",
            Self::UnitsEn => "units-en",
            Self::Post => "post",
            Self::PostEn => "post-en",
            Self::Person => "person",
            Self::PersonEn => "person-en",
            Self::PersonNumber => "person-number",
            Self::ServiceEn => "service-en",
            Self::ServerName => "server-name",
        }
    }

    /// The field of that word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|field| field.as_str() == word)
    }

    /// Whether it may be absent, or stand several times.
    pub const fn is_list(self) -> bool {
        matches!(self, Self::Units | Self::UnitsEn)
    }

    /// Whether the register or the request's names fill it, so that nobody is asked.
    pub const fn is_given(self) -> bool {
        matches!(self, Self::Organisation | Self::OrganisationEn | Self::PrefectureEn | Self::ServerName)
    }
}

/// Most departments in a name.
pub const MOST_UNITS: usize = 3;

/// Where an attribute's value comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// Always this.
    Constant(String),
    /// What was filled in.
    Field(Field),
}

/// A name with places to fill, in the order it is encoded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NameTemplate {
    /// The attributes.
    pub parts: Vec<(Attribute, Source)>,
    /// How its texts are encoded.
    pub encoding: StringKind,
}

/// Values for the fields of templates.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fields(BTreeMap<Field, Vec<String>>);

impl Fields {
    /// With one more value for `field`; an empty one is left out.
    #[must_use]
    pub fn with(mut self, field: Field, value: impl Into<String>) -> Self {
        let value = value.into();
        if !value.is_empty() {
            self.0.entry(field).or_default().push(value);
        }
        self
    }

    /// The values for `field`, in order.
    pub fn values(&self, field: Field) -> &[String] {
        self.0.get(&field).map_or(&[], Vec::as_slice)
    }
}

/// Why a name cannot be made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FillError {
    /// A field has no value, or several where one belongs.
    #[error("{} values for {} where {} belong", found, field.as_str(), if field.is_list() { "up to three" } else { "one" })]
    Count {
        /// Which.
        field: Field,
        /// How many there are.
        found: usize,
    },
    /// A value cannot stand in a name.
    #[error("{}: {cause}", field.map_or("the name", Field::as_str))]
    Value {
        /// Which; `None` for the name as a whole.
        field: Option<Field>,
        /// What is wrong.
        cause: NameError,
    },
}

impl NameTemplate {
    /// The name with `fields` filled in. A server name longer than 64 characters cannot be a common name and is left out (it
    /// stands in subjectAltName, which is what clients read: RFC 9525 §6.1). Errors: a field without value, too many values,
    /// or a value the name cannot carry.
    pub fn fill(&self, fields: &Fields) -> Result<DistinguishedName, FillError> {
        let mut attributes: Vec<(Attribute, StringKind, &str)> = Vec::new();
        for (attribute, source) in &self.parts {
            match source {
                Source::Constant(value) => attributes.push((*attribute, self.encoding, value)),
                Source::Field(field) => {
                    let values = fields.values(*field);
                    let most = if field.is_list() { MOST_UNITS } else { 1 };
                    if values.len() > most || (values.is_empty() && !field.is_list()) {
                        return Err(FillError::Count { field: *field, found: values.len() });
                    }
                    for value in values {
                        if *field == Field::ServerName && value.len() > 64 {
                            continue;
                        }
                        let part = (*attribute, self.encoding, value.as_str());
                        DistinguishedName::new(&[part])
                            .map_err(|cause| FillError::Value { field: Some(*field), cause })?;
                        attributes.push(part);
                    }
                }
            }
        }
        DistinguishedName::new(&attributes).map_err(|cause| FillError::Value { field: None, cause })
    }

    /// The fields it has, in order, each once.
    pub fn fields(&self) -> impl Iterator<Item = Field> {
        self.parts.iter().filter_map(|(_, source)| match source {
            Source::Field(field) => Some(*field),
            Source::Constant(_) => None,
        })
    }

    /// Whether `name` can have come from this template: the same attributes in the same order, constants as they are.
    pub fn fits(&self, name: &DistinguishedName) -> bool {
        self.read(name).is_some()
    }

    /// What was filled in when `name` came from this template; `None` when it cannot have come from it.
    pub fn read(&self, name: &DistinguishedName) -> Option<Fields> {
        let mut found = name.attributes().peekable();
        let mut fields = Fields::default();
        for (attribute, source) in &self.parts {
            let (least, most) = match source {
                Source::Constant(_) => (1, 1),
                Source::Field(field) if field.is_list() => (0, MOST_UNITS),
                // One that is too long is left out.
                Source::Field(Field::ServerName) => (0, 1),
                Source::Field(_) => (1, 1),
            };
            let fits = |value: &str| match source {
                Source::Constant(constant) => constant == value,
                Source::Field(_) => true,
            };
            let mut taken = 0;
            while taken < most
                && let Some((_, value)) = found.next_if(|(kind, value)| *kind == Some(*attribute) && fits(value))
            {
                taken = taken.saturating_add(1);
                if let Source::Field(field) = source {
                    fields = fields.with(*field, value);
                }
            }
            if taken < least {
                return None;
            }
        }
        found.next().is_none().then_some(fields)
    }
}

/// As it is written in packs: `C=JP, OU={units-en}, CN={post-en}`.
impl std::fmt::Display for NameTemplate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for (index, (attribute, source)) in self.parts.iter().enumerate() {
            if index > 0 {
                f.write_str(", ")?;
            }
            match source {
                Source::Constant(value) => write!(f, "{}={value}", attribute.short())?,
                Source::Field(field) => write!(f, "{}={{{}}}", attribute.short(), field.as_str())?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn job_role() -> NameTemplate {
        NameTemplate {
            parts: vec![
                (Attribute::Country, Source::Constant("JP".into())),
                (Attribute::Organisation, Source::Constant("Local Governments".into())),
                (Attribute::OrganisationalUnit, Source::Field(Field::OrganisationEn)),
                (Attribute::OrganisationalUnit, Source::Field(Field::UnitsEn)),
                (Attribute::CommonName, Source::Field(Field::PostEn)),
            ],
            encoding: StringKind::Printable,
        }
    }

    #[test]
    fn field_words_round_trip() {
        for field in Field::ALL {
            assert_eq!(Field::parse(field.as_str()), Some(field));
        }
        assert_eq!(Field::parse("mayor"), None);
    }

    #[test]
    fn a_filled_name_fits_its_template_and_no_other_does() {
        let template = job_role();
        let fields = Fields::default()
            .with(Field::OrganisationEn, "Shirakaba Town")
            .with(Field::UnitsEn, "General Affairs Division")
            .with(Field::UnitsEn, "Personnel Section")
            .with(Field::PostEn, "Mayor");
        let name = template.fill(&fields).unwrap();
        assert_eq!(
            name.to_string(),
            "C=JP, O=Local Governments, OU=Shirakaba Town, OU=General Affairs Division, OU=Personnel Section, CN=Mayor"
        );
        assert!(template.fits(&name));
        let without_post = fields.clone();
        assert!(template.fits(&template.fill(&without_post).unwrap()));
        let mut other = template.clone();
        other.parts.truncate(4);
        assert!(!other.fits(&name) && !template.fits(&other.fill(&fields).unwrap()));
        assert_eq!(
            template.to_string(),
            "C=JP, O=Local Governments, OU={organisation-en}, OU={units-en}, CN={post-en}"
        );
    }

    #[test]
    fn what_is_missing_too_much_or_not_expressible_is_refused_by_name() {
        let template = job_role();
        let town = Fields::default().with(Field::OrganisationEn, "Shirakaba Town");
        assert_eq!(template.fill(&town), Err(FillError::Count { field: Field::PostEn, found: 0 }));
        let two = town.clone().with(Field::PostEn, "Mayor").with(Field::PostEn, "Deputy");
        assert_eq!(template.fill(&two), Err(FillError::Count { field: Field::PostEn, found: 2 }));
        let japanese = template.fill(&town.with(Field::PostEn, "町長"));
        assert!(matches!(japanese, Err(FillError::Value { field: Some(Field::PostEn), .. })));
    }
}
