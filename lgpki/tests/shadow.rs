//! `lgpki profile shadow` from outside: the twins of profiles with ML-DSA keys, issued and measured.

#![expect(clippy::unwrap_used, reason = "a helper of tests, which clippy.toml does not see as a test")]

use serde_json::Value;
use std::process::{Command, Output};

fn shadow(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_lgpki")).args(["profile", "shadow"]).args(arguments).output().unwrap()
}

#[test]
fn twins_weigh_what_fips_204_says_and_more_than_todays_certificates() {
    let said = shadow(&["web-server", "--entries", "100", "--format", "json"]);
    assert!(said.status.success(), "{}", String::from_utf8_lossy(&said.stderr));
    let report: Value = serde_json::from_slice(&said.stdout).unwrap();
    let sizes = report["sizes"].as_array().unwrap();
    let of = |key: &str, what: &str| {
        let one = sizes.iter().find(|one| one["key"] == key).unwrap_or_else(|| panic!("no {key} in {report}"));
        one[what].as_u64().unwrap()
    };
    assert_eq!(of("p256", "public_key"), 65);
    // FIPS 204, table 2: octets of public key and signature.
    for (key, public_key, signature) in [("mldsa44", 1312, 2420), ("mldsa65", 1952, 3309), ("mldsa87", 2592, 4627)] {
        assert_eq!((of(key, "public_key"), of(key, "signature")), (public_key, signature), "{key}");
        for what in ["certificate", "chain", "crl_without_entries", "crl_with_entries", "ocsp_answer"] {
            assert!(of(key, what) > of("p256", what), "{key}: {what}");
        }
        // An entry weighs the same, whatever signs the list.
        let entries = |key: &str| of(key, "crl_with_entries") - of(key, "crl_without_entries");
        assert!(entries(key).abs_diff(entries("p256")) < 16, "{key}");
    }
}

#[test]
fn what_only_enciphers_has_no_twin() {
    let said = shadow(&["encryption"]);
    assert_eq!(said.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&said.stderr).contains("ML-DSA only signs"));
}
