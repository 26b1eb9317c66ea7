//! notBefore is not after notAfter (RFC 5280 §4.1.2.5).

use crate::issue::lint::{Candidate, Check, Rule, Says, Severity};

pub(super) const RULE: Rule = Rule {
    name: "rfc5280.validity-order",
    source: "RFC 5280 §4.1.2.5",
    severity: Severity::Error,
    says: Says {
        en: "The validity does not end before it begins.",
        ja: "有効期間の終わりは、始まりより前であってはなりません。",
    },
    check: Check::Any(check),
};

fn check(candidate: &Candidate<'_>) -> Result<(), String> {
    let validity = candidate.x509.validity();
    if validity.not_before.timestamp() <= validity.not_after.timestamp() {
        Ok(())
    } else {
        Err(format!("valid from {} to {}", validity.not_before, validity.not_after))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::issue::lint::samples::{Sample, utc_time};

    #[test]
    fn a_single_second_passes() {
        Sample::bare().with(|sample| sample.not_after = sample.not_before.clone()).keeps(&RULE);
    }

    #[test]
    fn an_end_before_the_beginning_fails() {
        let found = "valid from Apr  1 00:00:00 2026 +00:00 to Mar 31 23:59:59 2026 +00:00";
        Sample::bare().with(|sample| sample.not_after = utc_time("260331235959Z")).breaks(&RULE, found);
    }
}
