//! A target where a list stands that says more than this database: what it has is taken back, and the list that follows takes its place.

use super::ACTOR;
use super::wanted::WantedList;
use crate::trouble::chain;
use ca_core::time::Timestamp;
use crl::recover::{Recovered, recover_from};
use std::io::{self, Read};
use store::Store;

/// Takes back what stands in the place of `list`, and says what came of it, in a sentence.
pub(super) async fn recovered(
    store: &Store,
    list: &WantedList,
    source: impl Read + Send + 'static,
    now: Timestamp,
) -> String {
    let (path, store, authority) = (&list.path, store.clone(), list.head.authority_id.clone());
    // A task of its own: the target's lease is renewed meanwhile, and SQLite has one writer.
    let task = tokio::spawn(async move { recover_from(&store, &authority, source, (now, ACTOR)).await });
    let recovered = task.await.unwrap_or_else(|error| Err(io::Error::other(error).into()));
    match recovered {
        Ok(Recovered { number, revocations, is_new: true }) => {
            tracing::warn!(event_id = "crl.recovered", path, number, revocations, "this database had lost revocations");
            format!(
                "{revocations} revocations that it had lost were taken over from there; a list with a higher number follows"
            )
        }
        Ok(_) => "What it says is known here already".to_owned(),
        Err(error) => {
            tracing::error!(event_id = "crl.not-recovered", path, error = chain(&error));
            format!("What it says could not be taken over: {}", chain(&error))
        }
    }
}
