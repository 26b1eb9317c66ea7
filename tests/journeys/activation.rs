//! Authorities that rest until enough custodians have come, in the running program: three of five in any order, one alone never,
//! what waits is done afterwards, and a restart begins anew where the pack says so. With software keys and with a token.

use ca_core::certificate::Certificate;
use ca_core::key::KeyAlgorithm;
use ca_core::profile::pack::SHIPPED;
use ca_core::serial::SerialNumber;
use lgpki::commands::demo::acts;
use lgpki_tests::databases::Kind;
use lgpki_tests::faulty::FaultyModule;
use lgpki_tests::invariants::{broken, count, texts};
use lgpki_tests::program::{Installation, Person, Program};
use lgpki_tests::token::with_token;
use lgpki_tests::tools::text;
use ocsp::client::question;
use ocsp::{CertIdDigest, OcspResponse, Refusal};
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::Command;

use super::PROGRAM;

const NAMES: [&str; 5] = ["佐藤 花子", "鈴木 一郎", "高橋 葵", "田中 稔", "伊藤 桜"];
const SERVER: &str = "www.town.shirakaba.lg.jp";

/// An installation whose application CA asks for three of five custodians.
struct Guarded {
    installation: Installation,
    store: &'static str,
}

impl Guarded {
    /// Its pack says what a restart does; its store still opens with what the configuration names.
    fn new(installation: Installation, store: &'static str, on_restart: &str) -> Self {
        let rule = format!(
            "[authority.application-ca]\nactivation = {{ custodians = {{ least = 3, of = 5 }}, on-restart = \"{on_restart}\" }}"
        );
        let pack = SHIPPED[0].1.replace("[authority.application-ca]", &rule);
        std::fs::write(installation.folder().join("pack.toml"), pack).unwrap();
        let guarded = Self { installation, store };
        guarded.reconfigure("# packs = [\"lgwan-private\", ", "packs = [\"pack.toml\", ");
        guarded
    }

    fn reconfigure(&self, from: &str, to: &str) {
        let file = self.installation.folder().join("lgpki.toml");
        let config = std::fs::read_to_string(&file).unwrap();
        assert!(config.contains(from), "{from}:\n{config}");
        std::fs::write(file, config.replacen(from, to, 1)).unwrap();
    }

    /// What a command says, and whether it ended well.
    fn says(&self, arguments: &[&str]) -> (bool, String) {
        let folder = self.installation.folder();
        let output = Command::new(PROGRAM).current_dir(folder).args(arguments).output().unwrap();
        (output.status.success(), text(&output))
    }

    fn does(&self, arguments: &[&str]) -> String {
        let (done, said) = self.says(arguments);
        assert!(done, "{arguments:?}: {said}");
        said
    }

    fn passphrase(&self, custodian: usize) -> String {
        let name = format!("passphrase-{custodian}");
        let file = self.installation.folder().join(&name);
        std::fs::write(&file, format!("custodian {custodian}'s own")).unwrap();
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600)).unwrap();
        name
    }

    /// Shares what opens the store, and leaves no other way in.
    fn shared(&self, more: &[&str]) {
        let files: Vec<String> = (1..=5).map(|custodian| self.passphrase(custodian)).collect();
        let mut arguments =
            vec!["ca", "custody", "create", "--store", self.store, "--quorum", "3-of-5", "--into", "shares"];
        for (name, file) in NAMES.iter().zip(&files) {
            arguments.extend(["--custodian", name, "--new-share-passphrase-file", file]);
        }
        arguments.extend(more);
        self.does(&arguments);
    }

    fn share(&self, number: usize) -> PathBuf {
        let files = std::fs::read_dir(self.installation.folder().join("shares")).unwrap();
        let mut files = files.map(|entry| entry.unwrap().path());
        files.find(|file| file.to_str().unwrap().contains(&format!("share-{number}-of-5"))).unwrap()
    }

    fn brings(&self, custodian: usize) -> (bool, String) {
        let (share, passphrase) = (self.share(custodian), self.passphrase(custodian));
        self.says(&["ca", "activate", "--share", share.to_str().unwrap(), "--passphrase-file", &passphrase])
    }

    fn activated(&self, custodians: [usize; 3]) {
        for custodian in custodians {
            let (taken, said) = self.brings(custodian);
            assert!(taken, "{said}");
        }
        assert!(self.does(&["ca", "status"]).contains("application-ca: active since "));
    }

    fn serve(&self) -> Program {
        self.installation.serve(PROGRAM, None)
    }

    /// The two people of the town, logged in once: a code is good once.
    fn people(&self) -> People<'_> {
        let mut people = People { officer: self.installation.officer(), manager: self.installation.manager() };
        people.officer.is_logged_in().unwrap();
        people.manager.is_logged_in().unwrap();
        people
    }

    fn count(&self, sql: &str) -> i64 {
        count(&self.installation.database, sql)
    }

    fn issued(&self) -> i64 {
        self.count("select count(*) from request where state = 'issued'")
    }

    /// Waits until so many requests have their certificates.
    fn issues(&self, program: &mut Program, wanted: i64) {
        let done = program.until(|| Ok((self.issued() == wanted).then_some(())));
        assert_eq!(done, Ok(()), "{} of {wanted} are issued", self.issued());
    }

    fn fetched(&self, place: &str) -> (u16, String) {
        let mut visitor = self.installation.visitor();
        let page = visitor.open(place).unwrap();
        (page.status, page.text())
    }

    fn ready(&self) -> String {
        self.managed("/readyz")
    }

    fn figures(&self) -> String {
        self.managed("/metrics")
    }

    fn managed(&self, path: &str) -> String {
        let mut visitor = lgpki::visitor::Visitor::new(&self.installation.management);
        visitor.open(path).unwrap().text()
    }

    /// What the responder says to a question that wants an answer of its own, about a certificate of the application CA.
    fn asked_now(&self) -> OcspResponse {
        let mut visitor = self.installation.visitor();
        let issuer = Certificate::from_der(&visitor.open("/aia/application-ca.cer").unwrap().body).unwrap();
        let serials =
            "select lower(hex(serial)) from certificate where authority_id = 'application-ca' order by recorded_at";
        let serial = SerialNumber::parse_hex(&texts(&self.installation.database, serials)[0]).unwrap();
        let ask = question(&issuer, &serial, CertIdDigest::Sha256, Some(vec![7; 32]));
        let answer = visitor.post("/ocsp/application-ca", "application/ocsp-request", &ask.to_der()).unwrap();
        assert_eq!((answer.status, answer.media_type.as_str()), (200, "application/ocsp-response"));
        OcspResponse::parse(&answer.body).unwrap()
    }
}

struct People<'a> {
    officer: Person<'a>,
    manager: Person<'a>,
}

impl People<'_> {
    /// File a request, and approve it.
    fn approve_one(&mut self) {
        let key = lgpki::holder::new_key(KeyAlgorithm::P256).unwrap();
        let request = lgpki::holder::new_request(&key, &[SERVER]).unwrap();
        let number = acts::file_request(&mut self.officer.browser, SERVER, &request).unwrap();
        acts::approve(&mut self.manager.browser, &number).unwrap();
    }
}

/// From a configuration that would open the store by itself to custodians who do, and through a restart.
fn custodians_put_an_authority_to_work(guarded: &Guarded, secret_line: &str) {
    // A file that opens the store may not be named, whoever knows it.
    let (started, said) = guarded.says(&["serve"]);
    assert!(!started && said.contains("lgpki.toml:") && said.contains("must rest after a restart"), "{said}");
    guarded.shared(&[]);
    guarded.reconfigure(secret_line, &format!("# {secret_line}"));

    let mut program = guarded.serve();
    let mut people = guarded.people();
    let status = guarded.does(&["ca", "status"]);
    assert!(
        status.contains("application-ca: inactive since ") && status.contains("3 of 5 custodians must come"),
        "{status}"
    );
    assert!(guarded.ready().contains("application-ca rests"), "{}", guarded.ready());
    let active = r#"lgpki_authority_active{ca="application-ca"}"#;
    assert!(guarded.figures().contains(&format!("{active} 0")), "{}", guarded.figures());
    // Whoever asks for a signed answer is told to come again, in the words of OCSP.
    assert_eq!(guarded.asked_now(), OcspResponse::Refused(Refusal::TryLater));
    assert!(guarded.fetched("/ca").1.contains("停止中です"), "the page of authorities says it");
    let doctor = guarded.says(&["doctor"]).1;
    assert!(
        doctor.contains("application-ca rests since") && doctor.contains("3 of 5 custodians must come"),
        "{doctor}"
    );
    // People ask, and what was signed before is there for everybody.
    people.approve_one();
    assert_eq!(guarded.fetched("/crl/application-ca.crl").0, 200);
    assert!(program.heard("worker.idle"));
    assert_eq!(guarded.issued(), 0);

    assert!(guarded.brings(5).1.contains("1 of 3 custodians have come: 伊藤 桜"));
    let (taken, said) = guarded.brings(5);
    assert!(!taken && said.contains("another custodian must come"), "{said}");
    assert!(guarded.brings(1).1.contains("2 of 3 custodians have come: 佐藤 花子, 伊藤 桜"));
    assert_eq!(guarded.issued(), 0);
    let (taken, said) = guarded.brings(3);
    assert!(taken && said.contains("active since ") && said.contains("佐藤 花子, 高橋 葵, 伊藤 桜"), "{said}");
    guarded.issues(&mut program, 1);
    assert!(guarded.figures().contains(&format!("{active} 1")), "{}", guarded.figures());
    assert!(matches!(guarded.asked_now(), OcspResponse::Signed(_)), "it answers again");
    let doctor = guarded.says(&["doctor"]).1;
    assert!(doctor.contains("application-ca is active since"), "{doctor}");
    let (taken, said) = guarded.brings(2);
    assert!(!taken && said.contains("is active already"), "{said}");

    // One person is enough to stop it, at once.
    let said = guarded.does(&["ca", "deactivate", "application-ca"]);
    assert!(said.contains("inactive since ") && said.contains("somebody deactivated it"), "{said}");
    people.approve_one();
    assert!(program.heard("worker.idle"));
    assert_eq!(guarded.issued(), 1);
    guarded.activated([4, 2, 1]);
    guarded.issues(&mut program, 2);
    program.stops();

    let mut program = guarded.serve();
    assert!(guarded.does(&["ca", "status"]).contains("nobody has activated it since the start"));
    guarded.activated([2, 3, 5]);
    people.approve_one();
    guarded.issues(&mut program, 3);
    program.stops();
    let events =
        |verb: &str| guarded.count(&format!("select count(*) from audit_event where verb = 'authority.{verb}'"));
    assert_eq!((events("activated"), events("deactivated")), (3, 3));
    let who = "select count(*) from audit_event where verb = 'authority.activated' and detail like '%1, 3, 5%'";
    assert_eq!(guarded.count(who), 1);
    assert_eq!(broken(&guarded.installation.database), Vec::<String>::new());
}

#[test]
fn custodians_put_an_authority_with_software_keys_to_work() {
    let guarded = Guarded::new(Installation::new(Kind::Sqlite), "folder", "deactivate");
    custodians_put_an_authority_to_work(&guarded, "passphrase_file = ");
}

#[test]
fn custodians_put_an_authority_in_a_token_to_work() {
    with_token(|hsm| {
        let guarded = Guarded::new(Installation::in_token(Kind::Sqlite, hsm.store()), "hsm", "deactivate");
        custodians_put_an_authority_to_work(&guarded, "pin_file = ");
    });
}

#[test]
fn an_authority_its_pack_keeps_is_active_again_after_a_restart_if_it_was() {
    let guarded = Guarded::new(Installation::new(Kind::Sqlite), "folder", "keep");
    guarded.shared(&["--write-secret", "shared-secret"]);
    guarded.reconfigure("passphrase_file = \"passphrase\"", "passphrase_file = \"shared-secret\"");
    let program = guarded.serve();
    assert!(guarded.does(&["ca", "status"]).contains("inactive"), "nobody has come yet");
    guarded.activated([1, 2, 3]);
    program.stops();

    let mut program = guarded.serve();
    let status = guarded.does(&["ca", "status"]);
    assert!(status.contains("active since ") && status.contains("佐藤 花子, 鈴木 一郎, 高橋 葵"), "{status}");
    guarded.people().approve_one();
    guarded.issues(&mut program, 1);
    guarded.does(&["ca", "deactivate"]);
    program.stops();

    let program = guarded.serve();
    assert!(guarded.does(&["ca", "status"]).contains("somebody deactivated it"), "what rested rests");
    program.stops();
}

#[test]
fn shares_that_were_changed_or_are_void_open_nothing() {
    let guarded = Guarded::new(Installation::new(Kind::Sqlite), "folder", "deactivate");
    guarded.shared(&[]);
    guarded.reconfigure("passphrase_file = ", "# passphrase_file = ");
    let program = guarded.serve();
    let (taken, said) = guarded.says(&[
        "ca",
        "activate",
        "root",
        "--share",
        guarded.share(1).to_str().unwrap(),
        "--passphrase-file",
        &guarded.passphrase(1),
    ]);
    assert!(!taken && said.contains("root asks for no custodians here"), "{said}");
    let (taken, said) = guarded.says(&[
        "ca",
        "activate",
        "--share",
        guarded.share(1).to_str().unwrap(),
        "--passphrase-file",
        &guarded.passphrase(2),
    ]);
    assert!(!taken && said.contains("is not the one 佐藤 花子 chose"), "{said}");
    program.stops();
    // A set of other people, made while nobody served: the old shares are void.
    let mut arguments = vec!["ca", "custody", "reshare", "--quorum", "3-of-5", "--into", "later"];
    let files: Vec<String> = (1..=5).map(|custodian| guarded.passphrase(custodian)).collect();
    for (name, file) in NAMES.iter().zip(&files) {
        arguments.extend(["--custodian", name, "--new-share-passphrase-file", file]);
    }
    let old: Vec<PathBuf> = (1..=3).map(|number| guarded.share(number)).collect();
    for (share, file) in old.iter().zip(&files) {
        arguments.extend(["--share", share.to_str().unwrap(), "--share-passphrase-file", file]);
    }
    guarded.does(&arguments);
    let program = guarded.serve();
    let (taken, said) = guarded.brings(4);
    assert!(!taken && said.contains("opens nothing any more"), "{said}");
    program.stops();
}

#[test]
fn what_opens_a_store_is_not_changed_under_a_running_service() {
    let guarded = Guarded::new(Installation::new(Kind::Sqlite), "folder", "keep");
    guarded.shared(&["--write-secret", "shared-secret"]);
    guarded.reconfigure("passphrase_file = \"passphrase\"", "passphrase_file = \"shared-secret\"");
    let mut program = guarded.serve();
    guarded.activated([1, 2, 3]);
    let keys = || {
        let files =
            std::fs::read_dir(guarded.installation.folder().join("keys")).unwrap().map(|entry| entry.unwrap().path());
        let mut files: Vec<_> = files.filter(|file| file.is_file()).map(|file| std::fs::read(file).unwrap()).collect();
        files.sort();
        files
    };
    let before = keys();
    let files: Vec<String> = (1..=5).map(|custodian| guarded.passphrase(custodian)).collect();
    let named: Vec<&str> = NAMES
        .iter()
        .zip(&files)
        .flat_map(|(name, file)| ["--custodian", name, "--new-share-passphrase-file", file])
        .collect();
    let shares: Vec<PathBuf> = (1..=3).map(|number| guarded.share(number)).collect();
    let brought: Vec<&str> = shares
        .iter()
        .zip(&files)
        .flat_map(|(share, file)| ["--share", share.to_str().unwrap(), "--share-passphrase-file", file])
        .collect();
    let terms = ["--quorum", "3-of-5", "--into", "later"];
    let reshare = [&["ca", "custody", "reshare"][..], &terms, &named, &brought].concat();
    let create = [&["ca", "custody", "create"][..], &terms, &named].concat();
    for arguments in [&reshare, &create] {
        let (done, said) = guarded.says(arguments);
        assert!(!done && said.contains("but the service is running"), "{said}");
    }
    assert_eq!(keys(), before, "no key was sealed anew");
    guarded.people().approve_one();
    guarded.issues(&mut program, 1);
    program.stops();
    guarded.does(&reshare);
    assert_ne!(keys(), before);
}

#[test]
fn a_folder_that_starts_closed_opens_its_vault_with_its_keys() {
    let guarded = Guarded::new(Installation::new(Kind::Sqlite), "folder", "deactivate");
    guarded.shared(&[]);
    guarded.reconfigure("passphrase_file = ", "# passphrase_file = ");
    let program = guarded.serve();
    let people = guarded.people();
    let mut officer = people.officer;
    let mut offers = || officer.browser.open("/requests/new/mail").unwrap().text().contains("name=\"key-source\"");
    assert!(!offers(), "while the folder is closed no key is made at the centre");
    guarded.activated([1, 2, 3]);
    assert!(offers(), "the vault has opened with it");
    guarded.does(&["ca", "deactivate"]);
    assert!(!offers(), "and closed with it");
    guarded.activated([3, 4, 5]);
    assert!(offers());
    program.stops();
}

#[test]
fn a_token_with_a_pin_pad_is_no_way_around_its_custodians() {
    with_token(|hsm| {
        let faulty = FaultyModule::before(hsm);
        let mut store = hsm.store();
        store.settings.module = faulty.path().to_owned();
        let guarded = Guarded::new(Installation::in_token(Kind::Sqlite, store), "hsm", "deactivate");
        guarded.reconfigure("pin_file = ", "# pin_file = ");
        // Whoever stands at the device types the PIN there.
        faulty.told("pinpad");
        let (started, said) = guarded.says(&["serve"]);
        assert!(!started && said.contains("must rest after a restart until its custodians come"), "{said}");
    });
}

#[test]
fn resting_in_the_middle_of_much_work_loses_nothing() {
    const REQUESTS: i64 = 12;
    let guarded = Guarded::new(Installation::new(Kind::Sqlite), "folder", "deactivate");
    guarded.shared(&[]);
    guarded.reconfigure("passphrase_file = ", "# passphrase_file = ");
    let mut program = guarded.serve();
    let mut people = guarded.people();
    guarded.activated([1, 2, 3]);
    for request in 0..REQUESTS {
        people.approve_one();
        // While the worker is in the last one.
        if request % 4 == 3 {
            guarded.does(&["ca", "deactivate"]);
            people.approve_one();
            guarded.activated([3, 4, 5]);
        }
    }
    guarded.issues(&mut program, REQUESTS + REQUESTS / 4);
    program.stops();
    assert_eq!(broken(&guarded.installation.database), Vec::<String>::new());
}
