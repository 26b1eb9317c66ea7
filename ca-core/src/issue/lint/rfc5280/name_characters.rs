//! Names that differ only in spaces or unprinted characters are the same to a comparing program (RFC 5280 §7.1, RFC
//! 4518 §2.2 and §2.6.1) and look the same to people.

use crate::issue::lint::candidate::attributes;
use crate::issue::lint::{Candidate, Check, Rule, Says, Severity};

pub(super) const RULE: Rule = Rule {
    name: "rfc5280.name-characters",
    source: "RFC 5280 §7.1, RFC 4518 §2.2",
    severity: Severity::Warning,
    says: Says {
        en: "No value in the subject begins or ends with a space, holds two spaces in a row or a control character.",
        ja: "主体者名の値は、前後や連続の空白、制御文字を含むべきではありません。",
    },
    check: Check::Any(check),
};

fn check(candidate: &Candidate<'_>) -> Result<(), String> {
    let wrong = attributes(candidate.x509.subject()).find(|attribute| {
        let text = std::str::from_utf8(attribute.value).unwrap_or_default();
        text.starts_with(' ') || text.ends_with(' ') || text.contains("  ") || text.contains(char::is_control)
    });
    wrong.map_or(Ok(()), |attribute| Err(attribute.shown()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::der::tag;
    use crate::issue::lint::samples::Sample;
    use crate::oid;

    #[test]
    fn single_spaces_inside_pass() {
        Sample::bare().printed(&[(oid::COMMON_NAME, "Shirakaba Town")]).keeps(&RULE);
    }

    #[test]
    fn spaces_around_doubled_and_control_characters_fail() {
        for bad in [" a", "a ", "a  b"] {
            Sample::bare().printed(&[(oid::COMMON_NAME, bad)]).breaks(&RULE, &format!("2.5.4.3 {bad:?}"));
        }
        let control = Sample::bare().called(&[(oid::COMMON_NAME, tag::UTF8_STRING, "a\u{85}b")]);
        control.breaks(&RULE, "2.5.4.3 \"a\\u{85}b\"");
    }
}
