//! The modulus of an RSA key is odd (BR §6.1.6), and its size in bits is divisible by 8 (BR §6.1.5).

use crate::issue::lint::candidate::without_padding;
use crate::issue::lint::{Candidate, Check, Rule, Says, Severity};

pub(super) const RULE: Rule = Rule {
    name: "crypto.rsa-modulus",
    source: "BR §6.1.5, §6.1.6",
    severity: Severity::Error,
    says: Says {
        en: "The modulus of an RSA key is odd, and its length in bits is a multiple of 8.",
        ja: "RSA公開鍵の法は奇数で、その長さは8ビットの倍数でなければなりません。",
    },
    check: Check::Any(check),
};

fn check(candidate: &Candidate<'_>) -> Result<(), String> {
    let Some(key) = candidate.rsa_key() else { return Ok(()) };
    let modulus = without_padding(key.modulus);
    match (modulus.first(), modulus.last()) {
        (Some(0..=0x7f) | None, _) => Err("a length that is no multiple of 8 bits".into()),
        (_, Some(last)) if last % 2 == 0 => Err("an even modulus".into()),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::der::Writer;
    use crate::issue::lint::samples::Sample;
    use crate::issue::lint::samples::spki;
    use crate::oid;

    fn modulus(first: u8, last: u8) -> Sample {
        let octets = [&[first][..], &[0xc5; 254], &[last]].concat();
        let key = Writer::build(|w| {
            w.sequence(|w| {
                w.integer(65_537);
                w.unsigned(&octets);
            });
        });
        Sample::bare().certifying(spki(oid::RSA_ENCRYPTION, Writer::null, &key))
    }

    #[test]
    fn an_odd_one_of_2048_bits_passes() {
        modulus(0x80, 1).keeps(&RULE);
    }

    #[test]
    fn an_even_one_and_one_of_2047_bits_fail() {
        modulus(0x80, 2).breaks(&RULE, "an even modulus");
        modulus(0x7f, 1).breaks(&RULE, "a length that is no multiple of 8 bits");
    }
}
