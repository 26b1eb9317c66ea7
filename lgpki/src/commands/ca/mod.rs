//! `lgpki ca`: the authorities of an installation, their keys, and who may use them.

pub mod activation;
pub mod custody;
mod import;
mod list;
mod rollover;

use crate::trouble::{Exit, Trouble};
use crate::{config, installation};
use std::path::Path;

/// What can be done with authorities.
#[derive(Debug, clap::Subcommand)]
pub enum Ca {
    /// Show every authority with its generations: which issues, which retires, and when each ends
    List(list::List),
    /// Give an authority a new key: the next generation, with link certificates where it certifies itself
    Rollover(rollover::Rollover),
    /// Take over a CA that exists: its key, what it has issued, what is revoked, its CRL numbers
    Import(Box<import::Import>),
    /// Bring a custodian's share to the running service: with the last one needed, authorities are at work
    Activate(activation::Activate),
    /// Let authorities of the running service rest at once
    Deactivate(activation::Deactivate),
    /// Say which authorities of the running service are at work, since when and by whom
    Status(activation::Asked),
    /// Share what opens a key store among custodians, and prove that they can open it
    #[command(subcommand)]
    Custody(custody::Custody),
}

/// Does it, on the installation `file` configures. Errors: as each command says.
pub async fn run(what: &Ca, file: &Path) -> Result<Exit, Trouble> {
    match what {
        Ca::List(what) => {
            let store = installation::open_current(&config::load(file)?.database).await?;
            let listed = list::run(what, &store).await;
            store.close().await;
            listed
        }
        Ca::Rollover(what) => {
            let config = config::load(file)?;
            let store = installation::open_current(&config.database).await?;
            let rolled = rollover::run(what, &config, &store).await;
            store.close().await;
            rolled
        }
        Ca::Import(what) => {
            let config = config::load(file)?;
            let store = installation::open_current(&config.database).await?;
            let imported = import::run(what, &config, &store).await;
            store.close().await;
            imported
        }
        Ca::Activate(what) => activation::activate(what, file),
        Ca::Deactivate(what) => activation::deactivate(what, file),
        Ca::Status(what) => activation::status(what, file),
        Ca::Custody(what) => custody::run(what, file).await,
    }
}
