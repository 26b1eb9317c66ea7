//! Key ceremonies as people hold them: the shipped script is rehearsed on a SoftHSM2 token and OpenSSL judges what it made;
//! an offline root signs again in a later ceremony;
//! and a ceremony that is killed at any durable point and resumed gives what an undisturbed one gives.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "helpers of tests: what fails here is a failed test"
)]

mod custodians;
mod founded;
mod held;
mod killed;
mod later;
mod properties;
mod rehearsal;
mod requests;

use lgpki_tests::interruptions::Fault;
use lgpki_tests::tools::Scratch;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// The program, composed with faults.
const PROGRAM: &str = env!("CARGO_BIN_EXE_lgpki-for-tests");
/// Everybody in the shipped script confirms everything.
const ANSWERS: &str = "every-step = [\"佐藤 花子\", \"鈴木 一郎\", \"高橋 次郎\", \"田中 恵子\"]\n";

/// The script that is shipped.
fn shipped() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().join("docs/operations/ceremonies/lgpki.toml")
}

/// Where a ceremony is held.
struct Place {
    scratch: Scratch,
    answers: PathBuf,
}

impl Place {
    fn new(name: &str) -> Self {
        let scratch = Scratch::new(name);
        let answers = scratch.file("answers.toml", ANSWERS);
        let government = shipped().with_file_name("government.csr.pem");
        std::fs::copy(&government, scratch.path().join("government.csr.pem")).unwrap();
        Self { scratch, answers }
    }

    /// `lgpki ceremony ACT SCRIPT` in a folder of that name, with a fault.
    fn ceremony(&self, act: &str, script: &Path, folder: &str, fault: Option<Fault>) -> Command {
        let mut command = Command::new(PROGRAM);
        if let Some(fault) = fault {
            command.args(["--faults", &fault.to_string()]);
        }
        command.args(["ceremony", act]).arg(script).arg("--folder").arg(self.folder(folder));
        command.arg("--answers").arg(&self.answers).stdin(Stdio::null());
        command
    }

    fn folder(&self, name: &str) -> PathBuf {
        self.scratch.path().join(name)
    }

    /// The public keys, certificates and CRLs a ceremony made, by the names of their files.
    fn made(&self, folder: &str) -> BTreeMap<String, Vec<u8>> {
        let entries = std::fs::read_dir(self.folder(folder)).unwrap().map(|entry| entry.unwrap().path());
        let made = entries.filter(|path| path.extension().is_some_and(|ending| ending == "pem"));
        made.map(|path| {
            let name = path.file_name().unwrap().to_str().unwrap().to_owned();
            (name, std::fs::read(&path).unwrap())
        })
        .collect()
    }
}

/// What a command said, which succeeds.
fn done(command: &mut Command) -> String {
    let output = command.output().unwrap();
    let said = lgpki_tests::tools::text(&output);
    assert!(output.status.success(), "{command:?}\n{said}");
    said
}

fn code(output: &Output) -> i32 {
    output.status.code().unwrap_or(-1)
}
