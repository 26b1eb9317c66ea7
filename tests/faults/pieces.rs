//! A list that is too long for one row stands in pieces, each a commit of its own; another is followed by one that is signed ahead for
//! an emergency: cut off at any of them, nothing of it is served, the next attempt takes another number, and what is left of it goes.

use ca_core::audit::Actor;
use ca_core::id::AuthorityId;
use ca_core::revocation::{ListScope, Revocation, RevocationReason};
use ca_core::time::Clock;
use crl::CertificateList;
use lgpki::clock::SystemClock;
use lgpki_tests::databases::Kind;
use lgpki_tests::interruptions::{Blow, Fault, STRUCK};
use lgpki_tests::invariants::{JOBS_LEFT, broken, count, texts};
use lgpki_tests::lists::revoked;
use lgpki_tests::policy::pack_listing;
use lgpki_tests::program::{Installation, Program};
use lgpki_tests::tools::Scratch;
use std::time::Duration;
use store::imports::Takeover;
use store::jobs::Job;
use store::{Step, Store};

use super::PROGRAM;

/// What is struck here.
pub(super) const STEPS: [Step; 2] = [Step::CrlPieceKept, Step::CrlPiecesPruned];

const CA: &str = "application-ca";
const BY: Actor = Actor::System("set-up");

/// What kind of lists is made.
struct Lists {
    /// How many entries they have.
    entries: u32,
    /// How many pieces stand beside the row of one.
    pieces: i64,
    /// What the pack says of them.
    pack: &'static str,
}

const LONG: Lists = Lists { entries: 30_000, pieces: 2, pack: "suspension = true" };
const AHEAD: Lists = Lists { entries: 3, pieces: 0, pack: "emergency = \"14d\"" };

macro_rules! steps {
    ($($name:ident = $kind:ident, $lists:ident, $step:ident, $occurrence:literal;)+) => {$(
        #[test]
        fn $name() {
            struck_in_each_form(Kind::$kind, &$lists, (Step::$step, $occurrence));
        }
    )+};
}

steps! {
    a_piece_is_kept_on_sqlite = Sqlite, LONG, CrlPieceKept, 1;
    a_piece_is_kept_on_postgres = Postgres, LONG, CrlPieceKept, 1;
    the_last_piece_is_kept_on_sqlite = Sqlite, LONG, CrlPieceKept, 2;
    the_last_piece_is_kept_on_postgres = Postgres, LONG, CrlPieceKept, 2;
    a_number_is_taken_ahead_on_sqlite = Sqlite, AHEAD, CrlNumberTaken, 2;
    a_number_is_taken_ahead_on_postgres = Postgres, AHEAD, CrlNumberTaken, 2;
    a_list_signed_ahead_is_stored_on_sqlite = Sqlite, AHEAD, CrlStored, 2;
    a_list_signed_ahead_is_stored_on_postgres = Postgres, AHEAD, CrlStored, 2;
    old_pieces_are_pruned_on_sqlite = Sqlite, LONG, CrlPiecesPruned, 1;
    old_pieces_are_pruned_on_postgres = Postgres, LONG, CrlPiecesPruned, 1;
}

fn ca() -> AuthorityId {
    AuthorityId::parse(CA).unwrap()
}

/// Much that is revoked, as an import would bring it.
async fn revoke_many(store: &Store, many: u32) {
    let now = SystemClock.now();
    let revocation = Revocation {
        reason: RevocationReason::KeyCompromise,
        revoked_at: now,
        invalidity_at: Some(now.minus(Duration::from_secs(86_400))),
    };
    let all = revoked(many, &revocation);
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

/// Waits until a list is served whose number is higher than `after`, and nothing is left to do; it is dated as it should be.
fn next(installation: &Installation, program: &mut Program, after: &CertificateList) -> CertificateList {
    let mut visitor = installation.visitor();
    let list = program.until(|| {
        let list = CertificateList::parse(&visitor.open(&format!("/crl/{CA}.crl"))?.body).unwrap();
        Ok((list.number > after.number).then_some(list))
    });
    let quiet = program.until(|| Ok((count(&installation.database, JOBS_LEFT) == 0).then_some(())));
    assert_eq!((list.is_ok(), quiet), (true, Ok(())));
    let list = CertificateList::parse(&visitor.open(&format!("/crl/{CA}.crl")).unwrap().body).unwrap();
    assert!(list.this_update >= after.this_update);
    list
}

fn struck_in_each_form(kind: Kind, lists: &Lists, (step, occurrence): (Step, u32)) {
    let scratch = Scratch::new("pieces");
    let pack = scratch.file("pack.toml", pack_listing(lists.pack));
    let installation = Installation::of_pack(kind, pack.to_str().unwrap());
    installation.hurries();
    let pieces = || count(&installation.database, "select count(*) from crl_piece");
    installation.with_store(async |store| revoke_many(store, lists.entries).await);
    let mut program = serve(&installation, None);
    let mut last =
        CertificateList::parse(&installation.visitor().open(&format!("/crl/{CA}.crl")).unwrap().body).unwrap();
    for _ in 0..2 {
        installation.with_store(ask_for_a_list);
        last = next(&installation, &mut program, &last);
        assert_eq!(last.entries.len(), usize::try_from(lists.entries).unwrap());
    }
    program.stops();
    let entries = last.entries.clone();
    assert_eq!(pieces(), 2 * lists.pieces, "who reads the one before is not cut off");
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
        last = next(&installation, &mut program, &last);
        assert!(last.entries == entries, "{row}: entries are lost");
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
    assert_eq!(pieces(), lists.pieces, "those of the newest");
    let ahead =
        format!("select count(*) from crl where emergency and der is not null and number > {}", last.number.unwrap());
    let wanted = i64::from(lists.pack == AHEAD.pack);
    assert_eq!(count(&installation.database, &ahead), wanted, "signed ahead");
    let broken = broken(&installation.database);
    assert!(broken.is_empty(), "{kind:?} {step:?}:\n  {}", broken.join("\n  "));
}
