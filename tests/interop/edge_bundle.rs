//! Bundles of keyless edges: taken in whole or not at all, never an older one, and nothing in one that was altered is handed on.

use crate::pki::{Pki, label, openssl, text};
use ca_core::digest::sha256;
use ca_core::kana::KanaWords;
use ca_core::key::KeyAlgorithm;
use ca_core::revocation::RevocationReason;
use ca_core::time::{Clock, Timestamp};
use lgpki::edge::{Intake, Looked, Making, judge_list, signed_by};
use ocsp::bundle::{Artefact, Bundle, BundleWriter, Kind, Numbering, take_in, write_delta};
use ocsp::client::{judge, question};
use ocsp::edge::Edge;
use ocsp::{CertIdDigest, CertStatus, OcspResponse, Refusal};
use proptest::prelude::*;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use store::bundles::BundleNumber;

/// A hierarchy, and a key that signs its bundles.
struct Publisher {
    pki: Pki,
    making: Making,
    words: KanaWords,
}

impl Publisher {
    async fn new(name: &str) -> Self {
        let pki = Pki::found(name, KeyAlgorithm::P256).await;
        let key = pki.keys.create(&label("edge"), KeyAlgorithm::P256).unwrap();
        let (store, signer) = (pki.store.clone(), pki.signer());
        let making = Making { store, responder: pki.responder(), signer, key: label("edge") };
        Self { pki, making, words: KanaWords::of(&key.fingerprint()) }
    }

    /// Writes a bundle of that number.
    async fn bundle(&self, file: &str, number: u64) -> PathBuf {
        let out = self.pki.scratch.path().join(file);
        let number = BundleNumber { origin: "0".repeat(32), number };
        let made = self.making.complete(&out, number, self.pki.clock.now()).await.unwrap();
        assert!(made.without_answers.is_empty(), "{made:?}");
        out
    }

    /// An edge that looks at that file.
    fn edge(&self, file: &Path) -> (Edge, Intake) {
        let edge = Edge::new(self.pki.clock.clone());
        (edge.clone(), Intake::new(file, self.words, edge))
    }
}

fn open(file: &Path, words: &KanaWords) -> Bundle {
    Bundle::open(Arc::new(File::open(file).unwrap()), &signed_by(words)).unwrap()
}

fn refusal(der: &[u8]) -> Refusal {
    match OcspResponse::parse(der).unwrap() {
        OcspResponse::Refused(refusal) => refusal,
        OcspResponse::Signed(_) => panic!("that was an answer"),
    }
}

fn refused(looked: Looked) -> String {
    match looked {
        Looked::Refused(_, why) => why,
        other => panic!("{other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_edge_says_what_it_holds_while_that_is_current_and_nothing_else() {
    let publisher = Publisher::new("edge-answers").await;
    let pki = &publisher.pki;
    let (good, revoked, late) =
        (pki.issue("good.lg.jp").await, pki.issue("revoked.lg.jp").await, pki.issue("late.lg.jp").await);
    pki.revoke(revoked.serial(), RevocationReason::KeyCompromise).await;
    pki.crl().await;
    let file = publisher.bundle("edge.bundle", 1).await;
    let (edge, mut intake) = publisher.edge(&file);
    let issuing = crate::pki::id("issuing");
    let request = question(&pki.issuing, good.serial(), CertIdDigest::Sha1, None);
    assert_eq!(refusal(&edge.answer(&issuing, &request).der), Refusal::TryLater, "nothing is held yet");
    assert!(matches!(intake.look(), Looked::Taken(manifest) if manifest.number == 1));
    assert!(matches!(intake.look(), Looked::Nothing));

    let status = |certificate: &ca_core::certificate::Certificate| {
        let request = question(&pki.issuing, certificate.serial(), CertIdDigest::Sha1, None);
        let answer = edge.answer(&issuing, &request);
        judge(&answer.der, &request, &pki.issuing, pki.clock.now()).unwrap().responses[0].status
    };
    assert_eq!(status(&good), CertStatus::Good);
    assert!(matches!(status(&revoked), CertStatus::Revoked { reason: Some(RevocationReason::KeyCompromise), .. }));
    // Not signed in advance: other digests, other authorities, other serials.
    let sha256 = question(&pki.issuing, good.serial(), CertIdDigest::Sha256, None);
    let foreign = question(&pki.root, good.serial(), CertIdDigest::Sha1, None);
    let unknown = question(&pki.issuing, pki.root.serial(), CertIdDigest::Sha1, None);
    for question in [sha256, foreign, unknown] {
        assert_eq!(refusal(&edge.answer(&issuing, &question).der), Refusal::Unauthorized);
    }

    // The list and the certificate in it are those of the database.
    let held = edge.held().unwrap();
    let list = held.find("/crl/issuing.crl").unwrap().unwrap();
    assert_eq!(held.whole(&list).unwrap(), pki.octets(ca_core::revocation::ListId::FULL).await);
    let certificate = held.find("/aia/issuing.cer").unwrap().unwrap();
    assert_eq!(held.whole(&certificate).unwrap(), pki.issuing.der());
    assert!(held.find("/crl/other.crl").unwrap().is_none());

    // Past nextUpdate nobody is told anything; a newer bundle helps.
    pki.clock.set(pki.clock.now().plus(Duration::from_secs(24 * 3600)));
    assert_eq!(refusal(&edge.answer(&issuing, &request).der), Refusal::TryLater);
    pki.revoke(late.serial(), RevocationReason::Superseded).await;
    publisher.bundle("edge.bundle", 2).await;
    assert!(matches!(intake.look(), Looked::Taken(manifest) if manifest.number == 2));
    assert!(matches!(status(&late), CertStatus::Revoked { .. }));
    assert_eq!(status(&good), CertStatus::Good);
}

#[tokio::test(flavor = "multi_thread")]
async fn openssl_believes_an_edge() {
    let publisher = Publisher::new("edge-openssl").await;
    let pki = &publisher.pki;
    let certificate = pki.issue("www.shirakaba.lg.jp").await;
    let file = publisher.bundle("edge.bundle", 1).await;
    let (edge, mut intake) = publisher.edge(&file);
    assert!(matches!(intake.look(), Looked::Taken(_)));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/ocsp/issuing", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, ocsp::edge::router(edge)).await });
    let (issuer, chain) = (pki.scratch.file("issuing.pem", pki.issuing.to_pem()), pki.chain_file());
    let asked = pki.scratch.file("www.pem", certificate.to_pem());
    let line = format!("ocsp -no_nonce -url {url} -issuer {{}} -cert {{}} -CAfile {{}}");
    let said = tokio::task::spawn_blocking(move || text(&openssl(&line, &[&issuer, &asked, &chain]))).await.unwrap();
    assert!(said.contains("Response verify OK") && said.contains("good"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_older_bundle_another_signer_and_an_altered_octet_are_refused() {
    let publisher = Publisher::new("edge-refused").await;
    let pki = &publisher.pki;
    pki.issue("www.shirakaba.lg.jp").await;
    pki.crl().await;
    let first = publisher.bundle("first.bundle", 1).await;
    let file = publisher.bundle("edge.bundle", 2).await;
    let (edge, mut intake) = publisher.edge(&file);
    assert!(matches!(intake.look(), Looked::Taken(_)));
    let whole = std::fs::read(&file).unwrap();

    let put = |octets: &[u8]| {
        let new = pki.scratch.file("new", octets);
        std::fs::rename(new, &file).unwrap();
    };
    put(&std::fs::read(&first).unwrap());
    assert!(refused(intake.look()).contains("its number is 1"), "an older one");
    // A process that was started anew remembers.
    let (again, mut started) = publisher.edge(&file);
    assert!(refused(started.look()).contains("its number is 1, and 2 was served already"));
    assert!(again.held().is_none());
    let stranger = pki.keys.create(&label("stranger"), KeyAlgorithm::P256).unwrap();
    let another = Intake::new(&file, KanaWords::of(&stranger.fingerprint()), Edge::new(pki.clock.clone())).look();
    assert!(refused(another).contains("another key signed it"));

    // One octet in each part of the file, and each of the signature; cut off; something behind it.
    for place in (0..whole.len()).step_by(whole.len() / 61).chain(whole.len() - 320..whole.len()) {
        let mut altered = whole.clone();
        altered[place] ^= 1;
        put(&altered);
        let (fresh, mut intake) = publisher.edge(&file);
        let why = refused(intake.look());
        assert!(fresh.held().is_none(), "octet {place}: {why}");
    }
    for wrong in [&whole[..whole.len() - 1], &whole[..40], &[&whole[..], b"x"].concat(), &[]] {
        put(wrong);
        refused(intake.look());
    }
    assert_eq!(edge.held().unwrap().manifest().number, 2, "what was held is served all the time");
    put(&whole);
    assert!(matches!(publisher.edge(&file).1.look(), Looked::Taken(_)), "the same one may be taken again");

    // Numbers of bundles that rise do not hide a list that falls.
    let held = edge.held().unwrap();
    let older = pki.scratch.path().join("older-list.bundle");
    let mut writer = BundleWriter::begin(File::create(&older).unwrap()).unwrap();
    let record = held.find("/crl/issuing.crl").unwrap().unwrap();
    let path = "/crl/issuing.crl".to_owned();
    let (this_update, next_update) = (record.this_update, record.next_update);
    let fallen = Artefact { path, kind: Kind::Crl, number: record.number - 1, this_update, next_update };
    writer.add(&fallen, held.reader(&record)).unwrap();
    let numbering = Numbering { origin: "0".repeat(32), number: 9, made_at: pki.clock.now() };
    let seal = |manifest: &[u8]| {
        lgpki::ceremony::seal::sealed(manifest, pki.signer().as_ref(), &label("edge"))
            .map_err(|error| error.to_string())
    };
    writer.finish(numbering, seal).unwrap();
    let why = take_in(&open(&older, &publisher.words), Some(&held), &judge_list).unwrap_err().to_string();
    assert!(why.contains("has number 0 in it, and 1 is held"), "{why}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_altered_on_the_disk_afterwards_is_not_handed_on() {
    let publisher = Publisher::new("edge-altered").await;
    let pki = &publisher.pki;
    let certificate = pki.issue("www.shirakaba.lg.jp").await;
    let file = publisher.bundle("edge.bundle", 1).await;
    let (edge, mut intake) = publisher.edge(&file);
    assert!(matches!(intake.look(), Looked::Taken(_)));
    let request = question(&pki.issuing, certificate.serial(), CertIdDigest::Sha1, None);
    let issuing = crate::pki::id("issuing");
    let whole = std::fs::read(&file).unwrap();
    let believed = edge.answer(&issuing, &request).der;
    // In the same file, not beside it.
    for place in (64..whole.len()).step_by(97) {
        let mut altered = whole.clone();
        altered[place] ^= 0x20;
        std::fs::write(&file, &altered).unwrap();
        let answer = edge.answer(&issuing, &request).der;
        assert!(answer == believed || refusal(&answer) == Refusal::TryLater, "octet {place}");
    }
    std::fs::write(&file, &whole[..100]).unwrap();
    assert_eq!(refusal(&edge.answer(&issuing, &request).der), Refusal::TryLater);
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_bundle_was_altered_where_it_stands_the_next_good_one_is_taken_without_a_restart() {
    let publisher = Publisher::new("edge-in-place").await;
    let pki = &publisher.pki;
    let certificate = pki.issue("www.shirakaba.lg.jp").await;
    pki.crl().await;
    let file = publisher.bundle("edge.bundle", 1).await;
    let (edge, mut intake) = publisher.edge(&file);
    assert!(matches!(intake.look(), Looked::Taken(_)));
    let request = question(&pki.issuing, certificate.serial(), CertIdDigest::Sha1, None);
    let said = || edge.answer(&crate::pki::id("issuing"), &request);
    let is_good = || {
        let judged = judge(&said().der, &request, &pki.issuing, pki.clock.now());
        judged.is_ok_and(|judged| judged.responses[0].status == CertStatus::Good)
    };
    assert!(is_good() && !edge.is_altered());
    let whole = std::fs::read(&file).unwrap();
    let garbled: Vec<u8> = whole.iter().map(|octet| octet ^ 0x55).collect();
    for (number, wrong) in [(2, &whole[..whole.len() / 2]), (3, &whole[..64]), (4, &[]), (5, &garbled[..])] {
        std::fs::write(&file, wrong).unwrap();
        assert_eq!(said().refusal, Some(Refusal::TryLater));
        assert!(edge.is_altered());
        refused(intake.look());
        // A newer one; what is held cannot be compared with it any more.
        publisher.bundle("edge.bundle", number).await;
        match intake.look() {
            Looked::Taken(manifest) => assert_eq!(manifest.number, number),
            other => panic!("{other:?}"),
        }
        assert!(is_good() && !edge.is_altered());
    }
    // The very same one again, written into the same file.
    let whole = std::fs::read(&file).unwrap();
    std::fs::write(&file, &whole[..100]).unwrap();
    assert_eq!(said().refusal, Some(Refusal::TryLater));
    refused(intake.look());
    std::fs::write(&file, &whole).unwrap();
    assert!(matches!(intake.look(), Looked::Taken(manifest) if manifest.number == 5));
    assert!(is_good() && !edge.is_altered());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_delta_makes_the_later_bundle_of_the_earlier_and_of_no_other() {
    let publisher = Publisher::new("edge-delta").await;
    let pki = &publisher.pki;
    let mut certificates = Vec::new();
    for number in 0..40 {
        certificates.push(pki.issue(&format!("host{number}.lg.jp")).await);
    }
    let file = publisher.bundle("edge.bundle", 1).await;
    let kept = publisher.bundle("kept.bundle", 1).await;
    let (edge, mut intake) = publisher.edge(&file);
    assert!(matches!(intake.look(), Looked::Taken(_)));

    pki.clock.set(pki.clock.now().plus(Duration::from_secs(60)));
    pki.revoke(certificates[7].serial(), RevocationReason::Superseded).await;
    pki.crl().await;
    let later = publisher.bundle("later.bundle", 2).await;
    let delta = pki.scratch.path().join("edge.bundle.delta");
    let (one, other) = (open(&kept, &publisher.words), open(&later, &publisher.words));
    let changed = write_delta(&one, &other, File::create(&delta).unwrap()).unwrap();
    assert_eq!(changed, 2, "one answer and one list");
    let (small, large) = (std::fs::metadata(&delta).unwrap().len(), std::fs::metadata(&later).unwrap().len());
    assert!(small * 5 < large, "{small} octets instead of {large}");
    assert!(matches!(intake.look(), Looked::Taken(manifest) if manifest.number == 2));
    let held = edge.held().unwrap();
    assert_eq!(held.manifest(), other.manifest());
    for record in other.records() {
        let record = record.unwrap();
        let here = held.records().map(Result::unwrap).find(|here| here.key == record.key).unwrap();
        assert!(here.is_same_as(&record));
        assert_eq!(held.whole(&here).unwrap(), other.whole(&record).unwrap());
    }
    assert!(matches!(intake.look(), Looked::Nothing));
    // What a start finds is the later one.
    assert_eq!(open(&file, &publisher.words).manifest().number, 2);

    // An edge that has the later one already is not led back, and one that has another is not led astray.
    let third = publisher.bundle("third.bundle", 3).await;
    std::fs::rename(third, &file).unwrap();
    assert!(matches!(intake.look(), Looked::Taken(manifest) if manifest.number == 3));
    let again = pki.scratch.file("again", std::fs::read(&delta).unwrap());
    std::fs::rename(again, &delta).unwrap();
    assert!(refused(intake.look()).contains("its number is 2, and 3 was served already"));
    assert_eq!(edge.held().unwrap().manifest().number, 3);
    let ahead = pki.scratch.path().join("behind.bundle.delta");
    write_delta(&other, &open(&file, &publisher.words), File::create(&ahead).unwrap()).unwrap();
    let behind = pki.scratch.file("behind.bundle", std::fs::read(&kept).unwrap());
    let (edge, mut intake) = publisher.edge(&behind);
    assert!(matches!(intake.look(), Looked::Taken(_)));
    assert!(refused(intake.look()).contains("the delta builds on bundle 2, and this is 1"));
    assert_eq!(edge.held().unwrap().manifest().number, 1);
}

/// A bundle in memory, of a few artefacts.
fn in_memory() -> Vec<u8> {
    let scratch = lgpki_tests::tools::Scratch::new("edge-memory");
    let file = scratch.path().join("bundle");
    let mut writer = BundleWriter::begin(File::create(&file).unwrap()).unwrap();
    let at = Timestamp::from_seconds(1_800_000_000);
    for number in 0u8..70 {
        let path = format!("/aia/{number}.cer");
        let what = Artefact { path, kind: Kind::Certificate, number: 0, this_update: at, next_update: at };
        writer.add(&what, vec![number; usize::from(number)].as_slice()).unwrap();
    }
    let numbering = Numbering { origin: "0".repeat(32), number: 1, made_at: at };
    writer.finish(numbering, |manifest| Ok(ca_core::digest::hex(&sha256(manifest)))).unwrap();
    std::fs::read(file).unwrap()
}

/// A signature as far as these tests go.
fn holds(manifest: &[u8], seal: &str) -> Result<(), String> {
    if ca_core::digest::hex(&sha256(manifest)) == seal { Ok(()) } else { Err("it does not hold".to_owned()) }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_bundle_of_any_octets_is_refused_or_says_what_was_signed(
        changes in proptest::collection::vec((any::<proptest::sample::Index>(), any::<u8>()), 0..4),
        cut in proptest::option::of(any::<proptest::sample::Index>()),
        front in proptest::bool::ANY,
    ) {
        let whole = in_memory();
        let mut octets = whole.clone();
        for (place, octet) in changes {
            // Half of the time in the header, where lengths are.
            let length = if front { 64 } else { octets.len() };
            octets[place.index(length)] = octet;
        }
        if let Some(cut) = cut {
            octets.truncate(cut.index(octets.len()));
        }
        if let Ok(bundle) = Bundle::open(Arc::new(octets), &holds) {
            for number in 0u8..70 {
                let found = bundle.find(&format!("/aia/{number}.cer"));
                if let Ok(Some(record)) = found && let Ok(octets) = bundle.whole(&record) {
                    prop_assert_eq!(octets, vec![number; usize::from(number)]);
                }
            }
        }
    }

    #[test]
    fn no_octets_stop_the_reader(octets in proptest::collection::vec(any::<u8>(), 0..300)) {
        prop_assert!(Bundle::open(Arc::new(octets), &|_, _| Ok(())).is_err());
    }
}
