//! SHA-1 and RSA of 1024 bits are refused wherever something is signed or handed in to be signed. OCSP requests that name an
//! issuer by SHA-1 are still answered: that protects nothing (docs/leniency.md), and `ocsp_openssl` asks so.

use ca_core::certificate::{Certificate, CertificateError};
use ca_core::entropy::Entropy;
use ca_core::issue::{Authority, Order, PublicAddresses, prepare};
use ca_core::key::{KeyAlgorithm, KeyError, RsaPadding, SignatureAlgorithm, SignatureAlgorithmError, SubjectKey};
use ca_core::profile::{Family, Pack};
use ca_core::request::{Csr, CsrError};
use ca_core::signer::{KeyKeeper, Signer, SignerError, Tbs};
use ca_core::testing::CountingEntropy;
use ca_core::time::Clock;
use ca_core::verify::verify;
use crl::{CertificateList, inspect::CrlError};
use hsm_adapters::holder::HolderKey;
use lgpki_tests::databases::Kind;
use lgpki_tests::policy::{pack, server_subject};
use lgpki_tests::token::{PIN, TOKEN, with_token};
use lgpki_tests::tools::soft_keys;
use ocsp::client::question;
use ocsp::response::ResponseError;
use ocsp::{CertIdDigest, OcspResponse};
use std::process::Command;

use crate::pki::{Pki, Scratch, id, label, openssl, text};

const SHA1_WITH_RSA: &str = "1.2.840.113549.1.1.5";

/// DER with every sha256WithRSAEncryption in it turned into sha1WithRSAEncryption.
fn as_sha1(der: &[u8]) -> Vec<u8> {
    let (sha256, mut der) = (b"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0b", der.to_vec());
    let places: Vec<usize> = der.windows(9).enumerate().filter(|(_, seen)| seen == sha256).map(|(at, _)| at).collect();
    assert!(!places.is_empty());
    places.into_iter().for_each(|at| der[at + 8] = 0x05);
    der
}

fn unsupported() -> SignatureAlgorithmError {
    SignatureAlgorithmError::Unsupported(SHA1_WITH_RSA.into())
}

fn pem(name: &str) -> Vec<u8> {
    std::fs::read(std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("keys").join(name)).unwrap()
}

fn short_key() -> SubjectKey {
    Csr::parse(&pem("rsa1024.csr.pem")).unwrap().key().clone()
}

#[test]
fn no_signature_algorithm_is_over_sha1_and_no_key_is_made_short() {
    use ca_core::key::SignatureHash::{Sha256, Sha384};
    for algorithm in SignatureAlgorithm::ALL {
        assert!(matches!(algorithm.hash(), None | Some(Sha256 | Sha384)), "{algorithm:?}");
    }
    let scratch = Scratch::new("refused-keys");
    let keys = soft_keys(scratch.path());
    let refused = keys.create(&label("short"), KeyAlgorithm::Rsa(1024));
    assert!(matches!(refused, Err(SignerError::Unusable { .. })), "{refused:?}");
    assert!(HolderKey::generate(KeyAlgorithm::Rsa(1024)).is_err());
    assert_eq!(KeyAlgorithm::parse("rsa1024"), None, "no command line and no configuration can ask for one");
}

#[test]
fn requests_over_sha1_or_with_a_short_key_prove_nothing() {
    let proof = |name: &str| Csr::parse(&pem(name)).and_then(Csr::prove).map(drop);
    assert_eq!(proof("sha1.csr.pem"), Err(CsrError::SignatureAlgorithm(unsupported())));
    assert!(matches!(proof("rsa1024.csr.pem"), Err(CsrError::Key(KeyError::Weak(_)))));
}

#[test]
fn packs_name_neither() {
    let text = ca_core::profile::pack::SHIPPED[0].1;
    let said = |old: &str, new: &str| Pack::parse(&text.replacen(old, new, 1), "p.toml").unwrap_err().to_string();
    assert!(said("\"rsa2048\"]\ncrl", "\"rsa1024\"]\ncrl").contains("`rsa1024` is no kind of key"));
    assert!(
        said("encoding = \"printable\"\nkeys", "encoding = \"printable\"\nsignature = \"rsa-sha1\"\nkeys")
            .contains("`rsa-sha1` is no signature")
    );
}

/// Every profile, those of CAs, links and cross-certificates among them, certifies no short key under any authority.
#[test]
fn nothing_is_prepared_for_a_short_key() {
    let (pack, entropy, key) = (pack(&["root"]), CountingEntropy::seeded(1), short_key());
    let root = Pack::shipped("lgwan-private").unwrap().unwrap().authorities[0].clone();
    let now = pack.effective_from;
    let founder = Authority::founding(id("root"), root.subject.clone(), key.clone(), label("root"));
    for profile in pack.profiles() {
        let order = Order::ceremony(profile, server_subject("www.shirakaba.lg.jp"), key.clone());
        let entropy: &dyn Entropy = &entropy;
        assert!(prepare(&pack, &founder, order, entropy, now).is_err(), "{}", profile.id);
    }
    let own = Order::ceremony(pack.profile_named("root-ca").unwrap(), root.subject.clone(), key);
    let refused = prepare(&pack, &founder, own, &entropy, now).unwrap_err().to_string();
    assert!(refused.contains("rsa1024"), "{refused}");
    assert!(pack.profiles().iter().any(|profile| profile.family == Family::OldWithNew), "links are among them");
    assert!(pack.profiles().iter().all(|profile| !profile.certifies(KeyAlgorithm::Rsa(1024))));
}

#[test]
fn a_short_key_verifies_nothing() {
    let scratch = Scratch::new("refused-short");
    let (key, message) = (scratch.path().join("key.pem"), scratch.file("message", b"message"));
    assert!(openssl("genrsa -traditional -out {} 1024", &[&key]).status.success());
    let signature = openssl("dgst -sha256 -sign {} {}", &[&key, &message]).stdout;
    let spki = openssl("rsa -in {} -pubout -outform DER", &[&key]).stdout;
    let key = SubjectKey::from_spki_der(&spki).unwrap();
    assert!(verify(&key, SignatureAlgorithm::RsaSha256, b"message", &signature).is_err());
    assert!(key.check_strength().is_err());
}

/// Somebody else's tool has put it there, under the label of an authority.
#[test]
fn a_token_makes_no_short_key_and_signs_with_none_that_it_has() {
    with_token(|hsm| {
        let keys = hsm.keys();
        let refused = keys.create(&label("made"), KeyAlgorithm::Rsa(1024));
        assert!(matches!(refused, Err(SignerError::Unusable { .. })), "{refused:?}");
        let key = hsm.folder().join("short.pem");
        assert!(openssl("genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:1024 -out {}", &[&key]).status.success());
        let mut util = Command::new("softhsm2-util");
        let util = hsm.give(&mut util).arg("--import").arg(&key).args(["--token", TOKEN, "--pin", PIN]);
        let imported = util.args(["--label", "short", "--id", "01"]).output().unwrap();
        assert!(imported.status.success(), "{}", text(&imported));
        for with in [SignatureAlgorithm::RsaSha256, SignatureAlgorithm::RsaPssSha256] {
            let signed = keys.sign(&label("short"), with, &[Tbs::Certificate(b"octets")]).remove(0);
            let Err(SignerError::Unusable { reason, .. }) = signed else { panic!("{signed:?}") };
            assert!(reason.contains("an RSA key of 1024 bits; 2048 to"), "{reason}");
        }
        assert!(keys.public_key(&label("short")).is_err());
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn certificates_crls_and_answers_over_sha1_are_not_read_and_sha1_in_a_request_is_answered() {
    let pki = Pki::found_signing(Kind::Sqlite, "refused", (KeyAlgorithm::Rsa2048, RsaPadding::Pkcs1)).await;
    let certificate = pki.issue("www.shirakaba.lg.jp").await;
    let refused = Certificate::from_der(&as_sha1(certificate.der())).unwrap_err();
    assert_eq!(refused, CertificateError::SignatureAlgorithm(unsupported()));
    // So no authority, issuer, link or cross-certificate can be one.
    assert!(Certificate::from_der(&as_sha1(pki.issuing.der())).is_err());
    let refused = CertificateList::parse(&as_sha1(&pki.crl().await)).unwrap_err();
    assert_eq!(refused, CrlError::SignatureAlgorithm(unsupported()));

    let ask = question(&pki.issuing, certificate.serial(), CertIdDigest::Sha1, None);
    let answer = pki.responder().answer(&id("issuing"), &ask).await.der;
    assert!(ocsp::client::judge(&answer, &ask, &pki.issuing, pki.clock.now()).is_ok(), "asked with SHA-1");
    let refused = OcspResponse::parse(&as_sha1(&answer)).unwrap_err();
    assert_eq!(refused, ResponseError::SignatureAlgorithm(unsupported()));

    let authority =
        Authority::of_certificate(id("issuing"), &pki.issuing, label("issuing"), PublicAddresses::default());
    let authority = authority.unwrap();
    for algorithm in SignatureAlgorithm::ALL {
        let fits = matches!(algorithm, SignatureAlgorithm::RsaSha256 | SignatureAlgorithm::RsaPssSha256);
        assert_eq!(authority.clone().signing_with(algorithm).is_ok(), fits, "{algorithm:?}");
    }
    let shown =
        text(&openssl("x509 -inform DER -in {} -noout -text", &[&pki.scratch.file("c.der", certificate.der())]));
    assert!(shown.contains("sha256WithRSAEncryption"), "{shown}");
}
