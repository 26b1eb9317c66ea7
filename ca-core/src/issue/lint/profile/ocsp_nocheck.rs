//! id-pkix-ocsp-nocheck, a NULL, stands in every OCSP responder's certificate and in no other (RFC 6960 §4.2.2.2.1; BR
//! §4.9.9).

use crate::issue::lint::{Candidate, Check, Promise, Rule, Says, Severity};
use crate::oid;
use x509_parser::extensions::ParsedExtension;

pub(super) const RULE: Rule = Rule {
    name: "profile.ocsp-nocheck",
    source: "RFC 6960 §4.2.2.2.1, BR §4.9.9",
    severity: Severity::Error,
    says: Says {
        en: "id-pkix-ocsp-nocheck stands in OCSP responders' certificates, as a NULL, and in no other.",
        ja: "id-pkix-ocsp-nocheckは、OCSPレスポンダ証明書にNULLとしてあり、ほかの証明書にあってはなりません。",
    },
    check: Check::Promise(check),
};

fn check(candidate: &Candidate<'_>, _: &Promise<'_>) -> Result<(), String> {
    let usage = candidate.parsed(oid::EXTENDED_KEY_USAGE);
    let responder = matches!(usage, Some(ParsedExtension::ExtendedKeyUsage(usage)) if usage.ocsp_signing);
    match (responder, candidate.extension(oid::OCSP_NOCHECK)) {
        (true, None) => Err("a responder without it".into()),
        (false, Some(_)) => Err("in a certificate that is no responder's".into()),
        (true, Some(extension)) if extension.value != [0x05, 0x00] => Err("not a NULL".into()),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::der::Writer;
    use crate::issue::lint::samples::Sample;

    fn responder() -> Sample {
        Sample::bare().extension(oid::EXTENDED_KEY_USAGE, |w| w.sequence(|w| w.oid(oid::KP_OCSP_SIGNING)))
    }

    #[test]
    fn a_responder_with_it_and_a_server_without_pass() {
        responder().extension(oid::OCSP_NOCHECK, Writer::null).keeps(&RULE);
        Sample::bare().keeps(&RULE);
    }

    #[test]
    fn a_responder_without_it_and_a_server_with_it_fail() {
        responder().breaks(&RULE, "a responder without it");
        responder().extension(oid::OCSP_NOCHECK, |w| w.boolean(true)).breaks(&RULE, "not a NULL");
        Sample::bare()
            .extension(oid::OCSP_NOCHECK, Writer::null)
            .breaks(&RULE, "in a certificate that is no responder's");
    }
}
