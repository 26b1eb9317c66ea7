//! certificatePolicies stands in server certificates (BR §7.1.2.7.6) and does not name anyPolicy (BR §7.1.2.7.9).

use super::super::has_policy;
use crate::issue::lint::{Baseline, Candidate, Check, Rule, Says, Severity};
use crate::oid;

pub(super) const RULE: Rule = Rule {
    name: "cabf.tls.policies",
    source: "BR §7.1.2.7.9",
    severity: Severity::Error,
    says: Says {
        en: "A server certificate names a policy, and not anyPolicy.",
        ja: "サーバ証明書のcertificatePoliciesにはポリシーがあり、anyPolicyがあってはなりません。",
    },
    check: Check::Baseline(Baseline::TlsServer, check),
};

fn check(candidate: &Candidate<'_>) -> Result<(), String> {
    has_policy(candidate)?;
    let any = candidate.policies().iter().any(|policy| policy.policy_id.as_bytes() == oid::ANY_POLICY.as_bytes());
    if any { Err("anyPolicy".into()) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::issue::lint::samples::Sample;

    #[test]
    fn one_policy_passes() {
        Sample::bare().policies(&[oid::POLICY_APPLICATION]).keeps(&RULE);
    }

    #[test]
    fn none_and_any_fail() {
        Sample::bare().breaks(&RULE, "no policy");
        Sample::bare().policies(&[oid::POLICY_APPLICATION, oid::ANY_POLICY]).breaks(&RULE, "anyPolicy");
    }
}
