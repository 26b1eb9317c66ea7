//! DirectoryString is PrintableString or UTF8String in new certificates (RFC 5280 §4.1.2.4; the same for the subject,
//! §4.1.2.6). emailAddress and domainComponent are IA5String (appendix A.1).

use crate::der::tag;
use crate::issue::lint::candidate::attributes;
use crate::issue::lint::{Candidate, Check, Rule, Says, Severity};
use crate::oid;

pub(super) const RULE: Rule = Rule {
    name: "rfc5280.name-encoding",
    source: "RFC 5280 §4.1.2.4, §4.1.2.6",
    severity: Severity::Error,
    says: Says {
        en: "Text in the subject is PrintableString or UTF8String; e-mail addresses and domain components are IA5String.",
        ja: "主体者名の文字列は、PrintableStringかUTF8Stringでなければなりません（メールアドレスとドメイン要素はIA5String）。",
    },
    check: Check::Any(check),
};

fn check(candidate: &Candidate<'_>) -> Result<(), String> {
    let wrong = attributes(candidate.x509.subject()).find(|attribute| {
        let is_mail = attribute.is(oid::EMAIL_ADDRESS) || attribute.is(oid::DOMAIN_COMPONENT);
        let is_text = attribute.is_string(tag::PRINTABLE_STRING) || attribute.is_string(tag::UTF8_STRING);
        if is_mail { !attribute.is_string(tag::IA5_STRING) } else { !is_text }
    });
    wrong.map_or(Ok(()), |attribute| Err(format!("{} in a string of tag {}", attribute.shown(), attribute.tag)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::issue::lint::samples::Sample;

    #[test]
    fn the_two_kinds_of_text_pass() {
        Sample::bare().called(&[(oid::COMMON_NAME, tag::UTF8_STRING, "白樺町")]).keeps(&RULE);
        Sample::bare().called(&[(oid::COMMON_NAME, tag::PRINTABLE_STRING, "Town")]).keeps(&RULE);
        Sample::bare().called(&[(oid::EMAIL_ADDRESS, tag::IA5_STRING, "a@b.jp")]).keeps(&RULE);
    }

    #[test]
    fn other_strings_fail() {
        const TELETEX: u8 = 0x14;
        let old = Sample::bare().called(&[(oid::COMMON_NAME, TELETEX, "Town")]);
        old.breaks(&RULE, "2.5.4.3 \"Town\" in a string of tag 20");
        let mail = Sample::bare().called(&[(oid::EMAIL_ADDRESS, tag::UTF8_STRING, "a@b.jp")]);
        mail.breaks(&RULE, "1.2.840.113549.1.9.1 \"a@b.jp\" in a string of tag 12");
    }
}
