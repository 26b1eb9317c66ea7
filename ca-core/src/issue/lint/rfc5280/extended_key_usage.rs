//! extKeyUsage, where it stands, names a purpose (RFC 5280 §4.2.1.12); a purpose named twice is a mistake somebody
//! made.

use crate::issue::lint::{Candidate, Check, Rule, Says, Severity};
use crate::oid;

pub(super) const RULE: Rule = Rule {
    name: "rfc5280.extended-key-usage",
    source: "RFC 5280 §4.2.1.12",
    severity: Severity::Error,
    says: Says {
        en: "extKeyUsage names at least one purpose, and none twice.",
        ja: "extKeyUsageには一つ以上の用途があり、同じものが二度あってはなりません。",
    },
    check: Check::Any(check),
};

fn check(candidate: &Candidate<'_>) -> Result<(), String> {
    if !candidate.has(oid::EXTENDED_KEY_USAGE) {
        return Ok(());
    }
    if candidate.purposes().next().is_none() {
        return Err("no purpose".into());
    }
    for (index, purpose) in candidate.purposes().enumerate() {
        if candidate.purposes().take(index).any(|before| before == purpose) {
            return Err(format!("{} twice", oid::dotted(purpose)));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::issue::lint::samples::Sample;

    #[test]
    fn one_purpose_passes() {
        Sample::bare().purposes(&[oid::KP_SERVER_AUTH]).keeps(&RULE);
    }

    #[test]
    fn none_and_one_twice_fail() {
        Sample::bare().purposes(&[]).breaks(&RULE, "no purpose");
        let twice = Sample::bare().purposes(&[oid::KP_SERVER_AUTH, oid::KP_CLIENT_AUTH, oid::KP_SERVER_AUTH]);
        twice.breaks(&RULE, "1.3.6.1.5.5.7.3.1 twice");
    }
}
