//! Publishing to folders: what stands there is what the database has, never an older list after a newer one, and nothing that is
//! half written. OpenSSL reads what a server would serve.

use crate::pki::{Pki, label, openssl, text};
use ca_core::kana::KanaWords;
use ca_core::key::KeyAlgorithm;
use ca_core::revocation::{ListId, ListScope, RevocationReason};
use ca_core::time::Clock;
use crl::{CrlPolicy, ListPlan};
use lgpki::config::{Config, DropPlace, PublicationTarget};
use lgpki::edge::{Intake, Looked, Making};
use lgpki::installation::Repository;
use lgpki::keys::KeyStores;
use lgpki::publish::standing::{Alarm, Standing, standings};
use lgpki::publish::{Bundles, Passed, Publication, Source};
use lgpki_tests::tools::soft_keys;
use ocsp::CertIdDigest;
use ocsp::client::{judge, question};
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
    let statement = format!(
        "update crl set der = null, this_update = null, next_update = null, stored_at = null
        where number = {number} and authority_id = 'issuing'"
    );
    tampered(pki, &statement);
}

/// Makes of the database one of before: it has no list of that number, nor has it ever taken it, and nothing is revoked.
pub(crate) fn forget_everything_since(pki: &Pki, number: i64) {
    let statement = format!(
        "delete from crl where number >= {number} and authority_id = 'issuing';
        delete from revocation where authority_id = 'issuing'"
    );
    tampered(pki, &statement);
}

fn tampered(pki: &Pki, statement: &str) {
    let file = pki.database.url().trim_start_matches("sqlite:").to_owned();
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

/// A folder that leads out, the file of whole bundles in it, and the words of the key that signs them.
fn leading_out(place: &Place, kept: Option<PathBuf>) -> (Publication, PathBuf, KanaWords) {
    let pki = &place.pki;
    let key = pki.keys.create(&label("edge"), KeyAlgorithm::P256).unwrap();
    let (store, signer) = (pki.store.clone(), pki.signer());
    let making = Making { store, responder: pki.responder(), signer, key: label("edge") };
    let stores = KeyStores::from(soft_keys(&pki.scratch.path().join("keys")));
    let bundles = Arc::new(Bundles { making, stores, key_store: "folder".to_owned() });
    let folder = pki.scratch.path().join("out");
    std::fs::create_dir(&folder).unwrap();
    let file = folder.join("outside.bundle");
    let target = PublicationTarget {
        name: "outside".to_owned(),
        place: lgpki::config::Place::DropFolder(DropPlace { folder, kept }),
        every: HOUR,
        call_after: None,
    };
    let publication = Publication::new((place.source(), pki.clock.clone()), target, Some(bundles));
    (publication, file, KanaWords::of(&key.fingerprint()))
}

/// Carries a file to its place at an edge, as a whole.
fn carried(from: &Path, to: &Path) {
    let beside = to.with_extension("arriving");
    std::fs::copy(from, &beside).unwrap();
    std::fs::rename(beside, to).unwrap();
}

fn taken(looked: Looked) -> u64 {
    match looked {
        Looked::Taken(manifest) => manifest.number,
        other => panic!("{other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_has_changed_since_a_whole_bundle_follows_it_and_edges_take_it_whatever_they_have() {
    let place = Place::new("publish-deltas").await;
    let pki = &place.pki;
    let mut certificates = Vec::new();
    for n in 0..40 {
        certificates.push(pki.issue(&format!("d{n}.lg.jp")).await);
    }
    let kept = pki.scratch.path().join("kept");
    std::fs::create_dir(&kept).unwrap();
    let (mut publication, file, words) = leading_out(&place, Some(kept));
    let delta = file.with_file_name("outside.bundle.delta");
    let at = |name: &str| {
        let folder = pki.scratch.path().join(name);
        std::fs::create_dir(&folder).unwrap();
        (folder.join("b"), folder.join("b.delta"))
    };
    let (first, first_delta) = at("first");
    let edge = Edge::new(pki.clock.clone());
    let mut intake = Intake::new(&first, words, edge.clone());
    let issuing = crate::pki::id("issuing");
    let is_good = |edge: &Edge, certificate: &ca_core::certificate::Certificate| {
        let question = question(&pki.issuing, certificate.serial(), CertIdDigest::Sha1, None);
        judge(&edge.answer(&issuing, &question).der, &question, &pki.issuing, pki.clock.now()).is_ok()
    };

    assert_eq!(publication.pass().await.unwrap(), Passed::Complete);
    let whole = std::fs::read(&file).unwrap();
    assert!(!delta.exists());
    carried(&file, &first);
    assert_eq!(taken(intake.look()), 1);
    for number in [2, 3] {
        place.later(Duration::from_secs(60));
        certificates.push(pki.issue(&format!("new{number}.lg.jp")).await);
        pki.crl().await;
        assert_eq!(publication.pass().await.unwrap(), Passed::Complete);
        assert_eq!(std::fs::read(&file).unwrap(), whole, "the whole one stays");
        assert!(std::fs::metadata(&delta).unwrap().len() * 4 < u64::try_from(whole.len()).unwrap());
        carried(&delta, &first_delta);
        assert_eq!(taken(intake.look()), number);
        assert!(is_good(&edge, certificates.last().unwrap()));
    }
    // One that has only the whole one yet, and one that was started again where the whole one lies again.
    for (name, remembers) in [("second", false), ("third", true)] {
        let (there, there_delta) = at(name);
        carried(&file, &there);
        carried(&delta, &there_delta);
        if remembers {
            carried(&first.with_file_name("b.taken"), &there.with_file_name("b.taken"));
        }
        let edge = Edge::new(pki.clock.clone());
        let mut intake = Intake::new(&there, words, edge.clone());
        match intake.look() {
            Looked::Taken(manifest) => assert!(manifest.number == 1 && !remembers),
            Looked::Refused(_, why) => assert!(remembers && why.contains("its number is 1, and 3 was served"), "{why}"),
            Looked::Nothing => panic!("there is a bundle"),
        }
        assert_eq!(taken(intake.look()), 3);
        assert!(is_good(&edge, certificates.last().unwrap()));
    }
    // One whose file was cut off: the whole one and the delta are brought again.
    let octets = std::fs::read(&first).unwrap();
    std::fs::write(&first, &octets[..100]).unwrap();
    assert!(!is_good(&edge, &certificates[0]));
    assert!(matches!(intake.look(), Looked::Refused(..)));
    carried(&file, &first);
    assert!(matches!(intake.look(), Looked::Refused(_, why) if why.contains("its number is 1")));
    assert_eq!(taken(intake.look()), 3);
    assert!(is_good(&edge, &certificates[0]));

    // When nearly everything has changed, a whole one is put there, and what built on the one before goes.
    place.later(Duration::from_secs(60));
    let serials: Vec<_> = certificates.iter().map(|certificate| certificate.serial().clone()).collect();
    pki.responder().presign(&issuing, &serials).await.unwrap();
    assert_eq!(publication.pass().await.unwrap(), Passed::Complete);
    assert!(!delta.exists());
    carried(&file, &first);
    assert_eq!(taken(intake.look()), 4);
    // And after half a day, whatever has changed.
    place.later(Duration::from_secs(60));
    assert_eq!(publication.pass().await.unwrap(), Passed::Complete);
    assert!(delta.exists());
    place.later(HOUR * 12);
    assert_eq!(publication.pass().await.unwrap(), Passed::Complete);
    assert!(!delta.exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_that_leads_out_is_handed_bundles_and_never_looked_into() {
    let place = Place::new("publish-out").await;
    let pki = &place.pki;
    let (mut publication, file, words) = leading_out(&place, None);
    let mut intake = Intake::new(&file, words, Edge::new(pki.clock.clone()));
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
