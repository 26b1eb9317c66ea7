//! emailAddress in a subject is deprecated; new certificates use rfc822Name in subjectAltName (RFC 5280 §4.1.2.6).

use crate::issue::lint::candidate::attributes;
use crate::issue::lint::{Candidate, Check, Rule, Says, Severity};
use crate::oid;

pub(super) const RULE: Rule = Rule {
    name: "rfc5280.email-in-subject",
    source: "RFC 5280 §4.1.2.6",
    severity: Severity::Warning,
    says: Says {
        en: "E-mail addresses stand in subjectAltName, not in the subject.",
        ja: "メールアドレスは、主体者名ではなくsubjectAltNameに書くべきです。",
    },
    check: Check::Any(check),
};

fn check(candidate: &Candidate<'_>) -> Result<(), String> {
    let mut all = attributes(candidate.x509.subject());
    all.find(|attribute| attribute.is(oid::EMAIL_ADDRESS)).map_or(Ok(()), |attribute| Err(attribute.shown()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::der::tag;
    use crate::issue::lint::samples::Sample;
    use crate::issue::lint::samples::general;

    #[test]
    fn an_address_in_the_alternative_name_passes() {
        Sample::bare().alternative(&[(general::MAILBOX, b"a@b.jp")]).keeps(&RULE);
    }

    #[test]
    fn one_in_the_subject_fails() {
        let sample = Sample::bare().called(&[(oid::EMAIL_ADDRESS, tag::IA5_STRING, "a@b.jp")]);
        sample.breaks(&RULE, "1.2.840.113549.1.9.1 \"a@b.jp\"");
    }
}
