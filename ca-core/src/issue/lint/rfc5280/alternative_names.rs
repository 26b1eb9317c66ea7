//! subjectAltName, where it stands, names somebody, and every entry can be read (RFC 5280 §4.2.1.6).

use crate::issue::lint::{Candidate, Check, Rule, Says, Severity};
use x509_parser::extensions::GeneralName;

pub(super) const RULE: Rule = Rule {
    name: "rfc5280.alternative-names",
    source: "RFC 5280 §4.2.1.6",
    severity: Severity::Error,
    says: Says {
        en: "subjectAltName has at least one name, and each can be read.",
        ja: "subjectAltNameには、読み取れる名前が一つ以上なければなりません。",
    },
    check: Check::Any(check),
};

fn check(candidate: &Candidate<'_>) -> Result<(), String> {
    match candidate.alternative_names() {
        Some([]) => Err("no names".into()),
        Some(names) => match names.iter().find(|name| matches!(name, GeneralName::Invalid(..))) {
            Some(name) => Err(name.to_string()),
            None => Ok(()),
        },
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::der::tag;
    use crate::issue::lint::samples::Sample;
    use crate::oid;

    #[test]
    fn one_name_passes() {
        Sample::bare()
            .extension(oid::SUBJECT_ALT_NAME, |w| w.sequence(|w| w.primitive(tag::context(2), b"a.jp")))
            .keeps(&RULE);
    }

    #[test]
    fn no_name_and_octets_that_are_no_text_fail() {
        Sample::bare().extension(oid::SUBJECT_ALT_NAME, |w| w.sequence(|_| {})).breaks(&RULE, "no names");
        Sample::bare()
            .extension(oid::SUBJECT_ALT_NAME, |w| w.sequence(|w| w.primitive(tag::context(2), &[0xff])))
            .breaks(&RULE, "Invalid(tag=Integer, data=ff)");
    }
}
