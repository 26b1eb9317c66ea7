//! Bundles: what travels between an offline ceremony and those it works for, requests one way and results the other. One file:
//! what is in it as JSON (`lgpki.bundle/1`), then the signature and the public key in PEM. A bundle has a rising number;
//! one that another key signed, an older one, and anything unknown in one are refused.

use super::seal;
use crate::commands::input::bounded;
use crate::trouble::{Exit, Trouble};
use ca_core::digest::{hex, sha256};
use ca_core::id::KeyLabel;
use ca_core::kana::KanaWords;
use ca_core::signer::Signer;
use serde::{Deserialize, Serialize};
use std::path::Path;
use store::bundles::{BundleNumber, TakenBundle};
use store::{Step, StoreError, WriteTxn};

/// What `schema` says.
const SCHEMA: &str = "lgpki.bundle/1";
/// Larger than any hierarchy with its CRLs, in octets.
const LARGEST: u64 = 16 * 1024 * 1024;

/// What is in a bundle.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bundle {
    /// Which kind of object this is.
    pub schema: String,
    /// Which way it goes.
    pub kind: Kind,
    /// Who numbers it: a database, by a name it drew.
    pub origin: String,
    /// Higher than that of any bundle of its origin before.
    pub number: u64,
    /// The name of the ceremony or installation, for people.
    pub from: String,
    /// Whether nothing of it counts.
    pub rehearsal: bool,
    /// The files.
    pub contents: Vec<Content>,
}

/// Which way a bundle goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// To a ceremony: somebody asks.
    Requests,
    /// From a ceremony: what it made.
    Results,
}

/// A file in a bundle.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Content {
    /// Its name, without folders.
    pub file: String,
    /// SHA-256 of its text.
    pub sha256: String,
    /// Its text.
    pub text: String,
}

impl Content {
    /// That text in a file of that name.
    pub fn new(file: impl Into<String>, text: String) -> Self {
        Self { file: file.into(), sha256: hex(&sha256(text.as_bytes())), text }
    }
}

impl Kind {
    /// What its files may end in.
    const fn endings(self) -> &'static [&'static str] {
        match self {
            Self::Requests => &[".csr.pem", ".revocations.json"],
            Self::Results => &[".cer.pem", ".crl.pem", ".pub.pem", ".csr.pem"],
        }
    }

    /// In a sentence.
    pub const fn told(self) -> &'static str {
        match self {
            Self::Requests => "requests",
            Self::Results => "results",
        }
    }
}

impl Bundle {
    /// A bundle of that kind and number, from whom people call `from`, with nothing in it, that counts.
    pub fn new(kind: Kind, number: BundleNumber, from: &str) -> Self {
        let BundleNumber { origin, number } = number;
        let (schema, from) = (SCHEMA.to_owned(), from.to_owned());
        Self { schema, kind, origin, number, from, rehearsal: false, contents: Vec::new() }
    }

    /// The text of the bundle, signed with that key. Blocking. Errors: exit 5 when the key does not sign; exit 6 for what no reader
    /// would take.
    pub fn sealed(&self, keys: &dyn Signer, label: &KeyLabel) -> Result<String, Trouble> {
        self.check()?;
        let payload = serde_json::to_string_pretty(self)
            .map_err(|error| Trouble::new(Exit::Bug, "the bundle cannot be written").because(error))?;
        let seal = seal::sealed(payload.as_bytes(), keys, label)?;
        Ok(format!("{payload}\n{seal}"))
    }

    /// The bundle in `text`, signed by the key of those `words`, with a number above `after`. Errors: exit 6 for anything else.
    pub fn parse(text: &str, words: &KanaWords, after: u64) -> Result<Self, Trouble> {
        let end = text.find("\n-----BEGIN ").ok_or_else(|| refused("it has no signature"))?;
        let (payload, seal) = text.split_at(end);
        let key = seal::verified(payload.as_bytes(), seal)?;
        let signed_by = KanaWords::of(&key.fingerprint());
        signed_by.compare(words).map_err(|error| refused(format!("another key signed it: of its words, {error}")))?;
        let bundle: Self = serde_json::from_str(payload).map_err(refused)?;
        bundle.check()?;
        if bundle.number <= after {
            return Err(refused(format!("its number is {}, and {after} was taken already", bundle.number)));
        }
        Ok(bundle)
    }

    fn check(&self) -> Result<(), Trouble> {
        if self.schema != SCHEMA {
            return Err(refused(format!("it is of the kind {:?}, not {SCHEMA}", self.schema)));
        }
        if self.origin.len() != 32 || !self.origin.bytes().all(|c| c.is_ascii_hexdigit()) {
            return Err(refused("it does not say who numbers it"));
        }
        for (place, content) in self.contents.iter().enumerate() {
            let plain = content.file.bytes().all(|c| c.is_ascii_alphanumeric() || c == b'-' || c == b'.');
            let known = self.kind.endings().iter().any(|end| content.file.ends_with(end));
            if !plain || content.file.starts_with('.') || !known {
                return Err(refused(format!("it has a file {:?}", content.file)));
            }
            if self.contents.iter().take(place).any(|other| other.file == content.file) {
                return Err(refused(format!("{} is in it twice", content.file)));
            }
            if hex(&sha256(content.text.as_bytes())) != content.sha256 {
                return Err(refused(format!("{} is not what its SHA-256 says", content.file)));
            }
        }
        Ok(())
    }
}

fn refused(why: impl std::fmt::Display) -> Trouble {
    Trouble::new(Exit::Integrity, "the bundle is refused").because(why)
}

/// The text of a bundle's file. Errors: exit 2 when it cannot be read, is too large or is no text.
pub fn read(file: &Path) -> Result<String, Trouble> {
    let wrong = |why: String| Trouble::new(Exit::Usage, format!("{} is no bundle", file.display())).because(why);
    let octets = bounded(file, LARGEST).map_err(|error| wrong(error.to_string()))?;
    String::from_utf8(octets).map_err(|_| wrong("this is no UTF-8 text".into()))
}

/// Takes a bundle for something (a ceremony, by its id; empty for the installation), durably on return: from then on no older one
/// of its origin is taken. `text` is its file's. Errors: exit 6 when that or a later one was taken already; the database.
pub async fn remember(mut txn: WriteTxn, bundle: &Bundle, text: &str, taken_for: String) -> Result<(), Trouble> {
    let sha256 = hex(&sha256(text.as_bytes()));
    let taken = TakenBundle { origin: bundle.origin.clone(), number: bundle.number, sha256, taken_for };
    txn.take_bundle(&taken).await.map_err(|error| match error {
        StoreError::Stale { .. } => {
            refused(format!("its number is {}, and that or a later one was taken already", bundle.number))
                .advice("ask its sender for the newest one")
        }
        error => error.into(),
    })?;
    Ok(txn.commit(Step::Setup).await?)
}
