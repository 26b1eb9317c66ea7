//! The program publishes: what it serves stands in a folder and, signed for edges, in a folder that leads out; it is told how that
//! goes, and told when it does not.

use super::PROGRAM;
use ca_core::kana::KanaWords;
use ca_core::revocation::ListId;
use lgpki::clock::SystemClock;
use lgpki::commands::demo::acts;
use lgpki::edge::{Intake, Looked};
use lgpki_tests::databases::Kind;
use lgpki_tests::people::issued;
use lgpki_tests::program::Installation;
use lgpki_tests::tools::text;
use ocsp::edge::Edge;
use serde_json::Value;
use std::sync::Arc;

const TARGETS: &str = r#"
[[publish]]
name = "repository"
kind = "directory"
folder = "repository"

[[publish]]
name = "outside"
kind = "drop-folder"
folder = "out"
"#;

fn json(installation: &Installation, arguments: &[&str]) -> Value {
    let said = installation.lgpki(PROGRAM, arguments);
    serde_json::from_slice(&said.stdout).unwrap_or_else(|error| panic!("{error}: {}", text(&said)))
}

#[test]
fn a_revocation_stands_in_the_folder_and_in_the_bundle() {
    let installation = Installation::new(Kind::Sqlite);
    for folder in ["repository", "out"] {
        std::fs::create_dir(installation.folder().join(folder)).unwrap();
    }
    let config = installation.folder().join("lgpki.toml");
    let founded = std::fs::read_to_string(&config).unwrap();
    std::fs::write(&config, format!("{founded}{TARGETS}")).unwrap();
    let scratch = installation.folder().join("first.bundle").display().to_string();
    let words = json(&installation, &["ocsp", "bundle", "--format", "json", "--out", &scratch]);
    let words = KanaWords::parse(words["words"].as_str().unwrap()).unwrap();
    let edge = Edge::new(Arc::new(SystemClock));
    let mut intake = Intake::new(&installation.folder().join("out/outside.bundle"), words, edge.clone());

    let mut program = installation.serve(PROGRAM, None);
    let (mut officer, mut manager) = (installation.officer(), installation.manager());
    officer.is_logged_in().unwrap();
    manager.is_logged_in().unwrap();
    let host = "www.town.shirakaba.lg.jp";
    let hands = [&mut officer.browser, &mut manager.browser];
    let page = issued(&mut program, hands, &[host]).remove(0);
    officer.browser.open(&format!("{page}/revoke")).unwrap();
    acts::revoke(&mut officer.browser, &page).unwrap();
    let serial = page.rsplit('/').next().unwrap_or_default().to_owned();

    let folder = installation.folder().join("repository");
    let revoked = |der: &[u8]| {
        let list = crl::CertificateList::parse(der).unwrap();
        list.entries.iter().any(|entry| entry.serial.to_hex() == serial)
    };
    let list = folder.join("crl/application-ca.crl");
    loop {
        if std::fs::read(&list).is_ok_and(|der| revoked(&der))
            && let (Looked::Taken(_) | Looked::Nothing, Some(held)) = (intake.look(), edge.held())
            && let Some(record) = held.find(&format!("/crl/{}", ListId::FULL.path(&id()))).unwrap()
            && revoked(&held.whole(&record).unwrap())
        {
            break;
        }
        assert!(program.heard("publish.complete"), "{}", program.log());
    }
    let status = json(&installation, &["publish", "status", "--format", "json"]);
    let targets = status["targets"].as_array().unwrap();
    for (target, name) in targets.iter().zip(["repository", "outside"]) {
        assert_eq!(target["target"], name);
        assert_eq!((&target["failures"], &target["trouble"]), (&Value::from(0), &Value::Null), "{target}");
    }
    let mut figures = installation.visitor();
    let figures = figures.open(installation.management.join("/metrics").unwrap().as_str()).unwrap().text();
    for figure in ["lag_seconds", "verified_timestamp_seconds", "deadline_timestamp_seconds", "call_timestamp_seconds"]
    {
        for target in ["repository", "outside"] {
            let line = format!("lgpki_publication_{figure}{{target=\"{target}\"}}");
            assert!(figures.contains(&line), "{line} is not in:\n{figures}");
        }
    }
    program.stops();

    // A folder that is away: told by the doctor and by the command, which says so in its exit code, too.
    std::fs::rename(&folder, installation.folder().join("away")).unwrap();
    let said = installation.lgpki(PROGRAM, &["publish", "now", "--target", "repository"]);
    assert_eq!(said.status.code(), Some(1));
    assert!(text(&said).contains("No such file or directory"), "{}", text(&said));
    let doctor = text(&installation.lgpki(PROGRAM, &["doctor"]));
    assert!(doctor.contains("WARN  publication    repository: 3 of 3 lists stand there"), "{doctor}");
    std::fs::rename(installation.folder().join("away"), &folder).unwrap();
    let said = installation.lgpki(PROGRAM, &["publish", "now"]);
    assert!(said.status.success(), "{}", text(&said));
    assert!(text(&installation.lgpki(PROGRAM, &["doctor"])).contains("OK    publication    repository: 3 of 3"));
    let unknown = installation.lgpki(PROGRAM, &["publish", "now", "--target", "nowhere"]);
    assert_eq!(unknown.status.code(), Some(2));
}

fn id() -> ca_core::id::AuthorityId {
    ca_core::id::AuthorityId::parse("application-ca").unwrap()
}
