//! OCSP judged by OpenSSL: its requests are answered, its client believes the answers, and ours judges as strictly.

use std::path::Path;
use std::time::Duration;

use ca_core::key::{KeyAlgorithm, RsaPadding};
use ca_core::revocation::RevocationReason;
use ca_core::serial::SerialNumber;
use ca_core::time::{Clock, Timestamp};
use lgpki_tests::databases::Kind;
use ocsp::client::{NotBelieved, judge, question};
use ocsp::{CertId, CertIdDigest, CertStatus, IssuerHashes, OcspRequest, Refusal};

use crate::pki::{Pki, id, openssl, text};

/// Kinds of keys, and how they pad where that is RSA.
const KINDS: [(KeyAlgorithm, RsaPadding); 4] = [
    (KeyAlgorithm::P256, RsaPadding::Pkcs1),
    (KeyAlgorithm::P384, RsaPadding::Pkcs1),
    (KeyAlgorithm::Rsa2048, RsaPadding::Pkcs1),
    (KeyAlgorithm::Rsa2048, RsaPadding::Pss),
];

/// Asks with the request in `reqout` and shows OpenSSL the answer; gives what it says.
async fn asked(pki: &Pki, certificate: &Path, options: &str) -> String {
    let issuer = pki.scratch.file("issuing.pem", pki.issuing.to_pem());
    let root = pki.scratch.file("root.pem", pki.root.to_pem());
    let request = pki.scratch.path().join("request.der");
    let made =
        openssl(&format!("ocsp {options} -issuer {{}} -cert {{}} -reqout {{}}"), &[&issuer, certificate, &request]);
    assert!(made.status.success(), "{}", text(&made));
    let request_der = std::fs::read(&request).unwrap();
    let parsed = OcspRequest::parse(&request_der).unwrap();
    assert_eq!(parsed.to_der(), request_der, "our writer and OpenSSL's agree");
    let answer = pki.responder().answer(&id("issuing"), &parsed).await;
    let response = pki.scratch.file("response.der", &answer.der);
    let chain = pki.chain_file();
    // The request is read back with its nonce, which is compared; without -no_nonce openssl would put in another.
    let digest = options.strip_suffix("-no_nonce").or(options.strip_suffix("-nonce")).unwrap();
    let judged = openssl(
        &format!(
            "ocsp {digest} -no_nonce -issuer {{}} -cert {{}} -reqin {{}} -respin {{}} -CAfile {{}} -verify_other {{}}"
        ),
        &[&issuer, certificate, &request, &response, &chain, &root],
    );
    text(&judged)
}

#[tokio::test(flavor = "multi_thread")]
async fn openssl_believes_good_and_revoked_with_every_digest_nonce_and_key() {
    for kind in KINDS {
        let pki = Pki::found_signing(Kind::Sqlite, &format!("ocsp-{}-{}", kind.0, kind.1.as_str()), kind).await;
        let good = pki.issue("good.shirakaba.lg.jp").await;
        let bad = pki.issue("bad.shirakaba.lg.jp").await;
        pki.revoke(bad.serial(), RevocationReason::KeyCompromise).await;
        let (good, bad) = (pki.scratch.file("good.pem", good.to_pem()), pki.scratch.file("bad.pem", bad.to_pem()));
        for options in ["-no_nonce", "-nonce", "-sha256 -no_nonce", "-sha256 -nonce"] {
            let said = asked(&pki, &good, options).await;
            assert!(
                said.contains("Response verify OK") && said.contains("good.pem: good"),
                "{kind:?} {options}: {said}"
            );
            assert!(!said.contains("WARNING"), "{kind:?} {options}: {said}");
            let said = asked(&pki, &bad, options).await;
            assert!(
                said.contains("Response verify OK") && said.contains("bad.pem: revoked"),
                "{kind:?} {options}: {said}"
            );
            assert!(said.contains("Reason: keyCompromise"), "{kind:?} {options}: {said}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn presigned_answers_are_used_until_a_revocation_and_never_after_on_sqlite() {
    presigned_until_revoked(Kind::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn presigned_answers_are_used_until_a_revocation_and_never_after_on_postgres() {
    presigned_until_revoked(Kind::Postgres).await;
}

async fn presigned_until_revoked(kind: Kind) {
    let pki = Pki::found_on(kind, "ocsp-presigned", KeyAlgorithm::P256).await;
    let certificate = pki.issue("www.shirakaba.lg.jp").await;
    let responder = pki.responder();
    // The responder's own certificate is one of the issuer's, too.
    let done = responder.presign_pass(&id("issuing"), 100).await.unwrap();
    assert_eq!((done.stored, done.left_out), (2, 0));
    assert_eq!(responder.presign_pass(&id("issuing"), 100).await.unwrap().stored, 0);

    let ask = question(&pki.issuing, certificate.serial(), CertIdDigest::Sha1, None);
    let stored =
        pki.store.read().await.unwrap().presigned(&id("issuing"), certificate.serial()).await.unwrap().unwrap();
    assert_eq!(responder.answer(&id("issuing"), &ask).await.der, stored.der);
    let file = pki.scratch.file("www.pem", certificate.to_pem());
    assert!(asked(&pki, &file, "-no_nonce").await.contains("www.pem: good"));

    pki.revoke(certificate.serial(), RevocationReason::Superseded).await;
    assert!(asked(&pki, &file, "-no_nonce").await.contains("www.pem: revoked"));
    // The stale row again, as a pre-signer that lost the race would leave it.
    let mut txn = pki.store.write(pki.clock.now(), crate::pki::BY).await.unwrap();
    txn.store_presigned(&[stored]).await.unwrap();
    txn.commit(store::Step::OcspStored).await.unwrap();
    assert!(asked(&pki, &file, "-no_nonce").await.contains("www.pem: revoked"));
    let done = responder.presign(&id("issuing"), &[certificate.serial().clone()]).await.unwrap();
    assert_eq!(done.stored, 1);
    assert!(asked(&pki, &file, "-no_nonce").await.contains("www.pem: revoked"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_serial_that_was_never_issued_is_never_good() {
    let pki = Pki::found("ocsp-unissued", KeyAlgorithm::P256).await;
    let certificate = pki.issue("www.shirakaba.lg.jp").await;
    let responder = pki.responder();
    let never = SerialNumber::from_bytes(&[0x42; 16]).unwrap();
    for digest in CertIdDigest::ALL {
        for nonce in [None, Some(vec![7; 32])] {
            let ask = question(&pki.issuing, &never, digest, nonce);
            let answer = responder.answer(&id("issuing"), &ask).await;
            assert_eq!(answer.der, Refusal::Unauthorized.to_der());
            assert!(matches!(
                judge(&answer.der, &ask, &pki.issuing, pki.clock.now()),
                Err(NotBelieved::Refused(Refusal::Unauthorized))
            ));
        }
    }
    let name =
        |issuer, serial: &SerialNumber| CertId::new(IssuerHashes::of(issuer, CertIdDigest::Sha1), serial.clone());
    let answered = async |cert_ids| responder.answer(&id("issuing"), &OcspRequest::new(cert_ids, None)).await.der;
    let refused = Refusal::Unauthorized.to_der();
    // Beside a certificate that exists; another issuer's; another authority's address.
    assert_eq!(answered(vec![name(&pki.issuing, certificate.serial()), name(&pki.issuing, &never)]).await, refused);
    assert_eq!(answered(vec![name(&pki.root, certificate.serial())]).await, refused);
    let ask = OcspRequest::new(vec![name(&pki.root, pki.issuing.serial())], None);
    for authority in ["root", "nobody"] {
        assert_eq!(responder.answer(&id(authority), &ask).await.der, refused);
    }
    // A foreign certificate beside ours is unknown, and ours is answered.
    let both = OcspRequest::new(vec![name(&pki.issuing, certificate.serial()), name(&pki.root, &never)], None);
    let answer = responder.answer(&id("issuing"), &both).await;
    let judged = judge(&answer.der, &both, &pki.issuing, pki.clock.now()).unwrap();
    let statuses: Vec<CertStatus> = judged.responses.iter().map(|single| single.status).collect();
    assert_eq!(statuses, [CertStatus::Good, CertStatus::Unknown]);
}

#[tokio::test(flavor = "multi_thread")]
async fn no_answer_outlives_its_signer() {
    let pki = Pki::found("ocsp-signer-ends", KeyAlgorithm::P256).await;
    let certificate = pki.issue("www.shirakaba.lg.jp").await;
    let not_after = pki.responder_certificate.validity().not_after;
    let ask = question(&pki.issuing, certificate.serial(), CertIdDigest::Sha1, None);
    pki.clock.set(not_after.minus(Duration::from_secs(3600)));
    let responder = pki.responder();
    assert_eq!(responder.presign_pass(&id("issuing"), 10).await.unwrap().stored, 2);
    assert_eq!(
        responder.presign_pass(&id("issuing"), 10).await.unwrap().stored,
        0,
        "and nothing is signed again for it"
    );
    let answer = responder.answer(&id("issuing"), &ask).await;
    let judged = judge(&answer.der, &ask, &pki.issuing, pki.clock.now()).unwrap();
    assert_eq!(judged.responses.first().unwrap().next_update, Some(not_after));
    pki.clock.set(not_after.plus(Duration::from_secs(1)));
    assert_eq!(responder.answer(&id("issuing"), &ask).await.der, Refusal::InternalError.to_der());
    assert!(responder.presign_pass(&id("issuing"), 10).await.is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn our_client_believes_no_less_than_it_should() {
    let pki = Pki::found("ocsp-client", KeyAlgorithm::P256).await;
    let certificate = pki.issue("www.shirakaba.lg.jp").await;
    let other = pki.issue("other.shirakaba.lg.jp").await;
    let now = pki.clock.now();
    let ask = |nonce: Option<u8>| {
        question(&pki.issuing, certificate.serial(), CertIdDigest::Sha256, nonce.map(|octet| vec![octet; 32]))
    };
    let answer = pki.responder().answer(&id("issuing"), &ask(Some(1))).await.der;
    let judged = |der: &[u8], request: &OcspRequest, at: Timestamp| judge(der, request, &pki.issuing, at);

    let believed = judged(&answer, &ask(Some(1)), now).unwrap();
    assert_eq!(believed.responder.unwrap().der(), pki.responder_certificate.der());
    assert_eq!(believed.responses.first().unwrap().status, CertStatus::Good);
    assert!(matches!(judged(&answer, &ask(Some(2)), now), Err(NotBelieved::Nonce)));
    let unrelated = question(&pki.issuing, other.serial(), CertIdDigest::Sha256, None);
    assert!(matches!(judged(&answer, &unrelated, now), Err(NotBelieved::NotAnswered(_))));
    let day = Duration::from_secs(86_400);
    assert!(matches!(judged(&answer, &ask(None), now.plus(day * 2)), Err(NotBelieved::NotCurrent { .. })));
    assert!(matches!(judge(&answer, &ask(None), &pki.root, now), Err(NotBelieved::ResponderNotVerified(_))));
    // Each octet matters: no flipped bit is believed.
    for at in 0..answer.len() {
        let mut flipped = answer.clone();
        *flipped.get_mut(at).unwrap() ^= 0x01;
        assert!(judged(&flipped, &ask(Some(1)), now).is_err(), "octet {at}");
    }
    // A web server's certificate may not answer for the authority.
    let mut txn = pki.store.write(now, crate::pki::BY).await.unwrap();
    txn.set_ocsp_responder(&id("issuing"), other.der(), &crate::pki::label("other-shirakaba-lg-jp")).await.unwrap();
    txn.commit(store::Step::Setup).await.unwrap();
    let answer = pki.responder().answer(&id("issuing"), &ask(None)).await.der;
    assert!(matches!(judged(&answer, &ask(None), now), Err(NotBelieved::NotDelegated(_))));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_is_not_the_responders_answers_nothing() {
    let pki = Pki::found("ocsp-wrong-key", KeyAlgorithm::P256).await;
    let certificate = pki.issue("www.shirakaba.lg.jp").await;
    let mut txn = pki.store.write(pki.clock.now(), crate::pki::BY).await.unwrap();
    let der = pki.responder_certificate.der();
    txn.set_ocsp_responder(&id("issuing"), der, &crate::pki::label("www-shirakaba-lg-jp")).await.unwrap();
    txn.commit(store::Step::Setup).await.unwrap();
    let ask = question(&pki.issuing, certificate.serial(), CertIdDigest::Sha1, None);
    assert_eq!(pki.responder().answer(&id("issuing"), &ask).await.der, Refusal::InternalError.to_der());
    // A key store that is gone for the moment: come again.
    let mut txn = pki.store.write(pki.clock.now(), crate::pki::BY).await.unwrap();
    txn.set_ocsp_responder(&id("issuing"), der, &crate::pki::label("elsewhere")).await.unwrap();
    txn.commit(store::Step::Setup).await.unwrap();
    assert_eq!(pki.responder().answer(&id("issuing"), &ask).await.der, Refusal::TryLater.to_der());
}
