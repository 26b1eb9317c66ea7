//! X520SerialNumber and X520dnQualifier are PrintableString, not a choice of strings (RFC 5280 appendix A.1).

use crate::der::tag;
use crate::issue::lint::candidate::attributes;
use crate::issue::lint::{Candidate, Check, Rule, Says, Severity};
use crate::oid;

pub(super) const RULE: Rule = Rule {
    name: "rfc5280.printable-attributes",
    source: "RFC 5280 appendix A.1",
    severity: Severity::Error,
    says: Says {
        en: "serialNumber and dnQualifier in the subject are PrintableString.",
        ja: "主体者名のserialNumberとdnQualifierは、PrintableStringでなければなりません。",
    },
    check: Check::Any(check),
};

fn check(candidate: &Candidate<'_>) -> Result<(), String> {
    let wrong = attributes(candidate.x509.subject()).find(|attribute| {
        let printable = attribute.is(oid::SERIAL_NUMBER) || attribute.is(oid::DN_QUALIFIER);
        printable && !attribute.is_string(tag::PRINTABLE_STRING)
    });
    wrong.map_or(Ok(()), |attribute| Err(format!("{} in a string of tag {}", attribute.shown(), attribute.tag)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::issue::lint::samples::Sample;

    #[test]
    fn a_printable_serial_number_passes() {
        Sample::bare().called(&[(oid::SERIAL_NUMBER, tag::PRINTABLE_STRING, "1")]).keeps(&RULE);
    }

    #[test]
    fn one_in_utf8_fails() {
        let sample = Sample::bare().called(&[(oid::SERIAL_NUMBER, tag::UTF8_STRING, "1")]);
        sample.breaks(&RULE, "2.5.4.5 \"1\" in a string of tag 12");
    }
}
