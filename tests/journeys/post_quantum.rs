//! Post-quantum signatures as a service: an installation whose authorities have ML-DSA keys is asked on its pages, issues, revokes,
//! answers and rolls over; the Python package cryptography (OpenSSL 3.5), which has signed none of it, judges all of it.

use ca_core::certificate::Certificate;
use ca_core::key::KeyAlgorithm;
use lgpki::commands::demo::acts;
use lgpki_tests::databases::Kind;
use lgpki_tests::invariants::broken;
use lgpki_tests::program::{Installation, Person, Program};
use lgpki_tests::tools::{Scratch, python_of_judges, text};
use std::path::{Path, PathBuf};

use super::PROGRAM;

const PACK: &str = "pqc-experimental";

#[test]
fn ml_dsa_authorities_serve_on_sqlite() {
    served(Kind::Sqlite);
}

#[test]
fn ml_dsa_authorities_serve_on_postgres() {
    served(Kind::Postgres);
}

fn served(kind: Kind) {
    let installation = Installation::of_pack(kind, PACK);
    let mut program = installation.serve(PROGRAM, None);
    let world = World { scratch: Scratch::new("post-quantum"), installation: &installation };
    let (mut officer, mut manager) = (installation.officer(), installation.manager());
    officer.is_logged_in().unwrap();
    manager.is_logged_in().unwrap();

    let mut issued = Vec::new();
    for key in KeyAlgorithm::EXPERIMENTAL {
        issued.push(world.issued(&mut program, [&mut officer, &mut manager], key));
    }
    let [good, bad, ..] = issued.as_slice() else { panic!("three certificates") };
    acts::revoke(&mut officer.browser, &bad.page).unwrap();
    let listed = program.until(|| {
        let crl = acts::good(installation.visitor().open("/crl/pqc-ca.crl")?, "the CRL")?.body;
        let entries = crl::CertificateList::parse(&crl).unwrap().entries;
        Ok(entries.iter().any(|entry| entry.serial == *bad.certificate.serial()).then_some(()))
    });
    assert_eq!(listed, Ok(()));
    world.judged("pqc-ca", [good, bad], "chain CRL(1) GOOD REVOKED");

    // The next generation, by another parameter set, beside the running service; the old one goes on answering.
    let rolled = installation.lgpki(PROGRAM, &["ca", "rollover", "pqc-ca", "--key", "mldsa87"]);
    assert!(rolled.status.success(), "{}", text(&rolled));
    let after = world.issued(&mut program, [&mut officer, &mut manager], KeyAlgorithm::MlDsa65);
    assert!(after.page.starts_with("/certificates/pqc-ca-g2/"), "{}", after.page);
    assert_eq!(after.certificate.signature_algorithm(), KeyAlgorithm::MlDsa87.signature_algorithm());
    world.judged("pqc-ca-g2", [&after, &after], "chain CRL(1) GOOD GOOD");
    world.judged("pqc-ca", [good, bad], "chain CRL(1) GOOD REVOKED");
    program.stops();
    let broken = broken(&installation.database);
    assert!(broken.is_empty(), "{kind:?}:\n  {}", broken.join("\n  "));
}

/// A certificate as its holder has it.
struct Taken {
    page: String,
    certificate: Certificate,
    file: PathBuf,
}

struct World<'a> {
    scratch: Scratch,
    installation: &'a Installation,
}

impl World<'_> {
    fn issued(&self, program: &mut Program, [officer, manager]: [&mut Person<'_>; 2], kind: KeyAlgorithm) -> Taken {
        const HOST: &str = "www.town.shirakaba.lg.jp";
        let key = lgpki::holder::new_key(kind).unwrap();
        let request = lgpki::holder::new_request(&key, &[HOST]).unwrap();
        let inputs = [("names", HOST), ("csr", request.as_str())];
        let number = acts::file(&mut officer.browser, "pqc-web-server", &inputs).unwrap();
        acts::approve(&mut manager.browser, &number).unwrap();
        let page = program.until(|| acts::certificate_of(&mut officer.browser, &number)).unwrap();
        let der = officer.browser.open(&format!("{page}/download/der")).unwrap().body;
        let certificate = Certificate::from_der(&der).unwrap();
        assert_eq!(certificate.key().algorithm(), kind);
        Taken { file: self.scratch.file(&format!("{}.der", certificate.serial()), der), page, certificate }
    }

    fn fetched(&self, path: &str) -> PathBuf {
        let body = acts::good(self.installation.visitor().open(path).unwrap(), path).unwrap().body;
        self.scratch.file(&path.replace('/', "-"), body)
    }

    /// What the responder says of a certificate, asked as a careful relying party does: pre-signed, or signed for this question.
    fn answer(&self, issuer: &Path, of: &Taken, freshness: &[&str]) -> PathBuf {
        let answer = self.scratch.path().join("answer.der");
        let (issuer, cert, out) = (issuer.to_str().unwrap(), of.file.to_str().unwrap(), answer.to_str().unwrap());
        let query = ["ocsp", "query", "--issuer", issuer, "--cert", cert, "--out", out];
        let said = self.installation.lgpki(PROGRAM, &[&query, freshness].concat());
        assert!(matches!(said.status.code(), Some(0 | 1)), "{}", text(&said));
        self.scratch.file(&format!("{}.ocsp", of.certificate.serial()), std::fs::read(answer).unwrap())
    }

    /// The other implementation's judgement of chain, CRL and answers, as they are served.
    fn judged(&self, authority: &str, [first, second]: [&Taken; 2], verdict: &str) {
        let (root, issuer) = (self.fetched("/aia/pqc-root.cer"), self.fetched(&format!("/aia/{authority}.cer")));
        let crl = self.fetched(&format!("/crl/{authority}.crl"));
        for freshness in [&[][..], &["--nonce"]] {
            let answers = [self.answer(&issuer, first, freshness), self.answer(&issuer, second, freshness)];
            let files = [&root, &issuer, &first.file, &crl, &answers[0], &answers[1]];
            let said = text(&python_of_judges("interop/mldsa.py", &files.map(|file| file.as_path())));
            assert_eq!(said.trim(), verdict, "{authority}");
        }
    }
}
