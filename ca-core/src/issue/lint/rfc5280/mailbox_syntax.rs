//! An rfc822Name is a Mailbox of RFC 5321 §4.1.2: no phrase in front, no comment, no angle brackets (RFC 5280
//! §4.2.1.6).

use crate::issue::lint::syntax::is_mailbox;
use crate::issue::lint::{Candidate, Check, Rule, Says, Severity};
use x509_parser::extensions::GeneralName;

pub(super) const RULE: Rule = Rule {
    name: "rfc5280.mailbox-syntax",
    source: "RFC 5280 §4.2.1.6",
    severity: Severity::Error,
    says: Says {
        en: "An rfc822Name is a mailbox, local part and host name, with nothing around it.",
        ja: "rfc822Nameは、前後に何も付けない「ローカル部@ホスト名」でなければなりません。",
    },
    check: Check::Any(check),
};

fn check(candidate: &Candidate<'_>) -> Result<(), String> {
    let mut names = candidate.alternative_names().unwrap_or_default().iter();
    names
        .find(|name| matches!(name, GeneralName::RFC822Name(text) if !is_mailbox(text)))
        .map_or(Ok(()), |name| Err(name.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::issue::lint::samples::Sample;
    use crate::issue::lint::samples::general;

    #[test]
    fn a_whole_one_passes() {
        Sample::bare().alternative(&[(general::MAILBOX, b"a@b.jp")]).keeps(&RULE);
    }

    #[test]
    fn another_text_fails() {
        Sample::bare().alternative(&[(general::MAILBOX, b"A <a@b.jp>")]).breaks(&RULE, "RFC822Name(A <a@b.jp>)");
    }
}
