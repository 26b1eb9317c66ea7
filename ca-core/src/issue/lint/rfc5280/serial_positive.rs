//! A serial number is positive and has at most 20 octets (RFC 5280 §4.1.2.2).

use crate::issue::lint::{Candidate, Check, Rule, Says, Severity};

pub(super) const RULE: Rule = Rule {
    name: "rfc5280.serial-positive",
    source: "RFC 5280 §4.1.2.2",
    severity: Severity::Error,
    says: Says {
        en: "The serial number is a positive integer of at most 20 octets.",
        ja: "シリアル番号は、20オクテット以下の正の整数でなければなりません。",
    },
    check: Check::Any(check),
};

fn check(candidate: &Candidate<'_>) -> Result<(), String> {
    let octets = candidate.x509.raw_serial();
    if octets.len() > 20 || octets.first().is_none_or(|first| *first >= 0x80) || octets.iter().all(|octet| *octet == 0)
    {
        return Err(format!("serial {}", crate::digest::hex(octets)));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::issue::lint::samples::Sample;

    #[test]
    fn one_and_twenty_octets_pass() {
        Sample::bare().with(|sample| sample.serial = vec![1]).keeps(&RULE);
        Sample::bare().with(|sample| sample.serial = vec![0x7f; 20]).keeps(&RULE);
    }

    #[test]
    fn zero_negative_and_twenty_one_octets_fail() {
        Sample::bare().with(|sample| sample.serial = vec![0]).breaks(&RULE, "serial 00");
        Sample::bare().with(|sample| sample.serial = vec![0x80]).breaks(&RULE, "serial 80");
        let found = format!("serial {}", "01".repeat(21));
        Sample::bare().with(|sample| sample.serial = vec![1; 21]).breaks(&RULE, &found);
    }
}
