//! Much that must be revoked at once: planned, looked at, approved by two people, executed in batches beside a running service,
//! and killed between them.

use ca_core::certificate::Certificate;
use lgpki::commands::demo::acts;
use lgpki_tests::databases::Kind;
use lgpki_tests::invariants::{broken, count, texts};
use lgpki_tests::people::{issued, registered};
use lgpki_tests::program::{Installation, Program};
use lgpki_tests::tools::{Scratch, text};
use serde_json::Value;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::{Command, Output};

use super::PROGRAM;

const CERTIFICATES: usize = 5;
const REVOKED: &str = "select count(*) from audit_event where verb = 'certificate.revoked'";

#[test]
fn a_fleet_is_revoked_by_two_people_on_sqlite() {
    is_revoked(Kind::Sqlite);
}

#[test]
fn a_fleet_is_revoked_by_two_people_on_postgres() {
    is_revoked(Kind::Postgres);
}

fn is_revoked(kind: Kind) {
    let installation = Installation::new(kind);
    let centre = Centre::of(&installation);
    let mut program = installation.serve(PROGRAM, None);
    let issued = centre.issues(&mut program);
    centre.plans();
    centre.simulates();
    let digest = centre.shown()["sha256"].as_str().unwrap().to_owned();
    centre.refuses_without_two_people(&digest);

    // One certificate is revoked by its holder meanwhile; the plan leaves it as it is.
    let mut officer = installation.officer();
    officer.is_logged_in().unwrap();
    acts::revoke(&mut officer.browser, &issued[0].0).unwrap();

    // Killed after the second batch was kept, killed before the third was, then left alone: nothing is done twice.
    for (fault, done) in [("Revoked:2:PowerCutAfter", 2), ("Revoked:1:PowerCutBefore", 2)] {
        let killed = centre.lgpki(Some(fault), &["mass-revoke", "execute", "fleet", "--batch", "1"]);
        assert!(killed.status.code().is_none(), "{fault}: {}", text(&killed));
        let progress = centre.shown();
        let counted = ["revoked", "revoked_before"].iter().map(|word| progress[word].as_u64().unwrap()).sum::<u64>();
        assert_eq!((counted, progress["ended_at"].is_null()), (done, true), "{fault}: {progress}");
    }
    let said = centre.done(&["mass-revoke", "execute", "fleet", "--batch", "2"]);
    assert!(said.contains("100 %  5 of 5 certificates: 4 revoked, 1 revoked before"), "{said}");
    assert_eq!(count(&installation.database, REVOKED), 5, "one event for each");
    let again = centre.done(&["mass-revoke", "execute", "fleet"]);
    assert!(again.contains("executed at") && count(&installation.database, REVOKED) == 5, "{again}");

    centre.lists_and_answers_say_it(&mut program, &issued);
    centre.counts_answers();
    let verbs = "select verb from audit_event where verb like 'mass-revocation.%' order by audit_event_id";
    let wanted = ["planned", "approved", "approved", "ended"].map(|word| format!("mass-revocation.{word}"));
    assert_eq!(texts(&installation.database, verbs), wanted);
    program.stops();
    let broken = broken(&installation.database);
    assert!(broken.is_empty(), "{kind:?}:\n  {}", broken.join("\n  "));
}

/// The operator's people at the machine.
struct Centre<'a> {
    installation: &'a Installation,
    scratch: Scratch,
    /// Log-in names and files with passwords of two RA operators.
    people: [(&'static str, PathBuf); 2],
    code: String,
}

impl<'a> Centre<'a> {
    fn of(installation: &'a Installation) -> Self {
        let scratch = Scratch::new("mass-revocation");
        let code = texts(&installation.database, "select code from organisation where name = '白樺町'").remove(0);
        let people = ["aoi", "kaoru"].map(|login| {
            let persona = registered(PROGRAM, installation, [&code, login, "ra-operator"]);
            let file = scratch.file(login, persona.password);
            std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600)).unwrap();
            (login, file)
        });
        Self { installation, scratch, people, code }
    }

    fn lgpki(&self, fault: Option<&str>, arguments: &[&str]) -> Output {
        let mut command = Command::new(PROGRAM);
        if let Some(fault) = fault {
            command.args(["--faults", fault]);
        }
        let config = self.installation.folder().join("lgpki.toml");
        command.arg("--config").arg(config).args(arguments).output().unwrap()
    }

    fn done(&self, arguments: &[&str]) -> String {
        let said = self.lgpki(None, arguments);
        assert!(said.status.success(), "{arguments:?}: {}", text(&said));
        String::from_utf8(said.stdout).unwrap()
    }

    fn refuses(&self, arguments: &[&str], code: i32, why: &str) {
        let said = self.lgpki(None, arguments);
        assert!(said.status.code() == Some(code) && text(&said).contains(why), "{arguments:?}: {}", text(&said));
    }

    /// Has certificates issued; their pages and themselves.
    fn issues(&self, program: &mut Program) -> Vec<(String, Certificate)> {
        let (mut officer, mut manager) = (self.installation.officer(), self.installation.manager());
        officer.is_logged_in().unwrap();
        manager.is_logged_in().unwrap();
        let hosts: Vec<_> = (0..CERTIFICATES).map(|number| format!("www{number}.town.shirakaba.lg.jp")).collect();
        let pages = issued(program, [&mut officer.browser, &mut manager.browser], &hosts);
        let taken = |page: String| {
            let path = format!("{page}/download/der");
            let der = acts::good(officer.browser.open(&path).unwrap(), &path).unwrap().body;
            (page, Certificate::from_der(&der).unwrap())
        };
        pages.into_iter().map(taken).collect()
    }

    fn plans(&self) {
        let plan = ["mass-revoke", "plan", "fleet", "--reason", "keyCompromise"];
        self.refuses(&plan, 2, "--org");
        self.refuses(&[&plan[..], &["--org", "011002"]].concat(), 2, "no organisation has the code");
        self.refuses(&[&plan[..], &["--profile", "mail"]].concat(), 7, "nothing to revoke");
        let list = self.scratch.file("serials", "# of a token that is gone\n0123\n");
        let named = ["--serials", list.to_str().unwrap(), "--issuer", "application-ca"];
        self.refuses(&[&plan[..], &named].concat(), 7, "names a certificate that is not among those");
        let whole =
            [&plan[..], &["--issuer", "application-ca", "--org", &self.code, "--profile", "web-server"]].concat();
        let said = self.done(&[&whole[..], &["--invalid-since", "2026-01-01T00:00:00Z"]].concat());
        assert!(said.contains("fleet: 5 certificates to be revoked (keyCompromise)"), "{said}");
        self.refuses(&whole, 7, "there is a plan fleet already");
    }

    fn simulates(&self) {
        let said = self.done(&["mass-revoke", "simulate", "fleet", "--batch", "2", "--format", "json"]);
        let told: Value = serde_json::from_str(&said).unwrap();
        assert_eq!((&told["certificates"], &told["batches"]), (&5.into(), &3.into()), "{told}");
        let list = &told["lists"][0];
        assert_eq!((&list["authority"], &list["list"]), (&"application-ca".into(), &"full".into()), "{told}");
        let number = |word: &str| list[word].as_u64().unwrap();
        assert_eq!(number("entries_after") - number("entries_before"), 5, "{told}");
        assert!(number("octets_after") > number("octets_before") && number("signing_ms") > 0, "{told}");
        assert_eq!(count(&self.installation.database, REVOKED), 0, "a simulation changes nothing");
        self.done(&["mass-revoke", "simulate", "fleet"]);
    }

    fn shown(&self) -> Value {
        let said = self.done(&["mass-revoke", "show", "fleet", "--format", "json"]);
        serde_json::from_str::<Value>(&said).unwrap()["plans"][0].clone()
    }

    fn refuses_without_two_people(&self, digest: &str) {
        let [(aoi, aois), (kaoru, kaorus)] = &self.people;
        let (aois, kaorus) = (aois.to_str().unwrap(), kaorus.to_str().unwrap());
        let approve = ["mass-revoke", "approve", "fleet", "--by"];
        let execute = ["mass-revoke", "execute", "fleet"];
        self.refuses(&execute, 7, "0 of 2 RA operators");
        self.refuses(&[&approve[..], &[aoi, "--password-file", aois, "--digest", "00"]].concat(), 7, "another digest");
        let approved = |by: &str, file: &str| {
            let arguments = [&approve[..], &[by, "--password-file", file, "--digest", digest]].concat();
            self.lgpki(None, &arguments)
        };
        assert_eq!(approved(aoi, kaorus).status.code(), Some(7), "another's password");
        assert_eq!(approved("sato", aois).status.code(), Some(7), "an officer of a town");
        assert!(approved(aoi, aois).status.success());
        let twice = approved(aoi, aois);
        assert!(
            twice.status.code() == Some(7) && text(&twice).contains("has approved fleet before"),
            "{}",
            text(&twice)
        );
        self.refuses(&execute, 7, "1 of 2 RA operators");
        assert!(approved(kaoru, kaorus).status.success());
    }

    /// All answers are signed ahead, by the service or now.
    fn counts_answers(&self) {
        self.done(&["ocsp", "presign", "application-ca"]);
        let said = self.done(&["ocsp", "status", "application-ca", "--format", "json"]);
        let told: Value = serde_json::from_str(&said).unwrap();
        let of = &told["authorities"][0];
        assert_eq!((&of["missing"], &of["answers"]), (&0.into(), &of["certificates"]), "{told}");
        assert!(of["certificates"].as_u64().unwrap() >= 5 && of["responder_until"].is_string(), "{told}");
        self.refuses(&["ocsp", "status", "nobody"], 2, "no authority nobody");
    }

    fn lists_and_answers_say_it(&self, program: &mut Program, issued: &[(String, Certificate)]) {
        let visitor = || self.installation.visitor();
        let list = program.until(|| {
            let crl = acts::good(visitor().open("/crl/application-ca.crl")?, "the CRL")?.body;
            let list = crl::CertificateList::parse(&crl).unwrap();
            let listed = |one: &Certificate| list.entries.iter().any(|entry| entry.serial == *one.serial());
            Ok(issued.iter().all(|(_, one)| listed(one)).then_some(list))
        });
        let list = list.unwrap();
        let since: Vec<bool> = list.entries.iter().map(|entry| entry.invalidity_at.is_some()).collect();
        assert_eq!((since.len(), since.iter().filter(|since| **since).count()), (5, 4), "the holder's has no date");
        // Four batches asked for lists; they are made at most once for each, and never once for each certificate.
        let made = "select count(*) from crl where authority_id = 'application-ca'";
        assert!(count(&self.installation.database, made) <= 7, "{}", count(&self.installation.database, made));
        let ca = acts::good(visitor().open("/aia/application-ca.cer").unwrap(), "the CA").unwrap().body;
        let ca = self.scratch.file("ca.pem", Certificate::from_der(&ca).unwrap().to_pem());
        let url = format!("{}ocsp/application-ca", self.installation.pages);
        for (_, one) in issued {
            let pem = self.scratch.file("one.pem", one.to_pem());
            let (pem, ca) = (pem.to_str().unwrap(), ca.to_str().unwrap());
            let said = self.lgpki(None, &["ocsp", "query", "--cert", pem, "--issuer", ca, "--url", &url]);
            assert!(said.status.code() == Some(1) && text(&said).contains("revoked"), "{}", text(&said));
        }
    }
}
