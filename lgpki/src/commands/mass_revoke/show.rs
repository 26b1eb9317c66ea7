//! `lgpki mass-revoke show`: plans, who has approved them, and how far they are.

use super::APPROVALS;
use crate::out::{self, Format};
use crate::progress::bar;
use crate::trouble::Trouble;
use ca_core::digest::hex;
use ca_core::id::MassRevocationId;
use ca_core::time::Timestamp;
use serde::Serialize;
use store::mass_revocations::{MassRevocation, Progress};
use store::{ReadTxn, Store};

/// Arguments of `mass-revoke show`.
#[derive(Debug, clap::Args)]
pub struct Show {
    /// The plan; all of them without it
    #[arg(value_parser = super::name)]
    pub name: Option<MassRevocationId>,
    /// How results are written
    #[arg(long, value_enum, default_value_t)]
    pub format: Format,
}

#[derive(Serialize)]
struct Shown {
    schema: &'static str,
    plans: Vec<ShownPlan>,
}

#[derive(Serialize)]
struct ShownPlan {
    name: String,
    chosen_by: String,
    reason: &'static str,
    invalid_since: Option<String>,
    sha256: String,
    planned_at: String,
    begun_at: Option<String>,
    ended_at: Option<String>,
    approvals: Vec<Approval>,
    certificates: u64,
    revoked: u64,
    revoked_before: u64,
    ended: u64,
    open: u64,
}

#[derive(Serialize)]
struct Approval {
    login: String,
    at: String,
}

/// Shows one plan, or all. Errors: exit 2 when there is none of that name.
pub(super) async fn run(what: &Show, store: &Store) -> Result<(), Trouble> {
    let mut txn = store.read().await?;
    let plans = match &what.name {
        Some(name) => vec![super::found(&mut txn, name).await?],
        None => txn.mass_revocations().await?,
    };
    let mut shown = Vec::new();
    for plan in plans {
        shown.push(ShownPlan::of(&mut txn, plan).await?);
    }
    match what.format {
        Format::Json => out::json(&Shown { schema: "lgpki.mass-revocations/1", plans: shown })?,
        Format::Text if shown.is_empty() => out::talk("there is no plan; `lgpki mass-revoke plan` makes one"),
        Format::Text => shown.iter().try_for_each(say)?,
    }
    Ok(())
}

/// What has become of the certificates: `12 revoked, 1 revoked before, 3 open`.
pub(super) fn words(progress: &Progress) -> String {
    let Progress { open, revoked, revoked_before, ended } = *progress;
    let counts = [(revoked, "revoked"), (revoked_before, "revoked before"), (ended, "ended"), (open, "open")];
    let parts = counts.into_iter().filter(|(count, _)| *count > 0).map(|(count, word)| format!("{count} {word}"));
    parts.collect::<Vec<_>>().join(", ")
}

fn say(plan: &ShownPlan) -> std::io::Result<()> {
    let ShownPlan { name, chosen_by, reason, sha256, .. } = plan;
    let progress = plan.progress();
    out::line(format_args!("{name}: {chosen_by} ({reason})"))?;
    out::line(format_args!("  {}  {}", bar(progress.done(), progress.all()), words(&progress)))?;
    out::line(format_args!("  digest {sha256}"))?;
    for Approval { login, at } in &plan.approvals {
        out::line(format_args!("  approved by {login} at {at}"))?;
    }
    if plan.approvals.len() < APPROVALS {
        out::line(format_args!(
            "  waits for {} of {APPROVALS} approvals",
            APPROVALS.saturating_sub(plan.approvals.len())
        ))?;
    }
    match (&plan.begun_at, &plan.ended_at) {
        (_, Some(at)) => out::line(format_args!("  executed at {at}")),
        (Some(at), None) => {
            out::line(format_args!("  begun at {at}, not ended: type `lgpki mass-revoke execute {name}`"))
        }
        (None, None) => Ok(()),
    }
}

impl ShownPlan {
    async fn of(txn: &mut ReadTxn, plan: MassRevocation) -> Result<Self, Trouble> {
        let progress = txn.mass_revocation_progress(&plan.mass_revocation_id).await?;
        let mut approvals = Vec::new();
        for (account, at) in txn.mass_revocation_approvals(&plan.mass_revocation_id).await? {
            let login = txn.account(&account).await?.map_or_else(|| account.to_string(), |account| account.login);
            approvals.push(Approval { login, at: at.rfc3339() });
        }
        Ok(Self {
            name: plan.mass_revocation_id.to_string(),
            chosen_by: plan.chosen_by,
            reason: plan.reason.as_str(),
            invalid_since: plan.invalidity_at.map(Timestamp::rfc3339),
            sha256: hex(&plan.items_sha256),
            planned_at: plan.created_at.rfc3339(),
            begun_at: plan.begun_at.map(Timestamp::rfc3339),
            ended_at: plan.ended_at.map(Timestamp::rfc3339),
            approvals,
            certificates: progress.all(),
            revoked: progress.revoked,
            revoked_before: progress.revoked_before,
            ended: progress.ended,
            open: progress.open,
        })
    }

    const fn progress(&self) -> Progress {
        let Self { open, revoked, revoked_before, ended, .. } = *self;
        Progress { open, revoked, revoked_before, ended }
    }
}
