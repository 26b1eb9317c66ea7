//! Names from certificates as sentences carry them. Others' certificates may say anything: characters that are not seen are
//! shown by number, long texts are cut, long lists are counted.

use ca_core::certificate::Certificate;
use ca_core::name::{Attribute, DistinguishedName, GeneralName};

use crate::locale::{Language, Message, Words};

/// Longest text of a certificate in a sentence, in characters; an explicitText has 200 (RFC 5280 §4.2.1.4).
const LONGEST: usize = 300;
/// Names in one sentence at most.
const MOST: usize = 12;

/// Returns `text` without characters that are not seen or turn the reading direction, cut when it is too long for a sentence.
pub(super) fn plain(text: &str) -> String {
    let mut plain = String::new();
    for (index, c) in text.chars().enumerate() {
        if index == LONGEST {
            plain.push('…');
            break;
        }
        let hidden = c.is_control()
            || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}');
        if hidden {
            plain.push_str(&format!("\\u{{{:x}}}", u32::from(c)));
        } else {
            plain.push(c);
        }
    }
    plain
}

/// Returns `items` as one text, each cleaned; what does not fit is counted.
pub(super) fn list(words: &Words, items: &[String]) -> String {
    let shown: Vec<String> = items.iter().take(MOST).map(|item| plain(item)).collect();
    let joined = shown.join(&words.t("list-separator"));
    match items.len().checked_sub(MOST) {
        None | Some(0) => joined,
        Some(more) => format!("{joined}{}", words.t1("explain-and-more", "count", &more.to_string())),
    }
}

/// Returns `items` as [`list`] does, each in quotation marks: for names with commas or blanks in them.
pub(super) fn quoted(words: &Words, items: impl IntoIterator<Item = String>) -> String {
    let items: Vec<String> = items.into_iter().map(|item| words.t1("explain-quoted", "text", &item)).collect();
    list(words, &items)
}

/// Returns the name the language's readers know the subject by: the Japanese one of subjectAltName first in Japanese.
pub(super) fn holder<'c>(words: &Words, certificate: &'c Certificate) -> &'c DistinguishedName {
    preferred(words, certificate.subject(), &certificate.extensions().directory_names)
}

/// Returns the name the language's readers know the issuer by.
pub(super) fn issuer<'c>(words: &Words, certificate: &'c Certificate) -> &'c DistinguishedName {
    preferred(words, certificate.issuer(), &certificate.extensions().issuer_directory_names)
}

fn preferred<'c>(
    words: &Words,
    first: &'c DistinguishedName,
    others: &'c [DistinguishedName],
) -> &'c DistinguishedName {
    match (words.language(), others.first()) {
        (Language::Japanese, Some(other)) => other,
        _ => first,
    }
}

/// Returns the organisation and its units from the large to the small; `None` when the name has neither.
pub(super) fn place(words: &Words, name: &DistinguishedName) -> Option<String> {
    let parts: Vec<String> = [Attribute::Organisation, Attribute::OrganisationalUnit]
        .iter()
        .flat_map(|kind| name.values(*kind))
        .map(plain)
        .collect();
    let between = match words.language() {
        Language::Japanese => " ",
        Language::English => ", ",
    };
    (!parts.is_empty()).then(|| parts.join(between))
}

/// Returns the organisation alone.
pub(super) fn organisation(name: &DistinguishedName) -> Option<String> {
    name.values(Attribute::Organisation).next().map(plain)
}

/// Returns one attribute's last value.
pub(super) fn last(name: &DistinguishedName, kind: Attribute) -> Option<String> {
    name.values(kind).last().map(plain)
}

/// Returns what an authority or a service is called: its common name or smallest unit, and whose it is.
pub(super) fn called(words: &Words, name: &DistinguishedName) -> String {
    let own = last(name, Attribute::CommonName).or_else(|| last(name, Attribute::OrganisationalUnit));
    match (organisation(name), own) {
        (Some(organisation), Some(own)) => {
            words.say(&Message::new("explain-called").with("organisation", organisation).with("name", own))
        }
        (Some(one), None) | (None, Some(one)) => words.t1("explain-quoted", "text", &one),
        (None, None) => words.t1("explain-quoted", "text", &whole(name)),
    }
}

/// Returns every attribute, as programs show a name.
pub(super) fn whole(name: &DistinguishedName) -> String {
    plain(&name.to_string())
}

/// Returns a subtree of nameConstraints in words.
pub(super) fn subtree(words: &Words, base: &GeneralName) -> String {
    let quoted = |text: &str| words.t1("explain-quoted", "text", &plain(text));
    match base {
        GeneralName::Directory(name) => quoted(&name.to_string()),
        GeneralName::Dns(name) => words.t1("explain-subtree-servers", "name", &quoted(name)),
        GeneralName::Email(address) => words.t1("explain-subtree-addresses", "name", &quoted(address)),
        GeneralName::Uri(host) => words.t1("explain-subtree-places", "name", &quoted(host)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_seen_is_shown_by_number_and_long_texts_are_cut() {
        assert_eq!(plain("市\u{1b}[2J\u{202e}長"), "市\\u{1b}[2J\\u{202e}長");
        assert_eq!(plain(&"長".repeat(301)).chars().count(), 301);
        assert!(plain(&"長".repeat(301)).ends_with('…'));
    }
}
