//! What callers are told when a commit fails, in each of the three forms, and what is in the database then.

use super::fixture::{Fixture, SET_UP, START, after};
use super::on_both_databases;
use ca_core::issue::{Ledger, LedgerError, Unsettled};
use ca_core::time::Timestamp;
use store::{Interrupt, Interruption, Step, Store, StoreError};

on_both_databases!(
    every_step_fails_in_every_form,
    the_ledger_knows_when_nothing_was_recorded,
    the_ledger_knows_when_it_does_not_know,
    a_dropped_transaction_leaves_nothing,
    a_reader_sees_one_state,
    ten_writers_lose_nothing,
);

/// Fails one step, before or after its commit.
struct Fault {
    step: Step,
    before: Interrupt,
}

impl Interruption for Fault {
    fn before_commit(&self, step: Step) -> Interrupt {
        if step == self.step { self.before } else { Interrupt::Continue }
    }

    fn after_commit(&self, step: Step) -> Interrupt {
        if step == self.step { Interrupt::LoseAnswer } else { Interrupt::Continue }
    }
}

async fn set(store: &Store, now: Timestamp, value: &str, step: Step) -> Result<(), StoreError> {
    let mut txn = store.write(now, SET_UP).await?;
    txn.set_setting("value", value).await?;
    txn.commit(step).await
}

async fn every_step_fails_in_every_form(db: Fixture<'_>) {
    for step in Step::ALL {
        set(&db.store, START, "old", Step::Setup).await.unwrap();
        let value = async || db.store.read().await.unwrap().setting("value").await.unwrap();
        for (before, kept) in [(Interrupt::Refuse, "old"), (Interrupt::LoseAnswer, "old"), (Interrupt::Continue, "new")]
        {
            let failing = db.with(Fault { step, before }).await;
            let failed = set(&failing, START, "new", step).await;
            match before {
                Interrupt::Refuse => assert!(matches!(failed, Err(StoreError::Unavailable(_))), "{step:?}: {failed:?}"),
                _ => assert!(matches!(failed, Err(StoreError::OutcomeUnknown(_))), "{step:?}: {failed:?}"),
            }
            assert_eq!(value().await.as_deref(), Some(kept), "{step:?} {before:?}");
            failing.close().await;
        }
    }
}

async fn the_ledger_knows_when_nothing_was_recorded(db: Fixture<'_>) {
    let ca = db.ca().await;
    let failing = db.with(Fault { step: Step::IntentsRecorded, before: Interrupt::Refuse }).await;
    let error = failing.record_intents(db.linted(&ca, 2), START).await.unwrap_err();
    assert!(matches!(error, LedgerError::NotRecorded(_)) && error.is_certain(), "{error}");
    assert!(db.store.read().await.unwrap().unsettled(ca.authority.id()).await.unwrap().is_empty());
    failing.close().await;
}

async fn the_ledger_knows_when_it_does_not_know(db: Fixture<'_>) {
    let (ca, authority) = (db.ca().await, ca_core::id::AuthorityId::parse("test-ca").unwrap());
    let persisting = db.with(Fault { step: Step::IntentsRecorded, before: Interrupt::Continue }).await;
    let error = persisting.record_intents(db.linted(&ca, 2), START).await.unwrap_err();
    assert!(matches!(error, LedgerError::OutcomeUnknown(_)) && !error.is_certain(), "{error}");
    persisting.close().await;
    assert_eq!(
        db.store.settle(&authority, Unsettled::All, after(1)).await.unwrap().len(),
        2,
        "nothing was signed, yet"
    );
    let signed = db.signed(&ca, db.linted(&ca, 2)).await;
    let persisting = db.with(Fault { step: Step::CertificatesRecorded, before: Interrupt::Continue }).await;
    let error = persisting.record_issued(signed, START).await.unwrap_err();
    assert!(matches!(error, LedgerError::OutcomeUnknown(_)), "{error}");
    persisting.close().await;
    assert!(
        db.store.settle(&authority, Unsettled::All, after(2)).await.unwrap().is_empty(),
        "they were issued after all"
    );
}

async fn a_dropped_transaction_leaves_nothing(db: Fixture<'_>) {
    let mut txn = db.write(START).await;
    txn.set_setting("value", "dropped").await.unwrap();
    drop(txn);
    assert_eq!(db.store.read().await.unwrap().setting("value").await.unwrap(), None);
    set(&db.store, START, "kept", Step::Setup).await.unwrap();
    assert_eq!(db.store.read().await.unwrap().setting("value").await.unwrap().as_deref(), Some("kept"));
}

async fn a_reader_sees_one_state(db: Fixture<'_>) {
    set(&db.store, START, "one", Step::Setup).await.unwrap();
    let mut read = db.store.read().await.unwrap();
    assert_eq!(read.setting("value").await.unwrap().as_deref(), Some("one"));
    set(&db.store, START, "two", Step::Setup).await.unwrap();
    assert_eq!(read.setting("value").await.unwrap().as_deref(), Some("one"), "as it was when the transaction began");
    drop(read);
    assert_eq!(db.store.read().await.unwrap().setting("value").await.unwrap().as_deref(), Some("two"));
}

async fn ten_writers_lose_nothing(db: Fixture<'_>) {
    let town = db.town("011002").await;
    let (db, town) = (&db, &town);
    let file = async |writer: u64| {
        let name = format!("w{writer}.town.shirakaba.lg.jp");
        for round in 0..3 {
            db.approved(town, &name, after(round)).await;
        }
    };
    tokio::join!(file(0), file(1), file(2), file(3), file(4), file(5), file(6), file(7), file(8), file(9));
    let mut read = db.store.read().await.unwrap();
    let rows = read.requests(&store::requests::RequestFilter { limit: 100, ..Default::default() }).await.unwrap();
    let mut numbers: Vec<_> = rows.iter().map(|row| row.number.as_str().to_owned()).collect();
    numbers.sort();
    let expected: Vec<_> = (1..=30).map(|number| format!("R8-{number:06}")).collect();
    assert_eq!(numbers, expected, "no request lost, no number twice or left out");
    assert_eq!(read.job_count().await.unwrap(), 30);
}
