//! The certified key may be used for the whole life of the certificate, by the calendar of algorithms: no RSA-2048 whose
//! life ends after 2030 (CRYPTREC's key lengths; the dates are data, so the finding names who set them).

use crate::issue::lint::{Candidate, Check, Rule, Says, Severity};

pub(super) const RULE: Rule = Rule {
    name: "crypto.calendar-key",
    source: "CP §6.1.5, CRYPTREC LS-0003",
    severity: Severity::Error,
    says: Says {
        en: "The kind of key may be used until the certificate ends.",
        ja: "証明書が終わる時まで使ってよい種類の鍵でなければなりません。",
    },
    check: Check::Any(check),
};

fn check(candidate: &Candidate<'_>) -> Result<(), String> {
    let Some(key) = candidate.key_algorithm() else { return Ok(()) };
    let validity = candidate.validity();
    candidate.calendar.against_key(key, validity).map_or(Ok(()), |date| {
        let (from, to) = (validity.not_before.rfc3339(), validity.not_after.rfc3339());
        Err(format!("{key} from {from} to {to}, against {}: {} ({})", date.of, date.allowed, date.source))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::issue::lint::samples::{Sample, rsa, utc_time};
    use crate::key::{Allowed, CryptoCalendar, CryptoDate, Dated};
    use crate::time::Timestamp;

    #[test]
    fn rsa_2048_that_ends_with_2030_passes() {
        rsa_2048_until("301231235959Z").keeps(&RULE);
        rsa_2048_until("310101000000Z").with(|sample| sample.spki = rsa(384)).keeps(&RULE);
    }

    #[test]
    fn rsa_2048_that_lives_into_2031_fails() {
        rsa_2048_until("310101000000Z").breaks(
            &RULE,
            "rsa2048 from 2026-04-01T00:00:00Z to 2031-01-01T00:00:00Z, against RSA up to 2048 bits: in certificates that end \
             by 2030-12-31T23:59:59Z (a test)",
        );
    }

    fn rsa_2048_until(end: &str) -> Sample {
        let lives = Timestamp::from_utc(2030, 12, 31, 23, 59, 59).unwrap();
        let date = CryptoDate {
            of: Dated::Rsa { up_to: 2048 },
            allowed: Allowed::Until { lives, issued: None },
            source: "a test".into(),
        };
        Sample::bare().with(|sample| {
            sample.calendar = CryptoCalendar::new(vec![date]).unwrap();
            sample.spki = rsa(256);
            sample.not_after = utc_time(end);
        })
    }
}
