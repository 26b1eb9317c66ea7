//! basicConstraints may stand, with cA false and without pathLenConstraint (S/MIME BR §7.1.2.3).

use crate::issue::lint::{Baseline, Candidate, Check, Rule, Says, Severity};

pub(super) const RULE: Rule = Rule {
    name: "cabf.smime.end-entity",
    source: "S/MIME BR §7.1.2.3",
    severity: Severity::Error,
    says: Says {
        en: "basicConstraints of a mail certificate has no path length.",
        ja: "メール用証明書のbasicConstraintsに、パス長があってはなりません。",
    },
    check: Check::Baseline(Baseline::Smime, check),
};

fn check(candidate: &Candidate<'_>) -> Result<(), String> {
    let limited = candidate.basic_constraints().is_some_and(|basic| basic.path_len_constraint.is_some());
    if limited { Err("pathLenConstraint".into()) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::issue::lint::samples::Sample;
    use crate::oid;

    #[test]
    fn none_and_empty_ones_pass() {
        Sample::bare().keeps(&RULE);
        Sample::bare().critical(oid::BASIC_CONSTRAINTS, |w| w.sequence(|_| {})).keeps(&RULE);
    }

    #[test]
    fn a_path_length_fails() {
        let sample = Sample::bare().critical(oid::BASIC_CONSTRAINTS, |w| w.sequence(|w| w.integer(0)));
        sample.breaks(&RULE, "pathLenConstraint");
    }
}
