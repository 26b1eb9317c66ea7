//! keyUsage sets at least one of its nine bits; a CA has it (RFC 5280 §4.2.1.3).

use crate::issue::lint::{Candidate, Check, Rule, Says, Severity};
use crate::oid;

pub(super) const RULE: Rule = Rule {
    name: "rfc5280.key-usage",
    source: "RFC 5280 §4.2.1.3",
    severity: Severity::Error,
    says: Says {
        en: "A CA has keyUsage; where it stands it sets at least one of the nine defined bits.",
        ja: "CA証明書にはkeyUsageがなければならず、keyUsageは定められた9ビットの一つ以上を立てなければなりません。",
    },
    check: Check::Any(check),
};

/// Bits 9 and up, which nobody has defined.
const UNDEFINED: u16 = 0x007f;

fn check(candidate: &Candidate<'_>) -> Result<(), String> {
    match (candidate.extension(oid::KEY_USAGE), candidate.key_usage()) {
        (Some(_), Some(0)) => Err("no bit is set".into()),
        // Tag, length, unused bits and two octets: what lies behind them the parser does not show.
        (Some(extension), Some(usage)) if usage & UNDEFINED != 0 || extension.value.len() > 5 => {
            Err(format!("undefined bits: {}", crate::digest::hex(extension.value)))
        }
        (None, _) if candidate.is_authority() => Err("a CA without it".into()),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::issue::lint::samples::Sample;

    #[test]
    fn one_bit_passes() {
        Sample::bare().usage(0x8000).keeps(&RULE);
        Sample::bare().usage(0x0080).keeps(&RULE);
    }

    #[test]
    fn none_and_undefined_bits_fail() {
        Sample::bare().usage(0).breaks(&RULE, "no bit is set");
        Sample::bare().usage(0x0040).breaks(&RULE, "undefined bits: 0303060040");
        Sample::bare().authority_constraints().breaks(&RULE, "a CA without it");
    }
}
