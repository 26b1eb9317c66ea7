//! Documents that would go stale unseen: links, paths and names in them exist; every library has its reason.

use crate::expect_none;
use crate::repository::{files, root, text};
use crate::source::program;
use std::collections::BTreeSet;

#[test]
fn links_between_documents_lead_somewhere() {
    let mut findings = Vec::new();
    for file in files("", &[".md"]) {
        let folder = root().join(&file.path).parent().unwrap().to_path_buf();
        for (index, line) in file.text.lines().enumerate() {
            for target in line.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
                let path = target.split('#').next().unwrap_or_default();
                let elsewhere = path.is_empty() || path.contains("://") || path.starts_with("mailto:");
                if !elsewhere && !folder.join(path).exists() {
                    findings.push(format!("{}:{}: {target}", file.path, index + 1));
                }
            }
        }
    }
    expect_none(findings, "correct the link, or write the document.");
}

/// The first words of paths in this repository.
const TOP_LEVEL: &[&str] =
    &["ca-core/", "store/", "hsm-adapters/", "crl/", "ocsp/", "ra-web/", "lgpki/src", "tests/", "docs/", "migrations/"];

#[test]
fn files_that_documents_name_exist() {
    let mut findings = Vec::new();
    for file in files("", &[".md"]) {
        for (index, line) in file.text.lines().enumerate() {
            for name in line.split('`').skip(1).step_by(2) {
                let plain = !name.contains(['*', '{', '<', '…', ' ', ':']);
                let ours = TOP_LEVEL.iter().any(|top| name.starts_with(top));
                if plain && ours && !root().join(name.trim_end_matches('/')).exists() {
                    findings.push(format!("{}:{}: {name}", file.path, index + 1));
                }
            }
        }
    }
    expect_none(findings, "name the file where it is now.");
}

#[test]
fn the_glossary_names_things_by_their_names_in_the_code() {
    let architecture = text("docs/architecture.md");
    let table = architecture.split("## Glossary").nth(1).expect("docs/architecture.md has a section Glossary");
    let table = table.split("\n## ").next().unwrap_or_default();
    let mut known: String = program().iter().map(|source| source.text.as_str()).collect();
    known.extend(files("migrations", &[".sql"]).into_iter().map(|file| file.text));
    let mut findings = Vec::new();
    for row in table.lines().filter(|line| line.starts_with("| ") && !line.starts_with("| 日本語")) {
        let names = row.split('|').nth(4).unwrap_or_default();
        let names: Vec<&str> = names.split('`').skip(1).step_by(2).collect();
        if names.is_empty() {
            findings.push(format!("{row}: no name in the code"));
        }
        findings.extend(
            names.into_iter().filter(|name| !known.contains(*name)).map(|name| format!("{name}: nowhere in the code")),
        );
    }
    expect_none(findings, "use the word the code uses, in the glossary of docs/architecture.md or in the code.");
}

#[test]
fn every_library_has_its_reason() {
    let manifest: toml::Table = text("Cargo.toml").parse().unwrap();
    let declared = manifest["workspace"]["dependencies"].as_table().unwrap();
    let outside: BTreeSet<&str> =
        declared.iter().filter(|(_, value)| value.get("path").is_none()).map(|(name, _)| name.as_str()).collect();
    let reasons = text("docs/decisions/0002-libraries.md");
    let rows = reasons.lines().filter(|line| line.starts_with('|')).filter_map(|line| line.split('|').nth(1));
    let explained: BTreeSet<&str> = rows.flat_map(|names| names.split('`').skip(1).step_by(2)).collect();
    expect_none(
        outside
            .symmetric_difference(&explained)
            .map(|name| format!("{name}: not both in Cargo.toml and in the table"))
            .collect(),
        "give each library a row in docs/decisions/0002-libraries.md: what it is for, why this one, what would replace it.",
    );
}

#[test]
fn every_decision_says_what_was_chosen_what_was_refused_and_why() {
    let mut findings = Vec::new();
    for file in files("docs/decisions", &[".md"]).into_iter().filter(|file| !file.path.ends_with("README.md")) {
        let missing = ["## Chosen", "## Refused", "## Why"].into_iter().filter(|heading| !file.text.contains(heading));
        findings.extend(missing.map(|heading| format!("{}: no section “{heading}”", file.path)));
    }
    expect_none(findings, "a decision is read by somebody who wants to change it: give it the three sections.");
}
