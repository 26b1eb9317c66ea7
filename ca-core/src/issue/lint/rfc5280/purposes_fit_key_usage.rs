//! A key is used only for a purpose that both extensions allow (RFC 5280 §4.2.1.12, which lists the bits that fit each
//! purpose): a purpose without a fitting bit can never be used.

use crate::issue::lint::{Candidate, Check, Rule, Says, Severity};
use crate::oid::{self, Oid};

pub(super) const RULE: Rule = Rule {
    name: "rfc5280.purposes-fit-key-usage",
    source: "RFC 5280 §4.2.1.12",
    severity: Severity::Error,
    says: Says {
        en: "Every purpose in extKeyUsage is one that the keyUsage allows.",
        ja: "extKeyUsageの各用途は、keyUsageが許すものでなければなりません。",
    },
    check: Check::Any(check),
};

const SIGNATURE: u16 = 0x8000;
const NON_REPUDIATION: u16 = 0x4000;
const ENCIPHERMENT: u16 = 0x2000;
const AGREEMENT: u16 = 0x0800;

/// Purposes with the key usage bits of which each needs one.
const FITTING: [(Oid, u16); 6] = [
    (oid::KP_SERVER_AUTH, SIGNATURE | ENCIPHERMENT | AGREEMENT),
    (oid::KP_CLIENT_AUTH, SIGNATURE | AGREEMENT),
    (oid::KP_CODE_SIGNING, SIGNATURE),
    (oid::KP_EMAIL_PROTECTION, SIGNATURE | NON_REPUDIATION | ENCIPHERMENT | AGREEMENT),
    (oid::KP_TIME_STAMPING, SIGNATURE | NON_REPUDIATION),
    (oid::KP_OCSP_SIGNING, SIGNATURE | NON_REPUDIATION),
];

fn check(candidate: &Candidate<'_>) -> Result<(), String> {
    // What a CA's purposes say is about the certificates below it, and its own key signs certificates.
    let Some(usage) = candidate.key_usage().filter(|_| !candidate.is_authority()) else { return Ok(()) };
    let unfit = candidate
        .purposes()
        .find(|purpose| FITTING.iter().any(|(known, bits)| known.as_bytes() == *purpose && usage & bits == 0));
    unfit.map_or(Ok(()), |purpose| Err(format!("{} with key usage {usage:#06x}", oid::dotted(purpose))))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::issue::lint::samples::Sample;

    #[test]
    fn a_fitting_bit_and_no_key_usage_pass() {
        for (purpose, bits) in FITTING {
            Sample::bare().purposes(&[purpose]).usage(bits).keeps(&RULE);
            Sample::bare().purposes(&[purpose]).keeps(&RULE);
        }
    }

    #[test]
    fn other_bits_alone_fail() {
        let sample = Sample::bare().purposes(&[oid::KP_SERVER_AUTH, oid::KP_CLIENT_AUTH]).usage(ENCIPHERMENT);
        sample.breaks(&RULE, "1.3.6.1.5.5.7.3.2 with key usage 0x2000");
        for (purpose, bits) in FITTING {
            assert!(Sample::bare().purposes(&[purpose]).usage(!bits & 0xff80).judge(&RULE).is_err());
        }
    }
}
