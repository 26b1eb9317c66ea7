//! A ceremony is killed (a real `kill -9`) at each of its durable points and resumed. With the same keys and times it gives
//! the same files, octet for octet. Where the outcome of a signature was lost, its serial is burnt and stands on the CRL, the
//! step has another certificate, and everything else is the same.

mod acts;

use super::{Place, done};
use ca_core::certificate::Certificate;
use ca_core::id::KeyLabel;
use ca_core::key::KeyAlgorithm;
use ca_core::serial::SerialNumber;
use ca_core::signer::KeyKeeper;
use crl::CertificateList;
use lgpki_tests::interruptions::{Blow, Fault, STRUCK};
use lgpki_tests::tools::{soft_keys, text, tool};
use std::collections::BTreeMap;
use std::path::PathBuf;
use store::Step;

/// Root, sub CA, responder, CRL, a key that is destroyed: RSA, whose signatures are the same each time, and one instant.
const SCRIPT: &str = r#"[ceremony]
name = "killed"
title = { ja = "試験", en = "Test" }
place = "here"
begins = 2026-11-22T01:00:00Z
fix-times = true
repository-url = "http://repository.lgpki.example"
packs = ["lgwan-private"]

[person.master]
name = "佐藤 花子"
role = "master"

[[step]]
id = "root-key"
by = "master"
see = "words"
act = "make-key"
key = "root"
kind = "rsa3072"
store = "folder"

[[step]]
id = "root"
by = "master"
see = "words"
act = "certificate"
authority = "root"
key = "root"

[[step]]
id = "sub-key"
by = "master"
see = "words"
act = "make-key"
key = "application-ca"
kind = "rsa3072"
store = "folder"

[[step]]
id = "sub"
by = "master"
see = "words"
act = "certificate"
authority = "application-ca"
key = "application-ca"

[[step]]
id = "responder-key"
by = "master"
see = "words"
act = "make-key"
key = "root-ocsp"
kind = "rsa3072"
store = "folder"

[[step]]
id = "responder"
by = "master"
see = "words"
act = "responder"
authority = "root"
key = "root-ocsp"

[[step]]
id = "crl"
by = "master"
see = "words"
act = "crl"
authority = "root"

[[step]]
id = "destroyed"
by = "master"
see = "words"
act = "destroy-key"
key = "root-ocsp"
"#;

/// The certificates of the script, in order, by their files.
const CERTIFICATES: [&str; 3] = ["root.cer.pem", "sub.cer.pem", "responder.cer.pem"];
const CRL: &str = "crl.crl.pem";
const BUNDLE: &str = "results.bundle";

/// A ceremony nobody disturbed, and what it made.
struct Undisturbed {
    place: Place,
    script: PathBuf,
    passphrase: PathBuf,
    /// A key that its script destroys.
    gone: Option<&'static str>,
    made: BTreeMap<String, Vec<u8>>,
    lines: u32,
}

impl Undisturbed {
    /// The ceremony of [`SCRIPT`].
    fn new(name: &str) -> Self {
        let keys = ["root", "application-ca", "root-ocsp"].map(|label| (label, KeyAlgorithm::Rsa3072));
        let mut this = Self::prepared(name, SCRIPT, &keys, Some("root-ocsp"));
        this.is_held();
        this
    }

    /// That script, with keys that are ready: the same in every run, and sealed with few rounds.
    fn prepared(name: &str, script: &str, keys: &[(&str, KeyAlgorithm)], gone: Option<&'static str>) -> Self {
        use std::os::unix::fs::PermissionsExt;
        let place = Place::new(name);
        let script = place.scratch.file("script.toml", script);
        let passphrase = place.scratch.file("passphrase", "a passphrase for tests\n");
        std::fs::set_permissions(&passphrase, std::fs::Permissions::from_mode(0o600)).unwrap();
        std::fs::create_dir_all(place.folder("ready/keys")).unwrap();
        let ready = soft_keys(&place.folder("ready/keys"));
        for (label, kind) in keys {
            ready.create(&KeyLabel::parse(label).unwrap(), *kind).unwrap();
        }
        Self { place, script, passphrase, gone, made: BTreeMap::new(), lines: 0 }
    }

    /// Holds it from end to end, with the keys that are ready.
    fn is_held(&mut self) {
        done(self.ceremony("rehearse", "undisturbed", None).arg("--with-keys").arg(self.place.folder("ready/keys")));
        self.made = self.made_in("undisturbed");
        let journal = std::fs::read_to_string(self.place.folder("undisturbed/journal")).unwrap();
        self.lines = u32::try_from(journal.lines().count()).unwrap();
    }

    fn ceremony(&self, act: &str, folder: &str, fault: Option<Fault>) -> std::process::Command {
        let mut command = self.place.ceremony(act, &self.script, folder, fault);
        command.arg("--passphrase-file").arg(&self.passphrase);
        command
    }

    /// What a ceremony made; of its bundle what is signed, since the key of the record is another each time.
    fn made_in(&self, folder: &str) -> BTreeMap<String, Vec<u8>> {
        let mut made = self.place.made(folder);
        if let Ok(bundle) = std::fs::read_to_string(self.place.folder(folder).join(BUNDLE)) {
            made.insert(BUNDLE.to_owned(), bundle.split("\n-----BEGIN").next().unwrap().as_bytes().to_vec());
        }
        made
    }

    /// What there is after a ceremony was killed at `fault` and resumed, and the serials that are burnt.
    fn struck(&self, fault: Fault) -> (BTreeMap<String, Vec<u8>>, Vec<String>) {
        let folder = format!("{fault}").replace(':', "-");
        let keys = self.place.folder("ready/keys");
        let killed = self.ceremony("rehearse", &folder, Some(fault)).arg("--with-keys").arg(&keys).output().unwrap();
        assert!(!killed.status.success() && text(&killed).contains(STRUCK), "{fault}: {}", text(&killed));
        // Before its first line nothing has happened: it is begun, not resumed.
        let first = fault.step == Step::CeremonyWritten && fault.occurrence == 1;
        let act = if first { "rehearse" } else { "resume" };
        done(self.ceremony(act, &folder, None).arg("--with-keys").arg(&keys));
        let query = "select lower(hex(serial)) from certificate where der is null";
        let database = self.place.folder(&folder).join("ceremony.db");
        let said = std::process::Command::new("sqlite3").arg(&database).arg(query).output().unwrap();
        let burnt = String::from_utf8(said.stdout).unwrap().lines().map(str::to_owned).collect();
        let verified =
            tool(super::PROGRAM, "ceremony record --verify {}", &[&self.place.folder(&folder).join("record.json")]);
        assert!(verified.status.success(), "{fault}: {}", text(&verified));
        if let Some(gone) = self.gone {
            let key = self.place.folder(&folder).join(format!("keys/{gone}.key.pem"));
            assert!(!key.exists(), "{fault}: the key is destroyed");
        }
        (self.made_in(&folder), burnt)
    }

    /// Nothing was lost: the same files.
    fn same(&self, fault: Fault) {
        let (made, burnt) = self.struck(fault);
        assert!(burnt.is_empty(), "{fault}: {burnt:?}");
        self.differ_in(fault, &made, &[]);
    }

    /// The files that differ are these and no others.
    fn differ_in(&self, fault: Fault, made: &BTreeMap<String, Vec<u8>>, wanted: &[&str]) {
        assert_eq!(made.keys().collect::<Vec<_>>(), self.made.keys().collect::<Vec<_>>(), "{fault}");
        let differ: Vec<&str> = made
            .iter()
            .filter(|(name, octets)| self.made.get(*name) != Some(octets))
            .map(|(name, _)| name.as_str())
            .collect();
        let mut wanted = wanted.to_vec();
        wanted.sort_unstable();
        assert_eq!(differ, wanted, "{fault}");
    }

    /// The outcome of the signature of `certificate` was lost: its serial is burnt, it has another, and nothing else differs but
    /// `with_it`.
    fn lost(&self, fault: Fault, certificate: &str, with_it: &[&str]) -> (BTreeMap<String, Vec<u8>>, SerialNumber) {
        let (made, burnt) = self.struck(fault);
        let [burnt] = burnt.as_slice() else { panic!("{fault}: one serial is burnt: {burnt:?}") };
        self.differ_in(fault, &made, &[&[certificate], with_it].concat());
        let read = |made: &BTreeMap<String, Vec<u8>>| {
            let pem = pem::parse(&made[certificate]).unwrap();
            Certificate::from_der(pem.contents()).unwrap()
        };
        let (first, second) = (read(&self.made), read(&made));
        assert_eq!(first.serial().to_hex(), *burnt, "{fault}: what an undisturbed run gives is what is burnt");
        assert_ne!(second.serial(), first.serial(), "{fault}");
        assert_eq!(
            (second.subject().as_der(), second.validity(), second.key()),
            (first.subject().as_der(), first.validity(), first.key()),
            "{fault}"
        );
        (made, first.serial().clone())
    }
}

fn killed(step: Step, occurrence: u32, blow: Blow) -> Fault {
    Fault { step, occurrence, blow }
}

fn list(made: &BTreeMap<String, Vec<u8>>) -> CertificateList {
    CertificateList::parse(pem::parse(&made[CRL]).unwrap().contents()).unwrap()
}

fn listed(made: &BTreeMap<String, Vec<u8>>) -> Vec<SerialNumber> {
    list(made).entries.into_iter().map(|entry| entry.serial).collect()
}

#[test]
fn killed_before_each_line_of_the_journal_it_gives_the_same() {
    let undisturbed = Undisturbed::new("killed-lines");
    assert_eq!(
        undisturbed.lines,
        1 + 1 + 8 * 3 + 1,
        "opened, confirmed; confirmed, begun and done of each step; closed"
    );
    for occurrence in 1..=undisturbed.lines {
        undisturbed.same(killed(Step::CeremonyWritten, occurrence, Blow::PowerCutBefore));
    }
    undisturbed.same(killed(Step::CeremonyWritten, undisturbed.lines, Blow::PowerCutAfter));
}

#[test]
fn killed_at_each_commit_it_gives_the_same_or_burns_what_was_lost() {
    let undisturbed = Undisturbed::new("killed-commits");
    for occurrence in 1..=3 {
        undisturbed.same(killed(Step::IntentsRecorded, occurrence, Blow::PowerCutBefore));
        undisturbed.same(killed(Step::CertificatesRecorded, occurrence, Blow::PowerCutAfter));
        undisturbed.same(killed(Step::Setup, occurrence, Blow::PowerCutBefore));
        undisturbed.same(killed(Step::Setup, occurrence, Blow::PowerCutAfter));
        lost(&undisturbed, killed(Step::IntentsRecorded, occurrence, Blow::PowerCutAfter));
        lost(&undisturbed, killed(Step::CertificatesRecorded, occurrence, Blow::PowerCutBefore));
    }
    undisturbed.same(killed(Step::CrlNumberTaken, 1, Blow::PowerCutBefore));
    undisturbed.same(killed(Step::CrlStored, 1, Blow::PowerCutAfter));
    for fault in
        [killed(Step::CrlNumberTaken, 1, Blow::PowerCutAfter), killed(Step::CrlStored, 1, Blow::PowerCutBefore)]
    {
        let (made, burnt) = undisturbed.struck(fault);
        assert!(burnt.is_empty(), "{fault}");
        undisturbed.differ_in(fault, &made, &[CRL]);
        assert_eq!(list(&made).number, Some(2), "{fault}: a number is never used twice");
    }
}

fn lost(undisturbed: &Undisturbed, fault: Fault) {
    let struck = CERTIFICATES[usize::try_from(fault.occurrence).unwrap() - 1];
    let (made, burnt) = undisturbed.lost(fault, struck, &[CRL]);
    assert_eq!(listed(&made), [burnt], "{fault}: it stands on the CRL");
}

#[test]
fn a_key_is_not_made_twice() {
    let undisturbed = Undisturbed::new("killed-key");
    // The third step's `done` is the 2 + 3 × 3rd line; the first key's is the fifth.
    let fault = killed(Step::CeremonyWritten, 5, Blow::PowerCutBefore);
    let ran = undisturbed.ceremony("rehearse", "key", Some(fault)).output().unwrap();
    assert!(text(&ran).contains(STRUCK), "{}", text(&ran));
    let key = undisturbed.place.folder("key/keys/root.key.pem");
    let made = std::fs::read(&key).unwrap();
    done(&mut undisturbed.ceremony("resume", "key", None));
    assert_eq!(std::fs::read(&key).unwrap(), made);
}
