//! The key stores custodians open: which the configuration names, what their secret is, and how it is changed.

use crate::commands::token;
use crate::config::{Keys, TokenStore};
use crate::keys::FOLDER;
use crate::trouble::{Exit, Trouble};
use ca_core::signer::Signer;
use hsm_adapters::custody::ActivationSecret;
use hsm_adapters::pkcs11::{Module, Token};
use hsm_adapters::soft::{KeyFileError, change_passphrase};
use hsm_adapters::{Passphrase, SoftKeys};
use std::path::PathBuf;

/// What to do when a store does not open with the shares of its set.
const OF_ANOTHER_TIME: &str = "was it restored from a backup made before these shares? Bring those of that time";

/// A key store, and what opens it.
#[derive(Clone, Debug)]
pub enum StorePlace {
    /// A folder of software keys: it opens with the secret as its passphrase.
    Folder(PathBuf),
    /// A token: it opens with as much of the secret as its PIN may be long.
    Token(TokenStore),
}

impl StorePlace {
    /// The store of that name. Errors: exit 2 with the names there are.
    pub fn named(name: &str, keys: &Keys) -> Result<Self, Trouble> {
        if name == FOLDER {
            return Ok(Self::Folder(keys.directory.clone()));
        }
        let token = keys.tokens.iter().find(|token| token.name == name);
        token.cloned().map(Self::Token).ok_or_else(|| {
            let names = keys.tokens.iter().map(|token| token.name.as_str());
            let names: Vec<&str> = std::iter::once(FOLDER).chain(names).collect();
            Trouble::new(Exit::Usage, format!("there is no key store {name}"))
                .advice(format!("name one of these with --store: {}", names.join(", ")))
        })
    }

    /// The shared secret as the store takes it. Blocking. Errors: a token that is away (exit 5), has a PIN pad or takes only
    /// short PINs (exit 7).
    pub fn text_of(&self, secret: &ActivationSecret) -> Result<Passphrase, Trouble> {
        match self {
            Self::Folder(_) => Ok(secret.passphrase()),
            Self::Token(token) => pin(&found(token)?, token, secret),
        }
    }

    /// Makes the shared secret what opens the store, instead of `old`. Blocking. Errors: exit 3 when `old` does not open it,
    /// exit 5 and 7 as [`Self::text_of`]; then `old` opens it, unless the message says that it is not known.
    pub fn change_secret(&self, old: Passphrase, new: &ActivationSecret) -> Result<(), Trouble> {
        match self {
            Self::Folder(folder) => change_passphrase(folder, old, new.passphrase()).map(drop).map_err(not_changed),
            Self::Token(token) => {
                let device = found(token)?;
                let pin = pin(&device, token, new)?;
                let session = device.log_in(Some(&old)).map_err(token::told)?;
                session.change_pin(&old, &pin).map_err(token::told)
            }
        }
    }

    /// Opens the store with the shared secret to see that it opens, and closes it again. Blocking. Errors: exit 3 when it opens
    /// with another secret, exit 5.
    pub fn prove(&self, secret: &ActivationSecret) -> Result<(), Trouble> {
        match self {
            Self::Folder(folder) => {
                let closed = |why: &dyn std::fmt::Display| {
                    Trouble::new(Exit::Configuration, "the key store does not open with these shares")
                        .because(why)
                        .advice(OF_ANOTHER_TIME)
                };
                let keys = SoftKeys::open(folder, secret.passphrase()).map_err(|error| closed(&error))?;
                let labels = keys.labels().map_err(|error| closed(&error))?;
                // One key tells: all are sealed with one passphrase.
                labels.first().map_or(Ok(()), |label| keys.public_key(label).map(drop).map_err(|error| closed(&error)))
            }
            Self::Token(token) => {
                let device = found(token)?;
                let pin = pin(&device, token, secret)?;
                device.log_in(Some(&pin)).map(drop).map_err(token::told)
            }
        }
    }
}

fn found(token: &TokenStore) -> Result<Token, Trouble> {
    Module::load(&token.settings.module).and_then(|module| module.token(&token.settings.token)).map_err(token::told)
}

fn pin(device: &Token, token: &TokenStore, secret: &ActivationSecret) -> Result<Passphrase, Trouble> {
    let refused = |why: &str| {
        let what = format!("the PIN of the token {:?} cannot be shared among custodians", token.settings.token);
        Trouble::new(Exit::Refused, what).because(why)
    };
    if !device.wants_pin() {
        return Err(refused("its PIN is typed at the device itself").advice(
            "use the device's own quorum: as many of its cards or keys as its maker's tool was told to ask for",
        ));
    }
    let longest = device.longest_pin().map_err(token::told)?;
    secret.pin(longest).ok_or_else(|| {
        refused(&format!("it takes {longest} characters at most, and fewer than 32 could be guessed"))
            .advice("use the device's own quorum, or a device that takes longer PINs")
    })
}

fn not_changed(error: KeyFileError) -> Trouble {
    match error {
        KeyFileError::WrongPassphrase { .. } => {
            Trouble::new(Exit::Configuration, "the key store does not open, and nothing was changed")
                .because(error)
                .advice("give the passphrase that opens it now; the share files just made are of no use")
        }
        _ => Trouble::new(Exit::Unavailable, "the key store did not take the new secret").because(error).advice(
            "mend what is said there; the share files just made are of no use unless `lgpki ca custody verify` says otherwise",
        ),
    }
}
