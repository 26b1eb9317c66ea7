//! Keys out of service: taken once, returned by somebody, each with its event.

use super::fixture::{Fixture, START};
use super::on_both_databases;
use ca_core::audit::Actor;
use ca_core::id::KeyLabel;
use lgpki_tests::invariants::texts;
use store::{Step, StoreError};

on_both_databases!(a_key_is_taken_out_once_and_returned_by_somebody,);

async fn a_key_is_taken_out_once_and_returned_by_somebody(db: Fixture<'_>) {
    let label = KeyLabel::parse("application-ca").unwrap();
    let write = async || db.store.write(START, Actor::System("ca")).await.unwrap();
    let mut txn = write().await;
    txn.take_key_out_of_service(&label, "it signed wrongly").await.unwrap();
    txn.take_key_out_of_service(&label, "again").await.unwrap();
    txn.commit(Step::Setup).await.unwrap();
    let rows = db.store.read().await.unwrap().keys_out_of_service().await.unwrap();
    let [row] = rows.as_slice() else { panic!("one key is out of service: {rows:?}") };
    assert_eq!((&row.key_label, row.reason.as_str(), row.taken_at), (&label, "it signed wrongly", START));

    let mut txn = write().await;
    txn.return_key_to_service(&label, "the device was exchanged").await.unwrap();
    txn.commit(Step::Setup).await.unwrap();
    assert_eq!(db.store.read().await.unwrap().keys_out_of_service().await.unwrap(), []);
    let again = write().await.return_key_to_service(&label, "again").await;
    assert!(matches!(again, Err(StoreError::NotFound { what: "key out of service" })), "{again:?}");
    let events = "select e.verb from audit_event e where e.object = 'key:application-ca' order by e.audit_event_id";
    assert_eq!(texts(db.database, events), ["key.out-of-service", "key.returned-to-service"]);
}
