//! `lgpki ca`: the authorities of an installation and who may use their keys.

pub mod custody;

use crate::trouble::{Exit, Trouble};
use std::path::Path;

/// What can be done with authorities.
#[derive(Debug, clap::Subcommand)]
pub enum Ca {
    /// Share what opens a key store among custodians, and prove that they can open it
    #[command(subcommand)]
    Custody(custody::Custody),
}

/// Does it, on the installation `file` configures. Errors: as each command says.
pub async fn run(what: &Ca, file: &Path) -> Result<Exit, Trouble> {
    match what {
        Ca::Custody(what) => custody::run(what, file).await,
    }
}
