//! A certificate is not valid before or after its authority's own (CP §6.3.2); a founding authority has none yet.

use crate::issue::lint::{Candidate, Check, Promise, Rule, Says, Severity};
use crate::profile::Family;

pub(super) const RULE: Rule = Rule {
    name: "profile.validity-within-authority",
    source: "CP §6.3.2",
    severity: Severity::Error,
    says: Says {
        en: "The certificate is valid only while its CA's certificate is.",
        ja: "有効期間は、発行するCAの証明書の有効期間に収まらなければなりません。",
    },
    check: Check::Promise(check),
};

fn check(candidate: &Candidate<'_>, promise: &Promise<'_>) -> Result<(), String> {
    let Some(bounds) = promise.authority.validity() else { return Ok(()) };
    let validity = candidate.validity();
    // A link certificate of the old key begins when that key did, before the new one (RFC 9810 §4.4).
    if promise.profile.family != Family::OldWithNew && validity.not_before < bounds.not_before {
        return Err(format!("{} is before {}", validity.not_before.rfc3339(), bounds.not_before.rfc3339()));
    }
    if validity.not_after > bounds.not_after {
        return Err(format!("{} is after {}", validity.not_after.rfc3339(), bounds.not_after.rfc3339()));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::issue::lint::samples::{Sample, utc_time};

    #[test]
    fn the_authoritys_own_ends_pass() {
        Sample::bare()
            .with(|sample| {
                sample.not_before = utc_time("260401000000Z");
                sample.not_after = utc_time("460331145959Z");
            })
            .keeps(&RULE);
    }

    #[test]
    fn a_second_outside_fails() {
        let found = "2026-03-31T23:59:59Z is before 2026-04-01T00:00:00Z";
        Sample::bare().with(|sample| sample.not_before = utc_time("260331235959Z")).breaks(&RULE, found);
        let found = "2046-03-31T15:00:00Z is after 2046-03-31T14:59:59Z";
        Sample::bare().with(|sample| sample.not_after = utc_time("460331150000Z")).breaks(&RULE, found);
    }
}
