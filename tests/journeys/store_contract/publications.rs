//! Targets of publication: leased by one at a time, and what was seen there is written down once, with its event.

use super::fixture::{Fixture, START, after};
use super::on_both_databases;
use ca_core::audit::Actor;
use ca_core::time::Timestamp;
use lgpki_tests::invariants::texts;
use std::time::Duration;
use store::jobs::Lease;
use store::publications::{PassRow, PublicationRow};
use store::{Step, Store};

on_both_databases!(
    a_target_is_leased_to_one_publisher,
    a_lease_that_is_lost_writes_nothing,
    what_is_seen_is_written_down_with_its_event_once,
    a_lease_of_a_clock_that_was_ahead_ends,
);

const LEASE: Duration = Duration::from_secs(20);

async fn leased(store: &Store, now: Timestamp) -> Option<Timestamp> {
    let mut txn = store.write(now, Actor::System("publisher")).await.unwrap();
    let until = txn.lease_target("repository", LEASE).await.unwrap();
    txn.commit(Step::PublicationRecorded).await.unwrap();
    until
}

async fn a_lease_of_a_clock_that_was_ahead_ends(db: Fixture<'_>) {
    assert!(leased(&db.store, after(864_000)).await.is_some());
    assert_eq!(leased(&db.store, after(863_960)).await, None, "clocks differ by so much");
    assert_eq!(leased(&db.store, START).await, Some(START.plus(LEASE)));
}

async fn renewed(store: &Store, until: Timestamp, now: Timestamp) -> Option<Timestamp> {
    let mut txn = store.write(now, Actor::System("publisher")).await.unwrap();
    let until = txn.renew_target(("repository", until), LEASE).await.unwrap();
    txn.commit(Step::PublicationRecorded).await.unwrap();
    until
}

async fn recorded(store: &Store, until: Timestamp, now: Timestamp, pass: &PassRow) -> Lease {
    let mut txn = store.write(now, Actor::System("publisher")).await.unwrap();
    let lease = txn.record_pass(("repository", until), pass).await.unwrap();
    txn.commit(Step::PublicationRecorded).await.unwrap();
    lease
}

fn list(number: i64) -> PublicationRow {
    PublicationRow {
        path: "crl/application-ca.crl".to_owned(),
        number,
        sha256: [u8::try_from(number).unwrap(); 32],
        this_update: START,
        next_update: after(3600),
    }
}

async fn a_target_is_leased_to_one_publisher(db: Fixture<'_>) {
    let first = leased(&db.store, START).await.unwrap();
    assert_eq!(first, START.plus(LEASE));
    assert_eq!(leased(&db.store, after(19)).await, None, "somebody has it");
    let longer = renewed(&db.store, first, after(10)).await.unwrap();
    assert_eq!(leased(&db.store, after(20)).await, None, "it was renewed");
    assert_eq!(renewed(&db.store, first, after(11)).await, None, "by who has it");
    assert!(leased(&db.store, longer).await.is_some(), "a publisher that died keeps nobody waiting for longer");
}

async fn a_lease_that_is_lost_writes_nothing(db: Fixture<'_>) {
    let lost = leased(&db.store, START).await.unwrap();
    let ours = leased(&db.store, after(30)).await.unwrap();
    let pass = PassRow { seen: vec![list(1)], trouble: None };
    assert_eq!(recorded(&db.store, lost, after(31), &pass).await, Lease::Lost);
    assert!(db.store.read().await.unwrap().published("repository").await.unwrap().is_empty());
    assert_eq!(recorded(&db.store, ours, after(32), &pass).await, Lease::Kept);
    assert!(leased(&db.store, after(33)).await.is_some(), "what was written down is given back");
}

async fn what_is_seen_is_written_down_with_its_event_once(db: Fixture<'_>) {
    let pass = async |now: Timestamp, seen: PublicationRow, trouble: Option<&str>| {
        let until = leased(&db.store, now).await.unwrap();
        let trouble = trouble.map(|why| (why.to_owned(), now.plus(LEASE)));
        recorded(&db.store, until, now, &PassRow { seen: vec![seen], trouble }).await
    };
    pass(after(1), list(1), None).await;
    pass(after(2), list(1), Some("the folder is away")).await;
    pass(after(3), list(1), Some("the folder is still away")).await;
    let mut txn = db.store.read().await.unwrap();
    let target = txn.publication_target("repository").await.unwrap().unwrap();
    assert_eq!((target.failures, target.trouble.as_deref()), (2, Some("the folder is still away")));
    assert_eq!((target.complete_at, target.retry_at), (Some(after(1)), Some(after(3).plus(LEASE))));
    drop(txn);
    pass(after(4), list(2), None).await;
    let mut txn = db.store.read().await.unwrap();
    let target = txn.publication_target("repository").await.unwrap().unwrap();
    assert_eq!((target.failures, target.trouble, target.complete_at), (0, None, Some(after(4))));
    assert_eq!(txn.published("repository").await.unwrap(), [list(2)]);
    assert_eq!(txn.publication_target("another").await.unwrap(), None);
    drop(txn);
    let events = "select e.object from audit_event e where e.verb = 'publication.seen'";
    assert_eq!(texts(db.database, events), ["publication:repository/crl/application-ca.crl"; 2]);
}
