//! Sets of shares and activations: one set in force for a store, one row for an authority, an event for each change.

use super::fixture::{Fixture, START, after};
use super::on_both_databases;
use ca_core::revocation::ListScope;
use store::audit::AuditFilter;
use store::custody::{ActivationReason, ActivationRow, CustodySetRow};
use store::jobs::{Job, JobKind};
use store::{Step, StoreError};

on_both_databases!(
    a_set_comes_back_as_it_was_written,
    a_later_set_makes_the_earlier_void,
    a_void_set_is_never_in_force_again,
    one_person_is_no_quorum_for_the_database_either,
    an_activation_says_who_and_why,
    jobs_that_were_put_off_are_hurried,
);

fn set(id: char) -> CustodySetRow {
    CustodySetRow {
        custody_set_id: id.to_string().repeat(32),
        key_store: "folder".to_owned(),
        least: 2,
        custodians: ["佐藤 花子", "鈴木 一郎", "高橋 葵"].map(str::to_owned).to_vec(),
        digest: [7; 32],
        made_at: START,
        in_force_at: None,
        void_at: None,
    }
}

async fn made(db: &Fixture<'_>, id: char) -> CustodySetRow {
    let set = set(id);
    let mut txn = db.write(START).await;
    txn.insert_custody_set(&set).await.unwrap();
    txn.commit(Step::Setup).await.unwrap();
    set
}

async fn in_force(db: &Fixture<'_>, id: char) -> CustodySetRow {
    let set = made(db, id).await;
    let mut txn = db.write(after(1)).await;
    txn.put_custody_set_in_force(&set).await.unwrap();
    txn.commit(Step::Setup).await.unwrap();
    CustodySetRow { in_force_at: Some(after(1)), ..set }
}

async fn verbs(db: &Fixture<'_>, object: &str) -> Vec<String> {
    let filter = AuditFilter { object: Some(object.to_owned()), before: None };
    let events = db.store.read().await.unwrap().audit_events(&filter, 9).await.unwrap();
    events.into_iter().map(|event| event.verb).collect()
}

async fn a_set_comes_back_as_it_was_written(db: Fixture<'_>) {
    let set = in_force(&db, 'a').await;
    let mut read = db.store.read().await.unwrap();
    assert_eq!(read.custody_sets("folder").await.unwrap(), std::slice::from_ref(&set));
    assert_eq!(read.custody_set(&set.custody_set_id).await.unwrap(), Some(set.clone()));
    assert_eq!(read.custody_sets("another").await.unwrap(), []);
    assert_eq!(set.names("1, 3"), ["佐藤 花子", "高橋 葵"]);
    assert_eq!(verbs(&db, &format!("custody-set:{}", set.custody_set_id)).await, ["custody.in-force", "custody.made"]);
}

async fn a_later_set_makes_the_earlier_void(db: Fixture<'_>) {
    let first = in_force(&db, 'a').await;
    // Made, and not yet taken by its store: the first is still good.
    let second = made(&db, 'b').await;
    let usable = db.store.read().await.unwrap().custody_sets("folder").await.unwrap();
    assert_eq!(usable, [first.clone(), second.clone()]);
    let mut txn = db.write(after(5)).await;
    txn.put_custody_set_in_force(&second).await.unwrap();
    txn.commit(Step::Setup).await.unwrap();
    let mut read = db.store.read().await.unwrap();
    let usable = read.custody_sets("folder").await.unwrap();
    assert_eq!(usable, [CustodySetRow { in_force_at: Some(after(5)), ..second }]);
    assert_eq!(read.custody_set(&first.custody_set_id).await.unwrap().unwrap().void_at, Some(after(5)));
}

async fn a_void_set_is_never_in_force_again(db: Fixture<'_>) {
    let first = in_force(&db, 'a').await;
    in_force(&db, 'b').await;
    let mut txn = db.write(after(9)).await;
    let refused = txn.put_custody_set_in_force(&first).await;
    assert!(matches!(refused, Err(StoreError::Stale { what: "custody set" })), "{refused:?}");
}

async fn one_person_is_no_quorum_for_the_database_either(db: Fixture<'_>) {
    let mut txn = db.write(START).await;
    let refused = txn.insert_custody_set(&CustodySetRow { least: 1, ..set('a') }).await;
    assert!(refused.is_err_and(|error| error.to_string().contains("custody_set_least_check")));
}

async fn an_activation_says_who_and_why(db: Fixture<'_>) {
    let set = in_force(&db, 'a').await;
    let authority = db.ca().await.authority.id().clone();
    let mut row = ActivationRow {
        authority_id: authority.clone(),
        active: true,
        changed_at: after(2),
        reason: ActivationReason::Custodians,
        custody_set_id: Some(set.custody_set_id.clone()),
        custodians: "1, 3".to_owned(),
    };
    for (active, reason) in
        [(false, ActivationReason::Restart), (true, ActivationReason::Custodians), (false, ActivationReason::Person)]
    {
        row = ActivationRow { active, reason, ..row };
        let mut txn = db.write(after(2)).await;
        txn.set_activation(&row).await.unwrap();
        txn.commit(Step::Setup).await.unwrap();
        assert_eq!(db.store.read().await.unwrap().activations().await.unwrap(), [row.clone()]);
    }
    let told = verbs(&db, &format!("authority:{authority}")).await;
    assert_eq!(told[..3], ["authority.deactivated", "authority.activated", "authority.deactivated"]);
}

async fn jobs_that_were_put_off_are_hurried(db: Fixture<'_>) {
    let authority = db.ca().await.authority.id().clone();
    let mut txn = db.write(START).await;
    txn.enqueue(&Job::RefreshCrl(authority, ListScope::Full), after(300)).await.unwrap();
    assert_eq!(txn.next_job_due(&[JobKind::RefreshCrl]).await.unwrap(), Some(after(300)));
    assert_eq!(txn.hurry_jobs(&[JobKind::Issue]).await.unwrap(), 0);
    assert_eq!(txn.hurry_jobs(&[JobKind::Issue, JobKind::RefreshCrl]).await.unwrap(), 1);
    assert_eq!(txn.next_job_due(&[JobKind::RefreshCrl]).await.unwrap(), Some(START));
    txn.commit(Step::JobTouched).await.unwrap();
}
