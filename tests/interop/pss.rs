//! RSA-PSS (RFC 4055) judged by GnuTLS and by Java, beside OpenSSL in `crl_openssl` and `ocsp_openssl`: certificates, a CRL and OCSP
//! answers, signed over SHA-256 and SHA-384, by software keys and by keys in a SoftHSM2 token.

use ca_core::certificate::Certificate;
use ca_core::key::{KeyAlgorithm, RsaPadding, SignatureAlgorithm};
use ca_core::revocation::RevocationReason;
use ca_core::signer::KeyKeeper;
use crl::CertificateList;
use lgpki_tests::databases::Kind;
use lgpki_tests::token::with_token;
use lgpki_tests::tools::{certtool, tool};
use ocsp::client::question;
use ocsp::{CertIdDigest, OcspResponse};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::pki::{Pki, id, openssl, text};

/// Keys, and what they sign with: the digest is that of their strength.
const KINDS: [(KeyAlgorithm, SignatureAlgorithm); 2] = [
    (KeyAlgorithm::Rsa3072, SignatureAlgorithm::RsaPssSha256),
    (KeyAlgorithm::Rsa4096, SignatureAlgorithm::RsaPssSha384),
];

#[tokio::test(flavor = "multi_thread")]
async fn gnutls_and_java_believe_what_software_keys_sign_with_pss() {
    for (key, with) in KINDS {
        let pki = Pki::found_signing(Kind::Sqlite, &format!("pss-{key}"), (key, RsaPadding::Pss)).await;
        judged(&pki, with).await;
    }
}

#[test]
fn gnutls_and_java_believe_what_a_token_signs_with_pss() {
    with_token(|hsm| {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        runtime.block_on(async {
            for (key, with) in KINDS {
                let keys: Arc<dyn KeyKeeper> = Arc::new(hsm.keys());
                // A label is one key's in the whole token.
                for label in ["root", "issuing", "ocsp", "good-shirakaba-lg-jp", "bad-shirakaba-lg-jp"] {
                    drop(keys.destroy(&crate::pki::label(label)));
                }
                let kind = (key, RsaPadding::Pss);
                let pki = Pki::found_with(Kind::Sqlite, &format!("pss-token-{key}"), kind, |_| Arc::clone(&keys)).await;
                judged(&pki, with).await;
            }
        });
    });
}

/// Both others on everything there is: what holds holds, what is revoked or changed does not.
async fn judged(pki: &Pki, with: SignatureAlgorithm) {
    let (good, bad) = (pki.issue("good.shirakaba.lg.jp").await, pki.issue("bad.shirakaba.lg.jp").await);
    pki.revoke(bad.serial(), RevocationReason::KeyCompromise).await;
    let crl = pki.crl().await;
    assert_eq!(CertificateList::parse(&crl).unwrap().algorithm, with);
    for certificate in [&pki.root, &pki.issuing, &pki.responder_certificate, &good, &bad] {
        assert_eq!(certificate.signature_algorithm(), with);
    }
    let lists = [pki.root_crl().await, crl].map(|crl| pem_of(pki, &crl)).concat();
    let files = Files {
        root: pki.scratch.file("root.pem", pki.root.to_pem()),
        issuing: pki.scratch.file("issuing.pem", pki.issuing.to_pem()),
        lists: pki.scratch.file("lists.pem", lists),
        pki,
    };
    let mut forged = good.der().to_vec();
    *forged.last_mut().unwrap() ^= 1;
    let forged = Certificate::from_der(&forged).unwrap();

    let (good_answer, bad_answer) = (answer(pki, &good).await, answer(pki, &bad).await);
    files.gnutls(&good, &good_answer, true);
    files.gnutls(&forged, &good_answer, false);
    for answer in [None, Some(&good_answer)] {
        let (well, said) = files.java(&good, answer);
        assert!(well, "{with:?}: {said}");
        assert!(!files.java(&forged, answer).0, "{with:?}: a signature that was changed");
    }
    for answer in [None, Some(&bad_answer)] {
        let (well, said) = files.java(&bad, answer);
        assert!(!well && said.to_lowercase().contains("revoked"), "{with:?}: {said}");
    }
}

fn pem_of(pki: &Pki, crl: &[u8]) -> Vec<u8> {
    let der = pki.scratch.file("one.crl", crl);
    openssl("crl -inform DER -in {} -outform PEM", &[&der]).stdout
}

/// The responder's answer: it has a key of RSA-3072 under either authority.
async fn answer(pki: &Pki, of: &Certificate) -> PathBuf {
    let ask = question(&pki.issuing, of.serial(), CertIdDigest::Sha1, None);
    let der = pki.responder().answer(&id("issuing"), &ask).await.der;
    let OcspResponse::Signed(signed) = OcspResponse::parse(&der).unwrap() else { panic!("an answer") };
    assert_eq!(signed.algorithm, SignatureAlgorithm::RsaPssSha256);
    pki.scratch.file(&format!("{}.ocsp", of.serial()), der)
}

struct Files<'a> {
    pki: &'a Pki,
    root: PathBuf,
    issuing: PathBuf,
    lists: PathBuf,
}

impl Files<'_> {
    fn gnutls(&self, target: &Certificate, answer: &Path, holds: bool) {
        let certificates = [target, &self.pki.issuing, &self.pki.root].map(Certificate::to_pem).concat();
        let chain = self.pki.scratch.file("chain-of-target.pem", certificates);
        let said = text(&certtool("--verify-chain --verify-profile medium --infile {}", &[&chain]));
        assert_eq!(said.contains("Chain verification output: Verified."), holds, "{said}");
        let list = pem_last(&self.lists);
        let list = self.pki.scratch.file("list.pem", list);
        let line = "--verify-crl --verify-profile medium --load-ca-certificate {} --infile {}";
        let said = text(&certtool(line, &[&self.issuing, &list]));
        assert!(said.contains("Verification output: Verified."), "{said}");
        let line = "--verify-response --load-response {} --load-issuer {} --load-trust {}";
        let said = text(&tool("ocsptool", line, &[answer, &self.issuing, &self.issuing]));
        assert!(said.contains("Verifying OCSP Response: Success."), "{said}");
    }

    /// Whether Java builds a path, and what it says; with an answer, that decides about the target instead of the CRL.
    fn java(&self, target: &Certificate, answer: Option<&PathBuf>) -> (bool, String) {
        let program = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/java/ValidatePath.java"));
        let target = self.pki.scratch.file("target.pem", target.to_pem());
        let mut files = vec![program, &self.root, &target, &self.issuing, &self.lists];
        files.extend(answer.map(PathBuf::as_path));
        let said = tool("java", &vec!["{}"; files.len()].join(" "), &files);
        (said.status.success(), text(&said))
    }
}

/// The last block of a file of PEM.
fn pem_last(file: &Path) -> String {
    let blocks = pem::parse_many(std::fs::read(file).unwrap()).unwrap();
    pem::encode(blocks.last().unwrap())
}
