//! minimum must be zero, which DER leaves out, and maximum must be absent (RFC 5280 §4.2.1.10). The other
//! implementation does not show them.

use crate::der::Reader;
use crate::issue::lint::{Candidate, Check, Rule, Says, Severity};
use crate::oid;

pub(super) const RULE: Rule = Rule {
    name: "rfc5280.name-constraints-distance",
    source: "RFC 5280 §4.2.1.10",
    severity: Severity::Error,
    says: Says {
        en: "Subtrees in nameConstraints have no minimum and no maximum.",
        ja: "nameConstraintsの範囲に、minimumとmaximumを書いてはなりません。",
    },
    check: Check::Any(check),
};

fn check(candidate: &Candidate<'_>) -> Result<(), String> {
    let Some(extension) = candidate.extension(oid::NAME_CONSTRAINTS) else { return Ok(()) };
    let Ok(mut fields) = Reader::of_sequence(extension.value) else { return Ok(()) };
    while let Ok(list) = fields.element() {
        let mut subtrees = Reader::new(list.content);
        while let Ok(mut subtree) = subtrees.sequence() {
            let base = subtree.element();
            if base.is_ok() && !subtree.is_empty() {
                return Err(format!("{} octets behind a base", subtree.rest().len()));
            }
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
    fn a_base_alone_passes() {
        permitting(general::DNS, b"lg.jp").keeps(&RULE);
    }

    #[test]
    fn a_maximum_fails() {
        let sample = Sample::bare().critical(oid::NAME_CONSTRAINTS, |w| {
            w.sequence(|w| {
                w.constructed(tag::context_constructed(1), |w| {
                    w.sequence(|w| {
                        w.primitive(tag::context(1), &[3]);
                        w.primitive(general::DNS, b"lg.jp");
                    });
                });
            });
        });
        sample.breaks(&RULE, "3 octets behind a base");
    }
}
