//! `lgpki ca custody`: sets of shares. What opens a key store is drawn here, shared among custodians, proven by them once a
//! year, and shared anew when one of them leaves.

use crate::clock::SystemClock;
use crate::config::{self, Config};
use crate::control;
use crate::custody::{self, NewSet, StorePlace};
use crate::secrets::{CustodianPassphrases, KeySecrets};
use crate::trouble::{Exit, Trouble};
use crate::{installation, out};
use ca_core::audit::Actor;
use ca_core::time::Clock;
use hsm_adapters::Passphrase;
use hsm_adapters::custody::{Quorum, SealedShare, ShareHead, Terms};
use std::path::{Path, PathBuf};
use store::{Step, Store};

/// What can be done with shares.
#[derive(Debug, clap::Subcommand)]
pub enum Custody {
    /// Draw the secret of a key store and share it: from then on the store opens for several custodians only
    Create(Create),
    /// Prove that the custodians who are here can open the store; nothing is opened for work
    Verify(Verify),
    /// Draw a new secret and share it anew, because a custodian leaves or a share is lost; the old shares become void
    Reshare(Reshare),
    /// Say what a share file is, without opening it
    Inspect(Inspect),
}

/// Arguments of `ca custody create`.
#[derive(Debug, clap::Args)]
pub struct Create {
    /// The key store, by its name in the configuration
    #[arg(long, value_name = "NAME", default_value = "folder")]
    pub store: String,
    /// The custodians.
    #[command(flatten)]
    pub shares: NewShares,
    /// What opens the store until now.
    #[command(flatten)]
    pub secrets: KeySecrets,
}

/// Arguments of `ca custody verify`.
#[derive(Debug, clap::Args)]
pub struct Verify {
    /// The key store, by its name in the configuration
    #[arg(long, value_name = "NAME", default_value = "folder")]
    pub store: String,
    /// Who is here.
    #[command(flatten)]
    pub brought: Brought,
}

/// Arguments of `ca custody reshare`.
#[derive(Debug, clap::Args)]
pub struct Reshare {
    /// The key store, by its name in the configuration
    #[arg(long, value_name = "NAME", default_value = "folder")]
    pub store: String,
    /// Who is here, with the shares in force.
    #[command(flatten)]
    pub brought: Brought,
    /// The custodians from now on.
    #[command(flatten)]
    pub shares: NewShares,
}

/// Arguments of `ca custody inspect`.
#[derive(Debug, clap::Args)]
pub struct Inspect {
    /// The share file
    pub file: PathBuf,
    /// text or json
    #[arg(long, value_enum, default_value_t)]
    pub format: out::Format,
}

/// The custodians of a new set.
#[derive(Debug, clap::Args)]
pub struct NewShares {
    /// How many custodians must come together, of how many: 3-of-5; at least two must
    #[arg(long, value_name = "M-of-N", value_parser = Quorum::parse)]
    pub quorum: Quorum,
    /// A custodian's name; once for each, in the order of the shares
    #[arg(long = "custodian", value_name = "NAME", required = true)]
    pub custodians: Vec<String>,
    /// The folder the share files are written into; each is then taken away by its custodian
    #[arg(long, value_name = "FOLDER")]
    pub into: PathBuf,
    /// Also write what opens the store into this new file (mode 0600), for authorities that their pack keeps active over a
    /// restart; name it in the configuration as the store's passphrase_file or pin_file
    #[arg(long, value_name = "FILE")]
    pub write_secret: Option<PathBuf>,
    /// Take a custodian's new passphrase from this file (mode 0600); once for each, in the same order. Without it they are typed
    #[arg(long = "new-share-passphrase-file", value_name = "FILE")]
    pub new_passphrase_files: Vec<PathBuf>,
}

/// Shares that are brought.
#[derive(Debug, clap::Args)]
pub struct Brought {
    /// A custodian's share file; once for each custodian who is here
    #[arg(long = "share", value_name = "FILE", required = true)]
    pub shares: Vec<PathBuf>,
    /// Take the passphrase of a share from this file (mode 0600); once for each, in the same order. Without it they are typed
    #[arg(long = "share-passphrase-file", value_name = "FILE")]
    pub passphrase_files: Vec<PathBuf>,
}

/// Does it, on the installation `file` configures. Errors: exit 7 when a rule of custody forbids it, exit 6 for a damaged share,
/// exit 3 for a passphrase, exit 5 when a store or the database fails.
pub async fn run(what: &Custody, file: &Path) -> Result<Exit, Trouble> {
    let store = match what {
        Custody::Inspect(what) => return inspect(what),
        Custody::Create(Create { store, .. })
        | Custody::Verify(Verify { store, .. })
        | Custody::Reshare(Reshare { store, .. }) => store,
    };
    let config = config::load(file)?;
    let place = StorePlace::named(store, &config.keys)?;
    if !matches!(what, Custody::Verify(_)) {
        control::refuse_beside_a_service(&config, "the key store is to get a new secret")?;
    }
    let database = installation::open_current(&config.database).await?;
    let done = match what {
        Custody::Create(what) => create(what, &config, &place, &database).await,
        Custody::Verify(what) => verify(what, &place, &database).await,
        Custody::Reshare(what) => reshare(what, &place, &database).await,
        Custody::Inspect(_) => Ok(()),
    };
    database.close().await;
    done.map(|()| Exit::Done)
}

async fn create(what: &Create, config: &Config, place: &StorePlace, database: &Store) -> Result<(), Trouble> {
    let sets = database.read().await?.custody_sets(&what.store).await?;
    if let Some(set) = sets.iter().find(|set| set.in_force_at.is_some()) {
        return Err(Trouble::new(Exit::Refused, format!("the key store {} has custodians already", what.store))
            .because(format!("the set {} is in force", set.custody_set_id))
            .advice("`lgpki ca custody reshare` makes a new set with a quorum of the old one"));
    }
    let old = match place {
        StorePlace::Folder(_) => what.secrets.passphrase.passphrase(config.keys.passphrase_file.as_deref())?,
        StorePlace::Token(token) => what.secrets.pin(token)?,
    };
    let new = share(&what.store, &what.shares)?;
    hand_over(database, place, old, &new, &what.shares).await?;
    out::line(
        "the store opens for these custodians and with nothing else: remove the file of the old passphrase or PIN, its",
    )?;
    out::line("copies, and its line in the configuration; put the folder of keys into the backup again")?;
    Ok(())
}

async fn verify(what: &Verify, place: &StorePlace, database: &Store) -> Result<(), Trouble> {
    let quorate = gathered(&what.store, &what.brought, database).await?;
    // Opened to see that it opens, and closed again here.
    place.prove(&quorate.secret)?;
    let now = SystemClock.now();
    if quorate.set.in_force_at.is_none() {
        custody::record_in_force(database, &quorate.set, now).await?;
        out::talk("the making of this set had been interrupted; it is in force from now on");
    }
    let mut txn = database.write(now, Actor::System("command")).await?;
    txn.record_quorum_proof(&quorate.set, &quorate.custodians).await?;
    txn.commit(Step::Setup).await?;
    out::line(format_args!(
        "the key store {} opens for {}",
        what.store,
        quorate.set.names(&quorate.custodians).join(", ")
    ))?;
    out::line(format_args!("proven at {} and written down; nothing is opened for work", now.rfc3339()))?;
    Ok(())
}

async fn reshare(what: &Reshare, place: &StorePlace, database: &Store) -> Result<(), Trouble> {
    let quorate = gathered(&what.store, &what.brought, database).await?;
    place.prove(&quorate.secret)?;
    let new = share(&what.store, &what.shares)?;
    let old = place.text_of(&quorate.secret)?;
    hand_over(database, place, old, &new, &what.shares).await?;
    out::line(format_args!("the shares of the set {} are void: destroy them", quorate.set.custody_set_id))?;
    out::line("a backup of the keys from before opens with the old shares still: destroy it, or keep it as carefully")?;
    Ok(())
}

/// A new secret, shared among the custodians who are asked one after the other.
fn share(key_store: &str, shares: &NewShares) -> Result<NewSet, Trouble> {
    let terms = Terms {
        quorum: shares.quorum,
        custodians: shares.custodians.clone(),
        opens: key_store.to_owned(),
        made_at: SystemClock.now().whole_seconds(),
    };
    let mut passphrases = CustodianPassphrases::of(&shares.new_passphrase_files, shares.custodians.len())?;
    custody::make_set(&terms, &shares.into, &mut |head: &ShareHead| {
        let whose = format!("share {} of {}, {}", head.number, head.quorum.of(), head.custodian);
        passphrases.next_new(&whose)
    })
}

/// Gives the store its new secret. The file of the secret is written first: nothing else may have it when it is needed.
async fn hand_over(
    database: &Store,
    place: &StorePlace,
    old: Passphrase,
    new: &NewSet,
    shares: &NewShares,
) -> Result<(), Trouble> {
    if let Some(file) = &shares.write_secret {
        place.text_of(&new.secret)?.write(file).map_err(|error| {
            Trouble::new(Exit::Refused, format!("{} was not written, and nothing was changed", file.display()))
                .because(error)
                .advice("name a file that is not there yet, in a folder of yours")
        })?;
    }
    custody::put_in_force(database, place, old, new).await?;
    say(new)
}

async fn gathered(key_store: &str, brought: &Brought, database: &Store) -> Result<custody::Quorate, Trouble> {
    let mut passphrases = CustodianPassphrases::of(&brought.passphrase_files, brought.shares.len())?;
    let mut ask = |head: &ShareHead| -> Result<Passphrase, Trouble> {
        passphrases.next(&format!("share {} of {}, {}", head.number, head.quorum.of(), head.custodian))
    };
    custody::gather(database, key_store, &brought.shares, &mut ask).await
}

fn say(new: &NewSet) -> Result<(), Trouble> {
    let (least, of) = (new.row.least, new.row.custodians.len());
    out::line(format_args!(
        "set {}: any {least} of {of} custodians open the key store {}",
        new.row.custody_set_id, new.row.key_store
    ))?;
    for (custodian, file) in new.row.custodians.iter().zip(&new.files) {
        out::line(format_args!("  {custodian}: {}", file.display()))?;
    }
    if usize::from(least) == of {
        out::talk("every custodian is needed: when one share is lost, the keys are lost");
    }
    Ok(())
}

fn inspect(what: &Inspect) -> Result<Exit, Trouble> {
    let share = SealedShare::from_file(&what.file).map_err(|error| custody::told(&what.file, error))?;
    let ShareHead { set, number, quorum, custodian, opens, made_at, digest } = share.head();
    if what.format == out::Format::Json {
        out::json(&serde_json::json!({
            "schema": "lgpki.custody-share/1", "set": set.to_string(), "number": number, "least": quorum.least(),
            "of": quorum.of(), "custodian": custodian, "opens": opens, "made_at": made_at.rfc3339(),
            "digest": ca_core::digest::hex(digest),
        }))?;
        return Ok(Exit::Done);
    }
    out::line(format_args!("share {number} of {} of the set {set}", quorum.of()))?;
    out::line(format_args!("custodian: {custodian}"))?;
    out::line(format_args!("opens, with {} others: the key store {opens}", quorum.least().saturating_sub(1)))?;
    out::line(format_args!("made: {}", made_at.rfc3339()))?;
    out::line(format_args!("the secret is recognised by: {}", ca_core::digest::hex(digest)))?;
    out::line("the file is whole; whether its passphrase is known, only opening it would tell")?;
    Ok(Exit::Done)
}
