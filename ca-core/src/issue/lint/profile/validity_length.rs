//! A certificate lives no longer than its profile says, both ends counted (profile; BR §6.3.2).

use crate::issue::lint::{Candidate, Check, Promise, Rule, Says, Severity};
use crate::profile::Family;

pub(super) const RULE: Rule = Rule {
    name: "profile.validity-length",
    source: "profile, BR §6.3.2",
    severity: Severity::Error,
    says: Says {
        en: "The certificate lives no longer than its profile allows.",
        ja: "有効期間は、プロファイルが定める長さを超えてはなりません。",
    },
    check: Check::Promise(check),
};

fn check(candidate: &Candidate<'_>, promise: &Promise<'_>) -> Result<(), String> {
    let validity = candidate.validity();
    if promise.profile.family == Family::OldWithNew {
        // It lives as long as the certificate of the key it links (RFC 9810 §4.4), which had this rule itself.
        return Ok(());
    }
    let last = promise.profile.validity.period(validity.not_before).not_after;
    if validity.not_after <= last {
        Ok(())
    } else {
        Err(format!("until {}, {} is allowed", validity.not_after.rfc3339(), last.rfc3339()))
    }
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
        let found = "until 2027-05-03T00:00:00Z, 2027-05-02T23:59:59Z is allowed";
        Sample::bare().with(|sample| sample.not_after = utc_time("270503000000Z")).breaks(&RULE, found);
    }
}
