//! `lgpki org`: the organisations of this installation, and the register of local governments they come from.

mod judged;
mod register;

use crate::clock::SystemClock;
use crate::config;
use crate::entropy::SystemEntropy;
use crate::installation;
use crate::out::{self, Format};
use crate::registration::{NewOrganisation, register_organisation};
use crate::trouble::{Exit, Trouble};
use ca_core::audit::Actor;
use ca_core::register::BodyKind;
use ca_core::time::Clock;
use judged::Judged;
use serde::Serialize;
use std::path::{Path, PathBuf};
use std::time::Duration;
use store::organisations::{Organisation, OrganisationDomain};
use store::{Step, Store};

/// What can be done with organisations.
#[derive(Debug, clap::Subcommand)]
pub enum Org {
    /// Register an organisation with the domains it has shown to control
    Add(Add),
    /// Show all organisations with their domains
    List(List),
    /// Look local governments up: code, name, reading, LG.JP name, what became of them
    #[command(subcommand)]
    Register(register::Lookup),
}

/// Arguments of `org add`.
#[derive(Debug, clap::Args)]
pub struct Add {
    /// The local government code (全国地方公共団体コード), six digits with the check digit
    #[arg(long)]
    pub code: String,
    /// The name: 白樺町. Left out, it is the register's
    #[arg(long)]
    pub name: Option<String>,
    /// Its reading in katakana: シラカバチョウ. Left out, it is the register's
    #[arg(long)]
    pub kana: Option<String>,
    /// The name certificates carry: "Shirakaba Town". Left out, it is derived from the LG.JP name or the reading
    #[arg(long, value_name = "NAME")]
    pub name_en: Option<String>,
    /// What it is: town, wide-area-union, provider … Left out, it is the register's, or what the name says
    #[arg(long, value_name = "KIND", value_parser = judged::kind)]
    pub kind: Option<BodyKind>,
    /// Bodies of your own beside the register, lines of code,kind,name,reading,label; official LG.JP names, of code,label
    #[arg(long, value_name = "FILE")]
    pub register: Option<PathBuf>,
    /// Take domains as they are typed, though they look like a slip, read like another body or have another form than LG.JP names
    #[arg(long)]
    pub domain_as_typed: bool,
    /// A domain whose control it has shown; names below it are included. Can be given several times
    #[arg(long = "domain", required = true, value_name = "DOMAIN")]
    pub domains: Vec<String>,
    /// For how many days from now the proof of control counts, at most 398
    #[arg(long, value_name = "DAYS", default_value_t = 398, value_parser = clap::value_parser!(u16).range(1..=398))]
    pub verified_days: u16,
}

/// Arguments of `org list`.
#[derive(Debug, clap::Args)]
pub struct List {
    /// How results are written
    #[arg(long, default_value = "text")]
    pub format: Format,
}

#[derive(Serialize)]
struct Listing {
    schema: &'static str,
    organisations: Vec<Listed>,
}

#[derive(Serialize)]
struct Listed {
    code: String,
    name: String,
    kana: String,
    name_en: String,
    domains: Vec<ListedDomain>,
}

#[derive(Serialize)]
struct ListedDomain {
    domain: String,
    verified_until: String,
}

/// Does it, on the installation `file` configures. Errors: exit 2 for what is typed wrong, exit 3 without an installation,
/// exit 5 when the database does not answer, exit 7 for a code that is registered.
pub async fn run(what: &Org, file: &Path) -> Result<Exit, Trouble> {
    match what {
        Org::Add(what) => {
            // Read before the database is opened: what is typed wrong is said first.
            let Judged { new, kind, notes } = judged::read(what, SystemClock.now())?;
            let store = installation::open_current(&config::load(file)?.database).await?;
            let verified_for = Duration::from_secs(u64::from(what.verified_days) * 86_400);
            let added = add(&store, &new, kind, verified_for).await;
            store.close().await;
            let added = added?;
            out::line(format_args!("registered: {} {} ({})", added.code, added.name, added.name_en))?;
            notes.iter().for_each(|note| out::talk(format_args!("note: {note}")));
        }
        Org::Register(what) => return register::run(what),
        Org::List(what) => {
            let store = installation::open_current(&config::load(file)?.database).await?;
            let listed = listed(&store).await;
            store.close().await;
            let organisations = listed?;
            match what.format {
                Format::Json => out::json(&Listing { schema: "lgpki.organisations/1", organisations })?,
                Format::Text => organisations.iter().try_for_each(say)?,
            }
        }
    }
    Ok(Exit::Done)
}

async fn add(
    store: &Store,
    new: &NewOrganisation,
    kind: Option<BodyKind>,
    verified_for: Duration,
) -> Result<Organisation, Trouble> {
    let mut txn = store.write(SystemClock.now(), Actor::System("command")).await?;
    let organisation = register_organisation(&mut txn, new, verified_for, &SystemEntropy).await?;
    if let Some(kind) = kind {
        txn.set_organisation_kind(&organisation.organisation_id, kind).await?;
    }
    txn.commit(Step::Setup).await?;
    Ok(organisation)
}

async fn listed(store: &Store) -> Result<Vec<Listed>, Trouble> {
    let mut txn = store.read().await?;
    let mut listed = Vec::new();
    for organisation in txn.organisations().await? {
        let domains = txn.domains(&organisation.organisation_id).await?;
        listed.push(Listed::of(organisation, &domains));
    }
    Ok(listed)
}

impl Listed {
    fn of(organisation: Organisation, domains: &[OrganisationDomain]) -> Self {
        let Organisation { code, name, kana, name_en, .. } = organisation;
        let domains = domains
            .iter()
            .map(|row| ListedDomain { domain: row.domain.to_string(), verified_until: row.verified_until.rfc3339() })
            .collect();
        Self { code: code.to_string(), name, kana, name_en, domains }
    }
}

fn say(organisation: &Listed) -> std::io::Result<()> {
    let Listed { code, name, kana, name_en, domains } = organisation;
    out::line(format_args!("{code}  {name} ({kana})  {name_en}"))?;
    domains.iter().try_for_each(|row| out::line(format_args!("        {}  until {}", row.domain, row.verified_until)))
}
