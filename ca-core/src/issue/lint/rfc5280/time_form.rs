//! Times are UTCTime through 2049 and GeneralizedTime after, with seconds, without fractions, in `Z` (RFC 5280 §4.1.2.5).
//! Reads the two values' own octets: the other implementation is lenient here.

use crate::der::tag;
use crate::issue::lint::octets::Octets;
use crate::issue::lint::{Candidate, Check, Rule, Says, Severity};

pub(super) const RULE: Rule = Rule {
    name: "rfc5280.time-form",
    source: "RFC 5280 §4.1.2.5",
    severity: Severity::Error,
    says: Says {
        en: "Dates through 2049 are UTCTime and later ones GeneralizedTime, with seconds, without fractions, ending in Z.",
        ja: "有効期間の日時は、2049年まではUTCTime、2050年からはGeneralizedTimeで、秒まで、小数なし、末尾Zで書かなければなりません。",
    },
    check: Check::Any(check),
};

fn check(candidate: &Candidate<'_>) -> Result<(), String> {
    for time in Octets::of(candidate.der).map_err(|error| error.to_string())?.times {
        let digits = time.content.strip_suffix(b"Z").filter(|digits| digits.iter().all(u8::is_ascii_digit));
        let fine = match (time.tag, digits) {
            (tag::UTC_TIME, Some(digits)) => digits.len() == 12,
            (tag::GENERALIZED_TIME, Some(digits)) => digits.len() == 14 && digits >= b"2050".as_slice(),
            _ => false,
        };
        if !fine {
            return Err(format!("tag {:#04x}, {:?}", time.tag, String::from_utf8_lossy(time.content)));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::issue::lint::samples::{Sample, generalized_time, utc_time};

    fn until(time: Vec<u8>) -> Sample {
        Sample::bare().with(|sample| sample.not_after = time)
    }

    #[test]
    fn the_form_changes_in_2050() {
        until(utc_time("491231235959Z")).keeps(&RULE);
        until(generalized_time("20500101000000Z")).keeps(&RULE);
    }

    #[test]
    fn the_wrong_form_and_fractions_fail() {
        until(generalized_time("20491231235959Z")).breaks(&RULE, "tag 0x18, \"20491231235959Z\"");
        until(generalized_time("20500101000000.5Z")).breaks(&RULE, "tag 0x18, \"20500101000000.5Z\"");
    }
}
