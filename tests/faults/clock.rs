//! The clock of a machine is wrong for a while: ten days ahead, and right again. No list is dated before one that was published,
//! nothing is called fresh that is not, whatever was put off meanwhile is done, and somebody is told.

use ca_core::audit::Actor;
use ca_core::certificate::Certificate;
use ca_core::id::AuthorityId;
use ca_core::revocation::{Revocation, RevocationReason};
use ca_core::serial::SerialNumber;
use ca_core::time::Timestamp;
use crl::CertificateList;
use lgpki_tests::clock::{HOUR, SetClock};
use lgpki_tests::databases::Kind;
use lgpki_tests::invariants::{JOBS_LEFT, broken, count};
use lgpki_tests::people::issued;
use lgpki_tests::program::{Installation, Program};
use lgpki_tests::tools::text;
use lgpki_tests::web::head_of;
use ocsp::{CertIdDigest, CertStatus};
use std::time::{Duration, Instant};
use store::Step;
use store::jobs::{Job, JobKind};

use super::PROGRAM;

const CA: &str = "application-ca";
const LIST: &str = "/crl/application-ca.crl";
const TEN_DAYS: Duration = Duration::from_secs(10 * 86_400);

/// An installation by a clock that can be set.
pub(crate) struct Site<'a> {
    installation: &'a Installation,
    pub(crate) clock: SetClock,
}

impl<'a> Site<'a> {
    pub(crate) fn of(installation: &'a Installation) -> Self {
        installation.hurries();
        Self { installation, clock: SetClock::in_folder(installation.folder()) }
    }

    pub(crate) fn serve(&self) -> Program {
        self.installation.serve_by(PROGRAM, &self.clock)
    }

    /// What a command says, and whether it ends well.
    pub(crate) fn said(&self, words: &[&str]) -> (bool, String) {
        let said = self.installation.lgpki_by(PROGRAM, &self.clock, words);
        (said.status.success(), text(&said))
    }

    /// What the operators' listener says at that path.
    pub(crate) fn told(&self, path: &str) -> String {
        lgpki::visitor::Visitor::new(&self.installation.management).open(path).unwrap().text()
    }

    /// Certificates of the application CA for these hosts: their serial numbers.
    pub(crate) fn issued<const N: usize>(&self, program: &mut Program, hosts: [&str; N]) -> [SerialNumber; N] {
        let (mut officer, mut manager) = (self.installation.officer(), self.installation.manager());
        officer.is_logged_in().unwrap();
        manager.is_logged_in().unwrap();
        let pages = issued(program, [&mut officer.browser, &mut manager.browser], &hosts);
        let serials = pages.iter().map(|page| SerialNumber::parse_hex(page.rsplit('/').next().unwrap()).unwrap());
        serials.collect::<Vec<_>>().try_into().unwrap()
    }

    /// Revokes it at the time the clock shows.
    pub(crate) fn revoke(&self, serial: &SerialNumber) {
        let now = self.clock.now();
        let revocation = Revocation { reason: RevocationReason::Superseded, revoked_at: now, invalidity_at: None };
        self.installation.with_store(async |store| {
            let mut txn = store.write(now, Actor::System("test")).await.unwrap();
            txn.revoke(&AuthorityId::parse(CA).unwrap(), serial, &revocation).await.unwrap();
            txn.commit(Step::Revoked).await.unwrap();
        });
    }

    pub(crate) fn list(&self) -> CertificateList {
        CertificateList::parse(&self.installation.visitor().open(LIST).unwrap().body).unwrap()
    }

    /// The answer about a serial number, as whoever believes it at the time the clock shows; why not, where they do not.
    pub(crate) fn answer(&self, serial: &SerialNumber, nonce: Option<Vec<u8>>) -> Result<CertStatus, String> {
        let mut public = self.installation.visitor();
        let issuer = Certificate::from_der(&public.open(&format!("/aia/{CA}.cer")).unwrap().body).unwrap();
        let question = ocsp::client::question(&issuer, serial, CertIdDigest::Sha1, nonce);
        let answer = public.post(&format!("/ocsp/{CA}"), "application/ocsp-request", &question.to_der()).unwrap();
        let judged = ocsp::client::judge(&answer.body, &question, &issuer, self.clock.now());
        judged.map(|judged| judged.responses.first().unwrap().status).map_err(|error| error.to_string())
    }

    /// Waits until a list is served that is as wanted.
    pub(crate) fn until_listed(
        &self,
        program: &mut Program,
        is_wanted: impl Fn(&CertificateList) -> bool,
    ) -> CertificateList {
        program.until(|| Ok(Some(self.list()).filter(&is_wanted))).unwrap()
    }
}

/// Asks until it is so; a minute at most.
pub(crate) fn eventually(mut is_so: impl FnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(60);
    while !is_so() {
        assert!(Instant::now() < deadline, "it did not come to be so");
    }
}

/// The highest number that was taken for a list of the application CA.
pub(crate) fn numbers_taken(installation: &Installation) -> i64 {
    count(&installation.database, "select max(number) from crl where authority_id = 'application-ca'")
}

/// A job as a worker leaves it that puts it off by a clock that is ahead.
fn put_off(site: &Site<'_>, serial: &SerialNumber) {
    let now = site.clock.now();
    let job = Job::Presign(AuthorityId::parse(CA).unwrap(), serial.clone());
    site.installation.with_store(async |store| {
        let mut txn = store.write(now, Actor::System("test")).await.unwrap();
        txn.enqueue(&job, now.plus(Duration::from_secs(256))).await.unwrap();
        txn.commit(Step::JobTouched).await.unwrap();
    });
}

#[test]
fn a_clock_goes_ten_days_ahead_and_back_on_sqlite() {
    ahead_and_back(Kind::Sqlite);
}

#[test]
fn a_clock_goes_ten_days_ahead_and_back_on_postgres() {
    ahead_and_back(Kind::Postgres);
}

fn ahead_and_back(kind: Kind) {
    let installation = &Installation::new(kind);
    let site = Site::of(installation);
    let there = installation.publishes().join("crl/application-ca.crl");
    let mut program = site.serve();
    let [serial] = site.issued(&mut program, ["www.town.shirakaba.lg.jp"]);
    let (first, began) = (site.list(), site.clock.now());

    site.clock.set_ahead(TEN_DAYS);
    assert!(program.heard("clock.set"), "{}", program.log());
    let future = site.until_listed(&mut program, |list| list.number > first.number);
    assert!(future.this_update >= began.plus(TEN_DAYS));
    assert_eq!(site.answer(&serial, None), Ok(CertStatus::Good), "by the clock as it is");
    put_off(&site, &serial);

    site.clock.set_ahead(Duration::ZERO);
    assert!(program.heard("clock.set"), "{}", program.log());
    is_behind(&site, &mut program, (&serial, &future));
    assert!(program.heard("publish.complete"), "targets are looked after all the same");
    assert_eq!(CertificateList::parse(&std::fs::read(&there).unwrap()).unwrap().number, future.number);

    // The day has come.
    site.clock.set_ahead(TEN_DAYS + HOUR);
    let next = site.until_listed(&mut program, |list| list.number > future.number);
    assert!(next.this_update >= future.this_update && next.next_update >= future.next_update);
    assert!(next.entries.iter().any(|entry| entry.serial == serial));
    let quiet = program.until(|| Ok((count(&installation.database, JOBS_LEFT) == 0).then_some(())));
    assert_eq!(quiet, Ok(()), "jobs are left");
    eventually(|| site.told("/readyz").contains(r#""ready":true"#));
    assert!(site.told("/metrics").contains("lgpki_clock_behind_seconds 0"));
    program.stops();
    let broken = broken(&installation.database);
    assert!(broken.is_empty(), "{kind:?}:\n  {}", broken.join("\n  "));
}

/// The clock is right, and the last list is of a time to come.
fn is_behind(site: &Site<'_>, program: &mut Program, (serial, future): (&SerialNumber, &CertificateList)) {
    // What was put off by the wrong clock is done, with an answer that is dated today.
    let presign =
        async |store: &store::Store| store.read().await.unwrap().next_job_due(&[JobKind::Presign]).await.unwrap();
    eventually(|| site.installation.with_store(presign).is_none());
    let future_answers = || count(&site.installation.database, &future_answers(site.clock.now()));
    eventually(|| future_answers() == 0);
    assert_eq!(site.answer(serial, None), Ok(CertStatus::Good));

    // The list stays what it was, and no cache keeps it.
    let head = head_of(&site.installation.pages, LIST);
    assert!(head.contains("cache-control: no-store"), "{head}");
    assert!(!head.contains("expires:") && !head.contains("last-modified:"), "{head}");

    // A revocation is told by OCSP; the list waits, and uses up no number.
    let taken = numbers_taken(site.installation);
    site.revoke(serial);
    assert!(program.heard("clock.behind"), "{}", program.log());
    eventually(|| matches!(site.answer(serial, None), Ok(CertStatus::Revoked { .. })));
    assert_eq!((numbers_taken(site.installation), site.list().number), (taken, future.number));

    // Whoever looks is told.
    let ready = site.told("/readyz");
    assert!(
        ready.contains(r#""ready":false"#) && ready.contains("made in the future, the clock is behind: application-ca"),
        "{ready}"
    );
    let figures = site.told("/metrics");
    let behind = figures.lines().find_map(|line| line.strip_prefix("lgpki_clock_behind_seconds ")).unwrap();
    assert!(behind.parse::<f64>().unwrap() > 860_000.0, "{behind}");
    let (well, doctor) = site.said(&["doctor"]);
    assert!(
        !well && doctor.contains("made in the future") && doctor.contains("the clock went back: set it"),
        "{doctor}"
    );
}

fn future_answers(now: Timestamp) -> String {
    format!("select count(*) from ocsp_response where this_update > {}", now.plus(HOUR).micros())
}

/// The alarm says how long is left, at every hour of it, and what is newest is pushed when the target is back.
#[test]
fn a_target_is_down_for_a_day() {
    let installation = Installation::new(Kind::Sqlite);
    let site = Site::of(&installation);
    let folder = installation.publishes();
    let there = folder.join("crl/application-ca.crl");
    let mut program = site.serve();
    while !program.log().contains("publish.complete") {
        assert!(program.heard("publish.complete"), "{}", program.log());
    }
    let first = CertificateList::parse(&std::fs::read(&there).unwrap()).unwrap();
    let away = site.installation.folder().join("away");
    std::fs::rename(&folder, &away).unwrap();
    assert!(program.heard("publish.wrong"), "{}", program.log());

    site.clock.set_ahead(HOUR);
    let (well, status) = site.said(&["publish", "status"]);
    assert!(well && status.contains("the first there is overdue in 70 h; somebody is called in 22 h"), "{status}");
    assert!(site.said(&["doctor"]).1.contains("WARN  publication"));
    site.clock.set_ahead(25 * HOUR);
    site.until_listed(&mut program, |list| list.number > first.number);
    let (well, status) = site.said(&["publish", "status"]);
    assert!(!well && status.contains("the first there is overdue in 46 h; somebody must come NOW"), "{status}");
    assert!(site.said(&["doctor"]).1.contains("FAIL  publication"));
    let figures = site.told("/metrics");
    let figure = |name: &str| {
        let name = format!("lgpki_publication_{name}{{target=\"repository\"}} ");
        let line = figures.lines().find_map(|line| line.strip_prefix(&name)).unwrap_or_else(|| panic!("{figures}"));
        line.parse::<f64>().unwrap()
    };
    let now = f64::from(i32::try_from(site.clock.now().seconds()).unwrap());
    assert!(figure("call_timestamp_seconds") < now && figure("deadline_timestamp_seconds") > now + 46.0 * 3600.0);

    std::fs::rename(&away, &folder).unwrap();
    // Tried again by itself, at the latest after five minutes.
    site.clock.set_ahead(25 * HOUR + HOUR / 10);
    assert!(program.heard("publish.complete"), "{}", program.log());
    let pushed = CertificateList::parse(&std::fs::read(&there).unwrap()).unwrap();
    assert_eq!(pushed.number, site.list().number, "the newest");
    let (well, status) = site.said(&["publish", "status"]);
    assert!(well && status.contains("somebody is called when it is behind for 24 h"), "{status}");
    program.stops();
}
