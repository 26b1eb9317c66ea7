//! The configuration: a TOML file ([`file`], as it is written) turned into types that hold what the program may rely on
//! ([`checked`]). An unknown key or a contradiction refuses the start, with file, line and reason. Secrets are never in
//! the file, only the names of the files that hold them.

mod checked;
mod edge;
mod file;
mod keys;
mod policy;
mod publish;
mod reach;
mod sample;

pub use checked::{Centre, Config, Database, Listen, Public};
pub use edge::Edge;
pub use file::{LogFormat, LogLevel};
pub use keys::{Keys, TokenStore};
pub use policy::Policy;
pub use publish::{DropPlace, LdapAddress, LdapPlace, Place, PublicationTarget};
pub use reach::{Offer, Reach, WatchedPlace};
pub use sample::{Sample, SampleToken, sample};

use crate::trouble::{Exit, Trouble};
use ca_core::profile::PackErrors;
use std::path::{Path, PathBuf};

/// Why a configuration was refused.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("cannot read the configuration {}", file.display())]
    Unreadable {
        /// Which.
        file: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// Something in it is wrong.
    #[error("{}:{line}: {reason}", file.display())]
    Wrong {
        /// Which file.
        file: PathBuf,
        /// The line, from 1.
        line: usize,
        /// What is wrong with it.
        reason: String,
    },
    /// It names a policy pack that is refused.
    #[error("{}:{line}: the policy pack {} is refused", file.display(), pack.display())]
    Pack {
        /// The configuration.
        file: PathBuf,
        /// The line that names the pack, from 1.
        line: usize,
        /// The file of the pack.
        pack: PathBuf,
        /// Everything that is wrong in it, by its own lines.
        #[source]
        errors: PackErrors,
    },
}

/// The configuration in `file`. Relative paths in it are relative to its folder. Errors: [`ConfigError`].
pub fn load(file: &Path) -> Result<Config, ConfigError> {
    let text =
        std::fs::read_to_string(file).map_err(|source| ConfigError::Unreadable { file: file.to_path_buf(), source })?;
    parse(&text, file)
}

/// The configuration that `text`, said to come from `file`, describes. Errors: [`ConfigError::Wrong`], [`ConfigError::Pack`].
pub fn parse(text: &str, file: &Path) -> Result<Config, ConfigError> {
    let line = |offset: usize| text.get(..offset).unwrap_or(text).matches('\n').count().saturating_add(1);
    let wrong =
        |offset: usize, reason: String| ConfigError::Wrong { file: file.to_path_buf(), line: line(offset), reason };
    let raw: file::File = toml::from_str(text).map_err(|error| {
        let offset = error.span().map_or(0, |span| span.start);
        wrong(offset, error.message().lines().collect::<Vec<_>>().join(" "))
    })?;
    let mut config = checked::check(raw, file).map_err(|error| match error.pack {
        Some((pack, errors)) => ConfigError::Pack { file: file.to_path_buf(), line: line(error.offset), pack, errors },
        None => wrong(error.offset, error.reason),
    })?;
    config.keys.secret_lines.iter_mut().for_each(|(_, place)| *place = line(*place));
    Ok(config)
}

impl From<ConfigError> for Trouble {
    fn from(error: ConfigError) -> Self {
        match error {
            ConfigError::Unreadable { ref file, ref source } => {
                let missing = source.kind() == std::io::ErrorKind::NotFound;
                let advice = if missing {
                    "name the file with --config FILE; `lgpki init` makes one".to_owned()
                } else {
                    format!("let the user who runs this read {}", file.display())
                };
                Self::new(Exit::Configuration, error.to_string()).because(source).advice(advice)
            }
            ConfigError::Pack { ref pack, ref errors, .. } => Self::new(Exit::Configuration, error.to_string())
                .because(format!("\n    {}", errors.to_string().replace('\n', "\n    ")))
                .advice(format!(
                    "correct these lines until `lgpki pack check {}` finds nothing; docs/profiles.md shows how packs are written",
                    pack.display()
                )),
            ConfigError::Wrong { .. } => Self::new(Exit::Configuration, error.to_string())
                .advice("correct that line; the file `lgpki init` writes explains every key"),
        }
    }
}

#[cfg(test)]
mod tests;
