//! Where a runbook is followed: a folder with or without an installation, a token, and the commands of the machine.

use ca_core::key::KeyAlgorithm;
use lgpki::commands::demo::acts;
use lgpki_tests::databases::Kind;
use lgpki_tests::policy::pack_listing;
use lgpki_tests::program::Installation;
use lgpki_tests::token::SoftHsm;
use lgpki_tests::tools::text;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;

use super::PROGRAM;
use super::page::Page;

/// What is there before a page begins.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Before {
    /// An empty folder, and a SoftHSM2 without tokens.
    EmptyFolder,
    /// An installation with software keys, stopped, and an initialised token nobody uses.
    Installation,
    /// The same on PostgreSQL.
    OnPostgres,
    /// An installation with software keys, stopped, that has issued certificates to 白樺町.
    Issued,
    /// An installation whose authorities' keys are in a token, stopped.
    InToken,
    /// The same, whose application CA signs lists for emergencies ahead.
    WithEmergencyLists,
}

/// Issues two certificates to 白樺町, one of an old and one of a new kind of key, and stops the service again.
fn issue(installation: &Installation) {
    let mut program = installation.serve(PROGRAM, None);
    let (mut officer, mut manager) = (installation.officer(), installation.manager());
    officer.is_logged_in().unwrap();
    manager.is_logged_in().unwrap();
    for (host, kind) in [("www", KeyAlgorithm::Rsa2048), ("mail", KeyAlgorithm::P256)] {
        let (host, key) = (format!("{host}.town.shirakaba.lg.jp"), lgpki::holder::new_key(kind).unwrap());
        let request = lgpki::holder::new_request(&key, &[&host]).unwrap();
        let number = acts::file_request(&mut officer.browser, &host, &request).unwrap();
        acts::approve(&mut manager.browser, &number).unwrap();
        program.until(|| acts::certificate_of(&mut officer.browser, &number)).unwrap();
    }
    program.stops();
}

/// A place to follow a page in. What it starts is stopped at the end.
pub(crate) struct Place<'a> {
    hsm: &'a SoftHsm,
    folder: PathBuf,
    tools: PathBuf,
    _installation: Option<Installation>,
}

/// Starts and stops the service, as systemd would with the unit of the installation.
const SYSTEMCTL: &str = r#"#!/bin/bash
set -eu
pid="$SERVICE_HOME/service.pid" log="$SERVICE_HOME/service.log"
start() {
  : > "$log"
  (cd "$SERVICE_HOME" && exec lgpki serve > /dev/null 2> "$log") & echo $! > "$pid"
  for _ in $(seq 600); do
    grep -q worker.idle "$log" && return
    kill -0 "$(cat "$pid")" 2> /dev/null || { cat "$log" >&2; exit 1; }
    read -rt 0.1 <> <(:) || :
  done
  cat "$log" >&2; exit 1
}
stop() {
  [ -f "$pid" ] || return 0
  kill "$(cat "$pid")" 2> /dev/null || :
  while kill -0 "$(cat "$pid")" 2> /dev/null; do read -rt 0.1 <> <(:) || :; done
  rm -f "$pid"
}
case "$1" in
  start) start ;;
  stop) stop ;;
  restart) stop; start ;;
  *) echo "systemctl: $1 is not known here" >&2; exit 2 ;;
esac
"#;

/// What the shell prints between the steps of a page.
const STEP: &str = "=== step ";

impl<'a> Place<'a> {
    pub(crate) fn new(hsm: &'a SoftHsm, before: Before) -> Self {
        let installation = match before {
            Before::EmptyFolder => None,
            Before::Installation => Some(Installation::new(Kind::Sqlite)),
            Before::OnPostgres => Some(Installation::new(Kind::Postgres)),
            Before::Issued => {
                let installation = Installation::new(Kind::Sqlite);
                issue(&installation);
                Some(installation)
            }
            Before::InToken => Some(Installation::in_token(Kind::Sqlite, hsm.store())),
            Before::WithEmergencyLists => {
                let pack = hsm.folder().join("with-emergency-lists.toml");
                std::fs::write(&pack, pack_listing("emergency = \"14d\"")).unwrap();
                Some(Installation::in_token_of_pack(Kind::Sqlite, hsm.store(), &pack))
            }
        };
        let folder = match &installation {
            Some(installation) => {
                let keys = installation.folder().join("keys");
                std::fs::set_permissions(keys, std::fs::Permissions::from_mode(0o700)).unwrap();
                installation.folder().to_owned()
            }
            None => {
                std::fs::remove_dir_all(hsm.folder().join("tokens")).unwrap();
                std::fs::create_dir_all(hsm.folder().join("tokens")).unwrap();
                hsm.folder().join("home")
            }
        };
        std::fs::create_dir_all(&folder).unwrap();
        let tools = hsm.folder().join("tools");
        std::fs::create_dir(&tools).unwrap();
        symlink(PROGRAM, tools.join("lgpki")).unwrap();
        let systemctl = tools.join("systemctl");
        std::fs::write(&systemctl, SYSTEMCTL).unwrap();
        std::fs::set_permissions(&systemctl, std::fs::Permissions::from_mode(0o755)).unwrap();
        Self { hsm, folder, tools, _installation: installation }
    }

    /// Types everything the page says.
    ///
    /// # Panics
    /// When a command fails, or something is not seen that the page shows.
    pub(crate) fn follow(&self, page: &Page) {
        let said = self.typed(page);
        let mut blocks = said.split(STEP).skip(1);
        for step in &page.steps {
            let place = format!("{}:{}", page.name, step.line);
            let Some(block) = blocks.next() else { panic!("{place} was not reached:\n{said}") };
            if let Some(missing) = step.missing_in(block) {
                panic!("{place}: `{missing}` is not seen. What is:\n{block}");
            }
        }
        assert!(said.contains(&format!("{STEP}end")), "{}: a command failed; what was said:\n{said}", page.name);
    }

    fn typed(&self, page: &Page) -> String {
        let mut script = format!("set -eu -o pipefail; exec 2>&1\nexport PATH='{}':\"$PATH\"\n", self.tools.display());
        for step in &page.steps {
            script += &format!("echo; echo '{STEP}{}'\n{}\n", step.line, step.commands);
        }
        script += &format!("echo; echo '{STEP}end'\n");
        let mut shell = Command::new("bash");
        let typed = self.hsm.give(shell.arg("-c").arg(script)).current_dir(&self.folder);
        text(&typed.env("SERVICE_HOME", self.service_home()).output().expect("bash runs"))
    }

    fn service_home(&self) -> &Path {
        &self.folder
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        let mut command = Command::new(self.tools.join("systemctl"));
        let stopped = self.hsm.give(command.arg("stop")).env("SERVICE_HOME", self.service_home()).status();
        drop(stopped);
    }
}
