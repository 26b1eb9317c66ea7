//! A directoryName in an alternative name follows the encoding rules of the issuer field (RFC 5280 §4.2.1.6): job-role
//! certificates carry the Japanese name here.

use crate::der::tag;
use crate::issue::lint::candidate::attributes;
use crate::issue::lint::{Candidate, Check, Rule, Says, Severity};
use x509_parser::extensions::GeneralName;

pub(super) const RULE: Rule = Rule {
    name: "rfc5280.directory-names",
    source: "RFC 5280 §4.2.1.6, §4.1.2.4",
    severity: Severity::Error,
    says: Says {
        en: "A directoryName in subjectAltName or issuerAltName is not empty, and its text is PrintableString or UTF8String.",
        ja: "subjectAltNameとissuerAltNameのdirectoryNameは、空でなく、文字列はPrintableStringかUTF8Stringでなければなりません。",
    },
    check: Check::Any(check),
};

fn check(candidate: &Candidate<'_>) -> Result<(), String> {
    let subject = candidate.alternative_names().unwrap_or_default();
    let issuer = candidate.issuer_alternative_names().unwrap_or_default();
    for name in subject.iter().chain(issuer) {
        let GeneralName::DirectoryName(name) = name else { continue };
        if name.iter_attributes().next().is_none() {
            return Err("an empty directoryName".into());
        }
        const ACCEPTED: [u8; 3] = [tag::PRINTABLE_STRING, tag::UTF8_STRING, tag::IA5_STRING];
        let mut all = attributes(name);
        if let Some(old) = all.find(|attribute| !ACCEPTED.iter().any(|accepted| attribute.is_string(*accepted))) {
            return Err(format!("{} in a string of tag {}", old.shown(), old.tag));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::issue::lint::samples::Sample;
    use crate::issue::lint::samples::{general, name};
    use crate::oid;

    fn named(string_tag: u8) -> Sample {
        let name = name(&[(oid::COMMON_NAME, string_tag, "a")]);
        Sample::bare().alternative(&[(general::DIRECTORY, &name)])
    }

    #[test]
    fn a_name_in_utf8_passes() {
        named(tag::UTF8_STRING).keeps(&RULE);
    }

    #[test]
    fn an_empty_name_and_an_old_string_fail() {
        Sample::bare().alternative(&[(general::DIRECTORY, &[0x30, 0])]).breaks(&RULE, "an empty directoryName");
        named(0x14).breaks(&RULE, "2.5.4.3 \"a\" in a string of tag 20");
    }
}
