//! Extensions is a SEQUENCE of one or more (RFC 5280 §4.1.2.9): an empty list is left out.

use crate::issue::lint::octets::Octets;
use crate::issue::lint::{Candidate, Check, Rule, Says, Severity};

pub(super) const RULE: Rule = Rule {
    name: "rfc5280.extensions-present",
    source: "RFC 5280 §4.1, §4.1.2.9",
    severity: Severity::Error,
    says: Says {
        en: "The list of extensions, where it stands, has at least one.",
        ja: "拡張領域の並びがあるときは、一つ以上なければなりません。",
    },
    check: Check::Any(check),
};

fn check(candidate: &Candidate<'_>) -> Result<(), String> {
    let octets = Octets::of(candidate.der).map_err(|error| error.to_string())?;
    if octets.extensions.is_some_and(|list| list.is_empty()) { Err("an empty list".into()) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::issue::lint::samples::Sample;

    #[test]
    fn one_extension_and_no_list_pass() {
        Sample::bare().usage(0x8000).keeps(&RULE);
        Sample::bare().keeps(&RULE);
    }

    #[test]
    fn an_empty_list_fails() {
        Sample::bare().with(|sample| sample.writes_empty_list = true).breaks(&RULE, "an empty list");
    }
}
