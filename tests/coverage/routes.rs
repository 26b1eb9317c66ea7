//! Routes: the table of routes is the router; who may use what stands here a second time, so that a right is never gained by
//! one careless line; and everybody walks every route of the real program, with things that exist.

use crate::expect_none;
use crate::repository;
use ca_core::audit::Actor;
use ca_core::entropy::Entropy;
use ca_core::id::{AccountId, OrganisationId};
use ca_core::name::LocalGovernmentCode;
use ca_core::time::Clock;
use lgpki::clock::SystemClock;
use lgpki::commands::demo::acts;
use lgpki::commands::demo::people::Persona;
use lgpki::entropy::SystemEntropy;
use lgpki::visitor::{Page, Visitor};
use lgpki_tests::centre::{filed_with_us, link_on};
use lgpki_tests::databases::Kind;
use lgpki_tests::invariants::texts;
use lgpki_tests::program::Installation;
use ra_web::auth::csrf;
use ra_web::auth::password::hash_password;
use ra_web::auth::role::may;
use ra_web::router::{Access, Method, ROUTES, RouteEntry};
use std::collections::BTreeSet;
use std::sync::Arc;
use store::accounts::{Account, Role};
use store::organisations::Organisation;
use store::{OpenOptions, Step, Store};

/// Routes for people logged in, and who may use each: **O**fficer, **M**anager, **R**A operator, **A**uditor.
const RIGHTS: &[(Method, &str, &str)] = &[
    (Method::Post, "/logout", "OMRA"),
    (Method::Get, "/home", "OMRA"),
    (Method::Get, "/me", "OMRA"),
    (Method::Post, "/me/passkeys/begin", "OMRA"),
    (Method::Post, "/me/passkeys/finish", "OMRA"),
    (Method::Post, "/me/passkeys/{id}/remove", "OMRA"),
    (Method::Get, "/requests", "OMRA"),
    (Method::Get, "/requests/new", "OM"),
    (Method::Get, "/requests/new/{profile}", "OM"),
    (Method::Post, "/requests/new/{profile}", "OM"),
    (Method::Post, "/requests/new/{profile}/diagnose", "OM"),
    (Method::Get, "/requests/{number}", "OMRA"),
    (Method::Post, "/requests/{number}/approve", "M"),
    (Method::Post, "/requests/{number}/return", "M"),
    (Method::Post, "/requests/{number}/reject", "M"),
    (Method::Post, "/requests/{number}/withdraw", "OM"),
    (Method::Get, "/requests/{number}/delivery", "OM"),
    (Method::Post, "/requests/{number}/delivery/pin", "OM"),
    (Method::Post, "/requests/{number}/delivery/link", "OM"),
    (Method::Get, "/requests/{number}/delivery/{token}", "OM"),
    (Method::Post, "/requests/{number}/delivery/{token}", "OM"),
    (Method::Get, "/approvals", "M"),
    (Method::Get, "/certificates", "OMRA"),
    (Method::Get, "/certificates/{authority}/{serial}", "OMRA"),
    (Method::Get, "/certificates/{authority}/{serial}/download/{form}", "OMRA"),
    (Method::Get, "/certificates/{authority}/{serial}/reach", "OMRA"),
    (Method::Get, "/certificates/{authority}/{serial}/revoke", "OMR"),
    (Method::Post, "/certificates/{authority}/{serial}/revoke", "OMR"),
    (Method::Get, "/certificates/{authority}/{serial}/suspension", "OMR"),
    (Method::Post, "/certificates/{authority}/{serial}/suspension", "OMR"),
    (Method::Get, "/campaigns", "OMRA"),
    (Method::Get, "/campaigns/{campaign}", "OMRA"),
];

/// What strangers may open. Nothing here shows who asked for what.
const OPEN: &[(Method, &str)] = &[
    (Method::Get, "/"),
    (Method::Get, "/ca"),
    (Method::Get, "/login"),
    (Method::Post, "/login"),
    (Method::Post, "/login/passkey/begin"),
    (Method::Post, "/login/passkey/finish"),
    (Method::Post, "/language"),
    (Method::Get, "/assets/{name}"),
];

fn line(route: &RouteEntry) -> String {
    format!("{:?} {}", route.method, route.path)
}

/// Whose letters stand beside a route in the table of the router; `None` for routes open to strangers.
fn letters(route: &RouteEntry) -> Option<String> {
    let allowed = |role: &Role| match route.access {
        Access::Public => false,
        Access::Session => true,
        Access::Capability(capability) => may(*role, capability),
    };
    let letter = |role: Role| match role {
        Role::Officer => 'O',
        Role::Manager => 'M',
        Role::RaOperator => 'R',
        Role::Auditor => 'A',
    };
    (route.access != Access::Public).then(|| Role::ALL.into_iter().filter(allowed).map(letter).collect())
}

#[test]
fn who_may_use_which_route_is_what_stands_here() {
    let there: BTreeSet<String> = ROUTES.iter().map(|route| format!("{} {:?}", line(route), letters(route))).collect();
    let open = OPEN.iter().map(|(method, path)| format!("{method:?} {path} None"));
    let here: BTreeSet<String> =
        RIGHTS.iter().map(|(method, path, who)| format!("{method:?} {path} {:?}", Some(who))).chain(open).collect();
    expect_none(
        there.symmetric_difference(&here).cloned().collect(),
        "decide who may use the route; then say it in ra-web (router.rs, auth/role.rs) and in tests/coverage/routes.rs.",
    );
}

#[test]
fn the_table_of_routes_is_the_router() {
    let source = repository::text("ra-web/src/router.rs");
    let body = source.split("pub fn router(").nth(1).and_then(|rest| rest.split("\n}\n").next()).expect("fn router");
    let dense: String = body.split_whitespace().collect();
    let mut routed = BTreeSet::new();
    for route in dense.split(".route(\"").skip(1) {
        let (path, handlers) = route.split_once('"').unwrap();
        for (method, word) in [(Method::Get, "get("), (Method::Post, "post(")] {
            if handlers.split("::").any(|part| {
                part.ends_with(word) || part.contains(&format!(".{word}")) || part.contains(&format!(",{word}"))
            }) {
                routed.insert(format!("{method:?} {path}"));
            }
        }
    }
    let table: BTreeSet<String> = ROUTES.iter().map(line).collect();
    expect_none(
        routed
            .symmetric_difference(&table)
            .map(|route| format!("{route}: not both in ROUTES and in router()"))
            .collect(),
        "give every route a line in both, in ra-web/src/router.rs: what is not in ROUTES is watched by nobody.",
    );
}

/// Somebody at a browser, and what they are to the things of 白樺町.
struct Walker {
    name: &'static str,
    role: Option<Role>,
    /// Of another town: its things are not to be seen.
    foreign: bool,
    browser: Visitor,
}

#[test]
fn everybody_walks_every_route() {
    let installation = Installation::new(Kind::Sqlite);
    let others = add_people(&installation);
    let program = installation.serve(env!("CARGO_BIN_EXE_lgpki-for-tests"), None);
    let mut walkers = vec![Walker { name: "a stranger", role: None, foreign: false, browser: installation.visitor() }];
    let personas = &installation.personas;
    let residents = [
        ("the officer", personas.officer().unwrap(), Role::Officer),
        ("the manager", personas.manager().unwrap(), Role::Manager),
    ];
    let all = residents.map(|(name, persona, role)| (name, persona, role, false));
    let all =
        all.into_iter().chain(others.iter().map(|(name, persona, role, foreign)| (*name, persona, *role, *foreign)));
    for (name, persona, role, foreign) in all {
        let mut browser = installation.visitor();
        assert!(acts::log_in(&mut browser, persona, SystemClock.now()).unwrap(), "{name} cannot log in");
        walkers.push(Walker { name, role: Some(role), foreign, browser });
    }
    let things = things(&mut walkers, &installation);
    let mut findings = Vec::new();
    for walker in &mut walkers {
        for route in ROUTES {
            findings.extend(walk(walker, route, &things));
        }
    }
    for (walker, login) in
        walkers.iter_mut().filter(|walker| walker.foreign).zip(["foreign-officer", "foreign-manager"])
    {
        let secret = form_secret(&installation, login);
        for route in ROUTES.iter().filter(|route| route.method == Method::Post && about_a_thing(route)) {
            findings.extend(trespass(walker, &secret, route, &things));
        }
    }
    program.stops();
    expect_none(
        findings,
        "look at the extractor of the route's handler and at the desk function behind it: a right missing looks like a page missing, \
         a thing of another town does not exist.",
    );
}

/// Paths to things that exist: what the braces of a route stand for. The key of the request was made at the centre, so that it can
/// be handed over.
fn things(walkers: &mut [Walker], installation: &Installation) -> Vec<(&'static str, String)> {
    let number = filed_with_us(installation, ca_core::key::KeyAlgorithm::P256).number;
    acts::approve(&mut walkers[2].browser, &number).unwrap();
    let certificate =
        (0..500).find_map(|_| acts::certificate_of(&mut walkers[1].browser, &number).unwrap()).expect("it is issued");
    let serial = certificate.rsplit('/').next().unwrap().to_owned();
    plan_a_campaign(installation);
    let officer = &mut walkers[1].browser;
    let delivery = format!("/requests/{number}/delivery");
    officer.send(&officer.clone().open(&delivery).unwrap().form("/pin").unwrap()).unwrap();
    let link = officer.send(&officer.clone().open(&delivery).unwrap().form("/link").unwrap()).unwrap();
    let token = link_on(&link.text()).rsplit('/').next().unwrap().to_owned();
    let asset = walkers[0].browser.open("/").unwrap().text();
    let asset = asset.split("/assets/").nth(1).and_then(|rest| rest.split('"').next()).unwrap().to_owned();
    vec![
        ("{profile}", "web-server".to_owned()),
        ("{number}", number.to_string()),
        ("{token}", token),
        ("{authority}", "application-ca".to_owned()),
        ("{serial}", serial),
        ("{form}", "pem".to_owned()),
        ("{campaign}", CAMPAIGN.to_owned()),
        ("{name}", asset),
        ("{id}", "0".repeat(32)),
    ]
}

/// The campaign that is walked over.
const CAMPAIGN: &str = "new-cryptography";

/// Plans one that has the certificate of 白樺町.
fn plan_a_campaign(installation: &Installation) {
    let config = installation.folder().join("lgpki.toml");
    let mut plan = std::process::Command::new(env!("CARGO_BIN_EXE_lgpki-for-tests"));
    let plan = plan.arg("--config").arg(config).args(["campaign", "plan", CAMPAIGN, "--old-key", "p256"]);
    let said = plan.output().unwrap();
    assert!(said.status.success(), "{}", lgpki_tests::tools::text(&said));
}

/// Opens the route, or posts to it without a token; says what was not as it should be.
fn walk(walker: &mut Walker, route: &RouteEntry, things: &[(&'static str, String)]) -> Option<String> {
    if route.path == "/logout" && walker.role.is_some() {
        return None; // the walk goes on
    }
    let path = things.iter().fold(route.path.to_owned(), |path, (brace, thing)| path.replace(brace, thing));
    let page = match route.method {
        Method::Get => walker.browser.open(&path).unwrap(),
        Method::Post => {
            let body = format!("<form action=\"{path}\"></form>").into_bytes();
            let drawn =
                Page { url: "http://localhost/".parse().unwrap(), status: 200, media_type: String::new(), body };
            walker.browser.send(&drawn.form(&path).unwrap()).unwrap()
        }
    };
    let right = match (route.access, walker.role) {
        (Access::Public, _) => None,
        (Access::Session, role) => Some(role.is_some()),
        (Access::Capability(capability), role) => Some(role.is_some_and(|role| may(role, capability))),
    };
    let at_login = page.url.path() == "/login";
    let (good, wanted) = match (right, walker.role, route.method) {
        (None, _, Method::Get) => (page.status == 200, "200"),
        (None, _, Method::Post) => (page.status < 500, "no fault of ours"),
        // Ending a session that is none needs no token: nothing changes.
        (Some(_), None, _) if route.access == Access::Session => (page.status < 500, "no fault of ours"),
        (Some(_), None, _) => (at_login, "the log-in page"),
        (Some(false), Some(_), _) => (page.status == 404, "404"),
        (Some(true), Some(_), Method::Post) => (page.status == 403, "403, for there is no token"),
        (Some(true), Some(_), Method::Get) if walker.foreign && about_a_thing(route) => {
            (page.status == 404, "404, as for what does not exist")
        }
        // The centre revokes nothing of a town's, only what came with a CA that moved here: `journeys import::pages`.
        (Some(true), Some(Role::RaOperator), Method::Get)
            if route.path.ends_with("/revoke") || route.path.ends_with("/suspension") =>
        {
            (page.status == 404, "404, for it is a town's")
        }
        (Some(true), Some(_), Method::Get) => (page.status == 200 && !at_login, "200"),
    };
    (!good).then(|| {
        format!("{}: {} gave {} at {}, wanted {wanted}", walker.name, line(route), page.status, page.url.path())
    })
}

/// Whether the route is that of a thing a town owns.
fn about_a_thing(route: &RouteEntry) -> bool {
    ["{number}", "{serial}", "{campaign}"].iter().any(|brace| route.path.contains(brace))
}

/// The secret of the forms drawn in somebody's session, read behind the program's back: no page draws a form for a thing of
/// another town, so the tokens a trespasser would need are made here.
fn form_secret(installation: &Installation, login: &str) -> [u8; 32] {
    let sql = format!(
        "select hex(s.csrf_secret) from session s join account a on a.account_id = s.account_id where a.login = '{login}'"
    );
    let found = texts(&installation.database, &sql);
    let [secret] = found.as_slice() else { panic!("{login} has one session: {}", found.len()) };
    let octets: Vec<u8> = (0..32).map(|at| u8::from_str_radix(&secret[2 * at..2 * at + 2], 16).unwrap()).collect();
    octets.try_into().unwrap()
}

/// Posts to a thing of another town, with a token that is good, and every field filled in; says when that does not give 404.
fn trespass(
    walker: &mut Walker,
    secret: &[u8; 32],
    route: &RouteEntry,
    things: &[(&'static str, String)],
) -> Option<String> {
    let path = things.iter().fold(route.path.to_owned(), |path, (brace, thing)| path.replace(brace, thing));
    let nonce = "0".repeat(32);
    let mac = ca_core::digest::hmac_sha256(secret, format!("form\0{path}\0{nonce}").as_bytes());
    let token = format!("{nonce}.{}", ca_core::digest::hex(&mac));
    assert!(csrf::verify(secret, &path, &token).is_some(), "the token is good");
    let body = format!("<form action=\"{path}\"></form>").into_bytes();
    let drawn = Page { url: "http://localhost/".parse().unwrap(), status: 200, media_type: String::new(), body };
    let form = drawn.form(&path).unwrap().fill(csrf::TOKEN_FIELD, &token).fill("statement", &"0".repeat(64));
    let form = form.fill("reason", "keyCompromise").fill("step", "revoke");
    let page = walker.browser.send(&form).unwrap();
    (page.status != 404).then(|| {
        format!(
            "{}: {} of another town gave {}, wanted 404, with a good token too",
            walker.name,
            line(route),
            page.status
        )
    })
}

/// Adds an auditor and an RA operator to 白樺町, and an officer and a manager in another town.
fn add_people(installation: &Installation) -> Vec<(&'static str, Persona, Role, bool)> {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let options = OpenOptions::new(Arc::new(SystemEntropy));
        let store = Store::open(installation.database.url(), &options).await.unwrap();
        let now = SystemClock.now();
        let mut txn = store.write(now, Actor::System("set-up")).await.unwrap();
        let officer = txn.account_by_login(&installation.personas.officer().unwrap().login).await.unwrap().unwrap();
        let elsewhere = Organisation {
            organisation_id: OrganisationId::new(now, &SystemEntropy).unwrap(),
            code: LocalGovernmentCode::parse("011002").unwrap(),
            name: "別の市".to_owned(),
            kana: "ベツノシ".to_owned(),
            name_en: "Another City".to_owned(),
        };
        txn.insert_organisation(&elsewhere).await.unwrap();
        let mut people = Vec::new();
        for (name, login, role, foreign) in [
            ("the RA operator", "operator", Role::RaOperator, false),
            ("the auditor", "auditor", Role::Auditor, false),
            ("an officer of another town", "foreign-officer", Role::Officer, true),
            ("a manager of another town", "foreign-manager", Role::Manager, true),
        ] {
            let mut secret = [0; 20];
            SystemEntropy.fill(&mut secret).unwrap();
            let persona = Persona {
                login: login.to_owned(),
                name: name.to_owned(),
                role: role.as_str().to_owned(),
                password: "correct horse battery staple".to_owned(),
                totp_secret: ca_core::digest::hex(&secret),
            };
            let account = Account {
                account_id: AccountId::new(now, &SystemEntropy).unwrap(),
                organisation_id: if foreign {
                    elsewhere.organisation_id.clone()
                } else {
                    officer.organisation_id.clone()
                },
                login: login.to_owned(),
                name: name.to_owned(),
                role,
                password_hash: hash_password(&persona.password, &SystemEntropy).unwrap(),
                totp_secret: secret.to_vec(),
                totp_last_step: 0,
                failed_logins: 0,
                locked_until: None,
                active: true,
            };
            txn.insert_account(&account).await.unwrap();
            people.push((name, persona, role, foreign));
        }
        txn.commit(Step::Setup).await.unwrap();
        store.close().await;
        people
    })
}
