//! CAs should not use the noticeRef option (RFC 5280 §4.2.1.4): no program shows it.

use super::{Notice, notices};
use crate::issue::lint::{Candidate, Check, Rule, Says, Severity};

pub(super) const RULE: Rule = Rule {
    name: "rfc5280.notice-reference",
    source: "RFC 5280 §4.2.1.4",
    severity: Severity::Warning,
    says: Says {
        en: "A notice to the user does not refer to a numbered notice elsewhere.",
        ja: "利用者への通知で、ほかの文書の通知番号（noticeRef）を使うべきではありません。",
    },
    check: Check::Any(check),
};

fn check(candidate: &Candidate<'_>) -> Result<(), String> {
    if notices(candidate).any(|Notice { has_reference, .. }| has_reference) { Err("noticeRef".into()) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::der::{Writer, tag};
    use crate::issue::lint::samples::Sample;
    use crate::oid;

    fn noticing(fields: impl FnOnce(&mut Writer)) -> Sample {
        Sample::bare().qualified(oid::POLICY_APPLICATION, oid::QT_NOTICE, |w| w.sequence(fields))
    }

    #[test]
    fn text_alone_passes() {
        noticing(|w| w.primitive(tag::UTF8_STRING, b"a")).keeps(&RULE);
    }

    #[test]
    fn a_reference_fails() {
        noticing(|w| {
            w.sequence(|w| {
                w.sequence(|w| w.integer(1));
                w.primitive(tag::UTF8_STRING, b"Organisation");
            });
        })
        .breaks(&RULE, "noticeRef");
    }
}
