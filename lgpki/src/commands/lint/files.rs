//! Which certificates the given files and folders hold. A folder is walked to its end, in the order of names, without
//! following links, so it cannot lead in circles. What holds no certificate is named, never passed over in silence.

use crate::commands::input::bounded;
use crate::trouble::{Exit, Trouble};
use ca_core::der::{Reader, check_strict};
use ca_core::issue::lint::{Held, examine};
use ca_core::key::CryptoCalendar;
use serde::Serialize;
use std::path::{Path, PathBuf};

/// Larger than any certificate or list of trusted CAs.
const LARGEST: u64 = 16 * 1024 * 1024;

/// What stands in a file.
pub(super) enum Found {
    /// A certificate, or something that claims to be one.
    Certificate {
        /// The file, as it was given or found.
        file: String,
        /// Which of the file's certificates, from 1.
        index: usize,
        /// Its octets.
        der: Vec<u8>,
    },
    /// No certificate.
    Other(Other),
}

/// A file without a certificate.
#[derive(Debug, Serialize)]
pub(super) struct Other {
    /// The file.
    pub(super) file: String,
    /// What it is instead, as far as that was seen.
    pub(super) reason: String,
}

/// How a file came to be looked at.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Named {
    /// Somebody gave its name: whatever is DER is taken for the certificate they meant.
    ByHand,
    /// It lay in a folder.
    ByFolder,
}

/// What stands in `paths`, in order. Errors: exit 2 when one of them cannot be read.
pub(super) fn all(paths: &[PathBuf]) -> Result<Vec<Found>, Trouble> {
    let mut found = Vec::new();
    for path in paths {
        let meta = std::fs::metadata(path).map_err(|error| unreadable(path, &error))?;
        if meta.is_dir() {
            folder(path, &mut found)?;
        } else {
            found.extend(file(path, Named::ByHand).map_err(|error| unreadable(path, &error))?);
        }
    }
    Ok(found)
}

fn unreadable(path: &Path, error: &std::io::Error) -> Trouble {
    Trouble::new(Exit::Usage, format!("{}: cannot be read", path.display())).because(error)
}

/// Walks a folder. A folder inside that cannot be read is an error: nobody should think that it was looked at.
fn folder(root: &Path, found: &mut Vec<Found>) -> Result<(), Trouble> {
    let mut waiting = vec![root.to_path_buf()];
    while let Some(path) = waiting.pop() {
        let wrong = |error: std::io::Error| unreadable(&path, &error);
        let meta = std::fs::symlink_metadata(&path).map_err(wrong)?;
        if meta.is_dir() || path == root {
            let entries = std::fs::read_dir(&path).map_err(wrong)?;
            let mut inside: Vec<PathBuf> =
                entries.map(|entry| entry.map(|entry| entry.path())).collect::<Result<_, _>>().map_err(wrong)?;
            // The next to look at is the last of the list.
            inside.sort_by(|a, b| b.cmp(a));
            waiting.extend(inside);
        } else if meta.is_file() {
            found.extend(file(&path, Named::ByFolder).unwrap_or_else(|error| vec![other(&path, error.to_string())]));
        } else {
            found.push(other(&path, "no regular file".to_owned()));
        }
    }
    Ok(())
}

fn other(path: &Path, reason: String) -> Found {
    Found::Other(Other { file: path.display().to_string(), reason })
}

fn file(path: &Path, named: Named) -> std::io::Result<Vec<Found>> {
    let meta = std::fs::metadata(path)?;
    if !meta.is_file() || meta.len() > LARGEST {
        let reason = if meta.is_file() {
            format!("{} octets are too many for certificates", meta.len())
        } else {
            "no regular file".to_owned()
        };
        return Ok(vec![other(path, reason)]);
    }
    let octets = bounded(path, LARGEST)?;
    if octets.windows(11).any(|window| window == b"-----BEGIN ") {
        return Ok(armoured(path, &octets));
    }
    if is_certificate(&octets, path, named) {
        return Ok(vec![Found::Certificate { file: path.display().to_string(), index: 1, der: octets }]);
    }
    Ok(vec![other(path, "no certificate".to_owned())])
}

/// Every block labelled CERTIFICATE.
fn armoured(path: &Path, octets: &[u8]) -> Vec<Found> {
    let blocks = match pem::parse_many(octets) {
        Ok(blocks) => blocks,
        Err(error) => return vec![other(path, format!("broken PEM: {error}"))],
    };
    let wanted = blocks.iter().filter(|block| matches!(block.tag(), "CERTIFICATE" | "X509 CERTIFICATE"));
    let found: Vec<Found> = wanted
        .zip(1..)
        .map(|(block, index)| {
            let file = path.display().to_string();
            Found::Certificate { file, index, der: block.contents().to_vec() }
        })
        .collect();
    if found.is_empty() {
        let tags: Vec<&str> = blocks.iter().map(pem::Pem::tag).collect();
        return vec![other(path, format!("only {}", tags.join(", ")))];
    }
    found
}

/// Whether octets without armour are a certificate, or are meant to be one.
fn is_certificate(octets: &[u8], path: &Path, named: Named) -> bool {
    if octets.first() != Some(&0x30) {
        return false;
    }
    let reads = || examine(octets, Held::To(None), &CryptoCalendar::empty()).subject.is_some();
    let claims = || {
        let extension = path.extension().and_then(|extension| extension.to_str()).unwrap_or_default();
        // CRLs are `.der` too, but strict DER; what is not, and begins as a certificate does, may be a broken one.
        ["cer", "crt", "der"].iter().any(|known| extension.eq_ignore_ascii_case(known))
            && check_strict(octets).is_err()
            && Reader::new(octets).element().is_ok_and(|outer| outer.content.first() == Some(&0x30))
    };
    named == Named::ByHand || reads() || claims()
}
