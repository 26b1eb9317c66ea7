//! People come and go by the command line: somebody registered with it logs in with what it has shown, and is out at once
//! when suspended; and an installation is never founded over another.

use lgpki_tests::databases::Kind;
use lgpki_tests::invariants::texts;
use lgpki_tests::program::Installation;
use lgpki_tests::tools::Scratch;
use std::path::Path;
use std::process::{Command, Stdio};

use super::PROGRAM;

#[test]
fn a_person_registered_by_command_logs_in_until_suspended_on_sqlite() {
    come_and_go(Kind::Sqlite);
}

#[test]
fn a_person_registered_by_command_logs_in_until_suspended_on_postgres() {
    come_and_go(Kind::Postgres);
}

#[test]
fn nothing_is_founded_over_an_installation_and_no_folder_is_made_on_sqlite() {
    founded_once(Kind::Sqlite);
}

#[test]
fn nothing_is_founded_over_an_installation_and_no_folder_is_made_on_postgres() {
    founded_once(Kind::Postgres);
}

fn come_and_go(kind: Kind) {
    let installation = Installation::new(kind);
    let config = installation.folder().join("lgpki.toml");
    let command = |line: &[&str]| done(&[&["--config", config.to_str().unwrap()], line].concat());
    let names = ["--name", "楡の市", "--kana", "ニレノシ", "--name-en", "Nire City", "--domain", "city.nire.lg.jp"];
    command(&[&["org", "add", "--code", "011002"], &names[..]].concat());
    let shown =
        command(&["officer", "add", "--org", "011002", "--login", "tanaka", "--name", "田中", "--role", "manager"]);
    let tanaka = lgpki_tests::people::shown(&shown, "tanaka", "manager");
    let program = installation.serve(PROGRAM, None);
    let mut person = installation.person(&tanaka);
    person.is_logged_in().unwrap();
    assert_eq!(person.browser.open("/home").unwrap().url.path(), "/home");
    let said = command(&["officer", "suspend", "--login", "tanaka"]);
    assert_eq!(said, "suspended: tanaka 田中, sessions ended: 1\n");
    assert_eq!(person.browser.open("/home").unwrap().url.path(), "/login", "the session has ended");
    assert!(person.is_logged_in().is_err(), "and there is no other");
    program.stops();
    let by_command = "select verb from audit_event where actor = 'system:command' order by verb";
    let verbs = texts(&installation.database, by_command);
    let expected =
        ["account.created", "account.suspended", "domain.verified", "organisation.classified", "organisation.created"];
    assert_eq!(verbs, expected);
}

fn founded_once(kind: Kind) {
    let installation = Installation::new(kind);
    let scratch = Scratch::new("second");
    let folder = scratch.path().join("ca");
    let database = installation.database.url();
    let before = texts(&installation.database, "select verb from audit_event");
    let init = ["init", folder.to_str().unwrap(), "--generate-passphrase", "--database", database];
    let (code, _, said) = run(&init);
    assert_eq!(code, Some(7), "{said}");
    assert!(said.contains("installation") && said.contains("already"), "{said}");
    assert!(!Path::new(&folder).exists());
    assert_eq!(texts(&installation.database, "select verb from audit_event"), before);
}

/// What the program printed; it must have ended well.
fn done(arguments: &[&str]) -> String {
    let (code, printed, said) = run(arguments);
    assert_eq!(code, Some(0), "{arguments:?}: {said}");
    printed
}

fn run(arguments: &[&str]) -> (Option<i32>, String, String) {
    let output = Command::new(PROGRAM).args(arguments).stdin(Stdio::null()).output().unwrap();
    let text = |octets| String::from_utf8(octets).unwrap();
    (output.status.code(), text(output.stdout), text(output.stderr))
}
