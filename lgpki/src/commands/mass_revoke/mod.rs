//! `lgpki mass-revoke`: much that must be revoked, quickly and by two people.

mod execute;
mod plan;
mod show;
mod simulate;

use crate::config::{self, Config};
use crate::trouble::{Exit, Trouble};
use crate::witness::Witness;
use crate::{installation, out};
use ca_core::digest::hex;
use ca_core::id::MassRevocationId;
use std::path::Path;
use std::sync::Arc;
use store::mass_revocations::MassRevocation;
use store::{Interruption, ReadTxn, Step, Store};

/// How many people have to approve a plan.
const APPROVALS: usize = 2;

/// What can be done when much must be revoked.
#[derive(Debug, clap::Subcommand)]
pub enum MassRevoke {
    /// Choose the certificates, and write the plan down; nothing is revoked yet
    Plan(plan::Plan),
    /// Say what a plan would do: how many, how long it takes, how large the lists get, and who has to fetch how much
    Simulate(simulate::Simulate),
    /// Approve a plan, as one of two RA operators
    Approve(Approve),
    /// Revoke what an approved plan says; what was cut off goes on where it was
    Execute(execute::Execute),
    /// Show a plan and how far it is; without a name, all plans
    Show(show::Show),
}

/// Arguments of `mass-revoke approve`.
#[derive(Debug, clap::Args)]
pub struct Approve {
    /// The plan
    #[arg(value_parser = name)]
    pub name: MassRevocationId,
    /// The digest of its certificates, as `mass-revoke show` says it: what is approved is what was looked at
    #[arg(long, value_name = "HEX")]
    pub digest: String,
    /// Who approves.
    #[command(flatten)]
    pub witness: Witness,
}

/// Does it, on the installation `file` configures. Errors: exit 2 for what is typed wrong, exit 3 without an installation, exit 5
/// when the database does not answer, exit 7 for what a rule forbids.
pub async fn run(what: &MassRevoke, file: &Path, interruption: Option<Arc<dyn Interruption>>) -> Result<Exit, Trouble> {
    let config: Config = config::load(file)?;
    let store = installation::open_current_with(&config.database, interruption).await?;
    let done = match what {
        MassRevoke::Plan(what) => plan::run(what, &store).await,
        MassRevoke::Simulate(what) => simulate::run(what, &config, &store).await,
        MassRevoke::Approve(what) => approve(what, &store).await,
        MassRevoke::Execute(what) => execute::run(what, &store).await,
        MassRevoke::Show(what) => show::run(what, &store).await,
    };
    store.close().await;
    done.map(|()| Exit::Done)
}

async fn approve(what: &Approve, store: &Store) -> Result<(), Trouble> {
    let plan = found(&mut store.read().await?, &what.name).await?;
    if !what.digest.eq_ignore_ascii_case(&hex(&plan.items_sha256)) {
        return Err(Trouble::new(Exit::Refused, format!("{} was not approved", what.name))
            .because("its certificates have another digest: what was looked at is not this plan")
            .advice(format!("look at `lgpki mass-revoke show {}`, and give the digest it says", what.name)));
    }
    if let Some(at) = plan.ended_at {
        return Err(Trouble::new(Exit::Refused, format!("{} was executed at {}", what.name, at.rfc3339())));
    }
    let (account, mut txn) = what.witness.attested(store).await?;
    match txn.approve_mass_revocation(&plan, &account.account_id).await {
        Err(error) if error.is_conflict("mass_revocation_approval_pk") => {
            return Err(Trouble::new(Exit::Refused, format!("{} has approved {} before", account.login, what.name))
                .advice("the other approval has to be another person's"));
        }
        done => done?,
    }
    let approvals = txn.mass_revocation_approvals(&what.name).await?.len();
    txn.commit(Step::Setup).await?;
    out::line(format_args!("approved by {}: {approvals} of {APPROVALS} for {}", account.login, what.name))?;
    if approvals >= APPROVALS {
        out::talk(format_args!("next: lgpki mass-revoke execute {}", what.name));
    }
    Ok(())
}

/// The plan, or what to do without it.
async fn found(txn: &mut ReadTxn, name: &MassRevocationId) -> Result<MassRevocation, Trouble> {
    txn.mass_revocation(name).await?.ok_or_else(|| {
        Trouble::new(Exit::Usage, format!("there is no plan {name}")).advice("see `lgpki mass-revoke show`")
    })
}

fn name(text: &str) -> Result<MassRevocationId, String> {
    MassRevocationId::parse(text).map_err(|error| error.to_string())
}
