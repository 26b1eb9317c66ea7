//! ML-DSA from outside: the experimental pack is shown, sampled and founded for what it is, the twins of profiles are issued and
//! measured, and docs/post-quantum.md says what they weigh.

#![expect(clippy::unwrap_used, reason = "a helper of tests, which clippy.toml does not see as a test")]

use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

const PAGE: &str = include_str!("../../docs/post-quantum.md");

/// A folder of its own for a test, empty.
fn scratch(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("post-quantum-{name}"));
    if folder.exists() {
        std::fs::remove_dir_all(&folder).unwrap();
    }
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

fn lgpki(folder: &Path, line: &str) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_lgpki"));
    command.args(line.split_whitespace()).current_dir(folder).stdin(Stdio::null()).output().unwrap()
}

/// What a command wrote to standard output; it must have ended well.
fn printed(folder: &Path, line: &str) -> String {
    let output = lgpki(folder, line);
    assert!(output.status.success(), "{line}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

fn shadow(arguments: &[&str]) -> Output {
    lgpki(Path::new("."), &format!("profile shadow {}", arguments.join(" ")))
}

/// What stands between fences of the page that begin with `kind`.
fn fenced(kind: &str) -> impl Iterator<Item = &'static str> {
    let opening = format!("```{kind}\n");
    let blocks: Vec<&str> = PAGE.split(&opening).skip(1).map(|rest| rest.split("\n```").next().unwrap()).collect();
    blocks.into_iter()
}

#[test]
fn the_page_says_what_the_twins_weigh() {
    let command = fenced("sh").find_map(|lines| lines.strip_prefix("lgpki profile shadow ")).unwrap();
    let said = printed(Path::new("."), &format!("profile shadow {command}"));
    assert_eq!(fenced("text").next().unwrap(), said.trim_end(), "write what `lgpki profile shadow {command}` says");
}

#[test]
fn the_commands_of_the_page_found_an_installation_and_make_a_request() {
    let folder = scratch("page");
    for command in fenced("sh").flat_map(str::lines).filter_map(|line| line.strip_prefix("lgpki ")) {
        if !command.starts_with("profile shadow") {
            printed(&folder, command);
        }
    }
    let listed = printed(&folder, "--config pqc/lgpki.toml ca list --format json");
    let listed: Value = serde_json::from_str(&listed).unwrap();
    let of = |one: &Value, what: &str| one[what].as_str().unwrap().to_owned();
    let keys: Vec<_> =
        listed["authorities"].as_array().unwrap().iter().map(|one| (of(one, "authority"), of(one, "key"))).collect();
    assert_eq!(keys, [("pqc-ca", "mldsa65"), ("pqc-root", "mldsa65")].map(|(id, key)| (id.to_owned(), key.to_owned())));
    let csr = std::fs::read_to_string(folder.join("server.csr")).unwrap();
    assert!(csr.starts_with("-----BEGIN CERTIFICATE REQUEST-----"));
}

#[test]
fn an_installation_takes_no_keys_its_pack_does_not_name_and_none_of_it_in_production() {
    let folder = scratch("refused");
    let refused = lgpki(&folder, "init pqc --pack pqc-experimental --generate-passphrase --key p256");
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert_eq!(refused.status.code(), Some(7), "{said}");
    assert!(said.contains("the policy pack gives pqc-ca no key of the kind p256"), "{said}");
    let wanted = "init pqc --pack pqc-experimental --generate-passphrase --environment production --url https://ra.example.lg.jp";
    let refused = lgpki(&folder, wanted);
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert_eq!(refused.status.code(), Some(3), "{said}");
    assert!(said.contains("the pack pqc-experimental is experimental"), "{said}");
    assert!(!folder.join("pqc").exists());
}

#[test]
fn the_pack_is_shown_as_experimental_everywhere() {
    let folder = Path::new(".");
    for (arguments, mark) in [
        ("pack show pqc-experimental", "実験用（本番では使えません）"),
        ("pack show pqc-experimental --lang en", "experimental: not for production"),
        ("pack show --lang en", "experimental: not for production"),
        ("pack show --format markdown", "## Experimental\n"),
        ("pack show pqc-experimental --format json", "\"experimental\": true"),
    ] {
        let said = printed(folder, arguments);
        assert!(said.contains(mark), "{arguments}: {said}");
    }
    let said = printed(folder, "pack show lgwan-private --lang en");
    assert!(!said.contains("experimental"), "{said}");
}

#[test]
fn the_pack_is_sampled_with_every_profile_and_key() {
    let folder = scratch("sample");
    printed(&folder, "profile sample --all --pack pqc-experimental --out samples");
    let mut found = 0;
    for profile in [
        "pqc-root-ca",
        "pqc-subordinate-ca",
        "pqc-ocsp-responder-sub",
        "pqc-web-server",
        "pqc-code-signing",
        "pqc-job-role",
        "pqc-user",
    ] {
        for key in ["mldsa44", "mldsa65", "mldsa87"] {
            let file = folder.join(format!("samples/{profile}-{key}.pem"));
            found += usize::from(file.exists());
            let told = printed(&folder, &format!("cert inspect {}", file.display()));
            assert!(told.contains("ML-DSA"), "{told}");
        }
    }
    assert_eq!(found, 21);
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
