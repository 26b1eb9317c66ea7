//! Whether two distinguished names are the same name (RFC 5280 §7.1): the same attributes in the same order, whose text is
//! the same after the string preparation of LDAP (RFC 4518; as X.520 §7 says it), so without regard to case, width, repeated
//! spaces and the string type. For reading what others issued; names we write are compared octet for octet (`==`).

use super::DistinguishedName;
use crate::der::{DerError, Element, Reader, tag};
use crate::oid;
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// A relative name: its attributes, sorted, since they are a set.
type RelativeName<'a> = Vec<(&'a [u8], Comparable<'a>)>;

/// A value in a form in which equal values are the same.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Comparable<'a> {
    /// Text after string preparation.
    Prepared(String),
    /// ASCII text in lower case: domain components (RFC 5280 §7.3) and mail addresses (§4.1.2.6).
    Ascii(String),
    /// Everything else: tag and octets.
    Octets(&'a [u8]),
}

impl DistinguishedName {
    /// Whether `other` is the same name by RFC 5280 §7.1. PrintableString, UTF8String and BMPString are compared prepared;
    /// domainComponent and emailAddress without regard to case; everything else, and text that cannot be prepared (it has
    /// characters that Unicode 3.2 does not know), by its octets. Reflexive and symmetric; names with equal octets match.
    pub fn matches(&self, other: &Self) -> bool {
        if self == other {
            return true;
        }
        match (relative_names(self.as_der()), relative_names(other.as_der())) {
            (Ok(ours), Ok(theirs)) => ours == theirs,
            _ => false,
        }
    }
}

fn relative_names(der: &[u8]) -> Result<Vec<RelativeName<'_>>, DerError> {
    let mut names = Vec::new();
    let mut sets = Reader::of_sequence(der)?;
    while !sets.is_empty() {
        let mut set = sets.constructed(tag::SET)?;
        let mut name = Vec::new();
        while !set.is_empty() {
            let mut pair = set.sequence()?;
            let id = pair.oid()?;
            name.push((id, Comparable::of(id, pair.element()?)));
        }
        name.sort();
        names.push(name);
    }
    Ok(names)
}

impl<'a> Comparable<'a> {
    fn of(id: &[u8], value: Element<'a>) -> Self {
        let without_case = [oid::DOMAIN_COMPONENT, oid::EMAIL_ADDRESS].iter().any(|oid| oid.as_bytes() == id);
        let text = directory_string(value);
        if let Some(prepared) = text.as_deref().and_then(prepared) {
            Self::Prepared(prepared)
        } else if value.tag == tag::IA5_STRING && without_case {
            Self::Ascii(String::from_utf8_lossy(value.content).to_ascii_lowercase())
        } else {
            Self::Octets(value.whole)
        }
    }
}

/// The text of a PrintableString, UTF8String or BMPString. `None` for other types, and for octets that are none.
pub(super) fn directory_string(value: Element<'_>) -> Option<String> {
    match value.tag {
        tag::PRINTABLE_STRING | tag::UTF8_STRING => String::from_utf8(value.content.to_vec()).ok(),
        tag::BMP_STRING => {
            let units = value.content.chunks(2).map(|two| <[u8; 2]>::try_from(two).map(u16::from_be_bytes));
            String::from_utf16(&units.collect::<Result<Vec<u16>, _>>().ok()?).ok()
        }
        _ => None,
    }
}

/// RFC 4518 §2: mapped, normalised, nothing prohibited, and insignificant spaces (§2.6.1) removed. `None` where it fails.
fn prepared(text: &str) -> Option<String> {
    if text.is_empty() {
        return Some(String::new()); // no more than insignificant space
    }
    // With case folding the crate leaves normalisation out; table B.2 of RFC 3454 is made for NFKC after it.
    let mapped: String = stringprep::x520prep(text, true).ok()?.nfkc().collect();
    let mut significant = String::with_capacity(mapped.len());
    let mut characters = mapped.chars().peekable();
    let mut spaces = false;
    while let Some(c) = characters.next() {
        // A space with a mark on it is no space.
        if c == ' ' && !characters.peek().is_some_and(|next| is_combining_mark(*next)) {
            spaces = true;
            continue;
        }
        if spaces && !significant.is_empty() {
            significant.push(' ');
        }
        spaces = false;
        significant.push(c);
    }
    Some(significant)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::der::Writer;
    use crate::name::Attribute::{CommonName, Country, Organisation};
    use crate::name::StringKind;

    /// A name of one relative name after another, each of (type, string tag, octets).
    fn name(relative: &[&[(oid::Oid, u8, &[u8])]]) -> DistinguishedName {
        let der = Writer::build(|w| {
            w.sequence(|w| {
                for pairs in relative.iter().rev() {
                    w.constructed(tag::SET, |w| {
                        for (id, tag, octets) in pairs.iter().rev() {
                            w.sequence(|w| {
                                w.primitive(*tag, octets);
                                w.oid(*id);
                            });
                        }
                    });
                }
            });
        });
        DistinguishedName::from_der(&der).unwrap()
    }

    fn common_name(tag: u8, text: &str) -> DistinguishedName {
        name(&[&[(oid::COMMON_NAME, tag, text.as_bytes())]])
    }

    #[test]
    fn case_width_spaces_and_string_type_do_not_matter() {
        let plain = common_name(tag::PRINTABLE_STRING, "Good CA Root");
        for (tag, same) in [
            (tag::PRINTABLE_STRING, "good ca ROOT"),
            (tag::PRINTABLE_STRING, "  Good   CA Root "),
            (tag::UTF8_STRING, "Good CA Root"),
            (tag::UTF8_STRING, "Ｇｏｏｄ　ＣＡ　Ｒｏｏｔ"),
            (tag::UTF8_STRING, "Go\u{ad}od CA\u{200b}\u{a0}Root"),
        ] {
            let same = common_name(tag, same);
            assert!(plain.matches(&same) && same.matches(&plain), "{same}");
            assert_ne!(plain, same, "equality is of octets");
        }
        for other in ["GoodCA Root", "Good CA Root2", "Good CA", ""] {
            assert!(!plain.matches(&common_name(tag::PRINTABLE_STRING, other)), "{other:?}");
        }
        let composed = common_name(tag::UTF8_STRING, "ガス課");
        assert!(composed.matches(&common_name(tag::UTF8_STRING, "カ\u{3099}ス課")));
        assert!(!common_name(tag::UTF8_STRING, "髙橋").matches(&common_name(tag::UTF8_STRING, "高橋")));
    }

    #[test]
    fn bmp_string_is_text_and_other_types_are_octets() {
        let units: Vec<u8> = "白樺町 A".encode_utf16().flat_map(u16::to_be_bytes).collect();
        let bmp = name(&[&[(oid::COMMON_NAME, tag::BMP_STRING, &units)]]);
        assert_eq!(bmp.to_string(), "CN=白樺町 A");
        assert!(bmp.matches(&common_name(tag::UTF8_STRING, "白樺町 a")));
        let teletex = |text| common_name(0x14, text);
        assert!(teletex("Root").matches(&teletex("Root")));
        assert!(!teletex("Root").matches(&teletex("ROOT")));
        assert!(!teletex("Root").matches(&common_name(tag::PRINTABLE_STRING, "Root")));
        let odd = name(&[&[(oid::COMMON_NAME, tag::BMP_STRING, &[0x30])]]);
        assert!(odd.to_string().starts_with("CN=#1e01"), "{odd}");
        assert!(!odd.matches(&bmp) && odd.matches(&odd.clone()));
    }

    #[test]
    fn relative_names_are_sets_and_their_order_counts() {
        let (cn, serial): ((_, _, &[u8]), (_, _, &[u8])) =
            ((oid::COMMON_NAME, tag::PRINTABLE_STRING, b"Mayor"), (oid::SERIAL_NUMBER, tag::PRINTABLE_STRING, b"1"));
        assert!(name(&[&[cn, serial]]).matches(&name(&[&[serial, cn]])));
        assert!(!name(&[&[cn], &[serial]]).matches(&name(&[&[serial], &[cn]])));
        assert!(!name(&[&[cn, serial]]).matches(&name(&[&[cn], &[serial]])), "one of two is not two of one");
        assert!(!name(&[&[cn]]).matches(&name(&[&[cn], &[cn]])));
    }

    #[test]
    fn domain_and_mail_address_do_not_depend_on_case_and_other_ia5_does() {
        let one = |id, text: &str| name(&[&[(id, tag::IA5_STRING, text.as_bytes())]]);
        assert!(one(oid::DOMAIN_COMPONENT, "LG").matches(&one(oid::DOMAIN_COMPONENT, "lg")));
        assert!(one(oid::EMAIL_ADDRESS, "A@b.jp").matches(&one(oid::EMAIL_ADDRESS, "a@B.jp")));
        assert!(!one(oid::COMMON_NAME, "LG").matches(&one(oid::COMMON_NAME, "lg")));
        assert!(!one(oid::DOMAIN_COMPONENT, "lg").matches(&one(oid::COMMON_NAME, "lg")));
    }

    #[test]
    fn names_we_write_match_across_the_two_encodings() {
        let write = |kind| {
            DistinguishedName::new(&[
                (Country, kind, "JP"),
                (Organisation, kind, "Shirakaba Town"),
                (CommonName, kind, "www.town.shirakaba.lg.jp"),
            ])
            .unwrap()
        };
        let (printable, utf8) = (write(StringKind::Printable), write(StringKind::Utf8));
        assert!(printable.matches(&utf8) && utf8.matches(&printable));
        assert_ne!(printable, utf8);
    }
}
