//! Lint rules: one file each, two tests each, a name that is its path.

use crate::expect_none;
use crate::source::{Source, sources};
use ca_core::issue::lint::{Rule, rules};
use std::collections::BTreeSet;

const FOLDER: &str = "ca-core/src/issue/lint/";
const KINDS: &[&str] = &["rfc5280", "profile", "crypto"];

fn rule_files() -> Vec<Source> {
    let mut files = sources(FOLDER);
    files.retain(|source| {
        let (folder, name) = source.path[FOLDER.len()..].split_once('/').unwrap_or_default();
        KINDS.contains(&folder) && name != "mod.rs"
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
fn there_are_at_least_twenty_rules_and_each_says_where_it_stands() {
    assert!(rules().count() >= 20, "{} rules", rules().count());
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
