//! CPSuri is an IA5String that holds a URI (RFC 5280 §4.2.1.4).

use super::qualifiers;
use crate::der::{Reader, tag};
use crate::issue::lint::syntax::is_uri;
use crate::issue::lint::{Candidate, Check, Rule, Says, Severity};
use crate::oid;

pub(super) const RULE: Rule = Rule {
    name: "rfc5280.cps-pointer",
    source: "RFC 5280 §4.2.1.4",
    severity: Severity::Error,
    says: Says {
        en: "A pointer to the CPS is an absolute URI in an IA5String.",
        ja: "CPSの場所は、IA5Stringの絶対URIでなければなりません。",
    },
    check: Check::Any(check),
};

fn check(candidate: &Candidate<'_>) -> Result<(), String> {
    for (_, qualifier) in qualifiers(candidate) {
        if qualifier.policy_qualifier_id.as_bytes() != oid::QT_CPS.as_bytes() {
            continue;
        }
        let text = Reader::new(qualifier.qualifier).expect(tag::IA5_STRING).map_err(|error| error.to_string())?;
        if !std::str::from_utf8(text).is_ok_and(is_uri) {
            return Err(format!("{:?}", String::from_utf8_lossy(text)));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::issue::lint::samples::Sample;

    fn pointing(string_tag: u8, uri: &str) -> Sample {
        let (policy, uri) = (oid::POLICY_APPLICATION, uri.as_bytes());
        Sample::bare().qualified(policy, oid::QT_CPS, |w| w.primitive(string_tag, uri))
    }

    #[test]
    fn a_uri_passes() {
        pointing(tag::IA5_STRING, "http://a.jp/cps").keeps(&RULE);
    }

    #[test]
    fn other_text_and_another_string_fail() {
        pointing(tag::IA5_STRING, "see our CPS").breaks(&RULE, "\"see our CPS\"");
        pointing(tag::UTF8_STRING, "http://a.jp/").breaks(&RULE, "tag 0x0c where 0x16 is expected");
    }
}
