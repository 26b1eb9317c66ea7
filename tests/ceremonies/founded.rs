//! What later ceremonies go on with.

use super::{Place, done, shipped};
use lgpki::ceremony::record::Record;
use lgpki_tests::tools::{openssl, text};
use std::path::{Path, PathBuf};
use std::process::Output;

/// A founding ceremony with software keys, in the folder `first`, and what later scripts begin with.
pub(super) struct Founded {
    pub(super) place: Place,
    head: String,
}

impl Founded {
    pub(super) fn new(name: &str) -> Self {
        let place = Place::new(name);
        let script = std::fs::read_to_string(shipped()).unwrap();
        let script = script.replace("rehearsal-token = \"LGPKI-REHEARSAL\"", "");
        let file = place.scratch.file("first.toml", &script);
        done(&mut place.ceremony("rehearse", &file, "first", None));
        Self { place, head: script.split("[[step]]").next().unwrap().to_owned() }
    }

    pub(super) fn script(&self, name: &str, steps: &[String]) -> PathBuf {
        self.place.scratch.file(name, format!("{}{}", self.head, steps.concat()))
    }

    /// `lgpki ceremony ACT SCRIPT --of first` in a folder.
    pub(super) fn held(&self, act: &str, script: &Path, folder: &str, of: &str) -> Output {
        self.place.ceremony(act, script, folder, None).arg("--of").arg(self.place.folder(of)).output().unwrap()
    }

    pub(super) fn at(&self, folder: &str, name: &str) -> PathBuf {
        self.place.folder(folder).join(name)
    }

    pub(super) fn serial(&self, folder: &str, certificate: &str) -> String {
        let said = text(&openssl("x509 -noout -serial -in {}", &[&self.at(folder, certificate)]));
        said.trim().trim_start_matches("serial=").to_owned()
    }

    pub(super) fn record_key(&self, folder: &str) -> String {
        let record: Record = serde_json::from_slice(&std::fs::read(self.at(folder, "record.json")).unwrap()).unwrap();
        record.record_key.sha256
    }
}

/// A step of the ceremony's master without witnesses.
pub(super) fn step(id: &str, act: &str) -> String {
    format!("[[step]]\nid = \"{id}\"\nby = \"master\"\nsee = \"words\"\n{act}\n")
}
