//! Other people's tools, and the folder they work in: OpenSSL and GnuTLS are run as a person would run them.
#![expect(clippy::expect_used, clippy::panic, reason = "a harness: what fails here is a failed test, and says why")]

use hsm_adapters::{Passphrase, SoftKeys};
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// A folder of one test, removed at its end.
#[derive(Debug)]
pub struct Scratch(PathBuf);

impl Scratch {
    /// A new, empty one.
    pub fn new(name: &str) -> Self {
        Self(crate::databases::fresh_folder(&format!("lgpki-scratch-{name}")))
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// Writes a file and gives its path.
    pub fn file(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.0.join(name);
        std::fs::write(&path, content).expect("a file can be written");
        path
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        drop(std::fs::remove_dir_all(&self.0));
    }
}

/// Software keys in `folder`, sealed with few rounds.
pub fn soft_keys(folder: &Path) -> SoftKeys {
    let passphrase = Passphrase::typed(String::from("a passphrase for tests").into()).expect("a passphrase");
    SoftKeys::open_with_iterations(folder, passphrase, 1_000).expect("a folder of keys")
}

/// Runs openssl; the arguments are the words of `line` with `{}` replaced by the paths in turn.
pub fn openssl(line: &str, paths: &[&Path]) -> Output {
    tool("openssl", line, paths)
}

/// Runs certtool of GnuTLS, in the same way.
pub fn certtool(line: &str, paths: &[&Path]) -> Output {
    tool("certtool", line, paths)
}

/// Runs a script of these tests with the Python that `./check judges` has prepared.
pub fn python_of_judges(script: &str, paths: &[&Path]) -> Output {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR"));
    let python = tests.join("../target/tools/pkilint/bin/python");
    assert!(python.exists(), "there is no {}: run ./check judges once", python.display());
    Command::new(python).arg(tests.join(script)).args(paths).output().expect("python starts")
}

/// What a tool wrote, both streams.
pub fn text(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

/// Runs any program in the same way.
///
/// # Panics
/// When it is not there; `./check packages` installs what the tests run.
pub fn tool(program: &str, line: &str, paths: &[&Path]) -> Output {
    let mut paths = paths.iter();
    let arguments = line.split_whitespace().map(|word| match word {
        "{}" => paths.next().expect("a path for each pair of braces").as_os_str().to_owned(),
        word => word.into(),
    });
    let arguments: Vec<OsString> = arguments.collect();
    let ran = Command::new(program).args(&arguments).output();
    ran.unwrap_or_else(|error| panic!("{program} cannot be run ({error}); mend with: ./check packages"))
}
