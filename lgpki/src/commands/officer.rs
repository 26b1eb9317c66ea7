//! `lgpki officer`: the people who may log in. Secrets never come as an argument or from the environment; those that are
//! drawn are shown once.

use crate::clock::SystemClock;
use crate::config;
use crate::entropy::SystemEntropy;
use crate::installation;
use crate::out::{self, Format};
use crate::registration::{Credentials, NewOfficer, local_government_code, register_officer};
use crate::secrets::{ask_new_password, read_secret_file};
use crate::trouble::{Exit, Trouble};
use ca_core::audit::Actor;
use ca_core::name::LocalGovernmentCode;
use ca_core::time::Clock;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use serde::Serialize;
use std::path::{Path, PathBuf};
use store::accounts::Role;
use store::organisations::Organisation;
use store::{Step, Store, StoreError};

const ACTOR: Actor = Actor::System("command");

/// What can be done with people.
#[derive(Debug, clap::Subcommand)]
pub enum Officer {
    /// Register a person of an organisation; what they log in with is shown once
    Add(Add),
    /// Keep a person from logging in, and end their sessions now
    Suspend(Suspend),
    /// Show everybody who has an account
    List(List),
}

/// Arguments of `officer add`.
#[derive(Debug, clap::Args)]
pub struct Add {
    /// The organisation the person acts for, by its code
    #[arg(long, value_name = "CODE")]
    pub org: String,
    /// The name typed at the log-in: a–z, 0–9, dot, hyphen, underscore
    #[arg(long)]
    pub login: String,
    /// The person's name: "佐藤 花子"
    #[arg(long)]
    pub name: String,
    /// What the person may do
    #[arg(long, value_parser = roles())]
    pub role: Role,
    /// Take the password from this file (mode 0600) instead of drawing one
    #[arg(long, value_name = "FILE", conflicts_with = "ask_password")]
    pub password_file: Option<PathBuf>,
    /// Ask for the password instead of drawing one
    #[arg(long)]
    pub ask_password: bool,
}

/// Arguments of `officer suspend`.
#[derive(Debug, clap::Args)]
pub struct Suspend {
    /// The name typed at the log-in
    #[arg(long)]
    pub login: String,
}

/// Arguments of `officer list`.
#[derive(Debug, clap::Args)]
pub struct List {
    /// How results are written
    #[arg(long, default_value = "text")]
    pub format: Format,
}

#[derive(Serialize)]
struct Listing {
    schema: &'static str,
    officers: Vec<Listed>,
}

#[derive(Serialize)]
struct Listed {
    login: String,
    name: String,
    role: &'static str,
    organisation: String,
    active: bool,
}

fn roles() -> impl TypedValueParser<Value = Role> {
    let unknown = "no such role";
    PossibleValuesParser::new(Role::ALL.map(Role::as_str)).try_map(move |word| Role::parse(&word).ok_or(unknown))
}

/// Does it, on the installation `file` configures. Errors: exit 2 for what is typed wrong, exit 3 without an installation or
/// for a password file that cannot be used, exit 5 when the database does not answer, exit 7 for an organisation or account
/// that does not exist and for a log-in name that is taken.
pub async fn run(what: &Officer, file: &Path) -> Result<Exit, Trouble> {
    let store = installation::open_current(&config::load(file)?.database).await?;
    let done = match what {
        Officer::Add(what) => add(&store, what).await,
        Officer::Suspend(what) => suspend(&store, &what.login).await,
        Officer::List(what) => list(&store, what.format).await,
    };
    store.close().await;
    done.map(|()| Exit::Done)
}

async fn add(store: &Store, what: &Add) -> Result<(), Trouble> {
    let organisation = organisation(store, &local_government_code(&what.org)?).await?;
    let new = NewOfficer::read(&organisation.organisation_id, &what.login, &what.name, what.role)?;
    let password = match &what.password_file {
        Some(file) => Some(read_secret_file(file)?),
        None if what.ask_password => Some(ask_new_password(&what.login)?),
        None => None,
    };
    let drawn = password.is_none();
    let credentials = match password {
        Some(password) => Credentials::chosen(password, &SystemEntropy)?,
        None => {
            Credentials::drawn(&SystemEntropy).map_err(|error| Trouble::new(Exit::Unavailable, error.to_string()))?
        }
    };
    let mut txn = store.write(SystemClock.now(), ACTOR).await?;
    register_officer(&mut txn, &new, &credentials, &SystemEntropy).await?;
    // Before the commit: an account whose password nobody has seen helps nobody, and its name would be taken for good.
    show(&credentials, drawn)?;
    txn.commit(Step::Setup)
        .await
        .inspect_err(|_| out::talk("what is shown above counts only if `lgpki officer list` shows the account"))?;
    let (name, code) = (&organisation.name, &organisation.code);
    out::line(format_args!("registered: {} {}, {} of {name} ({code})", what.login, what.name, what.role.as_str()))?;
    out::talk("hand this over in person: it is not shown again");
    Ok(())
}

fn show(credentials: &Credentials, drawn: bool) -> std::io::Result<()> {
    if drawn {
        out::line(format_args!("password       {}", credentials.password()))?;
    }
    out::line(format_args!("authenticator  {}", *credentials.authenticator_text()))
}

async fn organisation(store: &Store, code: &LocalGovernmentCode) -> Result<Organisation, Trouble> {
    store.read().await?.organisation_by_code(code).await?.ok_or_else(|| {
        Trouble::new(Exit::Refused, format!("there is no organisation {code} in the register"))
            .advice("`lgpki org list` shows those that are; `lgpki org add` registers one")
    })
}

async fn suspend(store: &Store, login: &str) -> Result<(), Trouble> {
    let mut txn = store.write(SystemClock.now(), ACTOR).await?;
    let account = txn.account_by_login(login).await?.ok_or_else(|| {
        Trouble::new(Exit::Refused, format!("there is no account {login}"))
            .advice("`lgpki officer list` shows all; a log-in name is compared letter by letter")
    })?;
    match txn.suspend_account(&account.account_id).await {
        Ok(sessions) => {
            txn.commit(Step::Setup).await?;
            out::line(format_args!("suspended: {login} {}, sessions ended: {sessions}", account.name))?;
        }
        // Not a failure: it is as it was asked for.
        Err(StoreError::Stale { .. }) => out::line(format_args!("{login} {} was suspended before", account.name))?,
        Err(error) => return Err(error.into()),
    }
    Ok(())
}

async fn list(store: &Store, format: Format) -> Result<(), Trouble> {
    let mut txn = store.read().await?;
    let mut officers = Vec::new();
    for organisation in txn.organisations().await? {
        let accounts = txn.accounts(&organisation.organisation_id).await?;
        officers.extend(accounts.into_iter().map(|account| Listed {
            login: account.login,
            name: account.name,
            role: account.role.as_str(),
            organisation: organisation.code.to_string(),
            active: account.active,
        }));
    }
    drop(txn);
    match format {
        Format::Json => out::json(&Listing { schema: "lgpki.officers/1", officers })?,
        Format::Text => officers.iter().try_for_each(say)?,
    }
    Ok(())
}

fn say(officer: &Listed) -> std::io::Result<()> {
    let Listed { login, name, role, organisation, active } = officer;
    let state = if *active { "active" } else { "suspended" };
    out::line(format_args!("{organisation}  {login:<16}  {role:<11}  {state:<9}  {name}"))
}
