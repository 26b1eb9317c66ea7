//! The program as an edge: no configuration, no database, no key in its folder; OpenSSL asks it, and what comes later is taken
//! without a restart.

use ca_core::kana::KanaWords;
use lgpki_tests::databases::Kind;
use lgpki_tests::program::{Installation, Program, free_address};
use lgpki_tests::tools::{Scratch, openssl, text};
use serde_json::Value;
use std::path::Path;

use super::PROGRAM;

/// Writes a bundle; its number and the words of its key.
fn bundle(installation: &Installation, out: &Path) -> (u64, String) {
    let said =
        installation.lgpki(PROGRAM, &["ocsp", "bundle", "--format", "json", "--out", &out.display().to_string()]);
    assert!(said.status.success(), "{}", text(&said));
    let said: Value = serde_json::from_slice(&said.stdout).unwrap();
    (said["number"].as_u64().unwrap(), said["words"].as_str().unwrap().to_owned())
}

#[test]
fn an_edge_serves_a_bundle_without_key_and_database_and_takes_the_next_one() {
    let installation = Installation::new(Kind::Sqlite);
    let scratch = Scratch::new("edge-program");
    let file = scratch.path().join("edge.bundle");
    let (first, words) = bundle(&installation, &file);
    let (address, management) = (free_address(), free_address());
    let arguments = |words: &str| {
        let own = format!(
            "--config|{}/none.toml|serve|--roles|edge|--bundle|{}|--listen|{address}|--management|{management}|--words|{words}",
            scratch.path().display(),
            file.display()
        );
        own.split('|').map(str::to_owned).collect::<Vec<_>>()
    };
    // It has nothing but the bundle.
    let mut edge = Program::start_until(PROGRAM, &arguments(&words), "edge.taken");
    let get = |path: &str| {
        let answer = plain::get(address, path);
        (answer.0, answer.1)
    };
    let (status, root) = get("/aia/root.pem");
    assert_eq!(status, 200);
    let root = scratch.file("root.pem", root);
    let ca = scratch.file("ca.pem", get("/aia/application-ca.pem").1);
    let list = scratch.file("ca.crl", get("/crl/application-ca.crl").1);
    let said = text(&openssl("crl -inform DER -noout -CAfile {} -in {}", &[&ca, &list]));
    assert!(said.contains("verify OK"), "{said}");
    assert_eq!(get("/crl/other.crl").0, 404);
    let url = format!("http://{address}/ocsp/root");
    let said = text(&openssl(
        &format!("ocsp -no_nonce -url {url} -issuer {{}} -cert {{}} -CAfile {{}}"),
        &[&root, &ca, &root],
    ));
    assert!(said.contains("Response verify OK") && said.contains("good"), "{said}");
    assert_eq!(plain::get(management, "/readyz").0, 200);

    let (second, _) = bundle(&installation, &file);
    assert!(second > first);
    assert!(edge.heard("edge.taken"));
    let figures = String::from_utf8(plain::get(management, "/metrics").1).unwrap();
    assert!(figures.contains(&format!("lgpki_edge_bundle_number {second}")), "{figures}");

    // Cut off where it stands, it is a reason to come again, and the next one is taken by the same process.
    let octets = std::fs::read(&file).unwrap();
    std::fs::write(&file, &octets[..octets.len() / 3]).unwrap();
    assert!(edge.heard("edge.refused"));
    let ask = format!("ocsp -no_nonce -url {url} -issuer {{}} -cert {{}} -CAfile {{}}");
    let said = text(&openssl(&ask, &[&root, &ca, &root]));
    assert!(said.to_lowercase().contains("trylater"), "{said}");
    assert_eq!(plain::get(management, "/readyz").0, 503);
    bundle(&installation, &file);
    assert!(edge.heard("edge.taken"));
    let said = text(&openssl(&ask, &[&root, &ca, &root]));
    assert!(said.contains("Response verify OK") && said.contains("good"), "{said}");
    assert_eq!(plain::get(management, "/readyz").0, 200);
    edge.stops();

    // With the words of another key it serves nothing.
    let another = KanaWords::of(&[7; 32]).to_string();
    let mut deaf = Program::start_until(PROGRAM, &arguments(&another), "edge.refused");
    assert_eq!(plain::get(management, "/readyz").0, 503);
    assert_eq!(get("/crl/application-ca.crl").0, 503);
    assert!(deaf.log().contains("another key signed it"));
    deaf.stops();
}

/// Carries a file to its place at an edge, as a whole.
fn carried(from: &Path, to: &Path) {
    let beside = to.with_extension("arriving");
    std::fs::copy(from, &beside).unwrap();
    std::fs::rename(beside, to).unwrap();
}

#[test]
fn an_edge_takes_what_a_drop_folder_is_given_whole_and_as_a_delta() {
    let installation = Installation::new(Kind::Sqlite);
    for folder in ["out", "kept"] {
        std::fs::create_dir(installation.folder().join(folder)).unwrap();
    }
    let config = installation.folder().join("lgpki.toml");
    let founded = std::fs::read_to_string(&config).unwrap();
    let target = "[[publish]]\nname = \"outside\"\nkind = \"drop-folder\"\nfolder = \"out\"\nkept = \"kept\"\n";
    std::fs::write(&config, format!("{founded}\n{target}")).unwrap();
    let scratch = Scratch::new("edge-deltas");
    let (_, words) = bundle(&installation, &scratch.path().join("first.bundle"));
    let published = || {
        let said = installation.lgpki(PROGRAM, &["publish", "now"]);
        assert!(said.status.success(), "{}", text(&said));
    };
    let out = |file: &str| installation.folder().join("out").join(file);
    let file = scratch.path().join("edge.bundle");
    published();
    assert!(!out("outside.bundle.delta").exists());
    carried(&out("outside.bundle"), &file);
    let (address, management) = (free_address(), free_address());
    let line = format!(
        "serve|--roles|edge|--bundle|{}|--listen|{address}|--management|{management}|--words|{words}",
        file.display()
    );
    let arguments: Vec<_> = line.split('|').map(str::to_owned).collect();
    let mut edge = Program::start_until(PROGRAM, &arguments, "edge.taken");
    let number = || {
        let figures = String::from_utf8(plain::get(management, "/metrics").1).unwrap();
        let line = figures.lines().find_map(|line| line.strip_prefix("lgpki_edge_bundle_number ")).unwrap().to_owned();
        line.parse::<u64>().unwrap()
    };
    let mut before = number();
    let whole = std::fs::read(out("outside.bundle")).unwrap();
    for _ in 0..2 {
        published();
        assert_eq!(std::fs::read(out("outside.bundle")).unwrap(), whole, "the whole one stays");
        carried(&out("outside.bundle.delta"), &file.with_file_name("edge.bundle.delta"));
        assert!(edge.heard("edge.taken"));
        assert!(number() > before);
        before = number();
    }
    assert_eq!(plain::get(address, "/crl/application-ca.crl").0, 200);
    edge.stops();
}

/// The smallest client: status and body.
mod plain {
    use std::io::{Read, Write};
    use std::net::{SocketAddr, TcpStream};

    pub(super) fn get(address: SocketAddr, path: &str) -> (u16, Vec<u8>) {
        let mut stream = TcpStream::connect(address).unwrap();
        write!(stream, "GET {path} HTTP/1.1\r\nHost: edge\r\nConnection: close\r\n\r\n").unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).unwrap();
        let end = answer.windows(4).position(|four| four == b"\r\n\r\n").unwrap();
        let status = std::str::from_utf8(&answer[9..12]).unwrap().parse().unwrap();
        (status, answer[end + 4..].to_vec())
    }
}
