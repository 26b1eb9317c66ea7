//! A directory (LDAPv3), with the attributes of RFC 4523 in the entries of the authorities: whoever finds an authority by its name
//! finds its certificates and lists there. Entries that are missing are made. A value is at most as long as the
//! directory takes it (`longest_value`); an authority with more revocations than that has partitions.

mod client;
mod entries;
mod message;

pub use entries::EntryName;
pub use message::{DirectoryAnswer, Malformed, Outcome, Told, Values};

use super::Found;
use super::recovering::recovered;
use super::verdict::{There, Verdict};
use super::wanted::WantedList;
use crate::config::LdapPlace;
use crate::secrets::read_secret_file;
use crate::trouble::chain;
use ca_core::time::Timestamp;
use client::{Client, LdapError};
use entries::{Attribute, Entry, entries};
use std::io::Cursor;
use store::{Store, StoreError};

/// Makes everything stand there that should. What cannot be done keeps nothing else from being done. Errors: the database.
pub(super) async fn pass(
    store: &Store,
    place: &LdapPlace,
    lists: &[WantedList],
    now: Timestamp,
) -> Result<Found, StoreError> {
    let mut found = Found::default();
    let entries = entries(store, place, lists, now).await?;
    entries.wrong.into_iter().for_each(|why| found.wrong(why));
    let place = place.clone();
    // The directory may take as long as it likes: not on a thread that others need.
    let pushed = tokio::task::spawn_blocking(move || push(&place, &entries.entries));
    let pushed = pushed.await.unwrap_or_else(|error| {
        let mut lost = Pushed::default();
        lost.found.wrong(chain(&error));
        lost
    });
    found.seen.extend(pushed.found.seen);
    found.wrong.extend(pushed.found.wrong);
    for Ahead { list, value, why } in pushed.ahead {
        found.wrong(format!("{why} {}", recovered(store, &list, Cursor::new(value), now).await));
    }
    Ok(found)
}

/// What came of it.
#[derive(Default)]
struct Pushed {
    found: Found,
    ahead: Vec<Ahead>,
}

/// A list that stands there and says more than this database.
struct Ahead {
    list: WantedList,
    value: Vec<u8>,
    why: String,
}

fn push(place: &LdapPlace, entries: &[Entry]) -> Pushed {
    let mut pushed = Pushed::default();
    let found = &mut pushed.found;
    let mut client = match bound(place) {
        Ok(client) => client,
        Err(why) => {
            found.wrong(format!("the directory {} cannot be used: {why}", place.address));
            return pushed;
        }
    };
    for entry in entries {
        if let Err(error) = push_entry(&mut client, place, entry, &mut pushed) {
            pushed.found.wrong(format!("the entry {} cannot be published: {}", entry.name, chain(&error)));
            if matches!(error, LdapError::Io(_)) {
                return pushed;
            }
        }
    }
    client.unbind();
    pushed
}

fn bound(place: &LdapPlace) -> Result<Client, String> {
    let mut client = Client::connect(&place.address).map_err(|error| chain(&error))?;
    if let Some((name, file)) = &place.bind {
        let password = read_secret_file(file).map_err(|trouble| match trouble.why() {
            Some(why) => format!("{}: {why}", trouble.what()),
            None => trouble.what().to_owned(),
        })?;
        client.bind(name, &password).map_err(|error| chain(&error))?;
    }
    Ok(client)
}

fn push_entry(client: &mut Client, place: &LdapPlace, entry: &Entry, pushed: &mut Pushed) -> Result<(), LdapError> {
    let mut wanted: Vec<&str> = entry.attributes.iter().map(Attribute::name).collect();
    wanted.push("objectClass");
    let stands = match client.read(&entry.name.to_string(), &wanted)? {
        Some(stands) => stands,
        None => {
            entry.make(client, &place.base)?;
            Vec::new()
        }
    };
    let values = |name: &str| {
        let of = |(known, _): &&(String, Vec<Vec<u8>>)| known.eq_ignore_ascii_case(name);
        stands.iter().find(of).map(|(_, values)| values.clone()).unwrap_or_default()
    };
    entry.complete_classes(client, &values("objectClass"))?;
    for attribute in &entry.attributes {
        let there = values(attribute.name());
        let judged = judged(attribute, &there, &mut pushed.ahead);
        let (mut old, mut new) = (there, judged.values.clone());
        old.sort();
        new.sort();
        if old != new {
            client.replace(&entry.name.to_string(), attribute.name(), &judged.values)?;
            let mut kept = client.read(&entry.name.to_string(), &[attribute.name()])?.unwrap_or_default();
            let mut kept = kept.pop().map(|(_, values)| values).unwrap_or_default();
            kept.sort();
            if kept != new {
                pushed.found.wrong(format!(
                    "{} of {} reads differently from what was written",
                    attribute.name(),
                    entry.name
                ));
                continue;
            }
        }
        pushed.found.seen.extend(judged.seen);
    }
    Ok(())
}

/// What an attribute should hold, after what it holds.
#[derive(Default)]
struct Judged {
    values: Vec<Vec<u8>>,
    seen: Vec<store::publications::PublicationRow>,
}

/// A list that is newer than ours stays; what none of the authorities has signed goes.
fn judged(attribute: &Attribute, there: &[Vec<u8>], ahead: &mut Vec<Ahead>) -> Judged {
    let (lists, mut judged) = match attribute {
        Attribute::Certificates { values, .. } => return Judged { values: values.clone(), seen: Vec::new() },
        Attribute::Lists { lists, .. } => (lists, Judged::default()),
    };
    for (list, der) in lists {
        // Reading octets in memory does not fail.
        let of_ours = there.iter().filter_map(|value| match There::of(Cursor::new(value), list) {
            Ok(there @ There::List(_)) => Some((value, there)),
            _ => None,
        });
        let highest = of_ours.max_by_key(|(_, there)| there.seen().map(|row| row.number));
        let verdict = highest.as_ref().map_or(Verdict::Put, |(_, there)| there.verdict(list));
        match (verdict, highest) {
            (Verdict::Put, _) | (_, None) => {
                judged.values.push(der.clone());
                judged.seen.push(list.as_seen());
            }
            (verdict, Some((value, there))) => {
                if let Verdict::Recover(why) = verdict {
                    ahead.push(Ahead { list: list.clone(), value: value.clone(), why });
                }
                judged.values.push(value.clone());
                judged.seen.extend(there.seen());
            }
        }
    }
    judged
}
