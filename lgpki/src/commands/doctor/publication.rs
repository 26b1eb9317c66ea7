//! What the doctor sees of the places that are published to, as far as the database knows.

use super::Finding;
use crate::config::Config;
use crate::publish::Source;
use crate::publish::standing::{Alarm, standings};
use ca_core::time::Timestamp;
use store::{Store, StoreError};

/// A line for each target.
pub(super) async fn examine(store: &Store, config: &Config, now: Timestamp) -> Result<Vec<Finding>, StoreError> {
    let standings = standings(&Source::of(store.clone(), config), &config.publish, now).await?;
    let line = |detail: String, alarm: Alarm| match alarm {
        Alarm::Quiet => Finding::ok("publication", detail),
        Alarm::Late => Finding::warn(
            "publication",
            detail,
            "a running service tries again by itself; `lgpki publish now` tries at once",
        ),
        Alarm::Call => Finding::fail("publication", detail, "mend the target, then run `lgpki publish now`"),
    };
    Ok(standings.iter().map(|standing| line(standing.sentence(now), standing.alarm(now))).collect())
}
