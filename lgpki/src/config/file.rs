//! The configuration as it is written. Every struct refuses keys it does not know; values keep their place in the file, so
//! that a contradiction found later can be pointed at.

use serde::Deserialize;
use std::path::PathBuf;
use toml::Spanned;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct File {
    pub(super) database: Database,
    pub(super) keys: Keys,
    #[serde(default)]
    pub(super) listen: Listen,
    pub(super) public: Public,
    #[serde(default)]
    pub(super) policy: Policy,
    #[serde(default)]
    pub(super) crl: Crl,
    #[serde(default)]
    pub(super) ocsp: Ocsp,
    #[serde(default)]
    pub(super) reach: Reach,
    #[serde(default)]
    pub(super) centre: Centre,
    #[serde(default)]
    pub(super) edge: Edge,
    #[serde(default)]
    pub(super) publish: Vec<Publish>,
    #[serde(default)]
    pub(super) log: Log,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Database {
    pub(super) url: Spanned<String>,
    pub(super) password_file: Option<Spanned<PathBuf>>,
    pub(super) connections: Option<Spanned<u32>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Keys {
    pub(super) directory: PathBuf,
    pub(super) passphrase_file: Option<Spanned<PathBuf>>,
    #[serde(default)]
    pub(super) token: Vec<Token>,
}

/// A PKCS#11 token; never its PIN.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Token {
    pub(super) name: Spanned<String>,
    pub(super) module: PathBuf,
    pub(super) token: Spanned<String>,
    pub(super) pin_file: Option<Spanned<PathBuf>>,
    pub(super) sessions: Option<Spanned<usize>>,
    pub(super) timeout: Option<Spanned<String>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Listen {
    pub(super) public: Option<Spanned<String>>,
    pub(super) ra: Option<Spanned<String>>,
    pub(super) repository: Option<Spanned<String>>,
    pub(super) management: Option<Spanned<String>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Public {
    pub(super) url: Spanned<String>,
    pub(super) repository_url: Spanned<String>,
    pub(super) lgwan_repository_url: Option<Spanned<String>>,
    pub(super) environment: Spanned<Environment>,
}

/// Which of the three worlds this is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Environment {
    Production,
    Training,
    Demo,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Policy {
    pub(super) packs: Option<Spanned<Vec<Spanned<String>>>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Crl {
    pub(super) validity: Option<Spanned<String>>,
    pub(super) refresh_before: Option<Spanned<String>>,
    pub(super) root_validity: Option<Spanned<String>>,
    pub(super) root_refresh_before: Option<Spanned<String>>,
    pub(super) coalesce: Option<Spanned<String>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Ocsp {
    pub(super) validity: Option<Spanned<String>>,
    pub(super) refresh: Option<Spanned<String>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Reach {
    pub(super) every: Option<Spanned<String>>,
    #[serde(default)]
    pub(super) repository: Vec<Copied>,
}

/// A copy of the repository.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Copied {
    pub(super) name: Spanned<String>,
    pub(super) url: Spanned<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Centre {
    pub(super) pool: Option<Spanned<usize>>,
    #[serde(default)]
    pub(super) allow_legacy: bool,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Edge {
    pub(super) key: Option<Spanned<String>>,
    pub(super) store: Option<String>,
}

/// A place that is published to.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Publish {
    pub(super) name: Spanned<String>,
    pub(super) kind: Spanned<PublishKind>,
    pub(super) folder: Option<PathBuf>,
    pub(super) kept: Option<Spanned<PathBuf>>,
    pub(super) url: Option<Spanned<String>>,
    pub(super) base: Option<Spanned<String>>,
    pub(super) bind: Option<String>,
    pub(super) password_file: Option<PathBuf>,
    pub(super) longest_value: Option<Spanned<i64>>,
    pub(super) every: Option<Spanned<String>>,
    pub(super) call_after: Option<Spanned<String>>,
}

/// What kind of place it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum PublishKind {
    Directory,
    DropFolder,
    Ldap,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Log {
    #[serde(default)]
    pub(super) format: LogFormat,
    #[serde(default)]
    pub(super) level: LogLevel,
}

/// How the operational log is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// One JSON object a line.
    #[default]
    Json,
    /// For a person at a terminal.
    Text,
}

/// From which severity on this program's own lines are logged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogLevel {
    /// Failures only.
    Error,
    /// What somebody should look at.
    Warn,
    /// What happens.
    #[default]
    Info,
    /// How it happens.
    Debug,
}
