//! Order of acts: the power is cut (a real `kill -9` of the real process) and the database fails at every gap between
//! durable steps, on both databases, in each form: it refuses; it fails, and nobody knows, and it kept nothing; the same,
//! and it kept everything. After a failure the same process must carry on, after a power cut the next one; the people to
//! whom a page said that something failed do it again. Then everything must be whole: [`lgpki_tests::invariants`].
//!
//! The table stands at `rows!`; a test for each row, database and form is made from it.
#![expect(clippy::unwrap_used, clippy::panic, reason = "helpers of tests: what fails here is a failed test")]

mod clock;
mod decisions;
mod device;
mod handing_over;
mod hsm;
mod pieces;
mod publication;
mod recovery;
mod settle;
mod software_keys;

use ca_core::id::RequestNumber;
use ca_core::key::KeyAlgorithm;
use lgpki::commands::demo::{DemoError, acts};
use lgpki_tests::databases::Kind;
use lgpki_tests::interruptions::{Blow, Fault, STRUCK};
use lgpki_tests::invariants::{JOBS_LEFT, broken, count};
use lgpki_tests::program::{Installation, Person, Program};
use store::Step;

/// The program, composed with faults.
const PROGRAM: &str = env!("CARGO_BIN_EXE_lgpki-for-tests");

/// What the officer asks for.
const NAME: &str = "www.town.shirakaba.lg.jp";

macro_rules! rows {
    ($($(#[$why:meta])* $name:ident = $step:ident, $occurrence:literal $(, after $first:ident)?;)+) => {
        /// Every durable step of the life of a certificate, in the order they happen, with which of its commits is struck.
        const ROWS: &[Step] = &[$(Step::$step,)+];

        $($(#[$why])* mod $name {
            use super::*;

            /// What brings the step about where a life without a fault does not come to it.
            const FIRST: &[Step] = &[$(Step::$first)?];

            forms!($step, $occurrence;
                sqlite_power_cut_before = Sqlite, PowerCutBefore;
                sqlite_power_cut_after = Sqlite, PowerCutAfter;
                sqlite_refused = Sqlite, Refused;
                sqlite_failed = Sqlite, Failed;
                sqlite_failed_but_persisted = Sqlite, FailedButPersisted;
                postgres_power_cut_before = Postgres, PowerCutBefore;
                postgres_power_cut_after = Postgres, PowerCutAfter;
                postgres_refused = Postgres, Refused;
                postgres_failed = Postgres, Failed;
                postgres_failed_but_persisted = Postgres, FailedButPersisted;
            );
        })+
    };
}

macro_rules! forms {
    ($step:ident, $occurrence:literal; $($name:ident = $kind:ident, $blow:ident;)+) => {$(
        #[test]
        fn $name() {
            let first = FIRST.iter().map(|step| Fault { step: *step, occurrence: 1, blow: Blow::Failed });
            let last = Fault { step: Step::$step, occurrence: $occurrence, blow: Blow::$blow };
            strike(Kind::$kind, &first.chain([last]).collect::<Vec<_>>());
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
    /// The process goes on, and burns the serial itself.
    an_unknown_outcome_is_settled = Settled, 1, after CertificatesRecorded;
    a_failed_job_is_put_off = JobTouched, 2, after CertificatesRecorded;
    answers_are_signed_ahead = OcspStored, 1;
    a_certificate_is_revoked = Revoked, 1;
    a_crl_number_is_taken = CrlNumberTaken, 1;
    a_crl_is_stored = CrlStored, 1;
    /// The first takes the request, the second what the revocation asks for: a CRL and an answer.
    a_job_is_finished = JobTouched, 3;
    another_job_is_finished = JobTouched, 4;
}

/// One row: the life of a certificate with faults in it, and a restart. The last fault is the row's.
fn strike(kind: Kind, faults: &[Fault]) {
    let row = format!("{kind:?} {}", faults.iter().map(Fault::to_string).collect::<Vec<_>>().join(", "));
    let Some(Fault { blow, .. }) = faults.last() else { panic!("a row has a fault") };
    let installation = Installation::new(kind);
    let mut people = People::of(&installation);
    let mut program = installation.serve(PROGRAM, faults.iter().copied());
    let first = people.live_a_certificates_life(&mut program);
    let log = if blow.kills() {
        // A power cut late in the life may strike when the people have all they came for.
        if first.is_ok() {
            let waited = program.until(|| Ok(None::<()>));
            assert!(waited.is_err(), "{row}: the process was not killed");
        }
        program.ended();
        program.log()
    } else {
        // Somebody may have been told that it failed, once; else a job failed, which is tried again.
        if first.is_err() {
            carried_on(&mut people, &mut program, &row);
        }
        at_rest(&installation, program, faults, &row)
    };
    let struck = log.matches(STRUCK).count();
    assert_eq!(struck, faults.len(), "{row}: faults that struck:\n{log}");
    let mut program = installation.serve(PROGRAM, None);
    carried_on(&mut people, &mut program, &row);
    at_rest(&installation, program, faults, &row);
}

fn carried_on(people: &mut People<'_>, program: &mut Program, row: &str) {
    if let Err(error) = people.live_a_certificates_life(program) {
        panic!("{row}: afterwards: {error}\n{}", program.log());
    }
}

/// When no job is left, everything is whole, and stays so when the process stops. Returns its log.
fn at_rest(installation: &Installation, mut program: Program, faults: &[Fault], row: &str) -> String {
    let database = &installation.database;
    let quiet = program.until(|| Ok((count(database, JOBS_LEFT) == 0).then_some(())));
    assert_eq!(quiet, Ok(()), "{row}: jobs are left");
    let burnt = settle::burnt(database);
    assert_eq!(burnt.len(), usize::from(faults.iter().any(burns)), "{row}: serials burnt: {burnt:?}");
    for serial in &burnt {
        settle::revoked_for_everybody(installation, serial);
    }
    let log = program.stops();
    let broken = broken(database);
    assert!(broken.is_empty(), "{row}:\n  {}", broken.join("\n  "));
    let issued = count(database, "select count(*) from request where state = 'issued'");
    assert_eq!(issued, 1, "{row}: one request was filed, so one certificate is wanted");
    log
}

/// Whether a fault leaves an intent without a certificate.
fn burns(fault: &Fault) -> bool {
    match fault.step {
        Step::IntentsRecorded => fault.blow.persists(),
        Step::CertificatesRecorded => !fault.blow.persists(),
        _ => false,
    }
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
        let page = program.until(|| acts::certificate_of(&mut self.officer.browser, &number))?;
        let revoke = self.officer.browser.open(&format!("{page}/revoke")).map_err(|error| failed(error.into()))?;
        if revoke.form(&format!("{page}/revoke")).is_ok() {
            acts::revoke(&mut self.officer.browser, &page).map_err(failed)?;
        }
        let serial = page.rsplit('/').next().unwrap_or_default().to_owned();
        program.until(|| {
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

/// Commits that no test here strikes, and why. Everything else that commits is struck, by the step's name: the first
/// occurrences are in `rows!`, settling at the start in [`settle`], other decisions in [`decisions`],
/// keys made at the centre in [`handing_over`], publication in [`publication`], long lists in [`pieces`],
/// what a restored database has lost in [`recovery`].
const NOT_STRUCK: &[(Step, &str)] = &[
    (Step::CeremonyWritten, "the service holds no ceremonies; tests/ceremonies kills one at every line of its journal"),
    (Step::ReachRecorded, "what was seen and not written down is seen again with the next look"),
    (Step::Setup, "a founding that fails is thrown away and begun again"),
    (Step::Setup, "a key is taken out of service in memory at once, and written down until the database has it"),
    (Step::Setup, "a person or a domain that is not added is added again by hand"),
    (
        Step::Setup,
        "a responder is renewed 30 days before its end; the next round renews it, and the unused one serves nobody",
    ),
    (Step::SessionWritten, "passkeys need a browser; like the visit and the log-in above, who fails tries again"),
    (Step::KeyHandedOver, "a key nobody came for is erased: the next round finds it again"),
    (Step::JobTouched, "leases ended at the start and a CRL asked for: the lease runs out, the next round asks"),
];

#[test]
fn every_step_is_struck_or_said_not_to_be() {
    for step in Step::ALL {
        let struck = ROWS.contains(&step)
            || step == settle::STEP
            || step == handing_over::STEP
            || step == recovery::STEP
            || publication::STEPS.contains(&step)
            || pieces::STEPS.contains(&step);
        let said = NOT_STRUCK.iter().any(|(known, _)| *known == step);
        assert!(struck || said, "{step:?} is a durable step without a row: add it to `rows!`");
    }
}
