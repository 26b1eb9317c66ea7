//! Where an OID alone is not enough, only the two qualifiers of RFC 5280 §4.2.1.4 are recommended: id-qt-cps and
//! id-qt-unotice.

use super::qualifiers;
use crate::issue::lint::{Candidate, Check, Rule, Says, Severity};
use crate::oid;

pub(super) const RULE: Rule = Rule {
    name: "rfc5280.policy-qualifiers",
    source: "RFC 5280 §4.2.1.4",
    severity: Severity::Warning,
    says: Says {
        en: "Policy qualifiers are a pointer to the CPS or a notice to the user, and no other kind.",
        ja: "ポリシー修飾子は、CPSの場所か利用者への通知だけにすべきです。",
    },
    check: Check::Any(check),
};

fn check(candidate: &Candidate<'_>) -> Result<(), String> {
    let known = |id: &[u8]| id == oid::QT_CPS.as_bytes() || id == oid::QT_NOTICE.as_bytes();
    let other = qualifiers(candidate).find(|(_, qualifier)| !known(qualifier.policy_qualifier_id.as_bytes()));
    other.map_or(Ok(()), |(_, qualifier)| Err(format!("qualifier {}", qualifier.policy_qualifier_id)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::der::tag;
    use crate::issue::lint::samples::Sample;

    const POLICY: oid::Oid = oid::POLICY_APPLICATION;

    #[test]
    fn a_pointer_to_the_cps_passes() {
        Sample::bare().qualified(POLICY, oid::QT_CPS, |w| w.primitive(tag::IA5_STRING, b"http://a.jp/")).keeps(&RULE);
        Sample::bare().policies(&[POLICY]).keeps(&RULE);
    }

    #[test]
    fn another_kind_fails() {
        Sample::bare().qualified(POLICY, oid::SHA1, |w| w.null()).breaks(&RULE, "qualifier 1.3.14.3.2.26");
    }
}
