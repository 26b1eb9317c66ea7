//! Requests travel: an installation asks, a ceremony acts on what it asked and on nothing else, the results go back. Older,
//! altered and foreign bundles are refused on both sides; OpenSSL judges what is issued.

use super::founded::{Founded, step};
use super::{PROGRAM, code, done};
use ca_core::digest::sha256;
use ca_core::kana::KanaWords;
use lgpki::ceremony::bundle::Bundle;
use lgpki_tests::databases::Kind;
use lgpki_tests::program::Installation;
use lgpki_tests::tools::{openssl, text};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// Twelve words of what a command said behind `before`, in one line.
fn words_in(said: &str, before: &str) -> String {
    let (_, rest) = said.split_once(before).unwrap_or_else(|| panic!("no `{before}` in: {said}"));
    rest.split_whitespace().take(12).collect::<Vec<_>>().join(" ")
}

/// Makes a key and a request for it that calls itself something else than any pack does.
fn foreign_request(folder: &Path, name: &str) -> PathBuf {
    let (key, request) = (folder.join(format!("{name}.key.pem")), folder.join(format!("{name}.csr.pem")));
    let line =
        "req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=Sample.Root.CA -keyout {} -out {}";
    assert!(openssl(line, &[&key, &request]).status.success());
    request
}

/// An installation and an offline CA that have heard each other's words.
struct Apart {
    online: Installation,
    offline: Founded,
}

impl Apart {
    fn new(name: &str) -> Self {
        Self { online: Installation::new(Kind::Sqlite), offline: Founded::new(name) }
    }

    /// `lgpki ceremony …` of the installation.
    fn ceremony(&self, act: &str) -> Command {
        let mut command = Command::new(PROGRAM);
        command.arg("--config").arg(self.online.folder().join("lgpki.toml")).args(["ceremony", act]);
        command
    }

    /// Asks for that, in a bundle beside the scripts; its words.
    fn asks(&self, bundle: &str, what: &[&str]) -> String {
        let mut command = self.ceremony("ask");
        command.arg(self.beside(bundle)).args(["--from", "the town's service"]).args(what);
        words_in(&done(&mut command), "to be read aloud to the ceremony:")
    }

    fn beside(&self, name: &str) -> PathBuf {
        self.offline.place.scratch.path().join(name)
    }

    fn takes(&self, bundle: &Path, words: &str, into: &str) -> Output {
        let mut command = self.ceremony("take");
        command.arg(bundle).args(["--words", words, "--rehearsal", "--into"]).arg(self.beside(into));
        command.output().unwrap()
    }

    fn record_words(&self, folder: &str) -> String {
        let record = std::fs::read(self.offline.at(folder, "record.json")).unwrap();
        let record: serde_json::Value = serde_json::from_slice(&record).unwrap();
        record["record_key"]["words"].as_str().unwrap().replace('\n', " ")
    }
}

fn take_step(bundle: &str, words: &str) -> String {
    step("requests", &format!("act = \"take-requests\"\nfile = \"{bundle}\"\nwords = \"{words}\""))
}

fn revoke_step() -> String {
    let act = "act = \"revoke-requested\"\nauthority = \"root\"\nrequest = \"all.revocations.json\"";
    step("revoked", act) + &step("list", "act = \"crl\"\nauthority = \"root\"")
}

fn results() -> String {
    step("results", "act = \"export\"\nbundle = \"results.bundle\"")
}

#[test]
fn what_an_installation_asks_is_done_by_the_offline_root_and_comes_back() {
    let apart = Apart::new("requests");
    let (offline, online) = (&apart.offline, &apart.online);
    let request = foreign_request(online.folder(), "application-ca-second");
    let serial = offline.serial("first", "root-ocsp.cer.pem");
    let revoke = format!("root/{serial}=superseded");
    let words = apart.asks("requests.bundle", &["--csr", request.to_str().unwrap(), "--revoke", &revoke]);

    let certificate = "act = \"certificate\"\nauthority = \"application-ca\"\ngeneration = 2";
    let cross = "act = \"cross-certificate\"\nauthority = \"bridge-ca\"\nprofile = \"cross-organisation\"";
    let sent = "request = \"application-ca-second.csr.pem\"";
    let steps = [
        take_step("requests.bundle", &words),
        step("second", &format!("{certificate}\n{sent}")),
        step("crossed", &format!("{cross}\n{sent}")),
        revoke_step(),
        step("bridge-request", "act = \"request\"\nauthority = \"bridge-ca\""),
        results(),
    ];
    let script = offline.script("later.toml", &steps);
    let ran = offline.held("rehearse", &script, "second", "first");
    assert!(ran.status.success(), "{}", text(&ran));
    let said = text(&ran);
    assert!(said.contains("bundle 1 of the town's service SHA-256"), "{said}");
    assert!(said.contains("certify a key p256, which calls itself CN=Sample.Root.CA"), "{said}");
    assert!(said.to_uppercase().contains(&format!("REVOKE {serial} OF ROOT (SUPERSEDED)")), "{said}");

    // The key is the sender's, the name is the pack's.
    let root = offline.at("first", "root.cer.pem");
    for (root, certificate) in [(&root, "second"), (&offline.at("first", "bridge-ca.cer.pem"), "crossed")] {
        let certificate = offline.at("second", &format!("{certificate}.cer.pem"));
        let judged = openssl("verify -x509_strict -CAfile {} {}", &[root, &certificate]);
        assert!(judged.status.success(), "{}", text(&judged));
        let certified = text(&openssl("x509 -noout -pubkey -in {}", &[&certificate]));
        assert_eq!(certified, text(&openssl("req -noout -pubkey -in {}", &[&request])));
        let subject = text(&openssl("x509 -noout -subject -in {}", &[&certificate]));
        assert!(subject.contains("TEST Sample") && !subject.contains("Root.CA"), "{subject}");
    }
    let subject =
        |folder: &str, name: &str| text(&openssl("x509 -noout -subject -in {}", &[&offline.at(folder, name)]));
    assert_eq!(subject("second", "second.cer.pem"), subject("first", "application-ca.cer.pem"));
    let list = text(&openssl("crl -noout -text -in {}", &[&offline.at("second", "list.crl.pem")]));
    assert!(list.contains(&format!("Serial Number: {serial}")) && list.contains("Superseded"), "{list}");

    // A request of the bridge, for the other organisation: its name, octet for octet, and proof of its key.
    let asked = offline.at("second", "bridge-request.csr.pem");
    let judged = openssl("req -noout -verify -in {}", &[&asked]);
    assert!(judged.status.success() && text(&judged).contains("verify OK"), "{}", text(&judged));
    let bridge = offline.at("first", "bridge-ca.cer.pem");
    assert_eq!(
        text(&openssl("req -noout -pubkey -in {}", &[&asked])),
        text(&openssl("x509 -noout -pubkey -in {}", &[&bridge]))
    );
    assert_eq!(
        text(&openssl("req -noout -subject -in {}", &[&asked])),
        text(&openssl("x509 -noout -subject -in {}", &[&bridge]))
    );

    let taken = apart.takes(&offline.at("second", "results.bundle"), &apart.record_words("second"), "results");
    assert!(taken.status.success(), "{}", text(&taken));
    for file in ["second.cer.pem", "crossed.cer.pem", "list.crl.pem", "bridge-request.csr.pem"] {
        let came = std::fs::read(apart.beside("results").join(file)).unwrap();
        assert_eq!(came, std::fs::read(offline.at("second", file)).unwrap(), "{file}");
    }
    assert!(!apart.beside("results").join("application-ca-second.csr.pem").exists(), "what came does not go back");
}

#[test]
fn older_altered_and_foreign_bundles_are_refused_on_both_sides() {
    let apart = Apart::new("requests-refused");
    let offline = &apart.offline;
    let ask = |bundle: &str, certificate: &str| {
        let serial = offline.serial("first", certificate);
        apart.asks(bundle, &["--revoke", &format!("root/{serial}=cessationOfOperation")])
    };
    let words = ask("one.bundle", "application-ca.cer.pem");
    assert_eq!(ask("two.bundle", "root-ocsp.cer.pem"), words, "one key signs all requests");
    let held = |bundle: &str, words: &str, folder: &str| {
        let steps = [take_step(bundle, words), revoke_step(), results()];
        let script = offline.script(&format!("{folder}.toml"), &steps);
        offline.held("rehearse", &script, folder, "first")
    };
    let refused = |output: &Output, exit: i32, why: &str| {
        assert_eq!(code(output), exit, "{}", text(output));
        assert!(text(output).contains(why), "{}", text(output));
    };

    let other = KanaWords::of(&sha256(b"another key")).to_string().replace('\n', " ");
    refused(&held("one.bundle", &other, "foreign"), 6, "another key signed it");
    let whole = std::fs::read_to_string(apart.beside("one.bundle")).unwrap();
    std::fs::write(apart.beside("altered.bundle"), whole.replace("cessationOfOperation", "keyCompromise_______"))
        .unwrap();
    refused(&held("altered.bundle", &words, "altered"), 6, "the signature does not hold");
    assert!(!offline.at("altered", "requests").exists(), "nothing of a refused bundle is kept");

    let two = held("two.bundle", &words, "two");
    assert!(two.status.success(), "{}", text(&two));
    refused(&held("one.bundle", &words, "one"), 6, "that or a later one was taken already");
    refused(&held("two.bundle", &words, "two-again"), 6, "that or a later one was taken already");
    let list = text(&openssl("crl -noout -text -in {}", &[&offline.at("two", "list.crl.pem")]));
    assert!(list.contains(&offline.serial("first", "root-ocsp.cer.pem")), "{list}");
    assert!(!list.contains(&offline.serial("first", "application-ca.cer.pem")), "{list}");

    // The way back: numbers rise from one ceremony to the next, each with a key of its own.
    let three = held("three.bundle", &ask("three.bundle", "application-ca.cer.pem"), "three");
    assert!(three.status.success(), "{}", text(&three));
    let bundle = |folder: &str| offline.at(folder, "results.bundle");
    let number = |folder: &str| {
        let key = KanaWords::parse(&apart.record_words(folder)).unwrap();
        let bundle = Bundle::parse(&std::fs::read_to_string(bundle(folder)).unwrap(), &key, 0).unwrap();
        (bundle.origin, bundle.number)
    };
    let numbers = ["first", "two", "three"].map(number);
    assert!(numbers.windows(2).all(|pair| pair[0].0 == pair[1].0 && pair[0].1 < pair[1].1), "{numbers:?}");
    let taken = apart.takes(&bundle("three"), &apart.record_words("three"), "new");
    assert!(taken.status.success(), "{}", text(&taken));
    refused(
        &apart.takes(&bundle("two"), &apart.record_words("two"), "old"),
        6,
        "that or a later one was taken already",
    );
    refused(&apart.takes(&bundle("three"), &apart.record_words("two"), "other"), 6, "another key signed it");
    assert!(!apart.beside("old").exists() && !apart.beside("other").exists());
    refused(&apart.takes(&apart.beside("three.bundle"), &words, "wrong-way"), 7, "it carries requests, not results");
    let mut real = apart.ceremony("take");
    real.arg(bundle("three")).args(["--words", &apart.record_words("three"), "--into"]).arg(apart.beside("real"));
    refused(&real.output().unwrap(), 7, "it is one of a rehearsal");
}

#[test]
fn a_request_that_proves_nothing_or_asks_too_much_is_refused() {
    let apart = Apart::new("requests-unproven");
    let (offline, folder) = (&apart.offline, apart.online.folder());
    let request = foreign_request(folder, "sub");
    let mut der = pem::parse(std::fs::read(&request).unwrap()).unwrap().into_contents();
    *der.last_mut().unwrap() ^= 1;
    let broken = apart.beside("broken.csr.pem");
    std::fs::write(&broken, pem::encode(&pem::Pem::new("CERTIFICATE REQUEST", der))).unwrap();
    let asked =
        apart.ceremony("ask").arg(apart.beside("b.bundle")).args(["--from", "x", "--csr"]).arg(&broken).output();
    assert_eq!(code(&asked.unwrap()), 2);
    assert!(!apart.beside("b.bundle").exists());

    let certificate = |authority: &str, file: &str| {
        let words = KanaWords::of(&sha256(&std::fs::read(apart.beside(file)).unwrap())).to_string().replace('\n', " ");
        let act = format!("act = \"certificate\"\nauthority = \"{authority}\"\nfile = \"{file}\"\nwords = \"{words}\"");
        offline.script(&format!("{authority}-{file}.toml"), &[step("sub", &act)])
    };
    std::fs::copy(&request, apart.beside("good.csr.pem")).unwrap();
    std::fs::copy(offline.at("first", "application-ca.cer.pem"), apart.beside("certificate.csr.pem")).unwrap();
    let rsa = apart.beside("weak.csr.pem");
    let line = "req -new -newkey rsa:1024 -nodes -subj /CN=sub -keyout {} -out {}";
    assert!(openssl(line, &[&apart.beside("weak.key.pem"), &rsa]).status.success());
    for (authority, file, why) in [
        ("application-ca", "broken.csr.pem", "the request's own signature does not verify"),
        ("application-ca", "certificate.csr.pem", "this is a certificate, not a request"),
        ("application-ca", "weak.csr.pem", "1024"),
        ("root", "good.csr.pem", "authority that certifies root"),
    ] {
        let out = format!("{authority}-{file}");
        let refused = offline.held("rehearse", &certificate(authority, file), &out, "first");
        assert!(!refused.status.success() && text(&refused).contains(why), "{out}: {}", text(&refused));
        assert!(!offline.at(&out, "sub.cer.pem").exists(), "{out}");
    }
    let issued = offline.held("rehearse", &certificate("application-ca", "good.csr.pem"), "good", "first");
    assert!(issued.status.success(), "{}", text(&issued));

    // A list that names what nobody issued stops the ceremony before anything is revoked; a new bundle lets it go on.
    let serial = offline.serial("first", "application-ca.cer.pem");
    let ask = |bundle: &str, unknown: &str| {
        apart.asks(bundle, &["--revoke", &format!("root/{serial}=superseded"), "--revoke", unknown])
    };
    let words = ask("list.bundle", "root/0123456789ABCDEF=superseded");
    let script = offline.script("list.toml", &[take_step("list.bundle", &words), revoke_step()]);
    let refused = offline.held("rehearse", &script, "list", "first");
    assert_eq!(code(&refused), 7, "{}", text(&refused));
    assert!(text(&refused).contains("has issued no certificate"), "{}", text(&refused));
    std::fs::remove_file(apart.beside("list.bundle")).unwrap();
    let responder = offline.serial("first", "root-ocsp.cer.pem");
    ask("list.bundle", &format!("root/{responder}=superseded"));
    let resumed = offline.held("resume", &script, "list", "first");
    assert!(resumed.status.success(), "{}", text(&resumed));
    let list = text(&openssl("crl -noout -text -in {}", &[&offline.at("list", "list.crl.pem")]));
    assert!(list.contains(&serial) && list.contains(&responder), "{list}");
}
