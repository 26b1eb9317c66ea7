//! pathLenConstraint stands only beside cA and keyCertSign (RFC 5280 §4.2.1.9).

use crate::issue::lint::{Candidate, Check, Rule, Says, Severity};

pub(super) const RULE: Rule = Rule {
    name: "rfc5280.path-length",
    source: "RFC 5280 §4.2.1.9",
    severity: Severity::Error,
    says: Says {
        en: "pathLenConstraint stands only in a CA's certificate that may sign certificates.",
        ja: "pathLenConstraintは、証明書に署名できるCAの証明書にだけ置けます。",
    },
    check: Check::Any(check),
};

fn check(candidate: &Candidate<'_>) -> Result<(), String> {
    let Some(basic) = candidate.basic_constraints().filter(|basic| basic.path_len_constraint.is_some()) else {
        return Ok(());
    };
    match (basic.ca, candidate.signs_certificates()) {
        (true, true) => Ok(()),
        (false, _) => Err("pathLenConstraint without cA".into()),
        (true, false) => Err("pathLenConstraint without keyCertSign".into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::issue::lint::samples::Sample;
    use crate::oid;

    #[test]
    fn beside_ca_and_cert_sign_it_passes() {
        limited(true).critical(oid::KEY_USAGE, |w| w.named_bits(0x0400)).keeps(&RULE);
    }

    #[test]
    fn without_either_it_fails() {
        limited(false).breaks(&RULE, "pathLenConstraint without cA");
        limited(true).breaks(&RULE, "pathLenConstraint without keyCertSign");
    }

    fn limited(authority: bool) -> Sample {
        Sample::bare().critical(oid::BASIC_CONSTRAINTS, |w| {
            w.sequence(|w| {
                w.integer(0);
                if authority {
                    w.boolean(true);
                }
            });
        })
    }
}
