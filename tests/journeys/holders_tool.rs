//! The holders' tool as a person uses it: a key in a file or in a token, a request signed with it. OpenSSL and the
//! registration's own reader judge the request, GnuTLS looks into the token, which is SoftHSM's.

use ca_core::key::KeyAlgorithm;
use ca_core::request::Csr;
use lgpki_tests::tools::{Scratch, openssl, text};
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

use super::PROGRAM;

const MODULE: &str = "/usr/lib/softhsm/libsofthsm2.so";
const TOKEN: &str = "町長 token";
const PIN: &str = "84216973";
const NAMES: &str = "--profile web-server --dns www.town.shirakaba.lg.jp --dns town.shirakaba.lg.jp";

/// Somebody's desk: a folder, a passphrase, and perhaps a token.
struct Desk {
    scratch: Scratch,
}

impl Desk {
    fn new(name: &str) -> Self {
        let desk = Self { scratch: Scratch::new(name) };
        desk.secret("passphrase", "open sesame");
        desk
    }

    /// With an initialised token, and a second, empty module configuration.
    fn with_token(name: &str, settings: &str) -> Self {
        let desk = Self::new(name);
        let tokens = desk.path("tokens");
        std::fs::create_dir(&tokens).unwrap();
        let tokens = tokens.display();
        desk.scratch.file("softhsm2.conf", format!("directories.tokendir = {tokens}\nlog.level = ERROR\n{settings}\n"));
        desk.secret("pin", PIN);
        let made = desk
            .command("softhsm2-util")
            .args(["--init-token", "--free", "--label", TOKEN, "--so-pin", "12345678", "--pin", PIN])
            .output()
            .expect("softhsm2-util is installed; mend with: apt-get install softhsm2");
        assert!(made.status.success(), "{}", text(&made));
        desk
    }

    fn path(&self, name: &str) -> PathBuf {
        self.scratch.path().join(name)
    }

    /// A file only its owner reads.
    fn secret(&self, name: &str, content: &str) {
        let path = self.scratch.file(name, content);
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600)).unwrap();
    }

    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command.current_dir(self.scratch.path()).stdin(Stdio::null());
        command.env("SOFTHSM2_CONF", self.path("softhsm2.conf"));
        command
    }

    /// Runs the tool: the words of `line`, then `more`.
    fn lgpki(&self, line: &str, more: &[&str]) -> Output {
        self.command(PROGRAM).args(line.split_whitespace()).args(more).output().unwrap()
    }

    #[track_caller]
    fn done(&self, line: &str, more: &[&str]) -> String {
        let output = self.lgpki(line, more);
        assert!(output.status.success(), "{line}: {}", text(&output));
        text(&output)
    }

    /// Runs the tool where it refuses; the exit code and what it said, which has all three parts.
    #[track_caller]
    fn refused(&self, line: &str, more: &[&str]) -> (i32, String) {
        let output = self.lgpki(line, more);
        let said = text(&output);
        assert!(!output.status.success(), "{line}: {said}");
        (output.status.code().unwrap(), said)
    }

    /// As [`Desk::done`], for the key with that label in the token.
    #[track_caller]
    fn done_in_token(&self, line: &str, label: &str) -> String {
        self.done(line, &in_token(MODULE, TOKEN, label))
    }

    /// OpenSSL and our reader accept the request; its public key.
    #[track_caller]
    fn judged(&self, request: &str, algorithm: KeyAlgorithm) -> Vec<u8> {
        let path = self.path(request);
        let said = openssl("req -verify -noout -subject -in {}", &[&path]);
        assert!(said.status.success() && text(&said).contains("verify OK"), "{}", text(&said));
        assert!(text(&said).contains("CN = www.town.shirakaba.lg.jp"), "{}", text(&said));
        let csr = Csr::parse(&std::fs::read(&path).unwrap()).unwrap();
        assert_eq!(csr.requested_dns_names(), ["www.town.shirakaba.lg.jp", "town.shirakaba.lg.jp"]);
        assert_eq!(csr.key().algorithm(), algorithm);
        csr.prove().unwrap().into_parts().0.spki_der().to_vec()
    }

    /// The public key of a key file, by OpenSSL.
    #[track_caller]
    fn public_key(&self, file: &str) -> Vec<u8> {
        let arguments = ["pkey", "-pubout", "-outform", "DER", "-passin", "file:passphrase", "-in", file];
        let said = self.command("openssl").args(arguments).output().unwrap();
        assert!(said.status.success(), "{}", text(&said));
        said.stdout
    }
}

fn in_token<'a>(module: &'a str, token: &'a str, label: &'a str) -> [&'a str; 8] {
    ["--token-module", module, "--token", token, "--key-label", label, "--pin-file", "pin"]
}

/// What happened and what to do; the reason stands between them where there is one.
#[track_caller]
fn has_all_parts(said: &str) {
    assert!(said.contains("lgpki: ") && said.contains("\n  to do: "), "{said}");
}

#[test]
fn a_key_in_a_file_signs_a_request() {
    let desk = Desk::new("holder-files");
    for (kind, algorithm) in [
        ("p256", KeyAlgorithm::P256),
        ("p384", KeyAlgorithm::P384),
        ("rsa2048", KeyAlgorithm::Rsa2048),
        ("rsa4096", KeyAlgorithm::Rsa4096),
    ] {
        desk.done(&format!("key new --algorithm {kind} --out {kind}.key --passphrase-file passphrase"), &[]);
        desk.done(&format!("csr new {NAMES} --key {kind}.key --out {kind}.csr --passphrase-file passphrase"), &[]);
        assert_eq!(desk.judged(&format!("{kind}.csr"), algorithm), desk.public_key(&format!("{kind}.key")));
        let file = std::fs::read_to_string(desk.path(&format!("{kind}.key"))).unwrap();
        assert!(file.starts_with("-----BEGIN ENCRYPTED PRIVATE KEY-----\n"), "{file}");
        let mode = std::fs::metadata(desk.path(&format!("{kind}.key"))).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
}

#[test]
fn key_and_request_are_made_in_one_go() {
    let desk = Desk::new("holder-both");
    let said =
        desk.done(&format!("csr new {NAMES} --new-key --algorithm p384 --key k.pem --out r.csr --no-passphrase"), &[]);
    assert!(said.contains("not sealed") && said.contains("request: r.csr"), "{said}");
    assert_eq!(desk.judged("r.csr", KeyAlgorithm::P384), desk.public_key("k.pem"));
}

#[test]
fn nothing_is_ever_overwritten() {
    let desk = Desk::new("holder-overwrite");
    desk.done("key new --out k.pem --no-passphrase", &[]);
    let before = std::fs::read(desk.path("k.pem")).unwrap();
    for line in [
        "key new --out k.pem --no-passphrase",
        &format!("csr new {NAMES} --new-key --key k.pem --out r.csr --no-passphrase"),
    ] {
        let (code, said) = desk.refused(line, &[]);
        assert!(code == 7 && said.contains("k.pem exists already"), "{code}: {said}");
        has_all_parts(&said);
    }
    assert_eq!(std::fs::read(desk.path("k.pem")).unwrap(), before);
    desk.done(&format!("csr new {NAMES} --key k.pem --out r.csr"), &[]);
    let (code, said) =
        desk.refused(&format!("csr new {NAMES} --new-key --key other.pem --out r.csr --no-passphrase"), &[]);
    assert!(code == 7 && said.contains("r.csr exists already"), "{code}: {said}");
    assert!(!desk.path("other.pem").exists(), "no key is made for a request that cannot be written");
}

#[test]
fn what_a_key_file_lacks_is_said_with_the_way_out() {
    let desk = Desk::new("holder-key-trouble");
    desk.done("key new --out sealed.pem --passphrase-file passphrase", &[]);
    desk.secret("wrong", "close sesame");
    desk.secret("ec.pem", "-----BEGIN EC PRIVATE KEY-----\nMHc=\n-----END EC PRIVATE KEY-----\n");
    desk.scratch.file("open.pem", "anything");
    let csr = |key: &str, more: &[&str]| desk.refused(&format!("csr new {NAMES} --out r.csr --key {key}"), more);
    for (key, more, code, why) in [
        ("sealed.pem", &["--passphrase-file", "wrong"][..], 3, "the passphrase is wrong"),
        ("sealed.pem", &[], 3, "no terminal to ask at"),
        ("missing.pem", &[], 2, "missing.pem"),
        ("ec.pem", &[], 2, "openssl pkcs8 -topk8"),
        ("open.pem", &[], 3, "chmod 600"),
    ] {
        let (found, said) = csr(key, more);
        assert!(found == code && said.contains(why), "{key}: {found}: {said}");
        has_all_parts(&said);
    }
    let (code, said) = desk.refused("key new --out new.pem", &[]);
    assert!(code == 3 && said.contains("--passphrase-file"), "{said}");
    assert!(!desk.path("new.pem").exists() && !desk.path("r.csr").exists());
}

#[test]
fn names_and_profiles_are_looked_at_before_a_key_is_made() {
    let desk = Desk::new("holder-names");
    for (line, code, why) in [
        ("--profile web-sever --dns www.a.lg.jp", 2, "give --profile one of: job-role, user, encryption, web-server"),
        ("--profile root-ca --dns www.a.lg.jp", 7, "made in a ceremony"),
        ("--profile ocsp-responder-sub", 7, "made in a ceremony"),
        ("--profile web-server", 2, "give --dns NAME"),
        ("--profile web-server --dns *.a.lg.jp", 2, "wildcards are not allowed"),
        ("--profile web-server --dns 町.lg.jp", 2, "character"),
        (
            "--profile web-server --dns a.x.jp --dns b.x.jp --dns c.x.jp --dns d.x.jp --dns e.x.jp --dns f.x.jp --dns g.x.jp \
          --dns h.x.jp --dns i.x.jp --dns j.x.jp --dns k.x.jp",
            2,
            "10 are allowed",
        ),
    ] {
        let (found, said) =
            desk.refused(&format!("csr new --new-key --key k.pem --out r.csr --no-passphrase {line}"), &[]);
        assert!(found == code && said.contains(why), "{line}: {found}: {said}");
        has_all_parts(&said);
    }
    assert!(!desk.path("k.pem").exists());
}

#[test]
fn a_key_is_in_a_file_or_in_a_token_and_each_has_its_own_secret() {
    let desk = Desk::with_token("holder-either", "");
    let token = in_token(MODULE, TOKEN, "k");
    for line in ["key new --out k.pem", "key new --no-passphrase", "key new --passphrase-file passphrase"] {
        assert_eq!(desk.refused(line, &token).0, 2, "{line}");
    }
    for line in [
        "key new",
        "key new --out k.pem --pin-file pin",
        "csr new --profile web-server --key k.pem --algorithm p384 --out r",
    ] {
        assert_eq!(desk.refused(line, &[]).0, 2, "{line}");
    }
    assert_eq!(desk.refused("key new", &token[..4]).0, 2, "a token without a label for the key");
    assert!(!desk.path("k.pem").exists());
}

#[test]
fn a_token_makes_the_key_and_signs_the_request() {
    let desk = Desk::with_token("holder-token", "");
    for (kind, algorithm) in [
        ("p256", KeyAlgorithm::P256),
        ("p384", KeyAlgorithm::P384),
        ("rsa2048", KeyAlgorithm::Rsa2048),
        ("rsa4096", KeyAlgorithm::Rsa4096),
    ] {
        let said = desk.done_in_token(&format!("key new --algorithm {kind}"), &format!("鍵 {kind}"));
        assert!(said.contains("cannot be taken out"), "{said}");
        desk.done_in_token(&format!("csr new {NAMES} --out {kind}.csr"), &format!("鍵 {kind}"));
        let first = desk.judged(&format!("{kind}.csr"), algorithm);
        desk.done_in_token(&format!("csr new {NAMES} --out {kind}-again.csr"), &format!("鍵 {kind}"));
        assert_eq!(desk.judged(&format!("{kind}-again.csr"), algorithm), first, "the same key signs again");
    }
    desk.done_in_token(&format!("csr new {NAMES} --new-key --out new.csr"), "both");
    desk.judged("new.csr", KeyAlgorithm::P256);
}

#[test]
fn a_key_made_in_a_token_cannot_leave_it() {
    let desk = Desk::with_token("holder-token-inside", "");
    desk.done_in_token("key new --algorithm rsa2048", "inside");
    let seen = desk
        .command("p11tool")
        .args(["--provider", MODULE, "--login", "--list-privkeys", "pkcs11:object=inside"])
        .env("GNUTLS_PIN", PIN)
        .output()
        .unwrap();
    let seen = text(&seen);
    for flag in ["CKA_PRIVATE", "CKA_NEVER_EXTRACTABLE", "CKA_SENSITIVE"] {
        assert!(seen.contains(flag), "{seen}");
    }
    assert!(!seen.contains("CKA_EXTRACTABLE"), "{seen}");
}

#[test]
fn what_a_token_lacks_is_said_with_the_way_out() {
    let desk = Desk::with_token("holder-token-trouble", "");
    desk.done_in_token("key new", "taken");
    desk.secret("empty-pin", "");
    desk.scratch.file("no-module.so", "this is no library");
    for (line, token, code, why) in [
        ("key new", in_token("/nowhere/module.so", TOKEN, "k"), 2, "no PKCS#11 module at /nowhere/module.so"),
        ("key new", in_token("no-module.so", TOKEN, "k"), 2, "no PKCS#11 module that starts"),
        ("key new", in_token(MODULE, "another", "k"), 2, "give --token one of these labels: 町長 token"),
        ("key new", in_token(MODULE, TOKEN, "taken"), 7, "has a key labelled \"taken\" already"),
        (&format!("csr new {NAMES} --out r.csr"), in_token(MODULE, TOKEN, "missing"), 2, "one of these: taken"),
    ] {
        let (found, said) = desk.refused(line, &token);
        assert!(found == code && said.contains(why), "{line}: {found}: {said}");
        has_all_parts(&said);
    }
    assert!(!desk.path("r.csr").exists());
}

#[test]
fn a_wrong_pin_is_tried_once() {
    let desk = Desk::with_token("holder-pin", "");
    desk.secret("wrong-pin", "00000000");
    let [module, of, token, label, name, key, ..] = in_token(MODULE, TOKEN, "k");
    let with_pin = |pin| [module, of, token, label, name, key, "--pin-file", pin];
    let (code, said) = desk.refused("key new", &with_pin("wrong-pin"));
    assert!(code == 3 && said.contains("is wrong") && said.contains("tried once"), "{code}: {said}");
    has_all_parts(&said);
    let (code, said) = desk.refused("key new", &[module, of, token, label, name, key]);
    assert!(code == 3 && said.contains("give --pin-file FILE or --pin-fd N"), "{code}: {said}");
    // Not an argument, and nothing taken from the environment.
    let (code, _) = desk.refused("key new --pin 84216973", &[module, of, token, label, name, key]);
    assert_eq!(code, 2);
    desk.done_in_token("key new", "k");
}

#[test]
fn a_kind_the_token_does_not_make_is_named() {
    let only_rsa = "slots.mechanisms = CKM_RSA_PKCS_KEY_PAIR_GEN,CKM_RSA_PKCS";
    let desk = Desk::with_token("holder-kinds", only_rsa);
    let (code, said) = desk.refused("key new --algorithm p256", &in_token(MODULE, TOKEN, "k"));
    assert!(code == 7 && said.contains("makes no keys of the kind p256"), "{code}: {said}");
    has_all_parts(&said);
    desk.done_in_token("key new --algorithm rsa2048", "k");
}
