//! DER leaves default values out (X.690 §11.5): version v1, critical FALSE and cA FALSE are not written. The other
//! implementation does not show whether they were, so the octets are read.

use crate::der::Reader;
use crate::der::tag;
use crate::issue::lint::octets::Octets;
use crate::issue::lint::{Candidate, Check, Rule, Says, Severity};
use crate::oid;

pub(super) const RULE: Rule = Rule {
    name: "rfc5280.defaults-left-out",
    source: "RFC 5280 §4.1, X.690 §11.5",
    severity: Severity::Error,
    says: Says {
        en: "Values that are defaults are not written: version 1, an extension that is not critical, a basicConstraints that is no CA.",
        ja: "既定値（バージョン1、criticalでないこと、CAでないこと）は、書いてはなりません。",
    },
    check: Check::Any(check),
};

fn check(candidate: &Candidate<'_>) -> Result<(), String> {
    let octets = Octets::of(candidate.der).map_err(|error| error.to_string())?;
    if octets.version == Some(&[tag::INTEGER, 1, 0]) {
        return Err("version 1 is written".into());
    }
    let Some(mut list) = octets.extensions else { return Ok(()) };
    while let Ok(mut extension) = list.sequence() {
        let id = extension.oid().unwrap_or_default();
        if extension.optional(tag::BOOLEAN).is_ok_and(|critical| critical == Some(&[0])) {
            return Err(format!("critical FALSE is written in {}", oid::dotted(id)));
        }
        let value = extension.expect(tag::OCTET_STRING).unwrap_or_default();
        if id == oid::BASIC_CONSTRAINTS.as_bytes() && writes_no_authority(value) {
            return Err("cA FALSE is written".into());
        }
    }
    Ok(())
}

fn writes_no_authority(value: &[u8]) -> bool {
    let written = Reader::of_sequence(value).and_then(|mut fields| fields.optional(tag::BOOLEAN));
    written.is_ok_and(|authority| authority == Some(&[0]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::issue::lint::samples::Sample;
    use crate::key::CryptoCalendar;

    #[test]
    fn a_certificate_without_them_passes() {
        Sample::web_server().keeps(&RULE);
        Sample::bare().extension(oid::BASIC_CONSTRAINTS, |w| w.sequence(|_| {})).keeps(&RULE);
    }

    #[test]
    fn each_of_them_fails() {
        Sample::bare().with(|sample| sample.version = Some(0)).breaks(&RULE, "version 1 is written");
        let authority = Sample::bare().extension(oid::BASIC_CONSTRAINTS, |w| w.sequence(|w| w.boolean(false)));
        authority.breaks(&RULE, "cA FALSE is written");
        let mut der = Sample::bare().usage(0x8000).der();
        let critical = der.windows(3).position(|octets| octets == [tag::BOOLEAN, 1, 0xff]).unwrap();
        der[critical + 2] = 0;
        let calendar = CryptoCalendar::empty();
        let uncritical = Candidate::parse(&der, &calendar).unwrap();
        assert_eq!(RULE.judge(&uncritical), Err("critical FALSE is written in 2.5.29.15".to_owned()));
    }
}
