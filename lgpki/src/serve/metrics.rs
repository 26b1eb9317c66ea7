//! Figures for Prometheus, under the names of the operations handbook. No label holds a name, a domain or a serial.
//! Counters are counted where things happen; gauges are read from the database when somebody looks.

use super::keys::KeysInService;
use crate::centre::CentreVault;
use crate::publish::standing::Standing;
use axum::extract::Request;
use axum::middleware::Next;
use axum::response::Response;
use ca_core::id::KeyLabel;
use ca_core::signer::{SignerError, Tbs};
use ca_core::time::Timestamp;
use hsm_adapters::probe::KeyState;
use metrics::{Counter, Histogram};
use metrics_exporter_prometheus::{BuildError, Matcher, PrometheusBuilder, PrometheusHandle};
use ocsp::bundle::Manifest;
use ocsp::{Outcome, Refusal};
use std::collections::HashMap;
use std::sync::{LazyLock, OnceLock, PoisonError, RwLock};
use std::time::Duration;
use store::{Store, StoreError};

/// The histogram of the issuing steps, in seconds.
pub(super) const STEP_SECONDS: &str = "lgpki_issuance_step_duration_seconds";
/// Bounds of the histograms, in seconds: from a software signature to a device that hangs.
const BUCKETS: [f64; 10] = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.1, 0.5, 2.5, 10.0];

/// The recorder of this process. The `metrics` crate has one for all; it is installed once.
static HANDLE: OnceLock<PrometheusHandle> = OnceLock::new();

/// Begins recording, once in a process. Errors: another recorder is installed.
pub(super) fn begin() -> Result<PrometheusHandle, BuildError> {
    if let Some(handle) = HANDLE.get() {
        return Ok(handle.clone());
    }
    let builder = PrometheusBuilder::new();
    let builder = builder.set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), &BUCKETS)?;
    let handle = builder.install_recorder()?;
    metrics::gauge!("lgpki_build_info", "version" => env!("CARGO_PKG_VERSION")).set(1.0);
    // A counter that exists from the start can be watched for its first rise.
    for status in ["successful", "unauthorized", "malformedRequest", "tryLater", "internalError"] {
        metrics::counter!("lgpki_ocsp_requests_total", "status" => status).absolute(0);
    }
    Ok(HANDLE.get_or_init(|| handle).clone())
}

/// An edge has taken a bundle.
pub(super) fn bundle_taken(manifest: &Manifest, now: Timestamp) {
    let number = i64::try_from(manifest.number).unwrap_or(i64::MAX);
    metrics::gauge!("lgpki_edge_bundle_number").set(figure(number));
    metrics::gauge!("lgpki_edge_bundle_taken_timestamp_seconds").set(figure(now.seconds()));
    metrics::gauge!("lgpki_edge_bundle_made_timestamp_seconds").set(figure(manifest.made_at));
    if let Some(due) = manifest.next_update {
        metrics::gauge!("lgpki_edge_bundle_next_update_timestamp_seconds").set(figure(due));
    }
}

/// An edge has refused a bundle.
pub(super) fn bundle_refused() {
    metrics::counter!("lgpki_edge_bundles_refused_total").increment(1);
}

/// Reads the gauges that stand in the database; `lgpki_clock_behind_seconds` is how far the clock is behind the last list. Errors: the database.
pub(super) async fn read_gauges(store: &Store, now: Timestamp) -> Result<(), StoreError> {
    let mut txn = store.read().await?;
    let (mut unknown, mut behind) = (0usize, Duration::ZERO);
    for authority in txn.authorities().await? {
        let id = &authority.authority_id;
        unknown = unknown.saturating_add(txn.unsettled(id).await?.len());
        for crl in txn.latest_crls(id).await? {
            behind = behind.max(crl.this_update.since(now));
            let (ca, list) = (id.to_string(), crl.list.to_string());
            let gauge = |name: &'static str| metrics::gauge!(name, "ca" => ca.clone(), "list" => list.clone());
            gauge("lgpki_crl_number").set(figure(crl.number));
            gauge("lgpki_crl_next_update_timestamp_seconds").set(figure(crl.next_update.seconds()));
            gauge("lgpki_crl_size_bytes").set(figure(crl.octets));
            if let Some(entries) = crl.entries {
                gauge("lgpki_crl_entries").set(figure(entries));
            }
        }
    }
    metrics::gauge!("lgpki_clock_behind_seconds").set(behind.as_secs_f64());
    for activation in txn.activations().await? {
        let ca = activation.authority_id.to_string();
        metrics::gauge!("lgpki_authority_active", "ca" => ca).set(if activation.active { 1.0 } else { 0.0 });
    }
    metrics::gauge!("lgpki_issuance_unknown_intents").set(figure(unknown));
    metrics::gauge!("lgpki_job_count").set(figure(txn.job_count().await?));
    for (state, count) in txn.request_counts().await? {
        metrics::gauge!("lgpki_request_state_count", "state" => state.as_str()).set(figure(count));
    }
    Ok(())
}

/// How publishing to a target goes. Somebody is called at `…_call_timestamp_seconds`, which is 0 while nothing is wrong.
pub(super) fn read_publication(standing: &Standing, now: Timestamp) {
    let gauge = |name: &'static str| metrics::gauge!(name, "target" => standing.target.clone());
    gauge("lgpki_publication_lag_seconds").set(standing.lag(now).as_secs_f64());
    gauge("lgpki_publication_call_timestamp_seconds").set(figure(standing.call_at.map_or(0, Timestamp::seconds)));
    if let Some(seen) = standing.complete_at {
        gauge("lgpki_publication_verified_timestamp_seconds").set(figure(seen.seconds()));
    }
    if let Some(deadline) = standing.deadline {
        gauge("lgpki_publication_deadline_timestamp_seconds").set(figure(deadline.seconds()));
    }
}

/// Reads how many keys the pool has ready.
pub(super) fn read_pool(centre: &CentreVault) {
    for (kind, ready) in centre.ready() {
        metrics::gauge!("lgpki_centre_keys_ready", "key" => kind.to_string()).set(figure(ready));
    }
}

/// Records how many OCSP answers are in memory.
pub(super) fn answers_in_memory(count: usize) {
    metrics::gauge!("lgpki_ocsp_answers_in_memory").set(figure(count));
}

/// A gauge's value. Exact far beyond anything counted here; a figure beyond 32 bits loses less than a millionth.
fn figure(value: impl TryInto<i64>) -> f64 {
    let value: i64 = value.try_into().unwrap_or(i64::MAX);
    let (high, low) = (value.div_euclid(1 << 20), value.rem_euclid(1 << 20));
    let [high, low] = [high, low].map(|part| f64::from(i32::try_from(part).unwrap_or(i32::MAX)));
    high * f64::from(1u32 << 20) + low
}

/// Counts OCSP answers by what they say (RFC 6960 §4.2.1).
pub(super) async fn count_ocsp(request: Request, next: Next) -> Response {
    let response = next.run(request).await;
    let (successful, otherwise) = &*OCSP_ANSWERS;
    let counter = match response.extensions().get::<Outcome>() {
        Some(Outcome(None)) => Some(successful),
        Some(Outcome(Some(refusal))) => otherwise.get(refusal.name()),
        None => otherwise.get(REFUSED_BY_HTTP),
    };
    if let Some(counter) = counter {
        counter.increment(1);
    }
    response
}

/// Counts one that says something and did not have to be waited for.
pub(super) fn count_at_once() {
    OCSP_ANSWERS.0.increment(1);
    AT_ONCE.increment(1);
}

static AT_ONCE: LazyLock<Counter> = LazyLock::new(|| metrics::counter!("lgpki_ocsp_answers_at_once_total"));

/// What HTTP refused before there was an answer.
const REFUSED_BY_HTTP: &str = "refusedByHttp";

/// The counter of successful answers, and those of the others by their names.
static OCSP_ANSWERS: LazyLock<(Counter, HashMap<&'static str, Counter>)> = LazyLock::new(|| {
    let counter = |status: &'static str| metrics::counter!("lgpki_ocsp_requests_total", "status" => status);
    let refusals = Refusal::ALL.map(Refusal::name).into_iter().chain([REFUSED_BY_HTTP]);
    (counter("successful"), refusals.map(|status| (status, counter(status))).collect())
});

/// What is counted and timed of a key that signs.
#[derive(Clone)]
struct Signed {
    count: Counter,
    seconds: Histogram,
}

impl Signed {
    fn by(label: &KeyLabel) -> Self {
        static KNOWN: LazyLock<RwLock<HashMap<KeyLabel, Signed>>> = LazyLock::new(RwLock::default);
        if let Some(known) = KNOWN.read().unwrap_or_else(PoisonError::into_inner).get(label) {
            return known.clone();
        }
        let count = metrics::counter!(SIGNATURES, "key" => label.to_string(), "outcome" => "signed");
        let seconds = metrics::histogram!("lgpki_key_signature_duration_seconds", "key" => label.to_string());
        let made = Self { count, seconds };
        KNOWN.write().unwrap_or_else(PoisonError::into_inner).insert(label.clone(), made.clone());
        made
    }
}

const SIGNATURES: &str = "lgpki_key_signatures_total";

/// Counts one signature that was made, and how long it took.
pub(super) fn count_signature(label: &KeyLabel, took: Duration) {
    let by = Signed::by(label);
    by.count.increment(1);
    by.seconds.record(took);
}

/// Counts what came of a batch of signatures, and how long one took.
pub(super) fn count_signatures(
    label: &KeyLabel,
    batch: &[Tbs<'_>],
    signatures: &[Result<Vec<u8>, SignerError>],
    took: Duration,
) {
    let by = Signed::by(label);
    for signature in signatures {
        let outcome = match signature {
            Ok(_) => {
                by.count.increment(1);
                continue;
            }
            Err(SignerError::OutcomeUnknown { .. }) => "unknown",
            Err(SignerError::WrongSignature { .. }) => "wrong",
            Err(SignerError::Unusable { .. } | SignerError::NoSuchKey(_) | SignerError::KeyExists(_)) => "refused",
        };
        metrics::counter!(SIGNATURES, "key" => label.to_string(), "outcome" => outcome).increment(1);
    }
    let each = took.checked_div(u32::try_from(batch.len()).unwrap_or(u32::MAX)).unwrap_or(took);
    by.seconds.record(each);
    if matches!(batch.first(), Some(Tbs::Certificate(_))) {
        metrics::histogram!(STEP_SECONDS, "step" => "sign").record(took);
    }
}

/// Reads how the keys stand, and how much their tokens have to do.
pub(super) fn read_keys(keys: &KeysInService) {
    for (label, state) in keys.states() {
        for word in KeyState::WORDS {
            let holds = u8::from(word == state.as_str());
            metrics::gauge!("lgpki_key_state", "key" => label.to_string(), "state" => word).set(f64::from(holds));
        }
        let withheld = u8::from(keys.stores().withheld(&label).is_some());
        metrics::gauge!("lgpki_key_out_of_service", "key" => label.to_string()).set(f64::from(withheld));
    }
    for (store, load) in keys.stores().loads() {
        let store = store.to_owned();
        metrics::gauge!("lgpki_token_calls_waiting", "store" => store.clone()).set(figure(load.waiting));
        metrics::gauge!("lgpki_token_calls_under_way", "store" => store.clone()).set(figure(load.under_way));
        metrics::gauge!("lgpki_token_calls_hung", "store" => store).set(figure(load.hung));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[expect(clippy::float_cmp, reason = "these are exact")]
    fn figures_keep_their_value() {
        assert_eq!(figure(0), 0.0);
        assert_eq!(figure(-3), -3.0);
        assert_eq!(figure(1_795_000_000_i64), 1_795_000_000.0);
        assert_eq!(figure(5_usize), 5.0);
    }
}
