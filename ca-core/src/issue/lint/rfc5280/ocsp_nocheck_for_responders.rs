//! id-pkix-ocsp-nocheck tells that a responder need not be checked for revocation (RFC 6960 §4.2.2.2.1); elsewhere it
//! says nothing, or too much.

use crate::issue::lint::{Candidate, Check, Rule, Says, Severity};
use crate::oid;

pub(super) const RULE: Rule = Rule {
    name: "rfc5280.ocsp-nocheck-for-responders",
    source: "RFC 6960 §4.2.2.2.1",
    severity: Severity::Warning,
    says: Says {
        en: "id-pkix-ocsp-nocheck stands only in certificates of OCSP responders.",
        ja: "id-pkix-ocsp-nocheckは、OCSPレスポンダ証明書にだけ置くべきです。",
    },
    check: Check::Any(check),
};

fn check(candidate: &Candidate<'_>) -> Result<(), String> {
    let stands = candidate.has(oid::OCSP_NOCHECK);
    if stands && !candidate.has_purpose(oid::KP_OCSP_SIGNING) { Err("without OCSPSigning".into()) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::issue::lint::samples::Sample;

    #[test]
    fn one_of_a_responder_passes() {
        Sample::bare().purposes(&[oid::KP_OCSP_SIGNING]).extension(oid::OCSP_NOCHECK, |w| w.null()).keeps(&RULE);
    }

    #[test]
    fn another_fails() {
        Sample::bare().extension(oid::OCSP_NOCHECK, |w| w.null()).breaks(&RULE, "without OCSPSigning");
    }
}
