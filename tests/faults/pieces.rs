//! A list that is too long for one row stands in pieces, each a commit of its own: cut off at any of them, nothing of it is served, the
//! next attempt takes another number, and what is left of it goes.

use ca_core::audit::Actor;
use ca_core::id::AuthorityId;
use ca_core::revocation::{ListScope, Revocation, RevocationReason};
use ca_core::serial::SerialNumber;
use ca_core::time::{Clock, Timestamp};
use crl::CertificateList;
use lgpki::clock::SystemClock;
use lgpki_tests::databases::Kind;
use lgpki_tests::interruptions::{Blow, Fault, STRUCK};
use lgpki_tests::invariants::{broken, count, texts};
use lgpki_tests::program::{Installation, Program};
use std::time::Duration;
use store::imports::{ImportedCertificate, Takeover};
use store::jobs::Job;
use store::{Step, Store};

use super::PROGRAM;

/// What is struck here.
pub(super) const STEPS: [Step; 2] = [Step::CrlPieceKept, Step::CrlPiecesPruned];

const CA: &str = "application-ca";
const BY: Actor = Actor::System("set-up");
/// Entries of three pieces, the first in the list's row.
const MANY: u32 = 30_000;
/// Pieces of one list beside its row.
const PIECES: i64 = 2;

macro_rules! steps {
    ($($name:ident = $kind:ident, $step:ident, $occurrence:literal;)+) => {$(
        #[test]
        fn $name() {
            struck_in_each_form(Kind::$kind, Step::$step, $occurrence);
        }
    )+};
}

steps! {
    a_piece_is_kept_on_sqlite = Sqlite, CrlPieceKept, 1;
    a_piece_is_kept_on_postgres = Postgres, CrlPieceKept, 1;
    the_last_piece_is_kept_on_sqlite = Sqlite, CrlPieceKept, 2;
    the_last_piece_is_kept_on_postgres = Postgres, CrlPieceKept, 2;
    old_pieces_are_pruned_on_sqlite = Sqlite, CrlPiecesPruned, 1;
    old_pieces_are_pruned_on_postgres = Postgres, CrlPiecesPruned, 1;
}

fn ca() -> AuthorityId {
    AuthorityId::parse(CA).unwrap()
}

/// Much that is revoked, as an import would bring it.
async fn revoke_many(store: &Store) {
    let now = SystemClock.now();
    let revocation = Revocation {
        reason: RevocationReason::KeyCompromise,
        revoked_at: now,
        invalidity_at: Some(now.minus(Duration::from_secs(86_400))),
    };
    let one = |n: u32| ImportedCertificate {
        serial: SerialNumber::from_bytes(&[&[0x40][..], &n.to_be_bytes(), &[0; 12]].concat()).unwrap(),
        subject: String::new(),
        names: String::new(),
        key_sha256: [0; 32],
        not_before: now,
        not_after: now.plus(Duration::from_secs(86_400)),
        tbs: Vec::new(),
        der: Vec::new(),
        revocation: Some(revocation.clone()),
        is_ca: false,
    };
    let all: Vec<_> = (0..MANY).map(one).collect();
    let mut txn = store.write(now, BY).await.unwrap();
    txn.import_certificates(&ca(), &all).await.unwrap();
    let what = Takeover { certificates: all.len(), revoked: all.len(), crl_number: 0, list_sha256: None };
    txn.record_takeover(&ca(), &what).await.unwrap();
    txn.commit(Step::Setup).await.unwrap();
}

async fn ask_for_a_list(store: &Store) {
    let mut txn = store.write(SystemClock.now(), BY).await.unwrap();
    txn.enqueue(&Job::RefreshCrl(ca(), ListScope::Full), txn.now()).await.unwrap();
    txn.commit(Step::JobTouched).await.unwrap();
}

/// Lets two hours go by for the lists there are.
fn age(installation: &Installation) {
    const TWO_HOURS: u64 = 7_200_000_000;
    let sql = format!("update crl set taken_at = taken_at - {TWO_HOURS}, stored_at = stored_at - {TWO_HOURS}");
    assert_eq!(texts(&installation.database, &sql), Vec::<String>::new());
}

/// The service without OCSP, which would sign an answer for each of them.
fn serve(installation: &Installation, fault: Option<Fault>) -> Program {
    installation.serve_as(PROGRAM, fault, &["--roles", "ca,repository"])
}

/// Waits until a list is served whose number is higher than `after`; it has them all, and is dated as it should be.
fn next(installation: &Installation, program: &mut Program, after: (u64, Timestamp)) -> (u64, Timestamp) {
    let mut visitor = installation.visitor();
    let list = program.until(|| {
        let list = CertificateList::parse(&visitor.open(&format!("/crl/{CA}.crl"))?.body).unwrap();
        Ok(list.number.is_some_and(|number| number > after.0).then_some(list))
    });
    let list = list.unwrap();
    assert_eq!(list.entries.len(), usize::try_from(MANY).unwrap());
    assert!(list.this_update >= after.1);
    (list.number.unwrap(), list.this_update)
}

fn struck_in_each_form(kind: Kind, step: Step, occurrence: u32) {
    let installation = Installation::new(kind);
    installation.configure("# coalesce = \"5s\"", "coalesce = \"1s\"");
    let pieces = || count(&installation.database, "select count(*) from crl_piece");
    installation.with_store(revoke_many);
    let mut last = (0, Timestamp::from_seconds(0));
    for _ in 0..2 {
        installation.with_store(ask_for_a_list);
        let mut program = serve(&installation, None);
        last = next(&installation, &mut program, (last.0.max(1), last.1));
        program.stops();
    }
    assert_eq!(pieces(), 2 * PIECES, "who reads the one before is not cut off");
    for blow in Blow::ALL {
        let fault = Fault { step, occurrence, blow };
        let row = format!("{kind:?} {fault}");
        age(&installation);
        installation.with_store(ask_for_a_list);
        let mut program = serve(&installation, Some(fault));
        if blow.kills() {
            program.ended();
            assert!(program.log().contains(STRUCK), "{row}: it did not strike");
            program = serve(&installation, None);
        }
        last = next(&installation, &mut program, last);
        assert!(blow.kills() || program.log().contains(STRUCK), "{row}: it did not strike");
        program.stops();
    }
    let left = count(
        &installation.database,
        "select count(*) from crl_piece p join crl c
        on c.authority_id = p.authority_id and c.number = p.number where c.der is null",
    );
    assert_eq!(left > 0, step == Step::CrlPieceKept, "{left} pieces of lists that were cut off are left");
    age(&installation);
    serve(&installation, None).stops();
    assert_eq!(pieces(), PIECES, "those of the newest");
    let broken = broken(&installation.database);
    assert!(broken.is_empty(), "{kind:?} {step:?}:\n  {}", broken.join("\n  "));
}
