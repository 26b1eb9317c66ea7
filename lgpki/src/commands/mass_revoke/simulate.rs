//! `lgpki mass-revoke simulate`: what a plan would do, measured where that changes nothing: its first batch is executed and rolled
//! back, its certificates are read, and the authority's key signs a probe.

use crate::clock::SystemClock;
use crate::config::Config;
use crate::installation::{self, Repository};
use crate::keys::KeyStores;
use crate::out::{self, Format};
use crate::secrets::KeySecrets;
use crate::trouble::Trouble;
use ca_core::audit::Actor;
use ca_core::id::{AuthorityId, KeyLabel, MassRevocationId};
use ca_core::revocation::ListKind;
use ca_core::serial::SerialNumber;
use ca_core::time::Clock;
use crl::entries::{CrlEntry, EntryWriter};
use hsm_adapters::probe::{Probe, probe};
use serde::Serialize;
use std::collections::BTreeMap;
use std::time::{Duration, Instant};
use store::Store;
use store::authorities::AuthorityRow;
use store::crls::CrlHead;
use store::mass_revocations::{Concerned, MassRevocation};

/// What stands in a list beside its entries, at most: names, extensions, signature.
const FRAME_OCTETS: u64 = 1500;
/// Entries that are written to measure how long one takes.
const MEASURED_ENTRIES: u32 = 100_000;

/// Arguments of `mass-revoke simulate`.
#[derive(Debug, clap::Args)]
pub struct Simulate {
    /// The plan
    #[arg(value_parser = super::name)]
    pub name: MassRevocationId,
    /// How many certificates are revoked in one transaction
    #[arg(long, value_name = "NUMBER", default_value_t = 500, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub batch: u32,
    /// How many programs fetch the lists
    #[arg(long, value_name = "NUMBER", default_value_t = 10_000)]
    pub readers: u64,
    /// Where the secrets of the key stores come from; a store whose secret would have to be asked for is not measured.
    #[command(flatten)]
    pub secrets: KeySecrets,
    /// How results are written
    #[arg(long, value_enum, default_value_t)]
    pub format: Format,
}

#[derive(Serialize)]
struct Simulated {
    schema: &'static str,
    plan: String,
    certificates: u64,
    /// Of all batches, from the first one, which was executed and rolled back.
    revoking_ms: u64,
    batches: u64,
    lists: Vec<SimulatedList>,
    readers: u64,
    /// Of all lists, when every reader fetches each once.
    published_octets: u64,
}

#[derive(Serialize)]
struct SimulatedList {
    authority: String,
    list: String,
    entries_before: u64,
    entries_after: u64,
    octets_before: u64,
    octets_after: u64,
    /// Reading its rows, writing and digesting it.
    making_ms: u64,
    /// One signature of its key; none where the key could not be asked.
    signing_ms: Option<u64>,
    /// When every reader fetches it once within its period: megabits a second, on average.
    load_mbit_per_second: f64,
}

/// How long things take here.
struct Rates {
    first_batch: Duration,
    /// Reading a row.
    row: Duration,
    /// Writing and digesting an entry, and its octets.
    entry: Duration,
    entry_octets: u64,
}

/// Says what the plan would do. Errors: exit 2 for a plan there is none of; the database.
pub(super) async fn run(what: &Simulate, config: &Config, store: &Store) -> Result<(), Trouble> {
    let mut txn = store.read().await?;
    let plan = super::found(&mut txn, &what.name).await?;
    let open = txn.mass_revocation_progress(&what.name).await?.open;
    let concerned = txn.mass_revocation_lists(&what.name).await?;
    let begun = Instant::now();
    let (_, read) = txn.digest_of_items(&what.name).await?;
    let row = per(begun.elapsed(), read);
    drop(txn);
    let (entry, entry_octets) = entries(&plan);
    let rates = Rates { first_batch: rehearsed(store, &plan, what.batch).await?, row, entry, entry_octets };
    let lists = lists((what, config), store, (&concerned, &rates)).await?;
    let batches = open.div_ceil(u64::from(what.batch));
    let simulated = Simulated {
        schema: "lgpki.mass-revocation-simulation/1",
        plan: what.name.to_string(),
        certificates: open,
        revoking_ms: millis(rates.first_batch).saturating_mul(batches),
        batches,
        readers: what.readers,
        published_octets: lists.iter().map(|list| list.octets_after.saturating_mul(what.readers)).sum(),
        lists,
    };
    match what.format {
        Format::Json => out::json(&simulated)?,
        Format::Text => say(&simulated)?,
    }
    Ok(())
}

/// The lists that will say it, of every generation: each lists what any of them has revoked.
async fn lists(
    (what, config): (&Simulate, &Config),
    store: &Store,
    (concerned, rates): (&[Concerned], &Rates),
) -> Result<Vec<SimulatedList>, Trouble> {
    let keys = installation::open_key_stores_quietly(config, &what.secrets)?;
    installation::withhold_recorded(&keys, store).await?;
    let mut txn = store.read().await?;
    let mut generations: BTreeMap<AuthorityId, Vec<&Concerned>> = BTreeMap::new();
    for one in concerned {
        for id in txn.generations(&one.authority).await? {
            generations.entry(id).or_default().push(one);
        }
    }
    let mut lists = Vec::new();
    for (id, issued) in generations {
        let Some(authority) = txn.authority(&id).await? else { continue };
        let (latest, signing) = (txn.latest_crls(&id).await?, signing(&keys, &authority.key_label));
        lists.extend(simulated((what, config), &authority, (&issued, &latest), (rates, signing)));
    }
    Ok(lists)
}

/// How long the next batch takes; nothing of it stays.
async fn rehearsed(store: &Store, plan: &MassRevocation, rows: u32) -> Result<Duration, Trouble> {
    let mut txn = store.write(SystemClock.now(), Actor::System("command")).await?;
    let begun = Instant::now();
    txn.execute_mass_revocation(plan, rows).await?;
    let taken = begun.elapsed();
    // Rolled back: dropping a transaction undoes everything.
    drop(txn);
    Ok(taken)
}

/// The complete lists of one generation that will say it, before and after.
fn simulated(
    (what, config): (&Simulate, &Config),
    authority: &AuthorityRow,
    (concerned, latest): (&[&Concerned], &[CrlHead]),
    (rates, signing): (&Rates, Option<Duration>),
) -> Vec<SimulatedList> {
    let plans = config.policy.lists_of(authority, &Repository::of(&config.public));
    let list = |plan: crl::ListPlan| {
        let says = concerned.iter().filter(|one| plan.list.scope.speaks_for(one.scope));
        let added: u64 = says.map(|one| one.certificates).sum();
        let head = latest.iter().find(|head| head.list == plan.list);
        let before = head.and_then(|head| head.entries).and_then(|count| u64::try_from(count).ok()).unwrap_or(0);
        let octets_before = head.and_then(|head| u64::try_from(head.octets).ok()).unwrap_or(0);
        let after = before.saturating_add(added);
        let growth = added.saturating_mul(rates.entry_octets);
        let octets_after = if octets_before == 0 { FRAME_OCTETS } else { octets_before }.saturating_add(growth);
        let making = rates.row.saturating_add(rates.entry).saturating_mul(u32::try_from(after).unwrap_or(u32::MAX));
        let period = plan.policy.validity.saturating_sub(plan.policy.refresh_before);
        (added > 0).then(|| SimulatedList {
            authority: authority.authority_id.to_string(),
            list: plan.list.to_string(),
            entries_before: before,
            entries_after: after,
            octets_before,
            octets_after,
            making_ms: millis(making),
            signing_ms: signing.map(millis),
            load_mbit_per_second: load(octets_after.saturating_mul(what.readers), period),
        })
    };
    plans.into_iter().filter(|plan| plan.list.kind == ListKind::Complete).filter_map(list).collect()
}

/// How long the key takes for one signature; `None` when it cannot be asked here.
fn signing(keys: &KeyStores, label: &KeyLabel) -> Option<Duration> {
    // Once to open it, which is not counted.
    (probe(keys, label) == Probe::Usable).then_some(())?;
    let begun = Instant::now();
    (probe(keys, label) == Probe::Usable).then(|| begun.elapsed())
}

/// How long an entry as this plan makes them takes to be written and digested, and its octets.
fn entries(plan: &MassRevocation) -> (Duration, u64) {
    let Ok(serial) = SerialNumber::from_bytes(&[0x7f; 20]) else { return (Duration::ZERO, 0) };
    let entry = CrlEntry {
        serial,
        revoked_at: SystemClock.now().whole_seconds(),
        reason: plan.reason,
        invalidity_at: plan.invalidity_at,
    };
    let (mut writer, mut octets, begun) = (EntryWriter::default(), Vec::new(), Instant::now());
    for _ in 0..MEASURED_ENTRIES {
        writer.append(&entry, &mut octets);
    }
    std::hint::black_box(ca_core::digest::sha256(&octets));
    let count = u64::from(MEASURED_ENTRIES);
    let length = u64::try_from(octets.len()).unwrap_or(u64::MAX);
    (per(begun.elapsed(), count), length.div_ceil(count))
}

fn per(taken: Duration, count: u64) -> Duration {
    taken.checked_div(u32::try_from(count).unwrap_or(u32::MAX)).unwrap_or_default()
}

fn millis(taken: Duration) -> u64 {
    u64::try_from(taken.as_millis()).unwrap_or(u64::MAX).max(1)
}

/// Megabits a second, to one decimal.
fn load(octets: u64, period: Duration) -> f64 {
    let tenths = octets.saturating_mul(8).checked_div(period.as_secs().max(1)).unwrap_or(0).div_ceil(100_000);
    f64::from(u32::try_from(tenths).unwrap_or(u32::MAX)) / 10.0
}

fn say(simulated: &Simulated) -> std::io::Result<()> {
    let Simulated { plan, certificates, revoking_ms, batches, readers, .. } = simulated;
    out::line(format_args!(
        "{plan}: {certificates} certificates in {batches} batches, revoked in about {} s",
        seconds(*revoking_ms)
    ))?;
    for list in &simulated.lists {
        let SimulatedList { authority, list: id, entries_before, entries_after, octets_before, octets_after, .. } =
            list;
        let signing = list.signing_ms.map_or("its key was not asked".to_owned(), |ms| format!("signed in {ms} ms"));
        out::line(format_args!(
            "  {authority} {id}: {entries_before} → {entries_after} entries, {octets_before} → about {octets_after} octets"
        ))?;
        out::line(format_args!(
            "    made in about {} s, {signing}; {readers} readers load {} Mbit/s",
            seconds(list.making_ms),
            list.load_mbit_per_second
        ))?;
    }
    out::line(format_args!(
        "  when {readers} readers fetch every list once: {} MB",
        simulated.published_octets.div_ceil(1_000_000)
    ))
}

/// Seconds, to one decimal and never less than 0.1.
fn seconds(millis: u64) -> f64 {
    f64::from(u32::try_from(millis.div_ceil(100)).unwrap_or(u32::MAX)) / 10.0
}
