//! `lgpki ca activate|deactivate|status`: custodians put authorities of a running service to work, anybody at the machine lets
//! them rest.

use crate::config;
use crate::control::{AuthorityStatus, Order, tell};
use crate::custody::told;
use crate::out;
use crate::secrets::SharePassphrase;
use crate::trouble::{Exit, Trouble};
use hsm_adapters::custody::SealedShare;
use std::path::{Path, PathBuf};

/// Arguments of `ca activate`.
#[derive(Debug, clap::Args)]
pub struct Activate {
    /// The authority; without it, all that rest and whose keys the shares open
    pub authority: Option<String>,
    /// The share file of the custodian who is here; each comes with their own
    #[arg(long, value_name = "FILE")]
    pub share: PathBuf,
    /// Where the passphrase of the share comes from; without these it is typed.
    #[command(flatten)]
    pub passphrase: SharePassphrase,
    /// Which process, and how it is shown.
    #[command(flatten)]
    pub asked: Asked,
}

/// Arguments of `ca deactivate`.
#[derive(Debug, clap::Args)]
pub struct Deactivate {
    /// The authority; without it, all that ask for custodians
    pub authority: Option<String>,
    /// Which process, and how it is shown.
    #[command(flatten)]
    pub asked: Asked,
}

/// Which process is asked, and how its answer is shown.
#[derive(Clone, Debug, clap::Args)]
pub struct Asked {
    /// The process to speak to, by its role: ca or ocsp
    #[arg(long, default_value = "ca", value_parser = ["ca", "ocsp"])]
    pub role: String,
    /// text or json
    #[arg(long, value_enum, default_value_t)]
    pub format: out::Format,
}

/// Brings one custodian's share to the service. Errors: exit 7 with the service's words when it is refused, exit 6 for a damaged
/// file, exit 3 for its passphrase, exit 5 when no service answers.
pub fn activate(what: &Activate, file: &Path) -> Result<Exit, Trouble> {
    let config = config::load(file)?;
    let sealed = SealedShare::from_file(&what.share).map_err(|error| told(&what.share, error))?;
    let head = sealed.head();
    let whose = format!("share {} of {}, {}", head.number, head.quorum.of(), head.custodian);
    let share = sealed.open(what.passphrase.passphrase(&whose)?).map_err(|error| told(&what.share, error))?;
    let order = Order::Activate { authority: what.authority.clone() };
    show(&tell(&config, &what.asked.role, &order, Some(&share))?, what.asked.format)
}

/// Lets authorities rest. Errors: as [`activate`].
pub fn deactivate(what: &Deactivate, file: &Path) -> Result<Exit, Trouble> {
    let order = Order::Deactivate { authority: what.authority.clone() };
    show(&tell(&config::load(file)?, &what.asked.role, &order, None)?, what.asked.format)
}

/// Says how the authorities stand. Errors: no service answers (exit 5).
pub fn status(what: &Asked, file: &Path) -> Result<Exit, Trouble> {
    show(&tell(&config::load(file)?, &what.role, &Order::Status, None)?, what.format)
}

fn show(authorities: &[AuthorityStatus], format: out::Format) -> Result<Exit, Trouble> {
    if format == out::Format::Json {
        out::json(&serde_json::json!({ "schema": "lgpki.ca-status/1", "authorities": authorities }))?;
        return Ok(Exit::Done);
    }
    if authorities.is_empty() {
        out::line("no authority asks for custodians: `activation` in the section of an authority in its pack does")?;
    }
    for one in authorities {
        out::line(said(one))?;
    }
    Ok(Exit::Done)
}

fn said(one: &AuthorityStatus) -> String {
    let AuthorityStatus { authority, since, by, least, of, waiting, .. } = one;
    if one.active {
        return format!("{authority}: active since {since}, by {}", by.join(", "));
    }
    let why =
        if one.reason == "person" { "somebody deactivated it" } else { "nobody has activated it since the start" };
    match waiting.len() {
        0 => format!("{authority}: inactive since {since}, {why}; {least} of {of} custodians must come"),
        have => format!(
            "{authority}: inactive since {since}; {have} of {least} custodians have come: {}",
            waiting.join(", ")
        ),
    }
}
