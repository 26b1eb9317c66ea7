//! A name has no more than one instance of an attribute type (BR §7.1.4.1), unless the profile allows several:
//! domainComponent and streetAddress (BR §7.1.2.7.4).

use crate::issue::lint::candidate::attributes;
use crate::issue::lint::{Baseline, Candidate, Check, Rule, Says, Severity};
use crate::oid;

pub(super) const RULE: Rule = Rule {
    name: "cabf.tls.attributes-once",
    source: "BR §7.1.4.1",
    severity: Severity::Error,
    says: Says {
        en: "No attribute stands twice in the subject of a server certificate, but for domain components and streets.",
        ja: "サーバ証明書の主体者名に、同じ属性が二つあってはなりません（ドメイン要素と番地を除く）。",
    },
    check: Check::Baseline(Baseline::TlsServer, check),
};

fn check(candidate: &Candidate<'_>) -> Result<(), String> {
    let subject = candidate.x509.subject();
    for (index, attribute) in attributes(subject).enumerate() {
        let several = attribute.is(oid::DOMAIN_COMPONENT) || attribute.is(oid::STREET_ADDRESS);
        if !several && attributes(subject).take(index).any(|before| before.id == attribute.id) {
            return Err(format!("{} twice", oid::dotted(attribute.id)));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::issue::lint::samples::Sample;

    #[test]
    fn different_attributes_and_two_streets_pass() {
        Sample::bare()
            .printed(&[(oid::STREET_ADDRESS, "1"), (oid::STREET_ADDRESS, "2"), (oid::COMMON_NAME, "a")])
            .keeps(&RULE);
    }

    #[test]
    fn two_organisations_fail() {
        let sample = Sample::bare().printed(&[(oid::ORGANISATION, "a"), (oid::ORGANISATION, "b")]);
        sample.breaks(&RULE, "2.5.4.10 twice");
    }
}
