//! authorityKeyIdentifier must be present (Code Signing BR §7.1.2.3).

use crate::issue::lint::{Baseline, Candidate, Check, Rule, Says, Severity};
use crate::oid;

pub(super) const RULE: Rule = Rule {
    name: "cabf.code-signing.authority-key-identifier",
    source: "Code Signing BR §7.1.2.3",
    severity: Severity::Error,
    says: Says {
        en: "A code signing certificate has an authorityKeyIdentifier.",
        ja: "コード署名証明書には、authorityKeyIdentifierがなければなりません。",
    },
    check: Check::Baseline(Baseline::CodeSigning, check),
};

fn check(candidate: &Candidate<'_>) -> Result<(), String> {
    if candidate.has(oid::AUTHORITY_KEY_IDENTIFIER) { Ok(()) } else { Err("none".into()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::der::tag;
    use crate::issue::lint::samples::Sample;

    #[test]
    fn a_key_identifier_passes() {
        let one = Sample::bare()
            .extension(oid::AUTHORITY_KEY_IDENTIFIER, |w| w.sequence(|w| w.primitive(tag::context(0), &[1])));
        one.keeps(&RULE);
    }

    #[test]
    fn none_fails() {
        Sample::bare().breaks(&RULE, "none");
    }
}
