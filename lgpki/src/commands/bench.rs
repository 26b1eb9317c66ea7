//! `lgpki bench issue`: how many certificates a second the real pipeline makes on this machine with this database, and
//! how near that is to what the key alone can do. Every certificate passes proof of possession of its request, vetting,
//! encoding, all lint rules, the intent (first durable step), the signature, its verification by the other library, and
//! the record (second durable step), with the audit events of both. What it leaves out: pages, and the rows of requests.

mod cpu;
pub mod crl;
pub mod encode;
mod load;
pub mod revocation;

use crate::clock::SystemClock;
use crate::entropy::SystemEntropy;
use crate::issuance::{Issuance, Means};
use crate::secrets::PinSource;
use ca_core::entropy::Entropy;
use ca_core::id::{AuthorityId, KeyLabel};
use ca_core::issue::{Authority, Order, PublicAddresses};
use ca_core::key::KeyAlgorithm;
use ca_core::name::{Attribute, DistinguishedName, StringKind};
use ca_core::profile::{Pack, Packs};
use ca_core::signer::{KeyKeeper, Signer, SignerError, Tbs};
use ca_core::time::Clock;
use hsm_adapters::pkcs11::{TokenKeys, TokenSettings};
use hsm_adapters::{Passphrase, SoftKeys};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};
use store::{OpenOptions, Store};

/// What to measure.
#[derive(Clone, Debug, clap::Args)]
pub struct BenchIssue {
    /// The database: sqlite:PATH or postgres://…; it gets the schema if it is empty, and keeps what is issued
    #[arg(long, value_name = "URL")]
    pub database: String,
    /// The kind of key the authority signs with and the requests carry
    #[arg(long, default_value = "p256", value_parser = parse_key)]
    pub key: KeyAlgorithm,
    /// The kind of key the requests carry, if it is another
    #[arg(long, value_name = "KEY", value_parser = parse_key)]
    pub request_key: Option<KeyAlgorithm>,
    /// The authority's key is made in a PKCS#11 token, and destroyed again: the module of its maker (…/libsofthsm2.so)
    #[arg(long, value_name = "FILE", requires = "token")]
    pub token_module: Option<PathBuf>,
    /// The label of the token
    #[arg(long, value_name = "LABEL", requires = "token_module")]
    pub token: Option<String>,
    /// Its PIN.
    #[command(flatten)]
    pub pin: PinSource,
    /// Sessions of the token that sign at once
    #[arg(long, default_value_t = 4, requires = "token_module", value_parser = clap::value_parser!(u8).range(1..=64))]
    pub sessions: u8,
    /// Requests under way at once
    #[arg(long, default_value_t = 64, value_parser = clap::value_parser!(u16).range(1..=4096))]
    pub concurrency: u16,
    /// How long to measure, in seconds
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=3600))]
    pub seconds: u32,
    /// How results are written
    #[arg(long, default_value = "text")]
    pub format: crate::out::Format,
}

fn parse_key(word: &str) -> Result<KeyAlgorithm, String> {
    KeyAlgorithm::parse(word)
        .ok_or_else(|| "one of p256, p384, rsa2048, rsa3072, rsa4096, mldsa44, mldsa65, mldsa87".to_owned())
}

/// What was measured; see the field names. Written as JSON with `schema`.
#[derive(Debug, serde::Serialize)]
pub struct Measured {
    schema: &'static str,
    database: &'static str,
    key: String,
    /// `software` or `pkcs11`.
    key_store: &'static str,
    concurrency: u16,
    cores: usize,
    seconds: f64,
    certificates: u64,
    failures: u64,
    certificates_per_second: f64,
    p50_ms: f64,
    p99_ms: f64,
    /// Signatures per second of that key alone, measured just before and after with the same library or device.
    raw_signatures_per_second: f64,
    ratio_to_raw: f64,
    /// CPU of this process per certificate: proof of possession, lints, signature, verification, database client.
    cpu_ms_per_certificate: f64,
    /// CPU of local PostgreSQL processes per certificate; none for SQLite (it is in ours) or a remote server.
    database_cpu_ms_per_certificate: Option<f64>,
    /// From the start of the process and an empty folder (SQLite, new P-256 keys) to the first durable certificate of a holder.
    first_certificate_ms: f64,
}

/// Why nothing was measured.
#[derive(Debug, thiserror::Error)]
pub enum BenchError {
    /// A folder, thread or random source.
    #[error("cannot prepare the measurement: {0}")]
    Prepare(String),
    /// A password on the command line, where everybody on the machine can read it.
    #[error("a password in --database is refused: let this user log in without one (a socket, or ~/.pgpass)")]
    PasswordInArgument,
    /// The database.
    #[error("the database failed: {0}")]
    Store(#[from] store::StoreError),
}

fn prepare_failed(error: impl std::fmt::Display) -> BenchError {
    BenchError::Prepare(error.to_string())
}

/// Measures. `started` is when the process began. Errors: the database or the folder for keys.
pub async fn run(what: &BenchIssue, started: Instant) -> Result<Measured, BenchError> {
    if url::Url::parse(&what.database).is_ok_and(|url| url.password().is_some()) {
        return Err(BenchError::PasswordInArgument);
    }
    let first = first_certificate(started).await?;
    let folder = Scratch::new()?;
    let place = place(what, &folder.path)?;
    let (engine, label) = engine(&what.database, &place.keeper(), what.key).await?;
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let raw_before = place.raw_signing_rate(&label, cores)?;
    let requests = load::requests(what.request_key.unwrap_or(what.key))?;
    load::run(&engine, &requests, what.concurrency, Duration::from_millis(500)).await; // warm: plans, caches, connections
    let postgres = what.database.starts_with("postgres");
    let before = cpu::Sample::take(postgres);
    let load = load::run(&engine, &requests, what.concurrency, Duration::from_secs(u64::from(what.seconds))).await;
    let used = cpu::Sample::take(postgres).since(&before);
    // Before and after, since a machine is not equally busy all the time.
    let raw = f64::midpoint(raw_before, place.raw_signing_rate(&label, cores)?);
    place.cleared(&label)?;
    let certificates = u32::try_from(load.latencies.len()).unwrap_or(u32::MAX);
    let per_second = f64::from(certificates) / load.elapsed.as_secs_f64();
    let each = |seconds: f64| seconds * 1000.0 / f64::from(certificates.max(1));
    Ok(Measured {
        schema: "lgpki.bench.issue/1",
        database: if postgres { "postgresql" } else { "sqlite" },
        key: what.key.to_string(),
        key_store: place.name(),
        concurrency: what.concurrency,
        cores,
        seconds: load.elapsed.as_secs_f64(),
        certificates: u64::from(certificates),
        failures: load.failures,
        certificates_per_second: per_second,
        p50_ms: load.percentile(50),
        p99_ms: load.percentile(99),
        raw_signatures_per_second: raw,
        ratio_to_raw: per_second / raw,
        cpu_ms_per_certificate: each(used.ours),
        database_cpu_ms_per_certificate: used.database.map(each),
        first_certificate_ms: first.as_secs_f64() * 1000.0,
    })
}

impl Measured {
    /// The figures for people, a line each.
    pub fn text(&self) -> String {
        let database =
            self.database_cpu_ms_per_certificate.map_or("not measured".to_owned(), |ms| format!("{ms:.3} ms"));
        format!(
            "{:.0} certificates/s ({} in {:.1} s, {} failed), {} at concurrency {} on {} cores, {}\n\
             latency: p50 {:.1} ms, p99 {:.1} ms\n\
             the key alone: {:.0} signatures/s; the pipeline reaches {:.0} % of it\n\
             CPU per certificate: ours {:.3} ms, database {database}\n\
             first certificate from an empty folder: {:.0} ms",
            self.certificates_per_second,
            self.certificates,
            self.seconds,
            self.failures,
            self.key,
            self.concurrency,
            self.cores,
            self.database,
            self.p50_ms,
            self.p99_ms,
            self.raw_signatures_per_second,
            self.ratio_to_raw * 100.0,
            self.cpu_ms_per_certificate,
            self.first_certificate_ms,
        )
    }
}

/// A folder that is gone when this is dropped.
pub(super) struct Scratch {
    pub(super) path: std::path::PathBuf,
}

impl Scratch {
    pub(super) fn new() -> Result<Self, BenchError> {
        let name = ca_core::id::JobId::new(SystemClock.now(), &SystemEntropy).map_err(prepare_failed)?;
        let path = std::env::temp_dir().join(format!("lgpki-bench-{name}"));
        std::fs::create_dir(&path).map_err(prepare_failed)?;
        Ok(Self { path })
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // What cannot be removed lies in the system's folder for temporary files.
        drop(std::fs::remove_dir_all(&self.path));
    }
}

fn keys_in(folder: &Path) -> Result<SoftKeys, BenchError> {
    let mut secret = [0u8; 32];
    SystemEntropy.fill(&mut secret).map_err(prepare_failed)?;
    let passphrase = Passphrase::typed(ca_core::digest::hex(&secret).into()).map_err(prepare_failed)?;
    // 256 drawn bits cannot be guessed, so there is nothing for more rounds to slow down.
    SoftKeys::open_with_iterations(&folder.join("keys"), passphrase, 1_000).map_err(prepare_failed)
}

/// A self-signed authority with a new key, and the engine that issues under it.
async fn engine(
    database: &str,
    keys: &Arc<dyn KeyKeeper>,
    key: KeyAlgorithm,
) -> Result<(Issuance, KeyLabel), BenchError> {
    let entropy = Arc::new(SystemEntropy);
    let word = format!("bench-{}", ca_core::id::JobId::new(SystemClock.now(), &SystemEntropy).map_err(prepare_failed)?);
    let (id, label) =
        (AuthorityId::parse(&word).map_err(prepare_failed)?, KeyLabel::parse(&word).map_err(prepare_failed)?);
    let maker = {
        let (keys, label) = (Arc::clone(keys), label.clone());
        move || keys.create(&label, key)
    };
    let made = tokio::task::spawn_blocking(maker); // beside the database: both wait, for randomness and for the disk
    let store = Store::open(database, &OpenOptions::new(entropy.clone())).await?;
    store.migrate().await?;
    let public = made.await.map_err(prepare_failed)?.map_err(prepare_failed)?;
    let name = DistinguishedName::new(&[
        (Attribute::Country, StringKind::Printable, "JP"),
        (Attribute::CommonName, StringKind::Printable, "Bench CA"),
    ])
    .map_err(prepare_failed)?;
    let founding = Authority::founding(id.clone(), name.clone(), public.clone(), label.clone());
    let pack = Pack::shipped("lgwan-private").ok_or_else(|| prepare_failed("no pack"))?.map_err(prepare_failed)?;
    let pack = if key.is_ml_dsa() { pack.shadow(key) } else { pack };
    let pack = pack.also_issued_by(&id);
    let root =
        Order::ceremony(pack.profile_named("root-ca").ok_or_else(|| prepare_failed("no profile"))?, name, public);
    let packs = Packs::new(vec![pack]).map_err(prepare_failed)?;
    let means = Means { packs, signer: keys.clone(), store, entropy, clock: Arc::new(SystemClock) };
    let start = |authority| Issuance::start(authority, means.clone(), LANES).map_err(prepare_failed);
    let own = start(founding)?.submit(root).await.map_err(prepare_failed)?;
    let certificate = ca_core::certificate::Certificate::from_der(own.der()).map_err(prepare_failed)?;
    let base = "http://repository.example.lg.jp";
    let addresses = PublicAddresses {
        crl: vec![format!("{base}/crl/bench.crl")],
        ocsp: vec![format!("{base}/ocsp/bench")],
        issuer_certificate: vec![format!("{base}/aia/bench.cer")],
    };
    let authority = Authority::of_certificate(id, &certificate, label.clone(), addresses).map_err(prepare_failed)?;
    Ok((start(authority)?, label))
}

/// Lanes of the engine under measurement: the number the service uses.
const LANES: usize = crate::serve::LANES;

/// From an empty folder to the first durable certificate of a holder.
async fn first_certificate(started: Instant) -> Result<Duration, BenchError> {
    let folder = Scratch::new()?;
    let keys: Arc<dyn KeyKeeper> = Arc::new(keys_in(&folder.path)?);
    let database = format!("sqlite:{}", folder.path.join("lgpki.db").display());
    let request = tokio::task::spawn_blocking(|| load::request(KeyAlgorithm::P256)); // the holder's part, beside ours
    let (engine, _) = engine(&database, &keys, KeyAlgorithm::P256).await?;
    load::one(&engine, &request.await.map_err(prepare_failed)??).await?;
    Ok(started.elapsed())
}

/// Where the key under measurement is.
enum Place {
    Folder(SoftKeys),
    Token(TokenKeys),
}

/// In the token the command line names, else in `folder`.
fn place(what: &BenchIssue, folder: &Path) -> Result<Place, BenchError> {
    let (Some(module), Some(token)) = (&what.token_module, &what.token) else {
        return Ok(Place::Folder(keys_in(folder)?));
    };
    let pin = what.pin.pin(token).map_err(prepare_failed)?;
    let (module, token, sessions) = (module.clone(), token.clone(), usize::from(what.sessions));
    let settings = TokenSettings { module, token, sessions, timeout: Duration::from_secs(30) };
    TokenKeys::start(settings, Some(pin)).map(Place::Token).map_err(prepare_failed)
}

impl Place {
    const fn name(&self) -> &'static str {
        match self {
            Self::Folder(_) => "software",
            Self::Token(_) => "pkcs11",
        }
    }

    fn keeper(&self) -> Arc<dyn KeyKeeper> {
        match self {
            Self::Folder(keys) => Arc::new(keys.clone()),
            Self::Token(keys) => Arc::new(keys.clone()),
        }
    }

    /// Signatures per second of the key alone, over one second, or two with a token.
    fn raw_signing_rate(&self, label: &KeyLabel, cores: usize) -> Result<f64, BenchError> {
        let prepare = |error: SignerError| BenchError::Prepare(error.to_string());
        match self {
            Self::Folder(keys) => raw_signing_rate(keys, label, cores),
            Self::Token(keys) => {
                let algorithm = keys.public_key(label).map_err(prepare)?.algorithm().signature_algorithm();
                keys.raw_rate(label, algorithm, &MESSAGE, Duration::from_secs(2)).map_err(prepare)
            }
        }
    }

    /// Leaves nothing in a token; a folder goes by itself.
    fn cleared(&self, label: &KeyLabel) -> Result<(), BenchError> {
        match self {
            Self::Folder(_) => Ok(()),
            Self::Token(keys) => keys.destroy(label).map_err(prepare_failed),
        }
    }
}

/// About the length of a TBSCertificate.
const MESSAGE: [u8; 900] = [0x5a; 900];

/// Signatures per second with all cores signing, over one second.
fn raw_signing_rate(keys: &SoftKeys, label: &KeyLabel, cores: usize) -> Result<f64, BenchError> {
    let prepare = |error: SignerError| BenchError::Prepare(error.to_string());
    let algorithm = keys.public_key(label).map_err(prepare)?.algorithm().signature_algorithm();
    let begin = Instant::now();
    let counted: u32 = std::thread::scope(|scope| {
        let signers: Vec<_> = (0..cores)
            .map(|_| {
                scope.spawn(|| {
                    let mut made = 0u32;
                    while begin.elapsed() < Duration::from_secs(1) {
                        let batch = keys.sign(label, algorithm, &[Tbs::Probe(&MESSAGE); 8]);
                        made =
                            made.saturating_add(u32::try_from(batch.iter().filter(|s| s.is_ok()).count()).unwrap_or(0));
                    }
                    made
                })
            })
            .collect();
        signers.into_iter().map(|signer| signer.join().unwrap_or(0)).sum()
    });
    if counted == 0 {
        return Err(BenchError::Prepare("the key does not sign".to_owned()));
    }
    Ok(f64::from(counted) / begin.elapsed().as_secs_f64())
}
