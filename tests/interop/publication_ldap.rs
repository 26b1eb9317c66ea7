//! Publishing to a directory: what `ldapsearch` finds there is what the database has, in the attributes of RFC 4523.

use crate::pki::{Pki, id, openssl, text};
use ca_core::key::KeyAlgorithm;
use ca_core::revocation::{ListId, ListScope, RevocationReason};
use ca_core::time::Clock;
use crl::{CertificateList, CrlPolicy, ListPlan};
use lgpki::config::Config;
use lgpki::installation::Repository;
use lgpki::publish::standing::{Alarm, standings};
use lgpki::publish::{Passed, Publication, Source};
use lgpki_tests::slapd::Slapd;
use std::path::Path;
use std::time::Duration;
use store::ocsp::Status;

const CA: &str = "cn=Application CA,o=Shirakaba Town,c=JP";
const ROOT: &str = "cn=Root CA,o=Shirakaba Town,c=JP";
const CRL: &str = "certificateRevocationList;binary";

struct Place {
    pki: Pki,
    slapd: Slapd,
    config: Config,
}

impl Place {
    async fn new(name: &str) -> Self {
        Self::with(Pki::found(name, KeyAlgorithm::P256).await, Slapd::start(&format!("{name}-slapd"))).await
    }

    async fn with(pki: Pki, slapd: Slapd) -> Self {
        pki.root_crl().await;
        pki.crl().await;
        let (url, password) = (slapd.url(), slapd.password_file());
        let config = configured(&url, &password);
        Self { pki, slapd, config }
    }

    fn publication(&self) -> Publication {
        let repository = Repository::of(&self.config.public);
        let source = Source { store: self.pki.store.clone(), policy: self.config.policy.clone(), repository };
        Publication::new((source, self.pki.clock.clone()), self.config.publish[0].clone(), None)
    }

    fn later(&self) {
        self.pki.clock.set(self.pki.clock.now().plus(Duration::from_secs(3600)));
    }
}

fn configured(url: &str, password: &Path) -> Config {
    let text = format!(
        "[database]\nurl = \"sqlite:lgpki.db\"\n[keys]\ndirectory = \"keys\"\n[public]\nurl = \"http://localhost:8080\"\n\
         repository_url = \"http://127.0.0.1:8080\"\nenvironment = \"demo\"\n\
         [[publish]]\nname = \"directory\"\nkind = \"ldap\"\nurl = \"{url}\"\nbase = \"c=JP\"\nbind = \"{}\"\n\
         password_file = \"{}\"\n",
        Slapd::WRITER,
        password.display()
    );
    lgpki::config::parse(&text, Path::new("/nowhere/lgpki.toml")).unwrap()
}

fn wrong(passed: Passed) -> String {
    match passed {
        Passed::Wrong(why) => why,
        other => panic!("{other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_directory_has_the_certificates_and_lists_of_each_authority() {
    let place = Place::new("ldap-entries").await;
    let pki = &place.pki;
    let revoked = pki.issue("www.shirakaba.lg.jp").await;
    pki.revoke(revoked.serial(), RevocationReason::KeyCompromise).await;
    let der = pki.crl().await;
    assert_eq!(place.publication().pass().await.unwrap(), Passed::Complete);
    assert_eq!(place.slapd.values(CA, CRL), std::slice::from_ref(&der));
    assert_eq!(place.slapd.values(CA, "cACertificate;binary"), [pki.issuing.der()]);
    assert_eq!(place.slapd.values(ROOT, "cACertificate;binary"), [pki.root.der()]);
    let classes = text(&place.slapd.search(CA, &["objectClass"]));
    assert!(classes.contains("objectClass: applicationProcess") && classes.contains("objectClass: pkiCA"), "{classes}");
    // The pair of the root has what it issued: SEQUENCE { [1] certificate }.
    let pairs = place.slapd.values(ROOT, "crossCertificatePair;binary");
    assert_eq!(pairs.len(), 1);
    assert!(pairs[0].ends_with(pki.issuing.der()) && pairs[0].len() == pki.issuing.der().len() + 8);
    let (ca, list) = (pki.scratch.file("ca.pem", pki.issuing.to_pem()), pki.scratch.file("ca.crl", &der));
    let said = text(&openssl("crl -inform DER -noout -text -CAfile {} -in {}", &[&ca, &list]));
    assert!(said.contains("verify OK") && said.contains("Key Compromise"), "{said}");
    // Again, and through the socket: nothing is changed.
    let over_socket = configured(&place.slapd.socket_url(), &place.slapd.password_file());
    let socket = Place { config: over_socket, ..place };
    assert_eq!(socket.publication().pass().await.unwrap(), Passed::Complete);
    assert_eq!(socket.slapd.values(CA, CRL), [der]);
}

#[tokio::test(flavor = "multi_thread")]
async fn partitions_and_deltas_have_attributes_of_their_own() {
    let place = Place::new("ldap-lists").await;
    let pki = &place.pki;
    let plan = |list: ListId| ListPlan { list, ..ListPlan::full(CrlPolicy::ISSUING) };
    for list in [ListScope::Full.delta(), ListScope::Authorities.complete(), ListScope::Shard(3).complete()] {
        pki.refresh_list(&plan(list)).await.unwrap();
    }
    assert_eq!(place.publication().pass().await.unwrap(), Passed::Complete);
    let there = |entry: &str, attribute: &str| place.slapd.values(entry, attribute);
    assert_eq!(there(CA, CRL), [pki.octets(ListId::FULL).await]);
    assert_eq!(there(CA, "deltaRevocationList;binary"), [pki.octets(ListScope::Full.delta()).await]);
    let arl = pki.octets(ListScope::Authorities.complete()).await;
    assert_eq!(there(CA, "authorityRevocationList;binary"), [arl]);
    assert_eq!(there(&format!("cn=3,{CA}"), CRL), [pki.octets(ListScope::Shard(3).complete()).await]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_newer_list_in_a_directory_stays_and_what_is_nobodys_goes() {
    let place = Place::new("ldap-newer").await;
    let mut publication = place.publication();
    publication.pass().await.unwrap();
    place.later();
    let newer = place.pki.crl().await;
    publication.pass().await.unwrap();
    crate::publication::forget_list(&place.pki, 2);
    let why = wrong(publication.pass().await.unwrap());
    assert!(why.contains("number 2 stands at crl/issuing.crl, and the newest here is 1"), "{why}");
    assert_eq!(place.slapd.values(CA, CRL), [newer]);

    let other = Pki::found("ldap-stranger", KeyAlgorithm::P256).await;
    let foreign = place.pki.scratch.file("foreign", other.crl().await);
    let ours = place.pki.scratch.file("ours", &place.slapd.values(ROOT, CRL)[0]);
    let values = [ours, foreign].map(|file| format!("{CRL}:< file://{}\n", file.display())).concat();
    let changes = format!("dn: {ROOT}\nchangetype: modify\nreplace: {CRL}\n{values}");
    place.slapd.modify(&changes);
    assert_eq!(place.slapd.values(ROOT, CRL).len(), 2);
    publication.pass().await.unwrap();
    assert_eq!(place.slapd.values(ROOT, CRL).len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_directory_knows_and_a_restored_database_does_not_is_taken_over() {
    let place = Place::new("ldap-restored").await;
    let pki = &place.pki;
    let mut publication = place.publication();
    let bad = pki.issue("bad.shirakaba.lg.jp").await;
    place.later();
    pki.revoke(bad.serial(), RevocationReason::KeyCompromise).await;
    let world = CertificateList::parse(&pki.crl().await).unwrap();
    assert_eq!(publication.pass().await.unwrap(), Passed::Complete);
    crate::publication::forget_everything_since(pki, 2);
    let status = async || {
        let mut txn = pki.store.read().await.unwrap();
        txn.certificate_status(&id("issuing"), bad.serial()).await.unwrap()
    };
    assert_eq!(status().await, Status::Good);

    let why = wrong(publication.pass().await.unwrap());
    assert!(why.contains("1 revocations that it had lost were taken over from there"), "{why}");
    let Status::Revoked(revocation) = status().await else { panic!("it is revoked") };
    assert_eq!(
        (revocation.reason, revocation.revoked_at),
        (RevocationReason::KeyCompromise, world.entries[0].revoked_at)
    );
    let next = CertificateList::parse(&pki.crl().await).unwrap();
    assert_eq!((next.entries, next.number), (world.entries, Some(3)));
    assert_eq!(publication.pass().await.unwrap(), Passed::Complete);
    assert_eq!(place.slapd.values(CA, CRL), [pki.octets(ListId::FULL).await]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_directory_that_was_away_comes_back_to_the_newest_list() {
    let mut place = Place::new("ldap-away").await;
    let mut publication = place.publication();
    publication.pass().await.unwrap();
    place.slapd.stop();
    place.later();
    let der = place.pki.crl().await;
    let why = wrong(publication.pass_if_due().await.unwrap().unwrap());
    assert!(why.contains("cannot be used: Connection refused"), "{why}");
    place.later();
    let repository = Repository::of(&place.config.public);
    let source = Source { store: place.pki.store.clone(), policy: place.config.policy.clone(), repository };
    let standing = standings(&source, &place.config.publish, place.pki.clock.now()).await.unwrap().remove(0);
    assert_eq!((standing.newest, standing.alarm(place.pki.clock.now())), (1, Alarm::Late));
    assert_eq!(standing.lag(place.pki.clock.now()), Duration::from_secs(3600));
    place.slapd.again();
    assert_eq!(publication.pass_if_due().await.unwrap(), Some(Passed::Complete));
    assert_eq!(place.slapd.values(CA, CRL), [der]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_directory_that_refuses_is_told_with_its_own_words() {
    let place = Place::new("ldap-refused").await;
    let password = place.pki.scratch.file("password", "wrong\n");
    std::fs::set_permissions(&password, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    let refused = Place { config: configured(&place.slapd.url(), &password), ..place };
    let why = wrong(refused.publication().pass().await.unwrap());
    assert!(why.contains("invalidCredentials (49)"), "{why}");
    std::fs::set_permissions(&password, std::os::unix::fs::PermissionsExt::from_mode(0o644)).unwrap();
    refused.later();
    let why = wrong(refused.publication().pass().await.unwrap());
    assert!(why.contains("its mode is 0644: others than its owner may read it"), "{why}");

    // Nothing more fits in.
    let full = Slapd::holding("ldap-full", 64 << 10);
    let place = Place { config: configured(&full.url(), &full.password_file()), slapd: full, ..refused };
    place.later();
    let why = wrong(place.publication().pass().await.unwrap());
    assert!(why.contains("the directory refuses with"), "{why}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_longer_than_slapd_reads_by_itself_is_published_where_it_reads_more() {
    let pki = Pki::found("ldap-long", KeyAlgorithm::P256).await;
    crate::crl_lists::revoke_many(&pki, 120_000).await;
    let place = Place::with(pki, Slapd::reading("ldap-long-slapd", 32 << 20)).await;
    let why = wrong(place.publication().pass().await.unwrap());
    assert!(why.contains("and `longest_value` of the directory is 4000000"), "{why}");
    let mut config = configured(&place.slapd.url(), &place.slapd.password_file());
    let lgpki::config::Place::Ldap(ldap) = &mut config.publish[0].place else { panic!("a directory") };
    ldap.longest_value = 20_000_000;
    let place = Place { config, ..place };
    place.later();
    assert_eq!(place.publication().pass().await.unwrap(), Passed::Complete);
    let der = place.pki.octets(ListId::FULL).await;
    assert!(der.len() > 4_200_000, "{}", der.len());
    assert_eq!(place.slapd.values(CA, CRL), [der]);
}
