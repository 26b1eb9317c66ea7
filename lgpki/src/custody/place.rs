//! The key stores custodians open: which the configuration names, and what their secret is.

use crate::config::Config;
use crate::trouble::{Exit, Trouble};
use ca_core::signer::Signer;
use hsm_adapters::custody::ActivationSecret;
use hsm_adapters::soft::{KeyFileError, change_passphrase};
use hsm_adapters::{Passphrase, SoftKeys};
use std::path::PathBuf;
use std::sync::Arc;

/// The name of the folder of software keys, `[keys] directory`.
const FOLDER: &str = "folder";

/// A key store, and what opens it.
#[derive(Clone, Debug)]
pub enum StorePlace {
    /// A folder of software keys: it opens with the secret as its passphrase.
    Folder(PathBuf),
}

impl StorePlace {
    /// The store of that name. Errors: exit 2 with the names there are.
    pub fn named(name: &str, config: &Config) -> Result<Self, Trouble> {
        match name {
            FOLDER => Ok(Self::Folder(config.keys.directory.clone())),
            _ => Err(Trouble::new(Exit::Usage, format!("there is no key store {name}"))
                .advice(format!("name one of these with --store: {FOLDER}"))),
        }
    }

    /// Makes the shared secret what opens the store, instead of `old`. Errors: exit 3 when `old` does not open it, exit 5.
    pub fn change_secret(&self, old: Passphrase, new: &ActivationSecret) -> Result<(), Trouble> {
        match self {
            Self::Folder(folder) => match change_passphrase(folder, old, new.passphrase()) {
                Ok(_) => Ok(()),
                Err(error @ KeyFileError::WrongPassphrase { .. }) => Err(Trouble::new(
                    Exit::Configuration,
                    "the key store does not open, and nothing was changed",
                )
                .because(error)
                .advice("give the passphrase that opens it now; the share files just made are of no use")),
                Err(error) => Err(Trouble::new(Exit::Unavailable, "the key store did not take the new secret")
                    .because(error)
                    .advice("mend what is said there; the share files just made are of no use unless `lgpki ca custody verify` says otherwise")),
            },
        }
    }

    /// What the store is opened with, as it takes it. Errors: it takes no secret as long as this (exit 7).
    pub fn text_of(&self, secret: &ActivationSecret) -> Result<Passphrase, Trouble> {
        match self {
            Self::Folder(_) => Ok(secret.passphrase()),
        }
    }

    /// Opens the store with the shared secret. Blocking. Errors: exit 3 when it opens with another secret, exit 5.
    pub fn open(&self, secret: &ActivationSecret) -> Result<Arc<dyn Signer>, Trouble> {
        match self {
            Self::Folder(folder) => {
                let closed = |why: &dyn std::fmt::Display| {
                    Trouble::new(Exit::Configuration, "the key store does not open with these shares")
                        .because(why)
                        .advice("was it restored from a backup made before these shares? Bring those of that time")
                };
                let keys = SoftKeys::open(folder, secret.passphrase()).map_err(|error| closed(&error))?;
                let labels = keys.labels().map_err(|error| closed(&error))?;
                // One key tells: all are sealed with one passphrase.
                if let Some(label) = labels.first() {
                    keys.public_key(label).map_err(|error| closed(&error))?;
                }
                Ok(Arc::new(keys))
            }
        }
    }
}
