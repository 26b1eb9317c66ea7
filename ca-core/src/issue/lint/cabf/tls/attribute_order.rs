//! Attributes that BR §7.1.4.2 lists stand in the order of its table (BR §7.1.4.1), the most general first.

use crate::issue::lint::candidate::attributes;
use crate::issue::lint::{Baseline, Candidate, Check, Rule, Says, Severity};
use crate::oid::{self, Oid};

pub(super) const RULE: Rule = Rule {
    name: "cabf.tls.attribute-order",
    source: "BR §7.1.4.2",
    severity: Severity::Error,
    says: Says {
        en: "Attributes of the subject stand in order: DC, C, ST, L, postal code, street, O, surname, given name, OU, CN.",
        ja: "主体者名の属性は、DC、C、ST、L、郵便番号、番地、O、姓、名、OU、CNの順でなければなりません。",
    },
    check: Check::Baseline(Baseline::TlsServer, check),
};

const ORDER: [Oid; 11] = [
    oid::DOMAIN_COMPONENT,
    oid::COUNTRY,
    oid::STATE,
    oid::LOCALITY,
    oid::POSTAL_CODE,
    oid::STREET_ADDRESS,
    oid::ORGANISATION,
    oid::SURNAME,
    oid::GIVEN_NAME,
    oid::ORGANISATIONAL_UNIT,
    oid::COMMON_NAME,
];

fn check(candidate: &Candidate<'_>) -> Result<(), String> {
    let mut last = 0;
    for attribute in attributes(candidate.x509.subject()) {
        let Some(place) = ORDER.iter().position(|known| attribute.is(*known)) else { continue };
        if place < last {
            return Err(format!("{} behind what follows it", attribute.shown()));
        }
        last = place;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::issue::lint::samples::Sample;

    #[test]
    fn the_general_before_the_particular_passes() {
        Sample::bare().printed(&[(oid::COUNTRY, "JP"), (oid::ORGANISATION, "b"), (oid::COMMON_NAME, "a")]).keeps(&RULE);
        Sample::bare().printed(&[(oid::TITLE, "x"), (oid::COUNTRY, "JP")]).keeps(&RULE);
    }

    #[test]
    fn the_other_way_round_fails() {
        let sample = Sample::bare().printed(&[(oid::COMMON_NAME, "a"), (oid::ORGANISATION, "b")]);
        sample.breaks(&RULE, "2.5.4.10 \"b\" behind what follows it");
    }
}
