//! Publishing to folders: what stands there is what the database has, never an older list after a newer one, and nothing that is
//! half written. OpenSSL reads what a server would serve.

use crate::pki::{Pki, label, openssl, text};
use ca_core::kana::KanaWords;
use ca_core::key::KeyAlgorithm;
use ca_core::revocation::{ListId, ListScope, RevocationReason};
use ca_core::time::Clock;
use crl::{CrlPolicy, ListPlan};
use lgpki::config::{Config, PublicationTarget};
use lgpki::edge::{Intake, Looked, Making};
use lgpki::installation::Repository;
use lgpki::keys::KeyStores;
use lgpki::publish::standing::{Alarm, Standing, standings};
use lgpki::publish::{Bundles, Passed, Publication, Source};
use lgpki_tests::tools::soft_keys;
use ocsp::edge::Edge;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use store::publications::PublicationRow;

const HOUR: Duration = Duration::from_secs(3600);

/// A hierarchy with a folder it publishes to.
struct Place {
    pki: Pki,
    config: Config,
    folder: PathBuf,
}

impl Place {
    async fn new(name: &str) -> Self {
        let pki = Pki::found(name, KeyAlgorithm::P256).await;
        pki.root_crl().await;
        pki.crl().await;
        let folder = pki.scratch.path().join("repository");
        std::fs::create_dir(&folder).unwrap();
        let text = format!(
            "[database]\nurl = \"sqlite:lgpki.db\"\n[keys]\ndirectory = \"keys\"\n[public]\nurl = \"http://localhost:8080\"\n\
             repository_url = \"http://127.0.0.1:8080\"\nenvironment = \"demo\"\n\
             [[publish]]\nname = \"repository\"\nkind = \"directory\"\nfolder = \"{}\"\n",
            folder.display()
        );
        let config = lgpki::config::parse(&text, Path::new("/nowhere/lgpki.toml")).unwrap();
        Self { pki, config, folder }
    }

    fn source(&self) -> Source {
        let repository = Repository::of(&self.config.public);
        Source { store: self.pki.store.clone(), policy: self.config.policy.clone(), repository }
    }

    fn target(&self) -> PublicationTarget {
        self.config.publish[0].clone()
    }

    fn publication(&self) -> Publication {
        Publication::new((self.source(), self.pki.clock.clone()), self.target(), None)
    }

    async fn standing(&self) -> Standing {
        let standings = standings(&self.source(), &self.config.publish, self.pki.clock.now()).await.unwrap();
        standings.into_iter().next().unwrap()
    }

    async fn seen(&self) -> Vec<PublicationRow> {
        self.pki.store.read().await.unwrap().published("repository").await.unwrap()
    }

    fn list(&self) -> PathBuf {
        self.folder.join("crl/issuing.crl")
    }

    fn later(&self, by: Duration) {
        self.pki.clock.set(self.pki.clock.now().plus(by));
    }

    /// What is in its folders, hidden files too, but for the lock.
    fn files(&self) -> Vec<String> {
        let inside = |folder: &str| std::fs::read_dir(self.folder.join(folder)).unwrap();
        let names = ["aia", "crl"].into_iter().flat_map(inside);
        let mut names: Vec<_> = names.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }
}

fn wrong(passed: Passed) -> String {
    match passed {
        Passed::Wrong(why) => why,
        other => panic!("{other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_has_what_the_repository_serves() {
    let place = Place::new("publish-folder").await;
    let pki = &place.pki;
    let revoked = pki.issue("www.shirakaba.lg.jp").await;
    pki.revoke(revoked.serial(), RevocationReason::KeyCompromise).await;
    let der = pki.crl().await;
    let mut publication = place.publication();
    assert_eq!(publication.pass_if_due().await.unwrap(), Some(Passed::Complete));
    assert_eq!(publication.pass_if_due().await.unwrap(), None, "there is nothing more to do");
    assert_eq!(std::fs::read(place.list()).unwrap(), der);
    let certificates = ["issuing.cer", "issuing.p7c", "issuing.pem", "root.cer", "root.p7c", "root.pem"];
    let mut expected = [&certificates[..], &["issuing.crl", "root.crl"]].concat();
    expected.sort_unstable();
    assert_eq!(place.files(), expected);
    assert_eq!(std::fs::read(place.folder.join("aia/issuing.cer")).unwrap(), pki.issuing.der());
    let (ca, list) = (place.folder.join("aia/issuing.pem"), place.list());
    let said = text(&openssl("crl -inform DER -noout -text -CAfile {} -in {}", &[&ca, &list]));
    assert!(said.contains("verify OK") && said.contains("Key Compromise"), "{said}");
    let standing = place.standing().await;
    assert_eq!((standing.lists, standing.newest, standing.alarm(pki.clock.now())), (2, 2, Alarm::Quiet));
    assert_eq!(standing.deadline, Some(pki.clock.now().plus(72 * HOUR)), "the first nextUpdate there");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_newer_list_is_never_replaced_by_an_older_one() {
    let place = Place::new("publish-newer").await;
    let mut publication = place.publication();
    publication.pass().await.unwrap();
    let older = std::fs::read(place.list()).unwrap();
    place.later(HOUR);
    let newer = place.pki.crl().await;
    assert_eq!(publication.pass_if_due().await.unwrap(), Some(Passed::Complete));
    assert_eq!(std::fs::read(place.list()).unwrap(), newer);
    forget_list(&place.pki, 2);
    assert_eq!(place.pki.octets(ListId::FULL).await, older);
    let why = wrong(publication.pass().await.unwrap());
    assert!(why.contains("number 2 stands at crl/issuing.crl, and the newest here is 1"), "{why}");
    assert_eq!(std::fs::read(place.list()).unwrap(), newer, "nothing was replaced");
    let standing = place.standing().await;
    assert_eq!((standing.newest, standing.failures), (1, 1));
    assert_eq!(place.seen().await.iter().map(|row| row.number).collect::<Vec<_>>(), [2, 1], "what stands there");
}

/// Makes of the database one of before: it has no list of that number.
pub(crate) fn forget_list(pki: &Pki, number: i64) {
    let file = pki.database.url().trim_start_matches("sqlite:").to_owned();
    let statement = format!(
        "update crl set der = null, this_update = null, next_update = null, stored_at = null
        where number = {number} and authority_id = 'issuing'"
    );
    let done = std::process::Command::new("sqlite3").arg(file).arg(statement).output().unwrap();
    assert!(done.status.success(), "{}", text(&done));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_authority_has_not_signed_is_replaced() {
    let place = Place::new("publish-foreign").await;
    let mut publication = place.publication();
    publication.pass().await.unwrap();
    let ours = std::fs::read(place.list()).unwrap();
    let mut higher = ours.clone();
    *higher.last_mut().unwrap() ^= 1;
    let other = Pki::found("publish-stranger", KeyAlgorithm::P256).await;
    other.crl().await;
    let stranger = other.crl().await;
    // Numbers of an authority's lists rise together, so this one's is higher.
    let plan = ListPlan { list: ListScope::Authorities.complete(), ..ListPlan::full(CrlPolicy::ISSUING) };
    place.pki.refresh_list(&plan).await.unwrap();
    let arl = place.pki.octets(plan.list).await;
    for foreign in [&higher[..], &ours[..ours.len() / 2], b"", b"<html>", &stranger, &arl] {
        std::fs::write(place.list(), foreign).unwrap();
        assert_eq!(publication.pass().await.unwrap(), Passed::Complete);
        assert_eq!(std::fs::read(place.list()).unwrap(), ours);
    }
    std::fs::remove_file(place.list()).unwrap();
    std::fs::write(place.folder.join("aia/root.cer"), "another").unwrap();
    assert_eq!(publication.pass().await.unwrap(), Passed::Complete);
    assert_eq!(std::fs::read(place.list()).unwrap(), ours);
    assert_eq!(std::fs::read(place.folder.join("aia/root.cer")).unwrap(), place.pki.root.der());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_written_leaves_what_stood_there() {
    let place = Place::new("publish-in-the-way").await;
    let mut publication = place.publication();
    publication.pass().await.unwrap();
    let before = std::fs::read(place.list()).unwrap();
    place.later(HOUR);
    let der = place.pki.crl().await;
    let hidden = place.folder.join("crl/.issuing.crl.new");
    std::fs::create_dir(&hidden).unwrap();
    let why = wrong(publication.pass_if_due().await.unwrap().unwrap());
    assert!(why.contains("crl/issuing.crl cannot be published: Is a directory"), "{why}");
    assert_eq!(std::fs::read(place.list()).unwrap(), before, "what stood there stands");
    let standing = place.standing().await;
    assert_eq!((standing.newest, standing.alarm(place.pki.clock.now())), (1, Alarm::Late));
    assert_eq!(publication.pass_if_due().await.unwrap(), None, "not at once again");
    std::fs::remove_dir(&hidden).unwrap();
    // Nor is written through what somebody else has put there.
    let ours = place.pki.scratch.file("ours", "a file of ours");
    std::os::unix::fs::symlink(&ours, &hidden).unwrap();
    place.later(Duration::from_secs(1));
    assert_eq!(publication.pass_if_due().await.unwrap(), Some(Passed::Complete));
    assert_eq!(std::fs::read(place.list()).unwrap(), der);
    assert_eq!(std::fs::read(&ours).unwrap(), b"a file of ours");
    assert!(place.files().iter().all(|name| !name.starts_with('.')));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_longer_than_a_row_is_published_whole() {
    let place = Place::new("publish-long").await;
    crate::crl_lists::revoke_many(&place.pki, 40_000).await;
    let der = place.pki.crl().await;
    assert!(der.len() > store::crls::PIECE);
    assert_eq!(place.publication().pass().await.unwrap(), Passed::Complete);
    assert!(std::fs::read(place.list()).unwrap() == der);
    let standing = place.standing().await;
    assert_eq!((standing.lists, standing.newest), (2, 2));
    // Cut off between two pieces.
    std::fs::write(place.list(), &der[..store::crls::PIECE]).unwrap();
    assert_eq!(place.publication().pass().await.unwrap(), Passed::Complete);
    assert!(std::fs::read(place.list()).unwrap() == der);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_target_that_was_away_for_a_day_comes_back_to_the_newest_list() {
    let place = Place::new("publish-away").await;
    let pki = &place.pki;
    let mut publication = place.publication();
    publication.pass().await.unwrap();
    let revoked = pki.issue("www.shirakaba.lg.jp").await;
    let away = pki.scratch.path().join("away");
    std::fs::rename(&place.folder, &away).unwrap();
    let begin = pki.clock.now();
    pki.revoke(revoked.serial(), RevocationReason::KeyCompromise).await;
    pki.crl().await;
    let mut pauses = Vec::new();
    for _ in 0..24 {
        let why = wrong(publication.pass_if_due().await.unwrap().unwrap());
        assert!(why.contains("cannot be used: No such file or directory"), "{why}");
        assert!(!place.folder.exists(), "a folder that is away is not made anew beside it");
        let standing = place.standing().await;
        pauses.push(standing.retry_at.unwrap().since(pki.clock.now()).as_secs());
        let left = standing.deadline.unwrap().since(pki.clock.now());
        let sentence = standing.sentence(pki.clock.now());
        assert!(sentence.contains(&format!("overdue in {} h", left.as_secs() / 3600)), "{sentence}");
        let called = pki.clock.now() >= begin.plus(24 * HOUR);
        assert_eq!(standing.alarm(pki.clock.now()), if called { Alarm::Call } else { Alarm::Late });
        assert_eq!(standing.call_at, Some(begin.plus(24 * HOUR)), "a third of 72 h");
        assert!(standing.lag(pki.clock.now()) >= pki.clock.now().since(begin));
        place.later(HOUR);
        pki.crl().await;
    }
    assert_eq!(pauses[..10], [1, 2, 4, 8, 16, 32, 64, 128, 256, 256]);
    let standing = place.standing().await;
    assert_eq!(standing.alarm(pki.clock.now()), Alarm::Call, "{}", standing.sentence(pki.clock.now()));
    std::fs::rename(&away, &place.folder).unwrap();
    assert_eq!(publication.pass_if_due().await.unwrap(), Some(Passed::Complete));
    let (ca, list) = (place.folder.join("aia/issuing.pem"), place.list());
    assert_eq!(std::fs::read(&list).unwrap(), pki.octets(ListId::FULL).await);
    let said = text(&openssl("crl -inform DER -noout -text -CAfile {} -in {}", &[&ca, &list]));
    assert!(said.contains("verify OK") && said.contains("Key Compromise"), "{said}");
    let standing = place.standing().await;
    assert_eq!((standing.alarm(pki.clock.now()), standing.lag(pki.clock.now())), (Alarm::Quiet, Duration::ZERO));
}

#[tokio::test(flavor = "multi_thread")]
async fn two_publishers_never_publish_to_one_folder_at_once() {
    let place = Place::new("publish-two").await;
    let held = std::fs::File::create(place.folder.join(".lgpki-publisher")).unwrap();
    held.lock().unwrap();
    let mut publication = place.publication();
    let why = wrong(publication.pass().await.unwrap());
    assert!(why.contains("another process is publishing there"), "{why}");
    assert!(!place.list().exists());
    drop(held);
    assert_eq!(publication.pass().await.unwrap(), Passed::Complete);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_that_leads_out_is_handed_bundles_and_never_looked_into() {
    let place = Place::new("publish-out").await;
    let pki = &place.pki;
    let key = pki.keys.create(&label("edge"), KeyAlgorithm::P256).unwrap();
    let (store, signer) = (pki.store.clone(), pki.signer());
    let making = Making { store, responder: pki.responder(), signer, key: label("edge") };
    let stores = KeyStores::from(soft_keys(&pki.scratch.path().join("keys")));
    let bundles = Arc::new(Bundles { making, stores, key_store: "folder".to_owned() });
    let out = pki.scratch.path().join("out");
    std::fs::create_dir(&out).unwrap();
    let file = out.join("outside.bundle");
    let target = PublicationTarget {
        name: "outside".to_owned(),
        place: lgpki::config::Place::DropFolder(out),
        every: HOUR,
        call_after: None,
    };
    let mut publication = Publication::new((place.source(), pki.clock.clone()), target, Some(bundles));
    let mut intake = Intake::new(&file, KanaWords::of(&key.fingerprint()), Edge::new(pki.clock.clone()));
    assert_eq!(publication.pass_if_due().await.unwrap(), Some(Passed::Complete));
    assert!(matches!(intake.look(), Looked::Taken(manifest) if manifest.number == 1));
    // Whatever lies there then is nobody's concern until there is something new, or an hour has gone by.
    std::fs::rename(pki.scratch.file("whatever", "whatever"), &file).unwrap();
    assert_eq!(publication.pass_if_due().await.unwrap(), None);
    pki.crl().await;
    for number in [2, 3] {
        assert_eq!(publication.pass_if_due().await.unwrap(), Some(Passed::Complete));
        match intake.look() {
            Looked::Taken(manifest) => assert_eq!(manifest.number, number),
            other => panic!("{other:?}"),
        }
        assert_eq!(publication.pass_if_due().await.unwrap(), None);
        place.later(HOUR);
    }
}
