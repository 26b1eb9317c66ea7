//! `/campaigns`: how far the move to new cryptography is. The central roles see every organisation as a picture with its numbers
//! beside it; an organisation's people see what they have to do.

mod picture;
mod share;

pub(crate) use share::{Notice, answering, notices, of_certificate};

use askama::Template;
use axum::extract::Path;
use axum::response::Response;
use ca_core::campaign::{ItemStanding, OldKinds, Tally, Wave};
use ca_core::id::CampaignId;
use ca_core::time::Timestamp;
use store::campaigns::CampaignRow;

use crate::auth::Officer;
use crate::auth::role::SeeCampaigns;
use crate::desk::campaigns::{self, Progress, View};
use crate::desk::diagnosis::key_label;
use crate::desk::message::Message;
use crate::error::Refusal;
use crate::locale::Words;
use crate::pages::{self, Base, dates};
use crate::urls;

use picture::Bar;
use share::ShareView;

/// A campaign in the list.
struct Line {
    href: String,
    title: String,
    closed: bool,
    bar: Bar,
    numbers: Numbers,
}

/// How many certificates are in each standing.
pub(crate) struct Numbers {
    replaced: u64,
    ended: u64,
    open: u64,
    overdue: u64,
    waiting: u64,
    all: u64,
    percent: u64,
}

struct OrganisationLine {
    name: String,
    code: String,
    bar: Bar,
    numbers: Numbers,
}

struct WaveView {
    title: String,
    days: String,
    state: &'static str,
    tone: &'static str,
    bar: Bar,
    organisations: Vec<OrganisationLine>,
}

#[derive(Template)]
#[template(path = "campaigns.html")]
struct CampaignsPage {
    base: Base,
    own_only: bool,
    lines: Vec<Line>,
}

#[derive(Template)]
#[template(path = "campaigns/campaign.html")]
struct CampaignPage {
    base: Base,
    title: String,
    old: Vec<String>,
    closed: Option<String>,
    bar: Bar,
    waves: Vec<WaveView>,
    share: Option<ShareView>,
}

/// Draws the list.
pub async fn list(officer: Officer<SeeCampaigns>) -> Result<Response, Refusal> {
    let (desk, words) = (officer.desk(), officer.words());
    let found = campaigns::list(&desk).await?;
    let line = |(campaign, tally): (CampaignRow, Tally)| Line {
        href: urls::campaign(&campaign.campaign_id),
        title: title(&words, &campaign),
        closed: campaign.closed_at.is_some(),
        bar: Bar::of(&words, &tally),
        numbers: Numbers::of(&tally),
    };
    pages::page(&CampaignsPage {
        base: officer.base()?,
        own_only: desk.scope().is_some(),
        lines: found.into_iter().map(line).collect(),
    })
}

/// Draws one campaign.
pub async fn show(officer: Officer<SeeCampaigns>, Path(name): Path<String>) -> Result<Response, Refusal> {
    let name = CampaignId::parse(&name).map_err(|_| Refusal::NotFound)?;
    let (desk, words) = (officer.desk(), officer.words());
    let view = campaigns::show(&desk, &name).await?;
    let (campaign, tally) = match &view {
        View::Everybody(progress) => (progress.campaign.clone(), progress.tally),
        View::Own(share) => (share.campaign.clone(), share.tally),
    };
    let (waves, share) = match view {
        View::Everybody(progress) => (waves(&words, progress, desk.now), None),
        View::Own(share) => (Vec::new(), Some(ShareView::of(&officer, share))),
    };
    pages::page(&CampaignPage {
        base: officer.base()?,
        title: title(&words, &campaign),
        old: old(&words, &campaign.old),
        closed: campaign.closed_at.map(|at| words.t1("campaign-closed", "date", &dates::day(&words, at))),
        bar: Bar::of(&words, &tally),
        waves,
        share,
    })
}

/// The title in the language of the page.
pub(crate) fn title(words: &Words, campaign: &CampaignRow) -> String {
    if words.is_english() { campaign.title_en.clone() } else { campaign.title_ja.clone() }
}

/// What is old, in sentences.
fn old(words: &Words, old: &OldKinds) -> Vec<String> {
    let keys = old.keys().iter().map(|key| words.t1("campaign-old-key", "key", &key_label(*key)));
    let authorities = old.authorities().iter();
    keys.chain(authorities.map(|id| words.t1("campaign-old-authority", "authority", id.as_str()))).collect()
}

/// From when to when, as a sentence.
pub(crate) fn days(words: &Words, wave: &Wave) -> String {
    let (opens, due) = (dates::day(words, wave.opens_at), dates::day(words, wave.due_at));
    words.say(&Message::new("campaign-wave-days").with("opens", opens).with("due", due))
}

/// Whether a wave is open, as a text key and the tone of its chip.
pub(crate) fn wave_state(wave: &Wave, now: Timestamp) -> (&'static str, &'static str) {
    match ItemStanding::of(false, false, wave, now) {
        ItemStanding::Waiting => ("campaign-wave-later", "waiting"),
        ItemStanding::Overdue => ("campaign-wave-over", "over"),
        _ => ("campaign-wave-open", "work"),
    }
}

fn waves(words: &Words, progress: Progress, now: Timestamp) -> Vec<WaveView> {
    let view = |found: campaigns::WaveProgress| {
        let (state, tone) = wave_state(&found.wave, now);
        let organisation = |one: campaigns::OrganisationProgress| OrganisationLine {
            name: one.organisation.name,
            code: one.organisation.code.to_string(),
            bar: Bar::of(words, &one.tally),
            numbers: Numbers::of(&one.tally),
        };
        WaveView {
            title: words.t1("campaign-wave-title", "number", &found.wave.number.to_string()),
            days: days(words, &found.wave),
            state,
            tone,
            bar: Bar::of(words, &found.tally),
            organisations: found.organisations.into_iter().map(organisation).collect(),
        }
    };
    progress.waves.into_iter().map(view).collect()
}

impl Numbers {
    fn of(tally: &Tally) -> Self {
        Self {
            replaced: tally.of(ItemStanding::Replaced),
            ended: tally.of(ItemStanding::Ended),
            open: tally.of(ItemStanding::Open),
            overdue: tally.of(ItemStanding::Overdue),
            waiting: tally.of(ItemStanding::Waiting),
            all: tally.all(),
            percent: tally.percent(),
        }
    }
}
