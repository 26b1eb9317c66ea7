//! As the subject, but a CA whose name was established with TeletexString or another old type may keep it (RFC 5280
//! §4.1.2.4), so this only warns.

use crate::der::tag;
use crate::issue::lint::candidate::attributes;
use crate::issue::lint::{Candidate, Check, Rule, Says, Severity};

pub(super) const RULE: Rule = Rule {
    name: "rfc5280.issuer-encoding",
    source: "RFC 5280 §4.1.2.4",
    severity: Severity::Warning,
    says: Says {
        en: "Text in the issuer is PrintableString or UTF8String, unless the name is an old one.",
        ja: "発行者名の文字列は、古くからの名前を除き、PrintableStringかUTF8Stringにすべきです。",
    },
    check: Check::Any(check),
};

fn check(candidate: &Candidate<'_>) -> Result<(), String> {
    const ACCEPTED: [u8; 3] = [tag::PRINTABLE_STRING, tag::UTF8_STRING, tag::IA5_STRING];
    let mut all = attributes(candidate.x509.issuer());
    let wrong = all.find(|attribute| !ACCEPTED.iter().any(|accepted| attribute.is_string(*accepted)));
    wrong.map_or(Ok(()), |attribute| Err(format!("{} in a string of tag {}", attribute.shown(), attribute.tag)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::issue::lint::samples::Sample;
    use crate::issue::lint::samples::name;
    use crate::oid;

    fn issued_by(string_tag: u8) -> Sample {
        Sample::bare().with(|sample| sample.issuer = name(&[(oid::COMMON_NAME, string_tag, "Root")]))
    }

    #[test]
    fn the_two_kinds_of_text_pass() {
        issued_by(tag::PRINTABLE_STRING).keeps(&RULE);
        issued_by(tag::UTF8_STRING).keeps(&RULE);
    }

    #[test]
    fn other_strings_fail() {
        issued_by(0x14).breaks(&RULE, "2.5.4.3 \"Root\" in a string of tag 20");
    }
}
