//! Each issuerDomainPolicy should also be asserted in certificatePolicies of the same certificate (RFC 5280 §4.2.1.5).

use crate::issue::lint::{Candidate, Check, Rule, Says, Severity};

pub(super) const RULE: Rule = Rule {
    name: "rfc5280.policy-mappings-known",
    source: "RFC 5280 §4.2.1.5",
    severity: Severity::Warning,
    says: Says {
        en: "Every policy that is mapped also stands in certificatePolicies.",
        ja: "対応させる発行側のポリシーは、certificatePoliciesにもあるべきです。",
    },
    check: Check::Any(check),
};

fn check(candidate: &Candidate<'_>) -> Result<(), String> {
    let policies = candidate.policies();
    let unknown = candidate
        .policy_mappings()
        .iter()
        .find(|mapping| !policies.iter().any(|policy| policy.policy_id == mapping.issuer_domain_policy));
    unknown.map_or(Ok(()), |mapping| Err(format!("{} is mapped", mapping.issuer_domain_policy)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::issue::lint::samples::Sample;
    use crate::oid::{self, Oid};

    fn mapping(issuer: Oid, subject: Oid) -> Sample {
        Sample::bare().critical(oid::POLICY_MAPPINGS, |w| {
            w.sequence(|w| {
                w.sequence(|w| {
                    w.oid(subject);
                    w.oid(issuer);
                });
            });
        })
    }

    #[test]
    fn an_asserted_policy_passes() {
        mapping(oid::POLICY_APPLICATION, oid::SHA1).policies(&[oid::POLICY_APPLICATION]).keeps(&RULE);
    }

    #[test]
    fn one_that_is_not_asserted_fails() {
        let sample = mapping(oid::SHA1, oid::POLICY_APPLICATION).policies(&[oid::POLICY_APPLICATION]);
        sample.breaks(&RULE, "1.3.14.3.2.26 is mapped");
    }
}
