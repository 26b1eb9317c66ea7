//! policyMappings is used in CA certificates; policyConstraints and inhibitAnyPolicy in certificates issued to CAs (RFC
//! 5280 §4.2.1.5, §4.2.1.11, §4.2.1.14). In an end entity they limit nothing.

use crate::issue::lint::{Candidate, Check, Rule, Says, Severity};
use crate::oid::{self, Oid};

pub(super) const RULE: Rule = Rule {
    name: "rfc5280.policy-controls-for-authorities",
    source: "RFC 5280 §4.2.1.5, §4.2.1.11, §4.2.1.14",
    severity: Severity::Error,
    says: Says {
        en: "policyMappings, policyConstraints and inhibitAnyPolicy stand only in certificates of CAs.",
        ja: "policyMappings、policyConstraints、inhibitAnyPolicyは、CA証明書にだけ置けます。",
    },
    check: Check::Any(check),
};

const CONTROLS: [Oid; 3] = [oid::POLICY_MAPPINGS, oid::POLICY_CONSTRAINTS, oid::INHIBIT_ANY_POLICY];

fn check(candidate: &Candidate<'_>) -> Result<(), String> {
    if candidate.is_authority() {
        return Ok(());
    }
    let found = CONTROLS.into_iter().find(|control| candidate.has(*control));
    found.map_or(Ok(()), |control| Err(format!("{} without cA", oid::dotted(control.as_bytes()))))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::issue::lint::samples::Sample;

    #[test]
    fn one_in_a_ca_passes() {
        for control in CONTROLS {
            Sample::bare().authority_constraints().critical(control, |w| w.integer(0)).keeps(&RULE);
        }
    }

    #[test]
    fn one_in_an_end_entity_fails() {
        let sample = Sample::bare().critical(oid::INHIBIT_ANY_POLICY, |w| w.integer(0));
        sample.breaks(&RULE, "2.5.29.54 without cA");
        for control in CONTROLS {
            assert!(Sample::bare().critical(control, |w| w.integer(0)).judge(&RULE).is_err());
        }
    }
}
