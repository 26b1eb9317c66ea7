//! A script as it is written. Every table refuses keys it does not know; values keep their place in the file.

use serde::Deserialize;
use std::collections::BTreeMap;
use toml::Spanned;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct File {
    pub(super) ceremony: Head,
    #[serde(default)]
    pub(super) person: BTreeMap<Spanned<String>, Person>,
    #[serde(default)]
    pub(super) token: BTreeMap<Spanned<String>, Token>,
    #[serde(default)]
    pub(super) step: Vec<Spanned<Step>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Head {
    pub(super) name: Spanned<String>,
    pub(super) title: Text,
    pub(super) place: Spanned<String>,
    pub(super) begins: Spanned<toml::value::Datetime>,
    #[serde(default)]
    pub(super) fix_times: bool,
    pub(super) repository_url: Spanned<String>,
    pub(super) lgwan_repository_url: Option<Spanned<String>>,
    pub(super) packs: Spanned<Vec<String>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Text {
    pub(super) ja: String,
    pub(super) en: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Person {
    pub(super) name: Spanned<String>,
    pub(super) role: Spanned<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Token {
    pub(super) module: String,
    pub(super) token: Spanned<String>,
    pub(super) rehearsal_token: Option<Spanned<String>>,
    pub(super) timeout_seconds: Option<u64>,
}

/// All keys of all acts: which of them an act needs is checked in `read`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Step {
    pub(super) id: Spanned<String>,
    pub(super) by: Spanned<String>,
    #[serde(default)]
    pub(super) witnesses: Vec<Spanned<String>>,
    pub(super) see: Spanned<String>,
    pub(super) act: Spanned<String>,
    pub(super) key: Option<Spanned<String>>,
    pub(super) kind: Option<Spanned<String>>,
    pub(super) store: Option<Spanned<String>>,
    pub(super) least: Option<Spanned<u8>>,
    pub(super) custodians: Option<Spanned<Vec<Spanned<String>>>>,
    pub(super) authority: Option<Spanned<String>>,
    pub(super) generation: Option<Spanned<u32>>,
    pub(super) profile: Option<Spanned<String>>,
    pub(super) of: Option<Spanned<String>>,
    pub(super) file: Option<Spanned<String>>,
    pub(super) words: Option<Spanned<String>>,
    pub(super) request: Option<Spanned<String>>,
    pub(super) serial: Option<Spanned<String>>,
    pub(super) reason: Option<Spanned<String>>,
    pub(super) bundle: Option<Spanned<String>>,
}
