//! What the command says when something is wrong, and with which exit code it says so: what happened, why, what to do.

#![expect(clippy::unwrap_used, reason = "helpers of tests, which clippy.toml does not see as tests")]

mod custody;
mod registering;

use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// A folder of its own for a test, empty.
fn scratch(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    if folder.exists() {
        std::fs::remove_dir_all(&folder).unwrap();
    }
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

fn lgpki(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_lgpki"));
    command.args(arguments).current_dir(folder).stdin(Stdio::null()).output().unwrap()
}

/// Exit code and what was said on standard error, the folder written as `~`.
fn said(folder: &Path, arguments: &[&str]) -> (i32, String) {
    let output = lgpki(folder, arguments);
    let text = String::from_utf8(output.stderr).unwrap().replace(folder.to_str().unwrap(), "~");
    (output.status.code().unwrap(), text)
}

fn init(folder: &Path) {
    let output = lgpki(
        folder,
        &["init", "ca", "--generate-passphrase", "--listen", "127.0.0.1:0", "--management", "127.0.0.1:0"],
    );
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

/// Changes a line of an installation's configuration.
fn reconfigure(folder: &Path, from: &str, to: &str) {
    let file = folder.join("ca/lgpki.toml");
    let text = std::fs::read_to_string(&file).unwrap();
    assert!(text.contains(from), "{from}");
    std::fs::write(file, text.replace(from, to)).unwrap();
}

/// What a command wrote to standard output; it must have ended well.
fn printed(folder: &Path, arguments: &[&str]) -> String {
    let output = lgpki(folder, arguments);
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

const SERVE: [&str; 3] = ["--config", "ca/lgpki.toml", "serve"];

#[test]
fn help_and_version_go_to_standard_output() {
    let folder = scratch("help");
    let help = lgpki(&folder, &["--help"]);
    assert!(help.status.success() && help.stderr.is_empty());
    let help = String::from_utf8(help.stdout).unwrap();
    for command in ["init", "serve", "org", "officer", "demo", "doctor", "cert", "lint", "crl", "ocsp", "bench"] {
        assert!(help.contains(&format!("\n  {command} ")), "{command}: {help}");
    }
    let version = lgpki(&folder, &["--version"]);
    assert_eq!(String::from_utf8(version.stdout).unwrap(), concat!("lgpki ", env!("CARGO_PKG_VERSION"), "\n"));
}

#[test]
fn a_wrong_command_line_is_exit_2() {
    let folder = scratch("usage");
    let (code, text) = said(&folder, &["serve", "--roles", "ra,king"]);
    assert_eq!(code, 2);
    assert_eq!(
        text,
        "error: invalid value 'king' for '--roles <ROLES>'\n  [possible values: ra, ca, ocsp, repository, publisher, edge]\n\n\
         For more information, try '--help'.\n"
    );
    assert_eq!(said(&folder, &[]).0, 2);
}

#[test]
fn a_missing_configuration_is_exit_3() {
    let folder = scratch("missing");
    assert_eq!(
        said(&folder, &["serve"]),
        (
            3,
            "lgpki: cannot read the configuration lgpki.toml\n  why: No such file or directory (os error 2)\n  \
             to do: name the file with --config FILE; `lgpki init` makes one\n"
                .to_owned()
        )
    );
}

#[test]
fn an_unknown_key_is_exit_3_with_its_line() {
    let folder = scratch("unknown-key");
    init(&folder);
    reconfigure(&folder, "[listen]\n", "[listen]\nport = 80\n");
    assert_eq!(
        said(&folder, &SERVE),
        (
            3,
            "lgpki: ca/lgpki.toml:31: unknown field `port`, expected one of `public`, `ra`, `repository`, `management`\n  \
             to do: correct that line; the file `lgpki init` writes explains every key\n"
                .to_owned()
        )
    );
}

#[test]
fn nothing_is_ever_overwritten() {
    let folder = scratch("twice");
    init(&folder);
    assert_eq!(
        said(&folder, &["init", "ca", "--generate-passphrase"]),
        (
            7,
            "lgpki: there is an installation in ~/ca already\n  why: ~/ca/lgpki.toml exists, and nothing is ever \
             overwritten\n  to do: run it with `lgpki serve`, look at it with `lgpki doctor`, or name another folder\n"
                .to_owned()
        )
    );
}

#[test]
fn settings_that_contradict_each_other_make_nothing() {
    let folder = scratch("contradiction");
    let (code, text) = said(&folder, &["init", "ca", "--generate-passphrase", "--listen", "0.0.0.0:8080"]);
    assert_eq!(code, 3);
    assert!(
        text.starts_with(
            "lgpki: these settings cannot be used\n  why: the registration service listens on 0.0.0.0:8080"
        )
    );
    assert!(!folder.join("ca").exists());
}

#[test]
fn without_a_passphrase_and_a_terminal_nobody_is_asked() {
    let folder = scratch("no-passphrase");
    let (code, text) = said(&folder, &["init", "ca"]);
    assert_eq!(code, 3);
    assert!(!folder.join("ca").exists());
    assert_eq!(
        text,
        "lgpki: there is no passphrase for the keys\n  why: no file is configured, and there is no terminal to ask at\n  \
         to do: set [keys] passphrase_file, or give --passphrase-file FILE or --passphrase-fd N\n"
    );
}

#[test]
fn a_passphrase_others_can_read_is_refused() {
    let folder = scratch("exposed");
    init(&folder);
    std::fs::set_permissions(folder.join("ca/passphrase"), std::fs::Permissions::from_mode(0o644)).unwrap();
    let (code, text) = said(&folder, &SERVE);
    assert_eq!(code, 3);
    assert!(text.contains("~/ca/passphrase has mode 0644") && text.contains("chmod 600"), "{text}");
    let doctor = lgpki(&folder, &["--config", "ca/lgpki.toml", "doctor"]);
    assert_eq!(doctor.status.code(), Some(1));
    assert!(String::from_utf8(doctor.stdout).unwrap().contains("FAIL  permissions"));
}

#[test]
fn a_wrong_passphrase_is_exit_3() {
    let folder = scratch("wrong-passphrase");
    init(&folder);
    std::fs::write(folder.join("ca/passphrase"), "something else\n").unwrap();
    let (code, text) = said(&folder, &SERVE);
    assert_eq!(code, 3);
    assert!(text.contains("lgpki: no authority's key can be used here\n  why: "), "{text}");
    assert!(!text.contains("something else"));
}

#[test]
fn a_missing_database_is_not_made() {
    let folder = scratch("no-database");
    init(&folder);
    reconfigure(&folder, "sqlite:lgpki.db", "sqlite:other.db");
    let (code, text) = said(&folder, &SERVE);
    assert_eq!(code, 3);
    assert!(text.starts_with("lgpki: there is no database ~/ca/other.db\n  to do: "), "{text}");
    assert!(!folder.join("ca/other.db").exists());
}

#[test]
fn a_busy_port_is_exit_5_with_a_hint() {
    let folder = scratch("busy");
    init(&folder);
    let busy = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = busy.local_addr().unwrap();
    reconfigure(&folder, "public = \"127.0.0.1:0\"", &format!("public = \"{address}\""));
    assert_eq!(
        said(&folder, &SERVE),
        (
            5,
            format!(
                "lgpki: cannot listen on {address}: another program uses it\n  to do: stop the other program \
                 (`ss -ltnp 'sport = :{}'` shows it), or choose another address: [listen] public in the configuration\n",
                address.port()
            )
        )
    );
}

#[test]
fn a_healthy_installation_has_nothing_to_mend() {
    let folder = scratch("healthy");
    init(&folder);
    let output = lgpki(&folder, &["--config", "ca/lgpki.toml", "doctor", "--format", "json"]);
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let failures: Vec<_> =
        report["findings"].as_array().unwrap().iter().filter(|finding| finding["state"] == "FAIL").collect();
    assert!(failures.is_empty() && report["healthy"] == true && output.status.success(), "{failures:?}");
    assert_eq!(report["schema"], "lgpki.doctor/1");
}

#[test]
fn a_key_given_as_a_certificate_is_named_for_what_it_is() {
    let folder = scratch("wrong-file");
    init(&folder);
    let (code, text) = said(&folder, &["cert", "inspect", "ca/keys/root.key.pem"]);
    assert_eq!(
        (code, text.as_str()),
        (
            2,
            "lgpki: ca/keys/root.key.pem: no CERTIFICATE in it, but ENCRYPTED PRIVATE KEY\n  to do: name a file that holds one, in PEM or DER\n"
        )
    );
    let (code, text) = said(&folder, &["crl", "inspect", "nowhere"]);
    assert_eq!(
        (code, text.as_str()),
        (
            2,
            "lgpki: nowhere: cannot be read\n  why: No such file or directory (os error 2)\n  to do: is this the right file, and may this user read it?\n"
        )
    );
}

#[test]
fn init_says_what_to_type_next_and_that_works() {
    let folder = scratch("next");
    let said = printed(
        &folder,
        &["init", "ca", "--generate-passphrase", "--listen", "127.0.0.1:0", "--management", "127.0.0.1:0"],
    );
    let next: Vec<&str> = said.lines().filter_map(|line| line.strip_prefix("  lgpki ")).collect();
    assert_eq!(next.len(), 3, "{said}");
    for line in &next[..2] {
        let shell = format!("{} {line}", env!("CARGO_BIN_EXE_lgpki"));
        let done = Command::new("sh").args(["-c", &shell]).current_dir(&folder).output().unwrap();
        assert!(done.status.success(), "{line}: {}", String::from_utf8_lossy(&done.stderr));
    }
    assert_eq!(
        printed(&folder, &["--config", "ca/lgpki.toml", "officer", "list"]),
        "019992  sato              officer      active     佐藤 花子\n"
    );
    let json = printed(&folder, &["--config", "ca/lgpki.toml", "org", "list", "--format", "json"]);
    let listing: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(listing["schema"], "lgpki.organisations/1");
    assert_eq!(listing["organisations"][0]["code"], "019992");
    assert_eq!(listing["organisations"][0]["domains"][0]["domain"], "town.shirakaba.lg.jp");
}
