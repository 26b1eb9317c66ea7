//! Ten officers of one town at ten browsers, filing and approving at once: nothing is lost, nothing happens twice, and who
//! comes second is told so.

use ca_core::audit::Actor;
use ca_core::digest::hex;
use ca_core::entropy::Entropy;
use ca_core::id::{AccountId, RequestNumber};
use ca_core::key::KeyAlgorithm;
use ca_core::name::LocalGovernmentCode;
use ca_core::time::Clock;
use lgpki::clock::SystemClock;
use lgpki::commands::demo::acts;
use lgpki::commands::demo::people::Persona;
use lgpki::entropy::SystemEntropy;
use lgpki::visitor::{Form, Page, Visitor};
use lgpki_tests::databases::Kind;
use lgpki_tests::invariants::{JOBS_LEFT, broken, count};
use lgpki_tests::program::{Installation, Person};
use ra_web::auth::password::hash_password;
use std::collections::HashSet;
use std::sync::{Arc, Barrier};
use store::accounts::{Account, Role};
use store::{OpenOptions, Step, Store};

use super::PROGRAM;

const OFFICERS: usize = 10;
/// What each of them files.
const REQUESTS: usize = 3;

/// The head of the page for whoever comes second.
const SOMEBODY_WAS_FIRST: &str = "この申請は、ほかの人が先に処理しました";

#[test]
fn ten_officers_at_once_lose_nothing_on_sqlite() {
    ten_officers_at_once(Kind::Sqlite);
}

#[test]
fn ten_officers_at_once_lose_nothing_on_postgres() {
    ten_officers_at_once(Kind::Postgres);
}

#[test]
fn of_two_who_approve_at_once_one_is_told_that_the_other_was_first_on_sqlite() {
    two_approve_at_once(Kind::Sqlite);
}

#[test]
fn of_two_who_approve_at_once_one_is_told_that_the_other_was_first_on_postgres() {
    two_approve_at_once(Kind::Postgres);
}

#[test]
fn a_button_pressed_twice_at_once_is_one_act_on_sqlite() {
    double_clicks(Kind::Sqlite);
}

#[test]
fn a_button_pressed_twice_at_once_is_one_act_on_postgres() {
    double_clicks(Kind::Postgres);
}

/// What one officer did and was told.
#[derive(Default)]
struct Told {
    filed: Vec<RequestNumber>,
    approved: Vec<RequestNumber>,
    too_late: usize,
}

fn ten_officers_at_once(kind: Kind) {
    let installation = Installation::new(kind);
    let personas = move_in(&installation, OFFICERS);
    let mut program = installation.serve(PROGRAM, None);
    let begin = Barrier::new(OFFICERS);
    let told: Vec<Told> = std::thread::scope(|scope| {
        let (installation, begin) = (&installation, &begin);
        let officers = personas.iter().map(|persona| scope.spawn(move || a_day(installation.person(persona), begin)));
        let officers: Vec<_> = officers.collect();
        officers.into_iter().map(|officer| officer.join().unwrap()).collect()
    });

    let all = OFFICERS * REQUESTS;
    let filed: HashSet<&RequestNumber> = told.iter().flat_map(|one| &one.filed).collect();
    assert_eq!(filed.len(), all, "each request has a number of its own");
    let approved: Vec<&RequestNumber> = told.iter().flat_map(|one| &one.approved).collect();
    assert_eq!(approved.len(), all, "exactly one person was told of each request that it is approved");
    assert_eq!(approved.into_iter().collect::<HashSet<_>>(), filed);
    let pressed = told.iter().map(|one| one.too_late).sum::<usize>();
    let own = told.iter().filter(|one| one.approved.iter().any(|number| one.filed.contains(number))).count();
    assert_eq!(own, 0, "nobody approved a request of their own; {pressed} came too late");

    let wanted = i64::try_from(all).unwrap();
    let number = |sql: &str| count(&installation.database, sql);
    let issued = "select count(*) from request where state = 'issued'";
    let done = program.until(|| Ok((number(issued) == wanted && number(JOBS_LEFT) == 0).then_some(())));
    assert_eq!(done, Ok(()), "{} of {wanted} are issued", number(issued));
    program.stops();
    for (what, sql) in [
        ("requests", "select count(*) from request"),
        ("decisions by somebody else", "select count(*) from request where decided_by <> requester_id"),
        ("decisions written down", "select count(*) from audit_event where verb = 'request.approved'"),
        ("certificates", "select count(distinct request_id) from certificate where der is not null"),
        ("serial numbers", "select count(distinct serial) from certificate where request_id is not null"),
        ("keys", "select count(distinct key_sha256) from request"),
        ("intents", "select count(*) from intent where request_id is not null"),
    ] {
        assert_eq!(number(sql), wanted, "{kind:?}: {what}");
    }
    let broken = broken(&installation.database);
    assert!(broken.is_empty(), "{kind:?}:\n  {}", broken.join("\n  "));
}

/// Files, waits until all have filed, and then presses every button in the approval box.
fn a_day(mut officer: Person<'_>, all_together: &Barrier) -> Told {
    let mut told = Told::default();
    let requests: Vec<String> = (0..REQUESTS).map(|_| a_request("www.town.shirakaba.lg.jp")).collect();
    officer.is_logged_in().unwrap();
    all_together.wait();
    for request in requests {
        told.filed.push(acts::file_request(&mut officer.browser, "www.town.shirakaba.lg.jp", &request).unwrap());
    }
    all_together.wait();
    let inbox = acts::good(officer.browser.open("/approvals").unwrap(), "the approval box").unwrap();
    let text = inbox.text();
    let buttons: Vec<RequestNumber> = text
        .split("action=\"/requests/")
        .filter_map(|rest| rest.split_once("/approve\""))
        .filter_map(|(number, _)| RequestNumber::parse(number).ok())
        .collect();
    assert_eq!(buttons.len() + REQUESTS, OFFICERS * REQUESTS, "no button for one's own requests");
    let forms: Vec<_> =
        buttons.into_iter().map(|n| (inbox.form(&format!("/requests/{n}/approve")).unwrap(), n)).collect();
    all_together.wait();
    for (form, number) in forms {
        let page = officer.browser.send(&form).unwrap();
        match page.status {
            200 => told.approved.push(number),
            409 => {
                assert!(page.text().contains(SOMEBODY_WAS_FIRST), "{}", page.text());
                told.too_late += 1;
            }
            other => panic!("{number} was answered with {other}: {}", page.text()),
        }
    }
    told
}

fn two_approve_at_once(kind: Kind) {
    let installation = Installation::new(kind);
    let personas = move_in(&installation, 2);
    let mut program = installation.serve(PROGRAM, None);
    let mut requester = installation.officer();
    requester.is_logged_in().unwrap();
    let number =
        acts::file_request(&mut requester.browser, "www.town.shirakaba.lg.jp", &a_request("www.town.shirakaba.lg.jp"))
            .unwrap();
    let begin = Barrier::new(2);
    let mut pages: Vec<_> = std::thread::scope(|scope| {
        let approvers = personas.iter().map(|persona| {
            let (begin, number, mut approver) = (&begin, &number, installation.person(persona));
            scope.spawn(move || {
                approver.is_logged_in().unwrap();
                let page = approver.browser.open("/approvals").unwrap();
                let form = page.form(&format!("/requests/{number}/approve")).unwrap();
                begin.wait();
                (persona, approver.browser.send(&form).unwrap())
            })
        });
        let approvers: Vec<_> = approvers.collect();
        approvers.into_iter().map(|approver| approver.join().unwrap()).collect()
    });
    pages.sort_by_key(|(_, page)| page.status);
    let [(first, done), (_, late)] = pages.as_slice() else { panic!("two pages") };
    assert_eq!((done.status, late.status), (200, 409), "{}", late.text());
    assert!(done.text().contains(&format!("申請 {number}")) && done.text().contains("role=\"status\""));
    assert!(late.text().contains(SOMEBODY_WAS_FIRST), "{}", late.text());
    assert!(late.text().contains(&first.name), "who was first is said: {}", late.text());
    assert!(late.text().contains("あなたの操作は行われていません"), "{}", late.text());

    let issued = program.until(|| acts::certificate_of(&mut requester.browser, &number));
    assert!(issued.is_ok(), "{issued:?}");
    let quiet = program.until(|| Ok((count(&installation.database, JOBS_LEFT) == 0).then_some(())));
    assert_eq!(quiet, Ok(()));
    program.stops();
    let approved = "select count(*) from audit_event where verb = 'request.approved'";
    assert_eq!(count(&installation.database, approved), 1);
    let broken = broken(&installation.database);
    assert!(broken.is_empty(), "{kind:?}:\n  {}", broken.join("\n  "));
}

/// The same officer and the same manager press each button twice, as fast as a mouse does: both presses lead to the same
/// page, and there is one of everything.
fn double_clicks(kind: Kind) {
    let installation = Installation::new(kind);
    let program = installation.serve(PROGRAM, None);
    let (mut officer, mut manager) = (installation.officer(), installation.manager());
    officer.is_logged_in().unwrap();
    manager.is_logged_in().unwrap();
    for round in 1..=5 {
        let form = officer.browser.open("/requests/new/web-server").unwrap().form("/requests/new/web-server").unwrap();
        let name = "www.town.shirakaba.lg.jp";
        let form = form.fill("names", name).fill("csr", &a_request(name)).fill("step", "submit");
        let [one, other] = pressed_twice(&officer.browser, &form);
        assert!(one.is_ok() && other.is_ok(), "{} {}: {}", one.status, other.status, other.text());
        assert_eq!(one.url, other.url, "one request");
        let number = one.url.path().trim_start_matches("/requests/").to_owned();
        let button = format!("/requests/{number}/approve");
        let form = manager.browser.open("/approvals").unwrap().form(&button).unwrap();
        for page in pressed_twice(&manager.browser, &form) {
            assert!(page.is_ok(), "{}: {}", page.status, page.text());
            assert!(page.text().contains(&format!("申請 {number}")), "{}", page.text());
        }
        let number = acts::file_request(&mut officer.browser, name, &a_request(name)).unwrap();
        let button = format!("/requests/{number}/withdraw");
        let form = officer.browser.open(&format!("/requests/{number}")).unwrap().form(&button).unwrap();
        for page in pressed_twice(&officer.browser, &form) {
            assert!(page.is_ok(), "{}: {}", page.status, page.text());
        }
        assert_eq!(count(&installation.database, "select count(*) from request"), 2 * round);
    }
    program.stops();
    for verb in ["approved", "withdrawn"] {
        let sql = format!("select count(*) from audit_event where verb = 'request.{verb}'");
        assert_eq!(count(&installation.database, &sql), 5, "{verb}");
    }
}

fn pressed_twice(browser: &Visitor, form: &Form) -> [Page; 2] {
    let begin = Barrier::new(2);
    std::thread::scope(|scope| {
        let press = || {
            let (begin, mut tab) = (&begin, browser.clone());
            scope.spawn(move || {
                begin.wait();
                tab.send(form).unwrap()
            })
        };
        let (one, other) = (press(), press());
        [one.join().unwrap(), other.join().unwrap()]
    })
}

fn a_request(name: &str) -> String {
    let key = lgpki::holder::new_key(KeyAlgorithm::P256).unwrap();
    lgpki::holder::new_request(&key, &[name]).unwrap()
}

/// Gives so many more people of the town an account: managers, who file and approve.
fn move_in(installation: &Installation, people: usize) -> Vec<Persona> {
    let entropy: Arc<dyn Entropy> = Arc::new(SystemEntropy);
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let now = SystemClock.now();
        let store = Store::open(installation.database.url(), &OpenOptions::new(entropy.clone())).await.unwrap();
        let code = LocalGovernmentCode::parse("019992").unwrap();
        let town = store.read().await.unwrap().organisation_by_code(&code).await.unwrap().unwrap();
        let password = "ten of us, one password".to_owned();
        let password_hash = hash_password(&password, &*entropy).unwrap();
        let mut txn = store.write(now, Actor::System("set-up")).await.unwrap();
        let mut personas = Vec::new();
        for n in 0..people {
            let mut secret = [0u8; 20];
            entropy.fill(&mut secret).unwrap();
            let (login, name) = (format!("officer-{n}"), format!("職員 第{n}"));
            let account = Account {
                account_id: AccountId::new(now, &*entropy).unwrap(),
                organisation_id: town.organisation_id.clone(),
                login: login.clone(),
                name: name.clone(),
                role: Role::Manager,
                password_hash: password_hash.clone(),
                totp_secret: secret.to_vec(),
                totp_last_step: 0,
                failed_logins: 0,
                locked_until: None,
                active: true,
            };
            txn.insert_account(&account).await.unwrap();
            let (role, password) = (Role::Manager.as_str().to_owned(), password.clone());
            personas.push(Persona { login, name, role, password, totp_secret: hex(&secret) });
        }
        txn.commit(Step::Setup).await.unwrap();
        store.close().await;
        personas
    })
}
