//! Keys that are gone: a root whose old key can sign no link begins anew, and a retired generation without a key troubles nobody
//! once nobody can be misled by what it has issued.

use ca_core::certificate::Certificate;
use lgpki::commands::demo::acts;
use lgpki::visitor::Visitor;
use lgpki_tests::databases::Kind;
use lgpki_tests::invariants::{broken, texts};
use lgpki_tests::people::issued;
use lgpki_tests::program::{Installation, Program};
use lgpki_tests::tools::{Scratch, openssl, text};

use super::PROGRAM;

const HOST: &str = "www.town.shirakaba.lg.jp";
const REASON: [&str; 3] = ["--without-links", "--reason", "its token burnt"];

/// Asks for a certificate and has it approved; the path of its page.
fn one_issued(installation: &Installation, program: &mut Program) -> String {
    let (mut officer, mut manager) = (installation.officer(), installation.manager());
    officer.is_logged_in().unwrap();
    manager.is_logged_in().unwrap();
    let hands = [&mut officer.browser, &mut manager.browser];
    issued(program, hands, &[HOST]).remove(0)
}

fn lose(installation: &Installation, keys: &[&str]) {
    for key in keys {
        std::fs::remove_file(installation.folder().join(format!("keys/{key}.key.pem"))).unwrap();
    }
}

#[test]
fn a_root_whose_key_is_lost_begins_anew_and_everybody_is_told_what_to_do() {
    let installation = Installation::new(Kind::Sqlite);
    lose(&installation, &["root"]);
    let rollover = |words: &[&str]| {
        let said = installation.lgpki(PROGRAM, &[&["ca", "rollover"], words].concat());
        (said.status.code(), text(&said))
    };
    let (code, said) = rollover(&["root"]);
    assert_eq!(code, Some(5), "{said}");
    assert!(said.contains("--without-links --reason TEXT"), "{said}");
    assert_eq!(texts(&installation.database, "select subject_id from link_certificate"), Vec::<String>::new());
    assert_eq!(rollover(&["root", "--without-links"]).0, Some(2), "a reason is wanted");
    let (code, said) = rollover(&[&["application-ca"], &REASON[..]].concat());
    assert_eq!(code, Some(7), "{said}");
    assert!(said.contains("application-ca has no link certificates that could be left out"), "{said}");

    let (code, said) = rollover(&[&["root"], &REASON[..]].concat());
    assert_eq!(code, Some(0), "{said}");
    for told in [
        "an earlier run has begun root-g2",
        "nobody who trusts root trusts root-g2 yet: its certificate is a new trust anchor",
        "give it to everybody who verifies",
        "application-ca is certified by root still: lgpki ca rollover application-ca",
    ] {
        assert!(said.contains(told), "{told}: {said}");
    }
    assert!(!said.contains("link certificate:"), "{said}");
    let events = "select object || ' ' || detail from audit_event where verb = 'authority.severed'";
    assert_eq!(
        texts(&installation.database, events),
        [r#"authority:root-g2 {"before":"root","reason":"its token burnt"}"#]
    );
    assert_eq!(rollover(&["application-ca"]).0, Some(0));

    // Under the new root everything is as it was under the old one, and nothing leads from the one to the other.
    let mut program = installation.serve(PROGRAM, None);
    let page = one_issued(&installation, &mut program);
    assert!(page.starts_with("/certificates/application-ca-g2/"), "{page}");
    let scratch = Scratch::new("severed");
    let mut officer = installation.officer();
    officer.is_logged_in().unwrap();
    let mut fetched = |path: &str| scratch.file(&path.replace('/', "-"), officer.browser.open(path).unwrap().body);
    let (old, new) = (fetched("/aia/root.pem"), fetched("/aia/root-g2.pem"));
    let (ca, holder) = (fetched("/aia/application-ca-g2.pem"), fetched(&format!("{page}/download/pem")));
    for (anchor, holds) in [(&new, true), (&old, false)] {
        let said = openssl("verify -x509_strict -CAfile {} -untrusted {} {}", &[anchor, &ca, &holder]);
        assert_eq!(said.status.success(), holds, "{}", text(&said));
    }
    for link in ["/aia/root.by-root-g2.cer", "/aia/root-g2.by-root.cer"] {
        let body = installation.visitor().open(link).unwrap().body;
        assert!(Certificate::from_der(&body).is_err(), "{link}");
    }
    program.stops();
    // The serial of the link that was not made is revoked, and the old root's CRL would say so if it could.
    assert_eq!(broken(&installation.database), ["no job left over: 1 exceptions"]);
    let waiting = texts(&installation.database, "select kind || ' ' || last_error from job");
    assert_eq!(waiting, ["refresh_crl the authority's key is not here"]);
}

#[test]
fn a_retired_generation_without_its_key_is_missed_until_all_it_has_issued_is_revoked() {
    let installation = Installation::new(Kind::Sqlite);
    let ready = || Visitor::new(&installation.management).open("/readyz").unwrap().text();
    let mut program = installation.serve(PROGRAM, None);
    let page = one_issued(&installation, &mut program);
    assert!(page.starts_with("/certificates/application-ca/"), "{page}");
    let rolled = installation.lgpki(PROGRAM, &["ca", "rollover", "application-ca"]);
    assert!(rolled.status.success(), "{}", text(&rolled));
    program.stops();
    lose(&installation, &["application-ca", "application-ca-ocsp"]);
    // Time goes by, and nobody makes its next CRL.
    texts(&installation.database, "update crl set next_update = 1 where authority_id = 'application-ca'");

    let mut program = installation.serve(PROGRAM, None);
    let said = ready();
    assert!(said.contains(r#""ready":false"#) && said.contains("overdue: application-ca\""), "{said}");
    let doctor = text(&installation.lgpki(PROGRAM, &["doctor"]));
    assert!(doctor.contains("FAIL  crl") && doctor.contains("FAIL  keys"), "{doctor}");

    let mut officer = installation.officer();
    officer.is_logged_in().unwrap();
    acts::revoke(&mut officer.browser, &page).unwrap();
    let well = program.until(|| Ok(ready().contains(r#""ready":true"#).then_some(())));
    assert_eq!(well, Ok(()), "{}", ready());
    let doctor = text(&installation.lgpki(PROGRAM, &["doctor"]));
    assert!(!doctor.contains("FAIL  crl") && !doctor.contains("FAIL  keys"), "{doctor}");
    assert!(doctor.contains("application-ca: retired, and what it has issued is revoked or has ended"), "{doctor}");
    // Nor is one missed that was taken out of service.
    let out = installation.lgpki(PROGRAM, &["key", "take-out-of-service", "application-ca", "--reason", "a drill"]);
    assert!(out.status.success(), "{}", text(&out));
    program.until(|| Ok(Some(()))).unwrap();
    assert!(ready().contains(r#""ready":true"#), "{}", ready());
    program.stops();
}
