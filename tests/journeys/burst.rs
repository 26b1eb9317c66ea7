//! A hundred certificates revoked within seconds by four people at once: few lists say it, and the last of them, and OCSP, say all
//! of it within a minute.

use ca_core::certificate::Certificate;
use lgpki::commands::demo::acts;
use lgpki::visitor::Visitor;
use lgpki_tests::databases::Kind;
use lgpki_tests::invariants::{JOBS_LEFT, broken, count};
use lgpki_tests::people::issued;
use lgpki_tests::program::{Installation, Program};
use ocsp::client::{judge, question};
use ocsp::{CertIdDigest, CertStatus};
use std::collections::BTreeSet;
use std::sync::Barrier;
use std::time::{Duration, Instant};

use super::PROGRAM;

const CERTIFICATES: usize = 100;
/// Browsers that revoke at the same time.
const HANDS: usize = 4;
/// What the configuration says unless it is told otherwise, `crl.coalesce`.
const COALESCE: Duration = Duration::from_secs(5);

const LISTS: &str = "select count(*) from crl where authority_id = 'application-ca'";

#[test]
fn a_hundred_revocations_make_few_lists_on_sqlite() {
    few_lists(Kind::Sqlite);
}

#[test]
fn a_hundred_revocations_make_few_lists_on_postgres() {
    few_lists(Kind::Postgres);
}

fn few_lists(kind: Kind) {
    let installation = Installation::new(kind);
    let mut program = installation.serve(PROGRAM, None);
    let mut officer = installation.officer();
    officer.is_logged_in().unwrap();
    let pages = fleet(&installation, &mut program, &mut officer.browser);
    let before = count(&installation.database, LISTS);
    let begun = Instant::now();
    revoked(&officer.browser, &pages);
    let clicked = Instant::now();
    let all: BTreeSet<String> = pages.iter().filter_map(|page| page.rsplit('/').next()).map(str::to_owned).collect();
    let mut visitor = installation.visitor();
    let said = program.until(|| {
        let crl = acts::good(visitor.open("/crl/application-ca.crl")?, "the CRL")?.body;
        let list = crl::CertificateList::parse(&crl).unwrap();
        let listed: BTreeSet<String> = list.entries.iter().map(|entry| entry.serial.to_hex()).collect();
        Ok((all.is_subset(&listed) && count(&installation.database, JOBS_LEFT) == 0).then_some(()))
    });
    assert_eq!(said, Ok(()));
    let (took, waited) = (begun.elapsed(), clicked.elapsed());
    assert!(waited < Duration::from_secs(60), "the last click was told after {waited:?}");
    let made = u64::try_from(count(&installation.database, LISTS) - before).unwrap();
    // One at once, and one for each interval after it that had begun.
    let most = took.as_secs() / COALESCE.as_secs() + 2;
    assert!((1..=most).contains(&made) && made < 20, "{made} lists in {took:?}");
    assert!(is_revoked(&mut officer.browser, pages.last().unwrap()));
    program.stops();
    let broken = broken(&installation.database);
    assert!(broken.is_empty(), "{kind:?}:\n  {}", broken.join("\n  "));
}

/// The pages of certificates issued to 白樺町.
fn fleet(installation: &Installation, program: &mut Program, officer: &mut Visitor) -> Vec<String> {
    let mut manager = installation.manager();
    manager.is_logged_in().unwrap();
    let hosts: Vec<_> = (0..CERTIFICATES).map(|number| format!("www{number}.town.shirakaba.lg.jp")).collect();
    issued(program, [officer, &mut manager.browser], &hosts)
}

/// One session in several browsers, each with its share of the certificates.
fn revoked(officer: &Visitor, pages: &[String]) {
    let together = Barrier::new(HANDS);
    std::thread::scope(|scope| {
        for share in pages.chunks(pages.len().div_ceil(HANDS)) {
            let (mut browser, together) = (officer.clone(), &together);
            scope.spawn(move || {
                together.wait();
                share.iter().for_each(|page| acts::revoke(&mut browser, page).unwrap());
            });
        }
    });
}

fn is_revoked(officer: &mut Visitor, page: &str) -> bool {
    let mut der = |path: &str| acts::good(officer.open(path).unwrap(), path).unwrap().body;
    let certificate = Certificate::from_der(&der(&format!("{page}/download/der"))).unwrap();
    let issuer = Certificate::from_der(&der("/aia/application-ca.cer")).unwrap();
    let question = question(&issuer, certificate.serial(), CertIdDigest::Sha1, None);
    let answer = officer.post("/ocsp/application-ca", "application/ocsp-request", &question.to_der());
    let now = ca_core::time::Clock::now(&lgpki::clock::SystemClock);
    let believed = judge(&answer.unwrap().body, &question, &issuer, now).unwrap();
    matches!(believed.responses.first().unwrap().status, CertStatus::Revoked { .. })
}
