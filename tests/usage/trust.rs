//! What the user of a certificate has on disk, in the files programs want: the anchor it trusts, the CRLs it fetched, and the
//! certificates a signer or server sends along.

use lgpki_tests::samples::{Sample, Samples};
use lgpki_tests::tools::Scratch;
use pem::Pem;
use std::path::{Path, PathBuf};
use x509_parser::prelude::{FromDer, GeneralName, X509Certificate};

/// The files, in a folder of their own that goes with this.
#[derive(Debug)]
pub(crate) struct Trust {
    /// The folder; there is room for more.
    pub(crate) scratch: Scratch,
    /// The trust anchor.
    pub(crate) anchor: PathBuf,
    /// All CRLs.
    pub(crate) crls: PathBuf,
    /// The anchor and all CRLs in one file, as `-CAfile` of OpenSSL takes them.
    pub(crate) store: PathBuf,
    /// The certificates between holder and anchor; the anchor, which does no harm there, where the holder is right under it:
    /// OpenSSL reads no empty file.
    pub(crate) between: PathBuf,
    /// The holder's certificate and those between.
    pub(crate) presented: PathBuf,
}

impl Trust {
    /// Somebody who trusts the anchor of `sample`.
    pub(crate) fn in_anchor_of(sample: &Sample, samples: &Samples) -> Self {
        let scratch = Scratch::new("usage");
        let chain = pem::parse_many(std::fs::read(&sample.chain).unwrap()).unwrap();
        let (anchor, between) = chain.split_last().expect("a chain ends in its anchor");
        let crls: Vec<Pem> =
            samples.crls().iter().map(|file| Pem::new("X509 CRL", std::fs::read(file).unwrap())).collect();
        let holder = pem::parse(std::fs::read(&sample.certificate).unwrap()).unwrap();
        let write = |name: &str, parts: &[&[Pem]]| scratch.file(name, pem::encode_many(&parts.concat()));
        let anchor = std::slice::from_ref(anchor);
        Self {
            anchor: write("anchor.pem", &[anchor]),
            crls: write("crls.pem", &[&crls]),
            store: write("store.pem", &[anchor, &crls]),
            between: write("between.pem", &[if between.is_empty() { anchor } else { between }]),
            presented: write("presented.pem", &[&[holder], between]),
            scratch,
        }
    }

    /// Where a file of that name is, or may be written.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.scratch.path().join(name)
    }
}

/// The DER in a PEM file of one certificate.
pub(crate) fn der(file: &Path) -> Vec<u8> {
    pem::parse(std::fs::read(file).unwrap()).unwrap().into_contents()
}

/// The first DNS name of a certificate.
pub(crate) fn dns_name(certificate: &Path) -> String {
    first_name(certificate, |name| match name {
        GeneralName::DNSName(text) => Some((*text).to_owned()),
        _ => None,
    })
}

/// The first mail address of a certificate.
pub(crate) fn mail_address(certificate: &Path) -> String {
    first_name(certificate, |name| match name {
        GeneralName::RFC822Name(text) => Some((*text).to_owned()),
        _ => None,
    })
}

fn first_name(certificate: &Path, wanted: impl Fn(&GeneralName<'_>) -> Option<String>) -> String {
    let der = der(certificate);
    let (_, parsed) = X509Certificate::from_der(&der).unwrap();
    let names = parsed.subject_alternative_name().unwrap().expect("a subjectAltName");
    let found = names.value.general_names.iter().find_map(wanted);
    found.unwrap_or_else(|| panic!("{} has no such name", certificate.display()))
}
