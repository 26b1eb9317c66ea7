//! Key stores of ceremonies that open for several custodians only: shared in one ceremony, opened in the next by as many as it
//! takes, and never by fewer; with software keys and with a token.

use super::{Place, code, done};
use lgpki_tests::interruptions::{Blow, Fault, STRUCK};
use lgpki_tests::token::{MODULE, TOKEN, with_token};
use lgpki_tests::tools::{openssl, text};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use store::Step;

const CUSTODIANS: [(&str, &str); 3] = [("one", "鈴木 一郎"), ("two", "高橋 次郎"), ("three", "伊藤 三奈")];

/// The script of a ceremony with keys in that store, and these steps.
fn script(store: &str, steps: &[&str]) -> String {
    let mut text = format!(
        "[ceremony]\nname = \"shared\"\ntitle = {{ ja = \"試験\", en = \"Test\" }}\nplace = \"here\"\n\
         begins = 2026-11-22T01:00:00Z\nrepository-url = \"http://repository.lgpki.example\"\n\
         packs = [\"lgwan-private\"]\n\n[person.master]\nname = \"佐藤 花子\"\nrole = \"master\"\n\n\
         [token.hsm]\nmodule = \"{MODULE}\"\ntoken = \"never used\"\nrehearsal-token = \"{TOKEN}\"\n\n"
    );
    if store == "folder" {
        text = text.split("[token.hsm]").next().unwrap().to_owned();
    }
    for (id, name) in CUSTODIANS {
        text += &format!("[person.{id}]\nname = \"{name}\"\nrole = \"custodian\"\n\n");
    }
    for (number, step) in steps.iter().enumerate() {
        let step = step.replace("STORE", store);
        text += &format!("[[step]]\nid = \"step-{number}\"\nby = \"master\"\nsee = \"x\"\n{step}\n\n");
    }
    text
}

const KEY: &str = "act = \"make-key\"\nkey = \"root\"\nkind = \"p384\"\nstore = \"STORE\"";
const SHARE: &str = "act = \"share-secret\"\nstore = \"STORE\"\nleast = 2\ncustodians = [\"one\", \"two\", \"three\"]";
const ROOT: &str = "act = \"certificate\"\nauthority = \"root\"\nkey = \"root\"";
const CRL: &str = "act = \"crl\"\nauthority = \"root\"";

struct Room {
    place: Place,
    secret: Vec<String>,
}

impl Room {
    /// A room for ceremonies whose store opens with `secret` at first: arguments of the command.
    fn new(name: &str, secret: Vec<String>) -> Self {
        let place = Place::new(name);
        std::fs::write(&place.answers, "every-step = [\"佐藤 花子\", \"鈴木 一郎\", \"高橋 次郎\", \"伊藤 三奈\"]\n")
            .unwrap();
        for (id, _) in CUSTODIANS {
            private(&place, &format!("{id}.txt"), &format!("the passphrase of {id}\n"));
        }
        Self { place, secret }
    }

    fn soft(name: &str) -> Self {
        let room = Self::new(name, Vec::new());
        let file = private(&room.place, "passphrase", "what opens it at first\n");
        Self { secret: vec!["--passphrase-file".into(), file.display().to_string()], ..room }
    }

    fn command(&self, act: &str, script: &Path, folder: &str, fault: Option<Fault>) -> Command {
        let mut command = self.place.ceremony(act, script, folder, fault);
        command.args(&self.secret);
        for (id, _) in CUSTODIANS {
            let file = self.place.scratch.path().join(format!("{id}.txt"));
            command.args(["--share-passphrase-file", &format!("{id}={}", file.display())]);
        }
        command
    }

    /// The share files a ceremony made, in the order of their numbers.
    fn shares(&self, folder: &str) -> Vec<PathBuf> {
        let entries = std::fs::read_dir(self.place.folder(folder).join("shares")).unwrap();
        let mut files: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
        files.sort();
        files
    }

    /// The next ceremony, with the shares of these.
    fn next(&self, script: &Path, folder: &str, shares: &[&PathBuf]) -> Output {
        let mut command = self.command("rehearse", script, folder, None);
        command.arg("--of").arg(self.place.folder("first"));
        shares.iter().for_each(|share| {
            command.arg("--share").arg(share);
        });
        command.output().unwrap()
    }
}

fn private(place: &Place, name: &str, text: &str) -> PathBuf {
    let file = place.scratch.file(name, text);
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600)).unwrap();
    file
}

fn shared_here_and_opened_by_two_of_three(room: &Room, store: &str) {
    let first = room.place.scratch.file("first.toml", script(store, &[KEY, SHARE, ROOT]));
    let said = done(&mut room.command("rehearse", &first, "first", None));
    assert!(said.contains(&format!("any 2 of 3 custodians open {store}: 鈴木 一郎, 高橋 次郎, 伊藤 三奈")), "{said}");
    let shares = room.shares("first");
    assert_eq!(shares.len(), 3);

    let next = room.place.scratch.file("next.toml", script(store, &[CRL]));
    let refused = |output: &Output, why: &str| {
        assert_eq!(code(output), 7, "{}", text(output));
        assert!(text(output).contains(why), "{}", text(output));
    };
    refused(&room.next(&next, "nobody", &[]), &format!("the key store {store} opens for its custodians alone"));
    refused(&room.next(&next, "alone", &[&shares[0]]), "1 of 2 custodians are here");
    refused(&room.next(&next, "twice", &[&shares[0], &shares[0]]), "the share was not taken");
    let held = room.next(&next, "second", &[&shares[2], &shares[0]]);
    assert!(held.status.success(), "{}", text(&held));
    assert!(text(&held).contains(&format!("{store} was opened by")), "{}", text(&held));
    let list = openssl(
        "crl -noout -verify -CAfile {} -in {}",
        &[&room.place.folder("first/step-2.cer.pem"), &room.place.folder("second/step-0.crl.pem")],
    );
    assert!(list.status.success() && text(&list).contains("verify OK"), "{}", text(&list));
    let record = std::fs::read_to_string(room.place.folder("second/record.json")).unwrap();
    let read: serde_json::Value = serde_json::from_str(&record).unwrap();
    assert_eq!(read["activated"][0][0], store);
    let came: Vec<&str> =
        read["activated"][0][1].as_array().unwrap().iter().map(|name| name.as_str().unwrap()).collect();
    assert_eq!((came.len(), came.contains(&"高橋 次郎")), (2, false), "{came:?}");
    let page = std::fs::read_to_string(room.place.folder("second/record.html")).unwrap();
    assert!(page.contains("opened by its custodians"), "{page}");

    // A custodian leaves: those who are there share a new secret, and the shares of before open nothing.
    let again = room.place.scratch.file("again.toml", script(store, &[SHARE, CRL]));
    let held = room.next(&again, "third", &[&shares[0], &shares[1]]);
    assert!(held.status.success(), "{}", text(&held));
    refused(&room.next(&next, "void", &[&shares[0], &shares[1]]), "opens nothing any more");
    let anew = room.shares("third");
    let held = room.next(&next, "fourth", &[&anew[1], &anew[2]]);
    assert!(held.status.success(), "{}", text(&held));
}

#[test]
fn a_folder_of_keys_opens_for_two_of_three() {
    shared_here_and_opened_by_two_of_three(&Room::soft("custodians"), "folder");
}

#[test]
fn a_token_opens_for_two_of_three() {
    with_token(|hsm| {
        // The token's module reads its place from the environment, which the ceremonies inherit.
        let pin = format!("hsm={}", hsm.pin_file().display());
        let room = Room::new("custodians-token", vec!["--token-pin-file".into(), pin]);
        shared_here_and_opened_by_two_of_three(&room, "hsm");
    });
}

#[test]
fn killed_while_a_secret_is_shared_somebody_can_open_the_store() {
    for (occurrence, blow, taken) in [
        (1, Blow::PowerCutBefore, false),
        (1, Blow::PowerCutAfter, false),
        (2, Blow::PowerCutBefore, true),
        (2, Blow::PowerCutAfter, true),
    ] {
        let room = Room::soft(&format!("custodians-killed-{occurrence}-{blow:?}"));
        let first = room.place.scratch.file("first.toml", script("folder", &[KEY, SHARE, ROOT]));
        let fault = Fault { step: Step::Setup, occurrence, blow };
        let killed = room.command("rehearse", &first, "first", Some(fault)).output().unwrap();
        assert!(!killed.status.success() && text(&killed).contains(STRUCK), "{fault}: {}", text(&killed));
        let shares = room.shares("first");
        assert_eq!(shares.len(), 3, "{fault}");
        let mut resumed = room.command("resume", &first, "first", None);
        if taken {
            // The old passphrase opens nothing any more, and the new shares do.
            assert!(!room.command("resume", &first, "first", None).output().unwrap().status.success(), "{fault}");
            resumed.arg("--share").arg(&shares[1]).arg("--share").arg(&shares[2]);
        }
        done(&mut resumed);
        let next = room.place.scratch.file("next.toml", script("folder", &[CRL]));
        let in_force =
            room.shares("first").into_iter().filter(|file| taken || !shares.contains(file)).collect::<Vec<_>>();
        let held = room.next(&next, "second", &[&in_force[0], &in_force[1]]);
        assert!(held.status.success(), "{fault}: {}", text(&held));
    }
}
