//! Requests and the decisions on them; the jobs they cause.

use super::fixture::{Fixture, START, after};
use super::on_both_databases;
use ca_core::id::{RequestId, RequestNumber};
use ca_core::revocation::ListScope;
use ca_core::time::Timestamp;
use std::time::Duration;
use store::jobs::{Job, JobKind, Lease};
use store::requests::{Decision, RequestFilter, RequestState};
use store::{Step, StoreError};

on_both_databases!(
    numbers_count_up_within_the_japanese_year,
    a_request_is_read_back_as_it_was_filed,
    a_key_serves_one_live_request,
    an_approval_is_restored_and_asks_for_the_certificate,
    decisions_on_what_was_not_read_are_stale,
    only_people_decide,
    a_refused_request_frees_its_key,
    lists_filter_by_organisation_state_and_text,
    a_note_goes_with_a_request_until_it_is_decided,
    a_job_is_leased_to_one_worker,
    a_job_asked_for_while_it_runs_is_run_again,
);

async fn numbers_count_up_within_the_japanese_year(db: Fixture<'_>) {
    let mut txn = db.write(START).await;
    assert_eq!(txn.next_request_number(START).await.unwrap().as_str(), "R8-000001");
    assert_eq!(txn.next_request_number(START).await.unwrap().as_str(), "R8-000002");
    let new_year_in_japan = Timestamp::from_utc(2026, 12, 31, 15, 0, 0).unwrap();
    assert_eq!(txn.next_request_number(new_year_in_japan).await.unwrap().as_str(), "R9-000001");
    drop(txn);
    let number = db.write(START).await.next_request_number(START).await.unwrap();
    assert_eq!(number.as_str(), "R8-000001", "a number of a transaction that did not commit is not lost");
}

async fn a_request_is_read_back_as_it_was_filed(db: Fixture<'_>) {
    let town = db.town("011002").await;
    let application = db.submitted(&town, "www.town.shirakaba.lg.jp", after(1)).await;
    let mut read = db.store.read().await.unwrap();
    let row = read.request(application.id()).await.unwrap().unwrap();
    assert_eq!((row.state, row.version, row.submitted_at), (RequestState::Submitted, 1, after(1)));
    assert_eq!(row.names, ["www.town.shirakaba.lg.jp"]);
    assert_eq!(row.statement, application.statement());
    assert_eq!(row.statement_sha256, application.statement_hash());
    assert_eq!((row.decided_by.as_ref(), row.certificate.as_ref()), (None, None));
    let number = RequestNumber::parse("R8-000001").unwrap();
    assert_eq!(read.request_by_number(&number).await.unwrap(), Some(row.clone()));
    assert_eq!(read.key_in_use(&row.key_sha256).await.unwrap(), Some(number));
    let again = read.submitted_application(application.id()).await.unwrap().unwrap();
    assert_eq!(again.statement(), application.statement());
    assert!(read.approved_application(application.id()).await.unwrap().is_none(), "not approved yet");
    let statement = db
        .database
        .independently(|client| client.query_one("select statement from request", &[]).unwrap().get::<_, String>(0));
    assert_eq!(statement.unwrap_or(row.statement), application.statement());
}

async fn a_key_serves_one_live_request(db: Fixture<'_>) {
    let town = db.town("011002").await;
    let first = db.submitted(&town, "www.town.shirakaba.lg.jp", START).await;
    let mut txn = db.act(&town.officer, START).await;
    let other = db.application(&mut txn, &town, "mail.town.shirakaba.lg.jp").await;
    let mut request = other.request().clone();
    request.key = first.request().key.clone();
    let same_key = ca_core::request::Application::submitted(
        other.id().clone(),
        other.number().clone(),
        town.officer.clone(),
        START,
        request,
    );
    let error = txn.insert_request(&same_key).await.unwrap_err();
    assert!(error.is_conflict("request_key_once"), "{error}");
    drop(txn);
    let mut txn = db.act(&town.manager, after(1)).await;
    txn.decide(first.id(), 1, Decision::Return { note: "名前を直してください" }).await.unwrap();
    assert_eq!(txn.key_in_use(&first.request().key.fingerprint()).await.unwrap(), None);
    txn.insert_request(&same_key).await.unwrap();
    txn.commit(Step::RequestDecided).await.unwrap();
}

async fn an_approval_is_restored_and_asks_for_the_certificate(db: Fixture<'_>) {
    let town = db.town("011002").await;
    let id = db.approved(&town, "www.town.shirakaba.lg.jp", START).await;
    let mut read = db.store.read().await.unwrap();
    let approved = read.approved_application(&id).await.unwrap().unwrap();
    assert_eq!((approved.approved_by(), approved.approved_at()), (&town.manager, START));
    assert!(read.submitted_application(&id).await.unwrap().is_none());
    let unknown = RequestId::parse(&"0".repeat(32)).unwrap();
    assert_eq!(read.approved_applications(&[unknown, id.clone()]).await.unwrap().len(), 1);
    assert_eq!(read.next_job_due(&JobKind::ALL).await.unwrap(), Some(START));
    drop(read);
    let mut txn = db.write(START).await;
    let jobs = txn.claim_jobs(&[JobKind::Issue], 10, Duration::from_secs(60)).await.unwrap();
    assert_eq!(jobs.iter().map(|job| &job.job).collect::<Vec<_>>(), [&Job::Issue(id)]);
    assert_eq!(db.count("audit_event where verb = 'request.approved'", 1), 1);
}

async fn decisions_on_what_was_not_read_are_stale(db: Fixture<'_>) {
    let town = db.town("011002").await;
    let application = db.submitted(&town, "www.town.shirakaba.lg.jp", START).await;
    let stale = db.approve(&town, application.clone(), 2, START).await;
    assert!(matches!(stale, Err(StoreError::Stale { what: "request" })));
    db.approve(&town, application.clone(), 1, START).await.unwrap();
    let twice = db.approve(&town, application.clone(), 2, START).await;
    assert!(matches!(twice, Err(StoreError::Stale { what: "request" })), "it is decided");
    let mut txn = db.act(&town.officer, START).await;
    let withdrawn = txn.decide(application.id(), 2, Decision::Withdraw).await;
    assert!(matches!(withdrawn, Err(StoreError::Stale { what: "request" })));
    drop(txn);
    // Two managers press the button at the same time: one of them has decided.
    let other = db.submitted(&town, "mail.town.shirakaba.lg.jp", START).await;
    let (one, two) = tokio::join!(db.approve(&town, other.clone(), 1, START), db.approve(&town, other, 1, START));
    assert_eq!([&one, &two].iter().filter(|result| result.is_ok()).count(), 1, "{one:?} {two:?}");
    assert_eq!(db.store.read().await.unwrap().job_count().await.unwrap(), 2);
}

async fn only_people_decide(db: Fixture<'_>) {
    let town = db.town("011002").await;
    let application = db.submitted(&town, "www.town.shirakaba.lg.jp", START).await;
    let error = db.write(START).await.decide(application.id(), 1, Decision::Withdraw).await.unwrap_err();
    assert!(matches!(error, StoreError::NotFound { what: "account" }));
}

async fn a_refused_request_frees_its_key(db: Fixture<'_>) {
    let town = db.town("011002").await;
    let id = db.approved(&town, "www.town.shirakaba.lg.jp", START).await;
    let mut txn = db.write(after(9)).await;
    txn.fail_request(&id, "the profile allows no such name").await.unwrap();
    let row = txn.request(&id).await.unwrap().unwrap();
    assert_eq!((row.state, row.version), (RequestState::Failed, 3));
    assert_eq!(row.decision_note.as_deref(), Some("the profile allows no such name"));
    assert_eq!(txn.key_in_use(&row.key_sha256).await.unwrap(), None);
    let again = txn.fail_request(&id, "again").await;
    assert!(matches!(again, Err(StoreError::Stale { what: "request" })));
    txn.commit(Step::RequestDecided).await.unwrap();
}

async fn lists_filter_by_organisation_state_and_text(db: Fixture<'_>) {
    let (town, city) = (db.town("011002").await, db.town("131016").await);
    let www = db.submitted(&town, "www.town.shirakaba.lg.jp", after(1)).await;
    let mail = db.approved(&town, "mail_1.town.shirakaba.lg.jp".replace('_', "-").as_str(), after(2)).await;
    let other = db.submitted(&city, "www.city.example.lg.jp", after(3)).await;
    let mut read = db.store.read().await.unwrap();
    let mut listed = async |filter: RequestFilter| -> Vec<_> {
        read.requests(&filter).await.unwrap().into_iter().map(|row| row.request_id).collect()
    };
    let all = RequestFilter::default;
    assert_eq!(listed(all()).await, [other.id(), &mail, www.id()].map(Clone::clone));
    assert_eq!(listed(RequestFilter { limit: 1, ..all() }).await, [other.id().clone()]);
    let before = Some(other.id().clone());
    assert_eq!(listed(RequestFilter { before, ..all() }).await, [mail.clone(), www.id().clone()]);
    let organisation = Some(town.organisation.clone());
    assert_eq!(listed(RequestFilter { organisation: organisation.clone(), ..all() }).await.len(), 2);
    let states = vec![RequestState::Submitted, RequestState::Issued];
    let of_town = RequestFilter { organisation, states, ..all() };
    assert_eq!(listed(of_town).await, [www.id().clone()]);
    for (text, found) in
        [("WWW.TOWN", 1), ("r8-00000", 3), ("shirakaba town", 3), ("%", 0), ("mail_1", 0), ("O=Shira", 3)]
    {
        let search = Some(text.to_owned());
        assert_eq!(listed(RequestFilter { search, ..all() }).await.len(), found, "{text}");
    }
}

async fn a_note_goes_with_a_request_until_it_is_decided(db: Fixture<'_>) {
    let town = db.town("011002").await;
    let application = db.submitted(&town, "www.town.shirakaba.lg.jp", START).await;
    let mut txn = db.act(&town.officer, START).await;
    txn.note_request(application.id(), "至急お願いします").await.unwrap();
    let row = txn.request(application.id()).await.unwrap().unwrap();
    assert_eq!((row.note.as_str(), row.version), ("至急お願いします", 1));
    txn.commit(Step::RequestSubmitted).await.unwrap();
    db.approve(&town, application.clone(), 1, START).await.unwrap();
    let late = db.act(&town.officer, START).await.note_request(application.id(), "too late").await;
    assert!(matches!(late, Err(StoreError::NotFound { what: "request" })));
    let counts = db.store.read().await.unwrap().request_counts().await.unwrap();
    assert_eq!(counts.len(), RequestState::ALL.len());
    assert_eq!(counts.iter().map(|(_, count)| count).sum::<i64>(), 1);
    assert!(counts.contains(&(RequestState::Approved, 1)));
}

async fn a_job_is_leased_to_one_worker(db: Fixture<'_>) {
    let town = db.town("011002").await;
    for name in ["a", "b", "c"] {
        db.approved(&town, &format!("{name}.town.shirakaba.lg.jp"), START).await;
    }
    let claim = async |now| {
        let mut txn = db.write(now).await;
        let jobs = txn.claim_jobs(&[JobKind::Issue], 2, Duration::from_secs(60)).await.unwrap();
        txn.commit(Step::JobTouched).await.unwrap();
        jobs
    };
    let (one, two) = tokio::join!(claim(after(1)), claim(after(1)));
    let three = claim(after(1)).await;
    let mut ids: Vec<_> = [&one, &two, &three].into_iter().flatten().map(|job| job.job_id.clone()).collect();
    ids.sort();
    ids.dedup();
    assert_eq!((one.len() + two.len() + three.len(), ids.len()), (3, 3), "each job went to one worker");
    assert!(claim(after(60)).await.is_empty());
    let late = claim(after(61)).await;
    assert_eq!((late.len(), late[0].attempts), (2, 2), "a lease that ran out is taken over");
    let stolen = [&one, &two, &three].into_iter().flatten().find(|job| job.job_id == late[0].job_id).unwrap();
    let mut txn = db.write(after(62)).await;
    assert!(
        txn.claim_jobs(&[JobKind::Presign, JobKind::RefreshCrl], 9, Duration::from_secs(60)).await.unwrap().is_empty()
    );
    assert_eq!(txn.finish_job(stolen).await.unwrap(), Lease::Lost);
    assert_eq!(txn.finish_job(&late[0]).await.unwrap(), Lease::Kept);
    assert_eq!(txn.retry_job(&late[1], "the key store does not answer", after(90)).await.unwrap(), Lease::Kept);
    assert_eq!(txn.retry_job(&late[1], "twice", after(90)).await.unwrap(), Lease::Lost);
    assert_eq!(txn.job_count().await.unwrap(), 2);
    txn.commit(Step::JobTouched).await.unwrap();
    assert_eq!(db.count("job where last_error = 'the key store does not answer'", 1), 1);
}

async fn a_job_asked_for_while_it_runs_is_run_again(db: Fixture<'_>) {
    let authority = ca_core::id::AuthorityId::parse("test-ca").unwrap();
    let ask = async |now| {
        let mut txn = db.write(now).await;
        txn.enqueue(&Job::RefreshCrl(authority.clone(), ListScope::Full), now).await.unwrap();
        txn.commit(Step::JobTouched).await.unwrap();
    };
    ask(START).await;
    ask(after(1)).await;
    let mut txn = db.write(after(2)).await;
    let jobs = txn.claim_jobs(&JobKind::ALL, 9, Duration::from_secs(60)).await.unwrap();
    txn.commit(Step::JobTouched).await.unwrap();
    assert_eq!(jobs.len(), 1, "waiting jobs are not doubled");
    ask(after(3)).await;
    let mut txn = db.write(after(4)).await;
    assert_eq!(txn.finish_job(&jobs[0]).await.unwrap(), Lease::Lost);
    let again = txn.claim_jobs(&JobKind::ALL, 9, Duration::from_secs(60)).await.unwrap();
    assert_eq!((again.len(), again[0].attempts), (1, 1));
    assert_eq!(txn.next_job_due(&JobKind::ALL).await.unwrap(), Some(after(64)));
}
