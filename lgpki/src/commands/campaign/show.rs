//! `lgpki campaign list` and `show`: how far the move is, with bars.

use super::picture::{bar, day, words};
use crate::clock::SystemClock;
use crate::out::{self, Format};
use crate::trouble::Trouble;
use ca_core::campaign::{ItemStanding, Tally};
use ca_core::id::CampaignId;
use ca_core::time::{Clock, Timestamp};
use ra_web::desk::campaigns::{OrganisationProgress, Progress, WaveProgress, progress};
use serde::Serialize;
use store::Store;
use store::campaigns::CampaignRow;

/// Arguments of `campaign list`.
#[derive(Debug, clap::Args)]
pub struct List {
    /// How results are written
    #[arg(long, value_enum, default_value_t)]
    pub format: Format,
}

/// Arguments of `campaign show`.
#[derive(Debug, clap::Args)]
pub struct Show {
    /// The campaign
    #[arg(value_parser = super::name)]
    pub name: CampaignId,
    /// How results are written
    #[arg(long, value_enum, default_value_t)]
    pub format: Format,
}

#[derive(Serialize)]
struct Listing {
    schema: &'static str,
    campaigns: Vec<Listed>,
}

#[derive(Serialize)]
struct Shown {
    schema: &'static str,
    #[serde(flatten)]
    campaign: Listed,
    waves: Vec<ShownWave>,
}

#[derive(Serialize)]
struct Listed {
    name: String,
    title_ja: String,
    title_en: String,
    old_keys: Vec<String>,
    old_authorities: Vec<String>,
    planned_at: String,
    closed_at: Option<String>,
    #[serde(flatten)]
    counts: Counts,
}

#[derive(Serialize)]
struct ShownWave {
    number: u32,
    opens_at: String,
    due_at: String,
    #[serde(flatten)]
    counts: Counts,
    organisations: Vec<ShownOrganisation>,
}

#[derive(Serialize)]
struct ShownOrganisation {
    code: String,
    name: String,
    #[serde(flatten)]
    counts: Counts,
}

#[derive(Serialize)]
struct Counts {
    certificates: u64,
    replaced: u64,
    ended: u64,
    open: u64,
    overdue: u64,
    waiting: u64,
    done_percent: u64,
}

/// Shows all campaigns, the newest first. Errors: the database.
pub(super) async fn list(what: &List, store: &Store) -> Result<(), Trouble> {
    let mut txn = store.read().await?;
    let mut all = Vec::new();
    for campaign in txn.campaigns().await? {
        all.push(progress(&mut txn, campaign, SystemClock.now()).await.map_err(super::trouble)?);
    }
    match what.format {
        Format::Json => {
            out::json(&Listing { schema: "lgpki.campaigns/1", campaigns: all.iter().map(Listed::of).collect() })?;
        }
        Format::Text if all.is_empty() => out::talk("there is no campaign; `lgpki campaign plan` makes one"),
        Format::Text => {
            for progress in &all {
                let (id, title) = (&progress.campaign.campaign_id, &progress.campaign.title_en);
                let closed = if progress.campaign.closed_at.is_some() { "  closed" } else { "" };
                out::line(format_args!("{}  {id}: {title}{closed}", bar(&progress.tally)))?;
            }
        }
    }
    Ok(())
}

/// Shows one campaign. Errors: exit 2 when there is none of that name; the database.
pub(super) async fn run(what: &Show, store: &Store) -> Result<(), Trouble> {
    let mut txn = store.read().await?;
    let campaign = super::found(txn.campaign(&what.name).await?, &what.name)?;
    let now = SystemClock.now();
    let progress = progress(&mut txn, campaign, now).await.map_err(super::trouble)?;
    match what.format {
        Format::Json => {
            let waves = progress.waves.iter().map(ShownWave::of).collect();
            out::json(&Shown { schema: "lgpki.campaign/1", campaign: Listed::of(&progress), waves })?;
        }
        Format::Text => say(&progress, now)?,
    }
    Ok(())
}

fn say(progress: &Progress, now: Timestamp) -> std::io::Result<()> {
    let CampaignRow { campaign_id, title_ja, title_en, old, closed_at, .. } = &progress.campaign;
    out::line(format_args!("{campaign_id}: {title_ja} / {title_en}"))?;
    let keys = old.keys().iter().map(|key| format!("keys of kind {key}"));
    let authorities = old.authorities().iter().map(|authority| format!("certificates by {authority}"));
    out::line(format_args!("old: {}", keys.chain(authorities).collect::<Vec<_>>().join(", ")))?;
    if let Some(at) = closed_at {
        out::line(format_args!("closed on {}", day(*at)))?;
    }
    out::line(format_args!("{}  {}", bar(&progress.tally), words(&progress.tally)))?;
    for WaveProgress { wave, organisations, tally } in &progress.waves {
        let (opens, due) = (day(wave.opens_at), day(wave.due_at));
        let state = match (now < wave.opens_at, now > wave.due_at) {
            (true, _) => "opens later",
            (_, true) => "over",
            _ => "open",
        };
        out::line(format_args!("{}  wave {}: {opens} to {due}, {state}", bar(tally), wave.number))?;
        for OrganisationProgress { organisation, tally } in organisations {
            let (code, name) = (&organisation.code, &organisation.name);
            out::line(format_args!("  {}  {code} {name}: {}", bar(tally), words(tally)))?;
        }
    }
    Ok(())
}

impl Listed {
    fn of(progress: &Progress) -> Self {
        let CampaignRow { campaign_id, title_ja, title_en, old, created_at, closed_at, .. } = &progress.campaign;
        Self {
            name: campaign_id.to_string(),
            title_ja: title_ja.clone(),
            title_en: title_en.clone(),
            old_keys: old.keys().iter().map(ToString::to_string).collect(),
            old_authorities: old.authorities().iter().map(ToString::to_string).collect(),
            planned_at: created_at.rfc3339(),
            closed_at: closed_at.map(Timestamp::rfc3339),
            counts: Counts::of(&progress.tally),
        }
    }
}

impl ShownWave {
    fn of(progress: &WaveProgress) -> Self {
        let organisation = |one: &OrganisationProgress| ShownOrganisation {
            code: one.organisation.code.to_string(),
            name: one.organisation.name.clone(),
            counts: Counts::of(&one.tally),
        };
        Self {
            number: progress.wave.number,
            opens_at: progress.wave.opens_at.rfc3339(),
            due_at: progress.wave.due_at.rfc3339(),
            counts: Counts::of(&progress.tally),
            organisations: progress.organisations.iter().map(organisation).collect(),
        }
    }
}

impl Counts {
    fn of(tally: &Tally) -> Self {
        Self {
            certificates: tally.all(),
            replaced: tally.of(ItemStanding::Replaced),
            ended: tally.of(ItemStanding::Ended),
            open: tally.of(ItemStanding::Open),
            overdue: tally.of(ItemStanding::Overdue),
            waiting: tally.of(ItemStanding::Waiting),
            done_percent: tally.percent(),
        }
    }
}
