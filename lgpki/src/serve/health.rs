//! What the operators' listener says: alive, ready, figures. Details are here and nowhere public.

use super::activation::Activations;
use super::keys::KeysInService;
use super::metrics;
use crate::centre::CentreVault;
use crate::config::PublicationTarget;
use crate::owed::owes_nothing;
use crate::publish::Source;
use crate::publish::standing::standings;
use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use ca_core::id::KeyLabel;
use ca_core::revocation::ListId;
use ca_core::time::Clock;
use hsm_adapters::probe::KeyState;
use metrics_exporter_prometheus::PrometheusHandle;
use serde::Serialize;
use std::sync::Arc;
use store::{CLOCKS_DIFFER, StoreError};

/// What the checks look at.
#[derive(Clone)]
pub(super) struct Health {
    pub(super) clock: Arc<dyn Clock>,
    /// The keys this process must be able to use; none with roles that sign nothing.
    pub(super) keys: Option<KeysInService>,
    /// Which authorities rest: their keys need not be usable.
    pub(super) activations: Option<Activations>,
    /// Whose pool is looked at.
    pub(super) centre: Option<Arc<CentreVault>>,
    pub(super) figures: PrometheusHandle,
    /// The database, and which lists there should be.
    pub(super) source: Source,
    /// The places published to.
    pub(super) targets: Vec<PublicationTarget>,
}

#[derive(Serialize)]
struct Ready {
    schema: &'static str,
    ready: bool,
    checks: Vec<Check>,
}

#[derive(Serialize)]
struct Check {
    check: &'static str,
    ok: bool,
    detail: String,
}

/// The management routes.
pub(super) fn router(health: Health) -> Router {
    Router::new()
        .route("/livez", get(async || "ok\n"))
        .route("/readyz", get(ready))
        .route("/metrics", get(figures))
        .with_state(health)
}

async fn ready(State(health): State<Health>) -> Response {
    let mut checks = vec![health.database().await, health.keys().await, health.crls().await];
    checks.extend(health.activations().await);
    let ready = checks.iter().all(|check| check.ok);
    let status = if ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    match serde_json::to_string(&Ready { schema: "lgpki.ready/1", ready, checks }) {
        Ok(body) => (status, [(header::CONTENT_TYPE, "application/json")], body).into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

async fn figures(State(health): State<Health>) -> Response {
    if let Err(error) = metrics::read_gauges(&health.source.store, health.clock.now()).await {
        // Counters and the last known gauges are still worth having.
        tracing::warn!(event_id = "metrics.gauges", %error, "gauges could not be read");
    }
    let now = health.clock.now();
    match standings(&health.source, &health.targets, now).await {
        Ok(standings) => standings.iter().for_each(|standing| metrics::read_publication(standing, now)),
        Err(error) => tracing::warn!(event_id = "metrics.gauges", %error, "gauges could not be read"),
    }
    if let Some(centre) = &health.centre {
        metrics::read_pool(centre);
    }
    if let Some(keys) = &health.keys {
        metrics::read_keys(keys);
    }
    health.figures.run_upkeep();
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], health.figures.render()).into_response()
}

impl Check {
    fn of(check: &'static str, outcome: Result<String, String>) -> Self {
        match outcome {
            Ok(detail) => Self { check, ok: true, detail },
            Err(detail) => Self { check, ok: false, detail },
        }
    }
}

impl Health {
    async fn database(&self) -> Check {
        let answers = self.source.store.answers().await;
        Check::of("database", answers.map(|()| "answers".to_owned()).map_err(|error| error.to_string()))
    }

    /// Keys that something is to be signed with. Those of authorities that owe nothing may be gone.
    async fn keys(&self) -> Check {
        let Some(keys) = &self.keys else { return Check::of("keys", Ok("none needed".to_owned())) };
        let standing = |(label, state): (KeyLabel, KeyState)| match (&state, keys.stores().withheld(&label)) {
            // What is used elsewhere is looked after there.
            (KeyState::Elsewhere | KeyState::Usable, None) => None,
            (_, Some(reason)) => Some(format!("{label} is out of service: {reason}")),
            (state, None) => {
                Some(format!("{label} is {}: {}", state.as_str(), state.trouble().unwrap_or("it has not answered yet")))
            }
        };
        // A store that custodians open is closed while its authorities rest.
        let open = |label: &KeyLabel| self.activations.as_ref().is_none_or(|all| all.store_is_open(label));
        // Where the database does not answer, all are wanted; that it does not is another check's matter.
        let spared = self.spared().await.unwrap_or_default();
        let wanted = |label: &KeyLabel| open(label) && !spared.contains(label);
        let wanting = keys.states().into_iter().filter(|(label, _)| wanted(label)).filter_map(standing);
        let wanting: Vec<String> = wanting.collect();
        Check::of("keys", if wanting.is_empty() { Ok("usable".to_owned()) } else { Err(wanting.join("; ")) })
    }

    /// The keys of authorities that owe nothing.
    async fn spared(&self) -> Result<Vec<KeyLabel>, StoreError> {
        let now = self.clock.now();
        let mut txn = self.source.store.read().await?;
        let mut spared = Vec::new();
        for authority in txn.authorities().await? {
            if owes_nothing(&mut txn, &authority, now).await? {
                spared.extend([Some(authority.key_label), authority.ocsp_key_label].into_iter().flatten());
            }
        }
        Ok(spared)
    }

    /// Authorities that rest keep nobody from asking and looking things up, so this is said and is no fault.
    async fn activations(&self) -> Option<Check> {
        let status = self.activations.as_ref()?.status().await;
        let said = status.iter().map(|one| match (one.active, one.waiting.len()) {
            (true, _) => format!("{} is active", one.authority),
            (false, 0) => format!("{} rests", one.authority),
            (false, have) => format!("{} rests, {have} of {} custodians have come", one.authority, one.least),
        });
        let said = said.collect::<Vec<_>>().join("; ");
        (!status.is_empty()).then(|| Check::of("activation", Ok(said)))
    }

    async fn crls(&self) -> Check {
        let outcome = self.lists_out_of_order().await.map_err(|error| error.to_string());
        let outcome = outcome.and_then(|wrong| if wrong.is_empty() { Ok("current".to_owned()) } else { Err(wrong) });
        Check::of("crl", outcome)
    }

    /// Lists that should be there and are not valid now, of authorities whose certificates somebody may still believe, in words.
    async fn lists_out_of_order(&self) -> Result<String, StoreError> {
        let now = self.clock.now();
        let mut txn = self.source.store.read().await?;
        let (mut overdue, mut future) = (Vec::new(), Vec::new());
        for authority in txn.authorities().await? {
            if owes_nothing(&mut txn, &authority, now).await? {
                continue;
            }
            let latest = txn.latest_crls(&authority.authority_id).await?;
            for plan in self.source.policy.lists_of(&authority, &self.source.repository) {
                let name = match plan.list {
                    ListId::FULL => authority.authority_id.to_string(),
                    list => format!("{}/{list}", authority.authority_id),
                };
                match latest.iter().find(|crl| crl.list == plan.list) {
                    Some(crl) if crl.this_update > now.plus(CLOCKS_DIFFER) => future.push(name),
                    Some(crl) if crl.next_update > now => {}
                    _ => overdue.push(name),
                }
            }
        }
        let said = |what: &str, names: &[String]| (!names.is_empty()).then(|| format!("{what}: {}", names.join(", ")));
        let wrong = [said("overdue", &overdue), said("made in the future, the clock is behind", &future)];
        Ok(wrong.into_iter().flatten().collect::<Vec<_>>().join("; "))
    }
}
