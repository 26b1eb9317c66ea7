//! Invariant 5: a claim that no type can prove is made in one place. `Recorded::assertion` says that an intent is durable,
//! `Application::restored` that an approval was given; each is called in one file of `store`, after the fact.

use crate::expect_none;
use crate::source::program;

const CLAIMS: &[&[&str]] = &[&["Recorded::assertion"], &["Application::restored", "Application::<Approved>::restored"]];

#[test]
fn each_claim_is_made_in_exactly_one_file_of_the_store() {
    let program = program();
    let mut findings = Vec::new();
    for spellings in CLAIMS {
        let claim = spellings[0];
        let calls = |source: &&crate::source::Source| {
            source.production().any(|(_, line)| spellings.iter().any(|spelling| line.contains(spelling)))
        };
        let files: Vec<&str> = program.iter().filter(calls).map(|source| source.path.as_str()).collect();
        findings.extend(
            files
                .iter()
                .filter(|path| !path.starts_with("store/src/"))
                .map(|path| format!("{path}: {claim} outside the store")),
        );
        if files.iter().filter(|path| path.starts_with("store/src/")).count() != 1 {
            findings.push(format!("{claim} is called in {} files of the store: {files:?}", files.len()));
        }
    }
    expect_none(
        findings,
        "an intent is recorded, and an approval read back, by the store's one function for it: call that. Whoever could make \
         the claim elsewhere could sign without a durable intent or without a second person (docs/architecture.md, invariant 5).",
    );
}
