//! `lgpki mass-revoke execute`: batch after batch, each one transaction. Nothing is remembered but what the database says, so what
//! was cut off goes on by being typed again. The running service makes the lists and answers that the batches ask for.

use super::APPROVALS;
use crate::clock::SystemClock;
use crate::out;
use crate::progress::{Patience, bar};
use crate::trouble::{Exit, Trouble};
use ca_core::audit::Actor;
use ca_core::id::MassRevocationId;
use ca_core::time::Clock;
use store::accounts::Role;
use store::mass_revocations::{Batch, MassRevocation, Progress};
use store::{ReadTxn, Step, Store, StoreError};

/// How often a batch is tried that meets somebody who revokes one of its certificates at the same moment.
const TRIES: u32 = 5;

/// Arguments of `mass-revoke execute`.
#[derive(Debug, clap::Args)]
pub struct Execute {
    /// The plan
    #[arg(value_parser = super::name)]
    pub name: MassRevocationId,
    /// How many certificates are revoked in one transaction
    #[arg(long, value_name = "NUMBER", default_value_t = 500, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub batch: u32,
}

/// Revokes all that is left of the plan. Errors: exit 2 for a plan there is none of, exit 7 without two approvals, exit 6 when the
/// certificates are not those that were approved.
pub(super) async fn run(what: &Execute, store: &Store) -> Result<(), Trouble> {
    let mut txn = store.read().await?;
    let plan = super::found(&mut txn, &what.name).await?;
    let mut progress = txn.mass_revocation_progress(&what.name).await?;
    if let Some(at) = plan.ended_at {
        out::line(format_args!("{}: executed at {}", what.name, at.rfc3339()))?;
        return say(&progress);
    }
    check(&mut txn, &plan).await?;
    drop(txn);
    let mut patience = Patience::begin();
    while let Batch::Done(batch) = batch(store, &plan, what.batch).await? {
        progress.add(batch);
        patience.tell(progress.done(), progress.all(), "certificates");
    }
    say(&store.read().await?.mass_revocation_progress(&what.name).await?)?;
    out::talk(
        "the running service publishes lists and answers now: `lgpki crl inspect` and `lgpki ocsp query` show them",
    );
    Ok(())
}

/// That two people of the centre, who are so still, have approved these very certificates.
async fn check(txn: &mut ReadTxn, plan: &MassRevocation) -> Result<(), Trouble> {
    let name = &plan.mass_revocation_id;
    let mut valid = 0_usize;
    for (account, _) in txn.mass_revocation_approvals(name).await? {
        let account = txn.account(&account).await?;
        if account.is_some_and(|account| account.active && account.role == Role::RaOperator) {
            valid = valid.saturating_add(1);
        }
    }
    if valid < APPROVALS {
        return Err(Trouble::new(Exit::Refused, format!("{name} is not approved yet"))
            .because(format!("{valid} of {APPROVALS} RA operators have approved it"))
            .advice(format!("`lgpki mass-revoke approve {name} --by LOGIN --digest …`, each for themselves")));
    }
    let (digest, _) = txn.digest_of_items(name).await?;
    if digest != plan.items_sha256 {
        return Err(Trouble::new(
            Exit::Integrity,
            format!("the certificates of {name} are not those that were approved"),
        )
        .because("their digest is another: somebody has changed the database")
        .advice("find out who; make a new plan"));
    }
    Ok(())
}

async fn batch(store: &Store, plan: &MassRevocation, rows: u32) -> Result<Batch, Trouble> {
    for _ in 1..TRIES {
        match once(store, plan, rows).await {
            Err(StoreError::Conflict { .. }) => {}
            done => return Ok(done?),
        }
    }
    Ok(once(store, plan, rows).await?)
}

async fn once(store: &Store, plan: &MassRevocation, rows: u32) -> Result<Batch, StoreError> {
    let mut txn = store.write(SystemClock.now(), Actor::System("command")).await?;
    let done = txn.execute_mass_revocation(plan, rows).await?;
    txn.commit(Step::Revoked).await?;
    Ok(done)
}

fn say(progress: &Progress) -> Result<(), Trouble> {
    let (done, all) = (progress.done(), progress.all());
    out::line(format_args!("{}  {done} of {all} certificates: {}", bar(done, all), super::show::words(progress)))?;
    Ok(())
}
