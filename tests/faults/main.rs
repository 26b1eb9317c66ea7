//! Order of acts: the power is cut (a real `kill -9` of the real process) and the database fails at every gap between
//! durable steps, on both databases, in both forms (failed; failed but persisted). After each restart the job is carried
//! on by the people it belongs to, and then everything must be whole: [`lgpki_tests::invariants`].
//!
//! The table stands at `rows!`; a test for each row, database and form is made from it.
#![expect(clippy::unwrap_used, clippy::panic, reason = "helpers of tests: what fails here is a failed test")]

use ca_core::id::RequestNumber;
use ca_core::key::KeyAlgorithm;
use lgpki::commands::demo::{DemoError, acts};
use lgpki_tests::databases::Kind;
use lgpki_tests::interruptions::{Blow, Fault, Side};
use lgpki_tests::invariants::{broken, count};
use lgpki_tests::program::{Installation, Person, Program};
use store::Step;

/// The program, composed with a fault.
const PROGRAM: &str = env!("CARGO_BIN_EXE_lgpki-for-tests");

/// What the officer asks for.
const NAME: &str = "www.town.shirakaba.lg.jp";

/// Jobs that wait for a worker.
const JOBS_LEFT: &str = "select count(*) from job";

macro_rules! rows {
    ($($(#[$why:meta])* $name:ident = $step:ident, $occurrence:literal;)+) => {
        /// Every durable step of the life of a certificate, in the order they happen, with which of its commits is struck.
        const ROWS: &[Step] = &[$(Step::$step,)+];

        $($(#[$why])* mod $name {
            use super::*;

            gaps!($step, $occurrence;
                sqlite_power_cut_before = Sqlite, Before, Kill;
                sqlite_power_cut_after = Sqlite, After, Kill;
                sqlite_failed = Sqlite, Before, Fail;
                sqlite_failed_but_persisted = Sqlite, After, Fail;
                postgres_power_cut_before = Postgres, Before, Kill;
                postgres_power_cut_after = Postgres, After, Kill;
                postgres_failed = Postgres, Before, Fail;
                postgres_failed_but_persisted = Postgres, After, Fail;
            );
        })+
    };
}

macro_rules! gaps {
    ($step:ident, $occurrence:literal; $($name:ident = $kind:ident, $side:ident, $blow:ident;)+) => {$(
        #[test]
        fn $name() {
            let fault = Fault { step: Step::$step, occurrence: $occurrence, side: Side::$side, blow: Blow::$blow };
            strike(Kind::$kind, fault);
        }
    )+};
}

rows! {
    a_first_visit = SessionWritten, 1;
    a_log_in = SessionWritten, 2;
    a_request_is_filed = RequestSubmitted, 1;
    a_request_is_approved = RequestDecided, 1;
    the_worker_takes_a_job = JobTouched, 1;
    intents_are_recorded = IntentsRecorded, 1;
    /// Before it: signed, and nobody knows.
    certificates_are_recorded = CertificatesRecorded, 1;
    answers_are_signed_ahead = OcspStored, 1;
    a_certificate_is_revoked = Revoked, 1;
    a_crl_number_is_taken = CrlNumberTaken, 1;
    a_crl_is_stored = CrlStored, 1;
}

/// One row: the life of a certificate with one fault in it, a restart, and the rest of the life.
fn strike(kind: Kind, fault: Fault) {
    let installation = Installation::new(kind);
    let mut people = People::of(&installation);
    let mut program = installation.serve(PROGRAM, Some(fault));
    let first = people.live_a_certificates_life(&mut program);
    // People may not notice a failure (a job is tried again); a power cut ends the process, and so the life.
    let unnoticed = fault.blow == Blow::Fail && first.is_ok();
    assert!(unnoticed || first.is_err(), "{kind:?} {fault}: the process was not killed");
    let mut program = restarted(&installation, program, fault);
    if let Err(error) = people.live_a_certificates_life(&mut program) {
        panic!("{kind:?} {fault}: after the restart: {error}\n{}", program.log());
    }
    let quiet = until(&mut program, || Ok((count(&installation.database, JOBS_LEFT) == 0).then_some(())));
    assert_eq!(quiet, Ok(()), "{kind:?} {fault}: jobs are left");
    program.stops();
    let broken = broken(&installation.database);
    assert!(broken.is_empty(), "{kind:?} {fault}:\n  {}", broken.join("\n  "));
    let issued = count(&installation.database, "select count(*) from request where state = 'issued'");
    assert_eq!(issued, 1, "{kind:?} {fault}: one request was filed, so one certificate is wanted");
}

fn restarted(installation: &Installation, mut program: Program, fault: Fault) -> Program {
    if fault.blow == Blow::Kill {
        program.ended();
    } else {
        program.killed(); // a failing database is a bad day for the process, too
    }
    installation.serve(PROGRAM, None)
}

struct People<'a> {
    officer: Person<'a>,
    manager: Person<'a>,
    /// The officer's request file: one key, so a request filed twice would be refused.
    request: String,
}

impl<'a> People<'a> {
    fn of(installation: &'a Installation) -> Self {
        let key = lgpki::holder::new_key(KeyAlgorithm::P256).unwrap();
        let request = lgpki::holder::new_request(&key, &[NAME]).unwrap();
        Self { officer: installation.officer(), manager: installation.manager(), request }
    }

    /// Asks, approves, waits for the certificate, revokes it, waits for the CRL; parts that the pages say are done are left
    /// out. Errors when something does not work: the moment of the fault.
    fn live_a_certificates_life(&mut self, program: &mut Program) -> Result<(), String> {
        let failed = |error: DemoError| error.to_string();
        self.officer.is_logged_in().map_err(failed)?;
        self.manager.is_logged_in().map_err(failed)?;
        let number = match self.filed().map_err(failed)? {
            Some(number) => number,
            None => acts::file_request(&mut self.officer.browser, NAME, &self.request).map_err(failed)?,
        };
        let waiting = self.manager.browser.open("/approvals").map_err(|error| failed(error.into()))?;
        if waiting.form(&format!("/requests/{number}/approve")).is_ok() {
            acts::approve(&mut self.manager.browser, &number).map_err(failed)?;
        }
        let page = until(program, || acts::certificate_of(&mut self.officer.browser, &number))?;
        let revoke = self.officer.browser.open(&format!("{page}/revoke")).map_err(|error| failed(error.into()))?;
        if revoke.form(&format!("{page}/revoke")).is_ok() {
            acts::revoke(&mut self.officer.browser, &page).map_err(failed)?;
        }
        let serial = page.rsplit('/').next().unwrap_or_default().to_owned();
        until(program, || {
            let crl = acts::good(self.officer.browser.open("/crl/application-ca.crl")?, "the CRL")?.body;
            let list = crl::CertificateList::parse(&crl).map_err(|error| DemoError::Story(error.to_string()))?;
            Ok(list.entries.iter().any(|entry| entry.serial.to_hex() == serial).then_some(()))
        })
    }

    /// The officer's one request, if it was filed.
    fn filed(&mut self) -> Result<Option<RequestNumber>, DemoError> {
        let page = acts::good(self.officer.browser.open("/requests")?, "the list of requests")?.text();
        let numbers = page.split("href=\"/requests/").filter_map(|rest| rest.split('"').next());
        Ok(numbers.filter_map(|number| RequestNumber::parse(number).ok()).next())
    }
}

/// Looks, and looks again each time the worker has come to rest, until there is something.
fn until<T>(program: &mut Program, mut look: impl FnMut() -> Result<Option<T>, DemoError>) -> Result<T, String> {
    loop {
        match look() {
            Ok(Some(found)) => return Ok(found),
            Ok(None) if program.heard("worker.idle") => {}
            Ok(None) => return Err("the process ended".to_owned()),
            Err(error) => return Err(error.to_string()),
        }
    }
}

#[test]
fn every_step_of_a_life_is_in_the_table() {
    // A founding that fails is thrown away and begun again; settling is what the restarts above do, and is struck below.
    let elsewhere = [Step::Setup, Step::Settled];
    for step in Step::ALL {
        assert!(
            ROWS.contains(&step) || elsewhere.contains(&step),
            "{step:?} is a durable step without a row: add it to `rows!`"
        );
    }
}
