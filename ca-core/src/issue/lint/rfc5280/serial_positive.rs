//! A serial number is positive and has at most 20 octets (RFC 5280 §4.1.2.2).

use crate::issue::lint::{Candidate, Rule};

pub(super) const RULE: Rule = Rule { name: "rfc5280.serial-positive", source: "RFC 5280 §4.1.2.2", check };

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
