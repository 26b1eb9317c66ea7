//! A DistributionPoint has a distributionPoint or a cRLIssuer, never reasons alone (RFC 5280 §4.2.1.13). One point may
//! name the same CRL several times: in a directory, on the Internet and in a closed network.

use crate::issue::lint::syntax::is_uri;
use crate::issue::lint::{Candidate, Check, Rule, Says, Severity};
use x509_parser::extensions::{CRLDistributionPoint, DistributionPointName, GeneralName};

pub(super) const RULE: Rule = Rule {
    name: "rfc5280.distribution-points",
    source: "RFC 5280 §4.2.1.13",
    severity: Severity::Error,
    says: Says {
        en: "A CRL distribution point says where the CRL is or who issues it, and its addresses are absolute URIs.",
        ja: "CRL配布点には、CRLの場所か発行者を、絶対URIなどの正しい名前で書かなければなりません。",
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
    let names = match &point.distribution_point {
        Some(DistributionPointName::FullName(names)) => names.as_slice(),
        Some(DistributionPointName::NameRelativeToCRLIssuer(_)) => return Ok(()),
        None if point.crl_issuer.is_some() => return Ok(()),
        None => return Err("neither a name nor an issuer".into()),
    };
    let wrong = names.iter().find(|name| match name {
        GeneralName::URI(uri) => !is_uri(uri),
        GeneralName::DirectoryName(name) => name.iter_attributes().next().is_none(),
        GeneralName::Invalid(..) => true,
        _ => false,
    });
    wrong.map_or(Ok(()), |name| Err(name.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::der::{Writer, tag};
    use crate::issue::lint::samples::Sample;
    use crate::issue::lint::samples::{general, name};
    use crate::oid;

    fn point(fields: impl FnOnce(&mut Writer)) -> Sample {
        Sample::bare().extension(oid::CRL_DISTRIBUTION_POINTS, |w| w.sequence(|w| w.sequence(fields)))
    }

    #[test]
    fn several_names_of_one_crl_and_an_issuer_pass() {
        let directory = name(&[(oid::COMMON_NAME, tag::PRINTABLE_STRING, "a")]);
        let names: [(u8, &[u8]); 2] = [(general::DIRECTORY, &directory), (general::URI, b"http://a.jp/c")];
        Sample::bare().crl_at(&names).keeps(&RULE);
        point(|w| w.constructed(tag::context_constructed(2), |w| w.primitive(general::DNS, b"a.jp"))).keeps(&RULE);
    }

    #[test]
    fn no_point_reasons_alone_and_half_an_address_fail() {
        Sample::bare()
            .extension(oid::CRL_DISTRIBUTION_POINTS, |w| w.sequence(|_| {}))
            .breaks(&RULE, "no distribution point");
        point(|w| w.primitive(tag::context(1), &[6, 0x40])).breaks(&RULE, "neither a name nor an issuer");
        Sample::bare().crl_at(&[(general::URI, b"a.jp/c")]).breaks(&RULE, "URI(a.jp/c)");
        Sample::bare().crl_at(&[(general::DIRECTORY, &[0x30, 0])]).breaks(&RULE, "DirectoryName()");
    }
}
