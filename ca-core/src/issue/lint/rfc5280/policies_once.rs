//! certificatePolicies, where it stands, names at least one policy and none twice (RFC 5280 §4.2.1.4).

use crate::issue::lint::{Candidate, Check, Rule, Says, Severity};
use crate::oid;

pub(super) const RULE: Rule = Rule {
    name: "rfc5280.policies-once",
    source: "RFC 5280 §4.2.1.4",
    severity: Severity::Error,
    says: Says {
        en: "certificatePolicies names at least one policy, and none twice.",
        ja: "certificatePoliciesには一つ以上のポリシーがあり、同じものが二度あってはなりません。",
    },
    check: Check::Any(check),
};

fn check(candidate: &Candidate<'_>) -> Result<(), String> {
    if candidate.extension(oid::CERTIFICATE_POLICIES).is_none() {
        return Ok(());
    }
    let policies = candidate.policies();
    if policies.is_empty() {
        return Err("no policy".into());
    }
    let repeated = policies
        .iter()
        .enumerate()
        .find(|(index, policy)| policies.iter().take(*index).any(|before| before.policy_id == policy.policy_id));
    repeated.map_or(Ok(()), |(_, policy)| Err(format!("{} twice", oid::dotted(policy.policy_id.as_bytes()))))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::issue::lint::samples::Sample;
    use crate::oid::Oid;

    fn policies(policies: &[Oid]) -> Sample {
        Sample::bare().extension(oid::CERTIFICATE_POLICIES, |w| {
            w.sequence(|w| policies.iter().for_each(|policy| w.sequence(|w| w.oid(*policy))));
        })
    }

    #[test]
    fn one_policy_passes() {
        policies(&[oid::POLICY_APPLICATION]).keeps(&RULE);
    }

    #[test]
    fn none_and_one_twice_fail() {
        policies(&[]).breaks(&RULE, "no policy");
        policies(&[oid::POLICY_APPLICATION; 2]).breaks(&RULE, "1.3.6.1.4.1.32473.1.1 twice");
    }
}
