//! encipherOnly and decipherOnly limit keyAgreement; without it they mean nothing (RFC 5280 §4.2.1.3), and together
//! they forbid everything.

use crate::issue::lint::{Candidate, Check, Rule, Says, Severity};

pub(super) const RULE: Rule = Rule {
    name: "rfc5280.agreement-bits",
    source: "RFC 5280 §4.2.1.3",
    severity: Severity::Warning,
    says: Says {
        en: "encipherOnly and decipherOnly are set only beside keyAgreement, and never both.",
        ja: "encipherOnlyとdecipherOnlyは、keyAgreementとともに、どちらか一方だけを立てるべきです。",
    },
    check: Check::Any(check),
};

const KEY_AGREEMENT: u16 = 0x0800;
const ENCIPHER_ONLY: u16 = 0x0100;
const DECIPHER_ONLY: u16 = 0x0080;

fn check(candidate: &Candidate<'_>) -> Result<(), String> {
    let only = candidate.key_usage().unwrap_or(0) & (ENCIPHER_ONLY | DECIPHER_ONLY);
    if only != 0 && !candidate.is_used_for(KEY_AGREEMENT) {
        return Err("without keyAgreement".into());
    }
    if only == ENCIPHER_ONLY | DECIPHER_ONLY { Err("both".into()) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::issue::lint::samples::Sample;

    #[test]
    fn one_of_them_beside_key_agreement_passes() {
        Sample::bare().usage(KEY_AGREEMENT | ENCIPHER_ONLY).keeps(&RULE);
    }

    #[test]
    fn one_alone_and_both_fail() {
        Sample::bare().usage(DECIPHER_ONLY).breaks(&RULE, "without keyAgreement");
        Sample::bare().usage(KEY_AGREEMENT | ENCIPHER_ONLY | DECIPHER_ONLY).breaks(&RULE, "both");
    }
}
