//! Every distribution point has a full name of `http` URIs, and neither reasons nor a cRLIssuer (BR §7.1.2.11.2);
//! without an OCSP responder there must be one.

use crate::issue::lint::syntax::is_http;
use crate::issue::lint::{Baseline, Candidate, Check, Rule, Says, Severity};
use crate::oid;
use x509_parser::extensions::{CRLDistributionPoint, DistributionPointName, GeneralName};

pub(super) const RULE: Rule = Rule {
    name: "cabf.tls.distribution-points",
    source: "BR §7.1.2.11.2",
    severity: Severity::Error,
    says: Says {
        en: "CRL distribution points of a server certificate give http addresses of whole CRLs of the issuer itself.",
        ja: "サーバ証明書のCRL配布点は、発行者自身の完全なCRLのhttpアドレスだけでなければなりません。",
    },
    check: Check::Baseline(Baseline::TlsServer, check),
};

fn check(candidate: &Candidate<'_>) -> Result<(), String> {
    let Some(points) = candidate.distribution_points() else {
        let access = candidate.authority_access().map(|access| access.accessdescs.as_slice()).unwrap_or_default();
        let responder = access.iter().any(|one| one.access_method.as_bytes() == oid::AD_OCSP.as_bytes());
        return if responder { Ok(()) } else { Err("neither a CRL nor an OCSP responder".into()) };
    };
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
    match names.iter().find(|name| !matches!(name, GeneralName::URI(uri) if is_http(uri))) {
        Some(other) => Err(other.to_string()),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::der::{Writer, tag};
    use crate::issue::lint::samples::Sample;
    use crate::issue::lint::samples::general;

    fn point(fields: impl FnOnce(&mut Writer)) -> Sample {
        Sample::bare().extension(oid::CRL_DISTRIBUTION_POINTS, |w| w.sequence(|w| w.sequence(fields)))
    }

    #[test]
    fn an_http_address_or_a_responder_passes() {
        Sample::bare().crl_at(&[(general::URI, b"http://a.jp/c")]).keeps(&RULE);
        Sample::bare().access(&[(oid::AD_OCSP, "http://a.jp")]).keeps(&RULE);
    }

    #[test]
    fn nothing_another_scheme_and_another_issuer_fail() {
        Sample::bare().breaks(&RULE, "neither a CRL nor an OCSP responder");
        point(|_| {}).breaks(&RULE, "a distribution point without a full name");
        Sample::bare().crl_at(&[(general::URI, b"https://a.jp/c")]).breaks(&RULE, "URI(https://a.jp/c)");
        point(|w| w.constructed(tag::context_constructed(2), |w| w.primitive(general::URI, b"http://b.jp/")))
            .breaks(&RULE, "a partial or indirect CRL");
    }
}
