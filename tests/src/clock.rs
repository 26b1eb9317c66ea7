//! A clock for programs under test that can be set while they run, as somebody sets that of a machine: libfaketime reads from a file
//! what to add to the right time. Time that only measures how long something takes goes on as it is.
#![expect(clippy::expect_used, reason = "a harness: what fails here is a failed test, and says why")]

use ca_core::time::{Clock, Timestamp};
use lgpki::clock::SystemClock;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;
use std::time::Duration;

/// Where Debian puts the library, below the folder of the machine's kind.
const LIBRARY: &str = "faketime/libfaketimeMT.so.1";

/// An hour.
pub const HOUR: Duration = Duration::from_secs(3600);

/// Such a clock. It is right at first.
#[derive(Debug)]
pub struct SetClock {
    file: PathBuf,
    ahead: Mutex<Duration>,
}

impl SetClock {
    /// One told by a file in `folder`.
    pub fn in_folder(folder: &Path) -> Self {
        let clock = Self { file: folder.join("clock"), ahead: Mutex::new(Duration::ZERO) };
        clock.set_ahead(Duration::ZERO);
        clock
    }

    /// Sets it that far ahead of the right time.
    pub fn set_ahead(&self, ahead: Duration) {
        let written = self.file.with_extension("new");
        std::fs::write(&written, format!("+{}\n", ahead.as_secs())).expect("a file is written");
        // At once, so that it is never read half-written.
        std::fs::rename(written, &self.file).expect("a file is renamed");
        *self.ahead.lock().expect("a clock") = ahead;
    }

    /// What it shows.
    pub fn now(&self) -> Timestamp {
        SystemClock.now().plus(*self.ahead.lock().expect("a clock"))
    }

    /// Lets a program see it.
    pub fn give<'a>(&self, command: &'a mut Command) -> &'a mut Command {
        command
            .env("LD_PRELOAD", library())
            .env("FAKETIME_TIMESTAMP_FILE", &self.file)
            .env("FAKETIME_NO_CACHE", "1")
            .env("FAKETIME_DONT_FAKE_MONOTONIC", "1")
            .env("NO_FAKE_STAT", "1")
    }
}

fn library() -> PathBuf {
    let kinds = std::fs::read_dir("/usr/lib").into_iter().flatten().filter_map(Result::ok);
    let found = kinds.map(|kind| kind.path().join(LIBRARY)).find(|library| library.exists());
    found.expect("libfaketime is installed; mend with: ./check packages")
}
