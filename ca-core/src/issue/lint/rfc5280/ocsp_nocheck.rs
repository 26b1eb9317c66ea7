//! The value of id-pkix-ocsp-nocheck is NULL (RFC 6960 §4.2.2.2.1).

use crate::issue::lint::{Candidate, Check, Rule, Says, Severity};
use crate::oid;

pub(super) const RULE: Rule = Rule {
    name: "rfc5280.ocsp-nocheck",
    source: "RFC 6960 §4.2.2.2.1",
    severity: Severity::Error,
    says: Says {
        en: "id-pkix-ocsp-nocheck is a NULL.", ja: "id-pkix-ocsp-nocheckの値は、NULLでなければなりません。"
    },
    check: Check::Any(check),
};

fn check(candidate: &Candidate<'_>) -> Result<(), String> {
    match candidate.extension(oid::OCSP_NOCHECK) {
        Some(extension) if extension.value != [0x05, 0x00] => Err(crate::digest::hex(extension.value)),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::issue::lint::samples::Sample;

    #[test]
    fn a_null_passes() {
        Sample::bare().extension(oid::OCSP_NOCHECK, |w| w.null()).keeps(&RULE);
    }

    #[test]
    fn another_value_fails() {
        Sample::bare().extension(oid::OCSP_NOCHECK, |w| w.boolean(true)).breaks(&RULE, "0101ff");
    }
}
