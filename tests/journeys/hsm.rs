//! Authorities whose keys are in a token: an installation founded in one, and what its people see of it, which is nothing.

use lgpki::commands::demo::acts;
use lgpki_tests::databases::Kind;
use lgpki_tests::invariants::{JOBS_LEFT, broken, count};
use lgpki_tests::people::issued;
use lgpki_tests::program::Installation;
use lgpki_tests::token::{MODULE, SoftHsm, TOKEN, with_token};
use lgpki_tests::tools::{openssl, text};
use std::path::Path;
use std::process::{Command, Output};

use super::PROGRAM;

const NAME: &str = "www.town.shirakaba.lg.jp";

fn lgpki(hsm: &SoftHsm, folder: &Path, line: &str) -> Output {
    let mut command = Command::new(PROGRAM);
    hsm.give(&mut command).current_dir(folder).args(line.split_whitespace()).output().unwrap()
}

#[test]
fn a_certificate_lives_its_life_under_keys_in_a_token() {
    with_token(|hsm| {
        let installation = Installation::in_token(Kind::Sqlite, hsm.store());
        let keys: Vec<_> = std::fs::read_dir(installation.folder().join("keys")).unwrap().collect();
        assert_eq!(keys.len(), 1, "only the vault is a file: {keys:?}");
        let mut program = installation.serve(PROGRAM, None);
        let (mut officer, mut manager) = (installation.officer(), installation.manager());
        officer.is_logged_in().unwrap();
        manager.is_logged_in().unwrap();
        let hands = [&mut officer.browser, &mut manager.browser];
        let page = issued(&mut program, hands, &[NAME]).remove(0);
        acts::revoke(&mut officer.browser, &page).unwrap();
        let quiet = program.until(|| Ok((count(&installation.database, JOBS_LEFT) == 0).then_some(())));
        assert_eq!(quiet, Ok(()), "jobs are left");
        let crl = installation.folder().join("latest.crl");
        std::fs::write(&crl, officer.browser.open("/crl/application-ca.crl").unwrap().body).unwrap();
        let said = text(&openssl("crl -inform DER -noout -text -in {}", &[&crl]));
        let serial = page.rsplit('/').next().unwrap().to_uppercase();
        assert!(said.contains(&serial), "{said}");
        program.stops();
        assert_eq!(broken(&installation.database), Vec::<String>::new());
    });
}

#[test]
fn init_makes_the_authorities_keys_in_a_token_and_the_doctor_tries_them() {
    with_token(|hsm| {
        let folder = hsm.folder();
        let pin = hsm.pin_file();
        let token = format!("--token-module {MODULE} --pin-file {}", pin.display());
        let command = format!("init ca --generate-passphrase --listen 127.0.0.1:0 --management 127.0.0.1:0 {token}");
        let mut asked = Command::new(PROGRAM);
        let asked = hsm.give(&mut asked).current_dir(folder).args(command.split_whitespace()).args(["--token", TOKEN]);
        let made = asked.output().unwrap();
        assert!(made.status.success(), "{}", text(&made));
        let doctor = text(&lgpki(hsm, folder, "--config ca/lgpki.toml doctor"));
        assert!(doctor.contains("6 keys sign, and their signatures verify"), "{doctor}");

        // Without the token's PIN in a file, its keys are not tried, and nobody is asked.
        let file = folder.join("ca/lgpki.toml");
        let settings = std::fs::read_to_string(&file).unwrap();
        std::fs::write(&file, settings.replace("\npin_file", "\n# pin_file")).unwrap();
        let doctor = text(&lgpki(hsm, folder, "--config ca/lgpki.toml doctor"));
        assert!(doctor.contains("those in the token hsm are not tried: there is no PIN"), "{doctor}");
        let serve = lgpki(hsm, folder, "--config ca/lgpki.toml serve");
        assert_eq!(serve.status.code(), Some(3), "{}", text(&serve));
        assert!(text(&serve).contains("give --token-pin-file hsm=FILE or --token-pin-fd hsm=N"), "{}", text(&serve));
        let doctor = format!("--config ca/lgpki.toml doctor --token-pin-file hsm={}", pin.display());
        let doctor = text(&lgpki(hsm, folder, &doctor));
        assert!(doctor.contains("6 keys sign"), "{doctor}");
        let stranger = lgpki(hsm, folder, "--config ca/lgpki.toml doctor --token-pin-fd card=0");
        assert!(text(&stranger).contains("no token of the configuration is called card"), "{}", text(&stranger));
    });
}

#[test]
fn a_pin_is_taken_from_a_descriptor() {
    with_token(|hsm| {
        let installation = Installation::in_token(Kind::Sqlite, hsm.store());
        let (folder, pin) = (installation.folder(), hsm.pin_file());
        let file = folder.join("lgpki.toml");
        let settings = std::fs::read_to_string(&file).unwrap();
        std::fs::write(&file, settings.replace("\npin_file", "\n# pin_file")).unwrap();
        let typed = |script: &str| {
            let mut shell = Command::new("bash");
            let shell = hsm.give(&mut shell).env("LGPKI", PROGRAM).env("PIN_FILE", &pin).current_dir(folder);
            text(&shell.arg("-c").arg(script).output().unwrap())
        };
        let said = typed("\"$LGPKI\" doctor --token-pin-fd hsm=7 7< \"$PIN_FILE\"");
        assert!(said.contains("6 keys sign, and their signatures verify"), "{said}");
        let said = typed("\"$LGPKI\" doctor --token-pin-fd hsm=7 7< <(echo 00000000)");
        assert!(said.contains("the PIN of the token") && said.contains("is wrong"), "{said}");
    });
}

#[test]
fn a_wrong_pin_leaves_nothing_behind() {
    with_token(|hsm| {
        std::fs::write(hsm.pin_file(), "00000000").unwrap();
        let mut asked = Command::new(PROGRAM);
        let asked = hsm.give(&mut asked).current_dir(hsm.folder()).args(["init", "ca", "--generate-passphrase"]);
        let asked = asked.args(["--token-module", MODULE, "--token", TOKEN, "--pin-file", "pin"]).output().unwrap();
        assert_eq!(asked.status.code(), Some(3), "{}", text(&asked));
        assert!(text(&asked).contains("the PIN of the token \"lgpki test\" is wrong"), "{}", text(&asked));
        assert!(!hsm.folder().join("ca").exists());
    });
}
