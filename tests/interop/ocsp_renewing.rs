//! Which answers are signed again, and which of them first.

use std::time::Duration;

use ca_core::certificate::Certificate;
use ca_core::key::KeyAlgorithm;
use ca_core::time::{Clock, Timestamp};
use lgpki_tests::databases::Kind;
use ocsp::client::{judge, question};
use ocsp::{Asked, CertIdDigest, Follower, OcspRequest, Presigned, Responder};

use crate::pki::{Pki, id};

const HOUR: Duration = Duration::from_secs(3600);

async fn issued(pki: &Pki, count: usize) -> Vec<Certificate> {
    let mut certificates = Vec::new();
    for n in 0..count {
        certificates.push(pki.issue(&format!("r{n}.shirakaba.lg.jp")).await);
    }
    certificates
}

async fn pass(responder: &Responder, limit: u32) -> Presigned {
    responder.presign_pass(&id("issuing"), limit).await.unwrap()
}

/// From when to when the stored answer may be believed.
async fn window(pki: &Pki, certificate: &Certificate) -> Option<(Timestamp, Timestamp)> {
    let row = pki.store.read().await.unwrap().presigned(&id("issuing"), certificate.serial()).await.unwrap();
    row.map(|row| (row.this_update, row.next_update))
}

async fn signed_at(pki: &Pki, certificate: &Certificate, at: Timestamp) -> bool {
    window(pki, certificate).await.is_some_and(|(this_update, _)| this_update == at)
}

async fn asks(pki: &Pki, responder: &Responder, certificate: &Certificate, nonce: Option<Vec<u8>>) {
    let question: OcspRequest = question(&pki.issuing, certificate.serial(), CertIdDigest::Sha1, nonce);
    assert_eq!(responder.answer(&id("issuing"), &question).await.refusal, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_signed_together_end_apart_and_each_is_renewed_between_8_and_12_hours() {
    let pki = Pki::found("ocsp-renewing-apart", KeyAlgorithm::P256).await;
    let certificates = issued(&pki, 6).await;
    let (responder, begun) = (pki.responder(), pki.clock.now());
    pass(&responder, 100).await;
    let mut renewed = Vec::new();
    for certificate in &certificates {
        let (this_update, next_update) = window(&pki, certificate).await.unwrap();
        let life = next_update.since(this_update);
        assert!(life > HOUR * 20 && life <= HOUR * 24, "{life:?}");
        renewed.push(next_update.minus(HOUR * 12));
    }
    renewed.sort_unstable();
    renewed.dedup();
    assert_eq!(renewed.len(), certificates.len(), "no two at the same time");
    pki.clock.set(begun.plus(HOUR * 8));
    assert_eq!(pass(&responder, 100).await.stored, 0);
    let first = *renewed.first().unwrap();
    pki.clock.set(first.plus(Duration::from_secs(1)));
    let mut firsts = 0;
    for certificate in &certificates {
        firsts += usize::from(window(&pki, certificate).await.unwrap().1.minus(HOUR * 12) == first);
    }
    assert!(pass(&responder, 100).await.stored >= firsts);
    pki.clock.set(begun.plus(HOUR * 12).plus(Duration::from_secs(1)));
    pass(&responder, 100).await;
    for certificate in &certificates {
        assert!(window(&pki, certificate).await.unwrap().0 > begun, "renewed by now");
    }
}

async fn asked_for_first(database: Kind) {
    let pki = Pki::found_on(database, "ocsp-renewing-asked", KeyAlgorithm::P256).await;
    let certificates = issued(&pki, 5).await;
    let responder = pki.responder();
    // Missing ones: who is asked for is answered live, and signed ahead next.
    let [.., asked] = certificates.as_slice() else { panic!("five were issued") };
    asks(&pki, &responder, asked, None).await;
    let begun = pki.clock.now();
    assert_eq!(pass(&responder, 1).await.stored, 1);
    assert!(signed_at(&pki, asked, begun.whole_seconds()).await);

    pass(&responder, 100).await;
    let mut follower = Follower::default();
    responder.follow(&mut follower).await.unwrap();
    // All are due, and only two fit. One was asked for in memory, one with a nonce; the two that end last.
    let mut ending = Vec::new();
    for certificate in &certificates {
        ending.push((window(&pki, certificate).await.unwrap().1, certificate));
    }
    ending.sort_by_key(|(next_update, _)| *next_update);
    let [(_, first), .., (_, once), (_, live)] = ending.as_slice() else { panic!("five were issued") };
    asks(&pki, &responder, once, None).await;
    // What is found again by the next look was asked for all the same.
    responder.follow(&mut follower).await.unwrap();
    asks(&pki, &responder, live, Some(vec![7; 32])).await;
    let later = begun.plus(HOUR * 13).whole_seconds();
    pki.clock.set(later);
    assert_eq!(pass(&responder, 2).await.stored, 2);
    assert!(signed_at(&pki, once, later).await && signed_at(&pki, live, later).await);
    // Then what ends first.
    assert_eq!(pass(&responder, 1).await.stored, 1);
    let mut all: Vec<(Timestamp, bool)> = Vec::new();
    for (next_update, certificate) in &ending {
        all.push((*next_update, signed_at(&pki, certificate, later).await));
    }
    let responders = signed_at(&pki, &pki.responder_certificate, later).await;
    assert!(signed_at(&pki, first, later).await || responders, "{all:?}");
    assert_eq!(all.iter().filter(|(_, renewed)| *renewed).count() + usize::from(responders), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_asked_for_is_renewed_before_what_nobody_asks_for() {
    asked_for_first(Kind::Sqlite).await;
    asked_for_first(Kind::Postgres).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_long_time_without_a_key_what_ends_first_is_renewed_first() {
    let pki = Pki::found("ocsp-renewing-long", KeyAlgorithm::P256).await;
    let certificates = issued(&pki, 5).await;
    let responder = pki.responder();
    pass(&responder, 100).await;
    let mut ending = vec![(window(&pki, &pki.responder_certificate).await.unwrap().1, &pki.responder_certificate)];
    for certificate in &certificates {
        ending.push((window(&pki, certificate).await.unwrap().1, certificate));
    }
    ending.sort_by_key(|(next_update, _)| *next_update);
    let late = pki.clock.now().plus(HOUR * 23).whole_seconds();
    pki.clock.set(late);
    let new = pki.issue("new.shirakaba.lg.jp").await;
    for (_, certificate) in &ending {
        assert_eq!(pass(&responder, 1).await.stored, 1);
        assert!(signed_at(&pki, certificate, late).await, "each in its turn");
    }
    assert_eq!(window(&pki, &new).await, None);
    assert_eq!(pass(&responder, 1).await.stored, 1);
    assert!(signed_at(&pki, &new, late).await, "nobody has asked for it: last");
    assert_eq!(pass(&responder, 1).await.stored, 0);
}

/// The answer from memory, and whose key has signed it.
async fn remembered(pki: &Pki, responder: &Responder, certificate: &Certificate) -> (Vec<u8>, Certificate) {
    let question = question(&pki.issuing, certificate.serial(), CertIdDigest::Sha1, None);
    let (body, mut out) = (question.to_der(), Vec::new());
    let asked = Asked { path: "/ocsp/issuing", body: Some(&body), if_none_match: None };
    assert!(responder.respond_at_once(&asked, &mut out), "it is in memory");
    let row = pki.store.read().await.unwrap().presigned(&id("issuing"), certificate.serial()).await.unwrap().unwrap();
    assert!(out.ends_with(&row.der), "octet for octet");
    let judged = judge(&row.der, &question, &pki.issuing, pki.clock.now()).unwrap();
    let signer = judged.responder.unwrap();
    assert!(row.next_update <= signer.validity().not_after, "no answer outlives its signer");
    (row.der, signer)
}

#[tokio::test(flavor = "multi_thread")]
async fn when_a_responder_has_a_new_key_answers_of_two_signers_are_told_until_the_old_ones_are_replaced() {
    let pki = Pki::found("ocsp-renewing-signers", KeyAlgorithm::P256).await;
    let certificates = issued(&pki, 3).await;
    let old = pki.responder_certificate.clone();
    pki.clock.set(old.validity().not_after.minus(HOUR * 3));
    let (responder, mut follower) = (pki.responder(), Follower::default());
    pass(&responder, 100).await;
    responder.follow(&mut follower).await.unwrap();
    for certificate in &certificates {
        assert_eq!(window(&pki, certificate).await.unwrap().1, old.validity().not_after);
    }
    let new = pki.renew_responder().await;
    // A process asks a minute later who answers now.
    pki.clock.set(pki.clock.now().plus(Duration::from_secs(61)));
    responder.follow(&mut follower).await.unwrap();
    let [first, second, third] = certificates.as_slice() else { panic!("three were issued") };
    for certificate in &certificates {
        assert_eq!(remembered(&pki, &responder, certificate).await.1.der(), old.der());
    }
    responder.presign(&id("issuing"), &[first.serial().clone()]).await.unwrap();
    pki.clock.set(pki.clock.now().plus(Duration::from_secs(1)));
    responder.follow(&mut follower).await.unwrap();
    assert_eq!(remembered(&pki, &responder, first).await.1.der(), new.der());
    assert_eq!(remembered(&pki, &responder, second).await.1.der(), old.der());
    // Those of the old one end with it, so all are due now that they can last longer.
    pass(&responder, 100).await;
    responder.follow(&mut follower).await.unwrap();
    pki.clock.set(old.validity().not_after.plus(Duration::from_secs(1)));
    responder.follow(&mut follower).await.unwrap();
    for certificate in [first, second, third] {
        assert_eq!(remembered(&pki, &responder, certificate).await.1.der(), new.der());
    }
}
