//! What `docs/architecture.md` promises about the code as a whole, held here: which crate knows which, where each library
//! is used, which claims are made where, how long a file is. These tests read sources and `cargo metadata`; only
//! `routes.rs` also runs the program. A failure lists each place and says what to do about it.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "helpers of tests: what fails here is a failed test"
)]

mod arrows;
mod claims;
mod doors;
mod engine;
mod lints;
mod manners;
mod papers;
mod profiles;
mod repository;
mod routes;
mod size;
mod source;
mod templates;
mod texts;
mod verbs;

/// Fails with every finding on its own line and the advice under them; does nothing when there are no findings.
#[track_caller]
fn expect_none(findings: Vec<String>, advice: &str) {
    assert!(findings.is_empty(), "\n  {}\n\nWhat to do: {advice}\n", findings.join("\n  "));
}
