//! A CA's certificate has a subjectKeyIdentifier (RFC 5280 §4.2.1.2); where one stands it is not empty.

use crate::issue::lint::{Candidate, Check, Rule, Says, Severity};
use crate::oid;
use x509_parser::extensions::ParsedExtension;

pub(super) const RULE: Rule = Rule {
    name: "rfc5280.subject-key-identifier",
    source: "RFC 5280 §4.2.1.2",
    severity: Severity::Error,
    says: Says {
        en: "A CA's certificate has a subjectKeyIdentifier, and none is empty.",
        ja: "CA証明書にはsubjectKeyIdentifierがなければならず、その値は空であってはなりません。",
    },
    check: Check::Any(check),
};

fn check(candidate: &Candidate<'_>) -> Result<(), String> {
    match candidate.parsed(oid::SUBJECT_KEY_IDENTIFIER) {
        Some(ParsedExtension::SubjectKeyIdentifier(key)) if key.0.is_empty() => Err("an empty key identifier".into()),
        None if candidate.is_authority() => Err("a CA without a key identifier".into()),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::issue::lint::samples::Sample;

    #[test]
    fn a_ca_with_one_and_a_server_without_pass() {
        let identifier = |sample: Sample| sample.extension(oid::SUBJECT_KEY_IDENTIFIER, |w| w.octet_string(&[1]));
        identifier(Sample::bare().authority_constraints()).keeps(&RULE);
        Sample::bare().keeps(&RULE);
    }

    #[test]
    fn a_ca_without_one_and_an_empty_one_fail() {
        Sample::bare().authority_constraints().breaks(&RULE, "a CA without a key identifier");
        Sample::bare()
            .extension(oid::SUBJECT_KEY_IDENTIFIER, |w| w.octet_string(&[]))
            .breaks(&RULE, "an empty key identifier");
    }
}
