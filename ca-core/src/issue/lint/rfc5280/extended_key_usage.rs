//! extKeyUsage, where it stands, names a purpose (RFC 5280 §4.2.1.12), and never all of them: anyExtendedKeyUsage would
//! undo it (BR §7.1.2.7.10).

use crate::der::Reader;
use crate::issue::lint::{Candidate, Check, Rule, Says, Severity};
use crate::oid;
use x509_parser::extensions::ParsedExtension;

pub(super) const RULE: Rule = Rule {
    name: "rfc5280.extended-key-usage",
    source: "RFC 5280 §4.2.1.12, BR §7.1.2.7.10",
    severity: Severity::Error,
    says: Says {
        en: "extKeyUsage names at least one purpose, and not any purpose.",
        ja: "extKeyUsageには一つ以上の用途があり、anyExtendedKeyUsageであってはなりません。",
    },
    check: Check::Any(check),
};

fn check(candidate: &Candidate<'_>) -> Result<(), String> {
    let Some(extension) = candidate.extension(oid::EXTENDED_KEY_USAGE) else { return Ok(()) };
    match extension.parsed_extension() {
        ParsedExtension::ExtendedKeyUsage(usage) if usage.any => Err("anyExtendedKeyUsage".into()),
        _ if Reader::of_sequence(extension.value).is_ok_and(|purposes| purposes.is_empty()) => Err("no purpose".into()),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::der::tag;
    use crate::issue::lint::samples::Sample;

    #[test]
    fn one_purpose_passes() {
        Sample::bare().extension(oid::EXTENDED_KEY_USAGE, |w| w.sequence(|w| w.oid(oid::KP_SERVER_AUTH))).keeps(&RULE);
    }

    #[test]
    fn none_and_any_fail() {
        Sample::bare().extension(oid::EXTENDED_KEY_USAGE, |w| w.sequence(|_| {})).breaks(&RULE, "no purpose");
        let any = [0x55, 0x1d, 0x25, 0x00]; // 2.5.29.37.0
        Sample::bare()
            .extension(oid::EXTENDED_KEY_USAGE, |w| w.sequence(|w| w.primitive(tag::OID, &any)))
            .breaks(&RULE, "anyExtendedKeyUsage");
    }
}
