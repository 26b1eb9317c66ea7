//! A PKCS#11 module that fails as it is told, in front of SoftHSM2's: `tests/token/faulty.c`, compiled when a test runs.
#![expect(clippy::expect_used, reason = "a harness: what fails here is a failed test, and says why")]

use crate::token::{MODULE, PIN, SoftHsm};
use crate::tools::text;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The module, with the file that tells it what to do and the one in which it writes what it was asked.
#[derive(Clone, Debug)]
pub struct FaultyModule {
    module: PathBuf,
    control: PathBuf,
    journal: PathBuf,
}

impl FaultyModule {
    /// Compiles it for one token.
    ///
    /// # Panics
    /// When there is no C compiler; `./check packages` installs one.
    pub fn before(hsm: &SoftHsm) -> Self {
        let file = |name: &str| hsm.folder().join(name);
        let faulty = Self { module: file("faulty.so"), control: file("control"), journal: file("journal") };
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("token/faulty.c");
        let defined = |name: &str, path: &Path| format!("-D{name}=\"{}\"", path.display());
        let compiled = Command::new("cc")
            .args(["-Wall", "-Werror", "-O1", "-shared", "-fPIC", "-o"])
            .arg(&faulty.module)
            .arg(defined("REAL", Path::new(MODULE)))
            .args([defined("CONTROL", &faulty.control), defined("JOURNAL", &faulty.journal)])
            .arg(defined("TYPED", Path::new(PIN)))
            .arg(source)
            .args(["-ldl", "-lpthread"])
            .output()
            .expect("cc is installed; mend with: ./check packages");
        assert!(compiled.status.success(), "{}", text(&compiled));
        faulty
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.module
    }

    /// Tells it what is to go wrong; see the source for the words.
    pub fn told(&self, fault: &str) {
        // At once, so that it is never read half-written.
        let written = self.control.with_extension("new");
        std::fs::write(&written, format!("{fault}\n")).expect("a file is written");
        std::fs::rename(written, &self.control).expect("a file is renamed");
    }

    /// Nothing goes wrong any more.
    pub fn mended(&self) {
        drop(std::fs::remove_file(&self.control));
    }

    /// Whether a fault that strikes once has struck.
    pub fn has_struck(&self) -> bool {
        !self.control.exists()
    }

    /// What it was asked: `login -` and `sign LABEL OCTETS`.
    pub fn journal(&self) -> Vec<String> {
        let text = std::fs::read_to_string(&self.journal).unwrap_or_default();
        text.lines().map(|line| line.trim_end().to_owned()).collect()
    }

    /// The octets it was asked to sign with that key, in order.
    pub fn signed_with(&self, label: &str) -> Vec<String> {
        let begins = format!("sign {label} ");
        self.journal().iter().filter_map(|line| Some(line.strip_prefix(&begins)?.to_owned())).collect()
    }
}
