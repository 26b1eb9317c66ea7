//! Each RelativeDistinguishedName contains exactly one AttributeTypeAndValue (BR §7.1.4.1).

use crate::issue::lint::{Baseline, Candidate, Check, Rule, Says, Severity};

pub(super) const RULE: Rule = Rule {
    name: "cabf.tls.single-valued-names",
    source: "BR §7.1.4.1",
    severity: Severity::Error,
    says: Says {
        en: "Every set of the subject of a server certificate has exactly one attribute.",
        ja: "サーバ証明書の主体者名の各組（RDN）の属性は、一つでなければなりません。",
    },
    check: Check::Baseline(Baseline::TlsServer, check),
};

fn check(candidate: &Candidate<'_>) -> Result<(), String> {
    let wrong = candidate.x509.subject().iter().find(|set| set.iter().count() != 1);
    wrong.map_or(Ok(()), |set| Err(format!("{} attributes in one set", set.iter().count())))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::der::{Writer, tag};
    use crate::issue::lint::samples::Sample;
    use crate::oid;

    #[test]
    fn one_attribute_a_set_passes() {
        Sample::bare().printed(&[(oid::COUNTRY, "JP"), (oid::ORGANISATION, "a")]).keeps(&RULE);
    }

    #[test]
    fn two_in_one_set_fail() {
        let sample = Sample::bare().with(|sample| {
            sample.subject = Writer::build(|w| {
                w.sequence(|w| {
                    w.constructed(tag::SET, |w| {
                        for (kind, value) in [(oid::ORGANISATION, "b"), (oid::COMMON_NAME, "a")] {
                            w.sequence(|w| {
                                w.primitive(tag::PRINTABLE_STRING, value.as_bytes());
                                w.oid(kind);
                            });
                        }
                    });
                });
            });
        });
        sample.breaks(&RULE, "2 attributes in one set");
    }
}
