//! `lgpki bench revocation`: revocation where much is revoked already. In the installation of the configuration, which keeps what is
//! written: a scratch one.

use super::{BenchError, cpu, prepare_failed};
use crate::clock::SystemClock;
use crate::config::Config;
use crate::entropy::SystemEntropy;
use crate::installation::{self, Repository};
use crate::progress::Patience;
use crate::secrets::KeySecrets;
use crate::trouble::{Exit, Trouble, chain};
use ca_core::audit::Actor;
use ca_core::entropy::Entropy;
use ca_core::id::AuthorityId;
use ca_core::revocation::{ListId, Revocation, RevocationReason};
use ca_core::serial::SerialNumber;
use ca_core::signer::Signer;
use ca_core::time::{Clock, Timestamp};
use ocsp::{Follower, Responder};
use ra_web::Environment;
use serde::Serialize;
use std::io::Write;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};
use store::imports::ImportedCertificate;
use store::{Step, Store};

/// What to measure.
#[derive(Debug, clap::Args)]
pub struct BenchRevocation {
    /// The authority whose certificates are made up, revoked and answered for
    #[arg(long, default_value = "application-ca", value_parser = |text: &str| AuthorityId::parse(text).map_err(|error| error.to_string()))]
    pub authority: AuthorityId,
    /// How many are revoked before
    #[arg(long, default_value_t = 1_000_000)]
    pub entries: u32,
    /// How many have an answer signed ahead
    #[arg(long, default_value_t = 1_000_000)]
    pub answers: u32,
    /// How many are revoked one by one
    #[arg(long, default_value_t = 500)]
    pub revocations: u32,
    /// Where the secrets of the key stores come from.
    #[command(flatten)]
    pub secrets: KeySecrets,
    /// How results are written
    #[arg(long, default_value = "text")]
    pub format: crate::out::Format,
}

/// What was measured.
#[derive(Debug, Serialize)]
pub struct MeasuredRevocation {
    schema: &'static str,
    database: String,
    entries: u32,
    /// One revocation, its transaction durable: half took less, and 99 of 100.
    revoke_p50_ms: f64,
    revoke_p99_ms: f64,
    /// From the rows to the list stored, and to a file of it that is on the disk.
    stored_s: f64,
    published_s: f64,
    octets: u64,
    answers: u32,
    /// What memory takes for the answers, all together and each.
    answers_mib: f64,
    answer_octets: f64,
}

/// Certificates written down in one transaction.
const BATCH: usize = 2000;
const ACTOR: Actor = Actor::System("bench");

/// Measures. Errors: exit 3 for the configuration, and for an installation in production; exit 5 for stores, database and disk.
pub async fn run(what: &BenchRevocation, file: &Path) -> Result<MeasuredRevocation, Trouble> {
    let config = crate::config::load(file)?;
    if config.public.environment == Environment::Production {
        let why =
            "this installation is for production, and the measurement would write certificates into it that nobody has";
        return Err(Trouble::new(Exit::Configuration, why)
            .advice("make a scratch one (`lgpki init FOLDER`) and name its lgpki.toml"));
    }
    let store = installation::open_current(&config.database).await?;
    let keys = installation::open_keys_in_service(&config, &what.secrets, &store).await?;
    let signer: Arc<dyn Signer> = Arc::new(keys);
    let measured = measured(what, (&config, &store), signer).await;
    store.close().await;
    measured.map_err(|error| Trouble::new(Exit::Unavailable, "nothing was measured").because(chain(&error)))
}

async fn measured(
    what: &BenchRevocation,
    (config, store): (&Config, &Store),
    signer: Arc<dyn Signer>,
) -> Result<MeasuredRevocation, BenchError> {
    let live = made_up(store, what, (what.answers.max(what.revocations), false)).await?;
    let (answers_mib, answer_octets) = answers(what, (config, store), Arc::clone(&signer), &live).await?;
    made_up(store, what, (what.entries, true)).await?;
    let (stored_s, published_s, octets) = list(what, (config, store), &signer).await?;
    let mut times = Vec::new();
    for serial in live.iter().take(usize::try_from(what.revocations).unwrap_or(0)) {
        let begun = Instant::now();
        let now = SystemClock.now();
        let mut txn = store.write(now, ACTOR).await?;
        txn.revoke(&what.authority, serial, &revocation(now)).await?;
        txn.commit(Step::Revoked).await?;
        times.push(begun.elapsed().as_secs_f64() * 1000.0);
    }
    times.sort_by(f64::total_cmp);
    let at = |hundredth: usize| times.get(times.len().saturating_mul(hundredth) / 100).copied().unwrap_or(0.0);
    Ok(MeasuredRevocation {
        schema: "lgpki.bench.revocation/1",
        database: if config.database.url.starts_with("postgres") { "PostgreSQL" } else { "SQLite" }.to_owned(),
        entries: what.entries,
        revoke_p50_ms: at(50),
        revoke_p99_ms: at(99),
        stored_s,
        published_s,
        octets,
        answers: what.answers,
        answers_mib,
        answer_octets,
    })
}

fn revocation(now: Timestamp) -> Revocation {
    Revocation { reason: RevocationReason::Superseded, revoked_at: now.whole_seconds(), invalidity_at: None }
}

/// Writes down certificates that nobody has, revoked or not. Their serials, in no order.
async fn made_up(
    store: &Store,
    what: &BenchRevocation,
    (count, revoked): (u32, bool),
) -> Result<Vec<SerialNumber>, BenchError> {
    let (mut patience, mut serials) = (Patience::begin(), Vec::new());
    while serials.len() < usize::try_from(count).unwrap_or(0) {
        let now = SystemClock.now();
        let mut batch = Vec::with_capacity(BATCH);
        for _ in 0..BATCH.min(usize::try_from(count).unwrap_or(0).saturating_sub(serials.len())) {
            let mut key_sha256 = [0; 32];
            SystemEntropy.fill(&mut key_sha256).map_err(prepare_failed)?;
            batch.push(ImportedCertificate {
                serial: SerialNumber::drawn(&SystemEntropy).map_err(prepare_failed)?,
                subject: "CN=bench".to_owned(),
                names: String::new(),
                key_sha256,
                not_before: now,
                not_after: now.plus(Duration::from_secs(365 * 86_400)),
                tbs: Vec::new(),
                der: Vec::new(),
                revocation: revoked.then(|| revocation(now)),
                is_ca: false,
            });
        }
        let mut txn = store.write(now, ACTOR).await?;
        txn.import_certificates(&what.authority, &batch).await?;
        txn.commit(Step::Setup).await?;
        serials.extend(batch.into_iter().map(|one| one.serial));
        patience.tell(u64::try_from(serials.len()).unwrap_or(0), u64::from(count), "certificates made up");
    }
    Ok(serials)
}

/// Signs answers, and takes them into memory: what that takes in MiB, and each of them in octets.
async fn answers(
    what: &BenchRevocation,
    (config, store): (&Config, &Store),
    signer: Arc<dyn Signer>,
    live: &[SerialNumber],
) -> Result<(f64, f64), BenchError> {
    let responder = Responder::new(store.clone(), signer, Arc::new(SystemClock), config.policy.ocsp());
    let (mut patience, mut signed) = (Patience::begin(), 0_u64);
    for batch in live.get(..usize::try_from(what.answers).unwrap_or(0)).unwrap_or(live).chunks(BATCH) {
        responder.presign(&what.authority, batch).await.map_err(prepare_failed)?;
        signed = signed.saturating_add(u64::try_from(batch.len()).unwrap_or(0));
        patience.tell(signed, u64::from(what.answers), "answers signed");
    }
    let before = cpu::resident_mib();
    responder.follow(&mut Follower::default()).await?;
    let taken = cpu::resident_mib() - before;
    Ok((taken, taken * 1024.0 * 1024.0 / f64::from(what.answers.max(1))))
}

/// Seconds until the whole list is stored, and until a file of it is on the disk; and its octets.
async fn list(
    what: &BenchRevocation,
    (config, store): (&Config, &Store),
    signer: &Arc<dyn Signer>,
) -> Result<(f64, f64, u64), BenchError> {
    let row =
        store.read().await?.authority(&what.authority).await?.ok_or_else(|| prepare_failed("no such authority"))?;
    let plans = config.policy.lists_of(&row, &Repository::of(&config.public));
    let plan = plans.into_iter().find(|plan| plan.list == ListId::FULL);
    let plan = plan.ok_or_else(|| prepare_failed("the authority has no list of everything"))?;
    let begun = Instant::now();
    crl::refresh(store, signer, (&what.authority, &plan), SystemClock.now()).await.map_err(prepare_failed)?;
    let stored = begun.elapsed().as_secs_f64();
    let folder = super::Scratch::new()?;
    let mut file = std::fs::File::create(folder.path.join("list.crl")).map_err(prepare_failed)?;
    let octets = store.read().await?.latest_crl_octets(&what.authority, plan.list).await?.unwrap_or_default();
    file.write_all(&octets).and_then(|()| file.sync_all()).map_err(prepare_failed)?;
    Ok((stored, begun.elapsed().as_secs_f64(), u64::try_from(octets.len()).unwrap_or(0)))
}

impl MeasuredRevocation {
    /// The figures for people, a line each.
    pub fn text(&self) -> String {
        [
            format!("{}, {} certificates revoked before", self.database, self.entries),
            format!(
                "revoke one           {:>8.2} ms, 99 of 100 within {:.2} ms",
                self.revoke_p50_ms, self.revoke_p99_ms
            ),
            format!(
                "rows to stored list  {:>8.2} s, to a file {:.2} s; {} octets",
                self.stored_s, self.published_s, self.octets
            ),
            format!(
                "answers in memory    {:>8.1} MiB for {}, {:.0} octets each",
                self.answers_mib, self.answers, self.answer_octets
            ),
        ]
        .join("\n")
    }
}
