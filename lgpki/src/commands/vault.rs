//! `lgpki vault`: where keys made at the centre wait, sealed. `init` makes one; this is for installations from before.

use crate::clock::SystemClock;
use crate::secrets::PassphraseSource;
use crate::trouble::{Exit, Trouble};
use crate::{centre, config, installation, out};
use ca_core::time::Clock;
use std::path::Path;

/// What can be done with the vault.
#[derive(Debug, clap::Subcommand)]
pub enum Vault {
    /// Make the vault in the folder of keys, sealed with their passphrase; once
    New(New),
}

/// Arguments of `vault new`.
#[derive(Debug, clap::Args)]
pub struct New {
    /// Where the passphrase of the keys comes from.
    #[command(flatten)]
    pub passphrase: PassphraseSource,
}

/// Does it, on the installation `file` configures. Errors: exit 3 without an installation or its passphrase, exit 5 when the
/// database or the folder fails, exit 7 where there is a vault.
pub async fn run(what: &Vault, file: &Path) -> Result<Exit, Trouble> {
    let Vault::New(what) = what;
    let config = config::load(file)?;
    let store = installation::open_current(&config.database).await?;
    let made = async {
        let keys = installation::open_keys(&config, &what.passphrase)?;
        centre::found_vault(&store, &keys, SystemClock.now()).await
    };
    let made = made.await;
    store.close().await;
    made?;
    out::line(format_args!("the vault is made in {}", config.keys.directory.display()))?;
    out::line(format_args!(
        "put the folder into the backup again, and restart the service: keys made at the centre are offered from then on"
    ))?;
    Ok(Exit::Done)
}
