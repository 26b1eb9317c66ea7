//! The folder of samples and its manifest: made by the program itself, or the one that LGPKI_SAMPLES names.

use lgpki_tests::tools::{Scratch, text};
use serde::Deserialize;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

/// What `manifest.json` says.
#[derive(Debug, Deserialize)]
pub(crate) struct Manifest {
    schema: String,
    /// An instant (RFC 3339, UTC) at which everything is valid.
    pub(crate) valid_at: String,
    pub(crate) certificates: Vec<Certificate>,
    pub(crate) crls: Vec<Crl>,
    pub(crate) ocsp: Vec<Ocsp>,
}

/// A certificate, and what it is to be judged with; paths are from the folder.
#[derive(Debug, Deserialize)]
pub(crate) struct Certificate {
    pub(crate) file: String,
    /// Issuer first, anchor last; none for a self-signed one.
    pub(crate) chain: Option<String>,
    pub(crate) anchor: String,
    pub(crate) crl: Option<String>,
    /// Names of `openssl verify -purpose`.
    pub(crate) purposes: Vec<String>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Crl {
    pub(crate) file: String,
    pub(crate) issuer: String,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Ocsp {
    pub(crate) file: String,
    pub(crate) certificate: String,
    pub(crate) issuer: String,
    pub(crate) responder: String,
}

/// A folder to judge.
pub(crate) struct Samples {
    pub(crate) manifest: Manifest,
    folder: PathBuf,
    /// Removes what was made here.
    _made: Option<Scratch>,
}

impl Samples {
    /// Has the program write them, unless the environment names a folder that is to be judged instead.
    pub(crate) fn taken() -> Self {
        if let Some(folder) = std::env::var_os("LGPKI_SAMPLES") {
            return Self::in_folder(folder.into(), None);
        }
        let made = Scratch::new("samples");
        let mut program = Command::new(env!("CARGO_BIN_EXE_lgpki-for-tests"));
        program.args(["profile", "sample", "--all", "--out"]).arg(made.path());
        let output = program.output().expect("the program starts");
        assert!(output.status.success(), "lgpki profile sample --all --out DIR failed:\n{}", text(&output));
        Self::in_folder(made.path().to_path_buf(), Some(made))
    }

    /// Those in a folder, with the issuer of each certificate laid into `judging/`, where a judge may write as well.
    pub(crate) fn in_folder(folder: PathBuf, made: Option<Scratch>) -> Self {
        let manifest = std::fs::read_to_string(folder.join("manifest.json")).expect("the folder has a manifest.json");
        let manifest: Manifest = serde_json::from_str(&manifest).expect("manifest.json has the form we know");
        assert_eq!(manifest.schema, "lgpki.samples/1");
        manifest.is_plain();
        let samples = Self { manifest, folder, _made: made };
        std::fs::create_dir_all(samples.path("judging")).unwrap();
        for certificate in &samples.manifest.certificates {
            let Some(chain) = &certificate.chain else { continue };
            let chain = std::fs::read_to_string(samples.path(chain)).unwrap_or_else(|error| panic!("{chain}: {error}"));
            let issuer = chain.split_inclusive("-----END CERTIFICATE-----\n").next().unwrap_or_default();
            std::fs::write(samples.path(&certificate.issuer()), issuer).unwrap();
        }
        samples
    }

    /// Where the samples are.
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Where one of them is.
    pub(crate) fn path(&self, file: &str) -> PathBuf {
        self.folder.join(file)
    }

    /// Fails unless folder and manifest name the same files: what is not named is judged by nobody.
    pub(crate) fn everything_is_in_the_manifest(&self) {
        let Manifest { certificates, crls, ocsp, .. } = &self.manifest;
        assert!(!certificates.is_empty() && !crls.is_empty() && !ocsp.is_empty(), "something of each kind is there");
        let chains = certificates.iter().filter_map(|certificate| certificate.chain.as_ref());
        let anchors = certificates.iter().flat_map(|certificate| [&certificate.file, &certificate.anchor]);
        let lists = crls.iter().flat_map(|list| [&list.file, &list.issuer]);
        let used = certificates.iter().filter_map(|certificate| certificate.crl.as_ref());
        let answers =
            ocsp.iter().flat_map(|answer| [&answer.file, &answer.certificate, &answer.issuer, &answer.responder]);
        let named: BTreeSet<String> = chains.chain(anchors).chain(lists).chain(used).chain(answers).cloned().collect();
        let there: BTreeSet<String> =
            ["", "chains/", "crls/", "ocsp/"].iter().flat_map(|place| self.files(place)).collect();
        let unnamed: Vec<_> = there.difference(&named).collect();
        let missing: Vec<_> = named.difference(&there).collect();
        assert!(unnamed.is_empty(), "manifest.json does not name {unnamed:?}");
        assert!(missing.is_empty(), "manifest.json names what is not there: {missing:?}");
        let judged: BTreeSet<&String> = certificates.iter().map(|certificate| &certificate.file).collect();
        let unjudged: Vec<_> = named.iter().filter(|name| !name.contains('/') && !judged.contains(name)).collect();
        assert!(unjudged.is_empty(), "manifest.json has no entry under certificates for {unjudged:?}");
    }

    /// The files of one subfolder but the manifest, with the subfolder's name in front.
    fn files(&self, place: &str) -> Vec<String> {
        let entries = std::fs::read_dir(self.path(place)).unwrap_or_else(|error| panic!("{place}: {error}"));
        let files = entries.map(Result::unwrap).filter(|entry| entry.file_type().unwrap().is_file());
        let names = files.map(|entry| format!("{place}{}", entry.file_name().to_string_lossy()));
        names.filter(|name| name != "manifest.json").collect()
    }
}

impl Manifest {
    /// Fails unless every word in it can stand in a shell's line as it is.
    fn is_plain(&self) {
        let Self { schema: _, valid_at, certificates, crls, ocsp } = self;
        let words = certificates.iter().flat_map(|certificate| {
            let Certificate { file, chain, anchor, crl, purposes } = certificate;
            [file, anchor].into_iter().chain(chain).chain(crl).chain(purposes)
        });
        let words = words.chain(crls.iter().flat_map(|Crl { file, issuer }| [file, issuer]));
        let words = words.chain(ocsp.iter().flat_map(|answer| {
            let Ocsp { file, certificate, issuer, responder } = answer;
            [file, certificate, issuer, responder]
        }));
        for word in words.chain([valid_at]) {
            let plain = |letter: char| letter.is_ascii_alphanumeric() || "./-_:".contains(letter);
            let inside = !word.starts_with(['/', '-']) && !word.contains("..");
            assert!(!word.is_empty() && word.chars().all(plain) && inside, "manifest.json: {word:?} is no plain name");
        }
    }
}

impl Certificate {
    /// Its issuer alone; only there when it has a chain.
    pub(crate) fn issuer(&self) -> String {
        format!("judging/{}", self.file)
    }
}
