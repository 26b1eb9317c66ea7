//! An entry must not contain an internal name (BR §7.1.2.7.12). Without the list of top-level domains this sees single
//! labels and the domains that RFC 6761, RFC 6762, RFC 8375 and ICANN set aside. A closed network has names of its own,
//! so it only warns.

use crate::issue::lint::{Baseline, Candidate, Check, Rule, Says, Severity};
use x509_parser::extensions::GeneralName;

pub(super) const RULE: Rule = Rule {
    name: "cabf.tls.internal-names",
    source: "BR §7.1.2.7.12",
    severity: Severity::Warning,
    says: Says {
        en: "DNS names are names of the public DNS: of two labels or more, and not under a reserved domain.",
        ja: "DNS名は、公開DNSの名前（二つ以上のラベルがあり、予約されたドメインでないもの）にすべきです。",
    },
    check: Check::Baseline(Baseline::TlsServer, check),
};

const RESERVED: [&str; 9] =
    [".arpa", ".example", ".internal", ".invalid", ".local", ".localhost", ".onion", ".test", ".localdomain"];

fn check(candidate: &Candidate<'_>) -> Result<(), String> {
    for name in candidate.alternative_names().unwrap_or_default() {
        let GeneralName::DNSName(name) = name else { continue };
        let reserved = RESERVED.iter().any(|domain| {
            let end = name.len().checked_sub(domain.len()).and_then(|at| name.get(at..));
            end.is_some_and(|end| end.eq_ignore_ascii_case(domain))
        });
        if !name.contains('.') || reserved {
            return Err(format!("{name:?}"));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::issue::lint::samples::Sample;
    use crate::issue::lint::samples::general;

    fn named(name: &str) -> Sample {
        Sample::bare().alternative(&[(general::DNS, name.as_bytes())])
    }

    #[test]
    fn a_name_of_the_public_dns_passes() {
        named("www.town.shirakaba.lg.jp").keeps(&RULE);
    }

    #[test]
    fn a_single_label_and_a_reserved_domain_fail() {
        for bad in ["mail", "server.LOCAL", "a.home.arpa"] {
            named(bad).breaks(&RULE, &format!("{bad:?}"));
        }
    }
}
