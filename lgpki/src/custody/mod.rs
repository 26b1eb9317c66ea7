//! Key stores that open for several people only: making a set of shares, bringing shares together, and giving a store the
//! shared secret. `lgpki ca custody` and `lgpki ca activate` are made of this.
//!
//! The order is what makes a crash harmless. Share files are written and read back, the set is written down, the store takes
//! the secret, the set is put in force. Until the last step, both the old secret and the new one are somebody's; a set whose
//! store took the secret unrecorded is put in force by the first quorum that shows it opens.

mod place;

pub use place::StorePlace;

use crate::clock::SystemClock;
use crate::entropy::SystemEntropy;
use crate::trouble::{Exit, Trouble};
use ca_core::audit::Actor;
use ca_core::time::{Clock, Timestamp};
use hsm_adapters::Passphrase;
use hsm_adapters::custody::{
    ActivationSecret, Gathering, NotShared, NotTaken, Quorum, SealedShare, SetId, Share, ShareError, ShareHead, Taken,
    Terms, share_out,
};
use hsm_adapters::soft::KeyFileError;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::time::Duration;
use store::custody::CustodySetRow;
use store::{Step, Store, StoreError};

const ACTOR: Actor = Actor::System("command");
/// How long custodians have from the first to the last.
pub const GATHERING_TIME: Duration = Duration::from_secs(15 * 60);

/// Asks one custodian for the passphrase of their share, new or known.
pub type AskCustodian<'a> = &'a mut dyn FnMut(&ShareHead) -> Result<Passphrase, Trouble>;

/// A set that was made and is not yet in force.
pub struct NewSet {
    /// What the store is to open with.
    pub secret: ActivationSecret,
    /// Its row.
    pub row: CustodySetRow,
    /// The files, in the order of the custodians.
    pub files: Vec<PathBuf>,
}

/// Shares a new secret as `terms` say: each custodian seals their share with what `ask` has from them, in a new file in
/// `folder`. Every file is read back before the next custodian comes. Errors: exit 7 for terms that are refused or a file that is
/// there already, exit 5 when one cannot be written, and what `ask` says.
pub fn make_set(terms: &Terms, folder: &Path, ask: AskCustodian<'_>) -> Result<NewSet, Trouble> {
    let unavailable =
        |error: &dyn std::fmt::Display| Trouble::new(Exit::Unavailable, "no shares were made").because(error);
    let secret = ActivationSecret::drawn(&SystemEntropy).map_err(|error| unavailable(&error))?;
    let shares = share_out(&secret, terms, &SystemEntropy).map_err(|error| match error {
        NotShared::Entropy(error) => unavailable(&error),
        error => Trouble::new(Exit::Refused, "no shares were made").because(error),
    })?;
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(|error| {
        Trouble::new(Exit::Unavailable, format!("the folder {} cannot be made", folder.display())).because(error)
    })?;
    let mut files = Vec::new();
    for share in &shares {
        files.push(written(share, folder, ask(share.head())?)?);
    }
    let head = shares.first().map(Share::head);
    let set = head.map(|head| (head.set, head.digest));
    let (set, digest) = set.ok_or_else(|| Trouble::new(Exit::Bug, "a set without shares"))?;
    let row = CustodySetRow {
        custody_set_id: set.to_string(),
        key_store: terms.opens.clone(),
        least: terms.quorum.least(),
        custodians: terms.custodians.clone(),
        digest,
        made_at: terms.made_at,
        in_force_at: None,
        void_at: None,
    };
    Ok(NewSet { secret, row, files })
}

fn written(share: &Share, folder: &Path, passphrase: Passphrase) -> Result<PathBuf, Trouble> {
    let ShareHead { set, number, quorum, .. } = share.head();
    let set = set.to_string();
    let name = format!("share-{number}-of-{}-{}.txt", quorum.of(), set.get(..8).unwrap_or(&set));
    let file = folder.join(name);
    let sealed = share.seal(passphrase).map_err(|error| told(&file, error))?;
    sealed.write(&file).map_err(|error| told(&file, error))?;
    let read = SealedShare::from_file(&file).map_err(|error| told(&file, error))?;
    if read.head() != share.head() {
        return Err(Trouble::new(Exit::Integrity, format!("{} was not written as it should be", file.display()))
            .advice("make the set again, on another disk"));
    }
    Ok(file)
}

/// Gives the store of a new set its secret: from here on it opens for that quorum, and for nobody else. `old` is what it opens
/// with now. Errors: exit 3 when `old` does not open it, exit 5 when the store or the database fails; the message says what to
/// do when it is not known which of the two secrets opens it.
pub async fn put_in_force(store: &Store, place: &StorePlace, old: Passphrase, new: &NewSet) -> Result<(), Trouble> {
    let mut txn = store.write(SystemClock.now(), ACTOR).await?;
    txn.insert_custody_set(&new.row).await?;
    txn.commit(Step::Setup).await?;
    // From here a crash leaves shares that are written down: whichever secret opens the store, somebody has it.
    place.change_secret(old, &new.secret)?;
    record_in_force(store, &new.row, SystemClock.now()).await.map_err(|error| {
        Trouble::new(Exit::Unavailable, "the store opens with the new shares, but that could not be written down")
            .because(error)
            .advice("run `lgpki ca custody verify` with the new shares: it writes it down")
    })
}

/// Writes down that a set's secret opens its store. Errors: the database.
pub async fn record_in_force(store: &Store, set: &CustodySetRow, now: Timestamp) -> Result<(), StoreError> {
    let mut txn = store.write(now, ACTOR).await?;
    txn.put_custody_set_in_force(set).await?;
    txn.commit(Step::Setup).await
}

/// A quorum that has come together.
pub struct Quorate {
    /// What opens the store.
    pub secret: ActivationSecret,
    /// The set.
    pub set: CustodySetRow,
    /// The numbers of those who came, as `1, 3, 4`.
    pub custodians: String,
}

/// Brings the shares in these files together, in any order. Each is opened with what `ask` has from its custodian. Errors:
/// exit 7 for a share of no set in force, one that comes twice, or too few; exit 6 for a damaged file; what `ask` says.
pub async fn gather(
    store: &Store,
    key_store: &str,
    files: &[PathBuf],
    ask: AskCustodian<'_>,
) -> Result<Quorate, Trouble> {
    let sets = store.read().await?.custody_sets(key_store).await?;
    let mut gathering: Option<(Gathering, CustodySetRow)> = None;
    for file in files {
        let sealed = SealedShare::from_file(file).map_err(|error| told(file, error))?;
        let (open, set) = match &mut gathering {
            Some(begun) => begun,
            None => {
                let set = set_of(sealed.head(), &sets)?;
                let begun = begin(&set, SystemClock.now())?;
                gathering.insert((begun, set))
            }
        };
        let passphrase = ask(sealed.head())?;
        let share = sealed.open(passphrase).map_err(|error| told(file, error))?;
        if let Taken::Complete(secret) = open.take(share, SystemClock.now()).map_err(refused)? {
            return Ok(Quorate { secret, set: set.clone(), custodians: numbers(open) });
        }
    }
    let (have, least) = gathering.map_or((0, 2), |(gathering, _)| (gathering.have(), gathering.least()));
    Err(Trouble::new(Exit::Refused, format!("{have} of {least} custodians are here"))
        .advice("give --share once for each custodian"))
}

/// The set a share belongs to, if it is one that may open its store. Errors: exit 7, with what is known about it.
pub fn set_of(head: &ShareHead, sets: &[CustodySetRow]) -> Result<CustodySetRow, Trouble> {
    let id = head.set.to_string();
    let found = sets.iter().find(|set| set.custody_set_id == id);
    found.cloned().ok_or_else(|| {
        let what = format!("the share of {} opens nothing any more", head.custodian);
        let why = match sets.first() {
            Some(set) => format!("it belongs to the set {id}, and the set in force is {}", set.custody_set_id),
            None => "no set of shares is in force for this key store".to_owned(),
        };
        Trouble::new(Exit::Refused, what)
            .because(why)
            .advice("bring the share of the set in force; `lgpki ca custody inspect FILE` says what a share is")
    })
}

/// Begins to gather the shares of a set. Errors: its row makes no sense (exit 6).
pub fn begin(set: &CustodySetRow, now: Timestamp) -> Result<Gathering, Trouble> {
    let of = u8::try_from(set.custodians.len()).ok();
    let quorum = of.and_then(|of| Quorum::new(set.least, of).ok());
    let sound = SetId::parse(&set.custody_set_id).zip(quorum);
    let (id, quorum) = sound.ok_or_else(|| {
        Trouble::new(Exit::Integrity, format!("the custody set {} makes no sense", set.custody_set_id))
    })?;
    Ok(Gathering::new(id, quorum, set.digest, now, GATHERING_TIME))
}

/// The numbers of those who have come, as `1, 3, 4`.
pub fn numbers(gathering: &Gathering) -> String {
    let mut numbers: Vec<u8> = gathering.custodians().iter().map(|(number, _)| *number).collect();
    numbers.sort_unstable();
    numbers.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

/// What a person is told about a share that was not taken.
pub fn refused(error: NotTaken) -> Trouble {
    let advice = match error {
        NotTaken::OtherSet { .. } | NotTaken::OtherTerms(_) => "bring the share of the set in force",
        NotTaken::Again(_) => "let another custodian come: it takes different people",
        NotTaken::TooLate { .. } => "let all custodians come again, from the first",
        NotTaken::WrongShares => "compare the files with their copies, and begin again",
    };
    Trouble::new(Exit::Refused, "the share was not taken").because(error).advice(advice)
}

/// What a person is told about a share file.
pub fn told(file: &Path, error: ShareError) -> Trouble {
    let what = format!("the share file {}", file.display());
    let (exit, what, advice) = match &error {
        ShareError::File(KeyFileError::Exists { .. }) => (
            Exit::Refused,
            format!("{what} was not written"),
            "name another folder with --into; nothing is ever overwritten",
        ),
        ShareError::File(KeyFileError::Exposed { .. }) => {
            (Exit::Configuration, format!("{what} cannot be used"), "run chmod 600 on it, and ask who may have read it")
        }
        ShareError::File(_) => (Exit::Unavailable, format!("{what} cannot be used"), "look at its name and its folder"),
        ShareError::WrongPassphrase(_) => {
            (Exit::Configuration, format!("{what} stays sealed"), "try again; a share does not lock")
        }
        ShareError::ShortPassphrase => (Exit::Refused, format!("{what} was not written"), "choose a longer passphrase"),
        ShareError::NotSealed => (Exit::Unavailable, format!("{what} was not written"), "try again"),
        _ => (
            Exit::Integrity,
            format!("{what} cannot be used"),
            "take its copy; without one, let another custodian come",
        ),
    };
    Trouble::new(exit, what).because(error).advice(advice)
}
