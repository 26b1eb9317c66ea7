//! `lgpki campaign`: moving a fleet of certificates to new cryptography (新暗号対応).

mod picture;
mod plan;
mod show;

use crate::clock::SystemClock;
use crate::trouble::{Exit, Trouble};
use crate::{config, installation, out};
use ca_core::audit::Actor;
use ca_core::id::CampaignId;
use ca_core::name::LocalGovernmentCode;
use ca_core::time::Clock;
use std::path::Path;
use store::campaigns::CampaignRow;
use store::{Step, Store, StoreError};

/// What can be done with campaigns.
#[derive(Debug, clap::Subcommand)]
pub enum Campaign {
    /// Find the old certificates, deal their organisations to waves, and write the plan down
    Plan(plan::Plan),
    /// Show all campaigns
    List(show::List),
    /// Show how far a campaign is: per wave and organisation
    Show(show::Show),
    /// Put an organisation into another wave
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
    /// The organisation's code, six digits
    #[arg(long, value_name = "CODE", value_parser = code)]
    pub org: LocalGovernmentCode,
    /// The number of the wave
    #[arg(long, value_name = "NUMBER")]
    pub wave: u32,
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
        Campaign::Move(what) => move_organisation(what, &store).await,
        Campaign::Close(what) => close(what, &store).await,
    };
    store.close().await;
    done.map(|()| Exit::Done)
}

async fn move_organisation(what: &Move, store: &Store) -> Result<(), Trouble> {
    let mut txn = store.write(SystemClock.now(), Actor::System("command")).await?;
    let campaign = found(txn.campaign(&what.name).await?, &what.name)?;
    let waves = txn.campaign_waves(&campaign.campaign_id).await?;
    if !waves.iter().any(|wave| wave.number == what.wave) {
        let has = format!("it has waves 1 to {}", waves.len());
        return Err(Trouble::new(Exit::Usage, format!("{} has no wave {}", what.name, what.wave)).because(has));
    }
    let organisation = txn.organisation_by_code(&what.org).await?.ok_or_else(|| {
        Trouble::new(Exit::Usage, format!("no organisation has the code {}", what.org)).advice("see `lgpki org list`")
    })?;
    match txn.move_in_campaign(&what.name, &organisation.organisation_id, what.wave).await {
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
    out::line(format_args!("moved: {} {} is in wave {} now", organisation.code, organisation.name, what.wave))?;
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
