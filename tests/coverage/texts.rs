//! The words of the pages: the same keys in both languages, none missing, none left over.

use crate::expect_none;
use crate::repository::{File, files};
use std::collections::{BTreeMap, BTreeSet};

const FOLDER: &str = "ra-web/texts/";
const LANGUAGES: [&str; 2] = ["ja", "en"];

/// A message: its file, and the names it expects to be given.
type Messages = BTreeMap<String, (String, BTreeSet<String>)>;

fn messages(language: &str) -> Messages {
    let mut found = Messages::new();
    for file in files(&format!("{FOLDER}{language}"), &[".ftl"]) {
        let name = file.path.rsplit('/').next().unwrap_or_default().to_owned();
        let mut key = None;
        for line in file.text.lines() {
            if let Some((begins, _)) =
                line.split_once('=').filter(|_| line.starts_with(|first: char| first.is_ascii_lowercase()))
            {
                key = Some(begins.trim().to_owned());
                let before = found.insert(begins.trim().to_owned(), (name.clone(), BTreeSet::new()));
                assert!(before.is_none(), "{}: {} stands twice; keep one", file.path, begins.trim());
            }
            let variables = line.split('$').skip(1).map(|rest| {
                rest.chars()
                    .take_while(|letter| letter.is_ascii_alphanumeric() || "-_".contains(*letter))
                    .collect::<String>()
            });
            if let Some(entry) = key.as_ref().filter(|_| !line.starts_with('#')).and_then(|key| found.get_mut(key)) {
                entry.1.extend(variables);
            }
        }
    }
    found
}

/// Everything that names keys.
fn users() -> Vec<File> {
    let mut users = files("ra-web/templates", &[".html"]);
    users.extend(files("ra-web/src", &[".rs"]));
    users
}

#[test]
fn both_languages_say_the_same_things() {
    let [japanese, english] = LANGUAGES.map(messages);
    assert!(!japanese.is_empty(), "no texts under {FOLDER}");
    let mut findings = Vec::new();
    for (here, there, language) in [(&japanese, &english, "en"), (&english, &japanese, "ja")] {
        for (key, (file, variables)) in here {
            match there.get(key) {
                None => findings.push(format!("{FOLDER}{language}/{file}: {key} is missing")),
                Some((other, _)) if other != file => {
                    findings.push(format!("{FOLDER}{language}/{other}: {key} belongs into {file}"))
                }
                // Japanese has no plural: English may look at a count it does not print, never the other way round.
                Some((_, other)) if !variables.is_superset(other) => {
                    findings.push(format!(
                        "{FOLDER}{language}/{file}: {key} uses {other:?}, the other language {variables:?}"
                    ));
                }
                Some(_) => {}
            }
        }
    }
    expect_none(findings, "write the text in both languages, in files of the same name, with the same variables.");
}

#[test]
fn every_key_a_template_names_has_a_text() {
    let known = messages("ja");
    let mut findings = Vec::new();
    for file in files("ra-web/templates", &[".html"]) {
        for (index, line) in file.text.lines().enumerate() {
            for call in [".t(\"", ".t1(\"", ".t2(\""] {
                let keys = line.split(call).skip(1).filter_map(|rest| rest.split('"').next());
                let unknown = keys.filter(|key| !known.contains_key(*key));
                findings.extend(unknown.map(|key| format!("{}:{}: {key}", file.path, index + 1)));
            }
        }
    }
    expect_none(findings, "add the text under ra-web/texts in both languages; without it the page shows the key.");
}

#[test]
fn every_text_is_used() {
    let users = users();
    let quoted = |text: &str| users.iter().any(|file| file.text.contains(text));
    // `format!("request-state-{state}")`: the part before the brace speaks for the keys that begin with it.
    let made = |key: &str| key.match_indices('-').any(|(at, _)| quoted(&format!("\"{}{{", &key[..=at])));
    let unused = messages("ja").into_iter().filter(|(key, _)| !quoted(&format!("\"{key}\"")) && !made(key));
    expect_none(
        unused.map(|(key, (file, _))| format!("{FOLDER}ja/{file}: {key}")).collect(),
        "remove the text from both languages; a text nobody sees is translated and checked for nothing.",
    );
}
