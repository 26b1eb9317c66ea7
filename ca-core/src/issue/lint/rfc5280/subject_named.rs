//! A CA has a subject name; anyone else may have none only where subjectAltName stands in for it and is critical
//! (RFC 5280 §4.1.2.6, §4.2.1.6).

use crate::issue::lint::{Candidate, Check, Rule, Says, Severity};
use crate::oid;

pub(super) const RULE: Rule = Rule {
    name: "rfc5280.subject-named",
    source: "RFC 5280 §4.1.2.6",
    severity: Severity::Error,
    says: Says {
        en: "A CA has a subject name; another certificate without one has a critical subjectAltName instead.",
        ja: "CAの主体者名は空であってはならず、ほかの証明書で空のときは、criticalのsubjectAltNameがなければなりません。",
    },
    check: Check::Any(check),
};

fn check(candidate: &Candidate<'_>) -> Result<(), String> {
    if candidate.x509.subject().iter_attributes().next().is_some() {
        return Ok(());
    }
    if candidate.is_authority() {
        return Err("a CA with an empty subject".into());
    }
    match candidate.extension(oid::SUBJECT_ALT_NAME) {
        Some(names) if names.critical => Ok(()),
        Some(_) => Err("an empty subject, and subjectAltName is not critical".into()),
        None => Err("an empty subject, and no subjectAltName".into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::der::tag;
    use crate::issue::lint::samples::{Sample, name};

    fn nameless() -> Sample {
        Sample::bare().with(|sample| sample.subject = name(&[]))
    }

    #[test]
    fn a_subject_or_a_critical_alternative_name_passes() {
        Sample::bare().keeps(&RULE);
        nameless()
            .critical(oid::SUBJECT_ALT_NAME, |w| w.sequence(|w| w.primitive(tag::context(2), b"a.jp")))
            .keeps(&RULE);
    }

    #[test]
    fn a_nameless_ca_and_a_nameless_server_fail() {
        nameless().authority_constraints().breaks(&RULE, "a CA with an empty subject");
        nameless().breaks(&RULE, "an empty subject, and no subjectAltName");
    }
}
