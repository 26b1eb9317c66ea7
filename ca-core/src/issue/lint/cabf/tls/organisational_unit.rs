//! organizationalUnitName must not stand in a server certificate (BR §7.1.2.7.4): nobody could verify what was written
//! there.

use crate::issue::lint::candidate::attributes;
use crate::issue::lint::{Baseline, Candidate, Check, Rule, Says, Severity};
use crate::oid;

pub(super) const RULE: Rule = Rule {
    name: "cabf.tls.organisational-unit",
    source: "BR §7.1.2.7.4",
    severity: Severity::Error,
    says: Says {
        en: "The subject of a server certificate has no organisational unit (OU).",
        ja: "サーバ証明書の主体者名に、部門名（OU）があってはなりません。",
    },
    check: Check::Baseline(Baseline::TlsServer, check),
};

fn check(candidate: &Candidate<'_>) -> Result<(), String> {
    let mut all = attributes(candidate.x509.subject());
    all.find(|attribute| attribute.is(oid::ORGANISATIONAL_UNIT)).map_or(Ok(()), |unit| Err(unit.shown()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::issue::lint::samples::Sample;

    #[test]
    fn an_organisation_passes() {
        Sample::bare().printed(&[(oid::ORGANISATION, "Shirakaba Town")]).keeps(&RULE);
    }

    #[test]
    fn a_unit_fails() {
        let sample = Sample::bare().printed(&[(oid::ORGANISATIONAL_UNIT, "General Affairs")]);
        sample.breaks(&RULE, "2.5.4.11 \"General Affairs\"");
    }
}
