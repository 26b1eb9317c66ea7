//! Strict and multipurpose S/MIME certificates live at most 825 days, legacy ones 1185 (S/MIME BR §6.3.2). The
//! generation is the last arc of the reserved policy (S/MIME BR §7.1.6.1): 1 legacy, 2 multipurpose, 3 strict.

use super::super::lives_at_most;
use crate::issue::lint::{Baseline, Candidate, Check, Rule, Says, Severity};
use crate::oid;

pub(super) const RULE: Rule = Rule {
    name: "cabf.smime.validity",
    source: "S/MIME BR §6.3.2",
    severity: Severity::Error,
    says: Says {
        en: "A mail certificate lives at most 825 days, or 1185 where its policy is of the legacy generation or no public one.",
        ja: "メール用証明書の有効期間は、825日（ポリシーがLegacy世代か公開のものでないときは1185日）以内でなければなりません。",
    },
    check: Check::Baseline(Baseline::Smime, check),
};

fn check(candidate: &Candidate<'_>) -> Result<(), String> {
    let is_newer = candidate.policies().iter().any(|policy| {
        let generation = policy.policy_id.as_bytes().strip_prefix(oid::CABF_SMIME.as_bytes());
        matches!(generation, Some([1..=4, 2 | 3]))
    });
    lives_at_most(candidate, if is_newer { 825 } else { 1185 })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::issue::lint::samples::Sample;
    use crate::oid::Oid;

    const STRICT_MAILBOX: Oid = Oid(&[0x67, 0x81, 0x0c, 0x01, 0x05, 1, 3]);

    #[test]
    fn days_825_and_1185_pass() {
        Sample::bare().policies(&[STRICT_MAILBOX]).lasting("260401000000Z", "280703235959Z").keeps(&RULE);
        Sample::bare().lasting("260401000000Z", "290628235959Z").keeps(&RULE);
    }

    #[test]
    fn a_second_more_fails() {
        let strict = Sample::bare().policies(&[STRICT_MAILBOX]).lasting("260401000000Z", "280704000000Z");
        strict.breaks(&RULE, "71280001 seconds, 825 days are 71280000");
        let other = Sample::bare().lasting("260401000000Z", "290629000000Z");
        other.breaks(&RULE, "102384001 seconds, 1185 days are 102384000");
    }
}
