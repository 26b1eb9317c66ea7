//! subjectAltName holds at least one rfc822Name or SmtpUTF8Mailbox; besides only directoryName and otherName may stand
//! (S/MIME BR §7.1.4.2.1).

use super::is_mailbox_name;
use crate::issue::lint::{Baseline, Candidate, Check, Rule, Says, Severity};
use x509_parser::extensions::GeneralName;

pub(super) const RULE: Rule = Rule {
    name: "cabf.smime.alternative-names",
    source: "S/MIME BR §7.1.4.2.1",
    severity: Severity::Error,
    says: Says {
        en: "subjectAltName of a mail certificate holds at least one mailbox, and no DNS name, URI or address.",
        ja: "メール用証明書のsubjectAltNameには、メールアドレスが一つ以上あり、DNS名、URI、IPアドレスがあってはなりません。",
    },
    check: Check::Baseline(Baseline::Smime, check),
};

fn check(candidate: &Candidate<'_>) -> Result<(), String> {
    let names = candidate.alternative_names().unwrap_or_default();
    let other = names.iter().find(|name| {
        !matches!(name, GeneralName::RFC822Name(_) | GeneralName::OtherName(..) | GeneralName::DirectoryName(_))
    });
    if let Some(name) = other {
        return Err(name.to_string());
    }
    if names.iter().any(is_mailbox_name) { Ok(()) } else { Err("no mailbox".into()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::der::Writer;
    use crate::issue::lint::samples::Sample;
    use crate::issue::lint::samples::general;
    use crate::oid;

    #[test]
    fn a_mailbox_passes() {
        Sample::bare().alternative(&[(general::MAILBOX, b"a@b.jp")]).keeps(&RULE);
        let kanji = Writer::build(|w| w.oid(oid::ON_SMTP_UTF8_MAILBOX));
        Sample::bare().alternative(&[(general::OTHER, &kanji)]).keeps(&RULE);
    }

    #[test]
    fn none_and_a_dns_name_fail() {
        Sample::bare().breaks(&RULE, "no mailbox");
        Sample::bare()
            .alternative(&[(general::MAILBOX, b"a@b.jp"), (general::DNS, b"b.jp")])
            .breaks(&RULE, "DNSName(b.jp)");
    }
}
