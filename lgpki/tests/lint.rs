//! `lgpki lint` from outside: what it reads, what it says in each language and form, and how it ends.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "helpers of tests, which clippy.toml does not see as tests; indexing of JSON does not panic"
)]

use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// A folder of its own for a test, empty.
fn scratch(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("lint-{name}"));
    if folder.exists() {
        std::fs::remove_dir_all(&folder).unwrap();
    }
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

/// Exit code, standard output, standard error of `lgpki lint`.
fn lint(folder: &Path, arguments: &[&str]) -> (i32, String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_lgpki"));
    let output = command.arg("lint").args(arguments).current_dir(folder).stdin(Stdio::null()).output().unwrap();
    let text = |octets| String::from_utf8(octets).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

fn json(folder: &Path, arguments: &[&str]) -> (i32, Value) {
    let (code, out, _) = lint(folder, &[arguments, &["--format", "json"]].concat());
    (code, serde_json::from_str(&out).unwrap())
}

/// A self-signed certificate of another program, for a server of that name: DER and PEM.
fn foreign(name: &str) -> (Vec<u8>, String) {
    let made = rcgen::generate_simple_self_signed([name.to_owned()]).unwrap();
    (made.cert.der().to_vec(), made.cert.pem())
}

/// The names of rules that the certificate at that place breaks.
fn broken(report: &Value, at: usize) -> Vec<&str> {
    report["files"][at]["findings"].as_array().unwrap().iter().map(|one| one["rule"].as_str().unwrap()).collect()
}

#[test]
fn a_certificate_that_breaks_nothing_is_exit_0() {
    let folder = scratch("clean");
    std::fs::write(folder.join("a.pem"), foreign("www.town.shirakaba.lg.jp").1).unwrap();
    let (code, out, err) = lint(&folder, &["a.pem"]);
    assert_eq!((code, err.as_str()), (0, ""), "{out}");
    assert!(out.starts_with("✓ a.pem: "), "{out}");
    assert!(out.ends_with("証明書でないファイル0件。\n"), "{out}");
}

#[test]
fn a_broken_rule_is_exit_1_and_is_said_in_both_languages() {
    let folder = scratch("broken");
    // No policy, no address, ten centuries: whatever a public server may not be.
    std::fs::write(folder.join("a.der"), foreign("a.local").0).unwrap();
    let (code, report) = json(&folder, &["a.der", "--baseline", "tls"]);
    assert_eq!((code, report["schema"].as_str()), (1, Some("lgpki.lint/1")));
    let file = &report["files"][0];
    assert_eq!(
        (file["file"].as_str(), file["index"].as_u64(), file["baseline"].as_str()),
        (Some("a.der"), Some(1), Some("tls"))
    );
    assert_eq!(file["sha256"].as_str().unwrap().len(), 64);
    assert!(broken(&report, 0).contains(&"cabf.tls.validity"), "{report}");
    let finding = file["findings"].as_array().unwrap().iter().find(|one| one["rule"] == "cabf.tls.policies").unwrap();
    assert_eq!(finding["severity"], "error");
    assert_eq!(finding["source"], "BR §7.1.2.7.9");
    assert_eq!(finding["en"], "A server certificate names a policy, and not anyPolicy.");
    assert_eq!(finding["ja"], "サーバ証明書のcertificatePoliciesにはポリシーがあり、anyPolicyがあってはなりません。");
    assert_eq!(finding["found"], "no policy");
    assert_eq!(report["counts"]["certificates"], 1);
    assert_eq!(report["counts"]["refused"], 1);

    let (code, ja, _) = lint(&folder, &["a.der", "--baseline", "tls"]);
    assert_eq!(code, 1);
    assert!(ja.contains("    エラー: サーバ証明書のcertificatePoliciesには"), "{ja}");
    let (_, en, _) = lint(&folder, &["a.der", "--baseline", "tls", "--lang", "en"]);
    assert!(
        en.contains("    error: A server certificate names a policy, and not anyPolicy. [BR §7.1.2.7.9]\n"),
        "{en}"
    );
    assert!(en.contains("        found: no policy  (cabf.tls.policies)\n"), "{en}");
}

#[test]
fn a_warning_alone_is_exit_0() {
    let folder = scratch("warning");
    // rcgen puts the organisation after a name of its own, with a space behind it.
    let key = rcgen::KeyPair::generate().unwrap();
    let mut params = rcgen::CertificateParams::new(vec!["a.jp".to_owned()]).unwrap();
    params.distinguished_name.push(rcgen::DnType::OrganizationName, "Shirakaba Town ");
    std::fs::write(folder.join("a.pem"), params.self_signed(&key).unwrap().pem()).unwrap();
    let (code, report) = json(&folder, &["a.pem", "--baseline", "none"]);
    assert_eq!((code, broken(&report, 0)), (0, vec!["rfc5280.name-characters"]));
    assert!(lint(&folder, &["a.pem"]).1.contains("警告: 主体者名の値は"));
}

#[test]
fn a_folder_is_read_to_its_end_and_what_is_no_certificate_is_named() {
    let folder = scratch("folder");
    std::fs::create_dir_all(folder.join("certificates/below")).unwrap();
    let (der, pem) = foreign("a.jp");
    let bundle = format!("{}\n{}", pem, foreign("b.jp").1);
    std::fs::write(folder.join("certificates/bundle.pem"), bundle).unwrap();
    std::fs::write(folder.join("certificates/below/a.cer"), &der).unwrap();
    std::fs::write(folder.join("certificates/below/cut.cer"), &der[..der.len() - 1]).unwrap();
    std::fs::write(folder.join("certificates/below/longer.cer"), [&der[..], b"\n"].concat()).unwrap();
    std::fs::write(folder.join("certificates/readme.txt"), "no certificate").unwrap();
    std::fs::write(folder.join("certificates/key.pem"), rcgen::KeyPair::generate().unwrap().serialize_pem()).unwrap();
    let (code, report) = json(&folder, &["certificates"]);
    let names: Vec<String> = report["files"]
        .as_array()
        .unwrap()
        .iter()
        .map(|file| format!("{} {}", file["file"].as_str().unwrap(), file["index"]))
        .collect();
    assert_eq!(
        names,
        [
            "certificates/below/a.cer 1",
            "certificates/below/longer.cer 1",
            "certificates/bundle.pem 1",
            "certificates/bundle.pem 2"
        ]
    );
    assert_eq!((code, broken(&report, 1)), (1, vec!["der.strict"]));
    assert_eq!(report["files"][1]["subject"], Value::Null);
    let others: Vec<&str> =
        report["others"].as_array().unwrap().iter().map(|other| other["file"].as_str().unwrap()).collect();
    assert_eq!(others, ["certificates/below/cut.cer", "certificates/key.pem", "certificates/readme.txt"]);
    let (_, text, _) = lint(&folder, &["certificates", "--lang", "en"]);
    assert!(text.contains("✓ certificates/bundle.pem[2]: "), "{text}");
    assert!(text.contains("- certificates/key.pem: not a certificate (only PRIVATE KEY)\n"), "{text}");
    assert!(text.contains("1 of 4 certificates have errors"), "{text}");
}

#[test]
fn a_file_named_by_hand_is_taken_for_the_certificate_it_was_meant_to_be() {
    let folder = scratch("cut");
    let (der, _) = foreign("a.jp");
    std::fs::write(folder.join("cut"), &der[..der.len() - 1]).unwrap();
    let (code, report) = json(&folder, &["cut"]);
    assert_eq!((code, broken(&report, 0)), (1, vec!["der.strict"]));
}

#[test]
fn nothing_to_read_is_exit_2_with_the_reason() {
    let folder = scratch("nothing");
    std::fs::write(folder.join("readme.txt"), "no certificate").unwrap();
    let (code, out, err) = lint(&folder, &["readme.txt"]);
    assert_eq!((code, out.as_str()), (2, ""));
    assert_eq!(
        err,
        "lgpki: no certificate was found\n  why: readme.txt: no certificate\n  \
         to do: name files that hold certificates in PEM or DER, or a folder with such files\n"
    );
    let (code, _, err) = lint(&folder, &["nowhere"]);
    assert_eq!(code, 2);
    assert!(err.starts_with("lgpki: nowhere: cannot be read\n  why: "), "{err}");
    assert_eq!(lint(&folder, &[]).0, 2);
}

#[test]
fn the_rules_are_shown_without_a_certificate() {
    let folder = scratch("rules");
    let (code, out, _) = lint(&folder, &["--rules", "--format", "json"]);
    let rules: Value = serde_json::from_str(&out).unwrap();
    assert_eq!((code, rules["schema"].as_str()), (0, Some("lgpki.lint.rules/1")));
    let rules = rules["rules"].as_array().unwrap();
    assert!(rules.len() >= 90, "{}", rules.len());
    let rule = rules.iter().find(|rule| rule["rule"] == "cabf.smime.validity").unwrap();
    assert_eq!((&rule["applies"], &rule["severity"]), (&Value::from("smime"), &Value::from("error")));
    let (_, text, _) = lint(&folder, &["--rules"]);
    assert!(text.contains("der.strict (error, any) [RFC 5280 §4.1, X.690 §10]\n    証明書は、"), "{text}");
}
