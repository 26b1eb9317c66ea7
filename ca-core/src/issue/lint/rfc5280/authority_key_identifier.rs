//! authorityKeyIdentifier with a keyIdentifier stands in every certificate but self-signed ones (RFC 5280 §4.2.1.1).

use crate::issue::lint::{Candidate, Check, Rule, Says, Severity};
use crate::oid;
use x509_parser::extensions::ParsedExtension;

pub(super) const RULE: Rule = Rule {
    name: "rfc5280.authority-key-identifier",
    source: "RFC 5280 §4.2.1.1",
    severity: Severity::Error,
    says: Says {
        en: "Every certificate but a self-signed one has an authorityKeyIdentifier with a key identifier.",
        ja: "自己署名でない証明書には、鍵識別子のあるauthorityKeyIdentifierがなければなりません。",
    },
    check: Check::Any(check),
};

fn check(candidate: &Candidate<'_>) -> Result<(), String> {
    let self_issued = candidate.x509.issuer().as_raw() == candidate.x509.subject().as_raw();
    match candidate.parsed(oid::AUTHORITY_KEY_IDENTIFIER) {
        Some(ParsedExtension::AuthorityKeyIdentifier(key)) if key.key_identifier.is_some() => Ok(()),
        None if self_issued => Ok(()),
        Some(_) => Err("no keyIdentifier in it".into()),
        None => Err("none".into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::der::tag;
    use crate::issue::lint::samples::Sample;

    #[test]
    fn a_key_identifier_or_a_self_signed_certificate_passes() {
        Sample::bare()
            .extension(oid::AUTHORITY_KEY_IDENTIFIER, |w| w.sequence(|w| w.primitive(tag::context(0), &[1])))
            .keeps(&RULE);
        Sample::bare().with(|sample| sample.subject = sample.issuer.clone()).keeps(&RULE);
    }

    #[test]
    fn none_and_an_empty_one_fail() {
        Sample::bare().breaks(&RULE, "none");
        let empty = Sample::bare().extension(oid::AUTHORITY_KEY_IDENTIFIER, |w| w.sequence(|_| {}));
        empty.breaks(&RULE, "no keyIdentifier in it");
    }
}
