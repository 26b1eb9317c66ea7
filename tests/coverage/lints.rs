//! Lint rules: one file each, two tests each, a name that is its path.

use crate::expect_none;
use crate::source::{Source, sources};
use ca_core::issue::lint::{Rule, Severity, rules};
use std::collections::BTreeSet;

const FOLDER: &str = "ca-core/src/issue/lint/";
const KINDS: &[&str] = &["rfc5280", "profile", "crypto", "cabf", "der"];

fn rule_files() -> Vec<Source> {
    let mut files = sources(FOLDER);
    files.retain(|source| {
        let (folder, name) = source.path[FOLDER.len()..].split_once('/').unwrap_or_default();
        KINDS.contains(&folder) && !name.ends_with("mod.rs")
    });
    files
}

/// `rfc5280.serial-positive` for `…/rfc5280/serial_positive.rs`.
fn name_of(source: &Source) -> String {
    source.path[FOLDER.len()..].trim_end_matches(".rs").replace('/', ".").replace('_', "-")
}

#[test]
fn every_rule_has_a_certificate_that_passes_and_one_that_fails() {
    let poor = rule_files().into_iter().filter(|source| source.text.matches("#[test]").count() < 2);
    expect_none(
        poor.map(|source| format!("{}: {} of 2 tests", source.path, source.text.matches("#[test]").count())).collect(),
        "a rule without both has not been seen to work: test the smallest certificate that passes and the smallest that fails.",
    );
}

#[test]
fn every_rule_file_is_a_rule_that_runs_under_its_name() {
    let written: BTreeSet<String> = rule_files().iter().map(name_of).collect();
    let running: BTreeSet<String> = rules().map(|rule| rule.name.to_owned()).collect();
    expect_none(
        written.symmetric_difference(&running).map(|name| format!("{name}: not both a file and in RULES")).collect(),
        "list the rule in RULES of its folder's mod.rs, under the name kind.file-name.",
    );
}

#[test]
fn there_are_at_least_ninety_rules_and_each_says_where_it_stands() {
    assert!(rules().count() >= 90, "{} rules", rules().count());
    let sourced = |rule: &&Rule| {
        ["§", "appendix"].iter().any(|part| rule.source.contains(part))
            || rule.source == "profile" && rule.name.starts_with("profile.")
    };
    let unsourced = rules().filter(|rule| !sourced(rule));
    expect_none(
        unsourced.map(|rule| format!("{}: source {:?}", rule.name, rule.source)).collect(),
        "name the section that demands it, as in `RFC 5280 §4.1.2.2`.",
    );
}

#[test]
fn every_rule_says_itself_in_one_sentence_of_english_and_of_japanese() {
    let mut findings = Vec::new();
    for rule in rules() {
        let (en, ja) = (rule.says.en, rule.says.ja);
        if !(en.is_ascii() && en.starts_with(|first: char| first.is_ascii_alphabetic()) && en.ends_with('.')) {
            findings.push(format!("{}: {en:?}", rule.name));
        }
        if !(ja.ends_with('。') && ja.matches('。').count() == 1 && ja.chars().any(|kana| matches!(kana, 'ぁ'..='ん')))
        {
            findings.push(format!("{}: {ja:?}", rule.name));
        }
    }
    expect_none(findings, "say what must be in one sentence of each language: people read it in `lgpki lint`.");
}

#[test]
fn a_rule_that_only_warns_says_should_and_one_that_refuses_says_must() {
    let mut findings = Vec::new();
    for rule in rules() {
        let is_soft = rule.says.ja.contains("べき");
        if is_soft != (rule.severity == Severity::Warning) {
            findings.push(format!("{}: {} in {:?}", rule.name, rule.severity.as_str(), rule.says.ja));
        }
    }
    expect_none(findings, "in Japanese, write べき in the sentence of a warning, and only there.");
}
