//! issuerAltName is GeneralNames, one or more, encoded as in subjectAltName (RFC 5280 §4.2.1.7).

use crate::issue::lint::{Candidate, Check, Rule, Says, Severity};
use x509_parser::extensions::GeneralName;

pub(super) const RULE: Rule = Rule {
    name: "rfc5280.issuer-alternative-names",
    source: "RFC 5280 §4.2.1.7",
    severity: Severity::Error,
    says: Says {
        en: "issuerAltName has at least one name, and each can be read.",
        ja: "issuerAltNameには、読み取れる名前が一つ以上なければなりません。",
    },
    check: Check::Any(check),
};

fn check(candidate: &Candidate<'_>) -> Result<(), String> {
    match candidate.issuer_alternative_names() {
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
    use crate::issue::lint::samples::Sample;
    use crate::issue::lint::samples::{general, general_names};
    use crate::oid;

    #[test]
    fn one_name_passes() {
        Sample::bare()
            .extension(oid::ISSUER_ALT_NAME, |w| general_names(w, &[(general::URI, b"http://a.jp")]))
            .keeps(&RULE);
    }

    #[test]
    fn none_and_an_unreadable_one_fail() {
        Sample::bare().extension(oid::ISSUER_ALT_NAME, |w| general_names(w, &[])).breaks(&RULE, "no names");
        let unreadable =
            Sample::bare().extension(oid::ISSUER_ALT_NAME, |w| general_names(w, &[(general::URI, &[0xff])]));
        unreadable.breaks(&RULE, "Invalid(tag=Oid, data=ff)");
    }
}
