//! Certificates, a CRL and OCSP answers judged by GnuTLS, by Java's PKIX validator and by NSS, beside OpenSSL in `crl_openssl` and
//! `ocsp_openssl`: the usual kinds of keys, and RSA-PSS (RFC 4055) over SHA-256 and SHA-384, by software keys and by keys in a
//! SoftHSM2 token.

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
async fn gnutls_java_and_nss_believe_what_the_usual_keys_sign() {
    let usual = [
        (KeyAlgorithm::P256, SignatureAlgorithm::EcdsaSha256),
        (KeyAlgorithm::P384, SignatureAlgorithm::EcdsaSha384),
        (KeyAlgorithm::Rsa2048, SignatureAlgorithm::RsaSha256),
    ];
    for (key, with) in usual {
        let pki = Pki::found(&format!("judged-{key}"), key).await;
        judged(&pki, with).await;
        nss(&pki).await;
    }
}

/// NSS with our lists, and with our responder.
async fn nss(pki: &Pki) {
    let folder = pki.scratch.path().join("nss");
    std::fs::create_dir(&folder).unwrap();
    let db = format!("sql:{}", folder.display());
    let nss = |program: &str, line: &str, files: &[&Path]| tool(program, &format!("{line} -d {db}"), files);
    let well = |program: &str, line: &str, files: &[&Path]| {
        let said = nss(program, line, files);
        assert!(said.status.success(), "{program} {line}: {}", text(&said));
        text(&said)
    };
    well("certutil", "-N --empty-password", &[]);
    let (good, bad) = (pki.issue("nss-good.shirakaba.lg.jp").await, pki.issue("nss-bad.shirakaba.lg.jp").await);
    let named = [
        ("root", "CT,C,C", &pki.root),
        ("issuing", ",,", &pki.issuing),
        ("responder", "P,,", &pki.responder_certificate),
        ("good", ",,", &good),
        ("bad", ",,", &bad),
    ];
    for (name, trust, certificate) in named {
        let file = pki.scratch.file(&format!("{name}.nss.pem"), certificate.to_pem());
        well("certutil", &format!("-A -n {name} -t {trust} -a -i {{}}"), &[&file]);
    }
    pki.revoke(bad.serial(), RevocationReason::KeyCompromise).await;
    let url = format!("http://{}/ocsp/issuing", crate::ocsp_http::served(pki).await);
    let asked = |name: &str| text(&nss("ocspclnt", &format!("-S {name} -l {url} -t responder"), &[]));
    let (good_said, bad_said) = (asked("good"), asked("bad"));
    assert!(good_said.contains("good"), "{good_said}");
    assert!(bad_said.to_lowercase().contains("revoked"), "{bad_said}");
    // The same by lists.
    for (n, list) in [pki.root_crl().await, pki.crl().await].iter().enumerate() {
        let file = pki.scratch.file(&format!("{n}.nss.crl"), list);
        well("crlutil", "-I -i {}", &[&file]);
    }
    assert!(well("certutil", "-V -n good -u V", &[]).contains("is valid"));
    let said = nss("certutil", "-V -n bad -u V", &[]);
    assert!(text(&said).contains("revoked"), "{}", text(&said));
}

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

/// The responder's answer. With PSS it has a key of RSA-3072 under either authority.
async fn answer(pki: &Pki, of: &Certificate) -> PathBuf {
    let ask = question(&pki.issuing, of.serial(), CertIdDigest::Sha1, None);
    let der = pki.responder().answer(&id("issuing"), &ask).await.der;
    let OcspResponse::Signed(signed) = OcspResponse::parse(&der).unwrap() else { panic!("an answer") };
    let padding = pki.issuing.signature_algorithm().padding().unwrap_or_default();
    assert_eq!(signed.algorithm, pki.responder_certificate.key().algorithm().signature_algorithm().padded(padding));
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
