//! One certificate of every family and key, with its key, chain, CRLs and OCSP answer: the folder `lgpki profile sample` makes,
//! which other people's programs are given to work with and to judge.
//!
//! Runners start a process for each test, and making RSA keys takes seconds: the folder is made once for a build of the program,
//! under `target/tmp`, by whoever comes first while the others wait. CRLs and answers age, so it is made again after six hours.
#![expect(clippy::expect_used, reason = "a harness: what fails here is a failed test, and says why")]

use ca_core::time::Clock;
use lgpki::clock::SystemClock;
use serde_json::Value;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, UNIX_EPOCH};

/// Names a folder of the same shape that was made elsewhere and is to be tried instead.
const ELSEWHERE: &str = "LGPKI_SAMPLES";

/// How long a folder is used, in microseconds.
const FRESH_MICROS: i64 = 6 * 60 * 60 * 1_000_000;

/// A folder that nobody has made for this long may go: no run of the tests lasts a day.
const FORGOTTEN: Duration = Duration::from_secs(24 * 60 * 60);

/// The folder.
#[derive(Debug)]
pub struct Samples {
    folder: PathBuf,
    manifest: Value,
}

/// One certificate of the folder.
#[derive(Clone, Debug)]
pub struct Sample {
    /// Its file without the ending, which says family and key: `web-server-p256`.
    pub name: String,
    /// Its key as the manifest says it: `p256`, `rsa3072`.
    pub key: String,
    /// The file of the certificate, PEM.
    pub certificate: PathBuf,
    /// The file of its private key, PKCS#8 in PEM, not encrypted.
    pub private_key: PathBuf,
    /// The file of its chain, PEM: its issuer first, the trust anchor last.
    pub chain: PathBuf,
    /// The file of its OCSP answer, DER.
    pub ocsp: PathBuf,
}

/// Whether a certificate may be relied upon.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Standing {
    Valid,
    Revoked,
}

impl Samples {
    /// Those `binary` makes, a build of the program; made now, or found as an earlier test has made them.
    ///
    /// # Panics
    /// When they cannot be made, or the manifest is not one.
    pub fn made_by(binary: &str) -> Self {
        let folder = std::env::var_os(ELSEWHERE).map_or_else(|| made_once(Path::new(binary)), PathBuf::from);
        let manifest = std::fs::read(folder.join("manifest.json")).expect("a folder of samples has a manifest.json");
        Self { manifest: serde_json::from_slice(&manifest).expect("manifest.json is JSON"), folder }
    }

    /// Every valid certificate of a family, in all packs and with all keys.
    ///
    /// # Panics
    /// When there is none: a test that tries nothing proves nothing.
    pub fn of(&self, family: &str) -> Vec<Sample> {
        self.found(family, Standing::Valid)
    }

    /// The certificates of a family that are revoked, as CRL and OCSP answer say.
    ///
    /// # Panics
    /// When there is none.
    pub fn revoked(&self, family: &str) -> Vec<Sample> {
        self.found(family, Standing::Revoked)
    }

    fn found(&self, family: &str, standing: Standing) -> Vec<Sample> {
        let entries = list(&self.manifest, "certificates");
        let ours = entries.filter(|entry| {
            let revoked = entry.get("revoked").and_then(Value::as_bool).unwrap_or(false);
            entry.get("family").and_then(Value::as_str) == Some(family) && revoked == (standing == Standing::Revoked)
        });
        let samples: Vec<Sample> = ours.map(|entry| self.sample(entry)).collect();
        let place = self.folder.display();
        assert!(!samples.is_empty(), "{place} has no sample of the family {family} that is {standing:?}");
        samples
    }

    /// The files of all CRLs, DER.
    pub fn crls(&self) -> Vec<PathBuf> {
        list(&self.manifest, "crls").map(|entry| self.file(entry, "file")).collect()
    }

    /// The OCSP answers: the file of the certificate each is about, and its own.
    pub fn ocsp(&self) -> Vec<(PathBuf, PathBuf)> {
        let answers = list(&self.manifest, "ocsp");
        answers.map(|entry| (self.file(entry, "certificate"), self.file(entry, "file"))).collect()
    }

    fn sample(&self, entry: &Value) -> Sample {
        let certificate = self.file(entry, "file");
        let name = certificate.file_stem().and_then(|stem| stem.to_str()).expect("a file has a name").to_owned();
        Sample {
            key: text(entry, "key").to_owned(),
            private_key: self.folder.join("keys").join(format!("{name}.key.pem")),
            chain: self.file(entry, "chain"),
            ocsp: self.file(entry, "ocsp"),
            certificate,
            name,
        }
    }

    fn file(&self, entry: &Value, field: &str) -> PathBuf {
        self.folder.join(text(entry, field))
    }
}

fn list<'a>(manifest: &'a Value, field: &str) -> impl Iterator<Item = &'a Value> {
    manifest.get(field).and_then(Value::as_array).expect("manifest.json has this list").iter()
}

fn text<'a>(entry: &'a Value, field: &str) -> &'a str {
    entry.get(field).and_then(Value::as_str).expect("an entry of manifest.json has this field")
}

/// The folder of this build and these hours. The lock is the file's, so it is free again when its holder dies.
fn made_once(binary: &Path) -> PathBuf {
    let target = binary.ancestors().nth(2).expect("a build lies in target/debug");
    let shelf = target.join("tmp");
    std::fs::create_dir_all(&shelf).expect("target/tmp can be made");
    let lock = File::create(shelf.join("samples.lock")).expect("a lock can be made");
    lock.lock().expect("a lock can be waited for");

    let built = std::fs::metadata(binary).and_then(|file| file.modified()).expect("the program is built");
    let built = built.duration_since(UNIX_EPOCH).unwrap_or_default().as_nanos();
    let hours = SystemClock.now().micros().div_euclid(FRESH_MICROS);
    let folder = shelf.join(format!("samples-{built:x}-{hours}"));
    if !folder.exists() {
        remove_forgotten(&shelf);
        let unfinished = shelf.join("samples-unfinished");
        drop(std::fs::remove_dir_all(&unfinished)); // of a process that was killed
        make(binary, &unfinished);
        std::fs::rename(&unfinished, &folder).expect("a folder can be renamed");
    }
    folder
}

fn make(binary: &Path, folder: &Path) {
    std::fs::create_dir(folder).expect("a folder can be made");
    let wanted = ["profile", "sample", "--all", "--revoked", "--keys", "--out"];
    let made = Command::new(binary).args(wanted).arg(folder).output();
    let made = made.expect("the program starts");
    assert!(made.status.success(), "lgpki profile sample: {}", crate::tools::text(&made));
}

fn remove_forgotten(shelf: &Path) {
    for entry in shelf.read_dir().into_iter().flatten().flatten() {
        let ours = entry.file_name().to_string_lossy().starts_with("samples-");
        let made = entry.metadata().and_then(|folder| folder.modified());
        if ours && made.is_ok_and(|made| made.elapsed().is_ok_and(|age| age > FORGOTTEN)) {
            drop(std::fs::remove_dir_all(entry.path()));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::made_once;
    use crate::tools::Scratch;
    use std::os::unix::fs::PermissionsExt;

    /// A program that makes a folder and keeps count.
    const PROGRAM: &str =
        "#!/bin/sh\nfor folder; do :; done\ncd \"$folder\" && echo x >> \"$(dirname \"$folder\")/count\"\n";

    #[test]
    fn the_folder_is_made_once_for_a_build_however_many_want_it() {
        let scratch = Scratch::new("samples");
        std::fs::create_dir(scratch.path().join("debug")).unwrap();
        let program = scratch.file("debug/program", PROGRAM);
        std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o700)).unwrap();
        let folders: Vec<_> = std::thread::scope(|scope| {
            let wanting: Vec<_> = (0..4).map(|_| scope.spawn(|| made_once(&program))).collect();
            wanting.into_iter().map(|one| one.join().unwrap()).collect()
        });
        assert!(folders.iter().all(|folder| folder.is_dir()), "{folders:?}");
        // A run may span the moment in which the hours change; then there are two.
        let made = std::fs::read_to_string(scratch.path().join("tmp/count")).unwrap().lines().count();
        let different: std::collections::BTreeSet<_> = folders.iter().collect();
        assert_eq!(made, different.len());
    }
}
