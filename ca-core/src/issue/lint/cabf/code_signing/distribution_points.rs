//! cRLDistributionPoints must be present, with an `http` address (Code Signing BR §7.1.2.3); others may stand beside
//! it.

use super::super::has_http_crl;
use crate::issue::lint::{Baseline, Candidate, Check, Rule, Says, Severity};

pub(super) const RULE: Rule = Rule {
    name: "cabf.code-signing.distribution-points",
    source: "Code Signing BR §7.1.2.3",
    severity: Severity::Error,
    says: Says {
        en: "A code signing certificate gives an http address of a CRL.",
        ja: "コード署名証明書には、CRLのhttpアドレスがなければなりません。",
    },
    check: Check::Baseline(Baseline::CodeSigning, check),
};

fn check(candidate: &Candidate<'_>) -> Result<(), String> {
    has_http_crl(candidate)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::issue::lint::samples::Sample;
    use crate::issue::lint::samples::general;

    #[test]
    fn an_http_address_passes() {
        Sample::bare().crl_at(&[(general::URI, b"ldap://a.jp/"), (general::URI, b"http://a.jp/c")]).keeps(&RULE);
    }

    #[test]
    fn none_and_another_scheme_fail() {
        Sample::bare().breaks(&RULE, "no http address of a CRL");
        Sample::bare().crl_at(&[(general::URI, b"ldap://a.jp/")]).breaks(&RULE, "no http address of a CRL");
    }
}
