//! Policies must not be mapped to or from the special value anyPolicy (RFC 5280 §4.2.1.5), and the list has one pair or
//! more.

use crate::issue::lint::{Candidate, Check, Rule, Says, Severity};
use crate::oid;
use x509_parser::extensions::PolicyMapping;

pub(super) const RULE: Rule = Rule {
    name: "rfc5280.policy-mappings-any",
    source: "RFC 5280 §4.2.1.5",
    severity: Severity::Error,
    says: Says {
        en: "No policy is mapped to or from anyPolicy, and the list is not empty.",
        ja: "policyMappingsは空であってはならず、anyPolicyを対応させてはなりません。",
    },
    check: Check::Any(check),
};

fn check(candidate: &Candidate<'_>) -> Result<(), String> {
    if !candidate.has(oid::POLICY_MAPPINGS) {
        return Ok(());
    }
    let (mappings, any) = (candidate.policy_mappings(), oid::ANY_POLICY.as_bytes());
    let is_any = |mapping: &PolicyMapping<'_>| {
        mapping.issuer_domain_policy.as_bytes() == any || mapping.subject_domain_policy.as_bytes() == any
    };
    match mappings.iter().find(|mapping| is_any(mapping)) {
        Some(mapping) => Err(format!("{} to {}", mapping.issuer_domain_policy, mapping.subject_domain_policy)),
        None if mappings.is_empty() => Err("no mapping".into()),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::issue::lint::samples::Sample;
    use crate::oid::Oid;

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
    fn two_policies_pass() {
        mapping(oid::POLICY_APPLICATION, oid::SHA1).keeps(&RULE);
    }

    #[test]
    fn any_policy_on_either_side_and_an_empty_list_fail() {
        mapping(oid::ANY_POLICY, oid::SHA1).breaks(&RULE, "2.5.29.32.0 to 1.3.14.3.2.26");
        mapping(oid::SHA1, oid::ANY_POLICY).breaks(&RULE, "1.3.14.3.2.26 to 2.5.29.32.0");
        Sample::bare().critical(oid::POLICY_MAPPINGS, |w| w.sequence(|_| {})).breaks(&RULE, "no mapping");
    }
}
