//! Qualifiers of anyPolicy must be of the two kinds that RFC 5280 §4.2.1.4 defines: nobody knows which policy others
//! would belong to.

use super::qualifiers;
use crate::issue::lint::{Candidate, Check, Rule, Says, Severity};
use crate::oid;

pub(super) const RULE: Rule = Rule {
    name: "rfc5280.any-policy-qualifiers",
    source: "RFC 5280 §4.2.1.4",
    severity: Severity::Error,
    says: Says {
        en: "anyPolicy has no qualifiers but a pointer to the CPS and a notice to the user.",
        ja: "anyPolicyの修飾子は、CPSの場所か利用者への通知でなければなりません。",
    },
    check: Check::Any(check),
};

fn check(candidate: &Candidate<'_>) -> Result<(), String> {
    let other = qualifiers(candidate).find(|(policy, qualifier)| {
        let kind = qualifier.policy_qualifier_id.as_bytes();
        *policy == oid::ANY_POLICY.as_bytes() && kind != oid::QT_CPS.as_bytes() && kind != oid::QT_NOTICE.as_bytes()
    });
    other.map_or(Ok(()), |(_, qualifier)| Err(format!("qualifier {}", qualifier.policy_qualifier_id)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::der::tag;
    use crate::issue::lint::samples::Sample;

    #[test]
    fn a_pointer_to_the_cps_passes() {
        let sample =
            Sample::bare().qualified(oid::ANY_POLICY, oid::QT_CPS, |w| w.primitive(tag::IA5_STRING, b"http://a.jp/"));
        sample.keeps(&RULE);
        Sample::bare().qualified(oid::POLICY_APPLICATION, oid::SHA1, |w| w.null()).keeps(&RULE);
    }

    #[test]
    fn another_kind_fails() {
        Sample::bare().qualified(oid::ANY_POLICY, oid::SHA1, |w| w.null()).breaks(&RULE, "qualifier 1.3.14.3.2.26");
    }
}
