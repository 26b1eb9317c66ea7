//! A server certificate has a subjectAltName with at least one dNSName or iPAddress and no other kind of name (BR
//! §7.1.2.7.12).

use crate::issue::lint::{Baseline, Candidate, Check, Rule, Says, Severity};
use x509_parser::extensions::GeneralName;

pub(super) const RULE: Rule = Rule {
    name: "cabf.tls.alternative-names",
    source: "BR §7.1.2.7.12",
    severity: Severity::Error,
    says: Says {
        en: "subjectAltName of a server certificate holds DNS names and IP addresses, at least one, and nothing else.",
        ja: "サーバ証明書のsubjectAltNameには、DNS名かIPアドレスが一つ以上あり、ほかの名前があってはなりません。",
    },
    check: Check::Baseline(Baseline::TlsServer, check),
};

fn check(candidate: &Candidate<'_>) -> Result<(), String> {
    match candidate.alternative_names() {
        None | Some([]) => Err("no names".into()),
        Some(names) => {
            let other = names.iter().find(|name| !matches!(name, GeneralName::DNSName(_) | GeneralName::IPAddress(_)));
            other.map_or(Ok(()), |name| Err(name.to_string()))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::issue::lint::samples::Sample;
    use crate::issue::lint::samples::general;

    #[test]
    fn a_dns_name_and_an_address_pass() {
        Sample::bare().alternative(&[(general::DNS, b"a.jp"), (general::ADDRESS, &[192, 0, 2, 1])]).keeps(&RULE);
    }

    #[test]
    fn none_and_a_mailbox_fail() {
        Sample::bare().breaks(&RULE, "no names");
        let mailbox = Sample::bare().alternative(&[(general::DNS, b"a.jp"), (general::MAILBOX, b"a@b.jp")]);
        mailbox.breaks(&RULE, "RFC822Name(a@b.jp)");
    }
}
