//! Every attribute of the subject has a value, and none is longer than its upper bound (RFC 5280 appendix A.1: ub-*).

use crate::issue::lint::{Candidate, Check, Rule, Says, Severity};
use crate::oid::{self, Oid};

pub(super) const RULE: Rule = Rule {
    name: "rfc5280.name-lengths",
    source: "RFC 5280 appendix A.1",
    severity: Severity::Error,
    says: Says {
        en: "Every attribute of the subject has a value, no longer than its upper bound.",
        ja: "主体者名の各属性には値があり、決められた長さを超えてはなりません。",
    },
    check: Check::Any(check),
};

/// Upper bounds in characters.
const BOUNDS: [(Oid, usize); 7] = [
    (oid::COMMON_NAME, 64),
    (oid::ORGANISATION, 64),
    (oid::ORGANISATIONAL_UNIT, 64),
    (oid::SERIAL_NUMBER, 64),
    (oid::TITLE, 64),
    (oid::LOCALITY, 128),
    (oid::STATE, 128),
];
/// ub-name: for every other attribute.
const LONGEST: usize = 32_768;

fn check(candidate: &Candidate<'_>) -> Result<(), String> {
    for attribute in candidate.x509.subject().iter_attributes() {
        let (id, value) = (attribute.attr_type().as_bytes(), attribute.attr_value().data);
        let characters = std::str::from_utf8(value).map_or(value.len(), |text| text.chars().count());
        let most = BOUNDS.iter().find(|(bound, _)| bound.as_bytes() == id).map_or(LONGEST, |(_, most)| *most);
        if !(1..=most).contains(&characters) {
            return Err(format!("{} has {characters} characters, 1 to {most} are allowed", oid::dotted(id)));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::der::tag;
    use crate::issue::lint::samples::{Sample, name};

    fn organisation(value: &str) -> Sample {
        Sample::bare().with(|sample| sample.subject = name(&[(oid::ORGANISATION, tag::UTF8_STRING, value)]))
    }

    #[test]
    fn one_and_sixty_four_characters_pass() {
        organisation("字").keeps(&RULE);
        organisation(&"字".repeat(64)).keeps(&RULE);
    }

    #[test]
    fn none_and_sixty_five_fail() {
        organisation("").breaks(&RULE, "2.5.4.10 has 0 characters, 1 to 64 are allowed");
        organisation(&"字".repeat(65)).breaks(&RULE, "2.5.4.10 has 65 characters, 1 to 64 are allowed");
    }
}
