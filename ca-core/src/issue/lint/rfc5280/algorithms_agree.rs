//! The signature algorithm inside the signed part is the one outside, octet for octet (RFC 5280 §4.1.1.2, §4.1.2.3): the
//! outer one is not covered by the signature, and the other implementation reads it leniently.

use crate::digest::hex;
use crate::issue::lint::octets::Octets;
use crate::issue::lint::{Candidate, Check, Rule, Says, Severity};

pub(super) const RULE: Rule = Rule {
    name: "rfc5280.algorithms-agree",
    source: "RFC 5280 §4.1.1.2",
    severity: Severity::Error,
    says: Says {
        en: "The signature algorithm named inside the signed part is the same as the one named outside it.",
        ja: "署名対象の内側と外側に書かれた署名アルゴリズムは、同じでなければなりません。",
    },
    check: Check::Any(check),
};

fn check(candidate: &Candidate<'_>) -> Result<(), String> {
    let octets = Octets::of(candidate.der).map_err(|error| error.to_string())?;
    if octets.inner_algorithm == octets.outer_algorithm {
        Ok(())
    } else {
        Err(format!("{} inside, {} outside", hex(octets.inner_algorithm), hex(octets.outer_algorithm)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::der::Writer;
    use crate::issue::lint::samples::Sample;
    use crate::key::SignatureAlgorithm;

    #[test]
    fn the_same_algorithm_passes() {
        Sample::bare().keeps(&RULE);
    }

    #[test]
    fn another_algorithm_outside_fails() {
        let other = Writer::build(|w| SignatureAlgorithm::EcdsaSha384.write(w));
        let found = "300a06082a8648ce3d040302 inside, 300a06082a8648ce3d040303 outside";
        Sample::bare().with(|sample| sample.outer_algorithm = other).breaks(&RULE, found);
    }
}
