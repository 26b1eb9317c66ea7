//! Answers in memory: the same octets as in the database, and gone as soon as they are not true.

use std::time::Duration;

use ca_core::certificate::Certificate;
use ca_core::der::Writer;
use ca_core::digest::sha256;
use ca_core::key::{KeyAlgorithm, RsaPadding};
use ca_core::oid;
use ca_core::revocation::{Revocation, RevocationReason};
use ca_core::time::Clock;
use lgpki_tests::databases::Kind;
use ocsp::client::{judge, question};
use ocsp::{Asked, CertIdDigest, CertStatus, Follower, OcspRequest, OcspResponse, Responder};
use store::{OpenOptions, Step, Store};

use crate::pki::{BY, Pki, id};

async fn answered(pki: &Pki, responder: &Responder, certificate: &Certificate) -> Vec<u8> {
    let question = question(&pki.issuing, certificate.serial(), CertIdDigest::Sha1, None);
    responder.answer(&id("issuing"), &question).await.der
}

async fn said(pki: &Pki, responder: &Responder, certificate: &Certificate) -> CertStatus {
    match OcspResponse::parse(&answered(pki, responder, certificate).await).unwrap() {
        OcspResponse::Signed(signed) => signed.data.responses.first().unwrap().status,
        OcspResponse::Refused(refusal) => panic!("{}", refusal.name()),
    }
}

async fn stored(pki: &Pki, certificate: &Certificate) -> Vec<u8> {
    let mut txn = pki.store.read().await.unwrap();
    txn.presigned(&id("issuing"), certificate.serial()).await.unwrap().unwrap().der
}

fn is_revoked(status: CertStatus) -> bool {
    matches!(status, CertStatus::Revoked { .. })
}

async fn octet_for_octet(kind: (KeyAlgorithm, RsaPadding), database: Kind) {
    let pki = Pki::found_signing(database, "ocsp-memory", kind).await;
    let (good, bad) = (pki.issue("good.shirakaba.lg.jp").await, pki.issue("bad.shirakaba.lg.jp").await);
    pki.revoke(bad.serial(), RevocationReason::KeyCompromise).await;
    let responder = pki.responder();
    let serials = [good.serial().clone(), bad.serial().clone()];
    responder.presign(&id("issuing"), &serials).await.unwrap();
    let mut follower = Follower::default();
    responder.follow(&mut follower).await.unwrap();
    for certificate in [&good, &bad] {
        let first = stored(&pki, certificate).await;
        assert_eq!(answered(&pki, &responder, certificate).await, first);
        // It is memory that says so: another answer is in the database until the next look.
        pki.clock.set(pki.clock.now().plus(Duration::from_secs(2)));
        responder.presign(&id("issuing"), &serials).await.unwrap();
        let second = stored(&pki, certificate).await;
        assert_ne!(second, first);
        assert_eq!(answered(&pki, &responder, certificate).await, first);
        responder.follow(&mut follower).await.unwrap();
        assert_eq!(answered(&pki, &responder, certificate).await, second);
    }
    assert!(!is_revoked(said(&pki, &responder, &good).await));
    assert!(is_revoked(said(&pki, &responder, &bad).await));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_from_memory_is_the_stored_one_octet_for_octet() {
    octet_for_octet((KeyAlgorithm::P256, RsaPadding::Pkcs1), Kind::Sqlite).await;
    octet_for_octet((KeyAlgorithm::P256, RsaPadding::Pkcs1), Kind::Postgres).await;
    octet_for_octet((KeyAlgorithm::Rsa2048, RsaPadding::Pss), Kind::Sqlite).await;
}

/// The same question by SHA-256, its algorithm without parameters.
fn asked_without_parameters(pki: &Pki, certificate: &Certificate) -> Vec<u8> {
    let issuer = &pki.issuing;
    let cert_id = |w: &mut Writer| {
        w.unsigned(certificate.serial().as_bytes());
        w.octet_string(&sha256(issuer.key().key_bits()));
        w.octet_string(&sha256(issuer.subject().as_der()));
        w.sequence(|w| w.oid(oid::SHA256));
    };
    Writer::build(|w| w.sequence(|w| w.sequence(|w| w.sequence(|w| w.sequence(|w| w.sequence(cert_id))))))
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_signed_at_once_is_what_would_be_signed_after_asking_the_database() {
    let pki = Pki::found("ocsp-at-once", KeyAlgorithm::P256).await;
    let (good, bad) = (pki.issue("good.shirakaba.lg.jp").await, pki.issue("bad.shirakaba.lg.jp").await);
    pki.revoke(bad.serial(), RevocationReason::KeyCompromise).await;
    let responder = pki.responder();
    responder.presign(&id("issuing"), &[good.serial().clone(), bad.serial().clone()]).await.unwrap();
    responder.follow(&mut Follower::default()).await.unwrap();
    for certificate in [&good, &bad] {
        let nonce = || Some(vec![7; 32]);
        let asked = |digest, nonce| question(&pki.issuing, certificate.serial(), digest, nonce).to_der();
        for body in [
            asked(CertIdDigest::Sha1, nonce()),
            asked(CertIdDigest::Sha256, nonce()),
            asked(CertIdDigest::Sha256, None),
            asked_without_parameters(&pki, certificate),
        ] {
            let question = OcspRequest::parse(&body).unwrap();
            let mut response = Vec::new();
            let asked = Asked { path: "/ocsp/issuing", body: Some(&body), if_none_match: None };
            assert!(responder.respond_at_once(&asked, &mut response), "the key is quick");
            let head = response.windows(4).position(|four| four == b"\r\n\r\n").unwrap() + 4;
            let at_once = &response[head..];
            judge(at_once, &question, &pki.issuing, pki.clock.now()).unwrap();
            let after = responder.answer(&id("issuing"), &question).await.der;
            assert_eq!(to_be_signed(at_once), to_be_signed(&after));
        }
    }
}

fn to_be_signed(der: &[u8]) -> Vec<u8> {
    match OcspResponse::parse(der).unwrap() {
        OcspResponse::Signed(signed) => signed.tbs,
        OcspResponse::Refused(refusal) => panic!("{}", refusal.name()),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_revocation_is_seen_at_once_here_and_with_the_next_look_elsewhere() {
    let pki = Pki::found("ocsp-memory-revoked", KeyAlgorithm::P256).await;
    let (here, there) = (pki.issue("here.shirakaba.lg.jp").await, pki.issue("there.shirakaba.lg.jp").await);
    let responder = pki.responder();
    responder.presign(&id("issuing"), &[here.serial().clone(), there.serial().clone()]).await.unwrap();
    let mut follower = Follower::default();
    responder.follow(&mut follower).await.unwrap();
    pki.revoke(here.serial(), RevocationReason::Superseded).await;
    assert!(is_revoked(said(&pki, &responder, &here).await), "at once, before any look");
    responder.follow(&mut follower).await.unwrap();
    assert!(is_revoked(said(&pki, &responder, &here).await));
    assert!(!is_revoked(said(&pki, &responder, &there).await));

    // Another process has a store of its own.
    let other = Store::open(pki.database.url(), &OpenOptions::new(pki.entropy.clone())).await.unwrap();
    let reason = RevocationReason::Superseded;
    let mut txn = other.write(pki.clock.now(), BY).await.unwrap();
    let revocation = Revocation { reason, revoked_at: pki.clock.now(), invalidity_at: None };
    txn.revoke(&id("issuing"), there.serial(), &revocation).await.unwrap();
    txn.commit(Step::Revoked).await.unwrap();
    responder.follow(&mut follower).await.unwrap();
    assert!(is_revoked(said(&pki, &responder, &there).await), "with the next look");
}

#[tokio::test(flavor = "multi_thread")]
async fn memory_nobody_has_looked_after_is_not_asked() {
    let pki = Pki::found("ocsp-memory-alone", KeyAlgorithm::P256).await;
    let certificate = pki.issue("alone.shirakaba.lg.jp").await;
    let responder = pki.responder();
    responder.presign(&id("issuing"), &[certificate.serial().clone()]).await.unwrap();
    responder.follow(&mut Follower::default()).await.unwrap();
    let first = stored(&pki, &certificate).await;
    pki.clock.set(pki.clock.now().plus(Duration::from_secs(1)));
    responder.presign(&id("issuing"), &[certificate.serial().clone()]).await.unwrap();
    assert_eq!(answered(&pki, &responder, &certificate).await, first);
    pki.clock.set(pki.clock.now().plus(Duration::from_secs(6)));
    assert_eq!(answered(&pki, &responder, &certificate).await, stored(&pki, &certificate).await);
    // A clock that went back is no reason to believe it.
    pki.clock.set(pki.clock.now().minus(Duration::from_secs(60)));
    assert_ne!(answered(&pki, &responder, &certificate).await, first);
}
