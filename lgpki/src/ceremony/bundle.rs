//! Bundles: what travels between an offline ceremony and where its results are used. One file: what is in it as JSON
//! (`lgpki.bundle/1`), then the signature and the public key in PEM. A bundle has a rising number; an older one, one that
//! another key signed, and anything unknown in it are refused.

use super::seal;
use crate::commands::ceremony::BundleOf;
use crate::commands::input::bounded;
use crate::out;
use crate::trouble::{Exit, Trouble};
use ca_core::digest::{hex, sha256};
use ca_core::kana::KanaWords;
use serde::{Deserialize, Serialize};
use std::io::Write;

/// What `schema` says.
const SCHEMA: &str = "lgpki.bundle/1";
/// Larger than any hierarchy with its CRLs, in octets.
const LARGEST: u64 = 16 * 1024 * 1024;
/// What a file of a bundle may end in.
const ENDINGS: [&str; 3] = [".cer.pem", ".crl.pem", ".pub.pem"];

/// What is in a bundle.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bundle {
    /// Which kind of object this is.
    pub schema: String,
    /// Higher than that of any bundle its ceremony made before.
    pub number: u64,
    /// The ceremony's name.
    pub from: String,
    /// Whether nothing of it counts.
    pub rehearsal: bool,
    /// The files.
    pub contents: Vec<Content>,
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

impl Bundle {
    /// A bundle of these files.
    pub fn new(number: u64, from: &str, rehearsal: bool, contents: Vec<Content>) -> Self {
        Self { schema: SCHEMA.to_owned(), number, from: from.to_owned(), rehearsal, contents }
    }

    /// The bundle in `text`, signed by the key of those `words`, with a number above `after`. Errors: exit 6 for anything else.
    pub fn parse(text: &str, words: &KanaWords, after: u64) -> Result<Self, Trouble> {
        let refused = |why: String| Trouble::new(Exit::Integrity, "the bundle is refused").because(why);
        let end = text.find("\n-----BEGIN ").ok_or_else(|| refused("it has no signature".into()))?;
        let (payload, seal) = text.split_at(end);
        let key = seal::verified(payload.as_bytes(), seal)?;
        let signed_by = KanaWords::of(&key.fingerprint());
        signed_by.compare(words).map_err(|error| refused(format!("another key signed it: of its words, {error}")))?;
        let bundle: Self = serde_json::from_str(payload).map_err(|error| refused(error.to_string()))?;
        if bundle.schema != SCHEMA {
            return Err(refused(format!("it is of the kind {:?}, not {SCHEMA}", bundle.schema)));
        }
        if bundle.number <= after {
            return Err(refused(format!("its number is {}, and {after} was taken already", bundle.number)));
        }
        for (place, content) in bundle.contents.iter().enumerate() {
            let plain = content.file.bytes().all(|c| c.is_ascii_alphanumeric() || c == b'-' || c == b'.');
            if !plain || content.file.starts_with('.') || !ENDINGS.iter().any(|end| content.file.ends_with(end)) {
                return Err(refused(format!("it has a file {:?}", content.file)));
            }
            if bundle.contents.iter().take(place).any(|other| other.file == content.file) {
                return Err(refused(format!("{} is in it twice", content.file)));
            }
            if hex(&sha256(content.text.as_bytes())) != content.sha256 {
                return Err(refused(format!("{} is not what its SHA-256 says", content.file)));
            }
        }
        Ok(bundle)
    }
}

/// Looks at a bundle, and takes its files out if that is wanted. Errors: exit 2 for a file or words that cannot be read, exit 5
/// when a file cannot be written, exit 6 as [`Bundle::parse`].
pub(crate) fn opened(what: &BundleOf) -> Result<Exit, Trouble> {
    let wrong = |why: String| Trouble::new(Exit::Usage, format!("{} is no bundle", what.file.display())).because(why);
    let words = KanaWords::parse(&what.words)
        .map_err(|error| Trouble::new(Exit::Usage, "these are not the words of a key").because(error))?;
    let octets = bounded(&what.file, LARGEST).map_err(|error| wrong(error.to_string()))?;
    let text = String::from_utf8(octets).map_err(|_| wrong("this is no UTF-8 text".into()))?;
    let bundle = Bundle::parse(&text, &words, what.after)?;
    let kind = if bundle.rehearsal { "a rehearsal of " } else { "" };
    out::line(format_args!(
        "bundle {} of {kind}{}, signed by the key of these words",
        bundle.number,
        out::visible(&bundle.from)
    ))?;
    for content in &bundle.contents {
        out::line(format_args!("  {} {}", content.sha256, content.file))?;
        let Some(folder) = &what.out else { continue };
        let path = folder.join(&content.file);
        let file = std::fs::OpenOptions::new().write(true).create_new(true).open(&path);
        file.and_then(|mut file| file.write_all(content.text.as_bytes()).and_then(|()| file.sync_all())).map_err(
            |error| Trouble::new(Exit::Unavailable, format!("{} cannot be written", path.display())).because(error),
        )?;
    }
    Ok(Exit::Done)
}
