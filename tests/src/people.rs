//! People registered by command, as an administrator does it: what the command shows is what they log in with.
#![expect(clippy::expect_used, reason = "a harness: what fails here is a failed test, and says why")]

use crate::program::Installation;
use crate::tools::text;
use lgpki::commands::demo::people::Persona;
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
