//! A serial whose outcome nobody knows: the power is cut after the signature and before the certificate is recorded, and
//! what happens next is struck, too: the restart settles, and is killed or fails at exactly that, on either side. The next
//! start settles again, or finds it done. In the end the serial is revoked for everybody who asks, and the request has
//! another certificate with another serial.

use super::{PROGRAM, People};
use ca_core::certificate::Certificate;
use ca_core::serial::SerialNumber;
use ca_core::time::Clock;
use lgpki::clock::SystemClock;
use lgpki_tests::databases::{Kind, TestDatabase};
use lgpki_tests::interruptions::{Blow, Fault, STRUCK};
use lgpki_tests::invariants::{JOBS_LEFT, broken, count, texts};
use lgpki_tests::program::Installation;
use ocsp::{CertIdDigest, CertStatus};
use store::Step;

/// The durable step this table is about.
pub(crate) const STEP: Step = Step::Settled;

macro_rules! settled {
    ($($name:ident = $kind:ident, $blow:ident;)+) => {$(
        #[test]
        fn $name() {
            struck_while_settling(Kind::$kind, Blow::$blow);
        }
    )+};
}

settled! {
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
}

/// Serial numbers of a kind of certificate, hexadecimal.
const BURNT: &str = "select lower(hex(serial)) from certificate where der is null";
const GOOD: &str = "select lower(hex(serial)) from certificate where request_id is not null and der is not null";

fn struck_while_settling(kind: Kind, blow: Blow) {
    let installation = Installation::new(kind);
    let mut people = People::of(&installation);
    let signed = Fault { step: Step::CertificatesRecorded, occurrence: 1, blow: Blow::PowerCutBefore };
    let mut program = installation.serve(PROGRAM, Some(signed));
    assert!(people.live_a_certificates_life(&mut program).is_err(), "{kind:?} {signed}: the process was not killed");
    program.ended();
    let open = "select count(*) from intent i where not exists (
        select 1 from certificate c where c.authority_id = i.authority_id and c.serial = i.serial)";
    assert_eq!(count(&installation.database, open), 1, "{kind:?}: one outcome is unknown");

    let fault = Fault { step: STEP, occurrence: 1, blow };
    let mut program = installation.serve(PROGRAM, Some(fault));
    // What cannot be settled is not worked around: a service that cannot do it does not start.
    assert!(!program.ended().success(), "{kind:?} {fault}: it started all the same:\n{}", program.log());
    assert!(program.log().contains(STRUCK), "{kind:?} {fault}: it did not strike:\n{}", program.log());
    assert_eq!(burnt(&installation.database).len(), usize::from(blow.persists()), "{kind:?} {fault}");

    let mut program = installation.serve(PROGRAM, None);
    if let Err(error) = people.live_a_certificates_life(&mut program) {
        panic!("{kind:?} {fault}: after the restart: {error}\n{}", program.log());
    }
    let quiet = program.until(|| Ok((count(&installation.database, JOBS_LEFT) == 0).then_some(())));
    assert_eq!(quiet, Ok(()), "{kind:?} {fault}: jobs are left");
    let (burnt, good) = (burnt(&installation.database), serials(&installation.database, GOOD));
    let ([burnt], [good]) = (burnt.as_slice(), good.as_slice()) else {
        panic!("{kind:?} {fault}: one serial is burnt and one is a certificate's: {burnt:?}, {good:?}");
    };
    assert_ne!(burnt, good, "{kind:?} {fault}");
    revoked_for_everybody(&installation, burnt);
    program.stops();
    let broken = broken(&installation.database);
    assert!(broken.is_empty(), "{kind:?} {fault}:\n  {}", broken.join("\n  "));
}

#[test]
fn what_could_not_be_settled_on_sqlite_is_settled_without_an_order() {
    settled_without_an_order(Kind::Sqlite);
}

#[test]
fn what_could_not_be_settled_on_postgres_is_settled_without_an_order() {
    settled_without_an_order(Kind::Postgres);
}

/// Issuing pauses after a failure; a serial that may have been signed is revoked before the worker comes to rest for it.
fn settled_without_an_order(kind: Kind) {
    let installation = Installation::new(kind);
    let mut people = People::of(&installation);
    let fault = |step| Fault { step, occurrence: 1, blow: Blow::Failed };
    let mut program = installation.serve(PROGRAM, [Step::CertificatesRecorded, STEP].map(fault));
    people.live_a_certificates_life(&mut program).unwrap();
    let [burnt] = &burnt(&installation.database)[..] else { panic!("{kind:?}: one serial is burnt") };
    revoked_for_everybody(&installation, burnt);
    let log = program.stops();
    let after = log.split_once("settle.failed").map(|(_, after)| after);
    let (until_rest, _) = after.and_then(|after| after.split_once("worker.idle")).unwrap();
    assert!(until_rest.contains("settle.done"), "{kind:?}: it waited for an order:\n{log}");
    assert_eq!(broken(&installation.database), Vec::<String>::new(), "{kind:?}");
}

/// The serials of unknown outcome that were written down as such.
pub(crate) fn burnt(database: &TestDatabase) -> Vec<SerialNumber> {
    serials(database, BURNT)
}

fn serials(database: &TestDatabase, sql: &str) -> Vec<SerialNumber> {
    let sqlite = database.url().starts_with("sqlite:");
    let sql = if sqlite { sql.to_owned() } else { sql.replace("hex(serial)", "encode(serial, 'hex')") };
    texts(database, &sql).iter().map(|serial| SerialNumber::parse_hex(serial).unwrap()).collect()
}

/// The published CRL lists the serial, and OCSP says that it is revoked.
pub(crate) fn revoked_for_everybody(installation: &Installation, serial: &SerialNumber) {
    let mut public = installation.visitor();
    let crl = crl::CertificateList::parse(&public.open("/crl/application-ca.crl").unwrap().body).unwrap();
    assert!(crl.entries.iter().any(|entry| entry.serial == *serial), "the CRL does not list {serial}");
    let issuing = Certificate::from_der(&public.open("/aia/application-ca.cer").unwrap().body).unwrap();
    for digest in CertIdDigest::ALL {
        for nonce in [None, Some(vec![7; 32])] {
            let question = ocsp::client::question(&issuing, serial, digest, nonce);
            let answer = public.post("/ocsp/application-ca", "application/ocsp-request", &question.to_der()).unwrap();
            let judged = ocsp::client::judge(&answer.body, &question, &issuing, SystemClock.now()).unwrap();
            let status = judged.responses.first().unwrap().status;
            assert!(matches!(status, CertStatus::Revoked { .. }), "OCSP says {status:?}");
        }
    }
}
