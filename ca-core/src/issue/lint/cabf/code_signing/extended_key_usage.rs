//! codeSigning must be present, anyExtendedKeyUsage and serverAuth must not (Code Signing BR §7.1.2.3).

use super::super::has_purposes;
use crate::issue::lint::{Baseline, Candidate, Check, Rule, Says, Severity};
use crate::oid;

pub(super) const RULE: Rule = Rule {
    name: "cabf.code-signing.extended-key-usage",
    source: "Code Signing BR §7.1.2.3",
    severity: Severity::Error,
    says: Says {
        en: "extKeyUsage of a code signing certificate names codeSigning, and not serverAuth or any purpose.",
        ja: "コード署名証明書のextKeyUsageにはcodeSigningがあり、serverAuthとanyExtendedKeyUsageがあってはなりません。",
    },
    check: Check::Baseline(Baseline::CodeSigning, check),
};

fn check(candidate: &Candidate<'_>) -> Result<(), String> {
    has_purposes(candidate, oid::KP_CODE_SIGNING, &[oid::ANY_EXTENDED_KEY_USAGE, oid::KP_SERVER_AUTH])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::issue::lint::samples::Sample;

    #[test]
    fn code_signing_passes() {
        Sample::bare().purposes(&[oid::KP_CODE_SIGNING]).keeps(&RULE);
    }

    #[test]
    fn none_and_servers_fail() {
        Sample::bare().breaks(&RULE, "without 1.3.6.1.5.5.7.3.3");
        Sample::bare().purposes(&[oid::KP_CODE_SIGNING, oid::KP_SERVER_AUTH]).breaks(&RULE, "with 1.3.6.1.5.5.7.3.1");
    }
}
