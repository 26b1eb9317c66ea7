//! Generated names: any text is refused with a reason or comes back unchanged through our writer and x509-parser, and names
//! are compared as RFC 5280 §7.1 says.

use ca_core::der::{Writer, tag};
use ca_core::name::Attribute::{self, CommonName, Country, Organisation, OrganisationalUnit};
use ca_core::name::{CertificateText, DistinguishedName, EmailAddress, NameError, StringKind};
use proptest::collection::vec;
use proptest::prelude::*;
use x509_parser::prelude::FromDer;
use x509_parser::x509::X509Name;

/// Text of any characters.
fn any_text() -> impl Strategy<Value = String> {
    vec(any::<char>(), 0..12).prop_map(String::from_iter)
}

/// Text as people write it, with what they get wrong: nearly every rule has something here.
fn near_text() -> impl Strategy<Value = String> {
    const PARTS: &[&str] = &[
        "白樺町",
        "総務課",
        "髙",
        "高",
        "﨑",
        "𠮷",
        "吉",
        "葛\u{e0100}",
        "辻\u{fe00}",
        "シラカバ",
        "カ\u{3099}",
        "ガ",
        "ｶﾞ",
        "ー",
        "一",
        "二",
        "ニ",
        "口",
        "ロ",
        "・",
        " ",
        "\u{3000}",
        "\u{a0}",
        "Town",
        "Ōta",
        "o\u{304}",
        "Tоwn",
        "Ｔ",
        "1",
        "１",
        "①",
        "㈱",
        "（",
        "）",
        "(2)",
        ",",
        "=",
        "，",
        "/",
        "\u{200b}",
        "\u{202e}",
        "\u{e000}",
        "\u{fa19}",
        "⺟",
        "―",
        "-",
        "'",
        "か",
        "\u{309a}",
        "\u{1100}",
        "\u{1161}",
        "★",
        "々",
    ];
    vec(prop::sample::select(PARTS), 0..6).prop_map(|parts| parts.concat())
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof![any_text(), near_text(), "\\PC{0,8}", "[ぁ-ヶ一-龠A-Za-z0-9ー・ ]{1,70}"]
}

/// The attribute's text as the other implementation reads it.
fn read_by_x509_parser(name: &DistinguishedName, attribute: Attribute) -> String {
    let (rest, theirs) = X509Name::from_der(name.as_der()).unwrap();
    assert!(rest.is_empty());
    let same = |found: &&x509_parser::x509::AttributeTypeAndValue<'_>| {
        found.attr_type().as_bytes() == attribute.oid().as_bytes()
    };
    theirs.iter_attributes().find(same).unwrap().as_str().unwrap().to_owned()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4_000))]

    #[test]
    fn any_text_is_refused_with_a_reason_or_comes_back_unchanged(text in text()) {
        match CertificateText::parse(&text) {
            Ok(checked) => prop_assert_eq!(checked.as_str(), &text),
            Err(error) => {
                prop_assert!(!error.key().is_empty() && !error.to_string().is_empty());
                if let Some(found) = error.found() {
                    let there: String = text.chars().skip(found.position() - 1).collect();
                    prop_assert!(there.starts_with(found.text()) && !found.text().is_empty());
                    prop_assert!(found.suggestions().iter().all(|instead| instead != found.text()));
                } else {
                    prop_assert!(text.is_empty());
                }
            }
        }
        if let Some(suggestion) = CertificateText::suggestion(&text) {
            prop_assert_ne!(&suggestion, &text);
            prop_assert!(CertificateText::parse(&suggestion).is_ok(), "{}", suggestion);
        }
    }

    #[test]
    fn a_name_is_written_and_read_unchanged_or_refused(
        text in text(), kind in prop_oneof![Just(StringKind::Utf8), Just(StringKind::Printable)],
    ) {
        let attributes = [(Country, kind, "JP"), (Organisation, kind, "LGPKI"), (CommonName, kind, text.as_str())];
        match DistinguishedName::new(&attributes) {
            Ok(name) => {
                prop_assert!(CertificateText::parse(&text).is_ok());
                prop_assert_eq!(&read_by_x509_parser(&name, CommonName), &text);
                let read = DistinguishedName::from_der(name.as_der()).unwrap();
                prop_assert_eq!(read.values(CommonName).collect::<Vec<_>>(), [text.as_str()]);
                prop_assert!(read.matches(&name) && !name.to_string().contains('\\'));
            }
            Err(NameError::Text { cause, .. }) => prop_assert_eq!(CertificateText::parse(&text), Err(cause)),
            Err(NameError::Length { found, .. }) => prop_assert_eq!(found, text.chars().count()),
            Err(NameError::Character { character, .. }) => prop_assert!(text.contains(character)),
            Err(other) => prop_assert!(false, "{}", other),
        }
    }

    #[test]
    fn an_address_comes_back_with_its_domain_in_lower_case_or_is_refused(
        text in prop_oneof![any_text(), "[A-Za-z0-9.+@ -]{0,20}", "[a-zA-Z.]{1,6}@[a-zA-Z]{1,3}\\.(JP|jp|test)"],
    ) {
        if let Ok(address) = EmailAddress::parse(&text) {
            let (local, domain) = text.split_once('@').unwrap();
            prop_assert_eq!(address.to_string(), format!("{local}@{}", domain.to_ascii_lowercase()));
            prop_assert_eq!(EmailAddress::parse(&address.to_string()), Ok(address));
        }
    }
}

/// A name of one attribute after another, of any text and any of the string types, as others may write it.
fn foreign(attributes: &[(Attribute, u8, String)]) -> DistinguishedName {
    let der = Writer::build(|w| {
        w.sequence(|w| {
            for (attribute, tag, text) in attributes.iter().rev() {
                w.constructed(tag::SET, |w| {
                    w.sequence(|w| {
                        w.primitive(*tag, text.as_bytes());
                        w.oid(attribute.oid());
                    });
                });
            }
        });
    });
    DistinguishedName::from_der(&der).unwrap()
}

fn foreign_attributes() -> impl Strategy<Value = Vec<(Attribute, u8, String)>> {
    let attribute =
        prop::sample::select(vec![Country, Organisation, OrganisationalUnit, CommonName, Attribute::EmailAddress]);
    let tag = prop::sample::select(vec![tag::PRINTABLE_STRING, tag::UTF8_STRING, tag::IA5_STRING, 0x14]);
    vec((attribute, tag, prop_oneof![text(), "[A-Ca-c ]{0,3}"]), 0..4)
}

/// The same words in other cases, with other spaces, in the other string type.
fn disguised(words: &[String], upper: bool, spaces: usize) -> String {
    let words: Vec<String> =
        words.iter().map(|word| if upper { word.to_uppercase() } else { word.to_lowercase() }).collect();
    format!("{0}{1}{0}", " ".repeat(spaces), words.join(&" ".repeat(spaces + 1)))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn comparison_is_reflexive_and_symmetric(ours in foreign_attributes(), theirs in foreign_attributes()) {
        let (a, b) = (foreign(&ours), foreign(&theirs));
        prop_assert!(a.matches(&a) && b.matches(&b));
        prop_assert_eq!(a.matches(&b), b.matches(&a));
        prop_assert!(a.matches(&b) || a != b);
    }

    #[test]
    fn comparison_does_not_see_case_spaces_and_string_type(
        words in vec("[A-Za-z0-9'.-]{1,8}", 1..4), upper in any::<bool>(), spaces in 0usize..4, other in "[A-Z]{1,4}",
    ) {
        let plain = foreign(&[(Country, tag::PRINTABLE_STRING, "JP".into()), (CommonName, tag::PRINTABLE_STRING, words.join(" "))]);
        let text = disguised(&words, upper, spaces);
        let same = foreign(&[(Country, tag::UTF8_STRING, "jp".into()), (CommonName, tag::UTF8_STRING, text.clone())]);
        prop_assert!(plain.matches(&same) && same.matches(&plain));
        let longer = foreign(&[(Country, tag::UTF8_STRING, "jp".into()), (CommonName, tag::UTF8_STRING, text + &other)]);
        prop_assert!(!plain.matches(&longer) && !longer.matches(&plain));
    }
}
