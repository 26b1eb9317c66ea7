//! A folder that leads out of this network: what is put there is carried to edges by somebody else, and nothing is ever read there.
//! So what is known of it is what was handed over.

use super::Found;
use super::wanted::WantedList;
use crate::edge::{Made, Making};
use crate::keys::KeyStores;
use crate::sealing::{next_number, signing_key};
use crate::trouble::Trouble;
use ca_core::digest::sha256;
use ca_core::time::{Clock, Timestamp};
use std::path::Path;
use store::publications::PublicationRow;

/// What bundles are made with.
pub struct Bundles {
    /// Signs them, with the answers that are missing.
    pub making: Making,
    /// The key stores.
    pub stores: KeyStores,
    /// The one in which the key that signs bundles is made when it is missing.
    pub key_store: String,
}

/// Puts a bundle of everything that is served into `folder`, under the target's name. It has its name once it is whole. One that
/// is still there is replaced: a later bundle has all of an earlier one.
pub(super) async fn hand_over(
    bundles: &Bundles,
    (folder, name): (&Path, &str),
    lists: &[WantedList],
    clock: &dyn Clock,
) -> Found {
    let mut found = Found::default();
    match made(bundles, (folder, name), clock).await {
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

async fn made(bundles: &Bundles, (folder, name): (&Path, &str), clock: &dyn Clock) -> Result<Made, Trouble> {
    let Bundles { making, stores, key_store } = bundles;
    signing_key(stores, (key_store, &making.key), &making.store).await?;
    let number = next_number(&making.store).await?;
    making.complete(&folder.join(file_name(name)), number, clock.now()).await
}
