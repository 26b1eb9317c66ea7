//! authorityInfoAccess, where it stands, gives `http` addresses of an OCSP responder or of the issuer's certificate
//! (RFC 5280 §4.2.2.1, BR §7.1.2.7.7).

use crate::issue::lint::{Candidate, Check, Rule, Says, Severity};
use crate::oid;
use x509_parser::extensions::GeneralName;

pub(super) const RULE: Rule = Rule {
    name: "rfc5280.authority-access",
    source: "RFC 5280 §4.2.2.1, BR §7.1.2.7.7",
    severity: Severity::Error,
    says: Says {
        en: "authorityInfoAccess gives http addresses of an OCSP responder or of the issuer's certificate.",
        ja: "authorityInfoAccessは、OCSPレスポンダか発行者証明書のhttpアドレスでなければなりません。",
    },
    check: Check::Any(check),
};

fn check(candidate: &Candidate<'_>) -> Result<(), String> {
    let Some(access) = candidate.authority_access() else { return Ok(()) };
    if access.accessdescs.is_empty() {
        return Err("no address".into());
    }
    for description in &access.accessdescs {
        let method = description.access_method.as_bytes();
        if method != oid::AD_OCSP.as_bytes() && method != oid::AD_CA_ISSUERS.as_bytes() {
            return Err(format!("method {}", oid::dotted(method)));
        }
        if !matches!(&description.access_location, GeneralName::URI(uri) if super::is_http(uri)) {
            return Err(description.access_location.to_string());
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::der::tag;
    use crate::issue::lint::samples::Sample;
    use crate::oid::Oid;

    fn access(method: Oid, uri: &str) -> Sample {
        Sample::bare().extension(oid::AUTHORITY_INFO_ACCESS, |w| {
            w.sequence(|w| {
                w.sequence(|w| {
                    w.primitive(tag::context(6), uri.as_bytes());
                    w.oid(method);
                });
            });
        })
    }

    #[test]
    fn an_http_address_of_a_responder_passes() {
        access(oid::AD_OCSP, "http://a.jp").keeps(&RULE);
    }

    #[test]
    fn none_another_scheme_and_another_method_fail() {
        Sample::bare().extension(oid::AUTHORITY_INFO_ACCESS, |w| w.sequence(|_| {})).breaks(&RULE, "no address");
        access(oid::AD_OCSP, "ldap://a.jp").breaks(&RULE, "URI(ldap://a.jp)");
        access(oid::OCSP_BASIC, "http://a.jp").breaks(&RULE, "method 1.3.6.1.5.5.7.48.1.1");
    }
}
