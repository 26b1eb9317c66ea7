//! The role `edge`: OCSP, CRLs and certificates served from a bundle. No key, no database, no way back: all it needs is a file
//! that somebody puts there, and the words of the key that signed it.

use super::listen::{self, ListenError};
use super::metrics;
use crate::clock::SystemClock;
use crate::edge::{Intake, Looked};
use crate::trouble::{Exit, Trouble, chain};
use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, Response, StatusCode, header};
use axum::middleware::from_fn;
use axum::response::IntoResponse;
use axum::routing::get;
use ca_core::kana::KanaWords;
use ca_core::time::{Clock, Timestamp};
use crl::http::{answer_certificate, describe_crl, entity_tag, matches_tag, streamed};
use crl::repository::Form;
use metrics_exporter_prometheus::PrometheusHandle;
use ocsp::bundle::reader::LARGEST_WHOLE;
use ocsp::bundle::{BundleError, Kind, Manifest, Record};
use ocsp::edge::Edge;
use serde::Serialize;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// How often to look whether there is a new bundle.
const LOOK: Duration = Duration::from_secs(1);

/// What an edge is started with.
#[derive(Debug)]
pub struct EdgeSettings {
    /// The bundle; what comes later takes its name, or has `.delta` at its end.
    pub bundle: PathBuf,
    /// The words of the key that signs.
    pub words: KanaWords,
    /// Where it serves.
    pub listen: SocketAddr,
    /// Where `/livez`, `/readyz` and `/metrics` are.
    pub management: SocketAddr,
}

/// A running edge.
pub struct EdgeService {
    /// Where it serves.
    pub address: SocketAddr,
    /// Where `/livez`, `/readyz` and `/metrics` are.
    pub management: SocketAddr,
    stop: watch::Sender<bool>,
    parts: Vec<JoinHandle<()>>,
}

impl EdgeService {
    /// Starts it; it answers from then on, with `tryLater` until it has a bundle it believes. Errors: an address is taken (exit 5).
    pub async fn start(settings: EdgeSettings) -> Result<Self, Trouble> {
        let figures = metrics::begin()
            .map_err(|error| Trouble::new(Exit::Bug, "figures cannot be recorded in this process").because(error))?;
        let public = listen::bind(settings.listen, "--listen").await.map_err(taken)?;
        let operators = listen::bind(settings.management, "--management").await.map_err(taken)?;
        let place = |listener: &tokio::net::TcpListener| {
            let failed = |error| Trouble::new(Exit::Unavailable, "a listener has no address").because(error);
            listener.local_addr().map_err(failed)
        };
        let (address, management) = (place(&public)?, place(&operators)?);
        let edge = Edge::new(Arc::new(SystemClock));
        let intake = Intake::new(&settings.bundle, settings.words, edge.clone());
        let (stop, stopped) = watch::channel(false);
        let health = Health { edge: edge.clone(), figures };
        let parts = vec![
            listen::serve(operators, (operators_router(health), None), stopped.clone())?,
            listen::serve(public, (public_router(edge.clone()), Some(Arc::new(edge))), stopped.clone())?,
            tokio::spawn(take_what_comes(intake, stopped)),
        ];
        tracing::info!(event_id = "edge.started", %address, %management);
        Ok(Self { address, management, stop, parts })
    }

    /// Stops: no new connections, answers under way finish.
    pub async fn stop(self) {
        // Nobody listening means that everything has ended already.
        let _ = self.stop.send(true);
        for part in self.parts {
            if let Err(error) = part.await {
                tracing::error!(event_id = "serve.part", %error, "a part of the service ended in a fault");
            }
        }
        tracing::info!(event_id = "serve.stopped", "stopped");
    }
}

fn taken(error: ListenError) -> Trouble {
    let advice = format!("choose another address with {}, or stop the program that uses this one", error.key);
    Trouble::new(Exit::Unavailable, error.to_string()).advice(advice)
}

async fn take_what_comes(intake: Intake, mut stop: watch::Receiver<bool>) {
    let mut resting = Some(intake);
    while !*stop.borrow() {
        let Some(mut intake) = resting.take() else { return };
        // Reading it all takes as long as it takes; what was held is served meanwhile.
        let looked = tokio::task::spawn_blocking(move || (intake.look(), intake)).await;
        let Ok((looked, intake)) = looked else {
            tracing::error!(event_id = "edge.lost", "nobody looks for bundles any more: restart this process");
            return;
        };
        resting = Some(intake);
        match looked {
            Looked::Nothing => {}
            Looked::Taken(manifest) => {
                metrics::bundle_taken(&manifest, SystemClock.now());
                tracing::info!(event_id = "edge.taken", number = manifest.number, artefacts = manifest.artefacts);
            }
            Looked::Refused(file, why) => {
                metrics::bundle_refused();
                tracing::error!(event_id = "edge.refused", file = %file.display(), why, "a bundle is refused");
            }
        }
        tokio::select! {
            () = tokio::time::sleep(LOOK) => {}
            _ = stop.wait_for(|stop| *stop) => {}
        }
    }
}

fn public_router(edge: Edge) -> Router {
    let answers = ocsp::edge::router(edge.clone()).layer(from_fn(metrics::count_ocsp));
    let files = Router::new().route("/crl/{*path}", get(file)).route("/aia/{file}", get(file)).with_state(edge);
    answers.merge(files)
}

async fn file(State(edge): State<Edge>, request: Request) -> Response<Body> {
    match served(&edge, request.uri().path(), request.headers()) {
        Ok(Some(answer)) => answer,
        Ok(None) => StatusCode::NOT_FOUND.into_response(),
        Err(error) => {
            edge.found_altered();
            tracing::error!(event_id = "edge.altered", error = chain(&error), "a file cannot be read");
            unavailable()
        }
    }
}

fn served(edge: &Edge, path: &str, request: &HeaderMap) -> Result<Option<Response<Body>>, BundleError> {
    let Some(bundle) = edge.held() else { return Ok(Some(unavailable())) };
    let Some(record) = bundle.find(path)? else { return Ok(None) };
    if record.kind == Kind::Certificate {
        let form = path.rsplit_once('.').and_then(|(_, ending)| Form::parse(ending));
        let Some(form) = form else { return Ok(None) };
        return Ok(Some(answer_certificate((form, bundle.whole(&record)?), request)));
    }
    // A list past its nextUpdate is served and not kept by caches, as the repository does it: its entries are still revoked.
    let Record { sha256, this_update, next_update, octets, .. } = record;
    let tag = entity_tag(&sha256);
    let mut answer = Response::new(Body::empty());
    describe_crl(&mut answer, (this_update, next_update, &tag), edge.now());
    if matches_tag(request, &tag) {
        *answer.status_mut() = StatusCode::NOT_MODIFIED;
        return Ok(Some(answer));
    }
    answer.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/pkix-crl"));
    *answer.body_mut() = if octets <= LARGEST_WHOLE {
        Body::from(bundle.whole(&record)?)
    } else {
        answer.headers_mut().insert(header::CONTENT_LENGTH, HeaderValue::from(octets));
        streamed(bundle.reader(&record))
    };
    Ok(Some(answer))
}

fn unavailable() -> Response<Body> {
    let headers = [(header::RETRY_AFTER, "30"), (header::CACHE_CONTROL, "no-store")];
    (StatusCode::SERVICE_UNAVAILABLE, headers).into_response()
}

#[derive(Clone)]
struct Health {
    edge: Edge,
    figures: PrometheusHandle,
}

#[derive(Serialize)]
struct Ready {
    schema: &'static str,
    ready: bool,
    bundle: Option<u64>,
    detail: String,
}

fn operators_router(health: Health) -> Router {
    Router::new()
        .route("/livez", get(async || "ok\n"))
        .route("/readyz", get(ready))
        .route("/metrics", get(figures))
        .with_state(health)
}

async fn ready(State(health): State<Health>) -> Response<Body> {
    let held = health.edge.held();
    let (ready, detail) = match held.as_ref().map(|bundle| time_left(bundle.manifest(), health.edge.now())) {
        None => (false, "there is no bundle yet".to_owned()),
        Some(_) if health.edge.is_altered() => {
            (false, "the bundle was altered where it stands: put it there again, or a newer one".to_owned())
        }
        Some(Some(left)) => (true, format!("the first answer or list is overdue in {} minutes", left.as_secs() / 60)),
        Some(None) => (false, "an answer or list is overdue: bring a newer bundle".to_owned()),
    };
    let bundle = held.map(|bundle| bundle.manifest().number);
    let status = if ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    match serde_json::to_string(&Ready { schema: "lgpki.edge.ready/1", ready, bundle, detail }) {
        Ok(body) => (status, [(header::CONTENT_TYPE, "application/json")], body).into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

/// Until the first answer or list is overdue; `None` when one is.
fn time_left(manifest: &Manifest, now: Timestamp) -> Option<Duration> {
    let Some(due) = manifest.next_update else { return Some(Duration::MAX) };
    Some(Timestamp::from_seconds(due).since(now)).filter(|left| !left.is_zero())
}

async fn figures(State(health): State<Health>) -> Response<Body> {
    health.figures.run_upkeep();
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], health.figures.render()).into_response()
}
