//! `lgpki campaign`: moving a fleet of certificates to new cryptography (新暗号対応).

mod picture;
mod plan;
mod show;

use crate::clock::SystemClock;
use crate::commands::input;
use crate::trouble::{Exit, Trouble};
use crate::{config, installation, out};
use ca_core::audit::Actor;
use ca_core::campaign::Wave;
use ca_core::id::CampaignId;
use ca_core::name::LocalGovernmentCode;
use ca_core::time::{Clock, Timestamp};
use std::num::NonZeroU32;
use std::path::Path;
use std::time::Duration;
use store::campaigns::CampaignRow;
use store::{Step, Store, StoreError, WriteTxn};

const DAY: Duration = Duration::from_secs(86_400);

/// What can be done with campaigns.
#[derive(Debug, clap::Subcommand)]
pub enum Campaign {
    /// Find the old certificates, deal their organisations to waves, and write the plan down
    Plan(plan::Plan),
    /// Show all campaigns
    List(show::List),
    /// Show how far a campaign is: per wave and organisation
    Show(show::Show),
    /// Put an organisation into another wave, or a wave on other days
    Move(Move),
    /// Close a campaign: nobody is reminded any more, and its pages stay
    Close(Close),
}

/// Arguments of `campaign move`.
#[derive(Debug, clap::Args)]
pub struct Move {
    /// The campaign
    #[arg(value_parser = name)]
    pub name: CampaignId,
    /// The code of the organisation that is to be in the wave, six digits
    #[arg(long, value_name = "CODE", value_parser = code, required_unless_present = "opens", conflicts_with = "opens")]
    pub org: Option<LocalGovernmentCode>,
    /// The number of the wave
    #[arg(long, value_name = "NUMBER")]
    pub wave: u32,
    /// The day in Japan when the wave is to open, as 2026-12-01: the wave itself is moved, with all that are in it
    #[arg(long, value_name = "DAY", value_parser = input::day)]
    pub opens: Option<Timestamp>,
    /// How many days it has then [default: as many as before]
    #[arg(long, value_name = "DAYS", requires = "opens")]
    pub days: Option<NonZeroU32>,
}

/// Arguments of `campaign close`.
#[derive(Debug, clap::Args)]
pub struct Close {
    /// The campaign
    #[arg(value_parser = name)]
    pub name: CampaignId,
}

/// Does it, on the installation `file` configures. Errors: exit 2 for what is typed wrong, exit 3 without an installation,
/// exit 5 when the database does not answer, exit 7 for what a rule forbids.
pub async fn run(what: &Campaign, file: &Path) -> Result<Exit, Trouble> {
    let config = config::load(file)?;
    let store = installation::open_current(&config.database).await?;
    let done = match what {
        Campaign::Plan(what) => plan::run(what, &config.policy.packs, &store).await,
        Campaign::List(what) => show::list(what, &store).await,
        Campaign::Show(what) => show::run(what, &store).await,
        Campaign::Move(what) => moved(what, &store).await,
        Campaign::Close(what) => close(what, &store).await,
    };
    store.close().await;
    done.map(|()| Exit::Done)
}

async fn moved(what: &Move, store: &Store) -> Result<(), Trouble> {
    let mut txn = store.write(SystemClock.now(), Actor::System("command")).await?;
    let campaign = found(txn.campaign(&what.name).await?, &what.name)?;
    let waves = txn.campaign_waves(&campaign.campaign_id).await?;
    let Some(wave) = waves.iter().find(|wave| wave.number == what.wave) else {
        let has = format!("it has waves 1 to {}", waves.len());
        return Err(Trouble::new(Exit::Usage, format!("{} has no wave {}", what.name, what.wave)).because(has));
    };
    match (&what.org, what.opens) {
        (_, Some(opens)) => reschedule(txn, &campaign, on_other_days(wave, opens, what.days)).await,
        (Some(code), None) => move_organisation(txn, &campaign, code, what.wave).await,
        (None, None) => {
            Err(Trouble::new(Exit::Usage, "nothing is to be moved").advice("name --org CODE or --opens DAY"))
        }
    }
}

/// The wave from the midnight of that day, as long as before unless it is said otherwise.
fn on_other_days(wave: &Wave, opens: Timestamp, days: Option<NonZeroU32>) -> Wave {
    let opens_at = opens.jst_midnight();
    let length = match days {
        Some(days) => DAY.saturating_mul(days.get()).saturating_sub(Duration::from_secs(1)),
        None => wave.due_at.since(wave.opens_at),
    };
    Wave { number: wave.number, opens_at, due_at: opens_at.plus(length) }
}

async fn reschedule(mut txn: WriteTxn, campaign: &CampaignRow, wave: Wave) -> Result<(), Trouble> {
    let (opens, due) = (picture::day(wave.opens_at), picture::day(wave.due_at));
    if wave.due_at < SystemClock.now() {
        return Err(Trouble::new(Exit::Refused, format!("wave {} would be over already", wave.number))
            .because(format!("it would end on {due}"))
            .advice("choose a later --opens, or more --days"));
    }
    match txn.reschedule_wave(&campaign.campaign_id, &wave).await {
        Err(StoreError::NotFound { .. }) => {
            let why = campaign.closed_at.map(|at| format!("the campaign was closed at {}", at.rfc3339()));
            let refused = Trouble::new(Exit::Refused, format!("wave {} cannot be moved", wave.number));
            return Err(why.into_iter().fold(refused, Trouble::because));
        }
        other => other?,
    }
    txn.commit(Step::Setup).await?;
    out::line(format_args!("moved: wave {} is from {opens} to {due} now", wave.number))?;
    Ok(())
}

async fn move_organisation(
    mut txn: WriteTxn,
    campaign: &CampaignRow,
    code: &LocalGovernmentCode,
    wave: u32,
) -> Result<(), Trouble> {
    let organisation = txn.organisation_by_code(code).await?.ok_or_else(|| {
        Trouble::new(Exit::Usage, format!("no organisation has the code {code}")).advice("see `lgpki org list`")
    })?;
    match txn.move_in_campaign(&campaign.campaign_id, &organisation.organisation_id, wave).await {
        Err(StoreError::NotFound { .. }) => {
            let why = match campaign.closed_at {
                Some(at) => format!("the campaign was closed at {}", at.rfc3339()),
                None => "it had no old certificate when the campaign was planned".to_owned(),
            };
            let what = format!("{} {} cannot be moved", organisation.code, organisation.name);
            return Err(Trouble::new(Exit::Refused, what).because(why));
        }
        other => other?,
    }
    txn.commit(Step::Setup).await?;
    out::line(format_args!("moved: {} {} is in wave {wave} now", organisation.code, organisation.name))?;
    Ok(())
}

async fn close(what: &Close, store: &Store) -> Result<(), Trouble> {
    let mut txn = store.write(SystemClock.now(), Actor::System("command")).await?;
    let campaign = found(txn.campaign(&what.name).await?, &what.name)?;
    if let Some(at) = campaign.closed_at {
        let when = format!("at {}", at.rfc3339());
        return Err(Trouble::new(Exit::Refused, format!("{} is closed already", what.name)).because(when));
    }
    let progress = ra_web::desk::campaigns::progress(&mut txn, campaign, SystemClock.now()).await.map_err(trouble)?;
    txn.close_campaign(&what.name).await?;
    txn.commit(Step::Setup).await?;
    let (done, all) = (progress.tally.done(), progress.tally.all());
    out::line(format_args!("closed: {}, {done} of {all} certificates replaced or ended", what.name))?;
    if done < all {
        out::talk("the rest stay valid until they end or are revoked; a new campaign can take them up");
    }
    Ok(())
}

/// The campaign, or what to do without it.
fn found(campaign: Option<CampaignRow>, name: &CampaignId) -> Result<CampaignRow, Trouble> {
    campaign.ok_or_else(|| {
        Trouble::new(Exit::Usage, format!("there is no campaign {name}")).advice("see `lgpki campaign list`")
    })
}

/// What the desk could not do, for this command.
fn trouble(error: ra_web::desk::DeskError) -> Trouble {
    match error {
        ra_web::desk::DeskError::Store(error) => error.into(),
        other => {
            Trouble::new(Exit::Integrity, "the campaign cannot be counted").because(other).advice("run `lgpki doctor`")
        }
    }
}

fn name(text: &str) -> Result<CampaignId, String> {
    CampaignId::parse(text).map_err(|error| error.to_string())
}

fn code(text: &str) -> Result<LocalGovernmentCode, String> {
    LocalGovernmentCode::parse(text).map_err(|error| error.to_string())
}
