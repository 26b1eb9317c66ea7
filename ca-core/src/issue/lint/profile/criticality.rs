//! basicConstraints and keyUsage are critical, nothing else is (profile; BR §7.1.2).

use crate::issue::lint::{Candidate, Check, Promise, Rule, Says, Severity};
use crate::oid;

pub(super) const RULE: Rule = Rule {
    name: "profile.criticality",
    source: "profile, BR §7.1.2",
    severity: Severity::Error,
    says: Says {
        en: "Exactly the extensions that the profile marks are critical.",
        ja: "criticalの拡張領域は、プロファイルの定めどおりでなければなりません。",
    },
    check: Check::Promise(check),
};

fn check(candidate: &Candidate<'_>, _: &Promise<'_>) -> Result<(), String> {
    for extension in candidate.x509.extensions() {
        let id = extension.oid.as_bytes();
        let wanted = id == oid::BASIC_CONSTRAINTS.as_bytes() || id == oid::KEY_USAGE.as_bytes();
        if extension.critical != wanted {
            let is = if extension.critical { "is critical" } else { "is not critical" };
            return Err(format!("{} {is}", oid::dotted(id)));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::der::tag;
    use crate::issue::lint::samples::Sample;

    #[test]
    fn a_critical_key_usage_passes() {
        Sample::bare().critical(oid::KEY_USAGE, |w| w.named_bits(0x8000)).keeps(&RULE);
    }

    #[test]
    fn an_uncritical_one_and_critical_names_fail() {
        Sample::bare().extension(oid::KEY_USAGE, |w| w.named_bits(0x8000)).breaks(&RULE, "2.5.29.15 is not critical");
        Sample::bare()
            .critical(oid::SUBJECT_ALT_NAME, |w| w.sequence(|w| w.primitive(tag::context(2), b"a.jp")))
            .breaks(&RULE, "2.5.29.17 is critical");
    }
}
