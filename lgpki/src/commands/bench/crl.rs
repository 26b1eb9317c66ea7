//! `lgpki bench crl`: what a long revocation list costs once its rows are in memory, beside the least it could cost: one
//! SHA-256 over its octets and one signature. No database.

use super::{BenchError, prepare_failed};
use crate::clock::SystemClock;
use crate::entropy::SystemEntropy;
use ca_core::certificate::Certificate;
use ca_core::digest::sha256;
use ca_core::entropy::Entropy;
use ca_core::id::KeyLabel;
use ca_core::issue::{Authority, Order, prepare};
use ca_core::key::{KeyAlgorithm, SignatureAlgorithm};
use ca_core::profile::Pack;
use ca_core::revocation::{ListId, RevocationReason};
use ca_core::serial::SerialNumber;
use ca_core::signer::{KeyKeeper, Signer, Tbs};
use ca_core::time::{Clock, Timestamp};
use crl::build::CrlContent;
use crl::check::check_written;
use crl::draft::Draft;
use crl::entries::CrlEntry;
use hsm_adapters::SoftKeys;
use serde::Serialize;
use std::io::Read;
use std::time::{Duration, Instant};

/// What to measure.
#[derive(Clone, Debug, clap::Args)]
pub struct BenchCrl {
    /// How many entries
    #[arg(long, default_value_t = 1_000_000, value_parser = clap::value_parser!(u32).range(1..=20_000_000))]
    pub entries: u32,
    /// The kind of key that signs
    #[arg(long, default_value = "p256", value_parser = super::parse_key)]
    pub key: KeyAlgorithm,
    /// Every entry gives a reason, which is 14 octets more
    #[arg(long)]
    pub reasons: bool,
    /// No row stands in memory: each is made when it is written, as when they come from a database (for the memory, not the time)
    #[arg(long)]
    pub streamed: bool,
    /// How often
    #[arg(long, default_value_t = 7, value_parser = clap::value_parser!(u8).range(1..=100))]
    pub runs: u8,
    /// Keep the last list (DER) in this file, for others to be measured with
    #[arg(long, value_name = "FILE")]
    pub out: Option<std::path::PathBuf>,
    /// How results are written
    #[arg(long, default_value = "text")]
    pub format: crate::out::Format,
}

/// What was measured; medians.
#[derive(Debug, Serialize)]
pub struct Listed {
    schema: &'static str,
    key: String,
    entries: u32,
    octets: u64,
    runs: u8,
    /// Entries written, framed, digested and signed.
    build_ms: f64,
    /// The same for the first list of this process, which has no memory to use again.
    first_ms: f64,
    /// SHA-256 over the same octets, and one signature.
    limit_ms: f64,
    ratio_to_limit: f64,
    /// One signature alone, of a message of a hundred octets; the mean of a second.
    signature_us: f64,
    /// Read again, verified and compared, as before a list is stored.
    check_ms: f64,
    /// Most memory this process ever had, its rows included (VmHWM).
    peak_mib: f64,
    /// Of that, what the rows take.
    rows_mib: f64,
}

/// Measures. Errors: the folder for keys, no randomness, the disk.
pub fn run(what: &BenchCrl) -> Result<Listed, BenchError> {
    let folder = super::Scratch::new()?;
    let keys = super::keys_in(&folder.path)?;
    let label = KeyLabel::parse("bench-ca").map_err(prepare_failed)?;
    let issuer = issuer(&keys, (&label, what.key))?;
    let rows = Rows::new(what)?;
    let now = SystemClock.now();
    let content = content(&issuer, now);
    let (mut builds, mut limits, mut checks, mut octets) = (Vec::new(), Vec::new(), Vec::new(), 0u64);
    for _ in 0..what.runs {
        let begun = Instant::now();
        let mut draft = Draft::with_room(usize::try_from(what.entries).unwrap_or(0));
        rows.each(|entry| draft.push(entry).map_err(prepare_failed))?;
        let mut signed = draft.sign(&content, (&keys, &label)).map_err(prepare_failed)?;
        builds.push(begun.elapsed());
        octets = signed.octets();
        let written = (signed.draft().count(), signed.draft().sum());
        let begun = Instant::now();
        check_written(signed.reader().map_err(prepare_failed)?, &content, written).map_err(prepare_failed)?;
        checks.push(begun.elapsed());
        limits.push(limit(&keys, (&label, &content), &mut signed.reader().map_err(prepare_failed)?)?);
        if let Some(file) = &what.out {
            let mut file = std::fs::File::create(file).map_err(prepare_failed)?;
            std::io::copy(&mut signed.reader().map_err(prepare_failed)?, &mut file).map_err(prepare_failed)?;
        }
    }
    let first_ms = builds.first().map_or(0.0, |time| time.as_secs_f64() * 1000.0);
    let (build_ms, limit_ms) = (median(builds), median(limits));
    Ok(Listed {
        schema: "lgpki.bench.crl/1",
        key: what.key.to_string(),
        entries: what.entries,
        octets,
        runs: what.runs,
        build_ms,
        first_ms,
        limit_ms,
        ratio_to_limit: build_ms / limit_ms,
        signature_us: signature_us((&keys, &label), content.algorithm)?,
        check_ms: median(checks),
        peak_mib: super::cpu::peak_mib(),
        rows_mib: rows.mib(),
    })
}

/// The certificate of a root of the shipped pack, with a new key.
fn issuer(keys: &SoftKeys, (label, kind): (&KeyLabel, KeyAlgorithm)) -> Result<Certificate, BenchError> {
    let key = keys.create(label, kind).map_err(prepare_failed)?;
    let pack = Pack::shipped("lgwan-private").ok_or_else(|| prepare_failed("no pack"))?.map_err(prepare_failed)?;
    let pack = if kind.is_ml_dsa() { pack.shadow(kind) } else { pack };
    let profile = pack.profile_named("root-ca").ok_or_else(|| prepare_failed("no profile"))?;
    let rule = pack.authorities.iter().find(|rule| rule.issuer.is_none()).ok_or_else(|| prepare_failed("no root"))?;
    let root = Authority::founding(rule.id.clone(), rule.subject.clone(), key.clone(), label.clone());
    let order = Order::ceremony(profile, rule.subject.clone(), key);
    let linted = prepare(&pack, &root, order, &SystemEntropy, SystemClock.now()).map_err(prepare_failed)?;
    let (tbs, algorithm) = (&linted.facts().tbs, root.signature_algorithm());
    let signature = keys.sign(label, algorithm, &[Tbs::Certificate(tbs)]).pop();
    let signature = signature.ok_or_else(|| prepare_failed("no signature"))?.map_err(prepare_failed)?;
    Certificate::from_der(&algorithm.signed(tbs, &signature)).map_err(prepare_failed)
}

/// Entries in order, of certificates that were revoked over the last year.
enum Rows {
    Held(Vec<CrlEntry>),
    Made { count: u32, like: CrlEntry },
}

impl Rows {
    fn new(what: &BenchCrl) -> Result<Self, BenchError> {
        let now = SystemClock.now().whole_seconds();
        let reason = if what.reasons { RevocationReason::Superseded } else { RevocationReason::Unspecified };
        let mut octets = [0u8; 17];
        SystemEntropy.fill(&mut octets).map_err(prepare_failed)?;
        let like = CrlEntry { serial: serial(octets)?, revoked_at: now, reason, invalidity_at: None };
        if what.streamed {
            return Ok(Self::Made { count: what.entries, like });
        }
        let mut entries = Vec::with_capacity(usize::try_from(what.entries).unwrap_or(0));
        for n in 0..what.entries {
            SystemEntropy.fill(&mut octets).map_err(prepare_failed)?;
            entries.push(CrlEntry { serial: serial(octets)?, ..nth(&like, n) });
        }
        entries.sort_unstable_by(|one, other| one.serial.cmp(&other.serial));
        Ok(Self::Held(entries))
    }

    fn each(&self, mut take: impl FnMut(&CrlEntry) -> Result<(), BenchError>) -> Result<(), BenchError> {
        match self {
            Self::Held(entries) => entries.iter().try_for_each(take),
            Self::Made { count, like } => (0..*count).try_for_each(|n| {
                let mut octets = [0x5a; 17];
                octets.iter_mut().skip(1).zip(n.to_be_bytes()).for_each(|(octet, of_n)| *octet = of_n);
                take(&CrlEntry { serial: serial(octets)?, ..nth(like, n) })
            }),
        }
    }

    fn mib(&self) -> f64 {
        let octets = match self {
            Self::Held(entries) => entries.len().saturating_mul(size_of::<CrlEntry>()),
            Self::Made { .. } => 0,
        };
        f64::from(u32::try_from(octets / 1024).unwrap_or(u32::MAX)) / 1024.0
    }
}

/// A serial of full length with these octets behind its first.
fn serial(mut octets: [u8; 17]) -> Result<SerialNumber, BenchError> {
    octets.iter_mut().zip([0x40]).for_each(|(first, high)| *first = (*first & 0x3f) | high);
    SerialNumber::from_bytes(&octets).map_err(prepare_failed)
}

fn nth(like: &CrlEntry, n: u32) -> CrlEntry {
    CrlEntry { revoked_at: like.revoked_at.minus(Duration::from_secs(u64::from(n % 31_536_000))), ..like.clone() }
}

fn content(issuer: &Certificate, now: Timestamp) -> CrlContent<'_> {
    CrlContent {
        issuer,
        algorithm: issuer.signs_with(),
        list: ListId::FULL,
        number: 1,
        base_number: None,
        this_update: now,
        next_update: now.plus(Duration::from_secs(72 * 3600)),
        addresses: &[],
        freshest: &[],
    }
}

/// The least there is to do: a digest of the octets, which stand in memory, and a signature.
fn limit(
    signer: &dyn Signer,
    (label, content): (&KeyLabel, &CrlContent<'_>),
    der: &mut impl Read,
) -> Result<Duration, BenchError> {
    let (mut octets, mut spent, mut digest) = (Vec::new(), Duration::ZERO, [0; 32]);
    loop {
        octets.clear();
        if der.take(8 << 20).read_to_end(&mut octets).map_err(prepare_failed)? == 0 {
            break;
        }
        let begun = Instant::now();
        digest = std::hint::black_box(sha256(&octets));
        spent = spent.saturating_add(begun.elapsed());
    }
    let begun = Instant::now();
    let signature = signer.sign(label, content.algorithm, &[Tbs::Probe(&digest)]).pop();
    signature.ok_or_else(|| prepare_failed("no signature"))?.map_err(prepare_failed)?;
    Ok(spent.saturating_add(begun.elapsed()))
}

/// The µs a signature of a short message takes, one after the other for a second: the mean, since that is what a server pays.
fn signature_us((signer, label): (&dyn Signer, &KeyLabel), algorithm: SignatureAlgorithm) -> Result<f64, BenchError> {
    let (begun, mut made) = (Instant::now(), 0.0);
    while begun.elapsed() < Duration::from_secs(1) {
        let signature = signer.sign(label, algorithm, &[Tbs::Probe(&[7; 100])]).pop();
        signature.ok_or_else(|| prepare_failed("no signature"))?.map_err(prepare_failed)?;
        made += 1.0;
    }
    Ok(1e6 * begun.elapsed().as_secs_f64() / made)
}

fn median(mut times: Vec<Duration>) -> f64 {
    times.sort_unstable();
    times.get(times.len() / 2).map_or(0.0, |time| time.as_secs_f64() * 1000.0)
}

impl Listed {
    /// The figures for people, a line each.
    pub fn text(&self) -> String {
        [
            format!(
                "{} entries, {} octets, {} key; medians of {} runs",
                self.entries, self.octets, self.key, self.runs
            ),
            format!("built and signed    {:>9.1} ms; the first of a process {:.1} ms", self.build_ms, self.first_ms),
            format!("SHA-256 + signature {:>9.1} ms; built in {:.2} times that", self.limit_ms, self.ratio_to_limit),
            format!("checked             {:>9.1} ms", self.check_ms),
            format!("peak memory         {:>9.1} MiB, of which rows {:.1} MiB", self.peak_mib, self.rows_mib),
        ]
        .join("\n")
    }
}
