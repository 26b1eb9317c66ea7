//! The validity is the one that will be recorded (profile).

use crate::issue::lint::{Candidate, Check, Promise, Rule, Says, Severity};
use crate::time::Validity;

pub(super) const RULE: Rule = Rule {
    name: "profile.validity",
    source: "profile",
    severity: Severity::Error,
    says: Says {
        en: "The validity is the one that will be recorded.",
        ja: "有効期間は、記録されるものと同じでなければなりません。",
    },
    check: Check::Promise(check),
};

fn check(candidate: &Candidate<'_>, promise: &Promise<'_>) -> Result<(), String> {
    let (found, recorded) = (candidate.validity(), promise.facts.validity);
    if found == recorded { Ok(()) } else { Err(format!("{} where {} is recorded", text(found), text(recorded))) }
}

fn text(validity: Validity) -> String {
    format!("{} to {}", validity.not_before.rfc3339(), validity.not_after.rfc3339())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::issue::lint::samples::{Sample, start, utc_time};

    fn a_second() -> Sample {
        Sample::bare().with(|sample| {
            sample.facts.validity = Validity { not_before: start(), not_after: start() };
            sample.not_after = utc_time("260401000000Z");
        })
    }

    #[test]
    fn the_recorded_second_passes() {
        a_second().keeps(&RULE);
    }

    #[test]
    fn a_second_more_fails() {
        let found = "2026-04-01T00:00:00Z to 2026-04-01T00:00:01Z where 2026-04-01T00:00:00Z to 2026-04-01T00:00:00Z \
                     is recorded";
        a_second().with(|sample| sample.not_after = utc_time("260401000001Z")).breaks(&RULE, found);
    }
}
