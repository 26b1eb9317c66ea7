//! Small promises about all code: no test is switched off or waits for the clock, an exception to a lint has its reason,
//! a thing left to do its issue, and nothing of one developer's machine or of anybody's keys is kept here.

use crate::expect_none;
use crate::repository::files;
use crate::source::{Source, names, program, sources};

fn everything() -> Vec<Source> {
    let mut all = program();
    all.extend(sources("tests"));
    all
}

#[test]
fn no_test_is_switched_off() {
    let mut findings = Vec::new();
    for source in everything() {
        let ignored = source.code.lines().enumerate().filter(|(_, line)| line.contains("#[ignore"));
        findings.extend(ignored.map(|(index, _)| format!("{}:{}", source.path, index + 1)));
    }
    expect_none(findings, "mend the test or remove it: one that does not run says nothing.");
}

#[test]
fn no_test_waits_for_time_to_pass() {
    let mut findings = Vec::new();
    for source in everything() {
        let waits = source.tests().filter(|(_, line)| names(line, "sleep(") || line.contains("::sleep("));
        findings.extend(waits.map(|(number, line)| format!("{}:{number}: {}", source.path, line.trim())));
    }
    expect_none(
        findings,
        "move the FixedClock, await the thing itself, or read the line a process prints when it is ready: a sleep is too long on a \
         fast machine and too short on a slow one.",
    );
}

#[test]
fn every_exception_to_a_lint_has_its_reason() {
    let mut findings = Vec::new();
    for source in everything() {
        let lines: Vec<&str> = source.text.lines().collect();
        for (index, line) in source.code.lines().enumerate() {
            let begins = ["#[allow(", "#![allow(", "#[expect(", "#![expect("].iter().any(|start| line.contains(start));
            let attribute = || lines[index..].iter().take(6).copied().collect::<String>();
            if begins && !attribute().split(")]").next().is_some_and(|inside| inside.contains("reason = ")) {
                findings.push(format!("{}:{}: {}", source.path, index + 1, line.trim()));
            }
        }
    }
    expect_none(findings, "write `reason = \"…\"` into the attribute, or mend what the lint found.");
}

#[test]
fn a_todo_names_its_issue() {
    let mut findings = Vec::new();
    let words = [concat!("TO", "DO"), concat!("FIX", "ME"), concat!("X", "XX:")];
    for source in everything() {
        for (index, line) in source.text.lines().enumerate() {
            let found = words.iter().find(|word| line.contains(*word) && !line.contains(&format!("{word}(#")));
            findings.extend(found.map(|word| format!("{}:{}: {word}", source.path, index + 1)));
        }
    }
    expect_none(findings, "do it, or file an issue and write its number behind the word, as `(#12)`.");
}

/// Folders of files with a private key in them on purpose, and why.
const KEYS_ON_PURPOSE: &[(&str, &str)] =
    &[("tests/keys/", "made public for tests: the CSR parser must refuse a pasted key")];

#[test]
fn the_repository_holds_no_key_and_no_path_of_one_machine() {
    // In two halves, so that this file does not find itself.
    let paths = [
        concat!("/ro", "ot/"),
        concat!("/ho", "me/user/"),
        concat!("/wo", "rk/"),
        concat!("../sha", "red"),
        concat!("C:\\Us", "ers"),
    ];
    let key = concat!("PRIVATE ", "KEY-----");
    let mut findings = Vec::new();
    let endings = [
        ".rs", ".toml", ".md", ".sql", ".html", ".ftl", ".css", ".js", ".mjs", ".py", ".json", ".lock", ".pem", ".key",
        ".txt", "check", "run",
    ];
    for file in files("", &endings) {
        let lines: Vec<&str> = file.text.lines().collect();
        for (index, line) in lines.iter().enumerate() {
            findings.extend(
                paths
                    .iter()
                    .filter(|path| line.contains(*path))
                    .map(|path| format!("{}:{}: {path}", file.path, index + 1)),
            );
            // The words alone are needed to recognise a pasted key; base64 after them is a key.
            let body = line.split(key).nth(1).unwrap_or_default().trim_start_matches("\\n");
            let next = lines.get(index + 1).map_or("", |next| next.trim());
            let excused = KEYS_ON_PURPOSE.iter().any(|(folder, _)| file.path.starts_with(folder));
            if line.contains(key) && !excused && [body, next].iter().any(|text| looks_like_base64(text)) {
                findings.push(format!("{}:{}: a private key", file.path, index + 1));
            }
        }
    }
    expect_none(
        findings,
        "make keys in the test that needs them, and paths from CARGO_MANIFEST_DIR or a temporary folder.",
    );
}

fn looks_like_base64(text: &str) -> bool {
    let run = text.chars().take_while(|letter| letter.is_ascii_alphanumeric() || "+/=".contains(*letter)).count();
    run >= 60 // the shortest private key in PEM has a line of 64
}
