//! An entry must not contain a reserved IP address (BR §7.1.2.7.12). This sees the private, loopback, link-local,
//! documentation, multicast and unspecified ones. A closed network has private addresses, so it only warns.

use crate::issue::lint::{Baseline, Candidate, Check, Rule, Says, Severity};
use std::net::{Ipv4Addr, Ipv6Addr};
use x509_parser::extensions::GeneralName;

pub(super) const RULE: Rule = Rule {
    name: "cabf.tls.reserved-addresses",
    source: "BR §7.1.2.7.12",
    severity: Severity::Warning,
    says: Says {
        en: "IP addresses are not private, local or otherwise reserved.",
        ja: "IPアドレスは、プライベートなど予約されたものでないようにすべきです。",
    },
    check: Check::Baseline(Baseline::TlsServer, check),
};

fn check(candidate: &Candidate<'_>) -> Result<(), String> {
    for name in candidate.alternative_names().unwrap_or_default() {
        let GeneralName::IPAddress(octets) = name else { continue };
        let v4 = <[u8; 4]>::try_from(*octets).map(Ipv4Addr::from);
        let v6 = <[u8; 16]>::try_from(*octets).map(Ipv6Addr::from);
        if v4.is_ok_and(is_reserved_v4) || v6.is_ok_and(is_reserved_v6) {
            return Err(name.to_string());
        }
    }
    Ok(())
}

fn is_reserved_v4(address: Ipv4Addr) -> bool {
    let [first, second, ..] = address.octets();
    address.is_private()
        || address.is_loopback()
        || address.is_link_local()
        || address.is_documentation()
        || first == 0
        || first >= 224
        || (first == 100 && second & 0xc0 == 64) // RFC 6598: shared by carriers
}

fn is_reserved_v6(address: Ipv6Addr) -> bool {
    address.is_loopback()
        || address.is_unspecified()
        || address.is_multicast()
        || address.is_unique_local()
        || address.is_unicast_link_local()
        || address.segments().starts_with(&[0x2001, 0x0db8]) // RFC 3849: documentation
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::issue::lint::samples::Sample;
    use crate::issue::lint::samples::general;

    fn addressed(octets: &[u8]) -> Sample {
        Sample::bare().alternative(&[(general::ADDRESS, octets)])
    }

    #[test]
    fn public_addresses_pass() {
        addressed(&[8, 8, 8, 8]).keeps(&RULE);
        addressed(&Ipv6Addr::new(0x2400, 0, 0, 0, 0, 0, 0, 1).octets()).keeps(&RULE);
    }

    #[test]
    fn reserved_ones_fail() {
        addressed(&[10, 0, 0, 1]).breaks(&RULE, "IPAddress(0a:00:00:01)");
        for bad in [[0, 0, 0, 0], [100, 64, 0, 1], [127, 0, 0, 1], [169, 254, 0, 1], [192, 0, 2, 1], [224, 0, 0, 1]] {
            assert!(addressed(&bad).judge(&RULE).is_err(), "{bad:?}");
        }
        for bad in [0xfc00, 0xfe80, 0xff02, 0] {
            assert!(addressed(&Ipv6Addr::new(bad, 0, 0, 0, 0, 0, 0, 1).octets()).judge(&RULE).is_err(), "{bad:#x}");
        }
    }
}
