//! A ceremony that counts, at a terminal: `script` (1) of Debian's bsdutils is the terminal, and each person types their name.

use super::{PROGRAM, Place, code, done};
use ca_core::id::KeyLabel;
use ca_core::signer::Signer;
use lgpki_tests::token::{MODULE, TOKEN, with_token};
use lgpki_tests::tools::{openssl, text, tool};
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

const SCRIPT: &str = r#"[ceremony]
name = "held"
title = { ja = "設立", en = "Founding" }
place = "Tokyo"
begins = 2026-11-22T01:00:00Z
repository-url = "http://repository.lgpki.example"
packs = ["lgwan-private"]

[person.master]
name = "佐藤 花子"
role = "master"

[person.witness]
name = "田中 恵子"
role = "witness"

[[step]]
id = "root-key"
by = "master"
witnesses = ["witness"]
see = "the words of the key"
act = "make-key"
key = "root"
kind = "p384"
store = "folder"

[[step]]
id = "root"
by = "master"
witnesses = ["witness"]
see = "the words of the certificate"
act = "certificate"
authority = "root"
key = "root"
"#;

const CRL: &str = "\n[[step]]\nid = \"list\"\nby = \"master\"\nsee = \"x\"\nact = \"crl\"\nauthority = \"root\"\n";

struct AtTerminal {
    place: Place,
    passphrase: PathBuf,
}

impl AtTerminal {
    fn new(name: &str) -> Self {
        let place = Place::new(name);
        let passphrase = place.scratch.file("passphrase", "a passphrase for tests\n");
        std::fs::set_permissions(&passphrase, std::fs::Permissions::from_mode(0o600)).unwrap();
        Self { place, passphrase }
    }

    /// `lgpki ceremony ACT SCRIPT …` at a terminal, at which these lines are typed.
    fn typed(&self, act: &str, script: &Path, more: &[&str], lines: &[&str]) -> Output {
        let line = format!(
            "'{PROGRAM}' ceremony {act} '{}' --passphrase-file '{}' {}",
            script.display(),
            self.passphrase.display(),
            more.join(" ")
        );
        let mut terminal = Command::new("script");
        terminal.args(["--quiet", "--return", "--command", &line, "/dev/null"]).env("LC_ALL", "C.UTF-8");
        let mut terminal =
            terminal.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut keyboard = terminal.stdin.take().unwrap();
        keyboard.write_all(lines.iter().map(|line| format!("{line}\n")).collect::<String>().as_bytes()).unwrap();
        let output = terminal.wait_with_output();
        drop(keyboard);
        output.unwrap()
    }
}

#[test]
fn each_person_types_their_name_and_another_name_is_asked_for_again() {
    let at = AtTerminal::new("held");
    let script = at.place.scratch.file("held.toml", SCRIPT);
    let (master, witness) = ("佐藤 花子", "田中 恵子");
    let lines = [master, witness, "田中 恵子", master, witness, witness, master, witness];
    let held = at.typed("run", &script, &[], &lines);
    let said = text(&held);
    assert!(held.status.success(), "{said}");
    assert_eq!(said.matches("that is not the name in the script").count(), 2, "{said}");
    assert!(!said.contains("REHEARSAL"), "{said}");
    let folder = at.place.folder("held");
    let subject = text(&openssl("x509 -noout -subject -in {}", &[&folder.join("root.cer.pem")]));
    assert!(subject.contains("Sample Root CA") && !subject.contains("TEST"), "{subject}");
    let record: serde_json::Value =
        serde_json::from_slice(&std::fs::read(folder.join("record.json")).unwrap()).unwrap();
    assert_eq!(record["rehearsal"], false);
    let confirmed: Vec<_> =
        record["steps"].as_array().unwrap().iter().flat_map(|step| step["confirmed"].as_array().unwrap()).collect();
    assert_eq!(confirmed.len(), 4);
    let opening: Vec<_> = record["opening"].as_array().unwrap().iter().map(|one| one[0].as_str().unwrap()).collect();
    assert_eq!(opening, [master, witness]);
    assert!(confirmed.iter().all(|one| one[1] == "terminal"), "{confirmed:?}");
    let page = std::fs::read_to_string(folder.join("record.html")).unwrap();
    assert!(!page.contains("予行演習") && page.contains("佐藤 花子"), "{page}");
}

#[test]
fn a_ceremony_that_counts_makes_its_keys_in_the_real_token() {
    with_token(|hsm| {
        let at = AtTerminal::new("held-token");
        let token = format!(
            "[token.hsm]\nmodule = \"{MODULE}\"\ntoken = \"{TOKEN}\"\nrehearsal-token = \"another\"\n\n[[step]]"
        );
        let source = SCRIPT.replacen("[[step]]", &token, 1).replace("store = \"folder\"", "store = \"hsm\"");
        let script = at.place.scratch.file("held.toml", source);
        let pin = format!("--token-pin-file=hsm={}", hsm.pin_file().display());
        let (master, witness) = ("佐藤 花子", "田中 恵子");
        let held = at.typed("run", &script, &[&pin], &[master, witness, master, witness, master, witness]);
        assert!(held.status.success(), "{}", text(&held));
        let key = hsm.keys().public_key(&KeyLabel::parse("root").unwrap()).unwrap();
        let public = std::fs::read(at.place.folder("held/root-key.pub.pem")).unwrap();
        assert_eq!(pem::parse(public).unwrap().contents(), key.spki_der());
        let keys: Vec<_> =
            std::fs::read_dir(at.place.folder("held/keys")).unwrap().map(|one| one.unwrap().file_name()).collect();
        assert_eq!(keys, ["ceremony-record.key.pem"], "the authority's key is in the token");
    });
}

#[test]
fn custodians_type_the_passphrases_of_their_shares() {
    let at = AtTerminal::new("held-custodians");
    let people = "[person.one]\nname = \"鈴木 一郎\"\nrole = \"custodian\"\n\n[person.two]\nname = \"高橋 次郎\"\nrole = \"custodian\"\n\n[[step]]";
    let shared = "\n[[step]]\nid = \"shared\"\nby = \"master\"\nsee = \"x\"\nact = \"share-secret\"\nstore = \"folder\"\n\
                  least = 2\ncustodians = [\"one\", \"two\"]\n";
    let with_people = SCRIPT.replacen("[[step]]", people, 1);
    let script = at.place.scratch.file("held.toml", format!("{with_people}{shared}"));
    let (master, witness, one, two) = ("佐藤 花子", "田中 恵子", "鈴木 一郎", "高橋 次郎");
    let (first, second) = ("only the first knows this", "only the second knows this");
    let opening = [master, witness, one, two];
    let steps = [master, witness, master, witness, master, first, first, second, second];
    let held = at.typed("run", &script, &[], &[opening.as_slice(), &steps].concat());
    assert!(held.status.success(), "{}", text(&held));

    let head = with_people.split("\n[[step]]").next().unwrap();
    let later = at.place.scratch.file("later.toml", format!("{head}{CRL}"));
    let mut shares: Vec<PathBuf> =
        std::fs::read_dir(at.place.folder("held/shares")).unwrap().map(|entry| entry.unwrap().path()).collect();
    shares.sort();
    let of = format!("--of '{}'", at.place.folder("held").display());
    let brought = shares.iter().map(|share| format!("--share '{}'", share.display())).collect::<Vec<_>>().join(" ");
    let typed = |first: &str| {
        let lines = [&[first, second], opening.as_slice(), &[master]].concat();
        at.typed("run", &later, &[&of, &brought], &lines)
    };
    let refused = typed("what somebody guesses");
    assert_eq!(code(&refused), 3, "{}", text(&refused));
    let next = typed(first);
    assert!(next.status.success(), "{}", text(&next));
    assert!(text(&next).contains("folder was opened by 鈴木 一郎, 高橋 次郎"), "{}", text(&next));
}

#[test]
fn nobody_at_the_terminal_confirms_nothing_and_it_is_resumed_at_one() {
    let at = AtTerminal::new("held-resumed");
    let script = at.place.scratch.file("held.toml", SCRIPT);
    let nobody = Command::new(PROGRAM).args(["ceremony", "run"]).arg(&script).stdin(Stdio::null()).output().unwrap();
    assert_eq!(code(&nobody), 3, "{}", text(&nobody));
    assert!(text(&nobody).contains("nobody can confirm"), "{}", text(&nobody));
    // The witness has gone: what the master confirmed stays, and the rest is done when they are back.
    let left = at.typed("run", &script, &[], &["佐藤 花子", "田中 恵子", "佐藤 花子", "\u{4}"]);
    assert_eq!(code(&left), 7, "{}", text(&left));
    assert!(text(&left).contains("田中 恵子 has not confirmed root-key"), "{}", text(&left));
    let key = std::fs::read(at.place.folder("held/root-key.pub.pem")).unwrap();
    let resumed = at.typed("resume", &script, &[], &["田中 恵子", "佐藤 花子", "田中 恵子"]);
    assert!(resumed.status.success(), "{}", text(&resumed));
    assert_eq!(std::fs::read(at.place.folder("held/root-key.pub.pem")).unwrap(), key);
}

#[test]
fn a_record_is_shown_written_again_and_names_the_ceremony_before() {
    let place = Place::new("held-record");
    let script = place.scratch.file("held.toml", SCRIPT);
    let later = format!("{}{CRL}", SCRIPT.split("\n[[step]]").next().unwrap());
    let later = place.scratch.file("later.toml", later);
    done(&mut place.ceremony("rehearse", &script, "first", None));
    let record = |script: &Path, folder: &str, more: &[&str]| {
        let mut command = Command::new(PROGRAM);
        command.args(["ceremony", "record"]).arg(script).arg("--folder").arg(place.folder(folder)).args(more);
        command.stdin(Stdio::null()).output().unwrap()
    };
    let shown = record(&script, "first", &[]);
    assert!(shown.status.success(), "{}", text(&shown));
    let first = std::fs::read(place.folder("first/record.json")).unwrap();
    let sha256 = ca_core::digest::hex(&ca_core::digest::sha256(&first));
    for wanted in [sha256.as_str(), "make the key root (p384) in folder", "佐藤 花子, 田中 恵子", "record.html"]
    {
        assert!(text(&shown).contains(wanted), "{wanted} in {}", text(&shown));
    }
    let json = record(&script, "first", &["--format", "json"]);
    assert_eq!(String::from_utf8(json.stdout).unwrap().trim(), String::from_utf8(first.clone()).unwrap().trim());

    // Lost, it is written again from the journal: the same octets, under a new signature.
    for ending in ["json", "seal", "html"] {
        std::fs::remove_file(place.folder("first/record").with_extension(ending)).unwrap();
    }
    let refused = place.ceremony("rehearse", &later, "second", None).arg("--of").arg(place.folder("first")).output();
    let refused = refused.unwrap();
    assert_eq!(code(&refused), 7, "{}", text(&refused));
    assert!(text(&refused).contains("its record is missing"), "{}", text(&refused));
    let again = record(&script, "first", &[]);
    assert!(again.status.success() && text(&again).contains("written again"), "{}", text(&again));
    assert_eq!(std::fs::read(place.folder("first/record.json")).unwrap(), first);

    done(place.ceremony("rehearse", &later, "second", None).arg("--of").arg(place.folder("first")));
    let read: serde_json::Value =
        serde_json::from_slice(&std::fs::read(place.folder("second/record.json")).unwrap()).unwrap();
    assert_eq!(read["earlier"]["record"]["sha256"], sha256);
    assert_eq!(read["earlier"]["record"]["words"].as_str().unwrap().lines().count(), 4);
    let page = std::fs::read_to_string(place.folder("second/record.html")).unwrap();
    assert!(page.contains(&sha256), "{page}");
    let verified = tool(PROGRAM, "ceremony record --verify {}", &[&place.folder("second/record.json")]);
    assert!(verified.status.success() && text(&verified).contains(&sha256), "{}", text(&verified));

    // A record of another script, of a ceremony that goes on, and with another thing beside it.
    assert_eq!(code(&record(&later, "first", &[])), 7);
    assert_eq!(code(&record(&script, "nowhere", &[])), 2);
    std::fs::copy(place.folder("first/root-key.pub.pem"), place.folder("first/root.cer.pem")).unwrap();
    let changed = record(&script, "first", &[]);
    assert_eq!(code(&changed), 6, "{}", text(&changed));
    assert!(text(&changed).contains("root.cer.pem beside it is another"), "{}", text(&changed));
}
