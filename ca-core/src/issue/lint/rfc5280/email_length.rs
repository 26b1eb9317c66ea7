//! ub-emailaddress-length is 255 (RFC 5280 appendix A.1).

use crate::issue::lint::candidate::attributes;
use crate::issue::lint::{Candidate, Check, Rule, Says, Severity};
use crate::oid;

pub(super) const RULE: Rule = Rule {
    name: "rfc5280.email-length",
    source: "RFC 5280 appendix A.1",
    severity: Severity::Error,
    says: Says {
        en: "An emailAddress in the subject has 1 to 255 characters.",
        ja: "主体者名のメールアドレスは、1～255文字でなければなりません。",
    },
    check: Check::Any(check),
};

fn check(candidate: &Candidate<'_>) -> Result<(), String> {
    let mut all = attributes(candidate.x509.subject()).filter(|attribute| attribute.is(oid::EMAIL_ADDRESS));
    let wrong = all.find(|attribute| !(1..=255).contains(&attribute.value.len()));
    wrong.map_or(Ok(()), |attribute| Err(format!("{} characters", attribute.value.len())))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::der::tag;
    use crate::issue::lint::samples::Sample;

    fn addressed(length: usize) -> Sample {
        Sample::bare().called(&[(oid::EMAIL_ADDRESS, tag::IA5_STRING, &"a".repeat(length))])
    }

    #[test]
    fn one_and_255_characters_pass() {
        addressed(1).keeps(&RULE);
        addressed(255).keeps(&RULE);
    }

    #[test]
    fn none_and_256_fail() {
        addressed(0).breaks(&RULE, "0 characters");
        addressed(256).breaks(&RULE, "256 characters");
    }
}
