//! Tokens for tests: SoftHSM2 with a folder of its own for each.
//!
//! The module reads where its tokens are from the environment, once in a process. A test that loads it therefore runs in a
//! process of its own: [`with_token`] runs the test's program again, for that one test, with the token prepared.
#![expect(clippy::expect_used, clippy::panic, reason = "a harness: what fails here is a failed test, and says why")]

use crate::tools::{Scratch, text};
use hsm_adapters::Passphrase;
use hsm_adapters::pkcs11::{TokenKeys, TokenSettings};
use lgpki::config::TokenStore;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

/// SoftHSM2's module, where Debian puts it.
pub const MODULE: &str = "/usr/lib/softhsm/libsofthsm2.so";
/// The label of the tokens made here.
pub const TOKEN: &str = "lgpki test";
/// Their PIN.
pub const PIN: &str = "84216973";
/// What says where SoftHSM2's tokens are.
const SETTINGS: &str = "SOFTHSM2_CONF";
/// Set in the process a test runs in: the folder of its token.
const OWN_PROCESS: &str = "LGPKI_TEST_TOKEN";

/// A token in a folder.
#[derive(Clone, Debug)]
pub struct SoftHsm {
    folder: PathBuf,
}

impl SoftHsm {
    /// An initialised token in `folder`, with its PIN in a file beside it.
    pub fn made_in(folder: &Path) -> Self {
        let hsm = Self { folder: folder.to_owned() };
        let tokens = folder.join("tokens");
        std::fs::create_dir(&tokens).expect("a folder of tokens");
        let settings = format!("directories.tokendir = {}\nlog.level = ERROR\n", tokens.display());
        std::fs::write(hsm.settings_file(), settings).expect("settings are written");
        std::fs::write(hsm.pin_file(), PIN).expect("a PIN is written");
        std::fs::set_permissions(hsm.pin_file(), std::fs::Permissions::from_mode(0o600)).expect("a mode is set");
        let made = hsm
            .give(&mut Command::new("softhsm2-util"))
            .args(["--init-token", "--free", "--label", TOKEN, "--so-pin", "12345678", "--pin", PIN])
            .output()
            .expect("softhsm2-util is installed; mend with: ./check packages");
        assert!(made.status.success(), "{}", text(&made));
        hsm
    }

    /// The file with its PIN, mode 0600.
    pub fn pin_file(&self) -> PathBuf {
        self.folder.join("pin")
    }

    /// Where its tokens are said to be.
    pub fn settings_file(&self) -> PathBuf {
        self.folder.join("softhsm2.conf")
    }

    /// Its folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Lets a program find it.
    pub fn give<'a>(&self, command: &'a mut Command) -> &'a mut Command {
        command.env(SETTINGS, self.settings_file()).stdin(Stdio::null())
    }

    /// How it is used in tests.
    pub fn settings(&self) -> TokenSettings {
        let (module, token) = (PathBuf::from(MODULE), TOKEN.to_owned());
        TokenSettings { module, token, sessions: 4, timeout: Duration::from_secs(20) }
    }

    /// As a key store of a configuration, called `hsm`.
    pub fn store(&self) -> TokenStore {
        TokenStore { name: "hsm".to_owned(), settings: self.settings(), pin_file: Some(self.pin_file()) }
    }

    /// Its keys, for a test in a process of its own.
    pub fn keys(&self) -> TokenKeys {
        keys(self.settings(), PIN)
    }
}

/// The keys of a token under a PIN.
pub fn keys(settings: TokenSettings, pin: &str) -> TokenKeys {
    let pin = Passphrase::typed(pin.to_owned().into()).expect("a PIN");
    TokenKeys::start(settings, Some(pin)).expect("threads are started")
}

/// Runs `test`, a closure in the test function itself, with a token of its own, in a process of its own.
///
/// # Panics
/// When it fails there, with what it said.
pub fn with_token<F: Fn(&SoftHsm)>(test: F) {
    with_token_as(std::any::type_name::<F>(), &test);
}

/// As [`with_token`], for a closure whose type has this name.
///
/// # Panics
/// As there.
pub fn with_token_as(closure: &str, test: &dyn Fn(&SoftHsm)) {
    if let Some(folder) = std::env::var_os(OWN_PROCESS) {
        test(&SoftHsm { folder: folder.into() });
        return;
    }
    let name = test_of(closure);
    let scratch = Scratch::new(&name.replace("::", "-"));
    let hsm = SoftHsm::made_in(scratch.path());
    let program = std::env::current_exe().expect("this program has a path");
    let ran = hsm
        .give(Command::new(program).env(OWN_PROCESS, hsm.folder()))
        .args([name, "--exact", "--nocapture"])
        .output()
        .expect("this program runs again");
    let said = text(&ran);
    assert!(ran.status.success(), "with a token:\n{said}");
    assert!(said.contains("1 passed"), "there is no test {name}:\n{said}");
}

/// Whether this is the process a test with a token runs in.
pub fn has_token() -> bool {
    std::env::var_os(OWN_PROCESS).is_some()
}

/// `keys_contract::a_test` of the type's name `journeys::keys_contract::a_test::{{closure}}`.
fn test_of(closure: &str) -> &str {
    let inside = closure.split_once("::").map_or(closure, |(_, inside)| inside);
    inside.split("::{{closure}}").next().unwrap_or_else(|| panic!("{closure} is no closure of a test"))
}
