//! A dNSName is letters, digits and inner hyphens in labels of 1–63, 253 in all: the preferred name syntax (RFC 5280
//! §4.2.1.6, RFC 1034 §3.5, RFC 1123 §2.1). So no space, wildcard, underscore, trailing dot or U-label.

use crate::issue::lint::{Candidate, Check, Rule, Says, Severity};
use x509_parser::extensions::GeneralName;

pub(super) const RULE: Rule = Rule {
    name: "rfc5280.dns-name-syntax",
    source: "RFC 5280 §4.2.1.6",
    severity: Severity::Error,
    says: Says {
        en: "A dNSName consists of labels of 1 to 63 letters, digits and inner hyphens, 253 characters in all.",
        ja: "dNSNameは、英数字と途中のハイフンからなる1～63文字のラベルで、全体で253文字以下でなければなりません。",
    },
    check: Check::Any(check),
};

fn check(candidate: &Candidate<'_>) -> Result<(), String> {
    for name in candidate.alternative_names().unwrap_or_default() {
        match name {
            GeneralName::DNSName(name) if name.len() > 253 || !name.split('.').all(is_label) => {
                return Err(format!("{name:?}"));
            }
            _ => {}
        }
    }
    Ok(())
}

fn is_label(label: &str) -> bool {
    (1..=63).contains(&label.len())
        && label.bytes().all(|octet| octet.is_ascii_alphanumeric() || octet == b'-')
        && !label.starts_with('-')
        && !label.ends_with('-')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::der::tag;
    use crate::issue::lint::samples::Sample;
    use crate::oid;

    #[test]
    fn the_shortest_and_longest_labels_pass() {
        named("a").keeps(&RULE);
        named(&format!("{}.jp", "a".repeat(63))).keeps(&RULE);
    }

    #[test]
    fn whatever_is_no_host_name_fails() {
        for bad in ["", " ", "*.a.jp", "a_b.jp", "a.jp.", "-a.jp", "a-.jp", "白樺.jp"] {
            named(bad).breaks(&RULE, &format!("{bad:?}"));
        }
        let long = "a".repeat(64);
        named(&long).breaks(&RULE, &format!("{long:?}"));
        let long = ["a"; 128].join(".");
        named(&long).breaks(&RULE, &format!("{long:?}"));
    }

    fn named(name: &str) -> Sample {
        Sample::bare()
            .extension(oid::SUBJECT_ALT_NAME, |w| w.sequence(|w| w.primitive(tag::context(2), name.as_bytes())))
    }
}
