//! A DistributionPointName should include at least one LDAP or HTTP URI (RFC 5280 §4.2.1.13). HTTPS would need a CRL to
//! fetch the CRL (RFC 5280 §8), so it does not count.

use crate::issue::lint::{Candidate, Check, Rule, Says, Severity};
use x509_parser::extensions::{DistributionPointName, GeneralName};

pub(super) const RULE: Rule = Rule {
    name: "rfc5280.distribution-point-addresses",
    source: "RFC 5280 §4.2.1.13",
    severity: Severity::Warning,
    says: Says {
        en: "A CRL distribution point gives at least one HTTP or LDAP address.",
        ja: "CRL配布点には、HTTPかLDAPのアドレスを一つ以上書くべきです。",
    },
    check: Check::Any(check),
};

fn check(candidate: &Candidate<'_>) -> Result<(), String> {
    let reachable = |name: &GeneralName<'_>| matches!(name, GeneralName::URI(uri) if ["http://", "ldap://"].iter().any(|scheme| uri.starts_with(scheme)));
    for point in candidate.distribution_points().map(|points| points.points.as_slice()).unwrap_or_default() {
        match &point.distribution_point {
            Some(DistributionPointName::FullName(names)) if !names.iter().any(reachable) => {
                return Err(names.first().map(ToString::to_string).unwrap_or_default());
            }
            _ => {}
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::issue::lint::samples::Sample;
    use crate::issue::lint::samples::general;

    #[test]
    fn an_http_or_ldap_address_passes() {
        Sample::bare().crl_at(&[(general::DNS, b"a"), (general::URI, b"http://a.jp/c")]).keeps(&RULE);
        Sample::bare().crl_at(&[(general::URI, b"ldap://a.jp/cn=a?certificateRevocationList")]).keeps(&RULE);
    }

    #[test]
    fn others_alone_fail() {
        Sample::bare().crl_at(&[(general::URI, b"https://a.jp/c")]).breaks(&RULE, "URI(https://a.jp/c)");
    }
}
