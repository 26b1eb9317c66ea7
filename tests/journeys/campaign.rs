//! The move to new cryptography (新暗号対応), from the plan to its end, beside a running service: three organisations in three
//! waves, of which one is over, one is open and one has not begun.

use ca_core::certificate::Certificate;
use ca_core::key::KeyAlgorithm;
use ca_core::time::Clock;
use lgpki::clock::SystemClock;
use lgpki::commands::demo::acts;
use lgpki::commands::demo::people::Persona;
use lgpki_tests::databases::Kind;
use lgpki_tests::invariants::{broken, texts};
use lgpki_tests::program::{Installation, Person, Program};
use lgpki_tests::tools::{Scratch, openssl, text};
use serde_json::{Value, json};
use std::path::PathBuf;
use std::process::Output;
use std::time::Duration;

use super::PROGRAM;

const NAME: &str = "new-cryptography";
const OLD: [&str; 4] = ["--old-key", "rsa2048", "--old-authority", "application-ca"];

#[test]
fn a_fleet_moves_to_new_cryptography_on_sqlite() {
    moves(Kind::Sqlite);
}

#[test]
fn a_fleet_moves_to_new_cryptography_on_postgres() {
    moves(Kind::Postgres);
}

fn moves(kind: Kind) {
    let installation = Installation::new(kind);
    let world = World { scratch: Scratch::new("campaign"), installation: &installation };
    let nire = world.town("011002", "楡の市", "city.nire.lg.jp");
    let kaede = world.town("012025", "楓の市", "city.kaede.lg.jp");
    let mut program = installation.serve(PROGRAM, None);
    let mut shirakaba = Office::of(installation.officer(), installation.manager());
    let mut nire = Office::of(installation.person(&nire[0]), installation.person(&nire[1]));
    let mut kaede = Office::of(installation.person(&kaede[0]), installation.person(&kaede[1]));

    // Old: every certificate so far, by its authority; one of them by its key as well.
    let lost = world.issued(&mut program, &mut kaede, "www.city.kaede.lg.jp", KeyAlgorithm::P256);
    let old = world.issued(&mut program, &mut nire, "www.city.nire.lg.jp", KeyAlgorithm::Rsa2048);
    world.issued(&mut program, &mut nire, "mail.city.nire.lg.jp", KeyAlgorithm::P256);
    for host in ["www", "mail", "map"] {
        world.issued(&mut program, &mut shirakaba, &format!("{host}.town.shirakaba.lg.jp"), KeyAlgorithm::P256);
    }

    world.refuses_without_a_new_generation();
    world.done(&["ca", "rollover", "application-ca", "--key", "p384"]);
    world.plans();
    assert_eq!(
        world.progress(),
        [("012025", 1, "overdue 1"), ("011002", 2, "open 2"), (world.own_code().as_str(), 3, "waiting 3")]
            .map(|(code, wave, standings)| (code.to_owned(), wave, standings.to_owned()))
    );

    // The officers are told, and led to the form with what the old certificate says.
    assert!(nire.home().contains("証明書2件を"), "the notice on home");
    assert!(kaede.home().contains("証明書1件の取り替えが済んでいません"), "the notice on home");
    assert!(!shirakaba.home().contains("証明書3件"), "its wave has not begun");
    let form = nire.open(&format!("/requests/new/web-server?like={}", old.place()));
    assert!(form.contains("www.city.nire.lg.jp"), "the form has the names of the old certificate");
    assert!(nire.open(&old.page).contains(&format!("/requests/new/web-server?like={}", old.place())));
    nire.is_refused(&lost.page);
    nire.is_refused(&format!("/requests/new/web-server?like={}", lost.place()));

    // A new certificate of an old kind of key changes nothing; one of a new kind does.
    let still = world.issued(&mut program, &mut nire, "www.city.nire.lg.jp", KeyAlgorithm::Rsa2048);
    assert_eq!((still.authority(), world.standings("011002")), ("application-ca-g2", "open 2".to_owned()));
    let new = world.issued(&mut program, &mut nire, "www.city.nire.lg.jp", KeyAlgorithm::P256);
    assert_eq!(world.standings("011002"), "replaced 1, open 1");
    assert!(nire.open(&new.request).contains("新暗号対応"), "the request says what it answers");

    // Side by side until the holder revokes the old one.
    world.verifies(&old, "");
    world.verifies(&new, "");
    let page = nire.open(&format!("/campaigns/{NAME}"));
    assert!(page.contains(&format!("{}/revoke", old.page)) && page.contains(&new.page), "{page}");
    acts::revoke(&mut nire.officer.browser, &old.page).unwrap();
    acts::revoke(&mut kaede.officer.browser, &lost.page).unwrap();
    world.is_on_its_crl(&mut program, &old);
    world.verifies(&old, "revoked");
    world.verifies(&new, "");
    assert_eq!((world.standings("011002"), world.standings("012025")), ("replaced 1, open 1".into(), "ended 1".into()));

    let own = world.own_code();
    world.done(&["campaign", "move", NAME, "--org", &own, "--wave", "2"]);
    assert_eq!(world.standings(&own), "open 3");
    assert!(shirakaba.home().contains("証明書3件を"));
    let shown = text(&world.lgpki(&["campaign", "show", NAME]));
    assert!(shown.contains("2 of 6: 1 replaced, 1 ended, 4 open") && shown.contains("██████░░"), "{shown}");

    world.done(&["campaign", "close", NAME]);
    assert!(!shirakaba.home().contains("証明書3件を"), "nobody is reminded any more");
    assert!(shirakaba.open(&format!("/campaigns/{NAME}")).contains("この計画は"), "its page stays");
    assert_eq!(world.lgpki(&["campaign", "close", NAME]).status.code(), Some(7));
    assert_eq!(world.lgpki(&["campaign", "move", NAME, "--org", &own, "--wave", "1"]).status.code(), Some(7));
    program.stops();
    let verbs = "select verb from audit_event where verb like 'campaign.%' order by audit_event_id";
    assert_eq!(texts(&installation.database, verbs), ["campaign.planned", "campaign.moved", "campaign.closed"]);
    let broken = broken(&installation.database);
    assert!(broken.is_empty(), "{kind:?}:\n  {}", broken.join("\n  "));
}

/// The officer and the manager of a town.
struct Office<'a> {
    officer: Person<'a>,
    manager: Person<'a>,
}

/// A certificate as its holder has it.
struct Taken {
    request: String,
    page: String,
    certificate: Certificate,
    pem: PathBuf,
}

struct World<'a> {
    scratch: Scratch,
    installation: &'a Installation,
}

impl<'a> Office<'a> {
    fn of(mut officer: Person<'a>, mut manager: Person<'a>) -> Self {
        officer.is_logged_in().unwrap();
        manager.is_logged_in().unwrap();
        Self { officer, manager }
    }

    fn open(&mut self, path: &str) -> String {
        acts::good(self.officer.browser.open(path).unwrap(), path).unwrap().text()
    }

    fn home(&mut self) -> String {
        self.open("/home")
    }

    fn is_refused(&mut self, path: &str) {
        assert_eq!(self.officer.browser.open(path).unwrap().status, 404, "{path} is another town's");
    }
}

impl Taken {
    fn authority(&self) -> &str {
        self.page.split('/').nth(2).unwrap()
    }

    /// As in addresses of forms.
    fn place(&self) -> String {
        self.page.strip_prefix("/certificates/").unwrap().to_owned()
    }
}

impl World<'_> {
    fn lgpki(&self, arguments: &[&str]) -> Output {
        self.installation.lgpki(PROGRAM, arguments)
    }

    fn done(&self, arguments: &[&str]) -> String {
        let said = self.lgpki(arguments);
        assert!(said.status.success(), "{arguments:?}: {}", text(&said));
        String::from_utf8(said.stdout).unwrap()
    }

    /// Registers a town, its officer and its manager.
    fn town(&self, code: &str, name: &str, domain: &str) -> [Persona; 2] {
        let org = ["org", "add", "--code", code, "--name", name, "--kana", "ニレノシ", "--name-en", "Tree City"];
        self.done(&[&org[..], &["--domain", domain, "--domain-as-typed"]].concat());
        ["officer", "manager"].map(|role| {
            let login = format!("{role}-{code}");
            lgpki_tests::people::registered(PROGRAM, self.installation, [code, &login, role])
        })
    }

    fn issued(&self, program: &mut Program, office: &mut Office<'_>, host: &str, kind: KeyAlgorithm) -> Taken {
        let key = lgpki::holder::new_key(kind).unwrap();
        let request = lgpki::holder::new_request(&key, &[host]).unwrap();
        let number = acts::file_request(&mut office.officer.browser, host, &request).unwrap();
        acts::approve(&mut office.manager.browser, &number).unwrap();
        let page = program.until(|| acts::certificate_of(&mut office.officer.browser, &number)).unwrap();
        let download = format!("{page}/download/der");
        let der = acts::good(office.officer.browser.open(&download).unwrap(), &download).unwrap().body;
        let certificate = Certificate::from_der(&der).unwrap();
        let pem = self.scratch.file(&format!("{}.pem", certificate.serial().to_hex()), certificate.to_pem());
        Taken { request: format!("/requests/{number}"), page, certificate, pem }
    }

    fn refuses_without_a_new_generation(&self) {
        let said = self.lgpki(&[&["campaign", "plan", NAME][..], &OLD].concat());
        assert_eq!(said.status.code(), Some(7), "{}", text(&said));
        assert!(text(&said).contains("lgpki ca rollover application-ca"), "{}", text(&said));
        let nothing = self.lgpki(&["campaign", "plan", NAME]);
        assert_eq!(nothing.status.code(), Some(2), "{}", text(&nothing));
    }

    /// Plans three waves of five days, ten days apart: today the second opens.
    fn plans(&self) {
        let civil = SystemClock.now().minus(Duration::from_secs(10 * 86_400)).civil_jst();
        let first = format!("{:04}-{:02}-{:02}", civil.year, civil.month, civil.day);
        let days = ["--waves", "3", "--first-day", &first, "--every", "10", "--days", "5"];
        let plan = [&["campaign", "plan", NAME][..], &OLD, &days].concat();
        let rehearsed = self.done(&[&plan[..], &["--dry-run"]].concat());
        assert!(rehearsed.contains("6 of 6 valid certificates are old; organisations: 3"), "{rehearsed}");
        assert!(rehearsed.contains("such keys are allowed until 2030-12-31 (CRYPTREC"), "{rehearsed}");
        let none: Value = serde_json::from_str(&self.done(&["campaign", "list", "--format", "json"])).unwrap();
        assert_eq!(none["campaigns"], json!([]), "a rehearsal writes nothing down");
        let planned: Value = serde_json::from_str(&self.done(&[&plan[..], &["--format", "json"]].concat())).unwrap();
        assert_eq!((&planned["written"], &planned["old_certificates"]), (&json!(true), &json!(6)));
        assert_eq!(planned["waves"][0]["organisations"][0]["code"], "012025", "the smallest is the pilot");
        let opens = |wave: usize| planned["waves"][wave]["opens_at"].as_str().unwrap().to_owned();
        assert!(opens(1).ends_with("T15:00:00Z") && opens(0) < opens(1), "midnight in Japan");
        assert_eq!(self.lgpki(&plan).status.code(), Some(7), "a campaign is planned once");
    }

    /// Code, wave and standings of every organisation, as `campaign show` tells.
    fn progress(&self) -> Vec<(String, u64, String)> {
        let told: Value = serde_json::from_str(&self.done(&["campaign", "show", NAME, "--format", "json"])).unwrap();
        let mut all = Vec::new();
        for wave in told["waves"].as_array().unwrap() {
            for one in wave["organisations"].as_array().unwrap() {
                let standings = ["replaced", "ended", "open", "overdue", "waiting"];
                let counted = standings.iter().map(|word| (word, one[word].as_u64().unwrap()));
                let words: Vec<_> =
                    counted.filter(|(_, count)| *count > 0).map(|(word, count)| format!("{word} {count}")).collect();
                let code = one["code"].as_str().unwrap().to_owned();
                all.push((code, wave["number"].as_u64().unwrap(), words.join(", ")));
            }
        }
        all
    }

    fn standings(&self, code: &str) -> String {
        self.progress().into_iter().find(|(of, _, _)| of == code).unwrap().2
    }

    /// The code of 白樺町.
    fn own_code(&self) -> String {
        let sql = "select code from organisation where name = '白樺町'";
        texts(&self.installation.database, sql).remove(0)
    }

    /// OpenSSL's verdict over a certificate, from the root through its own generation, with both CRLs.
    fn verifies(&self, taken: &Taken, wrong: &str) {
        let fetched = |path: String| acts::good(self.installation.visitor().open(&path).unwrap(), &path).unwrap().body;
        let pem = |name: &str| {
            let der = fetched(format!("/aia/{name}.cer"));
            self.scratch.file(&format!("{name}.pem"), Certificate::from_der(&der).unwrap().to_pem())
        };
        let mut crls = Vec::new();
        for name in ["root", taken.authority()] {
            let der = self.scratch.file("one.crl", fetched(format!("/crl/{name}.crl")));
            crls.extend(openssl("crl -inform DER -in {} -outform PEM", &[&der]).stdout);
        }
        let (crls, root, issuer) = (self.scratch.file("crls.pem", crls), pem("root"), pem(taken.authority()));
        let line = "verify -x509_strict -purpose sslserver -crl_check_all -CAfile {} -untrusted {} -CRLfile {} {}";
        let said = openssl(line, &[&root, &issuer, &crls, &taken.pem]);
        let told = text(&said);
        assert!(said.status.success() == wrong.is_empty() && told.contains(wrong), "{}: {told}", taken.page);
    }

    fn is_on_its_crl(&self, program: &mut Program, taken: &Taken) {
        let path = format!("/crl/{}.crl", taken.authority());
        let listed = program.until(|| {
            let crl = acts::good(self.installation.visitor().open(&path)?, "the CRL")?.body;
            let list = crl::CertificateList::parse(&crl).unwrap();
            Ok(list.entries.iter().any(|entry| entry.serial == *taken.certificate.serial()).then_some(()))
        });
        assert_eq!(listed, Ok(()));
    }
}
