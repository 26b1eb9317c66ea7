//! `lgpki pack`: policy packs before they are used. Says what is wrong in one, what it says, and what two say differently;
//! reads nothing but the files it is given.

mod markdown;
mod report;
mod text;

use super::lint::Language;
use super::packs;
use crate::out::{self, Format};
use crate::trouble::{Exit, Trouble};
use ca_core::profile::{Pack, Profile};
use clap::{Args, Subcommand, ValueEnum};
use std::sync::Arc;

/// What can be done with packs.
#[derive(Debug, Subcommand)]
pub enum PackCommand {
    /// Say whether packs are in order, or every line that is wrong; exit 3 when one is refused
    Check(Check),
    /// Show what packs say: the shipped ones, or the one that is named
    Show(Show),
    /// Say what two packs say differently, field by field; exit 1 when something does
    Diff(Diff),
}

/// Arguments of `pack check`.
#[derive(Debug, Args)]
pub struct Check {
    /// TOML files, or names of shipped packs
    #[arg(required = true, value_name = "FILE")]
    pub packs: Vec<String>,
    /// The language of the text
    #[arg(long, default_value = "ja")]
    pub lang: Language,
    /// How results are written
    #[arg(long, default_value = "text")]
    pub format: Format,
}

/// Arguments of `pack show`.
#[derive(Debug, Args)]
pub struct Show {
    /// A shipped pack, or a TOML file; without one an overview of all shipped packs
    #[arg(value_name = "NAME|FILE")]
    pub pack: Option<String>,
    /// This profile alone
    #[arg(long, value_name = "NAME")]
    pub profile: Option<String>,
    /// The language of what is said around the fields [default: ja; en for markdown]
    #[arg(long)]
    pub lang: Option<Language>,
    /// How it is written; docs/profiles.md is the markdown of the shipped packs
    #[arg(long, default_value = "text")]
    pub format: ShowFormat,
}

/// Arguments of `pack diff`.
#[derive(Debug, Args)]
pub struct Diff {
    /// The pack as it was: a shipped one, or a TOML file
    #[arg(value_name = "A")]
    pub before: String,
    /// The pack as it is to be
    #[arg(value_name = "B")]
    pub after: String,
    /// The language of the text
    #[arg(long, default_value = "ja")]
    pub lang: Language,
    /// How results are written
    #[arg(long, default_value = "text")]
    pub format: Format,
}

/// How packs are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ShowFormat {
    /// For a terminal
    Text,
    /// For programs
    Json,
    /// For a page such as docs/profiles.md
    Markdown,
}

/// Does it. Exit 3 when `check` refuses a pack, exit 1 when `diff` finds a difference. Errors: exit 2 when a pack or profile
/// does not exist, exit 3 when a pack to show or compare is refused.
pub fn run(what: &PackCommand) -> Result<Exit, Trouble> {
    match what {
        PackCommand::Check(what) => check(what),
        PackCommand::Show(what) => show(what),
        PackCommand::Diff(what) => diff(what),
    }
}

fn check(what: &Check) -> Result<Exit, Trouble> {
    let read = what.packs.iter().map(|name| Ok((name.as_str(), packs::read(name)?)));
    let read = read.collect::<Result<Vec<_>, Trouble>>()?;
    match what.format {
        Format::Text => out::line(text::of_check(&read, what.lang))?,
        Format::Json => out::json(&report::Check::of(&read))?,
    }
    Ok(if read.iter().all(|(_, pack)| pack.is_ok()) { Exit::Done } else { Exit::Configuration })
}

/// What is to be shown of packs.
#[derive(Debug)]
struct Shown {
    packs: Vec<Pack>,
    /// Only this profile of the first pack.
    only: Option<Arc<Profile>>,
    /// Whether the packs are all that are shipped, without one having been asked for.
    shipped: bool,
}

impl Shown {
    fn of(pack: Option<&str>, profile: Option<&str>) -> Result<Self, Trouble> {
        let packs = match pack {
            Some(name) => vec![packs::named(name)?],
            None => packs::shipped()?.iter().cloned().chain(packs::experimental()?).collect(),
        };
        let Some(name) = profile else { return Ok(Self { packs, only: None, shipped: pack.is_none() }) };
        let found = packs.iter().find_map(|pack| Some((pack.clone(), Arc::clone(pack.profile_named(name)?))));
        let (pack, only) = found.ok_or_else(|| {
            let known = packs.iter().flat_map(Pack::profiles).map(|profile| profile.id.as_str());
            Trouble::new(Exit::Usage, format!("there is no profile {name}"))
                .because(format!("the profiles are: {}", known.collect::<Vec<_>>().join(", ")))
                .advice("name one of them; a profile that is only extended cannot be shown")
        })?;
        Ok(Self { packs: vec![pack], only: Some(only), shipped: false })
    }
}

fn show(what: &Show) -> Result<Exit, Trouble> {
    let shown = Shown::of(what.pack.as_deref(), what.profile.as_deref())?;
    match what.format {
        ShowFormat::Text => out::line(text::of_packs(&shown, what.lang.unwrap_or(Language::Ja)))?,
        ShowFormat::Json => out::json(&report::Show::of(&shown))?,
        ShowFormat::Markdown => out::line(markdown::of_packs(&shown, what.lang.unwrap_or(Language::En)))?,
    }
    Ok(Exit::Done)
}

/// The text of docs/profiles.md, which is what `lgpki pack show --format markdown` writes. Errors: exit 70, which a test
/// excludes.
pub fn profiles_page() -> Result<String, Trouble> {
    Ok(markdown::of_packs(&Shown::of(None, None)?, Language::En) + "\n")
}

fn diff(what: &Diff) -> Result<Exit, Trouble> {
    let (before, after) = (packs::named(&what.before)?, packs::named(&what.after)?);
    let differences = before.differences(&after);
    let sides = [(what.before.as_str(), &before), (what.after.as_str(), &after)];
    match what.format {
        Format::Text => out::line(text::of_differences(sides, &differences, what.lang))?,
        Format::Json => out::json(&report::Diff::of(sides, &differences))?,
    }
    Ok(if differences.is_empty() { Exit::Done } else { Exit::Negative })
}
