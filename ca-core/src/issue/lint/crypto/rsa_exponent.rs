//! The public exponent of an RSA key is odd and at least 65537 (BR §6.1.6: 2^16+1 to 2^256−1; here to 2^64).

use crate::issue::lint::candidate::without_padding;
use crate::issue::lint::{Candidate, Check, Rule, Says, Severity};

pub(super) const RULE: Rule = Rule {
    name: "crypto.rsa-exponent",
    source: "BR §6.1.6",
    severity: Severity::Error,
    says: Says {
        en: "The public exponent of an RSA key is odd and at least 65537.",
        ja: "RSA公開鍵の指数は、65537以上の奇数でなければなりません。",
    },
    check: Check::Any(check),
};

fn check(candidate: &Candidate<'_>) -> Result<(), String> {
    let Some(key) = candidate.rsa_key() else { return Ok(()) };
    let exponent = without_padding(key.exponent);
    let value = exponent.iter().take(9).fold(0u128, |value, octet| (value << 8) | u128::from(*octet));
    if exponent.len() <= 8 && value >= 65_537 && value % 2 == 1 {
        Ok(())
    } else {
        Err(format!("exponent {}", crate::digest::hex(exponent)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::der::Writer;
    use crate::issue::lint::samples::{Sample, spki};
    use crate::oid;

    fn exponent(octets: &[u8]) -> Sample {
        let key = Writer::build(|w| {
            w.sequence(|w| {
                w.unsigned(octets);
                w.integer(0xc5);
            });
        });
        Sample::bare().with(|sample| sample.spki = spki(oid::RSA_ENCRYPTION, Writer::null, &key))
    }

    #[test]
    fn f4_and_the_largest_pass() {
        exponent(&[1, 0, 1]).keeps(&RULE);
        exponent(&[0xff; 8]).keeps(&RULE);
    }

    #[test]
    fn three_even_and_larger_ones_fail() {
        exponent(&[3]).breaks(&RULE, "exponent 03");
        exponent(&[1, 0, 2]).breaks(&RULE, "exponent 010002");
        exponent(&[1, 0, 0, 0, 0, 0, 0, 0, 1]).breaks(&RULE, "exponent 010000000000000001");
    }
}
