//! `lgpki campaign plan`: what is old, whose it is, and when each organisation's turn is.

use super::picture::day;
use crate::campaign::{KindCount, Survey, SurveyError};
use crate::clock::SystemClock;
use crate::commands::input;
use crate::out::{self, Format};
use crate::trouble::{Exit, Trouble};
use ca_core::audit::Actor;
use ca_core::campaign::{OldKinds, Schedule, Wave};
use ca_core::id::{AuthorityId, CampaignId};
use ca_core::key::KeyAlgorithm;
use ca_core::profile::Packs;
use ca_core::time::{Clock, Timestamp};
use serde::Serialize;
use std::num::NonZeroU32;
use std::time::Duration;
use store::campaigns::NewCampaign;
use store::organisations::Organisation;
use store::{Step, Store};

/// Arguments of `campaign plan`.
#[derive(Debug, clap::Args)]
pub struct Plan {
    /// The campaign's name, as in the address of its page: new-cryptography
    #[arg(value_parser = super::name)]
    pub name: CampaignId,
    /// Its Japanese title
    #[arg(long, value_name = "TITLE", default_value = "新暗号対応")]
    pub title_ja: String,
    /// Its English title
    #[arg(long, value_name = "TITLE", default_value = "Moving to new cryptography")]
    pub title_en: String,
    /// Certificates of keys of that kind are old: rsa2048. Can be given several times
    #[arg(long = "old-key", value_name = "KIND", value_parser = input::key_kind)]
    pub old_keys: Vec<KeyAlgorithm>,
    /// Certificates of that generation of an authority are old: application-ca. Can be given several times
    #[arg(long = "old-authority", value_name = "AUTHORITY", value_parser = input::authority)]
    pub old_authorities: Vec<AuthorityId>,
    /// How many waves; the smallest organisations are in the first
    #[arg(long, value_name = "NUMBER", default_value = "3")]
    pub waves: NonZeroU32,
    /// The day in Japan when the first wave opens, as 2026-12-01 [default: tomorrow]
    #[arg(long, value_name = "DAY", value_parser = input::day)]
    pub first_day: Option<Timestamp>,
    /// After how many days the next wave opens
    #[arg(long, value_name = "DAYS", default_value_t = 28)]
    pub every: u32,
    /// How many days each wave has
    #[arg(long, value_name = "DAYS", default_value = "28")]
    pub days: NonZeroU32,
    /// Show the plan and write nothing down
    #[arg(long)]
    pub dry_run: bool,
    /// How results are written
    #[arg(long, value_enum, default_value_t)]
    pub format: Format,
}

#[derive(Serialize)]
struct Planned {
    schema: &'static str,
    campaign: String,
    written: bool,
    valid_certificates: u64,
    old_certificates: u64,
    old_of_nobody: u64,
    kinds: Vec<PlannedKind>,
    waves: Vec<PlannedWave>,
}

#[derive(Serialize)]
struct PlannedKind {
    authority: String,
    key: String,
    old: bool,
    certificates: u64,
    first_ends: String,
    allowed_until: Option<String>,
    source: Option<String>,
    outlive: u64,
}

#[derive(Serialize)]
struct PlannedWave {
    number: u32,
    opens_at: String,
    due_at: String,
    organisations: Vec<PlannedOrganisation>,
}

#[derive(Serialize)]
struct PlannedOrganisation {
    code: String,
    name: String,
    certificates: u64,
}

/// Plans, says what was planned, and unless it is a rehearsal writes it down. Errors: exit 2 for a plan that makes no sense,
/// exit 7 when nothing is old, the name is taken, or an old authority has no later generation yet.
pub(super) async fn run(what: &Plan, packs: &Packs, store: &Store) -> Result<(), Trouble> {
    let now = SystemClock.now();
    let old = OldKinds::new(what.old_keys.clone(), what.old_authorities.clone()).map_err(|error| {
        Trouble::new(Exit::Usage, "there is nothing to plan")
            .because(error)
            .advice("say what is old: --old-key rsa2048, --old-authority application-ca, or both")
    })?;
    let schedule = Schedule {
        first_day: what.first_day.unwrap_or_else(|| now.plus(Duration::from_secs(86_400))),
        waves: what.waves,
        every_days: what.every,
        days: what.days,
    };
    let waves = schedule.waves().map_err(|error| Trouble::new(Exit::Usage, "the plan is too long").because(error))?;
    check(what, store).await?;
    let survey = Survey::of(store, packs, &old, now, &mut patience(now)).await.map_err(trouble)?;
    let dealt = survey.dealt(store.read().await?.organisations().await?, what.waves);
    if !what.dry_run {
        write_down(what, old, &waves, (&survey, &dealt), store).await?;
    }
    let planned = planned(what, &survey, &waves, &dealt);
    match what.format {
        Format::Json => out::json(&planned)?,
        Format::Text => say(&planned)?,
    }
    if schedule.first_day.jst_midnight() < now.jst_midnight() {
        out::talk("note: the first wave opened before today");
    }
    Ok(())
}

/// That the old can be told from the new, and new ones can be issued.
async fn check(what: &Plan, store: &Store) -> Result<(), Trouble> {
    let mut txn = store.read().await?;
    if txn.campaign(&what.name).await?.is_some() && !what.dry_run {
        return Err(Trouble::new(Exit::Refused, format!("there is a campaign {} already", what.name))
            .because("a campaign is planned once")
            .advice("choose another name; `lgpki campaign show` shows this one"));
    }
    let all = txn.authorities().await?;
    for old in &what.old_authorities {
        let Some(row) = all.iter().find(|row| row.authority_id == *old) else {
            return Err(Trouble::new(Exit::Usage, format!("there is no authority {old}")).advice("see `lgpki ca list`"));
        };
        let line = &row.generation.line;
        if !all.iter().any(|other| other.generation.line == *line && other.generation.number > row.generation.number) {
            return Err(Trouble::new(Exit::Refused, format!("the certificates of {old} cannot be replaced yet"))
                .because(format!("{old} is the last generation of {line}: what it issues would be old again"))
                .advice(format!("make the next generation first: `lgpki ca rollover {line}`")));
        }
    }
    Ok(())
}

/// Says how far the look at all certificates is, once a second from the second second.
fn patience(begun: Timestamp) -> impl FnMut(u64) {
    let mut said = begun;
    move |seen| {
        let now = SystemClock.now();
        if now.since(said) >= Duration::from_secs(1) {
            said = now;
            out::talk(format_args!("{seen} certificates looked at"));
        }
    }
}

async fn write_down(
    what: &Plan,
    old: OldKinds,
    waves: &[Wave],
    (survey, dealt): (&Survey, &[(Organisation, u64, u32)]),
    store: &Store,
) -> Result<(), Trouble> {
    if survey.old.is_empty() {
        return Err(Trouble::new(Exit::Refused, "there is nothing to replace")
            .because(format!("none of {} valid certificates of organisations is old", survey.valid))
            .advice("look at what there is with --dry-run"));
    }
    let new = NewCampaign {
        campaign_id: what.name.clone(),
        title_ja: what.title_ja.clone(),
        title_en: what.title_en.clone(),
        old,
        waves: waves.to_vec(),
        organisations: dealt.iter().map(|(one, _, wave)| (one.organisation_id.clone(), *wave)).collect(),
        items: survey.old.clone(),
    };
    let mut txn = store.write(SystemClock.now(), Actor::System("command")).await?;
    txn.insert_campaign(&new).await?;
    Ok(txn.commit(Step::Setup).await?)
}

fn planned(what: &Plan, survey: &Survey, waves: &[Wave], dealt: &[(Organisation, u64, u32)]) -> Planned {
    let kind = |kind: &KindCount| PlannedKind {
        authority: kind.authority.to_string(),
        key: kind.key.to_string(),
        old: kind.is_old,
        certificates: kind.certificates,
        first_ends: kind.first_ends.rfc3339(),
        allowed_until: kind.allowed_until.as_ref().map(|(until, _)| until.rfc3339()),
        source: kind.allowed_until.as_ref().map(|(_, source)| source.clone()),
        outlive: kind.outlive,
    };
    let organisation = |(one, certificates, _): &(Organisation, u64, u32)| PlannedOrganisation {
        code: one.code.to_string(),
        name: one.name.clone(),
        certificates: *certificates,
    };
    let wave = |wave: &Wave| PlannedWave {
        number: wave.number,
        opens_at: wave.opens_at.rfc3339(),
        due_at: wave.due_at.rfc3339(),
        organisations: dealt.iter().filter(|(_, _, number)| *number == wave.number).map(organisation).collect(),
    };
    Planned {
        schema: "lgpki.campaign-plan/1",
        campaign: what.name.to_string(),
        written: !what.dry_run,
        valid_certificates: survey.valid,
        old_certificates: u64::try_from(survey.old.len()).unwrap_or(u64::MAX),
        old_of_nobody: survey.of_nobody,
        kinds: survey.kinds.iter().map(kind).collect(),
        waves: waves.iter().map(wave).collect(),
    }
}

fn say(plan: &Planned) -> std::io::Result<()> {
    let organisations: usize = plan.waves.iter().map(|wave| wave.organisations.len()).sum();
    out::line(format_args!(
        "{} of {} valid certificates are old; organisations: {organisations}",
        plan.old_certificates, plan.valid_certificates
    ))?;
    if plan.old_of_nobody > 0 {
        out::line(format_args!("{} more are old and belong to no organisation", plan.old_of_nobody))?;
    }
    for kind in &plan.kinds {
        let PlannedKind { authority, key, certificates, .. } = kind;
        let age = if kind.old { "old" } else { "new" };
        let ends = shown_day(&kind.first_ends);
        out::line(format_args!(
            "  {age}  {certificates:>7}  {key:<9} by {authority}; the first ends {ends}{}",
            until(kind)
        ))?;
    }
    for wave in &plan.waves {
        let (opens, due) = (shown_day(&wave.opens_at), shown_day(&wave.due_at));
        out::line(format_args!("wave {}: {opens} to {due}", wave.number))?;
        for PlannedOrganisation { code, name, certificates } in &wave.organisations {
            out::line(format_args!("  {code}  {certificates:>7}  {name}"))?;
        }
    }
    out::line(if plan.written { "written down" } else { "nothing was written down: this was a rehearsal" })
}

fn until(kind: &PlannedKind) -> String {
    let Some(until) = &kind.allowed_until else { return String::new() };
    let source = kind.source.as_deref().unwrap_or_default();
    let outlive = if kind.outlive > 0 { format!(", {} end later", kind.outlive) } else { String::new() };
    format!("; such keys are allowed until {} ({source}){outlive}", shown_day(until))
}

/// The day in Japan of an instant this module has written; the text itself if it is none.
fn shown_day(written: &str) -> String {
    input::instant(written).map_or_else(|_| written.to_owned(), day)
}

fn trouble(error: SurveyError) -> Trouble {
    match error {
        SurveyError::Store(error) => error.into(),
        other => Trouble::new(Exit::Integrity, "the certificates cannot be counted")
            .because(other)
            .advice("run `lgpki doctor`, and restore the database from its backup"),
    }
}
