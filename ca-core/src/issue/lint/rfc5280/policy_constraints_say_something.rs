//! A CA must not issue a certificate where policyConstraints is an empty sequence (RFC 5280 §4.2.1.11).

use crate::der::Reader;
use crate::issue::lint::{Candidate, Check, Rule, Says, Severity};
use crate::oid;

pub(super) const RULE: Rule = Rule {
    name: "rfc5280.policy-constraints-say-something",
    source: "RFC 5280 §4.2.1.11",
    severity: Severity::Error,
    says: Says {
        en: "policyConstraints is not empty.", ja: "policyConstraintsは、空であってはなりません。"
    },
    check: Check::Any(check),
};

fn check(candidate: &Candidate<'_>) -> Result<(), String> {
    let Some(extension) = candidate.extension(oid::POLICY_CONSTRAINTS) else { return Ok(()) };
    if Reader::of_sequence(extension.value).is_ok_and(|fields| fields.is_empty()) {
        return Err("an empty sequence".into());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::der::tag;
    use crate::issue::lint::samples::Sample;

    #[test]
    fn one_constraint_passes() {
        Sample::bare()
            .critical(oid::POLICY_CONSTRAINTS, |w| w.sequence(|w| w.primitive(tag::context(0), &[0])))
            .keeps(&RULE);
    }

    #[test]
    fn none_fails() {
        Sample::bare().critical(oid::POLICY_CONSTRAINTS, |w| w.sequence(|_| {})).breaks(&RULE, "an empty sequence");
    }
}
