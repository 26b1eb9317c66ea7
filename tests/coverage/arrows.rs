//! Invariant 6: the arrows between the crates are this list. And every dependency declared is used.

use crate::expect_none;
use crate::repository;
use crate::source::{names, sources};
use serde_json::Value;
use std::collections::BTreeSet;

/// Each crate and the crates of the workspace it may know, as drawn in `docs/architecture.md`.
const ARROWS: &[(&str, &[&str])] = &[
    ("ca-core", &[]),
    ("store", &["ca-core"]),
    ("hsm-adapters", &["ca-core"]),
    ("crl", &["ca-core", "store"]),
    ("ocsp", &["ca-core", "store"]),
    ("ra-web", &["ca-core", "store"]),
    ("lgpki", &["ca-core", "crl", "hsm-adapters", "ocsp", "ra-web", "store"]),
    ("lgpki-tests", &["ca-core", "crl", "hsm-adapters", "lgpki", "ocsp", "ra-web", "store"]),
];

/// What cargo knows of the workspace.
pub(crate) fn metadata() -> Value {
    let output = std::process::Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--no-deps", "--offline"])
        .current_dir(repository::root())
        .output()
        .unwrap();
    assert!(output.status.success(), "cargo metadata: {}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// The names of everything a crate depends on, tests' and builds' needs included.
pub(crate) fn dependencies(metadata: &Value, name: &str) -> BTreeSet<String> {
    let package =
        packages(metadata).find(|package| package["name"] == name).unwrap_or_else(|| panic!("no crate {name}"));
    let declared = package["dependencies"].as_array().unwrap();
    declared.iter().map(|dependency| dependency["name"].as_str().unwrap().to_owned()).collect()
}

fn packages(metadata: &Value) -> impl Iterator<Item = &Value> {
    metadata["packages"].as_array().unwrap().iter()
}

#[test]
fn the_crates_know_each_other_as_drawn() {
    let metadata = metadata();
    let members: BTreeSet<&str> = packages(&metadata).map(|package| package["name"].as_str().unwrap()).collect();
    let drawn: BTreeSet<&str> = ARROWS.iter().map(|(name, _)| *name).collect();
    let mut findings: Vec<String> = members
        .symmetric_difference(&drawn)
        .map(|name| format!("{name}: not both in the workspace and in the list"))
        .collect();
    for (name, allowed) in ARROWS.iter().filter(|(name, _)| members.contains(name)) {
        let known = dependencies(&metadata, name);
        let known: BTreeSet<&str> = known.iter().map(String::as_str).filter(|name| members.contains(name)).collect();
        let allowed: BTreeSet<&str> = allowed.iter().copied().collect();
        findings.extend(known.difference(&allowed).map(|other| format!("{name} → {other}: this arrow is not drawn")));
        findings.extend(allowed.difference(&known).map(|other| format!("{name} → {other}: drawn, but not there")));
    }
    expect_none(
        findings,
        "let the two crates meet in the database or in lgpki instead. If the arrow is right, draw it in \
         docs/architecture.md, give its reason in docs/decisions/, and add it to ARROWS in tests/coverage/arrows.rs.",
    );
}

#[test]
fn every_dependency_is_used_where_it_is_declared() {
    let metadata = metadata();
    let mut findings = Vec::new();
    for package in packages(&metadata) {
        let name = package["name"].as_str().unwrap();
        let folder = if name == "lgpki-tests" { "tests" } else { name };
        let sources = sources(folder);
        for dependency in dependencies(&metadata, name) {
            let path = match dependency.as_str() {
                "rustls-webpki" => "webpki".to_owned(),
                other => other.replace('-', "_"),
            };
            let used = sources.iter().flat_map(|source| source.code.lines()).any(|line| names(line, &path));
            if !used {
                findings.push(format!("{folder}/Cargo.toml: {dependency}"));
            }
        }
    }
    expect_none(
        findings,
        "remove the dependency from that Cargo.toml: what is not used still has to be built and watched.",
    );
}
