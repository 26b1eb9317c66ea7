//! A URI in subjectAltName is not relative, has a scheme and something behind it, and its authority names a host (RFC
//! 5280 §4.2.1.6).

use crate::issue::lint::syntax::is_uri;
use crate::issue::lint::{Candidate, Check, Rule, Says, Severity};
use x509_parser::extensions::GeneralName;

pub(super) const RULE: Rule = Rule {
    name: "rfc5280.uri-syntax",
    source: "RFC 5280 §4.2.1.6",
    severity: Severity::Error,
    says: Says {
        en: "A uniformResourceIdentifier is absolute, and names a host where it names an authority.",
        ja: "uniformResourceIdentifierは、絶対URIで、ホストを書くところにはホストがなければなりません。",
    },
    check: Check::Any(check),
};

fn check(candidate: &Candidate<'_>) -> Result<(), String> {
    let mut names = candidate.alternative_names().unwrap_or_default().iter();
    names
        .find(|name| matches!(name, GeneralName::URI(text) if !is_uri(text)))
        .map_or(Ok(()), |name| Err(name.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::issue::lint::samples::Sample;
    use crate::issue::lint::samples::general;

    #[test]
    fn a_whole_one_passes() {
        Sample::bare().alternative(&[(general::URI, b"urn:a")]).keeps(&RULE);
    }

    #[test]
    fn another_text_fails() {
        Sample::bare().alternative(&[(general::URI, b"a.jp/b")]).breaks(&RULE, "URI(a.jp/b)");
    }
}
