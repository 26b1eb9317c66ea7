//! Whoever checks a certificate of ours must be able to fetch what its addresses name: `http`, which every program
//! knows, and never `https`, which would need a CRL to fetch the CRL (RFC 5280 §8). Directory names may stand beside
//! them.

use crate::issue::lint::syntax::is_http;
use crate::issue::lint::{Candidate, Check, Promise, Rule, Says, Severity};
use x509_parser::extensions::{DistributionPointName, GeneralName};

pub(super) const RULE: Rule = Rule {
    name: "profile.fetchable-addresses",
    source: "CP §7.1.2, RFC 5280 §8",
    severity: Severity::Error,
    says: Says {
        en: "Addresses of CRLs, OCSP responders and issuer certificates that are URIs are http addresses.",
        ja: "CRL、OCSPレスポンダ、発行者証明書のURIは、httpアドレスでなければなりません。",
    },
    check: Check::Promise(check),
};

fn check(candidate: &Candidate<'_>, _: &Promise<'_>) -> Result<(), String> {
    let points = candidate.distribution_points().map(|points| points.points.as_slice()).unwrap_or_default();
    let crls = points.iter().flat_map(|point| match &point.distribution_point {
        Some(DistributionPointName::FullName(names)) => names.as_slice(),
        _ => &[],
    });
    let access = candidate.authority_access().map(|access| access.accessdescs.as_slice()).unwrap_or_default();
    let mut all = crls.chain(access.iter().map(|description| &description.access_location));
    let other = all.find(|name| matches!(name, GeneralName::URI(uri) if !is_http(uri)));
    other.map_or(Ok(()), |name| Err(name.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::issue::lint::samples::Sample;
    use crate::issue::lint::samples::general;
    use crate::oid;

    #[test]
    fn http_addresses_pass() {
        Sample::bare()
            .crl_at(&[(general::URI, b"http://a.jp/c")])
            .access(&[(oid::AD_OCSP, "http://a.jp/")])
            .keeps(&RULE);
    }

    #[test]
    fn others_fail() {
        Sample::bare().crl_at(&[(general::URI, b"https://a.jp/c")]).breaks(&RULE, "URI(https://a.jp/c)");
        Sample::bare().access(&[(oid::AD_OCSP, "ldap://a.jp/")]).breaks(&RULE, "URI(ldap://a.jp/)");
    }
}
