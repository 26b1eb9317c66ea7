//! Keys made at the centre: what a row keeps in each state, and what moves it on.

use super::fixture::{Fixture, START, Town, after};
use super::on_both_databases;
use ca_core::id::RequestId;
use ca_core::request::{Application, KeyOrigin, Submitted};
use ca_core::time::Timestamp;
use store::deliveries::{DeliveryRow, DeliveryState, Erasure};
use store::requests::Decision;
use store::{Step, StoreError};

on_both_databases!(
    a_key_is_kept_with_a_request_whose_key_the_centre_makes,
    a_key_is_packed_linked_and_fetched_once_each,
    a_file_whose_time_is_over_is_not_fetched,
    a_key_goes_when_its_request_comes_to_nothing,
    what_nobody_comes_for_is_overdue,
    every_erasure_is_a_word_the_schema_knows,
);

const SEALED: &[u8] = b"a sealed key";
const FILE: &[u8] = b"a sealed file";
const TOKEN: [u8; 32] = [7; 32];

async fn filed(db: &Fixture<'_>, town: &Town) -> Application<Submitted> {
    let mut txn = db.act(&town.officer, START).await;
    let other = db.application(&mut txn, town, "www.town.shirakaba.lg.jp").await;
    let mut request = other.request().clone();
    request.origin = KeyOrigin::Centre;
    let (id, number) = (other.id().clone(), other.number().clone());
    let application = Application::submitted(id, number, town.officer.clone(), START, request);
    txn.insert_request(&application).await.unwrap();
    txn.keep_holder_key(application.id(), SEALED).await.unwrap();
    txn.commit(Step::RequestSubmitted).await.unwrap();
    application
}

/// One with a certificate, recorded at `START`. The profile of the fixture's requests has no such keys, so only the rows of the
/// ledger are written, not the certificate's own.
async fn issued(db: &Fixture<'_>, town: &Town) -> RequestId {
    let ca = db.ca().await;
    let application = filed(db, town).await;
    let id = application.id().clone();
    db.approve(town, application, 1, START).await.unwrap();
    let linted = db.linted_for(&ca, &id).await;
    db.issued(&ca, vec![linted]).await;
    id
}

async fn row(db: &Fixture<'_>, id: &RequestId) -> DeliveryRow {
    db.store.read().await.unwrap().delivery(id).await.unwrap().unwrap()
}

async fn packed(db: &Fixture<'_>, town: &Town, id: &RequestId, now: Timestamp) -> Result<(), StoreError> {
    let mut txn = db.act(&town.officer, now).await;
    txn.pack_delivery(id, FILE, after(100), "aes-256").await?;
    txn.commit(Step::KeyHandedOver).await
}

fn is_stale<T>(result: Result<T, StoreError>) -> bool {
    matches!(result, Err(StoreError::Stale { what: "delivery" }))
}

async fn a_key_is_kept_with_a_request_whose_key_the_centre_makes(db: Fixture<'_>) {
    let town = db.town("011002").await;
    let theirs = db.submitted(&town, "mail.town.shirakaba.lg.jp", START).await;
    let refused = db.act(&town.officer, START).await.keep_holder_key(theirs.id(), SEALED).await;
    assert!(matches!(refused, Err(StoreError::NotFound { what: "request" })), "its holder has made the key");
    let application = filed(&db, &town).await;
    let mut read = db.store.read().await.unwrap();
    assert_eq!(read.delivery(application.id()).await.unwrap().unwrap().state, DeliveryState::Kept);
    assert_eq!(read.sealed_key(application.id()).await.unwrap().as_deref(), Some(SEALED));
    assert_eq!(read.sealed_file(application.id()).await.unwrap(), None);
    assert_eq!(read.delivery(theirs.id()).await.unwrap(), None);
    drop(read);
    let twice = db.act(&town.officer, START).await.keep_holder_key(application.id(), SEALED).await.unwrap_err();
    assert!(twice.is_conflict("delivery_pk"), "{twice}");
    assert!(is_stale(packed(&db, &town, application.id(), after(1)).await), "there is no certificate");
}

async fn a_key_is_packed_linked_and_fetched_once_each(db: Fixture<'_>) {
    let town = db.town("011002").await;
    let id = issued(&db, &town).await;
    let early = db.act(&town.officer, after(1)).await.link_delivery(&id, &TOKEN).await;
    assert!(is_stale(early), "there is no file");
    let nobody = db.write(after(1)).await.pack_delivery(&id, FILE, after(100), "aes-256").await;
    assert!(matches!(nobody, Err(StoreError::NotFound { what: "account" })));
    packed(&db, &town, &id, after(1)).await.unwrap();
    assert!(is_stale(packed(&db, &town, &id, after(2)).await), "one PIN");
    let mut read = db.store.read().await.unwrap();
    assert_eq!(read.sealed_key(&id).await.unwrap(), None);
    assert_eq!(read.sealed_file(&id).await.unwrap().as_deref(), Some(FILE));
    drop(read);
    for token in [[6; 32], TOKEN] {
        let mut txn = db.act(&town.officer, after(2)).await;
        txn.link_delivery(&id, &token).await.unwrap();
        txn.commit(Step::KeyHandedOver).await.unwrap();
    }
    let fetch = async |token| {
        let mut txn = db.act(&town.manager, after(99)).await;
        txn.fetch_delivery(&id, &token).await?;
        txn.commit(Step::KeyHandedOver).await
    };
    assert!(is_stale(fetch([6; 32]).await), "only the newest link");
    // Two tabs at the same time: one of them has it.
    let (one, two) = tokio::join!(fetch(TOKEN), fetch(TOKEN));
    assert_eq!([&one, &two].iter().filter(|result| result.is_ok()).count(), 1, "{one:?} {two:?}");
    let row = row(&db, &id).await;
    assert_eq!((row.state, row.packed_by, row.packed_at), (DeliveryState::Fetched, Some(town.officer), Some(after(1))));
    assert_eq!((row.fetched_by, row.fetched_at), (Some(town.manager), Some(after(99))));
    assert_eq!((row.token_sha256, row.expires_at, row.erased), (Some(TOKEN), Some(after(100)), None));
    assert_eq!(db.count("delivery where sealed_key is null and sealed_file is null", 1), 1);
    for verb in ["made", "packed", "fetched"] {
        assert_eq!(db.count(&format!("audit_event where verb = 'holder-key.{verb}'"), 1), 1, "{verb}");
    }
}

async fn a_file_whose_time_is_over_is_not_fetched(db: Fixture<'_>) {
    let town = db.town("011002").await;
    let id = issued(&db, &town).await;
    packed(&db, &town, &id, after(1)).await.unwrap();
    let mut txn = db.act(&town.officer, after(2)).await;
    txn.link_delivery(&id, &TOKEN).await.unwrap();
    txn.commit(Step::KeyHandedOver).await.unwrap();
    assert!(is_stale(db.act(&town.officer, after(100)).await.fetch_delivery(&id, &TOKEN).await));
    assert!(is_stale(db.act(&town.officer, after(100)).await.link_delivery(&id, &[8; 32]).await));
}

async fn a_key_goes_when_its_request_comes_to_nothing(db: Fixture<'_>) {
    let town = db.town("011002").await;
    let endings = [Decision::Return { note: "n" }, Decision::Reject { note: "n" }, Decision::Withdraw];
    for ending in endings {
        let id = filed(&db, &town).await.id().clone();
        let mut txn = db.act(&town.manager, after(1)).await;
        txn.decide(&id, 1, ending).await.unwrap();
        txn.commit(Step::RequestDecided).await.unwrap();
        assert_eq!(row(&db, &id).await.erased, Some((after(1), Erasure::RequestEnded)));
        assert_eq!(db.store.read().await.unwrap().sealed_key(&id).await.unwrap(), None);
    }
    let application = filed(&db, &town).await;
    let id = application.id().clone();
    db.approve(&town, application, 1, START).await.unwrap();
    assert_eq!(row(&db, &id).await.state, DeliveryState::Kept, "an approval keeps it");
    let mut txn = db.write(after(2)).await;
    txn.fail_request(&id, "the CA refuses").await.unwrap();
    txn.commit(Step::RequestDecided).await.unwrap();
    assert_eq!(row(&db, &id).await.erased, Some((after(2), Erasure::RequestEnded)));
    assert_eq!(db.count("audit_event where verb = 'holder-key.erased'", 4), 4);
}

async fn what_nobody_comes_for_is_overdue(db: Fixture<'_>) {
    let town = db.town("011002").await;
    let id = issued(&db, &town).await;
    let overdue =
        async |now, kept_since| db.store.read().await.unwrap().overdue_deliveries(now, kept_since).await.unwrap();
    let before = Timestamp::from_seconds(START.seconds() - 1);
    assert_eq!(overdue(after(50), before).await, [], "its certificate is new");
    assert_eq!(overdue(after(50), after(10)).await, [(id.clone(), Erasure::NotPacked)]);
    packed(&db, &town, &id, after(60)).await.unwrap();
    assert_eq!(overdue(after(99), after(98)).await, [], "the file waits its own time");
    assert_eq!(overdue(after(100), before).await, [(id.clone(), Erasure::NotFetched)]);
    let mut txn = db.write(after(100)).await;
    assert!(txn.erase_holder_key(&id, Erasure::NotFetched).await.unwrap());
    assert!(!txn.erase_holder_key(&id, Erasure::NotFetched).await.unwrap(), "once");
    txn.commit(Step::KeyHandedOver).await.unwrap();
    assert_eq!(overdue(after(1000), after(1000)).await, []);
    assert_eq!(row(&db, &id).await.erased, Some((after(100), Erasure::NotFetched)));
}

async fn every_erasure_is_a_word_the_schema_knows(db: Fixture<'_>) {
    let town = db.town("011002").await;
    for reason in Erasure::ALL {
        let id = filed(&db, &town).await.id().clone();
        let mut txn = db.write(after(1)).await;
        assert!(txn.erase_holder_key(&id, reason).await.unwrap());
        txn.commit(Step::KeyHandedOver).await.unwrap();
        assert_eq!(row(&db, &id).await.erased, Some((after(1), reason)));
    }
}
