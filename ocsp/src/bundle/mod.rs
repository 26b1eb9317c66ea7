//! The bundle of a keyless edge: every answer, revocation list and certificate of an authority in one file, with a signed
//! manifest. Written where the keys are, carried one way, and served from by processes that have no key and no database.
//!
//! - [`layout`] is the file: a header, the artefacts, the index, the manifest and its signature, in this order.
//! - [`record`] is a line of the index, of fixed length and sorted by key, so that it is searched where it stands.
//! - [`writer`] makes a bundle; [`delta`] what has changed since an earlier one, and the later one out of both.
//! - [`reader`] opens one; every octet it hands on has been held against its digest.
//! - [`check`] is the look at a bundle before it is served: that it regresses nowhere, and that every signature holds.
//!
//! Why it is so is in docs/decisions/0013-edge-bundle.md. What the signature is made with is the caller's matter.

pub mod check;
pub mod delta;
mod layout;
pub mod reader;
pub mod record;
pub mod writer;

pub use check::{ListSays, NotTaken, take_in};
pub use delta::{Delta, write_delta};
pub use reader::{Bundle, Octets};
pub use record::{Artefact, Kind, Record};
pub use writer::{BundleWriter, Numbering};

use serde::{Deserialize, Serialize};
use std::io;

/// What the manifest calls itself; another number is another format.
pub const SCHEMA: &str = "lgpki.edge-bundle/1";

/// What is signed: which bundle this is, and the digest of the index, which has the digest of everything else.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// [`SCHEMA`].
    pub schema: String,
    /// The name under which the sender numbers: 32 hexadecimal digits.
    pub origin: String,
    /// Its number: above that of every bundle the same sender made before.
    pub number: u64,
    /// When it was made, seconds since 1970.
    pub made_at: i64,
    /// When the first of its answers and lists is due to be replaced, seconds since 1970; `None` without any.
    pub next_update: Option<i64>,
    /// Artefacts in it.
    pub artefacts: u64,
    /// SHA-256 of the index without the places in the file, hexadecimal.
    pub index_sha256: String,
    /// The paths of lists and certificates, sorted. Those of answers are too many, and each is found by its question.
    pub files: Vec<String>,
}

/// Is given the octets of a manifest and its signature, and says what is wrong with them.
pub type SealJudge<'a> = &'a dyn Fn(&[u8], &str) -> Result<(), String>;

/// Why octets are no bundle, or a bundle cannot be written or read.
#[derive(Debug, thiserror::Error)]
pub enum BundleError {
    /// The disk, or whatever the octets come from.
    #[error("the bundle cannot be read or written: {0}")]
    Io(#[from] io::Error),
    /// Not in the shape of a bundle.
    #[error("this is no bundle: {0}")]
    Malformed(&'static str),
    /// The signature of the manifest does not hold, or is another's.
    #[error("the manifest is refused: {0}")]
    Seal(String),
    /// The index is not the one that was signed.
    #[error("the index is not the one that was signed")]
    Index,
    /// An artefact, or its line in the index, is not what was signed.
    #[error("octets in the bundle are not those that were signed")]
    Altered,
    /// Two artefacts of one path.
    #[error("an artefact is in the bundle twice")]
    Twice,
    /// A delta that does not lead on from the bundle it is applied to.
    #[error("the delta builds on bundle {base}, and this is {held}")]
    AnotherBase {
        /// What it builds on.
        base: u64,
        /// What is here.
        held: u64,
    },
}

/// The path a bundle keeps the answer about a certificate under.
pub fn answer_path(authority: &ca_core::id::AuthorityId, serial: &ca_core::serial::SerialNumber) -> String {
    format!("/ocsp/{authority}/{}", serial.to_hex())
}
