//! People registered by command, as an administrator does it: what the command shows is what they log in with. And what two of them
//! do together most often.
#![expect(clippy::expect_used, reason = "a harness: what fails here is a failed test, and says why")]

use crate::program::{Installation, Program};
use crate::tools::text;
use ca_core::key::KeyAlgorithm;
use lgpki::commands::demo::acts;
use lgpki::commands::demo::people::Persona;
use lgpki::visitor::Visitor;
use std::process::Command;

/// Registers somebody with `lgpki officer add` and returns what they log in with. `binary` is the program under test.
///
/// # Panics
/// When the command fails.
pub fn registered(binary: &str, installation: &Installation, [org, login, role]: [&str; 3]) -> Persona {
    let config = installation.folder().join("lgpki.toml");
    let add = ["officer", "add", "--org", org, "--login", login, "--name", "田中", "--role", role];
    let said = Command::new(binary).arg("--config").arg(config).args(add).output().expect("the program starts");
    assert!(said.status.success(), "{}", text(&said));
    shown(&text(&said), login, role)
}

/// An officer asks for a web server's certificate for each of these hosts, a manager approves, and they are issued: the paths of their
/// pages. Both are logged in.
///
/// # Panics
/// When one of them is not issued.
pub fn issued<H: AsRef<str>>(program: &mut Program, [officer, manager]: [&mut Visitor; 2], hosts: &[H]) -> Vec<String> {
    let mut filed = Vec::new();
    for host in hosts.iter().map(AsRef::as_ref) {
        let key = lgpki::holder::new_key(KeyAlgorithm::P256).expect("a key is made");
        let request = lgpki::holder::new_request(&key, &[host]).expect("a request is made");
        let number = acts::file_request(officer, host, &request).expect("a request is filed");
        acts::approve(manager, &number).expect("a request is approved");
        filed.push(number);
    }
    let mut page = |number| program.until(|| acts::certificate_of(officer, number)).expect("a certificate is issued");
    filed.iter().map(&mut page).collect()
}

/// The person `officer add` has shown.
///
/// # Panics
/// When password or secret is not there.
pub fn shown(said: &str, login: &str, role: &str) -> Persona {
    let after = |label: &str| said.lines().find_map(|line| line.strip_prefix(label)).expect(label).trim().to_owned();
    Persona {
        login: login.to_owned(),
        name: "田中".to_owned(),
        role: role.to_owned(),
        password: after("password"),
        totp_secret: ca_core::digest::hex(&base32(&after("authenticator"))),
    }
}

/// As an authenticator reads it (RFC 4648 §6).
fn base32(text: &str) -> Vec<u8> {
    let value = |c: char| "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".find(c).expect("a sign of base32");
    let bits: String = text.chars().map(|c| format!("{:05b}", value(c))).collect();
    let octets = bits.as_bytes().chunks_exact(8).filter_map(|octet| std::str::from_utf8(octet).ok());
    octets.map(|octet| u8::from_str_radix(octet, 2).expect("eight bits")).collect()
}
