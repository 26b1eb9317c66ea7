//! Certificate policies are exactly the profile's, in its order and without qualifiers (profile; CP §7.1.6).

use crate::issue::lint::{Candidate, Check, Promise, Rule, Says, Severity};
use crate::oid;

pub(super) const RULE: Rule = Rule {
    name: "profile.policies",
    source: "profile, CP §7.1.6",
    severity: Severity::Error,
    says: Says {
        en: "certificatePolicies lists exactly the profile's policies, in its order.",
        ja: "certificatePoliciesは、プロファイルが定めるポリシーを定められた順に並べたものでなければなりません。",
    },
    check: Check::Promise(check),
};

fn check(candidate: &Candidate<'_>, promise: &Promise<'_>) -> Result<(), String> {
    let (found, promised) = (candidate.policies(), promise.profile.policies);
    for (policy, promised) in found.iter().zip(promised) {
        let id = policy.policy_id.as_bytes();
        if id != promised.as_bytes() {
            return Err(format!("{} is not in the profile", oid::dotted(id)));
        }
        if policy.policy_qualifiers.is_some() {
            return Err(format!("{} has qualifiers", oid::dotted(id)));
        }
    }
    if found.len() == promised.len() {
        Ok(())
    } else {
        Err(format!("{} policies where {} are promised", found.len(), promised.len()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::der::{Writer, tag};
    use crate::issue::lint::samples::Sample;

    fn policy(policy: impl FnOnce(&mut Writer)) -> Sample {
        Sample::bare().extension(oid::CERTIFICATE_POLICIES, |w| w.sequence(|w| w.sequence(policy)))
    }

    #[test]
    fn the_profiles_policy_passes() {
        policy(|w| w.oid(oid::POLICY_APPLICATION)).keeps(&RULE);
    }

    #[test]
    fn another_a_qualified_one_and_none_fail() {
        policy(|w| w.oid(oid::QT_CPS)).breaks(&RULE, "1.3.6.1.5.5.7.2.1 is not in the profile");
        policy(|w| {
            w.sequence(|w| {
                w.sequence(|w| {
                    w.primitive(tag::IA5_STRING, b"http://a.jp/");
                    w.oid(oid::QT_CPS);
                });
            });
            w.oid(oid::POLICY_APPLICATION);
        })
        .breaks(&RULE, "1.3.6.1.4.1.32473.1.1 has qualifiers");
        Sample::bare().breaks(&RULE, "0 policies where 1 are promised");
    }
}
