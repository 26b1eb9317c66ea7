//! A certificate has the fields of RFC 5280 §4.1, by the other implementation: a CRL or a key in DER has not.

use crate::issue::lint::{Candidate, Check, Rule, Says, Severity};

pub(in crate::issue::lint) const RULE: Rule = Rule {
    name: "der.readable",
    source: "RFC 5280 §4.1",
    severity: Severity::Error,
    says: Says {
        en: "A certificate has the fields of a certificate.",
        ja: "証明書には、証明書として定められた項目がなければなりません。",
    },
    check: Check::Any(check),
};

/// A candidate was read before it became one; [`examine`](crate::issue::lint::examine) tells what was not.
const fn check(_: &Candidate<'_>) -> Result<(), String> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::issue::lint::samples::Sample;
    use crate::issue::lint::{Held, examine};
    use crate::key::CryptoCalendar;

    #[test]
    fn a_certificate_passes() {
        Sample::bare().keeps(&RULE);
    }

    #[test]
    fn other_der_fails_and_nothing_else_is_said() {
        let examined = examine(&[0x30, 0], Held::AsClaimed, &CryptoCalendar::empty());
        let [finding] = &examined.findings[..] else { panic!("{examined:?}") };
        assert_eq!((finding.rule, examined.subject), (RULE.name, None));
    }
}
