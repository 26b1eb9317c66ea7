//! `lgpki pack` from outside: what it says of packs that are in order, wrong, or different, and how it ends.

#![expect(clippy::unwrap_used, reason = "helpers of tests, which clippy.toml does not see as tests")]

use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

const PRIVATE: &str = ca_core::profile::pack::SHIPPED[0].1;

/// A folder of its own for a test, empty.
fn scratch(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("pack-{name}"));
    if folder.exists() {
        std::fs::remove_dir_all(&folder).unwrap();
    }
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

/// Exit code, standard output, standard error of `lgpki pack`.
fn pack(folder: &Path, arguments: &[&str]) -> (i32, String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_lgpki"));
    let output = command.arg("pack").args(arguments).current_dir(folder).stdin(Stdio::null()).output().unwrap();
    let text = |octets| String::from_utf8(octets).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

fn json(folder: &Path, arguments: &[&str]) -> (i32, Value) {
    let (code, out, err) = pack(folder, &[arguments, &["--format", "json"]].concat());
    assert_eq!(err, "");
    (code, serde_json::from_str(&out).unwrap())
}

/// A folder with `my.toml`: the shipped pack with each first word of the pairs replaced by the second.
fn changed(name: &str, changes: &[(&str, &str)]) -> PathBuf {
    let folder = scratch(name);
    let mut text = PRIVATE.to_owned();
    for (old, new) in changes {
        assert!(text.contains(old), "{old}");
        text = text.replacen(old, new, 1);
    }
    std::fs::write(folder.join("my.toml"), text).unwrap();
    folder
}

/// The line of `my.toml` that has `text`, from 1.
fn line_of(folder: &Path, text: &str) -> usize {
    let file = std::fs::read_to_string(folder.join("my.toml")).unwrap();
    file.lines().position(|line| line.contains(text)).unwrap() + 1
}

#[test]
fn a_pack_in_order_is_exit_0_with_what_it_holds() {
    let folder = changed("in-order", &[("version = \"1.0.0\"", "version = \"1.1.0\"")]);
    let (code, out, err) = pack(&folder, &["check", "my.toml", "bridge-gpki", "--lang", "en"]);
    assert_eq!((code, err.as_str()), (0, ""), "{out}");
    assert!(out.starts_with("✓ my.toml: lgwan-private 1.1.0, authorities 3, policies 7, profiles 14\n"), "{out}");
    assert!(
        out.contains("✓ bridge-gpki: bridge-gpki 1.0.0, authorities 1, policies 3, profiles 7\nIn order."),
        "{out}"
    );
    let (_, out, _) = pack(&folder, &["check", "my.toml"]);
    assert!(out.contains("認証局 3、ポリシー 7、プロファイル 14\n誤りはありません。"), "{out}");
}

#[test]
fn every_line_that_is_wrong_is_said_and_exit_3() {
    let folder = changed("wrong", &[("family = \"user\"", "family = \"usr\""), ("\"72h\"", "\"72 h\"")]);
    let (family, hours) = (line_of(&folder, "\"usr\""), line_of(&folder, "\"72 h\""));
    let (code, out, err) = pack(&folder, &["check", "lgwan-private", "my.toml", "--lang", "en"]);
    assert_eq!((code, err.as_str()), (3, ""));
    assert!(out.contains("✗ my.toml: 2 things are wrong\n"), "{out}");
    assert!(
        out.contains(&format!("    my.toml:{hours}: `72 h` is no length of time: a number and s, m, h or d")),
        "{out}"
    );
    assert!(out.contains(&format!("    my.toml:{family}: `usr` is no family; there are: job-role, user, ")), "{out}");

    let (code, report) = json(&folder, &["check", "lgwan-private", "my.toml"]);
    assert_eq!((code, report["schema"].as_str()), (3, Some("lgpki.pack-check/1")));
    assert_eq!((&report["in_order"], &report["files"][0]["in_order"]), (&Value::from(false), &Value::from(true)));
    assert_eq!(report["files"][0]["pack"]["profiles"], 14);
    let lines: Vec<_> = report["files"][1]["errors"].as_array().unwrap().iter().map(|one| &one["line"]).collect();
    assert_eq!(lines, [hours, family]);

    // What cannot be shown or compared says the same lines.
    for arguments in [&["show", "my.toml"][..], &["diff", "lgwan-private", "my.toml"]] {
        let (code, out, err) = pack(&folder, arguments);
        assert_eq!((code, out.as_str()), (3, ""));
        assert!(err.contains("the policy pack my.toml is refused"), "{err}");
        assert!(err.contains(&format!("\n    my.toml:{family}: `usr` is no family")), "{err}");
    }
}

#[test]
fn what_a_terminal_would_obey_is_written_out() {
    let folder = changed("escape", &[("version = \"1.0.0\"", "version = \"1\\u001b[2J\"")]);
    for arguments in [&["check", "my.toml"][..], &["show", "my.toml"], &["diff", "my.toml", "lgwan-private"]] {
        let (_, out, _) = pack(&folder, arguments);
        assert!(out.contains("1\\u{1b}[2J") && !out.contains('\u{1b}'), "{out}");
    }
}

#[test]
fn what_does_not_exist_is_exit_2_with_what_does() {
    let folder = scratch("missing");
    for arguments in [&["check", "no.toml"][..], &["show", "no.toml"], &["diff", "lgwan-private", "no.toml"]] {
        let (code, _, err) = pack(&folder, arguments);
        assert_eq!(code, 2, "{err}");
        assert!(err.contains("there is no policy pack no.toml"), "{err}");
        assert!(err.contains("name a TOML file, or one of lgwan-private, bridge-gpki"), "{err}");
    }
    let (code, _, err) = pack(&folder, &["show", "bridge-gpki", "--profile", "job-role"]);
    assert_eq!(code, 2);
    assert!(err.contains("there is no profile job-role") && err.contains("cross-gpki, va"), "{err}");
}

#[test]
fn without_a_name_the_shipped_packs_are_shown_in_short() {
    let (code, out, _) = pack(Path::new("."), &["show"]);
    assert_eq!(code, 0);
    assert!(out.starts_with("lgwan-private 1.0.0  LGWAN内部用ポリシー\n"), "{out}");
    assert!(out.contains("2026-04-01 から 2031-03-31 まで有効"), "{out}");
    assert!(out.contains("  job-role               5y  organisation-ca        職責証明書\n"), "{out}");
    assert!(out.contains("bridge-gpki 1.0.0") && !out.contains("keyUsage"), "{out}");
}

#[test]
fn a_named_pack_is_shown_with_every_field_and_a_profile_alone() {
    let (_, all, _) = pack(Path::new("."), &["show", "bridge-gpki", "--lang", "en"]);
    for part in
        ["policy government\n", "authority bridge-ca  Bridge CA\n", "profile va  Validation service certificate\n"]
    {
        assert!(all.contains(part), "{part}: {all}");
    }
    let (_, one, _) = pack(Path::new("."), &["show", "--profile", "cross-gpki", "--lang", "en"]);
    assert!(
        one.starts_with("bridge-gpki 1.0.0\n\nprofile cross-gpki  Cross-certificate for the government's bridge CA\n")
    );
    assert!(one.contains("  inhibitAnyPolicy      critical: 0"), "{one}");
    assert!(!one.contains("profile va"), "{one}");

    let (_, report) = json(Path::new("."), &["show", "--profile", "job-role"]);
    assert_eq!(report["schema"], "lgpki.pack/1");
    let profiles = report["packs"][0]["profiles"].as_array().unwrap();
    assert_eq!((report["packs"].as_array().unwrap().len(), profiles.len()), (1, 1));
    assert_eq!(profiles[0]["title"]["ja"], "職責証明書");
    assert_eq!(profiles[0]["fields"]["keyUsage"], "critical: digitalSignature, nonRepudiation");
    assert_eq!(report["packs"][0]["policies"][0]["oid"], "1.3.6.1.4.1.32473.1.1");
}

#[test]
fn the_markdown_of_the_shipped_packs_is_the_page_in_the_documentation() {
    let (code, out, _) = pack(Path::new("."), &["show", "--format", "markdown"]);
    assert_eq!((code, out), (0, lgpki::commands::pack::profiles_page().unwrap()));
    let (_, ja, _) = pack(Path::new("."), &["show", "--format", "markdown", "--lang", "ja"]);
    assert!(ja.starts_with("# プロファイル\n") && ja.contains("| [va](#va)<br>VA証明書 |"), "{ja}");
    let (_, one, _) = pack(Path::new("."), &["show", "--format", "markdown", "--profile", "va"]);
    assert!(one.starts_with("#### va\n\n**VA証明書 / Validation service certificate**. Signs the results"), "{one}");
}

#[test]
fn nothing_in_a_pack_is_markup() {
    let folder = changed("markup", &[("en = \"Web server certificate\"", "en = \"<b>|*a*_[x](y)\"")]);
    let (_, out, _) = pack(&folder, &["show", "my.toml", "--format", "markdown"]);
    assert!(out.contains("&lt;b>\\|\\*a\\*\\_\\[x\\](y)"), "{out}");
}

#[test]
fn packs_that_say_the_same_are_exit_0_and_different_ones_exit_1() {
    let folder = changed("same", &[("[pack]", "# A comment changes nothing.\n[pack]")]);
    let (code, out, _) = pack(&folder, &["diff", "lgwan-private", "my.toml", "--lang", "en"]);
    assert_eq!(code, 0);
    assert!(out.ends_with("\n\nNothing is different.\n"), "{out}");

    let changes = [("validity = { days = 397 }", "validity = { days = 200 }"), ("[profile.mail]", "[profile.post]")];
    let folder = changed("different", &changes);
    let (code, out, _) = pack(&folder, &["diff", "lgwan-private", "my.toml"]);
    assert_eq!(code, 1);
    assert!(out.starts_with("--- lgwan-private  (lgwan-private 1.0.0)\n+++ my.toml  (lgwan-private 1.0.0)\n"), "{out}");
    assert!(
        out.contains(
            "\n  profile web-server\n    validity\n      - 397 days\n      + 200 days\n\n  profile platform-server\n"
        ),
        "{out}"
    );
    assert!(out.contains("\n- profile mail\n\n+ profile post\n    family\n      + mail\n"), "{out}");
    // web-server, platform-server which extends it, one profile less, one more.
    assert!(out.ends_with("違いは4件です。\n"), "{out}");

    let (code, report) = json(&folder, &["diff", "lgwan-private", "my.toml"]);
    assert_eq!((code, report["schema"].as_str()), (1, Some("lgpki.pack-diff/1")));
    assert_eq!((&report["before"]["file"], &report["after"]["file"]), (&"lgwan-private".into(), &"my.toml".into()));
    let first = &report["differences"][0];
    assert_eq!((&first["of"], &first["field"]), (&"profile web-server".into(), &"validity".into()));
    assert_eq!((&first["before"], &first["after"]), (&"397 days".into(), &"200 days".into()));
}
