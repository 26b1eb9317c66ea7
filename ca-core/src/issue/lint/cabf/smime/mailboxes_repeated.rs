//! All mailbox addresses in the subject are repeated as rfc822Name (S/MIME BR §7.1.4.2.1): those in emailAddress, and a
//! commonName that is a mailbox.

use crate::issue::lint::candidate::attributes;
use crate::issue::lint::syntax::is_mailbox;
use crate::issue::lint::{Baseline, Candidate, Check, Rule, Says, Severity};
use crate::oid;
use x509_parser::extensions::GeneralName;

pub(super) const RULE: Rule = Rule {
    name: "cabf.smime.mailboxes-repeated",
    source: "S/MIME BR §7.1.4.2.1",
    severity: Severity::Error,
    says: Says {
        en: "Every mailbox in the subject is repeated in subjectAltName.",
        ja: "主体者名にあるメールアドレスは、subjectAltNameにもなければなりません。",
    },
    check: Check::Baseline(Baseline::Smime, check),
};

fn check(candidate: &Candidate<'_>) -> Result<(), String> {
    let names = candidate.alternative_names().unwrap_or_default();
    for attribute in attributes(candidate.x509.subject()) {
        let text = std::str::from_utf8(attribute.value).unwrap_or_default();
        let is_mail = attribute.is(oid::EMAIL_ADDRESS) || (attribute.is(oid::COMMON_NAME) && is_mailbox(text));
        if is_mail && !names.iter().any(|name| matches!(name, GeneralName::RFC822Name(mailbox) if *mailbox == text)) {
            return Err(attribute.shown());
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::issue::lint::samples::Sample;
    use crate::issue::lint::samples::general;

    fn named(common: &str) -> Sample {
        Sample::bare().alternative(&[(general::MAILBOX, b"a@b.jp")]).printed(&[(oid::COMMON_NAME, common)])
    }

    #[test]
    fn a_repeated_mailbox_and_a_persons_name_pass() {
        named("a@b.jp").keeps(&RULE);
        named("Sato Hanako").keeps(&RULE);
    }

    #[test]
    fn another_mailbox_fails() {
        named("c@b.jp").breaks(&RULE, "2.5.4.3 \"c@b.jp\"");
    }
}
