//! What is made for edges without keys, as the configuration says.

use super::checked::{Wrong, wrong};
use super::file;
use crate::keys::FOLDER;
use ca_core::id::{IdError, KeyLabel};
use toml::Spanned;

/// The label of the key that signs bundles where nobody names another.
const KEY: &str = "edge";

/// What bundles for edges are signed with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edge {
    /// The key.
    pub key: KeyLabel,
    /// The key store it is made in when it is missing.
    pub store: String,
}

/// Checks the section. Errors: what is no label.
pub(super) fn check(raw: file::Edge) -> Result<Edge, Wrong> {
    let named = raw.key.unwrap_or_else(|| Spanned::new(0..0, KEY.to_owned()));
    let key = KeyLabel::parse(named.get_ref()).map_err(|error: IdError| wrong(&named, error.to_string()))?;
    Ok(Edge { key, store: raw.store.unwrap_or_else(|| FOLDER.to_owned()) })
}
