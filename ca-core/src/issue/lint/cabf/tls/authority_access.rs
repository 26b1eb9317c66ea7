//! authorityInfoAccess stands in server certificates (BR §7.1.2.7.6); every access method is OCSP or caIssuers, every
//! location an `http` URI (BR §7.1.2.7.7).

use crate::issue::lint::syntax::is_http;
use crate::issue::lint::{Baseline, Candidate, Check, Rule, Says, Severity};
use crate::oid;
use x509_parser::extensions::GeneralName;

pub(super) const RULE: Rule = Rule {
    name: "cabf.tls.authority-access",
    source: "BR §7.1.2.7.7",
    severity: Severity::Error,
    says: Says {
        en: "authorityInfoAccess of a server certificate gives http addresses of OCSP responders and issuer certificates, and nothing else.",
        ja: "サーバ証明書のauthorityInfoAccessには、OCSPレスポンダと発行者証明書のhttpアドレスだけがなければなりません。",
    },
    check: Check::Baseline(Baseline::TlsServer, check),
};

fn check(candidate: &Candidate<'_>) -> Result<(), String> {
    let Some(access) = candidate.authority_access().filter(|access| !access.accessdescs.is_empty()) else {
        return Err("none".into());
    };
    for description in &access.accessdescs {
        let method = description.access_method.as_bytes();
        if method != oid::AD_OCSP.as_bytes() && method != oid::AD_CA_ISSUERS.as_bytes() {
            return Err(format!("method {}", oid::dotted(method)));
        }
        if !matches!(&description.access_location, GeneralName::URI(uri) if is_http(uri)) {
            return Err(description.access_location.to_string());
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::issue::lint::samples::Sample;

    #[test]
    fn an_http_address_of_a_responder_passes() {
        Sample::bare().access(&[(oid::AD_OCSP, "http://a.jp")]).keeps(&RULE);
    }

    #[test]
    fn none_another_scheme_and_another_method_fail() {
        Sample::bare().breaks(&RULE, "none");
        Sample::bare().access(&[(oid::AD_OCSP, "ldap://a.jp")]).breaks(&RULE, "URI(ldap://a.jp)");
        Sample::bare().access(&[(oid::OCSP_BASIC, "http://a.jp")]).breaks(&RULE, "method 1.3.6.1.5.5.7.48.1.1");
    }
}
