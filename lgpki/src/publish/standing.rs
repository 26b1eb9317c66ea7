//! How publishing to a target goes: what is missing there and since when, how long what stands there is good for, and when
//! somebody is called.

use super::wanted::{Source, WantedList};
use crate::config::{Place, PublicationTarget};
use crate::spoken::spoken;
use ca_core::time::Timestamp;
use std::collections::BTreeSet;
use std::time::Duration;
use store::publications::{PublicationRow, TargetRow};
use store::{ReadTxn, StoreError};

/// How publishing to a target goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    /// The target's name.
    pub target: String,
    /// Its kind, as in the configuration.
    pub kind: &'static str,
    /// Lists that should stand there.
    pub lists: usize,
    /// Those of them that do.
    pub newest: usize,
    /// Since when something is missing there: when the first list was made that never stood there.
    pub behind_since: Option<Timestamp>,
    /// When everything was last seen there, or handed over.
    pub complete_at: Option<Timestamp>,
    /// The first nextUpdate of what stands there.
    pub deadline: Option<Timestamp>,
    /// How long it may be behind before somebody is called.
    pub call_after: Duration,
    /// When somebody is called, unless the target comes back before.
    pub call_at: Option<Timestamp>,
    /// Passes that went wrong since everything was last seen.
    pub failures: i64,
    /// What the last of them found.
    pub trouble: Option<String>,
    /// When it is tried again.
    pub retry_at: Option<Timestamp>,
    /// Whether what stands there is looked at.
    looks: bool,
}

/// What is to be done about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Alarm {
    /// Nothing.
    Quiet,
    /// It is tried again by itself; nobody is called yet.
    Late,
    /// Somebody must come.
    Call,
}

impl Alarm {
    /// `quiet`, `late`, `call`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Quiet => "quiet",
            Self::Late => "late",
            Self::Call => "call",
        }
    }
}

impl Standing {
    /// That of `target`, of which this is written down, when these lists should stand there; those that are owed; since when one is
    /// missing, if so.
    fn of(
        target: &PublicationTarget,
        (row, seen): (&TargetRow, &[PublicationRow]),
        (lists, owed, behind_since): (&[WantedList], &BTreeSet<String>, Option<Timestamp>),
    ) -> Self {
        let missing = lists.iter().filter(|list| !list.is_among(seen));
        // What is no list is a bundle.
        let counts = |row: &&PublicationRow| owed.contains(&row.path) || lists.iter().all(|list| list.path != row.path);
        let deadline = seen.iter().filter(counts).map(|row| row.next_update).min();
        // What cannot be looked at may be gone.
        let unseen_since = row.complete_at.filter(|_| row.failures > 0);
        let since = [behind_since, unseen_since].into_iter().flatten().min();
        let shortest = lists.iter().filter(|list| owed.contains(&list.path)).map(WantedList::life).min();
        let call_after = target.call_after.or(shortest.map(|life| life / 3)).unwrap_or_default();
        let called = since.map(|since| since.plus(call_after));
        Self {
            target: target.name.clone(),
            kind: target.place.kind(),
            lists: lists.len(),
            newest: lists.len().saturating_sub(missing.count()),
            behind_since,
            complete_at: row.complete_at,
            deadline,
            call_after,
            call_at: called.map(|at| deadline.map_or(at, |deadline| deadline.min(at))),
            failures: row.failures,
            trouble: row.trouble.clone(),
            retry_at: row.retry_at,
            looks: !matches!(target.place, Place::DropFolder(_)),
        }
    }

    /// What is to be done about it at `now`.
    pub fn alarm(&self, now: Timestamp) -> Alarm {
        let overdue = self.deadline.is_some_and(|deadline| deadline <= now);
        match self.call_at {
            Some(call_at) if call_at <= now => Alarm::Call,
            _ if overdue => Alarm::Call,
            Some(_) => Alarm::Late,
            None if self.failures > 0 || self.complete_at.is_none() => Alarm::Late,
            None => Alarm::Quiet,
        }
    }

    /// How far it is behind what should stand there.
    pub fn lag(&self, now: Timestamp) -> Duration {
        self.behind_since.map_or(Duration::ZERO, |since| now.since(since))
    }

    /// All of it in a sentence.
    pub fn sentence(&self, now: Timestamp) -> String {
        let Self { target, lists, newest, .. } = self;
        let stand = match (self.complete_at, self.looks) {
            (None, _) => "nothing was published there yet".to_owned(),
            (Some(at), true) => format!("{newest} of {lists} lists stand there, seen {} ago", spoken(now.since(at))),
            (Some(at), false) => {
                format!("{newest} of {lists} lists are in the bundle put there {} ago", spoken(now.since(at)))
            }
        };
        let left = self.deadline.map(|deadline| match deadline.since(now) {
            Duration::ZERO => format!("the first there is OVERDUE since {}", deadline.rfc3339()),
            left => format!("the first there is overdue in {}", spoken(left)),
        });
        let call = match self.call_at.map(|call_at| call_at.since(now)) {
            None => format!("somebody is called when it is behind for {}", spoken(self.call_after)),
            Some(Duration::ZERO) => "somebody must come NOW".to_owned(),
            Some(left) => format!("somebody is called in {}", spoken(left)),
        };
        let parts = [Some(stand), self.trouble.clone(), left, Some(call)];
        format!("{target}: {}", parts.into_iter().flatten().collect::<Vec<_>>().join("; "))
    }
}

/// That of each target.
///
/// # Errors
/// The database.
pub async fn standings(
    source: &Source,
    targets: &[PublicationTarget],
    now: Timestamp,
) -> Result<Vec<Standing>, StoreError> {
    if targets.is_empty() {
        return Ok(Vec::new());
    }
    let (lists, owed) = (source.lists().await?, source.owed(now).await?);
    let mut txn = source.store.read().await?;
    let mut standings = Vec::new();
    for target in targets {
        let row = txn.publication_target(&target.name).await?.unwrap_or_default();
        let seen = txn.published(&target.name).await?;
        let mut behind_since: Option<Timestamp> = None;
        for list in lists.iter().filter(|list| !list.is_among(&seen)) {
            let since = missing_since(&mut txn, list, &seen).await?;
            behind_since = Some(behind_since.map_or(since, |before| before.min(since)));
        }
        standings.push(Standing::of(target, (&row, &seen), (&lists, &owed, behind_since)));
    }
    Ok(standings)
}

/// When the list that should have replaced what stands in the place of `list` was made; where nothing stands, the list itself.
async fn missing_since(txn: &mut ReadTxn, list: &WantedList, seen: &[PublicationRow]) -> Result<Timestamp, StoreError> {
    let head = &list.head;
    let Some(there) = seen.iter().find(|row| row.path == list.path) else { return Ok(head.this_update) };
    let followed_at = txn.followed_at(&head.authority_id, (head.list, there.number)).await?;
    Ok(followed_at.unwrap_or(head.this_update))
}
