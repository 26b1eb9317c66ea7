//! A serial has room for the 128 random bits we draw and an octet that keeps it positive: 17 octets or more (BR §7.1.2.7 wants
//! 64 bits, and other CAs draw fewer). That they are random cannot be seen in one certificate; that they were cut off can.

use crate::issue::lint::candidate::without_padding;
use crate::issue::lint::{Candidate, Check, Promise, Rule, Says, Severity};

pub(super) const RULE: Rule = Rule {
    name: "crypto.serial-entropy",
    source: "BR §7.1.2.7",
    severity: Severity::Error,
    says: Says {
        en: "The serial number has room for 128 random bits: 17 octets or more.",
        ja: "シリアル番号は、128ビットの乱数が入る17オクテット以上でなければなりません。",
    },
    check: Check::Promise(check),
};

fn check(candidate: &Candidate<'_>, _: &Promise<'_>) -> Result<(), String> {
    let octets = without_padding(candidate.x509.raw_serial());
    if octets.len() >= 17 { Ok(()) } else { Err(format!("{} octets", octets.len())) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::issue::lint::samples::Sample;

    #[test]
    fn seventeen_octets_pass() {
        Sample::bare().with(|sample| sample.serial = vec![1; 17]).keeps(&RULE);
    }

    #[test]
    fn sixteen_and_a_padding_zero_fail() {
        Sample::bare().with(|sample| sample.serial = vec![1; 16]).breaks(&RULE, "16 octets");
        let padded = [&[0][..], &[0x80; 16]].concat();
        Sample::bare().with(|sample| sample.serial = padded).breaks(&RULE, "16 octets");
    }
}
