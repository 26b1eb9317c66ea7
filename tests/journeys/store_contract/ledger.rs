//! The ledger: batches, the two durable steps, what is left between them, and who wins a race.

use super::fixture::{Fixture, START, after};
use super::on_both_databases;
use ca_core::issue::{Issued, Ledger, LedgerError, Unsettled};
use ca_core::revocation::{ListScope, RevocationReason};
use ca_core::testing::CountingEntropy;
use std::time::Duration;
use store::Step;
use store::certificates::{CertificateFilter, CertificateState};
use store::jobs::{Job, JobKind};
use store::ocsp::Status;
use store::requests::RequestState;

on_both_databases!(
    batches_of_any_size_are_recorded_whole,
    a_request_is_issued_with_its_job_and_events,
    a_request_that_is_not_waiting_is_left_out_of_its_batch,
    a_serial_is_recorded_once,
    an_unknown_outcome_is_burnt_and_the_request_tried_again,
    settling_some_leaves_the_others,
    whoever_inserts_first_decides_the_outcome,
    one_request_gets_one_certificate,
    certificates_are_listed_and_searched,
);

async fn batches_of_any_size_are_recorded_whole(db: Fixture<'_>) {
    let ca = db.ca().await;
    let mut total = 1; // the root itself
    for size in [1, 3, 64, 200] {
        let issued = db.issued(&ca, db.linted(&ca, size)).await;
        assert_eq!(issued.len(), size);
        total += i64::try_from(size).unwrap();
        for table in ["intent", "certificate where der is not null"] {
            assert_eq!(db.count(table, total), total, "{table}");
        }
        for verb in ["certificate.intended", "certificate.issued"] {
            assert_eq!(db.count(&format!("audit_event where verb = '{verb}'"), total), total);
        }
        let last = issued.last().unwrap();
        let row = db.store.read().await.unwrap().certificate_by_serial(&last.facts().serial).await.unwrap().unwrap();
        assert_eq!(row.der.as_deref(), Some(last.der()));
        assert_eq!(row.validity, last.facts().validity);
        assert_eq!((row.request_id, row.organisation_id, row.revocation), (None, None, None));
    }
    assert!(db.store.record_intents(Vec::new(), START).await.unwrap().recorded.is_empty());
    assert!(db.store.record_issued(Vec::new(), START).await.unwrap().is_empty());
}

async fn a_request_is_issued_with_its_job_and_events(db: Fixture<'_>) {
    let (ca, town) = (db.ca().await, db.town("011002").await);
    let id = db.approved(&town, "www.town.shirakaba.lg.jp", START).await;
    let linted = db.linted_for(&ca, &id).await;
    let serial = linted.facts().serial.clone();
    let signed = db.signed(&ca, vec![linted]).await;
    let authority = ca.authority.id();
    let mut read = db.store.read().await.unwrap();
    assert_eq!(read.request(&id).await.unwrap().unwrap().state, RequestState::Issuing);
    assert_eq!(read.certificate_status(authority, &serial).await.unwrap(), Status::Unissued, "not vouched for");
    assert_eq!(read.unsettled(authority).await.unwrap(), std::slice::from_ref(&serial));
    drop(read);
    db.store.record_issued(signed, after(1)).await.unwrap();
    let mut read = db.store.read().await.unwrap();
    let row = read.request(&id).await.unwrap().unwrap();
    assert_eq!((row.state, row.version), (RequestState::Issued, 4));
    assert_eq!(row.certificate, Some((authority.clone(), serial.clone())));
    assert_eq!(read.job_count().await.unwrap(), 0, "the job ended with its effect");
    assert_eq!(read.certificate_status(authority, &serial).await.unwrap(), Status::Good);
    let certificate = read.certificate(authority, &serial).await.unwrap().unwrap();
    assert_eq!((certificate.request_id, certificate.organisation_id), (Some(id.clone()), Some(town.organisation)));
    assert_eq!(certificate.recorded_at, after(1));
    let of_request = format!("audit_event where actor = 'system:ca' and detail like '%{id}%'");
    assert_eq!(db.count(&of_request, 2), 2);
}

async fn a_request_that_is_not_waiting_is_left_out_of_its_batch(db: Fixture<'_>) {
    let (ca, town) = (db.ca().await, db.town("011002").await);
    let waiting = db.approved(&town, "www.town.shirakaba.lg.jp", START).await;
    let failed = db.approved(&town, "mail.town.shirakaba.lg.jp", START).await;
    let batch = vec![
        db.linted_for(&ca, &failed).await,
        db.linted_for(&ca, &waiting).await,
        db.linted_for(&ca, &waiting).await,
        db.linted(&ca, 1).remove(0),
    ];
    let serials: Vec<_> = batch.iter().map(|linted| linted.facts().serial.clone()).collect();
    let mut txn = db.write(START).await;
    txn.fail_request(&failed, "no").await.unwrap();
    txn.commit(Step::RequestDecided).await.unwrap();
    let intents = db.store.record_intents(batch, START).await.unwrap();
    let left_out: Vec<_> = intents.not_waiting.iter().map(|linted| linted.facts().serial.clone()).collect();
    assert_eq!(left_out, [serials[0].clone(), serials[2].clone()], "the failed request, and the second of one request");
    let recorded: Vec<_> = intents.recorded.iter().map(|recorded| recorded.facts().serial.clone()).collect();
    assert_eq!(recorded, [serials[1].clone(), serials[3].clone()], "the others are not held up");
    let mut read = db.store.read().await.unwrap();
    assert_eq!(read.request(&waiting).await.unwrap().unwrap().state, RequestState::Issuing);
    assert_eq!(read.request(&failed).await.unwrap().unwrap().state, RequestState::Failed);
    let mut unsettled = read.unsettled(ca.authority.id()).await.unwrap();
    unsettled.sort();
    let mut expected = recorded;
    expected.sort();
    assert_eq!(unsettled, expected, "nothing is recorded of those left out");
}

async fn a_serial_is_recorded_once(db: Fixture<'_>) {
    let ca = db.ca().await;
    let same_serials = || db.linted_with(&ca, 3, &CountingEntropy::seeded(99));
    db.store.record_intents(same_serials(), START).await.unwrap();
    let error = db.store.record_intents(same_serials(), START).await.unwrap_err();
    assert!(matches!(&error, LedgerError::Lost(text) if text.contains("intent_pk")), "{error}");
}

async fn an_unknown_outcome_is_burnt_and_the_request_tried_again(db: Fixture<'_>) {
    let (ca, town) = (db.ca().await, db.town("011002").await);
    let authority = ca.authority.id();
    let id = db.approved(&town, "www.town.shirakaba.lg.jp", START).await;
    let linted = db.linted_for(&ca, &id).await;
    let serial = linted.facts().serial.clone();
    db.signed(&ca, vec![linted]).await; // and then the power fails
    let burnt = db.store.settle(authority, Unsettled::All, after(5)).await.unwrap();
    assert_eq!(burnt, std::slice::from_ref(&serial));
    assert!(db.store.settle(authority, Unsettled::All, after(6)).await.unwrap().is_empty(), "settled once");
    let mut txn = db.write(after(6)).await;
    let row = txn.certificate(authority, &serial).await.unwrap().unwrap();
    assert_eq!((row.der.as_ref(), row.request_id.as_ref()), (None, Some(&id)));
    let revocation = row.revocation.unwrap();
    assert_eq!((revocation.reason, revocation.revoked_at), (RevocationReason::Unspecified, after(5)));
    assert_eq!(row.revoked_by.as_deref(), Some("system:ca"));
    assert!(matches!(txn.certificate_status(authority, &serial).await.unwrap(), Status::Revoked(_)));
    assert_eq!(txn.revocations(authority, ListScope::Full, None).await.unwrap()[0].serial, serial);
    assert_eq!(txn.request(&id).await.unwrap().unwrap().state, RequestState::Approved);
    let jobs = txn.claim_jobs(&JobKind::ALL, 9, Duration::from_secs(60)).await.unwrap();
    let mut jobs: Vec<Job> = jobs.into_iter().map(|job| job.job).collect();
    jobs.sort_by_key(|job| job.kind().as_str());
    assert_eq!(jobs, [Job::Issue(id.clone()), Job::RefreshCrl(authority.clone(), ListScope::EndEntities)]);
    drop(txn);
    assert_eq!(db.count("audit_event where verb = 'certificate.unknown'", 1), 1);
    let again = db.linted_for(&ca, &id).await;
    assert_ne!(again.facts().serial, serial, "another serial, never the same octets again");
    let issued = db.issued(&ca, vec![again]).await;
    let row = db.store.read().await.unwrap().request(&id).await.unwrap().unwrap();
    assert_eq!(row.certificate, Some((authority.clone(), issued[0].facts().serial.clone())));
}

async fn settling_some_leaves_the_others(db: Fixture<'_>) {
    let ca = db.ca().await;
    let signed = db.signed(&ca, db.linted(&ca, 3)).await;
    let serials: Vec<_> = signed.iter().map(|signed| signed.facts().serial.clone()).collect();
    let these = Unsettled::These(vec![serials[1].clone()]);
    assert_eq!(db.store.settle(ca.authority.id(), these, after(1)).await.unwrap(), [serials[1].clone()]);
    let error = db.store.record_issued(signed, after(2)).await.unwrap_err();
    assert!(matches!(&error, LedgerError::Lost(text) if text.contains("certificate_pk")), "{error}");
    let mut left = db.store.read().await.unwrap().unsettled(ca.authority.id()).await.unwrap();
    left.sort();
    let mut expected = vec![serials[0].clone(), serials[2].clone()];
    expected.sort();
    assert_eq!(left, expected, "a batch that lost one recorded none");
}

async fn whoever_inserts_first_decides_the_outcome(db: Fixture<'_>) {
    let ca = db.ca().await;
    for _ in 0..10 {
        let mut signed = db.signed(&ca, db.linted(&ca, 1)).await;
        let serial = signed[0].facts().serial.clone();
        let signed = vec![signed.remove(0)];
        let (recorded, burnt): (Result<Vec<Issued>, _>, _) = tokio::join!(
            db.store.record_issued(signed, after(1)),
            db.store.settle(ca.authority.id(), Unsettled::All, after(1)),
        );
        let burnt = burnt.unwrap();
        let status = db.store.read().await.unwrap().certificate_status(ca.authority.id(), &serial).await.unwrap();
        match recorded {
            Ok(_) => assert_eq!((burnt.len(), status), (0, Status::Good)),
            Err(error) => {
                assert!(matches!(error, LedgerError::Lost(_)), "{error}");
                assert_eq!(burnt, [serial]);
                assert!(matches!(status, Status::Revoked(_)));
            }
        }
    }
}

async fn one_request_gets_one_certificate(db: Fixture<'_>) {
    let (ca, town) = (db.ca().await, db.town("011002").await);
    let id = db.approved(&town, "www.town.shirakaba.lg.jp", START).await;
    // A slow worker, and the one that took its job over when the lease ran out.
    let slow = db.signed(&ca, vec![db.linted_for(&ca, &id).await]).await;
    let fast = db.signed(&ca, vec![db.linted_for(&ca, &id).await]).await;
    let lost = slow[0].facts().serial.clone();
    db.store.record_issued(fast, START).await.unwrap();
    let error = db.store.record_issued(slow, START).await.unwrap_err();
    assert!(matches!(&error, LedgerError::Lost(text) if text.contains("certificate_request_once")), "{error}");
    assert_eq!(db.store.settle(ca.authority.id(), Unsettled::All, after(1)).await.unwrap(), [lost]);
    let row = db.store.read().await.unwrap().request(&id).await.unwrap().unwrap();
    assert_eq!(row.state, RequestState::Issued, "burning the second does not undo the first");
}

async fn certificates_are_listed_and_searched(db: Fixture<'_>) {
    let (ca, town) = (db.ca().await, db.town("011002").await);
    let id = db.approved(&town, "www.town.shirakaba.lg.jp", START).await;
    let of_town = db.issued(&ca, vec![db.linted_for(&ca, &id).await]).await;
    let measured = db.issued(&ca, db.linted(&ca, 3)).await;
    let mut read = db.store.read().await.unwrap();
    let mut listed = async |filter: CertificateFilter| read.certificates(&filter).await.unwrap();
    let all = CertificateFilter::default;
    let everything = listed(all()).await;
    assert_eq!(everything.len(), 5);
    let before = Some((everything[1].recorded_at, everything[1].serial.clone()));
    assert_eq!(listed(CertificateFilter { before, limit: 2, ..all() }).await, everything[2..4]);
    let organisation = Some(town.organisation.clone());
    let theirs = listed(CertificateFilter { organisation: organisation.clone(), ..all() }).await;
    assert_eq!(theirs.iter().map(|row| &row.serial).collect::<Vec<_>>(), [&of_town[0].facts().serial]);
    let serial = measured[0].facts().serial.to_hex().to_uppercase();
    for (text, found) in
        [("WWW.town", 4), ("shirakaba town", 4), ("cn=ca", 1), (serial.as_str(), 1), ("_", 0), ("abcdef", 0)]
    {
        let search = Some(text.to_owned());
        assert_eq!(listed(CertificateFilter { search, ..all() }).await.len(), found, "{text}");
    }
    let search = Some(serial);
    let others = CertificateFilter { organisation: organisation.clone(), search, ..all() };
    assert!(listed(others).await.is_empty(), "another's is not found");
    let end = of_town[0].facts().validity.not_after;
    for (state, at, found) in [
        (CertificateState::Valid, end, 1),
        (CertificateState::Expired, end, 0),
        (CertificateState::Valid, end.plus(Duration::from_secs(1)), 0),
        (CertificateState::Expired, end.plus(Duration::from_secs(1)), 1),
        (CertificateState::Revoked, end, 0),
    ] {
        let filter = CertificateFilter { organisation: organisation.clone(), state: Some((state, at)), ..all() };
        assert_eq!(listed(filter).await.len(), found, "{state:?} at {at:?}");
    }
}
