//! Authorities, revocations, CRLs and pre-signed OCSP responses.

use super::fixture::{Fixture, START, after};
use super::on_both_databases;
use ca_core::certificate::Certificate;
use ca_core::id::{AuthorityId, KeyLabel};
use ca_core::issue::Generation;
use ca_core::key::SignatureAlgorithm;
use ca_core::revocation::{ListId, ListScope, Revocation, RevocationReason};
use ca_core::serial::SerialNumber;
use ca_core::time::Timestamp;
use std::time::Duration;
use store::authorities::AuthorityRow;
use store::crls::{CrlHead, CrlRow};
use store::jobs::{Job, JobKind};
use store::ocsp::{PresignedRow, Status};
use store::{Step, StoreError};

on_both_databases!(
    authorities_are_read_back,
    an_authority_has_each_generation_once,
    generations_are_linked_once_and_end_with_their_certificates,
    a_certificate_is_revoked_once,
    a_response_that_a_revocation_has_overtaken_is_not_used,
    stale_responses_are_found_and_replaced,
    what_ends_first_is_renewed_first_and_what_has_ended_is_forgotten,
    answers_of_a_time_to_come_are_forgotten,
    jobs_of_a_clock_that_was_ahead_are_brought_back,
    crl_numbers_rise_and_are_never_taken_twice,
    an_older_crl_never_replaces_a_newer_one,
    a_crl_without_all_of_its_pieces_is_not_stored,
);

async fn authorities_are_read_back(db: Fixture<'_>) {
    let ca = db.ca().await;
    let mut txn = db.write(START).await;
    let row = txn.authority(ca.authority.id()).await.unwrap().unwrap();
    assert_eq!(
        (row.name_ja.as_str(), &row.key_label, row.ocsp_certificate.as_ref()),
        ("試験認証局", ca.authority.label(), None)
    );
    let responder = KeyLabel::parse("test-ocsp-1").unwrap();
    txn.set_ocsp_responder(ca.authority.id(), &[0x30, 0], &responder).await.unwrap();
    let error = txn.set_ocsp_responder(&AuthorityId::parse("other").unwrap(), &[], &responder).await.unwrap_err();
    assert!(matches!(error, StoreError::NotFound { what: "authority" }));
    let mut below = row.clone();
    below.authority_id = AuthorityId::parse("below").unwrap();
    below.issuer_id = Some(row.authority_id.clone());
    below.key_label = KeyLabel::parse("below-1").unwrap();
    below.generation = Generation::first(below.authority_id.clone(), START);
    below.signature = Some(SignatureAlgorithm::RsaSha384);
    txn.insert_authority(&below).await.unwrap();
    txn.commit(Step::Setup).await.unwrap();
    let all = db.store.read().await.unwrap().authorities().await.unwrap();
    assert_eq!(all.iter().map(|row| row.authority_id.as_str()).collect::<Vec<_>>(), ["below", "test-ca"]);
    assert_eq!(all[1].ocsp_key_label, Some(responder));
    assert_eq!((&all[0], all[1].signature), (&below, None));
    below.authority_id = AuthorityId::parse("third").unwrap();
    below.generation = Generation::first(below.authority_id.clone(), START);
    let error = db.write(START).await.insert_authority(&below).await.unwrap_err();
    assert!(error.is_conflict("authority_key_once"), "{error}");
}

/// A generation after `row`, in the rows of a database.
async fn successor(db: &Fixture<'_>, row: &AuthorityRow, issues_from: Timestamp) -> AuthorityRow {
    let generation = row.generation.next(issues_from);
    let id = generation.id().unwrap();
    let label = KeyLabel::parse(id.as_str()).unwrap();
    let next = AuthorityRow { authority_id: id, key_label: label, generation, ..row.clone() };
    let mut txn = db.write(START).await;
    txn.insert_authority(&next).await.unwrap();
    txn.commit(Step::Setup).await.unwrap();
    next
}

async fn an_authority_has_each_generation_once(db: Fixture<'_>) {
    let ca = db.ca().await;
    let first = db.store.read().await.unwrap().authority(ca.authority.id()).await.unwrap().unwrap();
    let second = successor(&db, &first, after(100)).await;
    assert_eq!(db.store.read().await.unwrap().authority(&second.authority_id).await.unwrap().unwrap(), second);
    let mut again = second.clone();
    again.authority_id = AuthorityId::parse("again").unwrap();
    again.key_label = KeyLabel::parse("again").unwrap();
    let error = db.write(START).await.insert_authority(&again).await.unwrap_err();
    assert!(error.is_conflict("authority_generation_once"), "{error}");
}

async fn generations_are_linked_once_and_end_with_their_certificates(db: Fixture<'_>) {
    let ca = db.ca().await;
    let id = ca.authority.id();
    let first = db.store.read().await.unwrap().authority(id).await.unwrap().unwrap();
    let second = successor(&db, &first, after(100)).await;
    let issued = db.issued(&ca, db.linted(&ca, 2)).await;
    let mut txn = db.write(START).await;
    let unknown = SerialNumber::from_bytes(&[1]).unwrap();
    txn.insert_link(id, &issued[0].facts().serial, &second.authority_id).await.unwrap();
    txn.commit(Step::Setup).await.unwrap();
    let error =
        db.write(START).await.insert_link(id, &issued[1].facts().serial, &second.authority_id).await.unwrap_err();
    assert!(error.is_conflict("link_certificate_subject_once"), "{error}");
    assert!(db.write(START).await.insert_link(id, &unknown, id).await.is_err());
    let mut txn = db.store.read().await.unwrap();
    let links = txn.links(&second.authority_id).await.unwrap();
    assert_eq!(links.len(), 1);
    assert_eq!((&links[0].authority_id, links[0].der.as_slice()), (id, issued[0].der()));
    assert_eq!(txn.links(id).await.unwrap(), []);
    // The root's own certificate is the longest-lived of what it has issued.
    let root = Certificate::from_der(&first.certificate).unwrap();
    assert_eq!(txn.last_end(id).await.unwrap(), Some(root.validity().not_after));
    assert_eq!(txn.last_end(&second.authority_id).await.unwrap(), None);
    // The first owes CRLs while it issues, and as long as one of its certificates lives.
    let end = root.validity().not_after;
    assert!(!txn.has_ended(&first, after(99)).await.unwrap());
    assert!(!txn.has_ended(&first, end).await.unwrap());
    assert!(txn.has_ended(&first, end.plus(Duration::from_secs(1))).await.unwrap());
    assert!(!txn.has_ended(&second, end.plus(Duration::from_secs(1))).await.unwrap());
}

fn revocation(at: Timestamp) -> Revocation {
    Revocation { reason: RevocationReason::KeyCompromise, revoked_at: at, invalidity_at: Some(START) }
}

async fn a_certificate_is_revoked_once(db: Fixture<'_>) {
    let (ca, town) = (db.ca().await, db.town("011002").await);
    let (authority, issued) = (ca.authority.id(), db.issued(&ca, db.linted(&ca, 2)).await);
    let serial = &issued[0].facts().serial;
    let mut txn = db.act(&town.manager, after(9)).await;
    txn.revoke(authority, serial, &revocation(after(9))).await.unwrap();
    txn.commit(Step::Revoked).await.unwrap();
    let error = db.write(after(10)).await.revoke(authority, serial, &revocation(after(10))).await.unwrap_err();
    assert!(error.is_conflict("revocation_pk"), "{error}");
    let unknown = SerialNumber::from_bytes(&[1]).unwrap();
    let error = db.write(after(10)).await.revoke(authority, &unknown, &revocation(after(10))).await.unwrap_err();
    assert!(matches!(error, StoreError::NotFound { .. }), "{error}");
    let mut txn = db.write(after(10)).await;
    assert_eq!(txn.certificate_status(authority, serial).await.unwrap(), Status::Revoked(revocation(after(9))));
    let row = txn.certificate(authority, serial).await.unwrap().unwrap();
    assert_eq!(
        (row.revocation, row.revoked_by),
        (Some(revocation(after(9))), Some(format!("account:{}", town.manager)))
    );
    let entries = txn.revocations(authority, ListScope::Full, None).await.unwrap();
    assert_eq!(
        entries.iter().map(|entry| (&entry.serial, &entry.revocation)).collect::<Vec<_>>(),
        [(serial, &revocation(after(9)))]
    );
    assert_eq!(entries[0].not_after, issued[0].facts().validity.not_after);
    let jobs = txn.claim_jobs(&JobKind::ALL, 9, Duration::from_secs(60)).await.unwrap();
    let jobs: Vec<Job> = jobs.into_iter().map(|job| job.job).collect();
    assert_eq!(jobs.len(), 2);
    assert!(jobs.contains(&Job::Presign(authority.clone(), serial.clone())));
    assert!(jobs.contains(&Job::RefreshCrl(authority.clone(), ListScope::EndEntities)));
    assert_eq!(db.count("audit_event where verb = 'certificate.revoked' and actor like 'account:%'", 1), 1);
}

fn response(authority: &AuthorityId, serial: &SerialNumber, at: u64, revoked: bool) -> PresignedRow {
    PresignedRow {
        authority_id: authority.clone(),
        serial: serial.clone(),
        revoked,
        der: at.to_be_bytes().to_vec(),
        this_update: after(at),
        next_update: after(at + 100),
    }
}

async fn a_response_that_a_revocation_has_overtaken_is_not_used(db: Fixture<'_>) {
    let ca = db.ca().await;
    let (authority, issued) = (ca.authority.id(), db.issued(&ca, db.linted(&ca, 1)).await);
    let serial = &issued[0].facts().serial;
    let store = async |row: PresignedRow| {
        let mut txn = db.write(after(1)).await;
        txn.store_presigned(&[row]).await.unwrap();
        txn.commit(Step::OcspStored).await.unwrap();
        db.store.read().await.unwrap().presigned(authority, serial).await.unwrap()
    };
    let good = response(authority, serial, 5, false);
    assert_eq!(store(good.clone()).await, Some(good.clone()));
    let mut txn = db.write(after(6)).await;
    txn.revoke(authority, serial, &revocation(after(6))).await.unwrap();
    txn.commit(Step::Revoked).await.unwrap();
    assert_eq!(db.store.read().await.unwrap().presigned(authority, serial).await.unwrap(), None);
    assert_eq!(store(good).await, None, "signed before the revocation, stored after it");
    let mut txn = db.store.read().await.unwrap();
    let stale = txn.certificates_without_fresh_response(authority, (after(8), after(50)), 9).await.unwrap();
    drop(txn);
    assert!(stale.contains(serial));
    let revoked = response(authority, serial, 7, true);
    assert_eq!(store(revoked.clone()).await, Some(revoked));
}

async fn stale_responses_are_found_and_replaced(db: Fixture<'_>) {
    let ca = db.ca().await;
    let (authority, issued) = (ca.authority.id(), db.issued(&ca, db.linted(&ca, 70)).await);
    let serials: Vec<_> = issued.iter().map(|issued| issued.facts().serial.clone()).collect();
    let rows: Vec<_> = serials.iter().map(|serial| response(authority, serial, 10, false)).collect();
    let mut txn = db.write(after(10)).await;
    txn.store_presigned(&rows).await.unwrap();
    txn.store_presigned(&[response(authority, &serials[0], 9, false)]).await.unwrap();
    txn.store_presigned(&[response(authority, &serials[1], 60, false)]).await.unwrap();
    assert_eq!(txn.presigned(authority, &serials[0]).await.unwrap().unwrap().this_update, after(10), "older: kept out");
    let mut stale = async |until, rows| {
        let found = txn.certificates_without_fresh_response(authority, (after(90), after(until)), rows).await;
        found.unwrap().len()
    };
    assert_eq!((stale(110, 99).await, stale(111, 99).await, stale(111, 7).await), (1, 70, 7), "the root has none");
    txn.commit(Step::OcspStored).await.unwrap();
    assert_eq!(db.count("ocsp_response", 70), 70);
}

async fn what_ends_first_is_renewed_first_and_what_has_ended_is_forgotten(db: Fixture<'_>) {
    let ca = db.ca().await;
    let (authority, issued) = (ca.authority.id(), db.issued(&ca, db.linted(&ca, 4)).await);
    let serials: Vec<_> = issued.iter().map(|issued| issued.facts().serial.clone()).collect();
    let [third, first, second, missing] = serials.as_slice() else { panic!("four were issued") };
    let mut txn = db.write(after(40)).await;
    for (serial, at) in [(third, 30), (first, 10), (second, 20)] {
        txn.store_presigned(&[response(authority, serial, at, false)]).await.unwrap();
    }
    let within = (after(40), after(125));
    let found = txn.certificates_without_fresh_response(authority, within, 99).await.unwrap();
    assert_eq!(found.first_chunk(), Some(&[first.clone(), second.clone()]), "the third lasts longer");
    assert!(found.contains(missing) && !found.contains(third));
    for (serial, wanting) in [(first, true), (third, false), (missing, true)] {
        assert_eq!(txn.is_without_fresh_response(authority, within, serial).await.unwrap(), wanting);
    }
    // One that lasts until its certificate ends is not renewed, and forgotten when both have ended.
    let end = issued[0].facts().validity.not_after;
    let last = PresignedRow { next_update: end.plus(Duration::from_secs(1)), ..response(authority, third, 50, false) };
    txn.store_presigned(&[last]).await.unwrap();
    let near = (end.minus(Duration::from_secs(9)), end.plus(Duration::from_secs(99)));
    assert!(!txn.is_without_fresh_response(authority, near, third).await.unwrap());
    assert!(txn.is_without_fresh_response(authority, near, first).await.unwrap());
    assert!(!txn.has_ended_responses(authority, end).await.unwrap());
    txn.commit(Step::OcspStored).await.unwrap();
    let mut txn = db.write(end.plus(Duration::from_secs(9))).await;
    assert!(txn.has_ended_responses(authority, end.plus(Duration::from_secs(9))).await.unwrap());
    assert_eq!(txn.forget_ended_responses(authority).await.unwrap(), 3);
    assert!(!txn.has_ended_responses(authority, end.plus(Duration::from_secs(9))).await.unwrap());
}

async fn crl_numbers_rise_and_are_never_taken_twice(db: Fixture<'_>) {
    let ca = db.ca().await;
    let authority = ca.authority.id();
    let take = async || {
        let mut txn = db.write(START).await;
        let number = txn.take_crl_number(authority, ListScope::Full).await?;
        txn.commit(Step::CrlNumberTaken).await?;
        Ok::<i64, StoreError>(number)
    };
    assert_eq!(take().await.unwrap(), 1);
    assert_eq!(take().await.unwrap(), 2, "a number without a CRL is not taken again");
    let (one, two) = tokio::join!(take(), take());
    let mut taken = [one.unwrap(), two.unwrap()];
    taken.sort_unstable();
    assert_eq!(taken, [3, 4], "the second waits for the first");
    let nobody = AuthorityId::parse("nobody").unwrap();
    let error = db.write(START).await.take_crl_number(&nobody, ListScope::Full).await.unwrap_err();
    assert!(matches!(error, StoreError::NotFound { .. }), "{error}");
}

async fn answers_of_a_time_to_come_are_forgotten(db: Fixture<'_>) {
    let ca = db.ca().await;
    let (authority, issued) = (ca.authority.id(), db.issued(&ca, db.linted(&ca, 2)).await);
    let [future, now] = [0, 1].map(|n| issued[n].facts().serial.clone());
    let mut txn = db.write(after(864_000)).await;
    let answers = [response(authority, &future, 864_000, false), response(authority, &now, 70, false)];
    txn.store_presigned(&answers).await.unwrap();
    assert_eq!(txn.forget_future_responses(authority).await.unwrap(), 0);
    txn.commit(Step::OcspStored).await.unwrap();
    let mut txn = db.write(after(20)).await;
    assert_eq!(txn.forget_future_responses(authority).await.unwrap(), 1, "clocks differ by less than a minute");
    assert_eq!(txn.presigned(authority, &future).await.unwrap(), None);
    assert!(txn.presigned(authority, &now).await.unwrap().is_some());
}

async fn jobs_of_a_clock_that_was_ahead_are_brought_back(db: Fixture<'_>) {
    let minute = Duration::from_secs(60);
    let authority = AuthorityId::parse("test-ca").unwrap();
    let [leased, put_off] = [1, 2].map(|n| Job::Presign(authority.clone(), SerialNumber::from_bytes(&[n]).unwrap()));
    let mut txn = db.write(after(864_000)).await;
    txn.enqueue(&leased, after(864_000)).await.unwrap();
    assert_eq!(txn.claim_jobs(&JobKind::ALL, 9, minute).await.unwrap().len(), 1);
    txn.enqueue(&put_off, after(864_256)).await.unwrap();
    txn.commit(Step::JobTouched).await.unwrap();
    let brought = async |now| {
        let mut txn = db.write(after(now)).await;
        let brought = txn.bring_back_jobs(&JobKind::ALL, 5 * minute).await.unwrap();
        txn.commit(Step::JobTouched).await.unwrap();
        brought
    };
    assert_eq!(brought(864_000).await, 0, "they are as they should be");
    assert_eq!(brought(0).await, 2);
    let mut txn = db.write(START).await;
    let jobs = txn.claim_jobs(&JobKind::ALL, 9, minute).await.unwrap();
    let jobs: Vec<Job> = jobs.into_iter().map(|job| job.job).collect();
    assert!(jobs.contains(&leased) && jobs.contains(&put_off), "{jobs:?}");
}

/// A CRL with one octet in its row.
fn crl(authority: &AuthorityId, number: i64) -> CrlRow {
    let head = CrlHead {
        authority_id: authority.clone(),
        list: ListId::FULL,
        number,
        base_number: None,
        this_update: after(1),
        next_update: after(100),
        octets: 1,
        entries: Some(0),
        sha256: Some([7; 32]),
    };
    CrlRow { head, der: vec![u8::try_from(number).unwrap()] }
}

async fn a_crl_without_all_of_its_pieces_is_not_stored(db: Fixture<'_>) {
    let ca = db.ca().await;
    let authority = ca.authority.id();
    let mut txn = db.write(START).await;
    let number = txn.take_crl_number(authority, ListScope::Full).await.unwrap();
    let mut long = crl(authority, number);
    long.head.octets = 6;
    for (piece, octets) in [(1, [2, 3].as_slice()), (2, &[4, 5, 6])] {
        assert!(matches!(txn.store_crl(&long).await, Err(StoreError::Stale { what: "crl" })), "before piece {piece}");
        txn.store_crl_piece(authority, number, piece, octets).await.unwrap();
    }
    txn.store_crl(&long).await.unwrap();
    let whole = txn.latest_crl_octets(authority, ListId::FULL).await.unwrap();
    assert_eq!(whole, Some(vec![1, 2, 3, 4, 5, 6]));
}

async fn an_older_crl_never_replaces_a_newer_one(db: Fixture<'_>) {
    let ca = db.ca().await;
    let authority = ca.authority.id();
    let crl = |number| crl(authority, number);
    let mut txn = db.write(START).await;
    assert_eq!(txn.latest_crl(authority, ListId::FULL).await.unwrap(), None);
    for number in 1..=3 {
        assert_eq!(txn.take_crl_number(authority, ListScope::Full).await.unwrap(), number);
    }
    assert_eq!(txn.latest_crl(authority, ListId::FULL).await.unwrap(), None, "a number is not yet a CRL");
    txn.store_crl(&crl(2)).await.unwrap();
    for refused in [1, 2, 4] {
        let error = txn.store_crl(&crl(refused)).await.unwrap_err();
        assert!(matches!(error, StoreError::Stale { what: "crl" }), "{refused}");
    }
    assert_eq!(txn.latest_crl(authority, ListId::FULL).await.unwrap(), Some(crl(2)));
    txn.store_crl(&crl(3)).await.unwrap();
    txn.commit(Step::CrlStored).await.unwrap();
    assert_eq!(db.store.read().await.unwrap().latest_crl(authority, ListId::FULL).await.unwrap(), Some(crl(3)));
    assert_eq!(db.count("audit_event where verb = 'crl.stored'", 2), 2);
}
