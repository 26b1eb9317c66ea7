//! A relative distinguished name has attributes of distinct types (X.501 §9.3).

use crate::issue::lint::{Candidate, Check, Rule, Says, Severity};

pub(super) const RULE: Rule = Rule {
    name: "rfc5280.attributes-once-a-set",
    source: "X.501 §9.3",
    severity: Severity::Error,
    says: Says {
        en: "No set of the subject (relative distinguished name) holds two attributes of the same type.",
        ja: "主体者名の一つの組（RDN）に、同じ型の属性が二つあってはなりません。",
    },
    check: Check::Any(check),
};

fn check(candidate: &Candidate<'_>) -> Result<(), String> {
    for set in candidate.x509.subject().iter() {
        for (index, attribute) in set.iter().enumerate() {
            if set.iter().take(index).any(|before| before.attr_type() == attribute.attr_type()) {
                return Err(format!("two {} in one set", attribute.attr_type()));
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::der::{Writer, tag};
    use crate::issue::lint::samples::Sample;
    use crate::oid::{self, Oid};

    fn in_one_set(attributes: &[(Oid, &str)]) -> Sample {
        Sample::bare().with(|sample| {
            sample.subject = Writer::build(|w| {
                w.sequence(|w| {
                    w.constructed(tag::SET, |w| {
                        for (kind, value) in attributes.iter().rev() {
                            w.sequence(|w| {
                                w.primitive(tag::PRINTABLE_STRING, value.as_bytes());
                                w.oid(*kind);
                            });
                        }
                    });
                });
            });
        })
    }

    #[test]
    fn two_types_in_one_set_pass() {
        in_one_set(&[(oid::COMMON_NAME, "a"), (oid::SERIAL_NUMBER, "1")]).keeps(&RULE);
    }

    #[test]
    fn one_type_twice_in_a_set_fails() {
        in_one_set(&[(oid::COMMON_NAME, "a"), (oid::COMMON_NAME, "b")]).breaks(&RULE, "two 2.5.4.3 in one set");
    }
}
