//! explicitText should be a UTF8String (RFC 6818 §3) and hold no control characters (RFC 5280 §4.2.1.4).

use super::{Notice, notices};
use crate::der::tag;
use crate::issue::lint::{Candidate, Check, Rule, Says, Severity};

pub(super) const RULE: Rule = Rule {
    name: "rfc5280.notice-characters",
    source: "RFC 5280 §4.2.1.4, RFC 6818 §3",
    severity: Severity::Warning,
    says: Says {
        en: "The text of a notice to the user is a UTF8String without control characters.",
        ja: "利用者への通知の文は、制御文字のないUTF8Stringにすべきです。",
    },
    check: Check::Any(check),
};

fn check(candidate: &Candidate<'_>) -> Result<(), String> {
    for Notice { text, .. } in notices(candidate) {
        let Some(text) = text else { continue };
        if text.tag != tag::UTF8_STRING {
            return Err(format!("text in a string of tag {}", text.tag));
        }
        let shown = std::str::from_utf8(text.content).unwrap_or_default();
        if shown.contains(char::is_control) {
            return Err(format!("{shown:?}"));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::der::Writer;
    use crate::issue::lint::samples::Sample;
    use crate::oid;

    fn noticing(fields: impl FnOnce(&mut Writer)) -> Sample {
        Sample::bare().qualified(oid::POLICY_APPLICATION, oid::QT_NOTICE, |w| w.sequence(fields))
    }

    #[test]
    fn text_in_utf8_passes() {
        noticing(|w| w.primitive(tag::UTF8_STRING, "通知".as_bytes())).keeps(&RULE);
    }

    #[test]
    fn a_line_end_and_another_string_fail() {
        noticing(|w| w.primitive(tag::UTF8_STRING, b"a\nb")).breaks(&RULE, "\"a\\nb\"");
        noticing(|w| w.primitive(0x1a, b"a")).breaks(&RULE, "text in a string of tag 26");
    }
}
