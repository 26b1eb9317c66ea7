//! A dNSName is letters, digits and inner hyphens in labels of 1–63, 253 in all: the preferred name syntax (RFC 5280
//! §4.2.1.6, RFC 1034 §3.5, RFC 1123 §2.1). So no space, underscore, trailing dot or U-label. What a first label `*`
//! means is left open there (RFC 9525 §6.3 says it), so it may stand.

use crate::issue::lint::syntax::is_host;
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
            GeneralName::DNSName(name) if !is_host(name.strip_prefix("*.").unwrap_or(name)) => {
                return Err(format!("{name:?}"));
            }
            _ => {}
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::issue::lint::samples::Sample;
    use crate::issue::lint::samples::general;

    #[test]
    fn the_shortest_and_longest_labels_pass() {
        named("a").keeps(&RULE);
        named(&format!("{}.jp", "a".repeat(63))).keeps(&RULE);
        named("*.a.jp").keeps(&RULE);
    }

    #[test]
    fn whatever_is_no_host_name_fails() {
        for bad in ["", " ", "*", "a.*.jp", "a_b.jp", "a.jp.", "-a.jp", "a-.jp", "白樺.jp"] {
            named(bad).breaks(&RULE, &format!("{bad:?}"));
        }
        let long = "a".repeat(64);
        named(&long).breaks(&RULE, &format!("{long:?}"));
        let long = ["a"; 128].join(".");
        named(&long).breaks(&RULE, &format!("{long:?}"));
    }

    fn named(name: &str) -> Sample {
        Sample::bare().alternative(&[(general::DNS, name.as_bytes())])
    }
}
