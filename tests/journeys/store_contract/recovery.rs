//! What a restored database has lost and a list outside still says.

use super::fixture::{Ca, Fixture, START, after};
use super::on_both_databases;
use ca_core::revocation::{ListId, ListScope, Revocation, RevocationReason};
use ca_core::serial::SerialNumber;
use ca_core::time::{Timestamp, Validity};
use std::time::Duration;
use store::Step;
use store::jobs::{Job, JobKind};
use store::ocsp::Status;
use store::recovery::{FoundEntry, FoundList};

on_both_databases!(
    what_a_list_outside_says_is_known_again,
    a_suspension_that_was_lifted_since_stays_lifted,
    an_entry_takes_its_place_when_a_narrower_list_is_found,
    no_list_is_made_before_the_end,
);

/// The full list of the authority with that number.
fn found(ca: &Ca, list: ListId, number: i64) -> FoundList {
    let validity = Validity { not_before: START, not_after: after(1_000_000) };
    FoundList { authority_id: ca.authority.id().clone(), list, number, sha256: [9; 32], validity }
}

fn entry(serial: &SerialNumber, reason: RevocationReason, revoked_at: Timestamp) -> FoundEntry {
    let invalidity_at = (reason == RevocationReason::KeyCompromise).then_some(START);
    FoundEntry { serial: serial.clone(), revocation: Revocation { reason, revoked_at, invalidity_at } }
}

fn serial(n: u8) -> SerialNumber {
    SerialNumber::from_bytes(&[0x77, n]).unwrap()
}

/// Recovers all of it in one transaction at `now`: how many entries were lost, and whether there was anything to do.
async fn recover(db: &Fixture<'_>, list: &FoundList, entries: &[FoundEntry], now: Timestamp) -> (u64, bool) {
    let mut txn = db.write(now).await;
    let lost = txn.lost_entries(list, entries).await.unwrap();
    let recovered = if lost.is_empty() { 0 } else { txn.recover_revocations(list, &lost).await.unwrap() };
    let is_new = txn.end_crl_recovery(list, recovered).await.unwrap();
    txn.commit(Step::RevocationsRecovered).await.unwrap();
    (recovered, is_new)
}

async fn what_a_list_outside_says_is_known_again(db: Fixture<'_>) {
    let ca = db.ca().await;
    let (authority, issued) = (ca.authority.id(), db.issued(&ca, db.linted(&ca, 3)).await);
    let [one, two, three] = [0, 1, 2].map(|n| issued[n].facts().serial.clone());
    let held = Revocation { reason: RevocationReason::CertificateHold, revoked_at: after(5), invalidity_at: None };
    let mut txn = db.write(after(5)).await;
    txn.revoke(authority, &two, &held).await.unwrap();
    txn.revoke(authority, &three, &Revocation { reason: RevocationReason::Superseded, ..held.clone() }).await.unwrap();
    txn.commit(Step::Revoked).await.unwrap();
    let compromised = RevocationReason::KeyCompromise;
    let entries = [
        entry(&one, compromised, after(7)),
        entry(&two, compromised, after(8)),
        entry(&three, compromised, after(9)),
        entry(&serial(1), RevocationReason::CertificateHold, after(10)),
        entry(&serial(2), RevocationReason::RemoveFromCrl, after(10)),
    ];
    let list = found(&ca, ListId::FULL, 15);
    assert_eq!(recover(&db, &list, &entries, after(100)).await, (3, true));

    let mut txn = db.store.read().await.unwrap();
    for (serial, at) in [(&one, 7), (&two, 8)] {
        let revoked = entry(serial, compromised, after(at)).revocation;
        assert_eq!(txn.certificate_status(authority, serial).await.unwrap(), Status::Revoked(revoked));
    }
    let Status::Revoked(kept) = txn.certificate_status(authority, &three).await.unwrap() else { panic!("revoked") };
    assert_eq!(kept.reason, RevocationReason::Superseded, "what is known stays as it is");
    let Status::Revoked(unknown) = txn.certificate_status(authority, &serial(1)).await.unwrap() else { panic!() };
    assert_eq!((unknown.reason, unknown.revoked_at), (RevocationReason::CertificateHold, after(10)));
    assert_eq!(txn.certificate_status(authority, &serial(2)).await.unwrap(), Status::Unissued, "taken off the list");
    let row = txn.certificate(authority, &serial(1)).await.unwrap().unwrap();
    assert!(row.der.is_none(), "nobody knows what it was");
    let listed = txn.revocations(authority, ListScope::Full, None).await.unwrap();
    let unknown = listed.iter().find(|entry| entry.serial == serial(1)).unwrap();
    assert!(unknown.stays_listed && unknown.not_after == list.validity.not_after);
    // Memories that look for what is new find what was written down a moment ago.
    assert_eq!(txn.revoked_since(authority, after(99)).await.unwrap().len(), 3);
    drop(txn);

    assert_eq!(recover(&db, &list, &entries, after(101)).await, (0, false), "done again, nothing");
    let mut txn = db.write(after(102)).await;
    assert_eq!(txn.take_crl_number(authority, ListScope::Full).await.unwrap(), 16);
    let jobs = txn.claim_jobs(&JobKind::ALL, 99, Duration::from_secs(60)).await.unwrap();
    let jobs: Vec<Job> = jobs.into_iter().map(|job| job.job).collect();
    assert!(jobs.contains(&Job::RefreshCrl(authority.clone(), ListScope::Full)), "{jobs:?}");
    assert!(
        jobs.contains(&Job::Presign(authority.clone(), one))
            && jobs.contains(&Job::Presign(authority.clone(), serial(1)))
    );
    drop(txn);
    assert_eq!(db.count("audit_event where verb = 'crl.recovered' and object = 'crl:test-ca/15'", 1), 1);
    assert_eq!(db.count("audit_event where verb = 'certificate.unknown'", 1), 1);
    assert_eq!(db.count("audit_event where verb = 'certificate.revoked'", 4), 4);
}

async fn a_suspension_that_was_lifted_since_stays_lifted(db: Fixture<'_>) {
    let ca = db.ca().await;
    let (authority, issued) = (ca.authority.id(), db.issued(&ca, db.linted(&ca, 1)).await);
    let held = [entry(&issued[0].facts().serial, RevocationReason::CertificateHold, after(3))];
    let mut txn = db.write(after(5)).await;
    for number in 1..=3 {
        assert_eq!(txn.take_crl_number(authority, ListScope::Full).await.unwrap(), number);
    }
    txn.commit(Step::CrlNumberTaken).await.unwrap();
    assert_eq!(recover(&db, &found(&ca, ListId::FULL, 2), &held, after(6)).await, (0, false), "an older list");
    assert_eq!(recover(&db, &found(&ca, ListId::FULL, 3), &held, after(7)).await, (1, true), "another with our number");
    let status = db.store.read().await.unwrap().certificate_status(authority, &held[0].serial).await.unwrap();
    assert_eq!(status, Status::Revoked(held[0].revocation.clone()));
}

async fn an_entry_takes_its_place_when_a_narrower_list_is_found(db: Fixture<'_>) {
    let ca = db.ca().await;
    let authority = ca.authority.id();
    let entries = [entry(&serial(1), RevocationReason::KeyCompromise, after(3))];
    let listed = async |scope| {
        let page = db.store.read().await.unwrap().revocations(authority, scope, None).await.unwrap();
        page.iter().map(|entry| entry.serial.clone()).collect::<Vec<_>>() == [serial(1)]
    };
    assert_eq!(recover(&db, &found(&ca, ListId::FULL, 7), &entries, after(6)).await, (1, true));
    assert!(listed(ListScope::EndEntities).await && !listed(ListScope::Shard(4)).await);
    let shard = found(&ca, ListScope::Shard(4).complete(), 8);
    assert_eq!(recover(&db, &shard, &entries, after(7)).await, (1, true));
    assert!(listed(ListScope::EndEntities).await && listed(ListScope::Shard(4)).await);
    assert!(listed(ListScope::Full).await && !listed(ListScope::Authorities).await);
    assert_eq!(recover(&db, &shard, &entries, after(8)).await, (0, false));
}

async fn no_list_is_made_before_the_end(db: Fixture<'_>) {
    let ca = db.ca().await;
    let authority = ca.authority.id();
    let list = found(&ca, ListId::FULL, 5);
    let entries = [1, 2].map(|n| entry(&serial(n), RevocationReason::KeyCompromise, after(3)));
    let mut txn = db.write(after(6)).await;
    let lost = txn.lost_entries(&list, &entries).await.unwrap();
    assert_eq!(txn.recover_revocations(&list, &lost[..1]).await.unwrap(), 1);
    txn.commit(Step::RevocationsRecovered).await.unwrap();
    let under_way = async || db.store.read().await.unwrap().crl_recovery(authority).await.unwrap();
    assert_eq!(under_way().await, Some(5));
    // Cut off there, and begun again.
    assert_eq!(recover(&db, &list, &entries, after(9)).await, (1, true));
    assert_eq!(under_way().await, None);
}
