//! The subject is the ordered one, octet for octet: names come from the register (profile; CP §7.1.4).

use crate::issue::lint::{Candidate, Check, Promise, Rule, Says, Severity};

pub(super) const RULE: Rule = Rule {
    name: "profile.subject",
    source: "profile, CP §7.1.4",
    severity: Severity::Error,
    says: Says {
        en: "The subject is the ordered one, octet for octet.",
        ja: "主体者名は、申請されたものと1オクテットも違ってはなりません。",
    },
    check: Check::Promise(check),
};

fn check(candidate: &Candidate<'_>, promise: &Promise<'_>) -> Result<(), String> {
    let subject = candidate.x509.subject();
    if subject.as_raw() == promise.facts.subject.as_der() {
        Ok(())
    } else {
        Err(format!("{subject} where {} was ordered", promise.facts.subject))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::der::tag;
    use crate::issue::lint::samples::{Sample, name};
    use crate::name::DistinguishedName;
    use crate::oid;

    fn ordered_and_written(ordered: &str, written: &str) -> Sample {
        let one = |value: &str| name(&[(oid::ORGANISATION, tag::PRINTABLE_STRING, value)]);
        Sample::bare().with(|sample| {
            sample.facts.subject = DistinguishedName::from_der(&one(ordered)).unwrap();
            sample.subject = one(written);
        })
    }

    #[test]
    fn the_ordered_name_passes() {
        ordered_and_written("Shirakaba Town", "Shirakaba Town").keeps(&RULE);
    }

    #[test]
    fn another_name_fails() {
        let found = "O=Other Town where O=Shirakaba Town was ordered";
        ordered_and_written("Shirakaba Town", "Other Town").breaks(&RULE, found);
    }
}
