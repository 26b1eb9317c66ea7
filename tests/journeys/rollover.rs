//! New keys for old authorities, beside a running service: both generations live side by side, and OpenSSL and Java find their
//! way from either root to what the other has issued, through the link certificates.

use ca_core::certificate::Certificate;
use lgpki::commands::demo::acts;
use lgpki_tests::databases::Kind;
use lgpki_tests::invariants::{broken, texts};
use lgpki_tests::program::{Installation, Person, Program};
use lgpki_tests::tools::{Scratch, openssl, text, tool};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::Output;

use super::PROGRAM;

#[test]
fn paths_hold_in_both_directions_across_a_rollover_on_sqlite() {
    both_directions(Kind::Sqlite);
}

#[test]
fn paths_hold_in_both_directions_across_a_rollover_on_postgres() {
    both_directions(Kind::Postgres);
}

fn both_directions(kind: Kind) {
    let installation = Installation::new(kind);
    let mut program = installation.serve(PROGRAM, None);
    let world = World { scratch: Scratch::new("rollover"), installation: &installation };
    let (mut officer, mut manager) = (installation.officer(), installation.manager());
    officer.is_logged_in().unwrap();
    manager.is_logged_in().unwrap();

    let before = world.issued(&mut program, [&mut officer, &mut manager], "before.town.shirakaba.lg.jp");
    assert_eq!(before.authority, "application-ca");
    world.rolls_over(&["root", "--key", "rsa3072"]);
    world.rolls_over(&["application-ca", "--key", "p384"]);
    let after = world.issued(&mut program, [&mut officer, &mut manager], "after.town.shirakaba.lg.jp");
    assert_eq!(after.authority, "application-ca-g2", "the running service issues by the new generation");
    assert_eq!(
        world.standings(),
        [
            ("application-ca", "retired"),
            ("application-ca-g2", "issuing"),
            ("organisation-ca", "issuing"),
            ("root", "retired"),
            ("root-g2", "issuing"),
        ]
        .map(|(id, standing)| (id.to_owned(), standing.to_owned()))
    );

    // Who trusts the old root believes what the new one's CA has issued, and the other way round.
    let across = [
        Way { anchor: "root", between: vec!["root-g2.by-root", "application-ca-g2"], target: &after },
        Way { anchor: "root-g2", between: vec!["root.by-root-g2", "application-ca"], target: &before },
    ];
    for path in &across {
        world.holds(path);
        world.breaks(&Way { between: path.between[1..].to_vec(), ..*path }, "");
    }
    let in_file = pkcs7(&world.fetched("/aia/root-g2.p7c"), &world.scratch);
    assert_eq!(in_file, 2, "the new root's own certificate and the link by the old one");

    // A retired authority still revokes, and says so with its own key; the other's CRL has the same entries, since a reader may
    // take either.
    acts::revoke(&mut officer.browser, &before.page).unwrap();
    for name in ["application-ca", "application-ca-g2"] {
        let listed = program.until(|| {
            let crl = acts::good(installation.visitor().open(&format!("/crl/{name}.crl"))?, "the CRL")?.body;
            let list = crl::CertificateList::parse(&crl).unwrap();
            Ok(list.entries.iter().any(|entry| entry.serial == *before.certificate.serial()).then_some(()))
        });
        assert_eq!(listed, Ok(()), "{name}");
    }
    let [to_after, to_before] = &across;
    world.breaks(to_before, "revoked");
    world.holds(to_after);
    for (taken, standing) in [(&before, "revoked"), (&after, "good")] {
        world.answers(taken, standing);
    }
    program.stops();
    assert_eq!(
        texts(&installation.database, "select object from audit_event where verb = 'authority.linked' order by object"),
        ["authority:root", "authority:root-g2",]
    );
    let broken = broken(&installation.database);
    assert!(broken.is_empty(), "{kind:?}:\n  {}", broken.join("\n  "));
}

#[test]
fn a_generation_waits_for_its_date_and_a_rollover_that_is_begun_again_goes_on() {
    let installation = Installation::new(Kind::Sqlite);
    let world = World { scratch: Scratch::new("rollover-date"), installation: &installation };
    world.rolls_over(&["application-ca", "--from", "2099-01-01T00:00:00Z"]);
    let waiting = ("application-ca-g2".to_owned(), "waiting".to_owned());
    assert!(world.standings().contains(&waiting), "{:?}", world.standings());
    // What an interrupted run leaves behind: the rows that come after the certificate are missing.
    let database = &installation.database;
    texts(database, "delete from crl where authority_id = 'application-ca-g2'");
    texts(
        database,
        "update authority set ocsp_certificate = null, ocsp_key_label = null where authority_id = 'application-ca-g2'",
    );
    let said = world.rolls_over(&["application-ca", "--from", "2099-01-01T00:00:00Z"]);
    assert!(text(&said).contains("an earlier run has begun application-ca-g2"), "{}", text(&said));
    assert!(world.standings().contains(&waiting), "no third generation was made: {:?}", world.standings());
    let responders = "select count(*) from intent where authority_id = 'application-ca-g2' and subject like '%OCSP%'";
    assert_eq!(texts(database, &responders.replace("count(*)", "cast(count(*) as text)")), ["1"]);
    // A key that is out of service signs nothing, whoever asks.
    let out = world.lgpki(&["key", "take-out-of-service", "root", "--reason", "it may be known to others"]);
    assert!(out.status.success(), "{}", text(&out));
    let refused = world.lgpki(&["ca", "rollover", "root"]);
    assert_eq!(refused.status.code(), Some(5), "{}", text(&refused));
    assert!(text(&refused).contains("out of service"), "{}", text(&refused));
    // Nothing is wrong with what there is, and a wrong order is refused.
    let refused =
        world.lgpki(&["ca", "rollover", "application-ca", "--key", "rsa2048", "--from", "2000-01-01T00:00:00Z"]);
    assert_eq!(refused.status.code(), Some(7), "{}", text(&refused));
    let unknown = world.lgpki(&["ca", "rollover", "nobody"]);
    assert_eq!(unknown.status.code(), Some(3), "{}", text(&unknown));
}

/// A certificate as its holder has it.
struct Taken {
    page: String,
    authority: String,
    certificate: Certificate,
    pem: PathBuf,
}

/// A way from an anchor over certificates of the repository to a holder's.
struct Way<'a> {
    anchor: &'a str,
    between: Vec<&'a str>,
    target: &'a Taken,
}

struct World<'a> {
    scratch: Scratch,
    installation: &'a Installation,
}

impl World<'_> {
    fn lgpki(&self, arguments: &[&str]) -> Output {
        self.installation.lgpki(PROGRAM, arguments)
    }

    fn rolls_over(&self, arguments: &[&str]) -> Output {
        let said = self.lgpki(&[&["ca", "rollover"], arguments].concat());
        assert!(said.status.success(), "{}", text(&said));
        said
    }

    /// Each authority with what it does now, as `ca list` tells.
    fn standings(&self) -> Vec<(String, String)> {
        let said = self.lgpki(&["ca", "list", "--format", "json"]);
        let told: Value = serde_json::from_slice(&said.stdout).unwrap();
        let word = |one: &Value, name: &str| one[name].as_str().unwrap().to_owned();
        let all = told["authorities"].as_array().unwrap();
        all.iter().map(|one| (word(one, "authority"), word(one, "standing"))).collect()
    }

    fn issued(&self, program: &mut Program, [officer, manager]: [&mut Person<'_>; 2], host: &str) -> Taken {
        let path = |kind: &str| self.scratch.path().join(format!("{host}.{kind}"));
        let line = format!(
            "req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout {{}} -out {{}} -subj /CN={host}"
        );
        let made = openssl(&line, &[&path("key"), &path("csr")]);
        assert!(made.status.success(), "{}", text(&made));
        let request = std::fs::read_to_string(path("csr")).unwrap();
        let number = acts::file_request(&mut officer.browser, host, &request).unwrap();
        acts::approve(&mut manager.browser, &number).unwrap();
        let page = program.until(|| acts::certificate_of(&mut officer.browser, &number)).unwrap();
        let download = format!("{page}/download/der");
        let der = acts::good(officer.browser.open(&download).unwrap(), &download).unwrap().body;
        let certificate = Certificate::from_der(&der).unwrap();
        let pem = self.scratch.file(&format!("{host}.pem"), certificate.to_pem());
        let authority = page.split('/').nth(2).unwrap().to_owned();
        Taken { page, authority, certificate, pem }
    }

    fn fetched(&self, path: &str) -> Vec<u8> {
        acts::good(self.installation.visitor().open(path).unwrap(), path).unwrap().body
    }

    /// The certificates of these names in the repository, in one file.
    fn pool(&self, names: &[&str]) -> PathBuf {
        let pems: String = names
            .iter()
            .map(|name| Certificate::from_der(&self.fetched(&format!("/aia/{name}.cer"))).unwrap().to_pem())
            .collect();
        self.scratch.file(&format!("{}.pem", names.join("+")), pems)
    }

    fn crls(&self, names: &[&str]) -> PathBuf {
        let mut pem = Vec::new();
        for name in names {
            let der = self.scratch.file("one.crl", self.fetched(&format!("/crl/{name}.crl")));
            pem.extend(openssl("crl -inform DER -in {} -outform PEM", &[&der]).stdout);
        }
        self.scratch.file("crls.pem", pem)
    }

    fn judges(&self, path: &Way<'_>) -> [(&'static str, Output); 2] {
        let (anchor, pool) = (self.pool(&[path.anchor]), self.pool(&path.between));
        let crls = self.crls(&["root", "root-g2", &path.target.authority]);
        let java = concat!(env!("CARGO_MANIFEST_DIR"), "/java/ValidatePath.java");
        let target = &path.target.pem;
        let line = "verify -x509_strict -purpose sslserver -crl_check_all -CAfile {} -untrusted {} -CRLfile {} {}";
        [
            ("OpenSSL", openssl(line, &[&anchor, &pool, &crls, target])),
            ("Java", tool("java", "{} {} {} {} {}", &[Path::new(java), &anchor, target, &pool, &crls])),
        ]
    }

    fn holds(&self, path: &Way<'_>) {
        for (judge, said) in self.judges(path) {
            assert!(said.status.success(), "{judge}: from {} through {:?}: {}", path.anchor, path.between, text(&said));
        }
    }

    fn breaks(&self, path: &Way<'_>, because: &str) {
        for (judge, said) in self.judges(path) {
            let told = text(&said).to_lowercase();
            let (from, between) = (path.anchor, &path.between);
            assert!(
                !said.status.success() && told.contains(because),
                "{judge}: from {from} through {between:?}: {told}"
            );
        }
    }

    /// What the responder of the certificate's own generation says, to OpenSSL.
    fn answers(&self, taken: &Taken, standing: &str) {
        let issuer = self.pool(&[&taken.authority]);
        let url = format!("{}ocsp/{}", self.installation.pages, taken.authority);
        let line = format!("ocsp -issuer {{}} -cert {{}} -url {url} -CAfile {{}} -partial_chain");
        let said = openssl(&line, &[&issuer, &taken.pem, &issuer]);
        let told = text(&said);
        assert!(told.contains("Response verify OK") && told.contains(&format!(": {standing}")), "{told}");
    }
}

/// How many certificates a certs-only message holds, as OpenSSL reads it.
fn pkcs7(der: &[u8], scratch: &Scratch) -> usize {
    let file = scratch.file("all.p7c", der);
    let said = openssl("pkcs7 -inform DER -in {} -print_certs", &[&file]);
    text(&said).matches("-----BEGIN CERTIFICATE-----").count()
}
