//! Code signing certificates issued from March 1, 2026 live at most 460 days, earlier ones 39 months (Code Signing BR
//! §6.3.2); notBefore stands for the date of issue. 39 months are taken as the longest there are, 1188 days.

use super::super::lives_at_most;
use crate::issue::lint::{Baseline, Candidate, Check, Rule, Says, Severity};
use crate::time::Timestamp;

pub(super) const RULE: Rule = Rule {
    name: "cabf.code-signing.validity",
    source: "Code Signing BR §6.3.2",
    severity: Severity::Error,
    says: Says {
        en: "A code signing certificate lives at most 460 days, or 39 months if issued before March 1, 2026.",
        ja: "コード署名証明書の有効期間は、460日（2026年2月末までの発行は39か月）以内でなければなりません。",
    },
    check: Check::Baseline(Baseline::CodeSigning, check),
};

/// March 1, 2026, 0:00 UTC in seconds since 1970.
const SHORTER_FROM: i64 = 1_772_323_200;

fn check(candidate: &Candidate<'_>) -> Result<(), String> {
    let is_shorter = candidate.validity().not_before >= Timestamp::from_seconds(SHORTER_FROM);
    lives_at_most(candidate, if is_shorter { 460 } else { 1188 })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::issue::lint::samples::Sample;

    #[test]
    fn days_460_and_three_years_before_pass() {
        assert_eq!(Timestamp::from_seconds(SHORTER_FROM).rfc3339(), "2026-03-01T00:00:00Z");
        Sample::bare().lasting("260301000000Z", "270603235959Z").keeps(&RULE);
        Sample::bare().lasting("260228235959Z", "290228235958Z").keeps(&RULE);
    }

    #[test]
    fn a_second_more_fails() {
        let sample = Sample::bare().lasting("260301000000Z", "270604000000Z");
        sample.breaks(&RULE, "39744001 seconds, 460 days are 39744000");
        assert!(Sample::bare().lasting("260228235959Z", "290601000000Z").judge(&RULE).is_err());
    }
}
