//! Subject attributes must not contain only signs of absence such as full stop, hyphen and space (S/MIME BR §7.1.4.2).

use super::super::has_no_placeholder;
use crate::issue::lint::{Baseline, Check, Rule, Says, Severity};

pub(super) const RULE: Rule = Rule {
    name: "cabf.smime.placeholders",
    source: "S/MIME BR §7.1.4.2",
    severity: Severity::Error,
    says: Says {
        en: "No value in the subject consists of full stops, hyphens and spaces only.",
        ja: "主体者名の値は、点、ハイフン、空白だけであってはなりません。",
    },
    check: Check::Baseline(Baseline::Smime, has_no_placeholder),
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::issue::lint::samples::Sample;
    use crate::oid;

    #[test]
    fn text_passes() {
        Sample::bare().printed(&[(oid::LOCALITY, "St. Ives")]).keeps(&RULE);
    }

    #[test]
    fn signs_alone_fail() {
        Sample::bare().printed(&[(oid::LOCALITY, " - ")]).breaks(&RULE, "2.5.4.7 \" - \"");
    }
}
