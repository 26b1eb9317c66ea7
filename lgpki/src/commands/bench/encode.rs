//! `lgpki bench encode`: what preparing a certificate costs on one core, for each profile that people ask for: vetting,
//! encoding, reading back with the other implementation and all lint rules. No database, no signature.

use super::{BenchError, prepare_failed};
use crate::clock::SystemClock;
use crate::commands::packs;
use crate::commands::profile::{order, unsigned};
use crate::entropy::SystemEntropy;
use crate::installation::Repository;
use ca_core::issue::{Authority, prepare};
use ca_core::key::KeyAlgorithm;
use ca_core::profile::{Pack, Profile};
use ca_core::testing::CountingEntropy;
use ca_core::time::Clock;
use hsm_adapters::holder::HolderKey;
use serde::Serialize;
use std::time::{Duration, Instant};
use url::Url;

/// What to measure.
#[derive(Clone, Debug, clap::Args)]
pub struct BenchEncode {
    /// The kind of key the certificates are for
    #[arg(long, default_value = "p256", value_parser = super::parse_key)]
    pub key: KeyAlgorithm,
    /// How long to measure each profile, in milliseconds
    #[arg(long, default_value_t = 500, value_parser = clap::value_parser!(u32).range(10..=60_000))]
    pub milliseconds: u32,
    /// How results are written
    #[arg(long, default_value = "text")]
    pub format: crate::out::Format,
}

/// What was measured.
#[derive(Debug, Serialize)]
pub struct Encoded {
    schema: &'static str,
    key: String,
    lint_rules: usize,
    profiles: Vec<Cost>,
}

#[derive(Debug, Serialize)]
struct Cost {
    profile: String,
    /// Of the to-be-signed certificate.
    octets: usize,
    certificates: usize,
    /// The median of ten runs.
    microseconds: f64,
    /// The slowest of them.
    slowest_run_microseconds: f64,
}

/// Runs whose median is told.
const RUNS: u32 = 10;

/// Measures. Errors: a pack that is not in order, no randomness.
pub fn run(what: &BenchEncode) -> Result<Encoded, BenchError> {
    let packs = packs::shipped().map_err(|trouble| prepare_failed(trouble.what()))?;
    let mut profiles = Vec::new();
    for pack in packs.iter() {
        for profile in
            pack.profiles().iter().filter(|profile| profile.certifies(what.key) && profile.family.is_requested())
        {
            profiles.push(cost(pack, profile, what)?);
        }
    }
    let lint_rules = ca_core::issue::lint::rules().count();
    Ok(Encoded { schema: "lgpki.bench.encode/1", key: what.key.to_string(), lint_rules, profiles })
}

fn cost(pack: &Pack, profile: &Profile, what: &BenchEncode) -> Result<Cost, BenchError> {
    let authority = stand_in(pack, profile)?;
    let rule = pack.authority(authority.id()).ok_or_else(|| prepare_failed("no authority"))?;
    let key = HolderKey::generate(what.key).map_err(prepare_failed)?.public().clone();
    let entropy = CountingEntropy::default();
    let now = SystemClock.now();
    let order = order::sample(profile, (rule, &authority), key, now).map_err(prepare_failed)?;
    let octets = prepare(pack, &authority, order.clone(), &entropy, now).map_err(prepare_failed)?.facts().tbs.len();
    let length = Duration::from_millis(u64::from(what.milliseconds)) / RUNS;
    let (mut means, mut certificates) = (Vec::new(), 0usize);
    for _ in 0..RUNS {
        let (begun, mut made) = (Instant::now(), 0u32);
        while begun.elapsed() < length {
            prepare(pack, &authority, order.clone(), &entropy, now).map_err(prepare_failed)?;
            made = made.saturating_add(1);
        }
        means.push(begun.elapsed().as_secs_f64() * 1e6 / f64::from(made.max(1)));
        certificates = certificates.saturating_add(usize::try_from(made).unwrap_or(0));
    }
    means.sort_by(f64::total_cmp);
    let median = means.get(means.len() / 2).copied().unwrap_or_default();
    let slowest = means.last().copied().unwrap_or_default();
    Ok(Cost {
        profile: profile.id.to_string(),
        octets,
        certificates,
        microseconds: median,
        slowest_run_microseconds: slowest,
    })
}

fn stand_in(pack: &Pack, profile: &Profile) -> Result<Authority, BenchError> {
    let rule = profile.issuers.first().and_then(|id| pack.authority(id)).ok_or_else(|| prepare_failed("no issuer"))?;
    let key = HolderKey::generate(KeyAlgorithm::P256).map_err(prepare_failed)?.public().clone();
    let url = |text: &str| Url::parse(text).map_err(prepare_failed);
    let repository = Repository {
        url: url("http://repository.lgpki.example")?,
        lgwan_url: Some(url("http://repository.lgwan.example")?),
    };
    unsigned::authority(pack, rule, &key, &repository, (&SystemEntropy, SystemClock.now())).map_err(prepare_failed)
}

impl Encoded {
    /// The figures for people, a line each.
    pub fn text(&self) -> String {
        let mut lines = vec![format!(
            "vetting, encoding, reading back and {} lint rules on one core, {} keys; median of {RUNS} runs",
            self.lint_rules, self.key
        )];
        lines.extend(self.profiles.iter().map(|cost| {
            format!(
                "{:<18} {:>5} octets  {:>6.1} µs  (slowest run {:.1} µs, {} certificates)",
                cost.profile, cost.octets, cost.microseconds, cost.slowest_run_microseconds, cost.certificates
            )
        }));
        lines.join("\n")
    }
}
