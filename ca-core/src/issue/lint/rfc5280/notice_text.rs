//! explicitText has at most 200 characters (RFC 5280 §4.2.1.4) and is never an IA5String (RFC 6818 §3).

use super::{Notice, notices};
use crate::der::tag;
use crate::issue::lint::{Candidate, Check, Rule, Says, Severity};

pub(super) const RULE: Rule = Rule {
    name: "rfc5280.notice-text",
    source: "RFC 5280 §4.2.1.4, RFC 6818 §3",
    severity: Severity::Error,
    says: Says {
        en: "The text of a notice to the user has 1 to 200 characters, as UTF8String, BMPString or VisibleString.",
        ja: "利用者への通知の文は、1～200文字で、UTF8String、BMPString、VisibleStringのいずれかでなければなりません。",
    },
    check: Check::Any(check),
};

fn check(candidate: &Candidate<'_>) -> Result<(), String> {
    for Notice { text, .. } in notices(candidate) {
        let Some(text) = text else { continue };
        let characters = match text.tag {
            tag::UTF8_STRING => std::str::from_utf8(text.content).map_or(0, |text| text.chars().count()),
            BMP_STRING => text.content.len() / 2,
            VISIBLE_STRING => text.content.len(),
            other => return Err(format!("text in a string of tag {other}")),
        };
        if !(1..=200).contains(&characters) {
            return Err(format!("{characters} characters"));
        }
    }
    Ok(())
}

const VISIBLE_STRING: u8 = 0x1a;
const BMP_STRING: u8 = 0x1e;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::der::Writer;
    use crate::issue::lint::samples::Sample;
    use crate::oid;

    fn noticing(fields: impl FnOnce(&mut Writer)) -> Sample {
        Sample::bare().qualified(oid::POLICY_APPLICATION, oid::QT_NOTICE, |w| w.sequence(fields))
    }

    #[test]
    fn one_and_200_characters_pass() {
        noticing(|w| w.primitive(tag::UTF8_STRING, "通".as_bytes())).keeps(&RULE);
        noticing(|w| w.primitive(tag::UTF8_STRING, "通".repeat(200).as_bytes())).keeps(&RULE);
        noticing(|w| w.primitive(BMP_STRING, &[0, 0x61])).keeps(&RULE);
    }

    #[test]
    fn none_201_and_an_ia5_string_fail() {
        noticing(|w| w.primitive(tag::UTF8_STRING, b"")).breaks(&RULE, "0 characters");
        noticing(|w| w.primitive(tag::UTF8_STRING, "通".repeat(201).as_bytes())).breaks(&RULE, "201 characters");
        noticing(|w| w.primitive(VISIBLE_STRING, &[b'a'; 201])).breaks(&RULE, "201 characters");
        noticing(|w| w.primitive(tag::IA5_STRING, b"a")).breaks(&RULE, "text in a string of tag 22");
    }
}
