//! The runbooks of docs/operations, followed to the letter: a test types the commands of a page (its fenced `sh` blocks), in
//! order and in one shell, into a real installation with a SoftHSM2 token. Where a `text` block follows, its lines must be in
//! what the commands before it said, in that order; `…` in a line stands for anything.
//!
//! On the path of that shell are `lgpki`, and a `systemctl` that starts and stops the service of the installation. The shell
//! is in the installation's folder. A page that is added gets a line in [`pages!`], with what is there before it begins.

#![cfg(test)]

mod page;
mod place;

use page::Page;
use place::{Before, Place};
use std::path::{Path, PathBuf};

/// The program under test.
const PROGRAM: &str = env!("CARGO_BIN_EXE_lgpki-for-tests");

macro_rules! pages {
    ($($name:ident = $file:literal, $before:expr;)+) => {
        /// The pages that are followed.
        const FOLLOWED: &[&str] = &[$($file,)+];

        $(#[test]
        fn $name() {
            lgpki_tests::token::with_token(|hsm| Place::new(hsm, $before).follow(&Page::read(&folder().join($file))));
        })+
    };
}

pages! {
    crl_overdue = "crl-overdue.md", Before::WithEmergencyLists;
    custodian_loss = "custodian-loss.md", Before::Installation;
    ceremony = "ceremony.md", Before::EmptyFolder;
    hsm = "hsm.md", Before::EmptyFolder;
    hsm_loss = "hsm-loss.md", Before::InToken;
    key_compromise = "key-compromise.md", Before::Issued;
    offline_ca = "offline-ca.md", Before::Installation;
    publication = "publication.md", Before::OnPostgres;
    restore = "restore.md", Before::Issued;
    new_cryptography = "new-cryptography.md", Before::Issued;
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().join("docs/operations")
}

#[test]
fn every_page_with_commands_is_followed() {
    let names = std::fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().path());
    let unfollowed: Vec<_> = names
        .filter(|path| path.extension().is_some_and(|ending| ending == "md"))
        .filter(|path| !Page::read(path).steps.is_empty())
        .filter(|path| !FOLLOWED.contains(&path.file_name().unwrap().to_str().unwrap()))
        .collect();
    assert!(unfollowed.is_empty(), "add to `pages!` in tests/runbooks/main.rs: {unfollowed:?}");
}
