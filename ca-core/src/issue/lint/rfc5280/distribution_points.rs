//! A CRL distribution point has a full name, and its names are `http` addresses (RFC 5280 §4.2.1.13); whole CRLs of this
//! issuer only, so no reasons and no other cRLIssuer (BR §7.1.2.11.2). `https` would need the CRL to fetch the CRL
//! (RFC 5280 §8).

use crate::issue::lint::{Candidate, Check, Rule, Says, Severity};
use x509_parser::extensions::{CRLDistributionPoint, DistributionPointName, GeneralName};

pub(super) const RULE: Rule = Rule {
    name: "rfc5280.distribution-points",
    source: "RFC 5280 §4.2.1.13, BR §7.1.2.11.2",
    severity: Severity::Error,
    says: Says {
        en: "A CRL distribution point gives http addresses of whole CRLs of the issuer itself.",
        ja: "CRL配布点は、発行者自身の完全なCRLのhttpアドレスでなければなりません。",
    },
    check: Check::Any(check),
};

fn check(candidate: &Candidate<'_>) -> Result<(), String> {
    let Some(points) = candidate.distribution_points() else { return Ok(()) };
    if points.points.is_empty() {
        return Err("no distribution point".into());
    }
    points.points.iter().try_for_each(check_point)
}

fn check_point(point: &CRLDistributionPoint<'_>) -> Result<(), String> {
    if point.reasons.is_some() || point.crl_issuer.is_some() {
        return Err("a partial or indirect CRL".into());
    }
    let Some(DistributionPointName::FullName(names)) = &point.distribution_point else {
        return Err("a distribution point without a full name".into());
    };
    match names.iter().find(|name| match name {
        GeneralName::URI(uri) => !super::is_http(uri),
        // Where the same CRL is in the directory (X.500 names beside the addresses, as bridged domains have them).
        other => !matches!(other, GeneralName::DirectoryName(_)),
    }) {
        Some(other) => Err(other.to_string()),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::der::{Writer, tag};
    use crate::issue::lint::samples::Sample;
    use crate::oid;

    fn points(point: impl FnOnce(&mut Writer)) -> Sample {
        Sample::bare().extension(oid::CRL_DISTRIBUTION_POINTS, |w| w.sequence(|w| w.sequence(point)))
    }

    fn full_name(w: &mut Writer, uri: &str) {
        w.constructed(tag::context_constructed(0), |w| {
            w.constructed(tag::context_constructed(0), |w| w.primitive(tag::context(6), uri.as_bytes()));
        });
    }

    #[test]
    fn an_http_address_passes() {
        points(|w| full_name(w, "http://a.jp/c")).keeps(&RULE);
    }

    #[test]
    fn no_name_another_scheme_and_another_issuer_fail() {
        points(|_| {}).breaks(&RULE, "a distribution point without a full name");
        points(|w| full_name(w, "https://a.jp/c")).breaks(&RULE, "URI(https://a.jp/c)");
        points(|w| full_name(w, "http://")).breaks(&RULE, "URI(http://)");
        points(|w| {
            w.constructed(tag::context_constructed(2), |w| w.primitive(tag::context(6), b"http://b.jp/"));
            full_name(w, "http://a.jp/c");
        })
        .breaks(&RULE, "a partial or indirect CRL");
    }
}
