//! A wildcard domain name is `*.` and a fully qualified domain name (BR §1.6.1), which is not a whole registry (BR
//! §3.2.2.6): two labels or more stand behind it.

use crate::issue::lint::{Baseline, Candidate, Check, Rule, Says, Severity};
use x509_parser::extensions::GeneralName;

pub(super) const RULE: Rule = Rule {
    name: "cabf.tls.wildcards",
    source: "BR §3.2.2.6, §7.1.2.7.12",
    severity: Severity::Error,
    says: Says {
        en: "An asterisk in a DNS name is its whole first label, with at least two labels behind it.",
        ja: "DNS名の*は、先頭のラベル全体であり、後ろに二つ以上のラベルがなければなりません。",
    },
    check: Check::Baseline(Baseline::TlsServer, check),
};

fn check(candidate: &Candidate<'_>) -> Result<(), String> {
    for name in candidate.alternative_names().unwrap_or_default() {
        let GeneralName::DNSName(name) = name else { continue };
        let behind = name.strip_prefix("*.");
        if behind.is_some_and(|rest| !rest.contains('.')) || behind.unwrap_or(name).contains('*') {
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
    fn a_first_label_and_no_wildcard_pass() {
        named("*.a.jp").keeps(&RULE);
        named("a.jp").keeps(&RULE);
    }

    #[test]
    fn a_part_of_a_label_another_label_and_a_whole_registry_fail() {
        for bad in ["w*.a.jp", "a.*.jp", "*.*.a.jp", "*.jp", "*"] {
            named(bad).breaks(&RULE, &format!("{bad:?}"));
        }
    }
}
