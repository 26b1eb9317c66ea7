//! What else is decided about a request: it is returned, rejected, withdrawn, or the CA refuses to issue it. Each decision is
//! struck in each form, on a request of its own: it is taken once, what is decided frees the key, and no job is left.

use super::{NAME, PROGRAM};
use ca_core::audit::Actor;
use ca_core::id::{OrganisationId, RequestNumber};
use ca_core::key::KeyAlgorithm;
use ca_core::request::Approver;
use ca_core::time::{Clock, Timestamp};
use lgpki::clock::SystemClock;
use lgpki::commands::demo::{DemoError, acts};
use lgpki::entropy::SystemEntropy;
use lgpki_tests::databases::Kind;
use lgpki_tests::interruptions::{Blow, Fault, STRUCK};
use lgpki_tests::invariants::{JOBS_LEFT, broken, count, texts};
use lgpki_tests::program::{Installation, Person};
use std::sync::Arc;
use std::time::Duration;
use store::organisations::OrganisationDomain;
use store::requests::Decision;
use store::{OpenOptions, Step, Store, StoreError, WriteTxn};

/// How a request ends without a certificate.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Ending {
    Returned,
    Rejected,
    Withdrawn,
    /// The CA refuses: the proof of control over the domain ran out while the job waited.
    Failed,
}

macro_rules! endings {
    ($($name:ident = $kind:ident, $ending:ident;)+) => {$(
        #[test]
        fn $name() {
            struck_in_each_form(Kind::$kind, Ending::$ending);
        }
    )+};
}

endings! {
    a_return_on_sqlite = Sqlite, Returned;
    a_return_on_postgres = Postgres, Returned;
    a_rejection_on_sqlite = Sqlite, Rejected;
    a_rejection_on_postgres = Postgres, Rejected;
    a_withdrawal_on_sqlite = Sqlite, Withdrawn;
    a_withdrawal_on_postgres = Postgres, Withdrawn;
    a_refusal_by_the_ca_on_sqlite = Sqlite, Failed;
    a_refusal_by_the_ca_on_postgres = Postgres, Failed;
}

fn struck_in_each_form(kind: Kind, ending: Ending) {
    let installation = Installation::new(kind);
    let (mut officer, mut manager) = (installation.officer(), installation.manager());
    let key = lgpki::holder::new_key(KeyAlgorithm::P256).unwrap();
    let csr = lgpki::holder::new_request(&key, &[NAME]).unwrap();
    for (round, blow) in Blow::ALL.into_iter().enumerate() {
        let fault = Fault { step: Step::RequestDecided, occurrence: 1, blow };
        let row = format!("{kind:?} {} {fault}", ending.state());
        let mut program = installation.serve(PROGRAM, Some(fault));
        officer.is_logged_in().unwrap();
        manager.is_logged_in().unwrap();
        let runtime = tokio::runtime::Runtime::new().unwrap();
        runtime.block_on(proof_renewed(&installation)).unwrap();
        // With the same key each time: the request before is over, or this is refused.
        let number = acts::file_request(&mut officer.browser, NAME, &csr).unwrap();
        let told = ending.brought_about(&installation, &mut officer, &mut manager, &number);
        // The CA's refusal is nobody's click.
        assert_eq!(told.is_err(), ending != Ending::Failed, "{row}: who decides is told that it failed: {told:?}");
        let mut program = if blow.kills() {
            program.ended();
            assert!(program.log().contains(STRUCK), "{row}: it did not strike");
            installation.serve(PROGRAM, None)
        } else {
            program
        };
        if ending != Ending::Failed {
            ending.brought_about(&installation, &mut officer, &mut manager, &number).unwrap();
        }
        let quiet = program.until(|| Ok((count(&installation.database, JOBS_LEFT) == 0).then_some(())));
        assert_eq!(quiet, Ok(()), "{row}: jobs are left");
        let log = program.stops();
        assert!(blow.kills() || log.contains(STRUCK), "{row}: it did not strike");
        let broken = broken(&installation.database);
        assert!(broken.is_empty(), "{row}:\n  {}", broken.join("\n  "));
        let states = texts(&installation.database, "select state from request order by number");
        assert_eq!(states, vec![ending.state(); round.saturating_add(1)], "{row}");
    }
}

impl Ending {
    const fn state(self) -> &'static str {
        match self {
            Self::Returned => "returned",
            Self::Rejected => "rejected",
            Self::Withdrawn => "withdrawn",
            Self::Failed => "failed",
        }
    }

    /// Does what ends a request so, unless it is over already. Errors: who does it is told that it failed.
    fn brought_about<'a>(
        self,
        installation: &Installation,
        officer: &mut Person<'a>,
        manager: &mut Person<'a>,
        number: &RequestNumber,
    ) -> Result<(), DemoError> {
        let path = format!("/requests/{number}");
        let (by, page, form) = match self {
            Self::Returned => (manager, "/approvals", format!("{path}/return")),
            Self::Rejected => (manager, "/approvals", format!("{path}/reject")),
            Self::Withdrawn => (officer, path.as_str(), format!("{path}/withdraw")),
            Self::Failed => {
                let runtime = tokio::runtime::Runtime::new().unwrap();
                runtime.block_on(approved_without_a_proof(installation, number)).unwrap();
                return Ok(());
            }
        };
        let mut page = acts::good(by.browser.open(page)?, "the page to decide on")?;
        if self == Self::Rejected {
            // The second button of the form to return it.
            page.body = page.text().replace(&format!("{path}/return"), &form).into_bytes();
        }
        let Ok(form) = page.form(&form) else { return Ok(()) };
        let form = if self == Self::Withdrawn { form } else { form.fill("reason", "名前が違います") };
        acts::good(by.browser.send(&form)?, "the decision")?;
        Ok(())
    }
}

async fn opened(installation: &Installation) -> Result<Store, StoreError> {
    Store::open(installation.database.url(), &OpenOptions::new(Arc::new(SystemEntropy))).await
}

async fn proof_renewed(installation: &Installation) -> Result<(), StoreError> {
    let (store, now) = (opened(installation).await?, SystemClock.now());
    let officer = &installation.personas.officer().unwrap().login;
    let organisation = store.read().await?.account_by_login(officer).await?.unwrap().organisation_id;
    let mut txn = store.write(now, Actor::System("set-up")).await?;
    proven_until(&mut txn, &organisation, now.plus(Duration::from_secs(86_400))).await?;
    txn.commit(Step::Setup).await?;
    store.close().await;
    Ok(())
}

/// In one transaction, so that the worker cannot be faster: approved, and from then on without a proof of control.
async fn approved_without_a_proof(installation: &Installation, number: &RequestNumber) -> Result<(), StoreError> {
    let (store, now) = (opened(installation).await?, SystemClock.now());
    let manager = &installation.personas.manager().unwrap().login;
    let manager = store.read().await?.account_by_login(manager).await?.unwrap();
    let mut txn = store.write(now, Actor::Person(manager.account_id.clone())).await?;
    let row = txn.request_by_number(number).await?.unwrap();
    let application = txn.submitted_application(&row.request_id).await?.unwrap();
    let approver = Approver { account: manager.account_id, organisation: manager.organisation_id };
    let approved = application.approve(&approver, &row.statement_sha256, now).unwrap();
    txn.decide(&row.request_id, row.version, Decision::Approve(&approved)).await?;
    proven_until(&mut txn, &row.organisation_id, now).await?;
    txn.commit(Step::RequestDecided).await?;
    store.close().await;
    Ok(())
}

async fn proven_until(txn: &mut WriteTxn, organisation: &OrganisationId, until: Timestamp) -> Result<(), StoreError> {
    for domain in txn.domains(organisation).await? {
        txn.insert_domain(organisation, &OrganisationDomain { verified_until: until, ..domain }).await?;
    }
    Ok(())
}
