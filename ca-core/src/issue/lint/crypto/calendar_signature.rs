//! The digest of the signature may be used for the whole life of the certificate, by the calendar of algorithms: SHA-1
//! never (the dates are data, so the finding names who set them).

use crate::issue::lint::{Candidate, Check, Rule, Says, Severity};

pub(super) const RULE: Rule = Rule {
    name: "crypto.calendar-signature",
    source: "CP §6.1.5, CRYPTREC LS-0003",
    severity: Severity::Error,
    says: Says {
        en: "The digest that is signed over may be used until the certificate ends.",
        ja: "証明書が終わる時まで使ってよいハッシュ関数で署名しなければなりません。",
    },
    check: Check::Any(check),
};

fn check(candidate: &Candidate<'_>) -> Result<(), String> {
    let Some(hash) = candidate.signature_hash() else { return Ok(()) };
    candidate
        .calendar
        .against_signature(hash, candidate.validity())
        .map_or(Ok(()), |date| Err(format!("{}: {} ({})", date.of, date.allowed, date.source)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::der::Writer;
    use crate::issue::lint::samples::Sample;
    use crate::key::{Allowed, CryptoCalendar, CryptoDate, Dated, SignatureHash};
    use crate::oid;

    fn without_sha1(sample: Sample) -> Sample {
        let of = Dated::Signature(SignatureHash::Sha1);
        let date = CryptoDate { of, allowed: Allowed::Never, source: "a test".into() };
        sample.with(|sample| sample.calendar = CryptoCalendar::new(vec![date]).unwrap())
    }

    #[test]
    fn sha256_passes() {
        without_sha1(Sample::bare()).keeps(&RULE);
    }

    #[test]
    fn sha1_fails_also_where_pss_leaves_it_out() {
        let sha1 = Sample::bare().algorithm(Writer::null, oid::SHA1_WITH_RSA);
        without_sha1(sha1).breaks(&RULE, "signatures over sha1: never (a test)");
        let pss = Sample::bare().algorithm(|w| w.sequence(|_| {}), oid::RSASSA_PSS);
        without_sha1(pss).breaks(&RULE, "signatures over sha1: never (a test)");
    }
}
