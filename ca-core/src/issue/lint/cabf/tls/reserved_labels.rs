//! Every label is a P-Label or a Non-Reserved LDH label (BR §7.1.2.7.12, RFC 5890 §2.3.1): hyphens in third and fourth
//! place are for `xn--` only.

use crate::issue::lint::{Baseline, Candidate, Check, Rule, Says, Severity};
use x509_parser::extensions::GeneralName;

pub(super) const RULE: Rule = Rule {
    name: "cabf.tls.reserved-labels",
    source: "BR §7.1.2.7.12",
    severity: Severity::Error,
    says: Says {
        en: "A label with two hyphens in third and fourth place begins with xn--.",
        ja: "3文字目と4文字目がハイフンのラベルは、xn--で始まらなければなりません。",
    },
    check: Check::Baseline(Baseline::TlsServer, check),
};

fn check(candidate: &Candidate<'_>) -> Result<(), String> {
    for name in candidate.alternative_names().unwrap_or_default() {
        let GeneralName::DNSName(name) = name else { continue };
        let reserved = |label: &str| {
            label.get(2..4) == Some("--") && !label.get(..2).is_some_and(|start| start.eq_ignore_ascii_case("xn"))
        };
        if name.split('.').any(reserved) {
            return Err(format!("{name:?}"));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::issue::lint::samples::Sample;
    use crate::issue::lint::samples::general;

    fn named(name: &str) -> Sample {
        Sample::bare().alternative(&[(general::DNS, name.as_bytes())])
    }

    #[test]
    fn a_kanji_name_and_hyphens_elsewhere_pass() {
        named("xn--wgv71a.jp").keeps(&RULE);
        named("a--b.c-d.jp").keeps(&RULE);
    }

    #[test]
    fn another_prefix_fails() {
        named("www.ab--c.jp").breaks(&RULE, "\"www.ab--c.jp\"");
    }
}
