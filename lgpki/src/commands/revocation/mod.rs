//! `lgpki revocation`: one certificate's revocation at the command line, for people of the centre.

mod suspension;
mod track;

use crate::commands::input;
use crate::config;
use crate::installation;
use crate::trouble::{Exit, Trouble};
use ca_core::id::AuthorityId;
use ca_core::serial::SerialNumber;
use std::path::Path;
use store::ReadTxn;
use store::certificates::CertificateRow;

/// What can be done about the revocation of a certificate.
#[derive(Debug, clap::Subcommand)]
pub enum RevocationCommand {
    /// Suspend a certificate, as an RA operator: it is unusable until the suspension is lifted
    Suspend(suspension::Suspension),
    /// Lift a suspension, as an RA operator: the certificate is good again
    Lift(suspension::Suspension),
    /// Say since when a revocation can be seen, place by place
    Track(track::Track),
    /// Look now, at every place, for what was revoked since yesterday, as the service does by and by
    Probe(track::Probe),
}

/// Which certificate is meant.
#[derive(Clone, Debug, clap::Args)]
pub struct Which {
    /// Its serial number, hexadecimal
    #[arg(value_parser = input::serial)]
    pub serial: SerialNumber,
    /// The authority that issued it; without it, whichever here did
    #[arg(long, value_name = "AUTHORITY", value_parser = input::authority)]
    pub issuer: Option<AuthorityId>,
}

impl Which {
    /// The certificate. Errors: exit 2 when there is none.
    async fn found(&self, txn: &mut ReadTxn) -> Result<CertificateRow, Trouble> {
        let found = match &self.issuer {
            Some(issuer) => txn.certificate(issuer, &self.serial).await?,
            None => txn.certificate_by_serial(&self.serial).await?,
        };
        found.ok_or_else(|| {
            Trouble::new(Exit::Usage, format!("no certificate has the serial number {}", self.serial))
                .advice("the page of a certificate shows its serial number; separators may stay")
        })
    }
}

/// Does it. Errors: exit 2 for a certificate there is none of, exit 5 when the database does not answer, exit 7 for what a rule
/// forbids.
pub async fn run(what: &RevocationCommand, file: &Path) -> Result<Exit, Trouble> {
    let config = config::load(file)?;
    let store = installation::open_current(&config.database).await?;
    let done = match what {
        RevocationCommand::Suspend(what) => suspension::suspend(what, &config.policy.packs, &store).await,
        RevocationCommand::Lift(what) => suspension::lift(what, &store).await,
        RevocationCommand::Track(what) => track::track(what, &config, &store).await,
        RevocationCommand::Probe(what) => track::probe(what, &config, &store).await,
    };
    store.close().await;
    done
}
