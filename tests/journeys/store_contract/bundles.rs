//! Numbers of bundles: they rise, an attempt is given its own again, and what is older is not taken.

use super::fixture::{Fixture, START};
use super::on_both_databases;
use ca_core::audit::Actor;
use lgpki_tests::invariants::texts;
use store::bundles::TakenBundle;
use store::{Step, StoreError};

on_both_databases!(numbers_rise_and_a_step_has_one, an_older_bundle_is_not_taken,);

async fn number(db: &Fixture<'_>, of: Option<&str>) -> u64 {
    let mut txn = db.store.write(START, Actor::System("ceremony")).await.unwrap();
    let numbered = txn.number_bundle("0af1", of).await.unwrap();
    txn.commit(Step::Setup).await.unwrap();
    assert_eq!(numbered.origin, "0af1", "the first name drawn stays");
    numbered.number
}

async fn numbers_rise_and_a_step_has_one(db: Fixture<'_>) {
    assert_eq!((number(&db, None).await, number(&db, None).await), (1, 2));
    assert_eq!((number(&db, Some("a/results")).await, number(&db, Some("b/results")).await), (3, 4));
    assert_eq!((number(&db, Some("a/results")).await, number(&db, None).await), (3, 5));
    let mut txn = db.store.write(START, Actor::System("ceremony")).await.unwrap();
    assert_eq!(txn.number_bundle("another", None).await.unwrap().origin, "0af1");
    drop(txn);
    let events = "select e.verb from audit_event e where e.verb = 'bundle.numbered'";
    assert_eq!(texts(db.database, events).len(), 5, "an attempt that is repeated has one event");
}

async fn an_older_bundle_is_not_taken(db: Fixture<'_>) {
    let bundle = |number, sha256: &str, taken_for: &str| TakenBundle {
        origin: "0af1".to_owned(),
        number,
        sha256: sha256.to_owned(),
        taken_for: taken_for.to_owned(),
    };
    let take = async |bundle: &TakenBundle| {
        let mut txn = db.store.write(START, Actor::System("ceremony")).await.unwrap();
        txn.take_bundle(bundle).await?;
        txn.commit(Step::Setup).await
    };
    take(&bundle(5, "aa", "one")).await.unwrap();
    take(&bundle(5, "aa", "one")).await.unwrap();
    for stale in [bundle(5, "bb", "one"), bundle(5, "aa", "two"), bundle(4, "cc", "one")] {
        let refused = take(&stale).await;
        assert!(matches!(refused, Err(StoreError::Stale { what: "bundle" })), "{stale:?}: {refused:?}");
    }
    take(&bundle(6, "dd", "")).await.unwrap();
    take(&TakenBundle { origin: "0af2".to_owned(), ..bundle(1, "ee", "one") }).await.unwrap();
    let last = db.store.read().await.unwrap().taken_bundle("0af1").await.unwrap();
    assert_eq!(last, Some(bundle(6, "dd", "")));
    let events = "select e.object from audit_event e where e.verb = 'bundle.taken' order by e.audit_event_id";
    assert_eq!(texts(db.database, events), ["bundle:0af1/5", "bundle:0af1/6", "bundle:0af2/1"]);
}
