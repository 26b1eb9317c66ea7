//! A key the centre makes, from the request to the holder's hands: the PIN shown once, the file downloaded once, OpenSSL opens the one
//! with the other, and then neither is anywhere in the database. What comes too late, twice or with a wrong link is refused.

use ca_core::digest::hex;
use ca_core::id::RequestNumber;
use ca_core::key::KeyAlgorithm;
use lgpki::commands::demo::acts;
use lgpki_tests::centre::{FiledWithUs, filed_with_us, link_on, pin_on};
use lgpki_tests::databases::Kind;
use lgpki_tests::invariants::{broken, everything, texts};
use lgpki_tests::program::{Installation, Person, Program};
use lgpki_tests::tools::{Scratch, openssl, text};
use std::process::Command;

use super::PROGRAM;

#[test]
fn a_key_made_at_the_centre_reaches_its_holder_once_on_sqlite() {
    handed_over(Kind::Sqlite, KeyAlgorithm::P256);
}

#[test]
fn a_key_made_at_the_centre_reaches_its_holder_once_on_postgres() {
    handed_over(Kind::Postgres, KeyAlgorithm::Rsa2048);
}

fn handed_over(kind: Kind, algorithm: KeyAlgorithm) {
    let installation = Installation::new(kind);
    let filed = filed_with_us(&installation, algorithm);
    let mut program = installation.serve(PROGRAM, None);
    let (mut officer, mut manager) = (installation.officer(), installation.manager());
    officer.is_logged_in().unwrap();
    manager.is_logged_in().unwrap();
    let delivery = format!("/requests/{}/delivery", filed.number);
    let too_early = acts::good(officer.browser.open(&delivery).unwrap(), "the delivery").unwrap();
    assert!(too_early.form("/pin").is_err(), "no PIN before there is a certificate");
    let certificate = issued(&mut program, &mut officer, &mut manager, &filed.number);
    assert!(found(&installation, &filed).contains(&"the sealed key"), "the search finds what is there");

    let form = acts::good(officer.browser.open(&delivery).unwrap(), "the delivery").unwrap().form("/pin").unwrap();
    let slip = acts::good(officer.browser.send(&form).unwrap(), "the slip").unwrap();
    let pin = pin_on(&slip.text());
    assert_eq!((pin.len(), pin.chars().all(|digit| digit.is_ascii_digit())), (20, true));
    let again = officer.browser.send(&form).unwrap();
    assert_eq!((again.status, again.text().contains("slip__pin")), (409, false), "a PIN is shown once");
    assert_eq!(found(&installation, &filed), Vec::<&str>::new(), "what only the vault sealed is gone with the PIN");
    let linked = |officer: &mut Person<'_>| {
        let page = acts::good(officer.browser.open(&delivery).unwrap(), "the delivery").unwrap();
        link_on(&officer.browser.send(&page.form("/link").unwrap()).unwrap().text())
    };
    let (old, link) = (linked(&mut officer), linked(&mut officer));
    for wrong in [old.as_str(), &format!("{delivery}/{}", "0".repeat(64)), &format!("{delivery}/pin")] {
        assert_eq!(officer.browser.open(wrong).unwrap().status, 404, "{wrong}");
    }
    // Whoever opens the link, a scanner among them, takes nothing; another officer of the town may take it.
    for _ in 0..2 {
        acts::good(manager.browser.open(&link).unwrap(), "the question").unwrap();
    }
    let form = manager.browser.open(&link).unwrap().form(&link).unwrap();
    let waiting = texts(&installation.database, "select state from delivery");
    assert_eq!(waiting, ["packed"]);
    let file = acts::good(manager.browser.send(&form).unwrap(), "the file").unwrap();
    assert_eq!(file.media_type, "application/x-pkcs12");
    let pem = acts::good(officer.browser.open(&format!("{certificate}/download/pem")).unwrap(), "the PEM").unwrap();
    opens(&file.body, &pin, &pem.body, &filed);

    for page in [manager.browser.send(&form).unwrap(), manager.browser.open(&link).unwrap()] {
        assert_eq!(page.status, 410);
        assert!(page.text().contains("受け取り済み"), "it says what happened");
    }
    let everything = everything(&installation.database);
    let typed = pin.as_bytes().chunks(4).map(|four| std::str::from_utf8(four).unwrap()).collect::<Vec<_>>().join(" ");
    for secret in [pin.as_str(), &typed, &hex(&file.body), &hex(pin.as_bytes())] {
        assert!(!everything.contains(secret), "a secret is left in the database");
    }
    assert_eq!(found(&installation, &filed), Vec::<&str>::new());
    told(&installation, &filed.number);
    let log = program.stops();
    assert!(!log.contains(&pin) && !log.contains(&typed), "the log knows no PIN");
    assert!(!log.contains(link.rsplit('/').next().unwrap()), "the log knows no link");
    assert_eq!(broken(&installation.database), Vec::<String>::new());
    if let Some(database) = installation.database.url().strip_prefix("sqlite:") {
        let octets = std::fs::read(database).unwrap();
        let lingers = octets.windows(filed.sealed.len()).any(|window| window == filed.sealed);
        assert!(!lingers, "what is deleted is overwritten in the file");
    }
}

/// Approves it and waits for its certificate; the path of its page.
fn issued(program: &mut Program, officer: &mut Person<'_>, manager: &mut Person<'_>, number: &RequestNumber) -> String {
    acts::approve(&mut manager.browser, number).unwrap();
    program.until(|| acts::certificate_of(&mut officer.browser, number)).unwrap()
}

/// A request with a key made at the centre whose certificate has been issued; the service runs, and the officer is logged in.
fn issued_with_us(installation: &Installation) -> (FiledWithUs, Program, Person<'_>) {
    let filed = filed_with_us(installation, KeyAlgorithm::P256);
    let mut program = installation.serve(PROGRAM, None);
    let (mut officer, mut manager) = (installation.officer(), installation.manager());
    officer.is_logged_in().unwrap();
    manager.is_logged_in().unwrap();
    issued(&mut program, &mut officer, &mut manager, &filed.number);
    (filed, program, officer)
}

/// What of a key is found in the database by a client that is not the program's.
fn found(installation: &Installation, filed: &FiledWithUs) -> Vec<&'static str> {
    let everything = everything(&installation.database);
    // The public half stands in the request and in the certificate: the first octets behind the headers are private only in EC
    // keys, and the last are in RSA keys.
    let private = match filed.pkcs8.windows(5).position(|window| window == [2, 1, 1, 4, 32]) {
        Some(at) => &filed.pkcs8[at + 5..at + 37],
        None => &filed.pkcs8[filed.pkcs8.len() - 64..],
    };
    let looked_for = [
        ("the private key", hex(private)),
        ("its PKCS#8", hex(&filed.pkcs8)),
        ("the sealed key", hex(&filed.sealed)),
        ("the sealed key's end", hex(&filed.sealed[filed.sealed.len() - 32..])),
    ];
    looked_for.iter().filter(|(_, octets)| everything.contains(octets.as_str())).map(|(what, _)| *what).collect()
}

/// OpenSSL reads the file with the PIN of the slip, and finds the key and the certificate.
fn opens(file: &[u8], pin: &str, pem: &[u8], filed: &FiledWithUs) {
    let scratch = Scratch::new("pkcs12");
    let path = scratch.file("holder.p12", file);
    let read = |line: &str| {
        let output = openssl(&format!("pkcs12 -in {{}} -passin pass:{pin} {line}"), &[&path]);
        assert!(output.status.success(), "{}", text(&output));
        output.stdout
    };
    let own = scratch.file("own.pem", read("-clcerts -nokeys"));
    let wanted = scratch.file("wanted.pem", pem);
    let octets = |path| openssl("x509 -in {} -outform DER", &[path]).stdout;
    assert!(octets(&own) == octets(&wanted) && !octets(&own).is_empty(), "the certificate is the one issued");
    let key = scratch.file("key.pem", read("-nocerts -nodes"));
    let public = openssl("pkey -in {} -pubout", &[&key]).stdout;
    assert!(public == openssl("x509 -in {} -noout -pubkey", &[&wanted]).stdout, "the key is the certificate's");
    let kept = scratch.file("kept.der", &filed.pkcs8);
    assert!(public == openssl("pkey -inform DER -in {} -pubout", &[&kept]).stdout, "it is the key that was made");
    let chain = String::from_utf8(read("-cacerts -nokeys")).unwrap();
    assert_eq!(chain.matches("BEGIN CERTIFICATE").count(), 2, "the issuer and the root go with it");
    let wrong = openssl("pkcs12 -in {} -passin pass:00000000000000000000 -nokeys", &[&path]);
    assert!(!wrong.status.success(), "no other PIN opens it");
}

fn told(installation: &Installation, number: &RequestNumber) {
    let sql = format!(
        "select e.verb || coalesce(' ' || a.login, '') from audit_event e
         left join account a on e.actor = 'account:' || a.account_id
         where e.verb like 'holder-key.%' and e.object =
            (select 'request:' || r.request_id from request r where r.number = '{number}') order by e.audit_event_id"
    );
    let told = [
        "holder-key.made sato",
        "holder-key.packed sato",
        "holder-key.linked sato",
        "holder-key.linked sato",
        "holder-key.fetched suzuki",
    ];
    assert_eq!(texts(&installation.database, &sql), told, "who did what is told");
}

#[test]
fn a_file_nobody_came_for_is_refused_and_then_erased() {
    let installation = Installation::new(Kind::Sqlite);
    let (filed, program, mut officer) = issued_with_us(&installation);
    let delivery = format!("/requests/{}/delivery", filed.number);
    let form = officer.browser.open(&delivery).unwrap().form("/pin").unwrap();
    acts::good(officer.browser.send(&form).unwrap(), "the slip").unwrap();
    let form = officer.browser.open(&delivery).unwrap().form("/link").unwrap();
    let link = link_on(&officer.browser.send(&form).unwrap().text());
    let take = officer.browser.open(&link).unwrap().form(&link).unwrap();
    // Seventy-two hours later.
    texts(&installation.database, "update delivery set expires_at = packed_at - 1 returning state");
    for page in [officer.browser.open(&link).unwrap(), officer.browser.send(&take).unwrap()] {
        assert_eq!(page.status, 410);
        assert!(page.text().contains("期限までにファイルが受け取られなかったため"), "it says why");
    }
    assert_eq!(officer.browser.send(&form).unwrap().status, 409, "no link to what is over");
    program.stops();
    // The first round of a process erases it.
    let mut program = installation.serve(PROGRAM, None);
    assert!(program.log().contains("delivery.erased"));
    program.stops();
    let left = "select state || ' ' || erased_because || ' ' || coalesce(length(sealed_file), 0) from delivery";
    assert_eq!(texts(&installation.database, left), ["erased not-fetched 0"]);
    assert_eq!(broken(&installation.database), Vec::<String>::new());
}

#[test]
fn a_key_goes_with_the_request_it_was_made_for() {
    let installation = Installation::new(Kind::Sqlite);
    let filed = filed_with_us(&installation, KeyAlgorithm::P256);
    let program = installation.serve(PROGRAM, None);
    let mut officer = installation.officer();
    officer.is_logged_in().unwrap();
    let path = format!("/requests/{}", filed.number);
    let form = officer.browser.open(&path).unwrap().form(&format!("{path}/withdraw")).unwrap();
    acts::good(officer.browser.send(&form).unwrap(), "the withdrawal").unwrap();
    assert_eq!(found(&installation, &filed), Vec::<&str>::new());
    let page = acts::good(officer.browser.open(&format!("{path}/delivery")).unwrap(), "the delivery").unwrap();
    assert!(page.text().contains("秘密鍵を消去しました") && page.form("/pin").is_err());
    program.stops();
    assert_eq!(broken(&installation.database), Vec::<String>::new());
}

/// Changes a line of the installation's configuration.
fn configure(installation: &Installation, line: &str, instead: &str) {
    let file = installation.folder().join("lgpki.toml");
    let text = std::fs::read_to_string(&file).unwrap();
    assert!(text.contains(line), "{line} stands in the configuration");
    std::fs::write(&file, text.replace(line, instead)).unwrap();
}

#[test]
fn an_old_device_gets_a_file_it_can_read_where_that_is_allowed() {
    let installation = Installation::new(Kind::Sqlite);
    let (filed, program, mut officer) = issued_with_us(&installation);
    let delivery = format!("/requests/{}/delivery", filed.number);
    let page = officer.browser.open(&delivery).unwrap();
    assert!(!page.text().contains("3DES"), "it is not offered");
    let asked = page.form("/pin").unwrap().fill("legacy", "1");
    assert_eq!(officer.browser.send(&asked).unwrap().status, 400, "and cannot be asked for");
    program.stops();
    configure(&installation, "# allow_legacy = false", "allow_legacy = true");
    let program = installation.serve(PROGRAM, None);
    let page = officer.browser.open(&delivery).unwrap();
    assert!(page.text().contains("3DES"));
    let slip = officer.browser.send(&page.form("/pin").unwrap().fill("legacy", "1")).unwrap();
    let pin = pin_on(&slip.text());
    let form = officer.browser.open(&delivery).unwrap().form("/link").unwrap();
    let link = link_on(&officer.browser.send(&form).unwrap().text());
    let take = officer.browser.open(&link).unwrap().form(&link).unwrap();
    let scratch = Scratch::new("legacy");
    let path = scratch.file("old.p12", officer.browser.send(&take).unwrap().body);
    let told = openssl(&format!("pkcs12 -in {{}} -passin pass:{pin} -info -noout"), &[&path]);
    assert!(told.status.success() && text(&told).contains("pbeWithSHA1And3-KeyTripleDES-CBC"), "{}", text(&told));
    let detail = texts(&installation.database, "select detail from audit_event where verb = 'holder-key.packed'");
    assert_eq!(detail, [r#"{"form":"3des"}"#], "the choice is told");
    program.stops();
}

#[test]
fn without_its_vault_an_installation_says_so_and_keeps_what_waits() {
    let installation = Installation::new(Kind::Sqlite);
    let (filed, program, mut officer) = issued_with_us(&installation);
    program.stops();
    let keys = installation.folder().join("keys");
    std::fs::rename(keys.join("vault.pem"), installation.folder().join("aside.pem")).unwrap();
    let lgpki = |words: &[&str]| {
        let file = installation.folder().join("lgpki.toml");
        let output = Command::new(PROGRAM).arg("--config").arg(file).args(words).output().unwrap();
        (output.status.code(), text(&output))
    };
    let mut program = installation.serve(PROGRAM, None);
    assert!(program.log().contains("centre.absent"));
    let delivery = format!("/requests/{}/delivery", filed.number);
    let page = acts::good(officer.browser.open(&delivery).unwrap(), "the delivery").unwrap();
    assert!(page.text().contains("センターの鍵の保管庫が開いていない") && page.form("/pin").is_err());
    program.stops();
    let (_, said) = lgpki(&["doctor"]);
    assert!(said.contains("keys made at the centre are not offered") && said.contains("lgpki vault new"), "{said}");
    // Another vault opens nothing of the first, and says so; with its own, all is as before.
    let (code, said) = lgpki(&["vault", "new"]);
    assert_eq!(code, Some(0), "{said}");
    let (code, said) = lgpki(&["vault", "new"]);
    assert_eq!(code, Some(7), "{said}");
    let program = installation.serve(PROGRAM, None);
    let form = officer.browser.open(&delivery).unwrap().form("/pin").unwrap();
    assert_eq!(officer.browser.send(&form).unwrap().status, 500);
    assert_eq!(texts(&installation.database, "select state from delivery"), ["kept"]);
    assert!(program.stops().contains("sealed by another vault"));
    std::fs::rename(installation.folder().join("aside.pem"), keys.join("vault.pem")).unwrap();
    let program = installation.serve(PROGRAM, None);
    assert_eq!(pin_on(&officer.browser.send(&form).unwrap().text()).len(), 20);
    program.stops();
}
