//! A CA says how the status of its responders is checked (RFC 6960 §4.2.2.2.1): nocheck, CRL distribution points or
//! authorityInfoAccess. Without any, clients guess.

use crate::issue::lint::{Candidate, Check, Rule, Says, Severity};
use crate::oid;

pub(super) const RULE: Rule = Rule {
    name: "rfc5280.responder-status",
    source: "RFC 6960 §4.2.2.2.1",
    severity: Severity::Warning,
    says: Says {
        en: "An OCSP responder says how its own status is found: nocheck, a CRL or another responder.",
        ja: "OCSPレスポンダ証明書には、それ自身の失効の調べ方（nocheck、CRL、OCSP）を書くべきです。",
    },
    check: Check::Any(check),
};

fn check(candidate: &Candidate<'_>) -> Result<(), String> {
    let says = [oid::OCSP_NOCHECK, oid::CRL_DISTRIBUTION_POINTS, oid::AUTHORITY_INFO_ACCESS];
    if candidate.is_authority() || !candidate.has_purpose(oid::KP_OCSP_SIGNING) {
        return Ok(());
    }
    if says.into_iter().any(|extension| candidate.has(extension)) { Ok(()) } else { Err("nothing".into()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::issue::lint::samples::Sample;

    #[test]
    fn each_way_passes() {
        let responder = || Sample::bare().purposes(&[oid::KP_OCSP_SIGNING]);
        responder().extension(oid::OCSP_NOCHECK, |w| w.null()).keeps(&RULE);
        responder().access(&[(oid::AD_OCSP, "http://a.jp")]).keeps(&RULE);
    }

    #[test]
    fn none_fails() {
        Sample::bare().purposes(&[oid::KP_OCSP_SIGNING]).breaks(&RULE, "nothing");
    }
}
