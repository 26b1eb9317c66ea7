//! A certificate suspended and taken back, on the pages and at the command line, where the pack of its authority allows it; lists and
//! answers follow. One that stays suspicious is revoked for good.

use ca_core::certificate::Certificate;
use ca_core::revocation::RevocationReason;
use ca_core::time::Clock;
use crl::CertificateList;
use lgpki::clock::SystemClock;
use lgpki::commands::demo::acts;
use lgpki_tests::clock::{HOUR, SetClock};
use lgpki_tests::databases::Kind;
use lgpki_tests::invariants::{broken, texts};
use lgpki_tests::people::{issued, registered};
use lgpki_tests::policy::pack_listing;
use lgpki_tests::program::{Installation, Program};
use lgpki_tests::tools::{Scratch, openssl, text};
use ocsp::client::{judge, question};
use ocsp::{CertIdDigest, CertStatus};
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use super::PROGRAM;

#[test]
fn a_certificate_is_suspended_and_taken_back_on_sqlite() {
    is_taken_back(Kind::Sqlite);
}

#[test]
fn a_certificate_is_suspended_and_taken_back_on_postgres() {
    is_taken_back(Kind::Postgres);
}

fn is_taken_back(kind: Kind) {
    let scratch = Scratch::new("suspension");
    let pack = scratch.file("with-suspensions.toml", pack_listing("suspension = true"));
    let installation = Installation::of_pack(kind, pack.to_str().unwrap());
    // Seven lists are waited for.
    installation.hurries();
    let mut program = installation.serve(PROGRAM, None);
    let mut town = Town::issued(&installation, &mut program);
    let held = Some(RevocationReason::CertificateHold);

    // On the pages.
    assert!(town.presses("suspend").contains("一時停止しました"));
    town.is_told(&mut program, held);
    let page = town.page("");
    assert!(page.contains("に一時停止しました。解除するまで使えません。"), "{page}");
    assert!(
        town.presses("suspend").contains("この証明書をもう一度使えるようにします"),
        "lifting is all there is to do"
    );
    assert!(town.presses("lift").contains("一時停止を解除しました"));
    town.is_told(&mut program, None);
    assert!(town.page("").contains("有効です"));

    // At the command line, by the centre.
    let password = town.operator(&scratch);
    let serial = town.serial.clone();
    let by = ["--by", "aoi", "--password-file", password.to_str().unwrap()];
    let typed = |what: &str, more: &[&str]| {
        let arguments = [&["revocation", what, &serial][..], more, &by].concat();
        installation.lgpki(PROGRAM, &arguments)
    };
    let refused = typed("lift", &[]);
    assert!(
        refused.status.code() == Some(7) && text(&refused).contains("nobody has suspended it"),
        "{}",
        text(&refused)
    );
    let unknown = typed("suspend", &["--issuer", "root"]);
    assert!(unknown.status.code() == Some(2) && text(&unknown).contains("no certificate has"), "{}", text(&unknown));
    let done = typed("suspend", &[]);
    assert!(done.status.success() && text(&done).contains("suspended: application-ca"), "{}", text(&done));
    let twice = typed("suspend", &[]);
    assert!(twice.status.code() == Some(7) && text(&twice).contains("suspended already"), "{}", text(&twice));
    town.is_told(&mut program, held);
    let lifted = typed("lift", &["--issuer", "application-ca"]);
    assert!(lifted.status.success() && text(&lifted).contains("good again"), "{}", text(&lifted));
    town.is_told(&mut program, None);

    // For good.
    town.presses("suspend");
    acts::revoke(&mut town.officer, &town.page).unwrap();
    town.is_told(&mut program, Some(RevocationReason::Superseded));
    assert!(town.page("/suspension").contains("一時停止の必要はありません"));
    let late = typed("lift", &[]);
    assert!(late.status.code() == Some(7) && text(&late).contains("revoked for good"), "{}", text(&late));

    let acts =
        "select verb || ' ' || actor from audit_event where verb in ('certificate.revoked', 'certificate.unsuspended')
        order by audit_event_id";
    let acts = texts(&installation.database, acts);
    let verbs: Vec<_> = acts.iter().map(|act| act.split([' ', ':']).take(2).collect::<Vec<_>>()).collect();
    let [revoked, lifted] = ["certificate.revoked", "certificate.unsuspended"].map(|verb| vec![verb, "account"]);
    assert_eq!(verbs, [&revoked, &lifted, &revoked, &lifted, &revoked, &revoked].map(Clone::clone));
    program.stops();
    let broken = broken(&installation.database);
    assert!(broken.is_empty(), "{kind:?}:\n  {}", broken.join("\n  "));
}

#[test]
fn a_lifted_suspension_is_taken_off_by_the_next_delta_on_sqlite() {
    is_taken_off(Kind::Sqlite);
}

#[test]
fn a_lifted_suspension_is_taken_off_by_the_next_delta_on_postgres() {
    is_taken_off(Kind::Postgres);
}

const BASE: &str = "/crl/application-ca.crl";
const DELTA: &str = "/crl/application-ca/full-delta.crl";

/// What is served at a path, and what OpenSSL reads there.
fn read(installation: &Installation, scratch: &Scratch, path: &str) -> (CertificateList, String) {
    let der = installation.visitor().open(path).unwrap().body;
    let file = scratch.file("served.crl", &der);
    let shown = text(&openssl("crl -inform DER -in {} -noout -text", &[&file]));
    (CertificateList::parse(&der).unwrap(), shown)
}

fn is_taken_off(kind: Kind) {
    let scratch = Scratch::new("removed");
    let lists = "suspension = true, delta = { validity = \"3h\", refresh-before = \"2h\" }";
    let pack = scratch.file("with-deltas.toml", pack_listing(lists));
    let installation = Installation::of_pack(kind, pack.to_str().unwrap());
    installation.hurries();
    let clock = SetClock::in_folder(installation.folder());
    let mut program = installation.serve_by(PROGRAM, &clock);
    let town = Town::issued(&installation, &mut program);
    let password = town.operator(&scratch);
    let typed = |what: &str| {
        let by = ["--by", "aoi", "--password-file", password.to_str().unwrap()];
        let said = installation.lgpki_by(PROGRAM, &clock, &[&["revocation", what, &town.serial][..], &by].concat());
        assert!(said.status.success(), "{}", text(&said));
    };
    let mut until = |path: &str, is_wanted: &dyn Fn(&CertificateList) -> bool| {
        let look = || Ok(Some(read(&installation, &scratch, path)).filter(|(list, _)| is_wanted(list)));
        program.until(look).unwrap()
    };
    let has = |list: &CertificateList, reason| {
        list.entries.iter().any(|entry| entry.serial == *town.certificate.serial() && entry.reason == reason)
    };
    let (held, removed) = (RevocationReason::CertificateHold, RevocationReason::RemoveFromCrl);

    // Suspended: first the delta says so, a day later the base.
    typed("suspend");
    until(DELTA, &|list| has(list, held));
    clock.set_ahead(25 * HOUR);
    let (base, shown) = until(BASE, &|list| has(list, held));
    assert!(shown.contains("Certificate Hold") && shown.contains("Freshest CRL"), "{shown}");
    let (delta, shown) = until(DELTA, &|list| list.base_number == base.number);
    assert!(shown.contains("No Revoked Certificates"), "the base says it: {shown}");

    // Lifted.
    typed("lift");
    let (lifted, shown) = until(DELTA, &|list| has(list, removed));
    assert!(lifted.number > delta.number && lifted.base_number == base.number);
    let serial = town.serial.to_uppercase();
    assert!(shown.contains("Delta CRL Indicator") && shown.contains("Remove From CRL"), "{shown}");
    assert!(shown.contains(&format!("Serial Number: {serial}")), "{serial}: {shown}");
    let (still, _) = read(&installation, &scratch, BASE);
    assert_eq!(still.number, base.number, "what the base says is taken off by the delta");

    clock.set_ahead(50 * HOUR);
    let (next, shown) = until(BASE, &|list| list.number > base.number);
    assert!(shown.contains("No Revoked Certificates"), "{shown}");
    let (_, shown) = until(DELTA, &|list| list.base_number == next.number);
    assert!(shown.contains("No Revoked Certificates"), "{shown}");
    program.stops();
    let broken = broken(&installation.database);
    assert!(broken.is_empty(), "{kind:?}:\n  {}", broken.join("\n  "));
}

#[test]
fn nothing_is_suspended_where_the_pack_does_not_say_so() {
    let installation = Installation::new(Kind::Sqlite);
    let mut program = installation.serve(PROGRAM, None);
    let mut town = Town::issued(&installation, &mut program);
    assert!(!town.page("").contains("/suspension"), "no link");
    assert!(town.page("/suspension").contains("この認証局の証明書は、一時停止できません"));
    let scratch = Scratch::new("no-suspension");
    let password = town.operator(&scratch);
    let arguments =
        ["revocation", "suspend", &town.serial, "--by", "aoi", "--password-file", password.to_str().unwrap()];
    let refused = installation.lgpki(PROGRAM, &arguments);
    assert!(refused.status.code() == Some(7) && text(&refused).contains("allows no suspensions"), "{}", text(&refused));
    assert_eq!(town.said(), None);
    program.stops();
}

/// An officer of 白樺町 with one certificate.
pub(crate) struct Town<'a> {
    installation: &'a Installation,
    pub(crate) officer: lgpki::visitor::Visitor,
    pub(crate) page: String,
    pub(crate) serial: String,
    certificate: Certificate,
    issuer: Certificate,
}

impl<'a> Town<'a> {
    pub(crate) fn issued(installation: &'a Installation, program: &mut Program) -> Self {
        let (mut officer, mut manager) = (installation.officer(), installation.manager());
        officer.is_logged_in().unwrap();
        manager.is_logged_in().unwrap();
        let host = "www.town.shirakaba.lg.jp";
        let hands = [&mut officer.browser, &mut manager.browser];
        let page = issued(program, hands, &[host]).remove(0);
        let mut read = |path: &str| {
            let der = acts::good(officer.browser.open(path).unwrap(), path).unwrap().body;
            Certificate::from_der(&der).unwrap()
        };
        let (certificate, issuer) = (read(&format!("{page}/download/der")), read("/aia/application-ca.cer"));
        let serial = certificate.serial().to_hex();
        Self { installation, officer: officer.browser, page, serial, certificate, issuer }
    }

    pub(crate) fn page(&mut self, below: &str) -> String {
        let path = format!("{}{below}", self.page);
        acts::good(self.officer.open(&path).unwrap(), &path).unwrap().text()
    }

    /// Presses a button of the suspension's page, also one that is not there; what is said then.
    fn presses(&mut self, button: &str) -> String {
        let path = format!("{}/suspension", self.page);
        let form = self.officer.open(&path).unwrap().form(&path).unwrap();
        self.officer.send(&form.fill("step", button)).unwrap().text()
    }

    /// An RA operator of the centre; the file with the password.
    fn operator(&self, scratch: &Scratch) -> PathBuf {
        let code = texts(&self.installation.database, "select code from organisation where name = '白樺町'").remove(0);
        let persona = registered(PROGRAM, self.installation, [&code, "aoi", "ra-operator"]);
        let file = scratch.file("aoi", persona.password);
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600)).unwrap();
        file
    }

    /// What OCSP says of the certificate: the reason of a revocation, `None` for good.
    fn said(&self) -> Option<RevocationReason> {
        let question = question(&self.issuer, self.certificate.serial(), CertIdDigest::Sha1, None);
        let mut visitor = self.installation.visitor();
        let answer = visitor.post("/ocsp/application-ca", "application/ocsp-request", &question.to_der()).unwrap();
        let believed = judge(&answer.body, &question, &self.issuer, SystemClock.now()).unwrap();
        match believed.responses.first().unwrap().status {
            CertStatus::Good => None,
            CertStatus::Revoked { reason, .. } => reason,
            CertStatus::Unknown => panic!("unknown"),
        }
    }

    /// Waits until list and answer both say so.
    fn is_told(&self, program: &mut Program, wanted: Option<RevocationReason>) {
        let mut visitor = self.installation.visitor();
        let told = program.until(|| {
            let crl = acts::good(visitor.open("/crl/application-ca.crl")?, "the CRL")?.body;
            let list = CertificateList::parse(&crl).unwrap();
            let listed = list.entries.iter().find(|entry| entry.serial == *self.certificate.serial());
            Ok((listed.map(|entry| entry.reason) == wanted && self.said() == wanted).then_some(()))
        });
        assert_eq!(told, Ok(()), "{wanted:?}");
    }
}
