//! A critical extension nobody knows makes relying parties refuse the certificate (RFC 5280 §4.2: caution in adopting
//! critical extensions). Those of RFC 5280 are known.

use crate::issue::lint::{Candidate, Check, Rule, Says, Severity};
use crate::oid::{self, Oid};

pub(super) const RULE: Rule = Rule {
    name: "rfc5280.critical-extensions-known",
    source: "RFC 5280 §4.2",
    severity: Severity::Warning,
    says: Says {
        en: "Every critical extension is one that RFC 5280 defines: others make programs refuse the certificate.",
        ja: "criticalの拡張領域は、検証側に拒まれないよう、RFC 5280が定めるものだけにすべきです。",
    },
    check: Check::Any(check),
};

const KNOWN: [Oid; 10] = [
    oid::KEY_USAGE,
    oid::BASIC_CONSTRAINTS,
    oid::CERTIFICATE_POLICIES,
    oid::SUBJECT_ALT_NAME,
    oid::ISSUER_ALT_NAME,
    oid::EXTENDED_KEY_USAGE,
    oid::NAME_CONSTRAINTS,
    oid::POLICY_CONSTRAINTS,
    oid::POLICY_MAPPINGS,
    oid::INHIBIT_ANY_POLICY,
];

fn check(candidate: &Candidate<'_>) -> Result<(), String> {
    let mut critical = candidate.x509.extensions().iter().filter(|extension| extension.critical);
    let unknown = critical.find(|extension| !KNOWN.iter().any(|known| known.as_bytes() == extension.oid.as_bytes()));
    unknown.map_or(Ok(()), |extension| Err(format!("{} is critical", oid::dotted(extension.oid.as_bytes()))))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::issue::lint::samples::Sample;

    #[test]
    fn a_critical_key_usage_passes() {
        Sample::bare().usage(0x8000).keeps(&RULE);
    }

    #[test]
    fn a_critical_extension_of_another_standard_fails() {
        let sample = Sample::bare().critical(oid::OCSP_NOCHECK, |w| w.null());
        sample.breaks(&RULE, "1.3.6.1.5.5.7.48.1.5 is critical");
    }
}
