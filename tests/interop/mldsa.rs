//! ML-DSA (RFC 9881) through the whole: certificates, a CRL and OCSP answers, verified by us with the library that did not
//! sign, and by OpenSSL 3.5 as the Python package cryptography brings it (Debian's OpenSSL knows no ML-DSA).

use ca_core::key::KeyAlgorithm;
use ca_core::revocation::RevocationReason;
use ca_core::time::Clock;
use crl::CertificateList;
use lgpki_tests::tools::python_of_judges;
use ocsp::client::{judge, question};
use ocsp::{CertIdDigest, CertStatus};

use crate::pki::{Pki, id, text};

#[tokio::test(flavor = "multi_thread")]
async fn certificates_crls_and_answers_with_ml_dsa_are_verified_by_us_and_by_others() {
    for kind in KeyAlgorithm::EXPERIMENTAL {
        let pki = Pki::found(&format!("pqc-{kind}"), kind).await;
        let (good, bad) = (pki.issue("good.shirakaba.lg.jp").await, pki.issue("bad.shirakaba.lg.jp").await);
        pki.revoke(bad.serial(), RevocationReason::KeyCompromise).await;
        let now = pki.clock.now();
        good.verify(&pki.issuing, now).unwrap();
        pki.issuing.verify(&pki.root, now).unwrap();
        assert_eq!(good.signature_algorithm(), kind.signature_algorithm());

        let crl = pki.crl().await;
        let list = CertificateList::parse(&crl).unwrap();
        assert_eq!((list.algorithm, list.entries.len()), (kind.signature_algorithm(), 1));

        let mut answers = Vec::new();
        for certificate in [&good, &bad] {
            let ask = question(&pki.issuing, certificate.serial(), CertIdDigest::Sha256, Some(vec![7; 32]));
            let answer = pki.responder().answer(&id("issuing"), &ask).await.der;
            let believed = judge(&answer, &ask, &pki.issuing, now).unwrap();
            assert_eq!(
                matches!(believed.responses[0].status, CertStatus::Revoked { .. }),
                certificate.serial() == bad.serial()
            );
            answers.push(answer);
        }
        let files = [
            pki.scratch.file("root.der", pki.root.der()),
            pki.scratch.file("issuing.der", pki.issuing.der()),
            pki.scratch.file("good.der", good.der()),
            pki.scratch.file("crl.der", &crl),
            pki.scratch.file("good.ocsp", &answers[0]),
            pki.scratch.file("bad.ocsp", &answers[1]),
        ];
        let said = text(&python_of_judges("interop/mldsa.py", &files.each_ref().map(|file| file.as_path())));
        assert_eq!(said.trim(), "chain CRL(1) GOOD REVOKED", "{kind}");

        // One octet of the signature changed: both find out.
        let mut forged = good.der().to_vec();
        *forged.last_mut().unwrap() ^= 1;
        let forged = ca_core::certificate::Certificate::from_der(&forged).unwrap();
        assert!(forged.verify(&pki.issuing, now).is_err());
        let files =
            [&files[0], &files[1], &pki.scratch.file("forged.der", forged.der()), &files[3], &files[4], &files[5]];
        let said = text(&python_of_judges("interop/mldsa.py", &files.map(|file| file.as_path())));
        assert!(said.contains("InvalidSignature"), "{said}");
    }
}
