//! basicConstraints, keyUsage and what limits other CAs are critical, policies and purposes where the profile says so,
//! nothing else is (profile; RFC 5280 §4.2.1).

use crate::issue::lint::{Candidate, Check, Promise, Rule, Says, Severity};
use crate::oid;

pub(super) const RULE: Rule = Rule {
    name: "profile.criticality",
    source: "profile, RFC 5280 §4.2.1",
    severity: Severity::Error,
    says: Says {
        en: "Exactly the extensions that the profile marks are critical.",
        ja: "criticalの拡張領域は、プロファイルの定めどおりでなければなりません。",
    },
    check: Check::Promise(check),
};

/// Critical in every certificate that has them.
const ALWAYS: [oid::Oid; 6] = [
    oid::BASIC_CONSTRAINTS,
    oid::KEY_USAGE,
    oid::POLICY_MAPPINGS,
    oid::NAME_CONSTRAINTS,
    oid::POLICY_CONSTRAINTS,
    oid::INHIBIT_ANY_POLICY,
];

fn check(candidate: &Candidate<'_>, promise: &Promise<'_>) -> Result<(), String> {
    for extension in candidate.x509.extensions() {
        let id = extension.oid.as_bytes();
        let chosen = [
            (oid::CERTIFICATE_POLICIES, promise.profile.policies.critical),
            (oid::EXTENDED_KEY_USAGE, promise.profile.extended_key_usage_critical),
        ];
        let wanted = ALWAYS.iter().any(|always| always.as_bytes() == id)
            || chosen.iter().any(|(chosen, critical)| *critical && chosen.as_bytes() == id);
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
