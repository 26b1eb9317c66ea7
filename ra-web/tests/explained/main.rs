//! Golden texts: what people read about a certificate of every family, of other CAs and in every state, in both languages.
//! Keys, times and serial numbers are fixed; only the signatures are empty, since nobody verifies here.
//!
//! A changed sentence is a reviewed difference: the test prints it and says how to take it over.

#![cfg(test)]

mod certificates;

use ca_core::certificate::Certificate;
use ca_core::profile::{Family, Packs};
use ca_core::time::Timestamp;
use certificates::Issuers;
use ra_web::explain::{Origin, Paragraph, Question, explain};
use ra_web::locale::{Language, Texts, Words};
use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

/// Where the texts are kept.
const KEPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/explained");
/// Where what is said now is written.
const SAID: &str = concat!(env!("CARGO_TARGET_TMPDIR"), "/explained");

fn at(year: i32, month: u8, day: u8) -> Timestamp {
    Timestamp::from_jst(year, month, day, 10, 0, 0).unwrap()
}

fn said(question: &Question<'_>, language: Language) -> String {
    let words = Words::new(Arc::new(Texts::load().unwrap()), language);
    explain(question, &words).iter().map(drawn).collect::<Vec<_>>().join("\n")
}

fn drawn(paragraph: &Paragraph) -> String {
    let sentences: String = paragraph.sentences.iter().map(|sentence| format!("- {sentence}\n")).collect();
    format!("{}\n{sentences}", paragraph.heading)
}

/// What differs from the kept text, line by line; empty when nothing does. What is said is written beside.
fn difference(name: &str, said: &str) -> String {
    std::fs::create_dir_all(SAID).unwrap();
    std::fs::write(Path::new(SAID).join(name), said).unwrap();
    let kept = std::fs::read_to_string(Path::new(KEPT).join(name)).unwrap_or_default();
    let (before, now): (BTreeSet<&str>, BTreeSet<&str>) = (kept.lines().collect(), said.lines().collect());
    let gone = kept.lines().filter(|line| !now.contains(line)).map(|line| format!("  before {line}\n"));
    let new = said.lines().filter(|line| !before.contains(line)).map(|line| format!("  now    {line}\n"));
    let lines: String = gone.chain(new).collect();
    if lines.is_empty() && kept != said { "  the order has changed\n".to_owned() } else { lines }
}

/// What has changed in both languages.
fn changed(name: &str, question: &Question<'_>) -> String {
    let mut changed = String::new();
    for (language, tag) in [(Language::Japanese, "ja"), (Language::English, "en")] {
        let name = format!("{name}.{tag}.txt");
        let found = difference(&name, &said(question, language));
        if !found.is_empty() {
            changed.push_str(&format!("{name}\n{found}"));
        }
    }
    changed
}

fn assert_kept(changed: &str) {
    assert!(
        changed.is_empty(),
        "what people read has changed:\n{changed}if it is better now, take it over file by file: cp {SAID}/NAME.txt {KEPT}/"
    );
}

/// As the certificate page asks: the profile is known.
fn issued<'a>(packs: &'a Packs, certificate: &'a Certificate, family: Family, now: Timestamp) -> Question<'a> {
    let profile = packs.of_family(family).unwrap();
    Question { profile: Some(profile), origin: Origin::Issued, ..Question::of_file(certificate, packs, now) }
}

#[test]
fn every_family_is_explained_as_kept() {
    let issuers = Issuers::founded();
    let each = Family::ALL.into_iter().map(|family| {
        let certificate = issuers.certificate(family);
        changed(family.as_str(), &issued(&issuers.packs, &certificate, family, at(2026, 11, 21)))
    });
    assert_kept(&each.collect::<String>());
}

#[test]
fn a_file_is_recognised_by_what_it_says() {
    let issuers = Issuers::founded();
    let links = [Family::OldWithNew, Family::NewWithOld];
    for family in Family::ALL.into_iter().filter(|family| !links.contains(family)) {
        let certificate = issuers.certificate(family);
        let of_file = Question::of_file(&certificate, &issuers.packs, at(2026, 11, 21));
        let known = issued(&issuers.packs, &certificate, family, at(2026, 11, 21));
        let mut from_file = explain(&of_file, &Words::new(Arc::new(Texts::load().unwrap()), Language::English));
        let ours = explain(&known, &Words::new(Arc::new(Texts::load().unwrap()), Language::English));
        let caution = from_file.last_mut().and_then(|cautions| cautions.sentences.pop()).unwrap();
        assert!(caution.contains("was not checked"), "{family}: {caution}");
        for (file, known) in from_file.iter().zip(&ours) {
            // Only the title may differ: a profile has a name of its own, which nobody knows when it is not recognised.
            assert_eq!(file.sentences.len(), known.sentences.len(), "{family}: {}", file.heading);
            assert_eq!(file.sentences.get(1..), known.sentences.get(1..), "{family}: {}", file.heading);
        }
    }
}

#[test]
fn every_state_is_explained_as_kept() {
    let issuers = Issuers::founded();
    let (role, server) = (issuers.certificate(Family::JobRole), issuers.certificate(Family::WebServer));
    let packs = &issuers.packs;
    let revoked = issued(packs, &server, Family::WebServer, at(2026, 11, 21));
    let revoked = Question { origin: Origin::Revoked(at(2026, 11, 20)), organisation: Some("白樺町"), ..revoked };
    let suspended = Question { origin: Origin::Suspended(at(2026, 11, 20)), ..revoked };
    let each = [
        changed("suspended", &suspended),
        changed("expired", &issued(packs, &role, Family::JobRole, at(2031, 10, 3))),
        changed("not-yet", &issued(packs, &role, Family::JobRole, at(2026, 9, 1))),
        changed("ends-soon", &issued(packs, &server, Family::WebServer, at(2027, 10, 20))),
        changed("revoked", &revoked),
    ];
    assert_kept(&each.concat());
}

#[test]
fn what_others_issued_is_explained_as_kept() {
    let packs = Packs::shipped().unwrap();
    let others = [
        ("foreign-server", certificates::foreign::server()),
        ("foreign-signer", certificates::foreign::signer()),
        ("foreign-link", certificates::foreign::link()),
        ("foreign-odd", certificates::foreign::odd()),
    ];
    let each = others
        .into_iter()
        .map(|(name, certificate)| changed(name, &Question::of_file(&certificate, &packs, at(2026, 11, 21))));
    assert_kept(&each.collect::<String>());
}

#[test]
fn no_text_is_kept_for_nothing() {
    let states = ["expired", "not-yet", "ends-soon", "revoked", "suspended"];
    let others = ["foreign-server", "foreign-signer", "foreign-link", "foreign-odd"];
    let families = Family::ALL.map(Family::as_str);
    let known: BTreeSet<&str> = families.into_iter().chain(states).chain(others).collect();
    for entry in std::fs::read_dir(KEPT).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        let Some(text) = name.strip_suffix(".txt") else { continue };
        let base = text.trim_end_matches(".ja").trim_end_matches(".en");
        assert!(known.contains(base), "{name}: no test reads it; remove it");
    }
}
