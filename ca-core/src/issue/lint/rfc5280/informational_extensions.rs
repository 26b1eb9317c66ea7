//! authorityKeyIdentifier, subjectKeyIdentifier and authorityInfoAccess are never critical (RFC 5280 §4.2.1.1, §4.2.1.2,
//! §4.2.2.1).

use crate::issue::lint::{Candidate, Check, Rule, Says, Severity};
use crate::oid::{self, Oid};

pub(super) const RULE: Rule = Rule {
    name: "rfc5280.informational-extensions",
    source: "RFC 5280 §4.2.1.1, §4.2.1.2, §4.2.2.1",
    severity: Severity::Error,
    says: Says {
        en: "authorityKeyIdentifier, subjectKeyIdentifier and authorityInfoAccess are not critical.",
        ja: "authorityKeyIdentifier、subjectKeyIdentifier、authorityInfoAccessは、criticalであってはなりません。",
    },
    check: Check::Any(check),
};

const NEVER_CRITICAL: [Oid; 3] =
    [oid::AUTHORITY_KEY_IDENTIFIER, oid::SUBJECT_KEY_IDENTIFIER, oid::AUTHORITY_INFO_ACCESS];

fn check(candidate: &Candidate<'_>) -> Result<(), String> {
    for id in NEVER_CRITICAL {
        if candidate.extension(id).is_some_and(|extension| extension.critical) {
            return Err(format!("{} is critical", oid::dotted(id.as_bytes())));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::issue::lint::samples::Sample;

    #[test]
    fn a_key_identifier_that_is_not_critical_passes() {
        Sample::bare().extension(oid::SUBJECT_KEY_IDENTIFIER, |w| w.octet_string(&[1])).keeps(&RULE);
    }

    #[test]
    fn a_critical_key_identifier_fails() {
        Sample::bare()
            .critical(oid::SUBJECT_KEY_IDENTIFIER, |w| w.octet_string(&[1]))
            .breaks(&RULE, "2.5.29.14 is critical");
    }
}
