//! Certificate policies are exactly the profile's, in its order, with its qualifiers and no other (profile; CP §7.1.6).

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
    let (found, promised) = (candidate.policies(), &promise.profile.policies.terms);
    for (policy, promised) in found.iter().zip(promised) {
        let id = policy.policy_id.as_bytes();
        if id != promised.oid.as_bytes() {
            return Err(format!("{} is not in the profile", oid::dotted(id)));
        }
        let qualifiers = policy.policy_qualifiers.as_deref().unwrap_or_default();
        let texts = [(oid::QT_CPS, promised.cps.as_ref()), (oid::QT_NOTICE, promised.notice.as_ref())];
        let mut wanted = texts.iter().filter_map(|(kind, text)| text.map(|text| (kind, text)));
        for qualifier in qualifiers {
            // The text is the end of its qualifier: an IA5String, or the explicitText of a UserNotice.
            let same = wanted.next().is_some_and(|(kind, text)| {
                qualifier.policy_qualifier_id.as_bytes() == kind.as_bytes()
                    && qualifier.qualifier.ends_with(text.as_bytes())
            });
            if !same {
                return Err(format!("{} has a qualifier that is not in the profile", oid::dotted(id)));
            }
        }
        if wanted.next().is_some() {
            return Err(format!("{} lacks a qualifier of the profile", oid::dotted(id)));
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

    fn cps(w: &mut Writer, uri: &str) {
        w.sequence(|w| {
            w.primitive(tag::IA5_STRING, uri.as_bytes());
            w.oid(oid::QT_CPS);
        });
    }

    #[test]
    fn the_profiles_policy_passes() {
        policy(|w| {
            w.sequence(|w| cps(w, "http://www.lgpki.example/cps"));
            w.oid(oid::POLICY_APPLICATION);
        })
        .keeps(&RULE);
    }

    #[test]
    fn another_a_qualified_one_and_none_fail() {
        policy(|w| w.oid(oid::QT_CPS)).breaks(&RULE, "1.3.6.1.5.5.7.2.1 is not in the profile");
        policy(|w| w.oid(oid::POLICY_APPLICATION))
            .breaks(&RULE, "1.3.6.1.4.1.32473.1.1 lacks a qualifier of the profile");
        let found = "1.3.6.1.4.1.32473.1.1 has a qualifier that is not in the profile";
        for uris in [&["http://a.jp/"][..], &["http://www.lgpki.example/cps"; 2]] {
            policy(|w| {
                w.sequence(|w| uris.iter().rev().for_each(|uri| cps(w, uri)));
                w.oid(oid::POLICY_APPLICATION);
            })
            .breaks(&RULE, found);
        }
        Sample::bare().breaks(&RULE, "0 policies where 1 are promised");
    }
}
