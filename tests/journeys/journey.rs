//! The whole life of a certificate, four times over with the four usual kinds of keys, on each database: asked for with a
//! request OpenSSL made, approved, issued, downloaded in every form, judged by others, revoked, judged again.

use ca_core::certificate::Certificate;
use ca_core::id::RequestNumber;
use lgpki::commands::demo::acts;
use lgpki_tests::databases::Kind;
use lgpki_tests::invariants::{JOBS_LEFT, broken, count, texts};
use lgpki_tests::program::{Installation, Person, Program};
use lgpki_tests::tools::{Scratch, openssl, text};
use std::path::PathBuf;

use super::PROGRAM;
use super::judges::{Bench, Standing, Taken};

/// What to tell OpenSSL for a key, and the name of its server.
const KEYS: [(&str, &str); 4] = [
    ("rsa:2048", "rsa2048.town.shirakaba.lg.jp"),
    ("rsa:3072", "rsa3072.town.shirakaba.lg.jp"),
    ("ec -pkeyopt ec_paramgen_curve:P-256", "p256.town.shirakaba.lg.jp"),
    ("ec -pkeyopt ec_paramgen_curve:P-384", "p384.town.shirakaba.lg.jp"),
];

/// What is written down of one life, in order.
const LIFE: [&str; 7] = [
    "request.submitted",
    "request.approved",
    "certificate.intended",
    "certificate.issued",
    "certificate.revoked",
    "crl.numbered",
    "crl.stored",
];

/// As it happened: ids of events rise with each that is written.
const IN_ORDER: &str = "order by e.audit_event_id";

#[test]
fn a_certificate_lives_its_whole_life_on_sqlite() {
    four_lives(Kind::Sqlite);
}

#[test]
fn a_certificate_lives_its_whole_life_on_postgres() {
    four_lives(Kind::Postgres);
}

fn four_lives(kind: Kind) {
    let installation = Installation::new(kind);
    let mut program = installation.serve(PROGRAM, None);
    let mut bench = Bench::at(&installation);
    let (mut officer, mut manager) = (installation.officer(), installation.manager());
    let before = count(&installation.database, "select count(*) from audit_event");
    officer.is_logged_in().unwrap();
    manager.is_logged_in().unwrap();
    for (key, host) in KEYS {
        live(&installation, &mut program, [&mut officer, &mut manager], &mut bench, (key, host));
    }
    let quiet = program.until(|| Ok((count(&installation.database, JOBS_LEFT) == 0).then_some(())));
    assert_eq!(quiet, Ok(()), "jobs are left");
    program.stops();
    let broken = broken(&installation.database);
    assert!(broken.is_empty(), "{kind:?}:\n  {}", broken.join("\n  "));

    let trail = texts(&installation.database, &format!("select e.verb from audit_event e {IN_ORDER}"));
    let trail = trail.get(usize::try_from(before).unwrap()..).unwrap();
    let lives: Vec<&str> = ["login.succeeded"; 2].into_iter().chain([LIFE; 4].into_iter().flatten()).collect();
    assert_eq!(trail, lives, "the audit trail tells the story, and nothing else");
    let actors = |verb: &str| {
        let sql = format!(
            "select distinct a.login from audit_event e join account a on e.actor = 'account:' || a.account_id
             where e.verb = '{verb}'"
        );
        texts(&installation.database, &sql)
    };
    assert_eq!(actors("request.submitted"), ["sato"]);
    assert_eq!(actors("request.approved"), ["suzuki"]);
}

fn live(
    installation: &Installation,
    program: &mut Program,
    [officer, manager]: [&mut Person<'_>; 2],
    bench: &mut Bench,
    (key, host): (&str, &str),
) {
    let made = made(&bench.scratch, key, host);
    let request = std::fs::read_to_string(&made.request).unwrap();
    let number = acts::file_request(&mut officer.browser, host, &request).unwrap();
    acts::approve(&mut manager.browser, &number).unwrap();
    let page = program.until(|| acts::certificate_of(&mut officer.browser, &number)).unwrap();
    let taken = taken(officer, &page, host, bench);
    let told = openssl("x509 -in {} -noout -pubkey", &[&taken.pem]).stdout;
    let held = openssl("pkey -in {} -pubout", &[&made.key]).stdout;
    assert!(!held.is_empty() && told == held, "the certificate has the officer's key");
    // What the request asks for besides its key counts for nothing.
    assert_eq!(taken.certificate.subject().to_string(), format!("C=JP, O=Shirakaba Town, CN={host}"));
    assert_eq!(taken.certificate.extensions().dns_names, [host]);
    bench.judge(&taken, Standing::Good);

    acts::revoke(&mut officer.browser, &page).unwrap();
    let serial = taken.certificate.serial();
    let listed = program.until(|| {
        let crl = acts::good(officer.browser.open("/crl/application-ca.crl")?, "the CRL")?.body;
        let list = crl::CertificateList::parse(&crl).unwrap();
        Ok(list.entries.iter().any(|entry| entry.serial == *serial).then_some(()))
    });
    assert_eq!(listed, Ok(()), "{host}: not on the CRL");
    bench.judge(&taken, Standing::Revoked);
    story_of(installation, &number, serial.to_hex());
}

/// The events of one request and its certificate, by what they are about.
fn story_of(installation: &Installation, number: &RequestNumber, serial: String) {
    let sql = format!(
        "select e.verb from audit_event e where e.object = 'certificate:application-ca/{serial}' or e.object =
            (select 'request:' || r.request_id from request r where r.number = '{number}') {IN_ORDER}"
    );
    assert_eq!(texts(&installation.database, &sql), LIFE[..5], "{number}");
}

/// A key and a request on the officer's side.
struct Made {
    key: PathBuf,
    request: PathBuf,
}

/// OpenSSL makes both; the request asks for more than it will get.
fn made(scratch: &Scratch, kind: &str, host: &str) -> Made {
    let (key, request) = (scratch.path().join(format!("{host}.key")), scratch.path().join(format!("{host}.csr")));
    let line = format!(
        "req -new -newkey {kind} -nodes -keyout {{}} -out {{}} -subj /C=JP/O=Elsewhere/CN={host} \
         -addext subjectAltName=DNS:elsewhere.example -addext basicConstraints=critical,CA:TRUE"
    );
    let said = openssl(&line, &[&key, &request]);
    assert!(said.status.success(), "{}", text(&said));
    Made { key, request }
}

/// Downloads the certificate in each form; all of them hold the same octets, as OpenSSL reads them.
fn taken(officer: &mut Person<'_>, page: &str, host: &str, bench: &Bench) -> Taken {
    let mut file = |form: &str, media_type: &str| {
        let page = acts::good(officer.browser.open(&format!("{page}/download/{form}")).unwrap(), form).unwrap();
        assert_eq!(page.media_type, media_type, "{form}");
        bench.scratch.file(&format!("{host}.{form}"), page.body)
    };
    let pem = file("pem", "application/x-pem-file");
    let der = file("der", "application/pkix-cert");
    let p7b = file("p7b", "application/x-pkcs7-certificates");
    let chain = file("chain", "application/x-pem-file");
    let pem = {
        // openssl ocsp names the certificate by its file
        let named = bench.scratch.path().join(format!("{host}.cert.pem"));
        std::fs::rename(pem, &named).unwrap();
        named
    };
    let octets = std::fs::read(&der).unwrap();
    let listed = bench.scratch.path().join("listed.pem");
    let read = openssl("pkcs7 -inform DER -in {} -print_certs -out {}", &[&p7b, &listed]);
    assert!(read.status.success(), "{}", text(&read));
    let holds = |file: &PathBuf| std::fs::read_to_string(file).unwrap().matches("-----BEGIN CERTIFICATE-----").count();
    assert_eq!((holds(&pem), holds(&chain), holds(&listed)), (1, 2, 3), "alone; without the root; with it");
    for file in [&pem, &chain, &listed] {
        let first = openssl("x509 -in {} -outform DER", &[file]).stdout;
        assert!(first == octets, "{} holds another certificate", file.display());
    }
    Taken { host: host.to_owned(), certificate: Certificate::from_der(&octets).unwrap(), pem, chain }
}
