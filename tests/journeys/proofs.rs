//! A proof of control over a domain that runs out while an approved request waits: the certificate is not issued.

use ca_core::audit::Actor;
use ca_core::request::Approver;
use ca_core::time::Clock;
use lgpki::clock::SystemClock;
use lgpki::commands::demo::acts;
use lgpki::entropy::SystemEntropy;
use lgpki_tests::databases::Kind;
use lgpki_tests::invariants::{broken, count, texts};
use lgpki_tests::program::Installation;
use std::sync::Arc;
use std::time::{Duration, Instant};
use store::organisations::OrganisationDomain;
use store::requests::Decision;
use store::{OpenOptions, Step, Store};

use super::PROGRAM;

#[test]
fn a_request_whose_proof_ran_out_after_the_approval_is_not_issued() {
    let installation = Installation::new(Kind::Sqlite);
    let program = installation.serve(PROGRAM, None);
    let mut officer = installation.officer();
    officer.is_logged_in().unwrap();
    let name = "www.town.shirakaba.lg.jp";
    let key = lgpki::holder::new_key(ca_core::key::KeyAlgorithm::P256).unwrap();
    let csr = lgpki::holder::new_request(&key, &[name]).unwrap();
    let number = acts::file_request(&mut officer.browser, name, &csr).unwrap();
    // In one transaction, so that the worker cannot be faster: approved, and from then on without a proof.
    tokio::runtime::Runtime::new().unwrap().block_on(async {
        let options = OpenOptions::new(Arc::new(SystemEntropy));
        let store = Store::open(installation.database.url(), &options).await.unwrap();
        let now = SystemClock.now();
        let login = &installation.personas.manager().unwrap().login;
        let manager = store.read().await.unwrap().account_by_login(login).await.unwrap().unwrap();
        let mut txn = store.write(now, Actor::Person(manager.account_id.clone())).await.unwrap();
        let row = txn.request_by_number(&number).await.unwrap().unwrap();
        let application = txn.submitted_application(&row.request_id).await.unwrap().unwrap();
        let approver = Approver { account: manager.account_id, organisation: manager.organisation_id };
        let approved = application.approve(&approver, &row.statement_sha256, now).unwrap();
        txn.decide(&row.request_id, row.version, Decision::Approve(&approved)).await.unwrap();
        for domain in txn.domains(&row.organisation_id).await.unwrap() {
            let domain = OrganisationDomain { verified_until: now, ..domain };
            txn.insert_domain(&row.organisation_id, &domain).await.unwrap();
        }
        txn.commit(Step::RequestDecided).await.unwrap();
        store.close().await;
    });
    let path = format!("/requests/{number}");
    let deadline = Instant::now() + Duration::from_secs(30);
    while count(&installation.database, "select count(*) from request where state = 'approved'") != 0 {
        assert!(Instant::now() < deadline, "the worker takes the job");
    }
    assert_eq!(texts(&installation.database, "select state from request"), ["failed"]);
    let page = officer.browser.open(&path).unwrap().text();
    assert!(page.contains("証明書を発行できませんでした。センターに申請番号を知らせてください。"), "{page}");
    assert_eq!(count(&installation.database, "select count(*) from certificate where request_id is not null"), 0);
    assert_eq!(count(&installation.database, "select count(*) from audit_event where verb = 'request.refused'"), 1);
    program.stops();
    assert_eq!(broken(&installation.database), Vec::<String>::new());
}
