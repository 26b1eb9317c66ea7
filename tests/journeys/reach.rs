//! A revocation tracked from the database to everybody's lists and answers, by a prober that believes what relying parties would: not a
//! list that is forged, nor one from before.

use lgpki::commands::demo::acts;
use lgpki_tests::databases::Kind;
use lgpki_tests::invariants::broken;
use lgpki_tests::program::Installation;
use lgpki_tests::tools::text;
use lgpki_tests::web::Copies;
use serde_json::Value;

use super::PROGRAM;
use super::suspension::Town;

#[test]
fn a_revocation_is_tracked_to_every_place_on_sqlite() {
    is_tracked(Kind::Sqlite);
}

#[test]
fn a_revocation_is_tracked_to_every_place_on_postgres() {
    is_tracked(Kind::Postgres);
}

fn is_tracked(kind: Kind) {
    let installation = Installation::new(kind);
    let (internet, silent) = (Copies::served(), Copies::address_of_nobody());
    let copies = [("internet", internet.base()), ("far", silent)];
    let copies = copies.map(|(name, url)| format!("{{ name = \"{name}\", url = \"{url}\" }}")).join(", ");
    installation.configure("[reach]\n", &format!("[reach]\nevery = \"1s\"\nrepository = [{copies}]\n"));
    let mut program = installation.serve(PROGRAM, None);
    let mut town = Town::issued(&installation, &mut program);
    assert!(town.page("/reach").contains("この証明書は失効していません"));
    let not_revoked = installation.lgpki(PROGRAM, &["revocation", "track", &town.serial]);
    assert!(not_revoked.status.code() == Some(7), "{}", text(&not_revoked));

    let list = || acts::good(installation.visitor().open("/crl/application-ca.crl").unwrap(), "the CRL").unwrap().body;
    let before = list();
    acts::revoke(&mut town.officer, &town.page).unwrap();
    let tracked = |town: &Town<'_>| told(&installation, &["revocation", "track", &town.serial, "--format", "json"]);
    // The service's own prober sees list and answer.
    let seen_at = |tracked: &Value, place: &str| {
        let places = tracked["places"].as_array().unwrap();
        let found = places.iter().find(|one| one["place"] == place).expect(place);
        assert_eq!(found["seen_at"].is_null(), found["took_seconds"].is_null());
        found["took_seconds"].as_u64()
    };
    while seen_at(&tracked(&town), "crl").is_none() || seen_at(&tracked(&town), "ocsp").is_none() {
        assert!(program.heard("reach.seen"), "the service goes on");
    }
    assert!(seen_at(&tracked(&town), "crl").unwrap() < 60);

    // Where nobody answers, where the list is from before, where it is forged, and where it is.
    let probed = |place: &str| {
        let all = told(&installation, &["revocation", "probe", "--format", "json"]);
        all["places"].as_array().unwrap().iter().find(|one| one["place"] == place).cloned().unwrap()
    };
    let why = |probed: &Value| probed["failed"].as_str().unwrap_or_default().to_owned();
    let far = probed("far");
    assert!(far["open"] == 1 && why(&far).contains("does not answer"), "{far}");
    internet.serve("/crl/application-ca.crl", before);
    let stale = probed("internet");
    assert_eq!((&stale["open"], &stale["failed"]), (&1.into(), &Value::Null), "{stale}");
    let mut forged = list();
    *forged.last_mut().unwrap() ^= 1;
    internet.serve("/crl/application-ca.crl", forged);
    let refused = probed("internet");
    assert!(refused["open"] == 1 && why(&refused).contains("is not signed by its issuer"), "{refused}");
    assert_eq!(seen_at(&tracked(&town), "internet"), None);
    let page = town.page("/reach");
    assert!(
        page.contains("インターネットのリポジトリ") && page.contains("反映済み") && page.contains("確認中"),
        "{page}"
    );
    internet.serve("/crl/application-ca.crl", list());
    while seen_at(&tracked(&town), "internet").is_none() {
        assert!(program.heard("reach.seen"), "the service goes on");
    }
    assert_eq!(seen_at(&tracked(&town), "far"), None);
    let said = installation.lgpki(PROGRAM, &["revocation", "track", &town.serial]);
    let told = text(&said);
    assert!(
        said.status.code() == Some(1) && told.contains("superseded") && told.contains("far          not seen yet"),
        "{told}"
    );
    program.stops();
    let broken = broken(&installation.database);
    assert!(broken.is_empty(), "{kind:?}:\n  {}", broken.join("\n  "));
}

fn told(installation: &Installation, arguments: &[&str]) -> Value {
    let said = installation.lgpki(PROGRAM, arguments);
    serde_json::from_slice(&said.stdout).unwrap_or_else(|error| panic!("{error}: {}", text(&said)))
}
