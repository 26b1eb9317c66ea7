//! `lgpki revocation track`: since when a revocation can be seen, place by place; `lgpki revocation probe` looks now.

use super::Which;
use crate::clock::SystemClock;
use crate::config::Config;
use crate::out::{self, Format};
use crate::reach::Prober;
use crate::trouble::{Exit, Trouble};
use ca_core::id::PlaceId;
use ca_core::time::{Clock, Timestamp};
use ra_web::desk::reach::{Leg, LegState, legs};
use serde::Serialize;
use store::Store;

/// Arguments of `revocation track`.
#[derive(Debug, clap::Args)]
pub struct Track {
    /// Which certificate.
    #[command(flatten)]
    pub which: Which,
    /// How results are written
    #[arg(long, value_enum, default_value_t)]
    pub format: Format,
}

/// Arguments of `revocation probe`.
#[derive(Debug, clap::Args)]
pub struct Probe {
    /// How results are written
    #[arg(long, value_enum, default_value_t)]
    pub format: Format,
}

#[derive(Serialize)]
struct Tracked {
    schema: &'static str,
    authority: String,
    serial: String,
    reason: &'static str,
    revoked_at: String,
    places: Vec<TrackedPlace>,
}

#[derive(Serialize)]
struct TrackedPlace {
    place: String,
    seen_at: Option<String>,
    /// Seconds from the revocation; none where it was not seen yet.
    took_seconds: Option<u64>,
    late: bool,
}

/// Says it; a place where the revocation was not seen yet is a negative answer. Errors: exit 2 for a certificate there is none of,
/// exit 7 for one that is not revoked.
pub(super) async fn track(what: &Track, config: &Config, store: &Store) -> Result<Exit, Trouble> {
    let mut txn = store.read().await?;
    let row = what.which.found(&mut txn).await?;
    let Some(revocation) = &row.revocation else {
        return Err(Trouble::new(Exit::Refused, format!("{} is not revoked", row.serial)));
    };
    let revoked_at = revocation.revoked_at;
    let seen = txn.reach((&row.authority_id, &row.serial), revoked_at).await?;
    let places: Vec<PlaceId> = config.reach.places.iter().map(|place| place.id.clone()).collect();
    let legs = legs(&places, &seen, (revoked_at, SystemClock.now()));
    let tracked = Tracked {
        schema: "lgpki.revocation.track/1",
        authority: row.authority_id.to_string(),
        serial: row.serial.to_hex(),
        reason: revocation.reason.as_str(),
        revoked_at: revoked_at.rfc3339(),
        places: legs.iter().map(|leg| of(leg, revoked_at)).collect(),
    };
    match what.format {
        Format::Json => out::json(&tracked)?,
        Format::Text => say(&tracked)?,
    }
    let everywhere = legs.iter().all(|leg| matches!(leg.state, LegState::Seen(_)));
    Ok(if everywhere { Exit::Done } else { Exit::Negative })
}

fn of(leg: &Leg, revoked_at: Timestamp) -> TrackedPlace {
    let seen_at = match leg.state {
        LegState::Seen(at) => Some(at.rfc3339()),
        LegState::Waited | LegState::Late => None,
    };
    let took_seconds = leg.state.took(revoked_at).map(|took| took.as_secs());
    TrackedPlace { place: leg.place.to_string(), seen_at, took_seconds, late: leg.state == LegState::Late }
}

fn say(tracked: &Tracked) -> std::io::Result<()> {
    let Tracked { authority, serial, reason, revoked_at, places, .. } = tracked;
    out::line(format_args!("{authority} {serial}: {reason}"))?;
    out::line(format_args!("{:<12} {revoked_at}", "database"))?;
    for TrackedPlace { place, seen_at, took_seconds, late } in places {
        match (seen_at, took_seconds) {
            (Some(at), Some(took)) => out::line(format_args!("{place:<12} {at}  after {took} s"))?,
            _ if *late => out::line(format_args!("{place:<12} NOT SEEN YET, and more than a minute has gone"))?,
            _ => out::line(format_args!("{place:<12} not seen yet"))?,
        }
    }
    Ok(())
}

#[derive(Serialize)]
struct Probed {
    schema: &'static str,
    places: Vec<ProbedPlace>,
}

#[derive(Serialize)]
struct ProbedPlace {
    place: String,
    /// Revocations that were seen there for the first time.
    seen: usize,
    /// Revocations of the last day that cannot be seen there yet.
    open: usize,
    /// Why it could not be looked at.
    failed: Option<String>,
}

/// Looks once; a place that could not be looked at, or where something cannot be seen yet, is a negative answer. Errors: exit 5 when
/// the database does not answer.
pub(super) async fn probe(what: &Probe, config: &Config, store: &Store) -> Result<Exit, Trouble> {
    let round = Prober::new(config, store.clone()).round().await?;
    let everything = round.places.values().all(|counts| counts.open == 0 && counts.failed.is_none());
    let of = |(place, counts): (PlaceId, crate::reach::Counts)| ProbedPlace {
        place: place.to_string(),
        seen: counts.seen,
        open: counts.open,
        failed: counts.failed,
    };
    let probed = Probed { schema: "lgpki.revocation.probe/1", places: round.places.into_iter().map(of).collect() };
    match what.format {
        Format::Json => out::json(&probed)?,
        Format::Text => {
            for ProbedPlace { place, seen, open, failed } in &probed.places {
                let why = failed.as_ref().map(|why| format!(": {why}")).unwrap_or_default();
                out::line(format_args!("{place:<12} {seen} seen for the first time, {open} not yet{why}"))?;
            }
        }
    }
    Ok(if everything { Exit::Done } else { Exit::Negative })
}
