//! A database that is older than what the world has seen, since it was restored from a backup: no number comes twice, and nothing
//! that was revoked is good again, wherever taking it back is cut off.

use ca_core::certificate::Certificate;
use ca_core::serial::SerialNumber;
use ca_core::time::Clock;
use crl::CertificateList;
use crl::entries::CrlEntry;
use crl::recover::BATCH;
use lgpki::clock::SystemClock;
use lgpki::commands::demo::acts;
use lgpki_tests::databases::Kind;
use lgpki_tests::interruptions::{Blow, Fault, STRUCK};
use lgpki_tests::invariants::{JOBS_LEFT, broken, count};
use lgpki_tests::lists::{entries, signed};
use lgpki_tests::people::issued;
use lgpki_tests::program::{Installation, Program};
use lgpki_tests::tools::text;
use ocsp::{CertIdDigest, CertStatus};
use std::path::{Path, PathBuf};
use std::process::Command;
use store::Step;

use super::PROGRAM;

/// What is struck here.
pub(super) const STEP: Step = Step::RevocationsRecovered;

const CA: &str = "application-ca";
const COMPLETE: &str = "publish.complete";

/// An installation that publishes to a folder once a second.
struct Site {
    installation: Installation,
    /// The list of the application CA there.
    there: PathBuf,
}

impl Site {
    fn new(kind: Kind) -> Self {
        let installation = Installation::new(kind);
        let crls = installation.publishes().join("crl");
        installation.hurries();
        std::fs::create_dir(&crls).unwrap();
        let there = crls.join(format!("{CA}.crl"));
        Self { installation, there }
    }

    /// Waits until the list at the target is as wanted, and everything else stands there too.
    fn until_published(&self, program: &mut Program, is_wanted: impl Fn(&CertificateList) -> bool) -> CertificateList {
        loop {
            let found = std::fs::read(&self.there).ok().map(|der| CertificateList::parse(&der).unwrap());
            match found.filter(&is_wanted) {
                Some(list) => return list,
                None => assert!(program.heard(COMPLETE), "the process ended:\n{}", program.log()),
            }
        }
    }

    /// What OCSP says of a serial number.
    fn answer(&self, serial: &SerialNumber) -> CertStatus {
        let mut public = self.installation.visitor();
        let issuer = Certificate::from_der(&public.open(&format!("/aia/{CA}.cer")).unwrap().body).unwrap();
        let question = ocsp::client::question(&issuer, serial, CertIdDigest::Sha1, None);
        let path = format!("/ocsp/{CA}");
        let answer = public.post(&path, "application/ocsp-request", &question.to_der()).unwrap();
        let judged = ocsp::client::judge(&answer.body, &question, &issuer, SystemClock.now()).unwrap();
        judged.responses.first().unwrap().status
    }

    fn at_rest(&self, mut program: Program, row: &str) {
        let database = &self.installation.database;
        let quiet = program.until(|| Ok((count(database, JOBS_LEFT) == 0).then_some(())));
        assert_eq!(quiet, Ok(()), "{row}: jobs are left");
        program.stops();
        let broken = broken(database);
        assert!(broken.is_empty(), "{row}:\n  {}", broken.join("\n  "));
    }
}

fn number(list: &CertificateList) -> u64 {
    list.number.unwrap()
}

/// The files of a SQLite database whose program has stopped.
fn copied(from: &Path, to: &Path) {
    for ending in ["", "-wal", "-shm"] {
        let of = |path: &Path| PathBuf::from(format!("{}{ending}", path.display()));
        let gone = std::fs::remove_file(of(to));
        drop(gone);
        if of(from).exists() {
            std::fs::copy(of(from), of(to)).unwrap();
        }
    }
}

#[test]
fn a_backup_is_restored_and_nothing_that_was_published_since_is_lost() {
    let site = Site::new(Kind::Sqlite);
    let installation = &site.installation;
    let (mut officer, mut manager) = (installation.officer(), installation.manager());
    let mut program = installation.serve(PROGRAM, None);
    officer.is_logged_in().unwrap();
    manager.is_logged_in().unwrap();
    let before = issued(&mut program, [&mut officer.browser, &mut manager.browser], &["www.town.shirakaba.lg.jp"]);
    program.stops();
    let database = PathBuf::from(installation.database.url().strip_prefix("sqlite:").unwrap());
    let backup = installation.folder().join("backup.db");
    copied(&database, &backup);

    // After the backup: one more certificate, and both are revoked.
    let mut program = installation.serve(PROGRAM, None);
    let after = issued(&mut program, [&mut officer.browser, &mut manager.browser], &["mail.town.shirakaba.lg.jp"]);
    for page in before.iter().chain(&after) {
        acts::revoke(&mut officer.browser, page).unwrap();
    }
    let world = site.until_published(&mut program, |list| list.entries.len() == 2);
    program.stops();

    copied(&backup, &database);
    let mut program = installation.serve(PROGRAM, None);
    let next = site.until_published(&mut program, |list| number(list) > number(&world));
    assert_eq!(next.entries, world.entries, "with their dates and reasons");
    assert!(next.this_update >= world.this_update);
    for entry in &world.entries {
        let status = site.answer(&entry.serial);
        assert!(matches!(status, CertStatus::Revoked { at, .. } if at == entry.revoked_at), "{status:?}");
    }
    let served = installation.visitor().open(&format!("/crl/{CA}.crl")).unwrap().body;
    assert_eq!(CertificateList::parse(&served).unwrap().entries, world.entries);
    let log = program.log();
    assert!(log.contains("crl.recovered") && log.contains("\"revocations\":2"), "{log}");
    site.at_rest(program, "restored");
    let said = text(&installation.lgpki(PROGRAM, &["publish", "status"]));
    assert!(said.contains("3 of 3 lists stand there"), "{said}");
}

macro_rules! commits {
    ($($name:ident = $kind:ident, $occurrence:literal;)+) => {$(
        #[test]
        fn $name() {
            struck_in_each_form(Kind::$kind, $occurrence);
        }
    )+};
}

commits! {
    a_first_batch_is_taken_over_on_sqlite = Sqlite, 1;
    a_first_batch_is_taken_over_on_postgres = Postgres, 1;
    a_further_batch_is_taken_over_on_sqlite = Sqlite, 2;
    a_further_batch_is_taken_over_on_postgres = Postgres, 2;
    the_last_batch_raises_the_number_on_sqlite = Sqlite, 3;
    the_last_batch_raises_the_number_on_postgres = Postgres, 3;
}

/// Entries of certificates that the database knows nothing of, for three transactions.
fn lost(first: u8) -> Vec<CrlEntry> {
    entries(first, u16::try_from(2 * BATCH + 50).unwrap())
}

/// By the command, which needs no other process.
fn struck_in_each_form(kind: Kind, occurrence: u32) {
    let site = Site::new(kind);
    let (installation, database) = (&site.installation, &site.installation.database);
    let file = installation.folder().join("found.crl");
    let arguments = ["crl", "recover", CA, "--from", file.to_str().unwrap()];
    let mut all: Vec<CrlEntry> = Vec::new();
    let mut highest = 0;
    for (first, blow) in (0x11..).zip(Blow::ALL) {
        all.extend(lost(first));
        highest += 100;
        std::fs::write(&file, signed(installation, CA, highest, &all)).unwrap();
        let fault = Fault { step: STEP, occurrence, blow };
        let row = format!("{kind:?} {fault}");
        let config = installation.folder().join("lgpki.toml");
        let mut struck = Command::new(PROGRAM);
        struck.args(["--faults", &fault.to_string(), "--config", config.to_str().unwrap()]).args(arguments);
        let said = struck.output().unwrap();
        assert!(!said.status.success() && text(&said).contains(STRUCK), "{row}: {}", text(&said));
        let doctor = text(&installation.lgpki(PROGRAM, &["doctor"]));
        let (begun, ended) = (occurrence > 1 || blow.persists(), occurrence == 3 && blow.persists());
        assert_eq!(doctor.contains("is not all taken over yet"), begun && !ended, "{row}: {doctor}");
        let taken = count(database, "select max(number) from crl where authority_id = 'application-ca'");
        assert_eq!(taken == i64::try_from(highest).unwrap(), ended, "{row}: the number is raised last");
        let again = text(&installation.lgpki(PROGRAM, &arguments));
        assert!(
            again.contains(if ended { "everything it says is known" } else { "are known again" }),
            "{row}: {again}"
        );
        let recorded = count(database, "select count(*) from certificate where der is null");
        assert_eq!(recorded, i64::try_from(all.len()).unwrap(), "{row}");
    }
    let mut program = installation.serve(PROGRAM, None);
    let list = site.until_published(&mut program, |list| number(list) > highest);
    assert_eq!(list.entries, all);
    site.at_rest(program, "afterwards");
}

#[test]
fn a_publisher_that_dies_goes_on_where_it_was_on_sqlite() {
    goes_on(Kind::Sqlite);
}

#[test]
fn a_publisher_that_dies_goes_on_where_it_was_on_postgres() {
    goes_on(Kind::Postgres);
}

/// Nothing that lacks an entry ever takes the place of the list that has them all.
fn goes_on(kind: Kind) {
    let site = Site::new(kind);
    let installation = &site.installation;
    let all = lost(0x11);
    let found = signed(installation, CA, 2, &all);
    std::fs::write(&site.there, &found).unwrap();
    let fault = Fault { step: STEP, occurrence: 2, blow: Blow::PowerCutAfter };
    let mut program = installation.serve(PROGRAM, Some(fault));
    program.ended();
    assert!(program.log().contains(STRUCK), "it did not strike");
    assert!(std::fs::read(&site.there).unwrap() == found);
    // The service makes a list at once, since one is asked for; it is refused until everything is there.
    let mut program = installation.serve(PROGRAM, None);
    let list = site.until_published(&mut program, |list| number(list) != 2 || list.entries.len() != all.len());
    assert_eq!((list.entries, list.number > Some(2)), (all.clone(), true));
    assert!(program.log().contains("are not all taken over yet"), "{}", program.log());
    let last = all.last().unwrap();
    assert!(matches!(site.answer(&last.serial), CertStatus::Revoked { .. }));
    site.at_rest(program, "dead and gone on");
}

#[test]
fn only_what_the_authority_has_signed_is_taken_back() {
    let site = Site::new(Kind::Sqlite);
    let installation = &site.installation;
    let written = |name: &str, der: &[u8]| {
        let file = installation.folder().join(name);
        std::fs::write(&file, der).unwrap();
        file.display().to_string()
    };
    let entries = entries(0x22, 3);
    let another = written("another.crl", &signed(installation, "organisation-ca", 50, &entries));
    let recover = |file: &str| installation.lgpki(PROGRAM, &["crl", "recover", CA, "--from", file]);
    let refused = recover(&another);
    assert!(
        refused.status.code() == Some(7) && text(&refused).contains("is not of application-ca"),
        "{}",
        text(&refused)
    );
    let good = signed(installation, CA, 50, &entries);
    let mut forged = good.clone();
    let middle = forged.len() / 2;
    forged[middle] ^= 1;
    let refused = recover(&written("forged.crl", &forged));
    assert!(matches!(refused.status.code(), Some(2 | 7)), "{}", text(&refused));
    let unknown = installation.lgpki(PROGRAM, &["crl", "recover", "nobody", "--from", &another]);
    assert!(
        unknown.status.code() == Some(2) && text(&unknown).contains("there is no authority nobody"),
        "{}",
        text(&unknown)
    );
    assert_eq!(count(&installation.database, "select count(*) from revocation"), 0);

    let good = written("good.crl", &good);
    let done = recover(&good);
    assert!(
        done.status.success() && text(&done).contains("number 50: 3 of 3 revocations were lost here"),
        "{}",
        text(&done)
    );
    let again = recover(&good);
    assert!(again.status.success() && text(&again).contains("everything it says is known here"), "{}", text(&again));
    let mut program = installation.serve(PROGRAM, None);
    let list = site.until_published(&mut program, |list| number(list) > 50);
    assert_eq!(list.entries, entries);
    site.at_rest(program, "recovered by command");
}
