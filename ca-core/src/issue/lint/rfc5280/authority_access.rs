//! authorityInfoAccess, where it stands, has an access description (RFC 5280 §4.2.2.1); the location of an OCSP
//! responder is a URI (RFC 6960 §3.1), that of issuer certificates a URI or a directoryName.

use crate::issue::lint::syntax::is_uri;
use crate::issue::lint::{Candidate, Check, Rule, Says, Severity};
use crate::oid;
use x509_parser::extensions::GeneralName;

pub(super) const RULE: Rule = Rule {
    name: "rfc5280.authority-access",
    source: "RFC 5280 §4.2.2.1",
    severity: Severity::Error,
    says: Says {
        en: "authorityInfoAccess gives at least one address, and those of OCSP responders and issuer certificates are absolute URIs or directory names.",
        ja: "authorityInfoAccessには、OCSPレスポンダや発行者証明書の正しい場所を一つ以上書かなければなりません。",
    },
    check: Check::Any(check),
};

fn check(candidate: &Candidate<'_>) -> Result<(), String> {
    let Some(access) = candidate.authority_access() else { return Ok(()) };
    if access.accessdescs.is_empty() {
        return Err("no address".into());
    }
    for description in &access.accessdescs {
        let (method, location) = (description.access_method.as_bytes(), &description.access_location);
        let fits = match location {
            GeneralName::URI(uri) => is_uri(uri),
            GeneralName::DirectoryName(_) => method == oid::AD_CA_ISSUERS.as_bytes(),
            _ => method != oid::AD_OCSP.as_bytes() && method != oid::AD_CA_ISSUERS.as_bytes(),
        };
        if !fits {
            return Err(location.to_string());
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::issue::lint::samples::Sample;

    #[test]
    fn addresses_of_both_kinds_pass() {
        Sample::bare().access(&[(oid::AD_OCSP, "http://a.jp"), (oid::AD_CA_ISSUERS, "ldap://a.jp/cn=a")]).keeps(&RULE);
    }

    #[test]
    fn none_and_half_an_address_fail() {
        Sample::bare().access(&[]).breaks(&RULE, "no address");
        Sample::bare().access(&[(oid::AD_OCSP, "a.jp")]).breaks(&RULE, "URI(a.jp)");
    }
}
