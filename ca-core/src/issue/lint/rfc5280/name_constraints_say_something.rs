//! A CA must not issue a certificate where nameConstraints is an empty sequence: permittedSubtrees or excludedSubtrees
//! stands (RFC 5280 §4.2.1.10), each with one subtree or more.

use crate::der::Reader;
use crate::issue::lint::{Candidate, Check, Rule, Says, Severity};
use crate::oid;

pub(super) const RULE: Rule = Rule {
    name: "rfc5280.name-constraints-say-something",
    source: "RFC 5280 §4.2.1.10",
    severity: Severity::Error,
    says: Says {
        en: "nameConstraints permits or excludes something.",
        ja: "nameConstraintsは、許可か除外を一つ以上書かなければなりません。",
    },
    check: Check::Any(check),
};

fn check(candidate: &Candidate<'_>) -> Result<(), String> {
    let Some(extension) = candidate.extension(oid::NAME_CONSTRAINTS) else { return Ok(()) };
    let Ok(mut fields) = Reader::of_sequence(extension.value) else { return Ok(()) };
    if fields.is_empty() {
        return Err("an empty sequence".into());
    }
    while let Ok(subtrees) = fields.element() {
        if subtrees.content.is_empty() {
            return Err("an empty list of subtrees".into());
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::der::tag;
    use crate::issue::lint::samples::Sample;
    use crate::issue::lint::samples::general;

    fn permitting(kind: u8, base: &[u8]) -> Sample {
        Sample::bare().critical(oid::NAME_CONSTRAINTS, |w| {
            w.sequence(|w| w.constructed(tag::context_constructed(0), |w| w.sequence(|w| w.primitive(kind, base))));
        })
    }

    #[test]
    fn one_subtree_passes() {
        permitting(general::DNS, b"lg.jp").keeps(&RULE);
    }

    #[test]
    fn none_fails() {
        Sample::bare().critical(oid::NAME_CONSTRAINTS, |w| w.sequence(|_| {})).breaks(&RULE, "an empty sequence");
        let empty = Sample::bare().critical(oid::NAME_CONSTRAINTS, |w| {
            w.sequence(|w| w.constructed(tag::context_constructed(1), |_| {}));
        });
        empty.breaks(&RULE, "an empty list of subtrees");
    }
}
