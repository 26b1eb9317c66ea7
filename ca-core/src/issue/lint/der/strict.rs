//! A certificate is DER, all the way down (RFC 5280 §4.1, X.690 §10 and §11): lengths and integers minimal, booleans 00 or
//! ff, nothing behind the end. What is not reaches no other rule.

use crate::issue::lint::{Candidate, Check, Rule, Says, Severity};

pub(in crate::issue::lint) const RULE: Rule = Rule {
    name: "der.strict",
    source: "RFC 5280 §4.1, X.690 §10",
    severity: Severity::Error,
    says: Says {
        en: "A certificate is written in DER, with nothing behind its end.",
        ja: "証明書は、末尾に余分のないDERで書かれていなければなりません。",
    },
    check: Check::Any(check),
};

/// A candidate was read strictly before it became one; [`examine`](crate::issue::lint::examine) tells what was not.
const fn check(_: &Candidate<'_>) -> Result<(), String> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::issue::lint::samples::Sample;
    use crate::issue::lint::{Held, examine};
    use crate::key::CryptoCalendar;

    fn broken(der: &[u8]) -> Vec<(&'static str, String)> {
        let examined = examine(der, Held::AsClaimed, &CryptoCalendar::empty());
        examined.findings.into_iter().map(|finding| (finding.rule, finding.found)).collect()
    }

    #[test]
    fn what_the_encoder_writes_passes() {
        Sample::web_server().keeps(&RULE);
        assert!(broken(&Sample::web_server().der()).iter().all(|(rule, _)| *rule != RULE.name));
    }

    #[test]
    fn an_octet_behind_it_and_no_octet_at_all_fail_and_nothing_else_is_said() {
        let longer = [&Sample::web_server().der()[..], &[0]].concat();
        assert_eq!(broken(&longer), [(RULE.name, "1 octets follow the end of the value".to_owned())]);
        assert_eq!(broken(&[]), [(RULE.name, "truncated".to_owned())]);
    }
}
