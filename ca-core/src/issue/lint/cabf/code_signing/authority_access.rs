//! authorityInfoAccess must be present with an `http` address of the issuer's certificate (Code Signing BR §7.1.2.3).

use crate::issue::lint::syntax::is_http;
use crate::issue::lint::{Baseline, Candidate, Check, Rule, Says, Severity};
use crate::oid;
use x509_parser::extensions::GeneralName;

pub(super) const RULE: Rule = Rule {
    name: "cabf.code-signing.authority-access",
    source: "Code Signing BR §7.1.2.3",
    severity: Severity::Error,
    says: Says {
        en: "A code signing certificate gives an http address of its issuer's certificate.",
        ja: "コード署名証明書には、発行者証明書のhttpアドレスがなければなりません。",
    },
    check: Check::Baseline(Baseline::CodeSigning, check),
};

fn check(candidate: &Candidate<'_>) -> Result<(), String> {
    let access = candidate.authority_access().map(|access| access.accessdescs.as_slice()).unwrap_or_default();
    let found = access.iter().any(|one| {
        let is_issuer = one.access_method.as_bytes() == oid::AD_CA_ISSUERS.as_bytes();
        is_issuer && matches!(&one.access_location, GeneralName::URI(uri) if is_http(uri))
    });
    if found { Ok(()) } else { Err("no http address of the issuer's certificate".into()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::issue::lint::samples::Sample;

    #[test]
    fn an_http_address_passes() {
        Sample::bare().access(&[(oid::AD_CA_ISSUERS, "http://a.jp/c")]).keeps(&RULE);
    }

    #[test]
    fn a_responder_alone_fails() {
        let sample = Sample::bare().access(&[(oid::AD_OCSP, "http://a.jp/")]);
        sample.breaks(&RULE, "no http address of the issuer's certificate");
    }
}
