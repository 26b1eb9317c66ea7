//! countryName is two capital letters in PrintableString (RFC 5280 appendix A.1: ISO 3166 codes).

use crate::der::tag;
use crate::issue::lint::{Candidate, Check, Rule, Says, Severity};
use crate::oid;
use x509_parser::der_parser::asn1_rs::Tag;

pub(super) const RULE: Rule = Rule {
    name: "rfc5280.country-code",
    source: "RFC 5280 appendix A.1",
    severity: Severity::Error,
    says: Says {
        en: "countryName is a two-letter country code in capital letters, as a PrintableString.",
        ja: "国名（C）は、大文字2文字の国コードで、PrintableStringでなければなりません。",
    },
    check: Check::Any(check),
};

fn check(candidate: &Candidate<'_>) -> Result<(), String> {
    for attribute in candidate.x509.subject().iter_attributes() {
        if attribute.attr_type().as_bytes() != oid::COUNTRY.as_bytes() {
            continue;
        }
        let value = attribute.attr_value();
        let fine = value.tag() == Tag(u32::from(tag::PRINTABLE_STRING))
            && value.data.len() == 2
            && value.data.iter().all(u8::is_ascii_uppercase);
        if !fine {
            return Err(format!("{} of tag {}", String::from_utf8_lossy(value.data), value.tag().0));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::issue::lint::samples::{Sample, name};

    fn country(string_tag: u8, value: &str) -> Sample {
        Sample::bare().with(|sample| sample.subject = name(&[(oid::COUNTRY, string_tag, value)]))
    }

    #[test]
    fn two_letters_pass() {
        country(tag::PRINTABLE_STRING, "JP").keeps(&RULE);
    }

    #[test]
    fn three_small_or_utf8_letters_fail() {
        country(tag::PRINTABLE_STRING, "JPN").breaks(&RULE, "JPN of tag 19");
        country(tag::PRINTABLE_STRING, "jp").breaks(&RULE, "jp of tag 19");
        country(tag::UTF8_STRING, "JP").breaks(&RULE, "JP of tag 12");
    }
}
