//! Custodians at a ceremony. A key store whose secret was shared (the step `share-secret`, now or in an earlier ceremony) opens
//! for as many of them as it takes: each brings their share file and says its passphrase, at the beginning.

use crate::clock::SystemClock;
use crate::config::Keys;
use crate::custody::{self, StorePlace};
use crate::keys::KeyStores;
use crate::secrets::CustodianPassphrases;
use crate::trouble::{Exit, Trouble};
use ca_core::audit::Actor;
use ca_core::ceremony::Script;
use ca_core::time::Clock;
use hsm_adapters::Passphrase;
use hsm_adapters::custody::{ActivationSecret, SealedShare, ShareHead};
use std::path::PathBuf;
use store::{Step, Store};

const ACTOR: Actor = Actor::System("ceremony");

/// What custodians bring to a ceremony.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct Shares {
    /// A custodian's share file; once for each custodian who is here
    #[arg(long = "share", value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// Take the passphrase of a custodian's share, brought or new, from this file (mode 0600); the custodian as the script calls
    /// them. Without it they are typed
    #[arg(long = "share-passphrase-file", value_name = "PERSON=FILE", value_parser = of_person)]
    pub passphrase_files: Vec<(String, PathBuf)>,
}

fn of_person(text: &str) -> Result<(String, PathBuf), String> {
    let (person, file) = text.split_once('=').ok_or("write the custodian's name in the script, then = and the file")?;
    Ok((person.to_owned(), file.into()))
}

/// A key store that custodians have opened.
pub struct Activated {
    /// Which.
    pub store: String,
    /// What opens it.
    pub secret: ActivationSecret,
    /// Who came, by name.
    pub custodians: Vec<String>,
}

impl Shares {
    /// The passphrase of a share that is brought. Errors: exit 3 with what is wrong with its file, or that there is nobody to ask.
    fn passphrase(&self, script: &Script, head: &ShareHead) -> Result<Passphrase, Trouble> {
        CustodianPassphrases::of(&self.files_of(script, head), 1)?.next(&whose(head))
    }

    /// The passphrase of a share that is made: typed twice. Errors: as there, and exit 7 when the two differ.
    pub(super) fn new_passphrase(&self, script: &Script, head: &ShareHead) -> Result<Passphrase, Trouble> {
        CustodianPassphrases::of(&self.files_of(script, head), 1)?.next_new(&whose(head))
    }

    fn files_of(&self, script: &Script, head: &ShareHead) -> Vec<PathBuf> {
        let person = script.people.iter().find(|person| person.name == head.custodian);
        let mine = |(id, _): &&(String, PathBuf)| person.is_some_and(|person| person.id == *id);
        self.passphrase_files.iter().find(mine).map(|(_, file)| file.clone()).into_iter().collect()
    }
}

fn whose(head: &ShareHead) -> String {
    format!("share {} of {}, {}", head.number, head.quorum.of(), head.custodian)
}

/// Opens every key store whose shares are brought, and writes down who came. A set whose making was cut off is put in force by the
/// custodians who show that it opens its store. Errors: exit 7 when too few have come, or nobody to a store that opens for
/// custodians alone; exit 2 for a share of another store; exit 6 for a damaged one; exit 3 and 5 for passphrases and stores.
pub async fn open(
    shares: &Shares,
    script: &Script,
    keys: &Keys,
    stores: &KeyStores,
    store: &Store,
) -> Result<Vec<Activated>, Trouble> {
    let mut brought: Vec<(String, PathBuf)> = Vec::new();
    for file in &shares.files {
        let head = SealedShare::from_file(file).map_err(|error| custody::told(file, error))?;
        let opens = head.head().opens.clone();
        StorePlace::named(&opens, keys)?;
        brought.push((opens, file.clone()));
    }
    let mut activated = Vec::new();
    for name in stores.names() {
        let files: Vec<PathBuf> =
            brought.iter().filter(|(opens, _)| opens == name).map(|(_, file)| file.clone()).collect();
        if files.is_empty() {
            opens_without(name, store).await?;
            continue;
        }
        let mut ask = |head: &ShareHead| shares.passphrase(script, head);
        let quorate = custody::gather(store, name, &files, &mut ask).await?;
        let place = StorePlace::named(name, keys)?;
        place.prove(&quorate.secret)?;
        if quorate.set.in_force_at.is_none() {
            custody::record_in_force(store, &quorate.set, SystemClock.now()).await?;
        }
        let mut txn = store.write(SystemClock.now(), ACTOR).await?;
        txn.record_quorum_proof(&quorate.set, &quorate.custodians).await?;
        txn.commit(Step::Setup).await?;
        stores.open(name, Some(place.text_of(&quorate.secret)?))?;
        let custodians = quorate.set.names(&quorate.custodians).into_iter().map(str::to_owned).collect();
        activated.push(Activated { store: name.to_owned(), secret: quorate.secret, custodians });
    }
    Ok(activated)
}

/// Errors: exit 7 when a store opens for custodians alone.
async fn opens_without(name: &str, store: &Store) -> Result<(), Trouble> {
    let sets = store.read().await?.custody_sets(name).await?;
    match sets.iter().find(|set| set.in_force_at.is_some()) {
        None => Ok(()),
        Some(set) => Err(Trouble::new(Exit::Refused, format!("the key store {name} opens for its custodians alone"))
            .because(format!("{} of {} must come together", set.least, set.custodians.join(", ")))
            .advice("name the share file of each custodian who is here with --share")),
    }
}
