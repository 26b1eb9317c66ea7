//! A certificate with extensions has version 3 (RFC 5280 §4.1.2.1); ours always have extensions.

use crate::issue::lint::{Candidate, Check, Rule, Says, Severity};
use x509_parser::x509::X509Version;

pub(super) const RULE: Rule = Rule {
    name: "rfc5280.version-v3",
    source: "RFC 5280 §4.1.2.1",
    severity: Severity::Error,
    says: Says {
        en: "A certificate that has extensions is version 3.",
        ja: "拡張領域のある証明書は、バージョン3でなければなりません。",
    },
    check: Check::Any(check),
};

fn check(candidate: &Candidate<'_>) -> Result<(), String> {
    match candidate.x509.version() {
        X509Version::V3 => Ok(()),
        _ if candidate.x509.extensions().is_empty() => Ok(()),
        other => Err(format!("version field {}", other.0)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::issue::lint::samples::Sample;

    #[test]
    fn version_3_and_a_certificate_without_extensions_pass() {
        Sample::web_server().keeps(&RULE);
        Sample::bare().with(|sample| sample.version = None).keeps(&RULE);
    }

    #[test]
    fn versions_1_and_2_with_extensions_fail() {
        Sample::web_server().with(|sample| sample.version = None).breaks(&RULE, "version field 0");
        Sample::web_server().with(|sample| sample.version = Some(1)).breaks(&RULE, "version field 1");
    }
}
