//! A certificate lives no longer than its profile says, in days of 86,400 seconds with both ends counted (profile; BR
//! §6.3.2).

use crate::issue::lint::{Candidate, Check, Promise, Rule, Says, Severity};

pub(super) const RULE: Rule = Rule {
    name: "profile.validity-length",
    source: "profile, BR §6.3.2",
    severity: Severity::Error,
    says: Says {
        en: "The certificate lives no longer than its profile allows.",
        ja: "有効期間は、プロファイルが定める日数を超えてはなりません。",
    },
    check: Check::Promise(check),
};

fn check(candidate: &Candidate<'_>, promise: &Promise<'_>) -> Result<(), String> {
    let validity = candidate.validity();
    let seconds = validity.not_after.since(validity.not_before).as_secs().saturating_add(1);
    let most = u64::from(promise.profile.days).saturating_mul(86_400);
    if seconds <= most { Ok(()) } else { Err(format!("{seconds} seconds, {most} are allowed")) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::issue::lint::samples::{Sample, utc_time};

    #[test]
    fn the_whole_length_passes() {
        Sample::bare().with(|sample| sample.not_after = utc_time("270502235959Z")).keeps(&RULE);
    }

    #[test]
    fn a_second_more_fails() {
        let found = "34300801 seconds, 34300800 are allowed";
        Sample::bare().with(|sample| sample.not_after = utc_time("270503000000Z")).breaks(&RULE, found);
    }
}
