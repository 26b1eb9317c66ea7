//! certificatePolicies must be present (Code Signing BR §7.1.2.3).

use super::super::has_policy;
use crate::issue::lint::{Baseline, Candidate, Check, Rule, Says, Severity};

pub(super) const RULE: Rule = Rule {
    name: "cabf.code-signing.policies",
    source: "Code Signing BR §7.1.2.3",
    severity: Severity::Error,
    says: Says {
        en: "A code signing certificate names a policy.",
        ja: "コード署名証明書には、ポリシーがなければなりません。",
    },
    check: Check::Baseline(Baseline::CodeSigning, check),
};

fn check(candidate: &Candidate<'_>) -> Result<(), String> {
    has_policy(candidate)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::issue::lint::samples::Sample;
    use crate::oid;

    #[test]
    fn one_policy_passes() {
        Sample::bare().policies(&[oid::POLICY_APPLICATION]).keeps(&RULE);
    }

    #[test]
    fn none_fails() {
        Sample::bare().breaks(&RULE, "no policy");
    }
}
