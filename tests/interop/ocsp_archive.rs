//! Archive cutoff (RFC 6960 §4.4.4): where status is told for longer than certificates last, every answer says since when, however
//! it was made; OpenSSL reads it.

use std::collections::HashSet;
use std::fs::File;
use std::sync::Arc;
use std::time::Duration;

use ca_core::certificate::Certificate;
use ca_core::kana::KanaWords;
use ca_core::key::{KeyAlgorithm, RsaPadding};
use ca_core::revocation::RevocationReason;
use ca_core::serial::SerialNumber;
use ca_core::time::{Clock, Timestamp};
use lgpki::edge::{Intake, Looked, Making, signed_by};
use lgpki_tests::databases::Kind;
use ocsp::bundle::Bundle;
use ocsp::client::{judge, question};
use ocsp::edge::Edge;
use ocsp::{
    CertId, CertIdDigest, CertStatus, Follower, IssuerHashes, OcspPolicies, OcspPolicy, OcspRequest, OcspResponse,
    Refusal, Responder, SingleResponse,
};
use store::bundles::BundleNumber;

use crate::pki::{Pki, id, label, openssl, text};

fn archivist(pki: &Pki) -> Responder {
    let archives = HashSet::from([id("issuing")]);
    pki.responder_by(OcspPolicies { archives, ..OcspPolicies::from(OcspPolicy::DEFAULT) })
}

fn begun(pki: &Pki) -> Timestamp {
    pki.issuing.validity().not_before
}

fn said(der: &[u8]) -> Vec<SingleResponse> {
    match OcspResponse::parse(der).unwrap() {
        OcspResponse::Signed(signed) => signed.data.responses,
        OcspResponse::Refused(refusal) => panic!("{}", refusal.name()),
    }
}

fn read_by_openssl(pki: &Pki, der: &[u8], name: &str) -> String {
    let file = pki.scratch.file(name, der);
    text(&openssl("ocsp -respin {} -text -noverify", &[&file]))
}

async fn told_by_every_answer(kind: (KeyAlgorithm, RsaPadding)) {
    let pki = Pki::found_signing(Kind::Sqlite, "ocsp-archive", kind).await;
    let (good, bad) = (pki.issue("good.shirakaba.lg.jp").await, pki.issue("bad.shirakaba.lg.jp").await);
    pki.revoke(bad.serial(), RevocationReason::KeyCompromise).await;
    let responder = archivist(&pki);
    responder.presign_pass(&id("issuing"), 100).await.unwrap();
    let asked = async |responder: &Responder, certificate: &Certificate, nonce: Option<Vec<u8>>, digest| {
        let question = question(&pki.issuing, certificate.serial(), digest, nonce);
        let answer = responder.answer(&id("issuing"), &question).await;
        judge(&answer.der, &question, &pki.issuing, pki.clock.now()).unwrap();
        answer.der
    };
    let from_database = asked(&responder, &good, None, CertIdDigest::Sha1).await;
    responder.follow(&mut Follower::default()).await.unwrap();
    assert!(responder.in_memory() >= 2);
    let from_memory = asked(&responder, &good, None, CertIdDigest::Sha1).await;
    assert_eq!(from_memory, from_database);
    let revoked = asked(&responder, &bad, None, CertIdDigest::Sha1).await;
    let live = asked(&responder, &good, Some(vec![7; 32]), CertIdDigest::Sha1).await;
    let sha256 = asked(&responder, &bad, None, CertIdDigest::Sha256).await;
    let date = begun(&pki).http_date();
    let [_, day, month, year, time, _] = date.split(' ').collect::<Vec<_>>()[..] else { panic!("{date}") };
    let cutoff =
        format!("Archive Cutoff: \n                {month} {:>2} {time} {year} GMT", day.trim_start_matches('0'));
    for (name, der) in [("memory", from_memory), ("revoked", revoked), ("live", live), ("sha256", sha256)] {
        assert_eq!(said(&der).first().unwrap().archive_cutoff, Some(begun(&pki)), "{name}");
        let text = read_by_openssl(&pki, &der, name);
        assert!(text.contains(&cutoff), "{name}: {cutoff} is not in {text}");
    }
    // Who keeps no history says nothing, and nobody says it of another's certificate.
    let silent = asked(&pki.responder(), &good, Some(vec![1; 32]), CertIdDigest::Sha1).await;
    assert!(!read_by_openssl(&pki, &silent, "silent").contains("Archive"));
    let name =
        |issuer, serial: &SerialNumber| CertId::new(IssuerHashes::of(issuer, CertIdDigest::Sha1), serial.clone());
    let both = vec![name(&pki.issuing, good.serial()), name(&pki.root, pki.issuing.serial())];
    let answer = responder.answer(&id("issuing"), &OcspRequest::new(both, None)).await;
    let cutoffs: Vec<_> = said(&answer.der).iter().map(|single| single.archive_cutoff).collect();
    assert_eq!(cutoffs, [Some(begun(&pki)), None]);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_answer_of_a_responder_that_keeps_history_says_since_when() {
    told_by_every_answer((KeyAlgorithm::P256, RsaPadding::Pkcs1)).await;
    told_by_every_answer((KeyAlgorithm::Rsa2048, RsaPadding::Pss)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_kept_is_told_past_the_end_also_by_an_edge() {
    let pki = Pki::found("ocsp-archive-past", KeyAlgorithm::P256).await;
    let (code, bad) = (pki.issue_for_code("code").await, pki.issue_for_code("bad").await);
    let server = pki.issue("www.shirakaba.lg.jp").await;
    pki.revoke(bad.serial(), RevocationReason::KeyCompromise).await;
    let late = code.validity().not_after.plus(Duration::from_secs(30 * 86_400));
    pki.clock.set(late);
    pki.renew_responder().await;
    let responder = archivist(&pki);
    assert_eq!(
        responder.presign_pass(&id("issuing"), 100).await.unwrap().stored,
        3,
        "two for code, and the new responder's"
    );
    let ask = |serial: &SerialNumber| question(&pki.issuing, serial, CertIdDigest::Sha1, None);
    let key = pki.keys.create(&label("edge"), KeyAlgorithm::P256).unwrap();
    let making =
        Making { store: pki.store.clone(), responder: responder.clone(), signer: pki.signer(), key: label("edge") };
    let file = pki.scratch.path().join("edge.bundle");
    let number = BundleNumber { origin: "0".repeat(32), number: 1 };
    making.complete(&file, number, late).await.unwrap();
    let words = KanaWords::of(&key.fingerprint());
    drop(Bundle::open(Arc::new(File::open(&file).unwrap()), &signed_by(&words)).unwrap());
    let edge = Edge::new(pki.clock.clone());
    assert!(matches!(Intake::new(&file, words, edge.clone()).look(), Looked::Taken(_)));
    for (certificate, revoked) in [(&code, false), (&bad, true)] {
        let question = ask(certificate.serial());
        for answer in [responder.answer(&id("issuing"), &question).await, edge.answer(&id("issuing"), &question)] {
            let judged = judge(&answer.der, &question, &pki.issuing, late).unwrap();
            let single = judged.responses.first().unwrap();
            assert_eq!(matches!(single.status, CertStatus::Revoked { .. }), revoked);
            assert_eq!(single.archive_cutoff, Some(begun(&pki)));
        }
    }
    // One that is not kept ahead is known as long as the database is; what was never issued is nobody's.
    let question = ask(server.serial());
    let live = responder.answer(&id("issuing"), &question).await;
    assert_eq!(
        judge(&live.der, &question, &pki.issuing, late).unwrap().responses.first().unwrap().status,
        CertStatus::Good
    );
    assert_eq!(edge.answer(&id("issuing"), &question).refusal, Some(Refusal::Unauthorized));
    let never = ask(&SerialNumber::from_bytes(&[1, 2, 3]).unwrap());
    assert_eq!(responder.answer(&id("issuing"), &never).await.refusal, Some(Refusal::Unauthorized));
    assert_eq!(edge.answer(&id("issuing"), &never).refusal, Some(Refusal::Unauthorized));
}
