//! `lgpki ceremony rehearse|run|resume`: opens what a ceremony needs, and lets its engine lead.

use crate::ceremony::custodians::{self, Shares};
use crate::ceremony::earlier::Earlier;
use crate::ceremony::engine::Ceremony;
use crate::ceremony::journal::{Event, Journal};
use crate::ceremony::people::Answers;
use crate::ceremony::record;
use crate::commands::{input, packs};
use crate::config::{Keys, Policy, TokenStore};
use crate::entropy::SystemEntropy;
use crate::installation::{self, Repository};
use crate::out;
use crate::secrets::{KeySecrets, draw_passphrase_file};
use crate::trouble::{Exit, Trouble};
use ca_core::ceremony::{Act, Script};
use ca_core::profile::Packs;
use hsm_adapters::pkcs11::TokenSettings;
use std::fs::DirBuilder;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use store::{Interruption, OpenOptions, Store};
use url::Url;

/// Largest script, in octets: far more than anybody reviews.
const LARGEST_SCRIPT: u64 = 1024 * 1024;
/// Where a rehearsal keeps the passphrase it drew.
const DRAWN_PASSPHRASE: &str = "rehearsal-passphrase";

/// Arguments of `ceremony rehearse`, `run` and `resume`.
#[derive(Debug, clap::Args)]
pub struct Run {
    /// The script
    #[arg(value_name = "SCRIPT")]
    pub script: PathBuf,
    /// The folder of the ceremony [default: the script's name without its ending; of a rehearsal, with -rehearsal]
    #[arg(long, value_name = "FOLDER")]
    pub folder: Option<PathBuf>,
    /// The folder of the ceremony whose database and keys this one goes on with: for the next CRL of an offline root
    #[arg(long, value_name = "FOLDER", conflicts_with = "with_keys")]
    pub of: Option<PathBuf>,
    /// Take the confirmations from this file, which the record says: for rehearsals and tests
    #[arg(long, value_name = "FILE")]
    pub answers: Option<PathBuf>,
    /// In a rehearsal: take the software keys of this folder instead of making new ones
    #[arg(long, value_name = "FOLDER")]
    pub with_keys: Option<PathBuf>,
    /// Where passphrase and PINs come from.
    #[command(flatten)]
    pub secrets: KeySecrets,
    /// What custodians bring.
    #[command(flatten)]
    pub shares: Shares,
}

/// How a ceremony is begun.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Begins {
    Rehearsal,
    Ceremony,
    Again,
}

/// Leads a ceremony to its end. Errors: as [`super::run`].
pub(super) async fn held(
    what: &Run,
    begins: Begins,
    interruption: Option<Arc<dyn Interruption>>,
) -> Result<Exit, Trouble> {
    let answers = Answers::from(what.answers.as_deref())?;
    let mut ceremony = opened(what, begins, answers, interruption).await?;
    let ran = ceremony.run(&SystemEntropy).await;
    ceremony.close().await;
    ran?;
    out::line(format_args!("the record is in {}", ceremony.folder.join(record::FILE).display()))?;
    Ok(Exit::Done)
}

/// Opens everything a ceremony needs: its journal, database, packs and keys. Errors: as [`super::run`].
pub(super) async fn opened(
    what: &Run,
    begins: Begins,
    answers: Answers,
    interruption: Option<Arc<dyn Interruption>>,
) -> Result<Ceremony, Trouble> {
    hsm_adapters::warm_up();
    let (script, text) = script(&what.script)?;
    let folder = folder(what, begins)?;
    let journal = Journal::open(&folder.join("journal"), interruption.clone())?;
    let rehearsal = rehearsal(&journal, begins, &folder)?;
    if what.with_keys.is_some() && !rehearsal {
        return Err(
            Trouble::new(Exit::Refused, "a ceremony makes its own keys").advice("--with-keys is for rehearsals")
        );
    }
    journal.is_of(&text)?;
    let script = if rehearsal { rehearsed(script) } else { script };
    let packs = packs_of(&script, &what.script, rehearsal)?;
    let earlier = Earlier::named(what.of.as_deref(), &journal, rehearsal)?;
    let home = earlier.as_ref().map_or(folder.as_path(), Earlier::folder);
    let repository = repository(&script)?;
    let places = keys(&script, home, what, rehearsal)?;
    let (store, stores) = (database(home, interruption).await?, places.stores());
    let activated = custodians::open(&what.shares, &script, &places, &stores, &store).await?;
    installation::open_the_rest(&stores, &places, &what.secrets)?;
    installation::withhold_recorded(&stores, &store).await?;
    crate::ceremony::write_whole(&folder.join("script.toml"), text.as_bytes())?;
    Ok(Ceremony {
        beside: what.script.parent().unwrap_or_else(|| Path::new(".")).to_owned(),
        script,
        text,
        rehearsal,
        earlier,
        folder,
        journal,
        answers,
        repository,
        store,
        keys: stores,
        places,
        secrets: what.secrets.clone(),
        shares: what.shares.clone(),
        activated,
        ready_keys: what.with_keys.clone(),
        policy: Policy::of(packs),
    })
}

fn repository(script: &Script) -> Result<Repository, Trouble> {
    let address = |url: &str| {
        Url::parse(url)
            .map_err(|error| Trouble::new(Exit::Configuration, format!("{url} is no address")).because(error))
    };
    Ok(Repository {
        url: address(&script.repository_url)?,
        lgwan_url: script.lgwan_repository_url.as_deref().map(address).transpose()?,
    })
}

/// The script in a file, and its text. Errors: exit 2 when it cannot be read, exit 3 with what is wrong in it.
pub(super) fn script(file: &Path) -> Result<(Script, String), Trouble> {
    let unreadable = |why: String| Trouble::new(Exit::Usage, format!("{} cannot be read", file.display())).because(why);
    let octets = input::bounded(file, LARGEST_SCRIPT).map_err(|error| unreadable(error.to_string()))?;
    let text = String::from_utf8(octets).map_err(|_| unreadable("this is no UTF-8 text".into()))?;
    let script = Script::parse(&text, &file.display().to_string()).map_err(|errors| {
        Trouble::new(Exit::Configuration, "the script is refused")
            .because(format!("\n    {}", errors.to_string().replace('\n', "\n    ")))
            .advice("correct these lines, and have the script reviewed again")
    })?;
    Ok((script, text))
}

/// The folder of the ceremony, which exists on return.
pub(super) fn folder(what: &Run, begins: Begins) -> Result<PathBuf, Trouble> {
    let folder = what.folder.clone().unwrap_or_else(|| match begins {
        Begins::Ceremony | Begins::Again => what.script.with_extension(""),
        Begins::Rehearsal => PathBuf::from(format!("{}-rehearsal", what.script.with_extension("").display())),
    });
    if begins == Begins::Again && !folder.join("journal").exists() {
        return Err(Trouble::new(Exit::Usage, format!("no ceremony was begun in {}", folder.display()))
            .advice("name its folder with --folder; `lgpki ceremony run` begins one"));
    }
    // The keys' folder first: whoever finds the ceremony's finds it, too.
    DirBuilder::new().recursive(true).mode(0o700).create(folder.join("keys")).map_err(|error| {
        Trouble::new(Exit::Unavailable, format!("the folder {} cannot be made", folder.display())).because(error)
    })?;
    Ok(folder)
}

/// Whether it is a rehearsal: as it was begun.
fn rehearsal(journal: &Journal, begins: Begins, folder: &Path) -> Result<bool, Trouble> {
    let begun = journal.lines().iter().find_map(|line| match &line.event {
        Event::Opened { rehearsal, .. } => Some(*rehearsal),
        _ => None,
    });
    match (begun, begins) {
        (Some(rehearsal), Begins::Again) => Ok(rehearsal),
        (None, Begins::Again) => Err(Trouble::new(Exit::Refused, "nothing of this ceremony has happened yet")
            .advice("begin it again as it was begun: `lgpki ceremony run` or `rehearse`")),
        (None, begins) => Ok(begins == Begins::Rehearsal),
        (Some(_), _) => Err(Trouble::new(Exit::Refused, format!("a ceremony was begun in {}", folder.display()))
            .advice("go on with it (`lgpki ceremony resume`), or name another folder with --folder")),
    }
}

/// The script with the tokens of rehearsals; where a token has none, software keys.
fn rehearsed(mut script: Script) -> Script {
    script.tokens.retain_mut(|token| match token.rehearsal_token.take() {
        Some(rehearsal) => {
            token.token = rehearsal;
            true
        }
        None => false,
    });
    for step in &mut script.steps {
        if let Act::MakeKey { store, .. } | Act::ShareSecret { store, .. } = &mut step.act
            && !script.tokens.iter().any(|token| token.name == *store)
        {
            crate::keys::FOLDER.clone_into(store);
        }
    }
    script
}

fn packs_of(script: &Script, file: &Path, rehearsal: bool) -> Result<Packs, Trouble> {
    let beside = file.parent().unwrap_or_else(|| Path::new("."));
    let mut all = Vec::new();
    for name in &script.packs {
        let path = if name.ends_with(".toml") { beside.join(name).display().to_string() } else { name.clone() };
        all.push(packs::named(&path)?);
    }
    let packs = Packs::new(all)
        .map_err(|error| Trouble::new(Exit::Configuration, "the script's packs cannot be used").because(error))?;
    Ok(if rehearsal { packs.rehearsed() } else { packs })
}

fn keys(script: &Script, folder: &Path, what: &Run, rehearsal: bool) -> Result<Keys, Trouble> {
    let given = &what.secrets.passphrase;
    let drawn = folder.join(DRAWN_PASSPHRASE);
    let draws = rehearsal && given.passphrase_file.is_none() && given.passphrase_fd.is_none();
    if draws && !drawn.exists() {
        draw_passphrase_file(&drawn, &SystemEntropy)?;
    }
    let tokens = script.tokens.iter().map(|token| TokenStore {
        name: token.name.clone(),
        settings: TokenSettings {
            module: PathBuf::from(&token.module),
            token: token.token.clone(),
            sessions: 1,
            timeout: token.timeout,
        },
        pin_file: None,
    });
    Ok(Keys::of(folder.join("keys"), draws.then_some(drawn), tokens.collect()))
}

async fn database(folder: &Path, interruption: Option<Arc<dyn Interruption>>) -> Result<Store, Trouble> {
    let url = format!("sqlite:{}", folder.join("ceremony.db").display());
    let options = OpenOptions { interruption, ..OpenOptions::new(Arc::new(SystemEntropy)) };
    let store = Store::open(&url, &options).await?;
    installation::migrate(&store).await?;
    Ok(store)
}
