//! The addresses of CRL, OCSP responder and issuer's certificate are exactly the authority's, in their order: one
//! distribution point with every name of the same CRL, the directory's first where the profile says so (profile; CP §7.1.2).

use crate::issue::lint::{Candidate, Check, Promise, Rule, Says, Severity};
use crate::oid;
use x509_parser::extensions::{DistributionPointName, GeneralName};

pub(super) const RULE: Rule = Rule {
    name: "profile.revocation-addresses",
    source: "profile, CP §7.1.2",
    severity: Severity::Error,
    says: Says {
        en: "The addresses of CRL, OCSP responder and issuer's certificate are exactly the issuing CA's.",
        ja: "CRL、OCSPレスポンダ、発行者証明書のアドレスは、発行するCAのものと同じでなければなりません。",
    },
    check: Check::Promise(check),
};

fn check(candidate: &Candidate<'_>, promise: &Promise<'_>) -> Result<(), String> {
    let addresses = promise.authority.addresses();
    if let Some(points) = candidate.distribution_points() {
        let names = match points.points.as_slice() {
            [only] => match &only.distribution_point {
                Some(DistributionPointName::FullName(names)) => names.as_slice(),
                _ => &[],
            },
            several => return Err(format!("{} distribution points", several.len())),
        };
        let names = if promise.profile.revocation.directory_point {
            match names.split_first() {
                Some((GeneralName::DirectoryName(name), rest))
                    if name.as_raw() == promise.authority.name().as_der() =>
                {
                    rest
                }
                _ => return Err("the distribution point does not begin with the authority's name".into()),
            }
        } else {
            names
        };
        let list = promise.facts.list;
        let crl: Vec<String> = addresses.crl.iter().map(|address| list.address_beside(address)).collect();
        same(names.iter(), &crl)?;
    }
    if let Some(access) = candidate.authority_access() {
        let described = |method: oid::Oid| {
            let those = access.accessdescs.iter().filter(move |one| one.access_method.as_bytes() == method.as_bytes());
            those.map(|one| &one.access_location)
        };
        let rule = &promise.profile.revocation;
        let none = Vec::new();
        same(described(oid::AD_OCSP), if rule.ocsp { &addresses.ocsp } else { &none })?;
        same(described(oid::AD_CA_ISSUERS), if rule.issuer { &addresses.issuer_certificate } else { &none })?;
    }
    Ok(())
}

fn same<'a, 'b: 'a>(found: impl Iterator<Item = &'a GeneralName<'b>>, promised: &[String]) -> Result<(), String> {
    let mut promised = promised.iter();
    for name in found {
        match (name, promised.next()) {
            (GeneralName::URI(uri), Some(address)) if uri == address => {}
            (other, address) => return Err(format!("{other} where the authority has {address:?}")),
        }
    }
    promised.next().map_or(Ok(()), |address| Err(format!("{address} is missing")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::der::{Writer, tag};
    use crate::issue::lint::samples::{Sample, profile};

    fn crl(w: &mut Writer, uris: &[&str]) {
        w.sequence(|w| {
            w.constructed(tag::context_constructed(0), |w| {
                w.constructed(tag::context_constructed(0), |w| {
                    uris.iter().rev().for_each(|uri| w.primitive(tag::context(6), uri.as_bytes()));
                    w.constructed(tag::context_constructed(4), |w| w.raw(Sample::root_authority().name().as_der()));
                });
            });
        });
    }

    const BOTH: [&str; 2] = ["http://crl.example.jp/root.crl", "http://crl.lgwan.example.jp/root.crl"];

    /// Of a profile whose distribution point begins with the directory's name.
    fn bare() -> Sample {
        Sample::of(&profile("platform-server")).with(|sample| sample.extensions.clear())
    }

    fn points(points: impl FnOnce(&mut Writer)) -> Sample {
        bare().extension(oid::CRL_DISTRIBUTION_POINTS, |w| w.sequence(points))
    }

    #[test]
    fn the_authoritys_addresses_pass() {
        points(|w| crl(w, &BOTH)).keeps(&RULE);
        Sample::web_server().keeps(&RULE);
    }

    #[test]
    fn another_one_less_and_two_points_fail() {
        points(|w| crl(w, &["http://a.jp/"]))
            .breaks(&RULE, "URI(http://a.jp/) where the authority has Some(\"http://crl.example.jp/root.crl\")");
        points(|w| crl(w, &BOTH[..1])).breaks(&RULE, "http://crl.lgwan.example.jp/root.crl is missing");
        let unnamed = |w: &mut Writer| {
            w.sequence(|w| {
                let names =
                    |w: &mut Writer| BOTH.iter().rev().for_each(|uri| w.primitive(tag::context(6), uri.as_bytes()));
                let name = |w: &mut Writer| w.constructed(tag::context_constructed(0), names);
                w.constructed(tag::context_constructed(0), name);
            });
        };
        points(unnamed).breaks(&RULE, "the distribution point does not begin with the authority's name");
        points(|w| BOTH.iter().for_each(|uri| crl(w, &[uri]))).breaks(&RULE, "2 distribution points");
        Sample::bare()
            .extension(oid::AUTHORITY_INFO_ACCESS, |w| w.sequence(|_| {}))
            .breaks(&RULE, "http://ocsp.example.jp/ is missing");
    }
}
