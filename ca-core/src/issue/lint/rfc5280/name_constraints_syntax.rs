//! The bases of nameConstraints (RFC 5280 §4.2.1.10): dNSName is a domain, rfc822Name a mailbox, a host or a domain
//! with a leading dot, a URI a host or such a domain, iPAddress an address and a mask of ones followed by zeros.

use crate::issue::lint::syntax::{is_host, is_mailbox};
use crate::issue::lint::{Candidate, Check, Rule, Says, Severity};
use x509_parser::extensions::GeneralName;

pub(super) const RULE: Rule = Rule {
    name: "rfc5280.name-constraints-syntax",
    source: "RFC 5280 §4.2.1.10",
    severity: Severity::Error,
    says: Says {
        en: "Names in nameConstraints have the form of a constraint: a domain, a mailbox or host, an address with its mask.",
        ja: "nameConstraintsの名前は、ドメイン、メールアドレスかホスト、マスク付きアドレスなど、制約の形でなければなりません。",
    },
    check: Check::Any(check),
};

fn check(candidate: &Candidate<'_>) -> Result<(), String> {
    let Some(constraints) = candidate.name_constraints() else { return Ok(()) };
    let (permitted, excluded) = (&constraints.permitted_subtrees, &constraints.excluded_subtrees);
    let mut bases = permitted.iter().chain(excluded).flatten().map(|subtree| &subtree.base);
    bases.find(|base| !is_constraint(base)).map_or(Ok(()), |base| Err(base.to_string()))
}

fn is_constraint(base: &GeneralName<'_>) -> bool {
    let is_domain = |text: &str| is_host(text.strip_prefix('.').unwrap_or(text));
    match base {
        // An empty dNSName is every name: how a CA is kept from DNS names altogether.
        GeneralName::DNSName(name) => name.is_empty() || is_host(name),
        GeneralName::RFC822Name(text) => is_mailbox(text) || is_domain(text),
        GeneralName::URI(text) => is_domain(text),
        GeneralName::IPAddress(octets) => match octets.split_at_checked(octets.len() / 2) {
            Some((address, mask)) => matches!(address.len(), 4 | 16) && address.len() == mask.len() && is_mask(mask),
            None => false,
        },
        GeneralName::Invalid(..) => false,
        _ => true,
    }
}

/// Whether ones are followed by zeros only (RFC 4632 §5.1).
fn is_mask(mask: &[u8]) -> bool {
    let mut rest = mask.iter().skip_while(|octet| **octet == 0xff);
    rest.next().is_none_or(|octet| octet.leading_ones() + octet.trailing_zeros() == 8) && rest.all(|octet| *octet == 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::der::tag;
    use crate::issue::lint::samples::Sample;
    use crate::issue::lint::samples::general;
    use crate::oid;

    fn permitting(kind: u8, base: &[u8]) -> Sample {
        Sample::bare().critical(oid::NAME_CONSTRAINTS, |w| {
            w.sequence(|w| w.constructed(tag::context_constructed(0), |w| w.sequence(|w| w.primitive(kind, base))));
        })
    }

    #[test]
    fn constraints_pass() {
        permitting(general::DNS, b"lg.jp").keeps(&RULE);
        permitting(general::DNS, b"").keeps(&RULE);
        for mailbox in [&b"a@lg.jp"[..], b"lg.jp", b".lg.jp"] {
            permitting(general::MAILBOX, mailbox).keeps(&RULE);
        }
        permitting(general::URI, b".lg.jp").keeps(&RULE);
        permitting(general::ADDRESS, &[192, 0, 2, 0, 255, 255, 254, 0]).keeps(&RULE);
        permitting(general::ADDRESS, &[0; 32]).keeps(&RULE);
    }

    #[test]
    fn names_of_another_form_fail() {
        permitting(general::DNS, b"*.lg.jp").breaks(&RULE, "DNSName(*.lg.jp)");
        permitting(general::MAILBOX, b"a@").breaks(&RULE, "RFC822Name(a@)");
        permitting(general::URI, b"http://lg.jp/").breaks(&RULE, "URI(http://lg.jp/)");
        permitting(general::ADDRESS, &[192, 0, 2, 0]).breaks(&RULE, "IPAddress(c0:00:02:00)");
        permitting(general::ADDRESS, &[192, 0, 2, 0, 255, 0, 255, 0])
            .breaks(&RULE, "IPAddress(c0:00:02:00:ff:00:ff:00)");
    }
}
