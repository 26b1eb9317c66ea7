//! nameConstraints must not stand in a server certificate (BR §7.1.2.7.6); basicConstraints may, critical, cA false and
//! without pathLenConstraint (BR §7.1.2.7.8).

use crate::issue::lint::{Baseline, Candidate, Check, Rule, Says, Severity};
use crate::oid;

pub(super) const RULE: Rule = Rule {
    name: "cabf.tls.end-entity",
    source: "BR §7.1.2.7.6, §7.1.2.7.8",
    severity: Severity::Error,
    says: Says {
        en: "A server certificate has no name constraints; basicConstraints, where it stands, is critical and without a path length.",
        ja: "サーバ証明書にnameConstraintsがあってはならず、basicConstraintsを置くときはcriticalで、パス長があってはなりません。",
    },
    check: Check::Baseline(Baseline::TlsServer, check),
};

fn check(candidate: &Candidate<'_>) -> Result<(), String> {
    if candidate.has(oid::NAME_CONSTRAINTS) {
        return Err("nameConstraints".into());
    }
    match candidate.basic_constraints() {
        Some(basic) if basic.path_len_constraint.is_some() => Err("pathLenConstraint".into()),
        Some(_) if !candidate.is_critical(oid::BASIC_CONSTRAINTS) => Err("basicConstraints is not critical".into()),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::issue::lint::samples::Sample;

    #[test]
    fn none_and_empty_basic_constraints_pass() {
        Sample::bare().keeps(&RULE);
        Sample::bare().critical(oid::BASIC_CONSTRAINTS, |w| w.sequence(|_| {})).keeps(&RULE);
    }

    #[test]
    fn what_is_for_cas_fails() {
        Sample::bare().critical(oid::NAME_CONSTRAINTS, |w| w.sequence(|_| {})).breaks(&RULE, "nameConstraints");
        let limited = Sample::bare().critical(oid::BASIC_CONSTRAINTS, |w| w.sequence(|w| w.integer(0)));
        limited.breaks(&RULE, "pathLenConstraint");
        let sample = Sample::bare().extension(oid::BASIC_CONSTRAINTS, |w| w.sequence(|_| {}));
        sample.breaks(&RULE, "basicConstraints is not critical");
    }
}
