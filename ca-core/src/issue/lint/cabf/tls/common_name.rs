//! The commonName of a server certificate, if there is one, is a copy of one of the names in subjectAltName, or the
//! text of one of its addresses (BR §7.1.4.3).

use crate::issue::lint::candidate::{NameAttribute, attributes};
use crate::issue::lint::{Baseline, Candidate, Check, Rule, Says, Severity};
use crate::oid;
use std::net::{Ipv4Addr, Ipv6Addr};
use x509_parser::extensions::GeneralName;

pub(super) const RULE: Rule = Rule {
    name: "cabf.tls.common-name",
    source: "BR §7.1.4.3",
    severity: Severity::Error,
    says: Says {
        en: "A common name repeats a name or an address in subjectAltName, and there is one at most.",
        ja: "コモンネームは、一つまでで、subjectAltNameの名前かアドレスの一つと同じでなければなりません。",
    },
    check: Check::Baseline(Baseline::TlsServer, check),
};

fn check(candidate: &Candidate<'_>) -> Result<(), String> {
    let names = candidate.alternative_names().unwrap_or_default();
    let mut common = attributes(candidate.x509.subject()).filter(|attribute| attribute.is(oid::COMMON_NAME));
    let Some(first) = common.next() else { return Ok(()) };
    if common.next().is_some() {
        return Err("two common names".into());
    }
    if names.iter().any(|name| is_copy(name, &first)) { Ok(()) } else { Err(first.shown()) }
}

fn is_copy(name: &GeneralName<'_>, common: &NameAttribute<'_>) -> bool {
    let text = std::str::from_utf8(common.value).unwrap_or_default();
    match name {
        GeneralName::DNSName(name) => *name == text,
        GeneralName::IPAddress(octets) => {
            let v4 = <[u8; 4]>::try_from(*octets).is_ok_and(|octets| text.parse() == Ok(Ipv4Addr::from(octets)));
            // RFC 5952 §4 is how the standard library writes an IPv6 address; this only reads, so any form of it passes.
            v4 || <[u8; 16]>::try_from(*octets).is_ok_and(|octets| text.parse() == Ok(Ipv6Addr::from(octets)))
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::issue::lint::samples::Sample;
    use crate::issue::lint::samples::general;

    fn common(values: &[&str]) -> Sample {
        let names: [(u8, &[u8]); 2] = [(general::DNS, b"a.jp"), (general::ADDRESS, &[192, 0, 2, 1])];
        let values: Vec<_> = values.iter().map(|value| (oid::COMMON_NAME, *value)).collect();
        Sample::bare().alternative(&names).printed(&values)
    }

    #[test]
    fn one_of_the_names_or_none_passes() {
        common(&["a.jp"]).keeps(&RULE);
        common(&["192.0.2.1"]).keeps(&RULE);
        common(&[]).keeps(&RULE);
    }

    #[test]
    fn another_name_and_two_fail() {
        common(&["b.jp"]).breaks(&RULE, "2.5.4.3 \"b.jp\"");
        common(&["a.jp", "a.jp"]).breaks(&RULE, "two common names");
    }
}
