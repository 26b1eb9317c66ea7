//! Figures for Prometheus, under the names of the operations handbook. No label holds a name, a domain or a serial.
//! Counters are counted where things happen; gauges are read from the database when somebody looks.

use crate::centre::CentreVault;
use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::middleware::Next;
use axum::response::Response;
use ca_core::id::KeyLabel;
use ca_core::key::{SignatureAlgorithm, SubjectKey};
use ca_core::signer::{Signer, SignerError, Tbs};
use metrics_exporter_prometheus::{BuildError, Matcher, PrometheusBuilder, PrometheusHandle};
use ocsp::OcspResponse;
use std::sync::{Arc, OnceLock};
use std::time::Instant;
use store::{Store, StoreError};

/// The histogram of the issuing steps, in seconds.
pub(super) const STEP_SECONDS: &str = "lgpki_issuance_step_duration_seconds";
/// Bounds of the histograms, in seconds: from a software signature to a device that hangs.
const BUCKETS: [f64; 10] = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.1, 0.5, 2.5, 10.0];
/// Larger than any OCSP answer.
const LARGEST_ANSWER: usize = 256 * 1024;

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

/// Reads the gauges that stand in the database. Errors: the database.
pub(super) async fn read_gauges(store: &Store) -> Result<(), StoreError> {
    let mut txn = store.read().await?;
    let mut unknown = 0usize;
    for authority in txn.authorities().await? {
        let id = &authority.authority_id;
        unknown = unknown.saturating_add(txn.unsettled(id).await?.len());
        if let Some(crl) = txn.latest_crl(id).await? {
            let ca = id.to_string();
            metrics::gauge!("lgpki_crl_number", "ca" => ca.clone()).set(figure(crl.number));
            metrics::gauge!("lgpki_crl_next_update_timestamp_seconds", "ca" => ca.clone())
                .set(figure(crl.next_update.seconds()));
            metrics::gauge!("lgpki_crl_size_bytes", "ca" => ca).set(figure(crl.der.len()));
        }
    }
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

/// Reads how many keys the pool has ready.
pub(super) fn read_pool(centre: &CentreVault) {
    for (kind, ready) in centre.ready() {
        metrics::gauge!("lgpki_centre_keys_ready", "key" => kind.to_string()).set(figure(ready));
    }
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
    let (parts, body) = next.run(request).await.into_parts();
    let Ok(body) = to_bytes(body, LARGEST_ANSWER).await else { return Response::from_parts(parts, Body::empty()) };
    let status = match OcspResponse::parse(&body) {
        Ok(OcspResponse::Signed(_)) => "successful",
        Ok(OcspResponse::Refused(refusal)) => refusal.name(),
        Err(_) if parts.status == axum::http::StatusCode::NOT_MODIFIED => "successful",
        Err(_) => "refusedByHttp",
    };
    metrics::counter!("lgpki_ocsp_requests_total", "status" => status).increment(1);
    Response::from_parts(parts, Body::from(body))
}

/// A signer whose work is timed.
pub(super) struct Metered(pub(super) Arc<dyn Signer>);

impl Signer for Metered {
    fn public_key(&self, label: &KeyLabel) -> Result<SubjectKey, SignerError> {
        self.0.public_key(label)
    }

    fn sign(
        &self,
        label: &KeyLabel,
        algorithm: SignatureAlgorithm,
        batch: &[Tbs<'_>],
    ) -> Vec<Result<Vec<u8>, SignerError>> {
        let begun = Instant::now();
        let signatures = self.0.sign(label, algorithm, batch);
        if matches!(batch.first(), Some(Tbs::Certificate(_))) {
            metrics::histogram!(STEP_SECONDS, "step" => "sign").record(begun.elapsed());
        }
        signatures
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
