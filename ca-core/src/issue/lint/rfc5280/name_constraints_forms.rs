//! CAs should not impose name constraints on the x400Address, ediPartyName or registeredID name forms (RFC 5280
//! §4.2.1.10): nobody checks them.

use crate::issue::lint::{Candidate, Check, Rule, Says, Severity};
use x509_parser::extensions::GeneralName;

pub(super) const RULE: Rule = Rule {
    name: "rfc5280.name-constraints-forms",
    source: "RFC 5280 §4.2.1.10",
    severity: Severity::Warning,
    says: Says {
        en: "nameConstraints does not constrain x400Address, ediPartyName or registeredID.",
        ja: "nameConstraintsで、x400Address、ediPartyName、registeredIDを制約すべきではありません。",
    },
    check: Check::Any(check),
};

fn check(candidate: &Candidate<'_>) -> Result<(), String> {
    let Some(constraints) = candidate.name_constraints() else { return Ok(()) };
    let (permitted, excluded) = (&constraints.permitted_subtrees, &constraints.excluded_subtrees);
    let mut bases = permitted.iter().chain(excluded).flatten().map(|subtree| &subtree.base);
    let odd = bases.find(|base| {
        matches!(base, GeneralName::X400Address(_) | GeneralName::EDIPartyName(_) | GeneralName::RegisteredID(_))
    });
    odd.map_or(Ok(()), |base| Err(base.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::der::tag;
    use crate::issue::lint::samples::Sample;
    use crate::issue::lint::samples::general;
    use crate::oid;

    fn permitting(kind: u8, base: &[u8]) -> Sample {
        Sample::bare().critical(oid::NAME_CONSTRAINTS, |w| {
            w.sequence(|w| w.constructed(tag::context_constructed(0), |w| w.sequence(|w| w.primitive(kind, base))));
        })
    }

    #[test]
    fn a_domain_passes() {
        permitting(general::DNS, b"lg.jp").keeps(&RULE);
    }

    #[test]
    fn a_registered_id_fails() {
        permitting(general::REGISTERED, &[0x2a, 0x03]).breaks(&RULE, "RegisteredID(1.2.3)");
    }
}
