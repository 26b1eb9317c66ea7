//! No attribute of the subject holds a separator (`,` `=` `+` `;`): a whole name typed into one field, as in
//! `ST="Tokyo, C=JP"`, is how public CAs have mis-issued. Organisation names exclude the same characters (CP §3.1.1).

use crate::issue::lint::{Candidate, Check, Promise, Rule, Says, Severity};

pub(super) const RULE: Rule = Rule {
    name: "profile.subject-separators",
    source: "CP §3.1.1",
    severity: Severity::Error,
    says: Says {
        en: "No attribute of the subject holds a separator: comma, equals sign, plus sign or semicolon.",
        ja: "主体者名の属性に、区切り文字（, = + ;）があってはなりません。",
    },
    check: Check::Promise(check),
};

fn check(candidate: &Candidate<'_>, _: &Promise<'_>) -> Result<(), String> {
    let separator = |octet: &u8| matches!(octet, b',' | b'=' | b'+' | b';');
    let mut values = candidate.x509.subject().iter_attributes().map(|attribute| attribute.attr_value().data);
    match values.find(|value| value.iter().any(separator)) {
        Some(value) => Err(format!("{:?}", String::from_utf8_lossy(value))),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::der::tag;
    use crate::issue::lint::samples::{Sample, name};
    use crate::oid;

    fn state(value: &str) -> Sample {
        Sample::bare().with(|sample| sample.subject = name(&[(oid::STATE, tag::PRINTABLE_STRING, value)]))
    }

    #[test]
    fn a_plain_value_passes() {
        state("Tokyo-to (23)").keeps(&RULE);
    }

    #[test]
    fn a_name_within_a_value_fails() {
        state("Tokyo, C=JP").breaks(&RULE, "\"Tokyo, C=JP\"");
        state("a+b").breaks(&RULE, "\"a+b\"");
    }
}
