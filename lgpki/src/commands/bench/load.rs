//! Requesters for the measurement: each parses and proves a request, orders a certificate, waits for it, and begins anew.

use super::{BenchError, prepare_failed};
use crate::issuance::Issuance;
use ca_core::issue::Order;
use ca_core::key::KeyAlgorithm;
use ca_core::name::{AlternativeNames, DnsName, OrganisationName};
use ca_core::profile::{Field, Fields};
use ca_core::request::Csr;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Different requests in circulation.
const REQUESTS: usize = 16;

/// What came of a run.
pub(super) struct Load {
    /// Of each certificate, in microseconds, sorted.
    pub(super) latencies: Vec<u32>,
    pub(super) failures: u64,
    pub(super) elapsed: Duration,
}

impl Load {
    /// The latency below which that percentage of certificates lie, in milliseconds.
    pub(super) fn percentile(&self, percent: usize) -> f64 {
        let index = self.latencies.len().saturating_mul(percent) / 100;
        f64::from(self.latencies.get(index).or(self.latencies.last()).copied().unwrap_or(0)) / 1000.0
    }
}

/// PEM of requests with keys of that kind.
pub(super) fn requests(key: KeyAlgorithm) -> Result<Arc<Vec<String>>, BenchError> {
    Ok(Arc::new((0..REQUESTS).map(|_| request(key)).collect::<Result<_, _>>()?))
}

/// PEM of one request with a new key, made by rcgen.
pub(super) fn request(key: KeyAlgorithm) -> Result<String, BenchError> {
    let pair = crate::holder::new_key(key).map_err(prepare_failed)?;
    crate::holder::new_request(&pair, &["www.town.shirakaba.lg.jp"]).map_err(prepare_failed)
}

/// Issues with that many requesters for that long.
pub(super) async fn run(engine: &Issuance, requests: &Arc<Vec<String>>, concurrency: u16, length: Duration) -> Load {
    let begin = Instant::now();
    let end = begin + length;
    let requesters: Vec<_> = (0..concurrency)
        .map(|index| tokio::spawn(requester(engine.clone(), Arc::clone(requests), usize::from(index), end)))
        .collect();
    let mut load = Load { latencies: Vec::new(), failures: 0, elapsed: Duration::ZERO };
    for requester in requesters {
        match requester.await {
            Ok((latencies, failures)) => {
                load.latencies.extend(latencies);
                load.failures = load.failures.saturating_add(failures);
            }
            Err(_) => load.failures = load.failures.saturating_add(1),
        }
    }
    load.elapsed = begin.elapsed();
    load.latencies.sort_unstable();
    load
}

async fn requester(engine: Issuance, requests: Arc<Vec<String>>, first: usize, end: Instant) -> (Vec<u32>, u64) {
    let (mut latencies, mut failures) = (Vec::new(), 0u64);
    for request in requests.iter().cycle().skip(first % REQUESTS) {
        let begin = Instant::now();
        if begin >= end {
            break;
        }
        match one(&engine, request).await {
            Ok(()) => latencies.push(u32::try_from(begin.elapsed().as_micros()).unwrap_or(u32::MAX)),
            Err(error) => {
                failures = failures.saturating_add(1);
                tracing::warn!(event_id = "bench.failed", %error);
            }
        }
    }
    (latencies, failures)
}

/// Proves a request, orders its certificate and waits for it.
pub(super) async fn one(engine: &Issuance, request: &str) -> Result<(), BenchError> {
    let proven = Csr::parse(request.as_bytes()).and_then(Csr::prove).map_err(prepare_failed)?;
    let (key, _) = proven.into_parts();
    let name = DnsName::parse("www.town.shirakaba.lg.jp").map_err(prepare_failed)?;
    let organisation = OrganisationName::parse("Shirakaba Town").map_err(prepare_failed)?;
    let (_, profile) =
        engine.packs().profile_named("web-server").ok_or_else(|| prepare_failed("no profile web-server"))?;
    let fields =
        Fields::default().with(Field::OrganisationEn, organisation.as_str()).with(Field::ServerName, name.as_str());
    let template = profile.subject.as_ref().ok_or_else(|| prepare_failed("a profile without subject"))?;
    let subject = template.fill(&fields).map_err(prepare_failed)?;
    let order = Order::measured(profile, subject, AlternativeNames::of_servers(vec![name]), key);
    engine.submit(order).await.map(drop).map_err(prepare_failed)
}
