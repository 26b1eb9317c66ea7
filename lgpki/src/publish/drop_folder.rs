//! A folder that leads out of this network: what is put there is carried to edges by somebody else, and nothing is ever read there.
//! So what is known of it is what was handed over. Where the last whole bundle is kept on this side, what has changed since follows as
//! a delta, always since that one: of several, an edge needs the last alone.

use super::Found;
use super::wanted::WantedList;
use crate::config::DropPlace;
use crate::edge::{Made, Making, signed_by};
use crate::files::Arriving;
use crate::keys::KeyStores;
use crate::sealing::{next_number, signing_key};
use crate::trouble::{Exit, Trouble};
use ca_core::digest::sha256;
use ca_core::kana::KanaWords;
use ca_core::time::{Clock, Timestamp};
use ocsp::bundle::{Bundle, BundleError, SealJudge, write_delta};
use std::fs::File;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use store::publications::PublicationRow;

/// How long deltas follow one whole bundle: an edge that has lost it waits for the next at most so long.
const WHOLE_EVERY: Duration = Duration::from_secs(12 * 3600);

/// What bundles are made with.
pub struct Bundles {
    /// Signs them, with the answers that are missing.
    pub making: Making,
    /// The key stores.
    pub stores: KeyStores,
    /// The one in which the key that signs bundles is made when it is missing.
    pub key_store: String,
}

/// Puts a bundle of everything that is served into the folder, under the target's name, or what has changed since the last whole one.
/// It has its name once it is whole. One that is still there is replaced: a later one has all of an earlier one.
pub(super) async fn hand_over(
    bundles: &Bundles,
    (place, name): (&DropPlace, &str),
    lists: &[WantedList],
    clock: &dyn Clock,
) -> Found {
    let mut found = Found::default();
    match made(bundles, (place, name), clock).await {
        Ok(Made { manifest, without_answers }) => {
            found.seen.extend(lists.iter().map(WantedList::as_seen));
            let made_at = Timestamp::from_seconds(manifest.made_at);
            found.seen.push(PublicationRow {
                path: file_name(name),
                number: i64::try_from(manifest.number).unwrap_or(i64::MAX),
                sha256: sha256(&serde_json::to_vec(&manifest).unwrap_or_default()),
                this_update: made_at,
                next_update: manifest.next_update.map_or(made_at, Timestamp::from_seconds),
            });
            for (authority, why) in without_answers {
                found.wrong(format!("answers of {authority} are missing in the bundle: {why}"));
            }
        }
        Err(trouble) => found.wrong(match trouble.why() {
            Some(why) => format!("{}: {why}", trouble.what()),
            None => trouble.what().to_owned(),
        }),
    }
    found
}

/// What bundles for a target are called in its folder.
pub(super) fn file_name(target: &str) -> String {
    format!("{target}.bundle")
}

async fn made(bundles: &Bundles, (place, name): (&DropPlace, &str), clock: &dyn Clock) -> Result<Made, Trouble> {
    let Bundles { making, stores, key_store } = bundles;
    let key = signing_key(stores, (key_store, &making.key), &making.store).await?;
    let (number, now) = (next_number(&making.store).await?, clock.now());
    let out = place.folder.join(file_name(name));
    let Some(kept) = &place.kept else { return making.complete(&out, number, now).await };
    let handing = Handing { kept: kept.join(file_name(name)), later: kept.join(format!("{name}.later")), out };
    let made = making.complete(&handing.later, number, now).await?;
    let words = KanaWords::of(&key.fingerprint());
    let handed = tokio::task::spawn_blocking(move || handing.hand(&signed_by(&words), now));
    handed.await.map_err(|error| Trouble::new(Exit::Bug, "a bundle was not handed over").because(error))??;
    Ok(made)
}

/// The files of one target that takes deltas.
struct Handing {
    /// The whole bundle that was put there last; deltas build on it.
    kept: PathBuf,
    /// What is to be handed over.
    later: PathBuf,
    /// Where whole bundles are put; deltas with `.delta` at the end.
    out: PathBuf,
}

impl Handing {
    /// Hands `later` over, whole or as a delta. Errors: exit 5 for a folder that cannot be written.
    fn hand(&self, judge: SealJudge<'_>, now: Timestamp) -> Result<(), Trouble> {
        let mut delta = self.out.clone().into_os_string();
        delta.push(".delta");
        let delta = PathBuf::from(delta);
        // A kept one that cannot be read, or is another installation's, is no reason to hand over nothing.
        if self.put_delta(&delta, judge, now).is_ok_and(|put| put) {
            return Ok(());
        }
        let put = || -> io::Result<()> {
            let arriving = Arriving::at(&self.out)?;
            let copied = arriving.begin().and_then(|mut file| {
                io::copy(&mut File::open(&self.later)?, &mut file)?;
                file.sync_all()
            });
            copied.inspect_err(|_| arriving.give_up())?;
            arriving.arrive()?;
            // What built on the one before leads nowhere any more.
            match std::fs::remove_file(&delta) {
                Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
                Ok(()) | Err(_) => {}
            }
            // Until here the next delta builds on the one before, which does no harm.
            std::fs::rename(&self.later, &self.kept)
        };
        put().map_err(|error| {
            Trouble::new(Exit::Unavailable, format!("{} cannot be put there", self.out.display())).because(error)
        })
    }

    /// Whether what has changed since the kept bundle was put there; `false` when a whole one is due, or it is too much.
    fn put_delta(&self, delta: &Path, judge: SealJudge<'_>, now: Timestamp) -> Result<bool, BundleError> {
        let open = |file: &Path| Bundle::open(Arc::new(File::open(file)?), judge);
        let (kept, later) = (open(&self.kept)?, open(&self.later)?);
        let since = now.since(Timestamp::from_seconds(kept.manifest().made_at));
        if since >= WHOLE_EVERY || kept.manifest().origin != later.manifest().origin {
            return Ok(false);
        }
        let arriving = Arriving::at(delta)?;
        let written = || -> Result<u64, BundleError> {
            write_delta(&kept, &later, arriving.begin()?)?;
            Ok(arriving.open()?.metadata()?.len())
        };
        let octets = written().inspect_err(|_| arriving.give_up())?;
        if octets > std::fs::metadata(&self.later)?.len() / 2 {
            arriving.give_up();
            return Ok(false);
        }
        arriving.arrive()?;
        Ok(true)
    }
}
