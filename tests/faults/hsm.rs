//! A service whose keys are in a device that fails: what is burnt, what is taken out of service, who is told, and how it goes
//! on.

use ca_core::digest::{hex, sha256};
use ca_core::id::RequestNumber;
use ca_core::key::KeyAlgorithm;
use lgpki::commands::demo::acts;
use lgpki::config::TokenStore;
use lgpki_tests::clock::HOUR;
use lgpki_tests::databases::Kind;
use lgpki_tests::faulty::FaultyModule;
use lgpki_tests::invariants::{JOBS_LEFT, broken, count, texts};
use lgpki_tests::program::{Installation, Person, Program};
use lgpki_tests::token::{SoftHsm, with_token};
use lgpki_tests::tools::text;
use lgpki_tests::web::head_of;
use ocsp::CertStatus;
use std::collections::BTreeSet;
use std::process::Command;

use super::clock::eventually;
use super::{PROGRAM, clock, settle};

const CA: &str = "application-ca";
const LIST: &str = "/crl/application-ca.crl";

/// An installation in a token behind the faulty module.
struct Site<'a> {
    hsm: &'a SoftHsm,
    faulty: FaultyModule,
    installation: Installation,
}

impl<'a> Site<'a> {
    fn new(hsm: &'a SoftHsm) -> Self {
        let faulty = FaultyModule::before(hsm);
        let mut store: TokenStore = hsm.store();
        store.settings.module = faulty.path().to_owned();
        Self { hsm, installation: Installation::in_token(Kind::Sqlite, store), faulty }
    }

    fn officers(&self) -> (Person<'_>, Person<'_>) {
        let (mut officer, mut manager) = (self.installation.officer(), self.installation.manager());
        officer.is_logged_in().unwrap();
        manager.is_logged_in().unwrap();
        (officer, manager)
    }

    /// Files and approves a request for a server's certificate.
    fn approved(&self, (officer, manager): (&mut Person<'_>, &mut Person<'_>), host: &str) -> RequestNumber {
        let key = lgpki::holder::new_key(KeyAlgorithm::P256).unwrap();
        let request = lgpki::holder::new_request(&key, &[host]).unwrap();
        let number = acts::file_request(&mut officer.browser, host, &request).unwrap();
        acts::approve(&mut manager.browser, &number).unwrap();
        number
    }

    fn lgpki(&self, words: &[&str]) -> String {
        let mut command = Command::new(PROGRAM);
        let output = self.hsm.give(&mut command).current_dir(self.installation.folder()).args(words).output().unwrap();
        text(&output)
    }

    /// What the operators' listener says at that path.
    fn told(&self, path: &str) -> String {
        let mut visitor = lgpki::visitor::Visitor::new(&self.installation.management);
        visitor.open(path).unwrap().text()
    }

    fn burnt(&self) -> usize {
        settle::burnt(&self.installation.database).len()
    }

    fn is_whole(&self, program: Program) {
        program.stops();
        assert_eq!(broken(&self.installation.database), Vec::<String>::new());
        // A probe means nothing, and is always the same.
        let probe = hex(&sha256(b"LGPKI key probe: this signature means nothing"));
        for key in [CA, "organisation-ca"] {
            let mut asked = self.faulty.signed_with(key);
            asked.retain(|octets| *octets != probe);
            assert_eq!(asked.iter().collect::<BTreeSet<_>>().len(), asked.len(), "{key} signed something twice");
        }
    }
}

#[test]
fn a_signature_of_unknown_outcome_burns_its_serial_and_is_never_asked_for_again() {
    with_token(|hsm| {
        let site = Site::new(hsm);
        let mut program = site.installation.serve(PROGRAM, None);
        let (mut officer, mut manager) = site.officers();
        for (n, class) in ["0x30", "0x31", "0xb3", "0x32", "0x5"].into_iter().enumerate() {
            site.faulty.told(&format!("C_Sign@{CA} {class} once"));
            let host = format!("unknown{n}.town.shirakaba.lg.jp");
            let number = site.approved((&mut officer, &mut manager), &host);
            program.until(|| acts::certificate_of(&mut officer.browser, &number)).unwrap();
            assert!(site.faulty.has_struck(), "{class}");
        }
        let quiet = program.until(|| Ok((count(&site.installation.database, JOBS_LEFT) == 0).then_some(())));
        assert_eq!(quiet, Ok(()), "jobs are left");
        assert!(site.burnt() >= 5, "{} serials are burnt", site.burnt());
        for serial in settle::burnt(&site.installation.database) {
            settle::revoked_for_everybody(&site.installation, &serial);
        }
        let figures = site.told("/metrics");
        assert!(figures.contains(r#"lgpki_key_signatures_total{key="application-ca",outcome="unknown"}"#), "{figures}");
        site.is_whole(program);
    });
}

#[test]
fn a_key_that_signs_wrongly_is_out_of_service_until_somebody_returns_it() {
    with_token(|hsm| {
        let site = Site::new(hsm);
        let mut program = site.installation.serve(PROGRAM, None);
        let (mut officer, mut manager) = site.officers();
        site.faulty.told(&format!("C_Sign@{CA} wrong once"));
        let number = site.approved((&mut officer, &mut manager), "wrong.town.shirakaba.lg.jp");
        assert!(program.heard("key.out-of-service"), "{}", program.log());
        let out = || texts(&site.installation.database, "select key_label from key_out_of_service");
        program.until(|| Ok((!out().is_empty()).then_some(()))).unwrap();
        assert_eq!(out(), [CA]);
        let asked = site.faulty.signed_with(CA).len();

        // People are told, wherever they look.
        let ready = site.told("/readyz");
        assert!(ready.contains("application-ca is out of service: the token"), "{ready}");
        assert!(site.told("/metrics").contains(r#"lgpki_key_out_of_service{key="application-ca"} 1"#));
        let doctor = site.lgpki(&["doctor"]);
        assert!(doctor.contains("application-ca is out of service since"), "{doctor}");
        assert!(doctor.contains("lgpki key return-to-service application-ca"), "{doctor}");
        let operator = site.installation.with_an_operator();
        let mut operator = site.installation.person(&operator);
        operator.is_logged_in().unwrap();
        let home = operator.browser.open("/home").unwrap().text();
        assert!(home.contains("application-ca"), "{home}");
        assert!(!officer.browser.open("/home").unwrap().text().contains("application-ca"), "it is no officer's matter");
        program.stops();

        // It survives a restart, and nothing is signed with it.
        let mut program = site.installation.serve(PROGRAM, None);
        assert!(site.told("/readyz").contains("application-ca is out of service"));
        assert_eq!(site.faulty.signed_with(CA).len(), asked, "nothing was signed with it");
        assert_eq!(acts::certificate_of(&mut officer.browser, &number).unwrap(), None);

        // Somebody has looked at the device.
        let said = site.lgpki(&["key", "return-to-service", CA, "--reason", "the maker exchanged the board"]);
        assert!(said.contains("application-ca signs again"), "{said}");
        program.until(|| acts::certificate_of(&mut officer.browser, &number)).unwrap();
        let quiet = program.until(|| Ok((count(&site.installation.database, JOBS_LEFT) == 0).then_some(())));
        assert_eq!(quiet, Ok(()), "jobs are left");
        let [burnt] = &settle::burnt(&site.installation.database)[..] else { panic!("one serial is burnt") };
        settle::revoked_for_everybody(&site.installation, burnt);
        let events = "select e.verb from audit_event e where e.object = 'key:application-ca' order by e.audit_event_id";
        let events = texts(&site.installation.database, events);
        assert_eq!(events, ["key.created", "key.out-of-service", "key.returned-to-service"]);
        site.is_whole(program);
    });
}

#[test]
fn a_device_that_hangs_at_the_start_keeps_nobody_waiting() {
    with_token(|hsm| {
        let site = Site::new(hsm);
        site.faulty.told("C_Login delay 8000 once");
        let mut program = site.installation.serve(PROGRAM, None);
        // The login is in the device still, and the pages are there.
        let ready = site.told("/readyz");
        assert!(ready.contains("application-ca is probing"), "{ready}");
        let (mut officer, mut manager) = site.officers();
        let number = site.approved((&mut officer, &mut manager), "patient.town.shirakaba.lg.jp");
        assert!(program.heard("key.usable"), "{}", program.log());
        program.until(|| acts::certificate_of(&mut officer.browser, &number)).unwrap();
        let quiet = program.until(|| Ok((count(&site.installation.database, JOBS_LEFT) == 0).then_some(())));
        assert_eq!(quiet, Ok(()), "jobs are left");
        site.is_whole(program);
    });
}

#[test]
fn a_dead_hsm_does_not_stop_the_start_and_its_keys_are_used_when_it_comes_back() {
    with_token(|hsm| {
        let site = Site::new(hsm);
        site.faulty.told("removed");
        let mut program = site.installation.serve(PROGRAM, None);
        // What needs no signature is there: pages, CRLs, answers signed ahead.
        let (mut officer, mut manager) = site.officers();
        let crl = acts::good(officer.browser.open("/crl/application-ca.crl").unwrap(), "the CRL").unwrap();
        assert!(!crl.body.is_empty());
        let number = site.approved((&mut officer, &mut manager), "later.town.shirakaba.lg.jp");
        let ready = site.told("/readyz");
        assert!(ready.contains("application-ca is unusable: "), "{ready}");
        assert!(site.told("/metrics").contains(r#"lgpki_key_state{key="application-ca",state="unusable"} 1"#));
        let doctor = site.lgpki(&["doctor"]);
        assert!(doctor.contains("FAIL  keys"), "{doctor}");
        assert_eq!(site.burnt(), 0);

        site.faulty.mended();
        assert!(program.heard("key.usable"), "{}", program.log());
        program.until(|| acts::certificate_of(&mut officer.browser, &number)).unwrap();
        assert_eq!(site.burnt(), 0, "no serial was used up while the device was away");
        let quiet = program.until(|| Ok(site.told("/readyz").contains(r#""ready":true"#).then_some(())));
        assert_eq!(quiet, Ok(()), "{}", site.told("/readyz"));
        site.is_whole(program);
    });
}

/// Everything that was signed before is given out for as long as it is good and not a moment longer; what waits is signed at once when
/// the device is back.
#[test]
fn a_device_is_away_for_an_hour_and_then_for_longer_than_anything_is_good() {
    with_token(|hsm| {
        let here = Site::new(hsm);
        let site = clock::Site::of(&here.installation);
        let mut program = site.serve();
        let [good, bad] = site.issued(&mut program, ["www.town.shirakaba.lg.jp", "mail.town.shirakaba.lg.jp"]);
        let quiet = program.until(|| Ok((count(&here.installation.database, JOBS_LEFT) == 0).then_some(())));
        assert_eq!(quiet, Ok(()), "jobs are left");
        let (before, taken) = (site.list(), clock::numbers_taken(&here.installation));

        here.faulty.told("removed");
        site.clock.set_ahead(HOUR);
        let live = || site.answer(&good, Some(vec![7; 32]));
        assert_eq!(live(), Err("the responder refused: tryLater".to_owned()));
        assert_eq!(site.answer(&good, None), Ok(CertStatus::Good), "signed ahead, and good for hours");
        let head = head_of(&here.installation.pages, LIST);
        assert!(head.contains("cache-control: public, max-age=") && head.contains("expires:"), "{head}");
        // Who asks is told how long that lasts.
        let (_, doctor) = site.said(&["doctor"]);
        assert!(doctor.contains("application-ca: number") && doctor.contains(", in 70 h"), "{doctor}");
        let (_, answers) = site.said(&["ocsp", "status"]);
        assert!(answers.contains("the first runs out"), "{answers}");
        let figure = "lgpki_crl_next_update_timestamp_seconds{ca=\"application-ca\",list=\"full\"} ";
        let until = before.next_update.unwrap().seconds().to_string();
        assert!(site.told("/metrics").contains(&format!("{figure}{until}")), "{}", site.told("/metrics"));
        eventually(|| site.told("/readyz").contains("application-ca-ocsp is unusable"));

        // A revocation: what said otherwise is given out no more. The attempt that finds the device gone uses up a number, and no
        // further one does.
        site.revoke(&bad);
        eventually(|| site.answer(&bad, None) != Ok(CertStatus::Good));
        assert_eq!(site.answer(&bad, None), Err("the responder refused: tryLater".to_owned()));
        eventually(|| site.told("/readyz").contains("application-ca is unusable"));

        site.clock.set_ahead(80 * HOUR);
        assert!(program.heard("clock.set"), "{}", program.log());
        assert_eq!(site.answer(&good, None), Err("the responder refused: tryLater".to_owned()));
        let head = head_of(&here.installation.pages, LIST);
        assert!(head.contains("cache-control: no-store") && !head.contains("expires:"), "{head}");
        assert_eq!(site.list().number, before.number);
        assert!(site.told("/readyz").contains("overdue: application-ca"), "{}", site.told("/readyz"));
        assert!(site.said(&["doctor"]).1.contains("overdue"));
        assert_eq!(clock::numbers_taken(&here.installation), taken + 1);

        here.faulty.mended();
        assert!(program.heard("key.usable"), "{}", program.log());
        let next = site.until_listed(&mut program, |list| list.number > before.number);
        assert!(next.entries.iter().any(|entry| entry.serial == bad));
        eventually(|| site.answer(&good, None) == Ok(CertStatus::Good));
        assert!(matches!(site.answer(&bad, None), Ok(CertStatus::Revoked { .. })));
        eventually(|| site.told("/readyz").contains(r#""ready":true"#));
        let empty = "select count(*) from crl where authority_id = 'application-ca' and der is null";
        assert_eq!(count(&here.installation.database, empty), 1, "each other number has its list");
        let quiet = program.until(|| Ok((count(&here.installation.database, JOBS_LEFT) == 0).then_some(())));
        assert_eq!(quiet, Ok(()), "jobs are left");
        here.is_whole(program);
    });
}
