//! The limits of BR §6.3.2 that shrink by date of issue, which notBefore stands for. Browsers hold public CAs to them;
//! a closed network may go on with [`super::validity`], so this only warns.

use super::super::lives_at_most;
use crate::issue::lint::{Baseline, Candidate, Check, Rule, Says, Severity};
use crate::time::Timestamp;

pub(super) const RULE: Rule = Rule {
    name: "cabf.tls.validity-schedule",
    source: "BR §6.3.2",
    severity: Severity::Warning,
    says: Says {
        en: "A server certificate lives at most 200 days if issued from March 15, 2026, 100 from March 15, 2027 and 47 from March 15, 2029.",
        ja: "サーバ証明書の有効期間は、2026年3月15日以降の発行で200日、2027年3月15日以降で100日、2029年3月15日以降で47日以内であるべきです。",
    },
    check: Check::Baseline(Baseline::TlsServer, check),
};

/// First seconds of a limit since 1970, and its days; the latest first.
const LIMITS: [(i64, u64); 3] = [(1_868_227_200, 47), (1_805_068_800, 100), (1_773_532_800, 200)];

fn check(candidate: &Candidate<'_>) -> Result<(), String> {
    let begins = candidate.validity().not_before;
    let limit = LIMITS.into_iter().find(|(from, _)| begins >= Timestamp::from_seconds(*from));
    limit.map_or(Ok(()), |(_, days)| lives_at_most(candidate, days))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::issue::lint::samples::Sample;

    #[test]
    fn the_limits_are_of_their_dates() {
        let dates = LIMITS.map(|(from, _)| Timestamp::from_seconds(from).rfc3339());
        assert_eq!(dates, ["2029-03-15T00:00:00Z", "2027-03-15T00:00:00Z", "2026-03-15T00:00:00Z"]);
    }

    #[test]
    fn the_last_day_before_a_limit_passes() {
        Sample::bare().lasting("260314235959Z", "270413235958Z").keeps(&RULE);
        Sample::bare().lasting("260315000000Z", "260930235959Z").keeps(&RULE);
        Sample::bare().lasting("290315000000Z", "290430235959Z").keeps(&RULE);
    }

    #[test]
    fn a_second_more_fails() {
        let sample = Sample::bare().lasting("260315000000Z", "261001000000Z");
        sample.breaks(&RULE, "17280001 seconds, 200 days are 17280000");
        let sample = Sample::bare().lasting("290315000000Z", "290501000000Z");
        sample.breaks(&RULE, "4060801 seconds, 47 days are 4060800");
    }
}
