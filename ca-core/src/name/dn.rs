//! Distinguished names (RFC 5280 §4.1.2.4): an ordered list of attributes, each in a set of its own, repeats allowed
//! (job-role certificates nest several OUs). A name read from DER keeps its octets, so an issuer's name is copied and
//! never encoded anew.

use super::matching::directory_string;
use super::{CertificateText, TextError};
use crate::der::{DerError, Reader, Writer, is_printable, tag};
use crate::oid::{self, Oid};
use std::fmt;

/// Longest attribute value, in characters: the upper bound of X.520 for most (ub-name is larger, nobody needs it).
const LONGEST_VALUE: usize = 64;

/// How an attribute's text is encoded; part of an authority's identity (application CAs: Printable, bridge: UTF-8).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StringKind {
    /// PrintableString: A–Z a–z 0–9 space ' ( ) + , - . / : = ?
    Printable,
    /// UTF8String.
    Utf8,
    /// IA5String: for domainComponent only.
    Ia5,
}

/// Kinds of attributes a name may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Attribute {
    /// C
    Country,
    /// ST
    State,
    /// L
    Locality,
    /// O
    Organisation,
    /// OU
    OrganisationalUnit,
    /// CN
    CommonName,
    /// T
    Title,
    /// SERIALNUMBER
    SerialNumber,
    /// SN
    Surname,
    /// GN
    GivenName,
    /// DC
    DomainComponent,
    /// EMAIL: in names that are read. A name we make has none; the address stands in subjectAltName (RFC 5280 §4.1.2.6).
    EmailAddress,
}

impl Attribute {
    const ALL: [(Self, Oid, &'static str); 12] = [
        (Self::Country, oid::COUNTRY, "C"),
        (Self::State, oid::STATE, "ST"),
        (Self::Locality, oid::LOCALITY, "L"),
        (Self::Organisation, oid::ORGANISATION, "O"),
        (Self::OrganisationalUnit, oid::ORGANISATIONAL_UNIT, "OU"),
        (Self::CommonName, oid::COMMON_NAME, "CN"),
        (Self::Title, oid::TITLE, "T"),
        (Self::SerialNumber, oid::SERIAL_NUMBER, "SERIALNUMBER"),
        (Self::Surname, oid::SURNAME, "SN"),
        (Self::GivenName, oid::GIVEN_NAME, "GN"),
        (Self::DomainComponent, oid::DOMAIN_COMPONENT, "DC"),
        (Self::EmailAddress, oid::EMAIL_ADDRESS, "EMAIL"),
    ];

    /// Its object identifier.
    pub fn oid(self) -> Oid {
        Self::ALL.into_iter().find(|(kind, ..)| *kind == self).map_or(oid::COMMON_NAME, |(_, oid, _)| oid)
    }

    /// Its short name: `OU`.
    pub fn short(self) -> &'static str {
        Self::ALL.into_iter().find(|(kind, ..)| *kind == self).map_or("", |(.., short)| short)
    }

    /// The attribute of that short name.
    pub fn named(short: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|(.., known)| *known == short).map(|(kind, ..)| kind)
    }

    /// Every short name.
    pub fn names() -> impl Iterator<Item = &'static str> {
        Self::ALL.into_iter().map(|(.., short)| short)
    }

    fn from_oid(content: &[u8]) -> Option<Self> {
        Self::ALL.into_iter().find(|(_, oid, _)| oid.as_bytes() == content).map(|(kind, ..)| kind)
    }
}

/// Why text cannot stand in a name, or octets are no name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// Not DER of a Name.
    #[error("the name is not DER: {0}")]
    Der(#[from] DerError),
    /// Empty, or longer than its upper bound.
    #[error("{attribute} has {found} characters; 1 to {most} are allowed")]
    Length {
        /// Short name of the attribute.
        attribute: &'static str,
        /// Characters found.
        found: usize,
        /// Characters allowed.
        most: usize,
    },
    /// A character that the attribute's encoding cannot carry.
    #[error("{attribute} cannot contain {character:?}")]
    Character {
        /// Short name of the attribute.
        attribute: &'static str,
        /// The first such character.
        character: char,
    },
    /// Text that certificates do not carry.
    #[error("{attribute}: {cause}")]
    Text {
        /// Short name of the attribute.
        attribute: &'static str,
        /// What is wrong with it.
        #[source]
        cause: TextError,
    },
    /// A mail address in a name that is made.
    #[error("a mail address stands in subjectAltName, not in a name")]
    EmailAddress,
    /// A name without attributes.
    #[error("the name is empty")]
    Empty,
}

/// A Name: its DER, and its attributes for people.
#[derive(Clone)]
pub struct DistinguishedName {
    der: Vec<u8>,
    /// In order; `None` for a kind of attribute we do not know, with the dotted OID in the text.
    attributes: Vec<(Option<Attribute>, String)>,
}

impl DistinguishedName {
    /// A name of these attributes in this order. Country is always PrintableString (RFC 5280 appendix A). Errors: a value
    /// that is empty, too long, not expressible in its encoding or no [`CertificateText`]; a mail address; no attribute at
    /// all.
    pub fn new(attributes: &[(Attribute, StringKind, &str)]) -> Result<Self, NameError> {
        if attributes.is_empty() {
            return Err(NameError::Empty);
        }
        for (attribute, kind, value) in attributes {
            check_value(*attribute, effective_kind(*attribute, *kind), value)?;
        }
        let der = Writer::build(|w| {
            w.sequence(|w| {
                for (attribute, kind, value) in attributes.iter().rev() {
                    w.constructed(tag::SET, |w| {
                        w.sequence(|w| {
                            w.primitive(string_tag(effective_kind(*attribute, *kind)), value.as_bytes());
                            w.oid(attribute.oid());
                        });
                    });
                }
            });
        });
        let attributes = attributes.iter().map(|(kind, _, value)| (Some(*kind), (*value).to_owned())).collect();
        Ok(Self { der, attributes })
    }

    /// The name in `der`, its octets kept; any text, also such as [`DistinguishedName::new`] refuses, and the attributes of a
    /// multi-valued RDN one after another. Strings other than PrintableString, UTF8String, IA5String and BMPString are shown
    /// as hexadecimal. Errors: not one DER Name.
    pub fn from_der(der: &[u8]) -> Result<Self, NameError> {
        let mut attributes = Vec::new();
        let mut sets = Reader::of_sequence(der)?;
        while !sets.is_empty() {
            let mut set = sets.constructed(tag::SET)?;
            while !set.is_empty() {
                let mut pair = set.sequence()?;
                let id = pair.oid()?;
                let value = pair.element()?;
                pair.finish()?;
                let text = match value.tag {
                    tag::PRINTABLE_STRING | tag::UTF8_STRING | tag::IA5_STRING => {
                        String::from_utf8(value.content.to_vec()).map_err(|_| DerError::Value("a string"))?
                    }
                    _ => directory_string(value).unwrap_or_else(|| format!("#{}", crate::digest::hex(value.whole))),
                };
                let kind = Attribute::from_oid(id);
                let text = if kind.is_none() { format!("{}={text}", oid::dotted(id)) } else { text };
                attributes.push((kind, text));
            }
        }
        Ok(Self { der: der.to_vec(), attributes })
    }

    /// The octets of the Name.
    pub fn as_der(&self) -> &[u8] {
        &self.der
    }

    /// Whether the name has no attribute.
    pub const fn is_empty(&self) -> bool {
        self.attributes.is_empty()
    }

    /// The values of one kind of attribute, in order.
    pub fn values(&self, kind: Attribute) -> impl Iterator<Item = &str> {
        self.attributes.iter().filter(move |(found, _)| *found == Some(kind)).map(|(_, value)| value.as_str())
    }

    /// The attributes in order; the kind is `None` where we do not know it (then the text begins with its OID).
    pub fn attributes(&self) -> impl Iterator<Item = (Option<Attribute>, &str)> {
        self.attributes.iter().map(|(kind, value)| (*kind, value.as_str()))
    }
}

/// Names are equal when their octets are; see [`DistinguishedName::matches`].
impl PartialEq for DistinguishedName {
    fn eq(&self, other: &Self) -> bool {
        self.der == other.der
    }
}

impl Eq for DistinguishedName {}

/// First attribute first, as it is encoded: `C=JP, O=LGPKI, CN=…`. Control characters and separators are escaped.
impl fmt::Display for DistinguishedName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, (kind, value)) in self.attributes.iter().enumerate() {
            if index > 0 {
                f.write_str(", ")?;
            }
            if let Some(kind) = kind {
                write!(f, "{}=", kind.short())?;
            }
            for character in value.chars() {
                match character {
                    ',' | '+' | '"' | '\\' | '<' | '>' | ';' => write!(f, "\\{character}")?,
                    c if is_hidden(c) => write!(f, "\\u{{{:x}}}", u32::from(c))?,
                    c => write!(f, "{c}")?,
                }
            }
        }
        Ok(())
    }
}

impl fmt::Debug for DistinguishedName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DistinguishedName({self})")
    }
}

/// Control, zero-width and bidirectional characters: shown escaped.
pub(crate) fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

const fn effective_kind(attribute: Attribute, kind: StringKind) -> StringKind {
    match attribute {
        Attribute::Country | Attribute::SerialNumber => StringKind::Printable,
        Attribute::DomainComponent | Attribute::EmailAddress => StringKind::Ia5,
        _ => kind,
    }
}

const fn string_tag(kind: StringKind) -> u8 {
    match kind {
        StringKind::Printable => tag::PRINTABLE_STRING,
        StringKind::Utf8 => tag::UTF8_STRING,
        StringKind::Ia5 => tag::IA5_STRING,
    }
}

fn check_value(attribute: Attribute, kind: StringKind, value: &str) -> Result<(), NameError> {
    if attribute == Attribute::EmailAddress {
        return Err(NameError::EmailAddress);
    }
    let (least, most) = if attribute == Attribute::Country { (2, 2) } else { (1, LONGEST_VALUE) };
    let found = value.chars().count();
    if !(least..=most).contains(&found) {
        return Err(NameError::Length { attribute: attribute.short(), found, most });
    }
    let allowed = |c: char| match kind {
        StringKind::Printable => u8::try_from(c).is_ok_and(is_printable),
        StringKind::Utf8 => true, // CertificateText says
        StringKind::Ia5 => c.is_ascii() && !c.is_ascii_control(),
    };
    match value.chars().find(|c| !allowed(*c)) {
        Some(character) => Err(NameError::Character { attribute: attribute.short(), character }),
        None if kind == StringKind::Ia5 => Ok(()),
        None => match CertificateText::parse(value) {
            Ok(_) => Ok(()),
            Err(cause) => Err(NameError::Text { attribute: attribute.short(), cause }),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::Attribute::{CommonName, Country, Organisation, OrganisationalUnit};
    use super::*;

    #[test]
    fn repeated_attributes_keep_their_order() {
        let name = DistinguishedName::new(&[
            (Country, StringKind::Utf8, "JP"),
            (Organisation, StringKind::Utf8, "LGPKI"),
            (OrganisationalUnit, StringKind::Utf8, "Shirakaba Town"),
            (OrganisationalUnit, StringKind::Utf8, "総務課"),
            (CommonName, StringKind::Printable, "Mayor"),
        ])
        .unwrap();
        assert_eq!(name.to_string(), "C=JP, O=LGPKI, OU=Shirakaba Town, OU=総務課, CN=Mayor");
        let read = DistinguishedName::from_der(name.as_der()).unwrap();
        assert_eq!(read, name);
        assert_eq!(read.values(OrganisationalUnit).collect::<Vec<_>>(), ["Shirakaba Town", "総務課"]);
        assert_eq!(
            &name.as_der()[2..13],
            &[0x31, 11, 0x30, 9, 6, 3, 0x55, 4, 6, 0x13, 2],
            "country is PrintableString"
        );
    }

    #[test]
    fn what_an_encoding_cannot_carry_is_refused() {
        let one = |kind, value: &str| DistinguishedName::new(&[(CommonName, kind, value)]);
        assert!(matches!(one(StringKind::Printable, "白樺"), Err(NameError::Character { character: '白', .. })));
        assert!(matches!(one(StringKind::Printable, "a*"), Err(NameError::Character { character: '*', .. })));
        for text in ["a\u{202e}b", "Tokyo, C=JP", " a", "髙橋"] {
            assert!(matches!(one(StringKind::Utf8, text), Err(NameError::Text { attribute: "CN", .. })), "{text}");
        }
        assert!(matches!(one(StringKind::Printable, "Tokyo, C=JP"), Err(NameError::Text { .. })));
        assert!(matches!(one(StringKind::Utf8, ""), Err(NameError::Length { .. })));
        assert!(one(StringKind::Utf8, &"字".repeat(64)).is_ok());
        assert!(one(StringKind::Utf8, &"字".repeat(65)).is_err());
        assert!(DistinguishedName::new(&[(Country, StringKind::Utf8, "JPN")]).is_err());
        let mail = [(Attribute::EmailAddress, StringKind::Ia5, "sato@town.shirakaba.lg.jp")];
        assert_eq!(DistinguishedName::new(&mail), Err(NameError::EmailAddress));
        assert_eq!(DistinguishedName::new(&[]), Err(NameError::Empty));
    }

    #[test]
    fn hostile_text_is_shown_escaped() {
        let others = |attribute: Attribute, tag, text: &str| {
            let der = Writer::build(|w| {
                w.sequence(|w| {
                    w.constructed(tag::SET, |w| {
                        w.sequence(|w| {
                            w.primitive(tag, text.as_bytes());
                            w.oid(attribute.oid());
                        });
                    });
                });
            });
            DistinguishedName::from_der(&der).unwrap().to_string()
        };
        assert_eq!(others(CommonName, tag::PRINTABLE_STRING, "a, O=b"), "CN=a\\, O=b");
        assert_eq!(others(CommonName, tag::UTF8_STRING, "a\u{202e}b"), "CN=a\\u{202e}b");
        assert_eq!(others(Attribute::EmailAddress, tag::IA5_STRING, "a@b.jp"), "EMAIL=a@b.jp");
    }
}
