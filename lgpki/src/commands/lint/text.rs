//! What `lgpki lint` found, for people, in their language.

use super::Language;
use super::report::{File, Finding, Report, Rules};
use crate::out::visible;
use std::fmt::Write as _;

/// Words of a language.
struct Words {
    error: &'static str,
    warning: &'static str,
    found: &'static str,
    unreadable: &'static str,
    no_certificate: &'static str,
}

const fn words(language: Language) -> Words {
    match language {
        Language::Ja => Words {
            error: "エラー",
            warning: "警告",
            found: "実際の値",
            unreadable: "（読み取れません）",
            no_certificate: "証明書ではありません",
        },
        Language::En => Words {
            error: "error",
            warning: "warning",
            found: "found",
            unreadable: "(cannot be read)",
            no_certificate: "not a certificate",
        },
    }
}

/// Each certificate with what it breaks, the files that hold none, and a line of counts.
pub(super) fn of_report(report: &Report, language: Language) -> String {
    let mut text = String::new();
    let following = report.files.iter().skip(1).map(Some).chain([None]);
    for (file, next) in report.files.iter().zip(following) {
        let is_one_of_many = file.index > 1 || next.is_some_and(|next| next.index > 1);
        let name = if is_one_of_many { format!("{}[{}]", file.file, file.index) } else { file.file.clone() };
        write_file(&mut text, &name, file, language);
    }
    // Writing to a String does not fail.
    for other in &report.others {
        let _ = writeln!(
            text,
            "- {}: {} ({})",
            visible(&other.file),
            words(language).no_certificate,
            visible(&other.reason)
        );
    }
    let counts = &report.counts;
    let _ = match language {
        Language::Ja => write!(
            text,
            "証明書{}件のうち、エラーのあるものは{}件です。エラー{}件、警告{}件、証明書でないファイル{}件。",
            counts.certificates, counts.refused, counts.errors, counts.warnings, counts.others
        ),
        Language::En => write!(
            text,
            "{} of {} certificates have errors: {} errors, {} warnings; {} files hold no certificate.",
            counts.refused, counts.certificates, counts.errors, counts.warnings, counts.others
        ),
    };
    text
}

fn write_file(text: &mut String, name: &str, file: &File, language: Language) {
    let mark = match (file.errors(), file.findings.len()) {
        (0, 0) => "✓",
        (0, _) => "△",
        _ => "✗",
    };
    let subject = file.subject.as_deref().unwrap_or(words(language).unreadable);
    let _ = writeln!(text, "{mark} {}: {}", visible(name), visible(subject));
    for finding in &file.findings {
        write_finding(text, finding, language);
    }
}

fn write_finding(text: &mut String, finding: &Finding, language: Language) {
    let words = words(language);
    let kind = if finding.is_error() { words.error } else { words.warning };
    let said = match language {
        Language::Ja => finding.ja,
        Language::En => finding.en,
    };
    let _ = writeln!(text, "    {kind}: {said} [{}]", finding.source);
    let _ = writeln!(text, "        {}: {}  ({})", words.found, visible(&finding.found), finding.rule);
}

/// Every rule: its name, what it is for, its section and its sentence.
pub(super) fn of_rules(rules: &Rules, language: Language) -> String {
    let mut text = String::new();
    for rule in &rules.rules {
        let said = match language {
            Language::Ja => rule.ja,
            Language::En => rule.en,
        };
        let _ = writeln!(text, "{} ({}, {}) [{}]\n    {said}", rule.rule, rule.severity, rule.applies, rule.source);
    }
    let _ = match language {
        Language::Ja => write!(text, "規則は{}件です。", rules.rules.len()),
        Language::En => write!(text, "{} rules.", rules.rules.len()),
    };
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_terminal_would_obey_is_written_out() {
        assert_eq!(visible("CN=白樺町"), "CN=白樺町");
        assert_eq!(visible("a\u{1b}[2Jb\u{202e}c"), "a\\u{1b}[2Jb\\u{202e}c");
    }
}
