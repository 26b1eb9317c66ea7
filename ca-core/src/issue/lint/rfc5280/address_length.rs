//! An iPAddress is the address in network byte order: 4 octets or 16 (RFC 5280 §4.2.1.6). No mask, no text.

use crate::issue::lint::{Candidate, Check, Rule, Says, Severity};
use x509_parser::extensions::GeneralName;

pub(super) const RULE: Rule = Rule {
    name: "rfc5280.address-length",
    source: "RFC 5280 §4.2.1.6",
    severity: Severity::Error,
    says: Says {
        en: "An iPAddress in subjectAltName has 4 octets (IPv4) or 16 (IPv6).",
        ja: "subjectAltNameのiPAddressは、4オクテット（IPv4）か16オクテット（IPv6）でなければなりません。",
    },
    check: Check::Any(check),
};

fn check(candidate: &Candidate<'_>) -> Result<(), String> {
    for name in candidate.alternative_names().unwrap_or_default() {
        match name {
            GeneralName::IPAddress(octets) if octets.len() != 4 && octets.len() != 16 => {
                return Err(format!("{} octets", octets.len()));
            }
            _ => {}
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::issue::lint::samples::Sample;
    use crate::issue::lint::samples::general;

    #[test]
    fn four_and_sixteen_octets_pass() {
        Sample::bare().alternative(&[(general::ADDRESS, &[1; 4]), (general::ADDRESS, &[1; 16])]).keeps(&RULE);
    }

    #[test]
    fn a_mask_behind_it_and_text_fail() {
        Sample::bare().alternative(&[(general::ADDRESS, &[1; 8])]).breaks(&RULE, "8 octets");
        Sample::bare().alternative(&[(general::ADDRESS, b"192.0.2.1")]).breaks(&RULE, "9 octets");
    }
}
