//! The running service: roles are composed onto listeners, a worker does the jobs, and all of it stops in order.
//!
//! [`Service::start`] is what `serve` and `demo` share. It needs an open store, and keys where a role signs; it binds,
//! settles what an earlier process left open, and returns with everything running.

mod activation;
mod authorities;
mod compose;
mod control;
mod doors;
pub mod edge;
mod front;
mod health;
mod keys;
pub mod listen;
mod metrics;
mod publisher;
mod renewal;
mod worker;

use crate::centre::CentreVault;
use crate::config::{Config, Place, PublicationTarget};
use crate::keys::KeyStores;
use crate::publish::Source;
use crate::reach::Prober;
use crate::trouble::{Exit, Trouble};
use ca_core::entropy::Entropy;
use ca_core::time::Clock;
use compose::Composition;
use control::Control;
use health::Health;
use listen::ListenError;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use store::Store;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// Lanes of the issuing engine: while one commits, the other signs.
pub const LANES: usize = 2;

/// A part of the service. Any set of them may run in one process.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Role {
    /// The registration web application
    Ra,
    /// Issuing and CRLs: the worker and its keys
    Ca,
    /// The OCSP responder
    Ocsp,
    /// CRLs and authority certificates for download
    Repository,
    /// CRLs and certificates pushed to the places of [[publish]]
    Publisher,
    /// OCSP, CRLs and certificates from a bundle, without key and database; alone in its process
    Edge,
}

/// Whether a set of roles signs anything, when these are the places published to.
pub fn needs_keys(roles: &[Role], targets: &[PublicationTarget]) -> bool {
    let hands_over = || targets.iter().any(|target| matches!(target.place, Place::DropFolder(_)));
    roles.contains(&Role::Ca) || roles.contains(&Role::Ocsp) || (roles.contains(&Role::Publisher) && hands_over())
}

/// What a service is composed of.
pub struct Parts {
    /// The database, its schema up to date.
    pub store: Store,
    /// The key stores; needed by the roles `ca` and `ocsp`.
    pub stores: Option<KeyStores>,
    /// Keys made at the centre; `None` where they are not offered.
    pub centre: Option<Arc<CentreVault>>,
    /// Randomness.
    pub entropy: Arc<dyn Entropy>,
    /// The time.
    pub clock: Arc<dyn Clock>,
}

/// A running service.
pub struct Service {
    /// Where the registration service listens, with that role.
    pub ra: Option<SocketAddr>,
    /// Where CRLs and OCSP are served, with one of those roles.
    pub repository: Option<SocketAddr>,
    /// Where `/livez`, `/readyz` and `/metrics` are.
    pub management: SocketAddr,
    stop: watch::Sender<bool>,
    listeners: Vec<JoinHandle<()>>,
    worker: Option<JoinHandle<()>>,
    store: Store,
}

impl Service {
    /// Starts the service and returns when it answers. Errors: an address is taken or a database fails (exit 5), a role has
    /// no key (exit 3), the stored authorities cannot be read (exit 6).
    pub async fn start(config: &Config, roles: &[Role], parts: Parts) -> Result<Self, Trouble> {
        let figures = metrics::begin()
            .map_err(|error| Trouble::new(Exit::Bug, "figures cannot be recorded in this process").because(error))?;
        // Bound first: whoever cannot have the address does not touch the database.
        let bound = Bound::new(config, roles).await?;
        let composition = Composition::new(config, roles, &parts).await?;
        let routers =
            bound.public.keys().map(|wanted| composition.public_router(*wanted)).collect::<Result<Vec<_>, _>>()?;
        let clock = Arc::clone(&parts.clock);
        let (keys, activations) = (composition.keys(), composition.activations());
        let health = Health {
            clock,
            keys: keys.clone(),
            activations: activations.clone(),
            centre: parts.centre.clone(),
            figures,
            source: Source::of(parts.store.clone(), config),
            targets: config.publish.clone(),
        };
        let role = match (roles.contains(&Role::Ca), roles.contains(&Role::Ocsp)) {
            (true, _) => "ca",
            (false, true) => "ocsp",
            (false, false) => "publisher",
        };
        let control = activations.map(|activations| Ok::<_, Trouble>((Control::bind(config, role)?, activations)));
        let control = control.transpose()?;
        let publications = composition.publications();
        let stored = composition.stored();
        let (stop, stopped) = watch::channel(false);
        let follower = composition.follower(stopped.clone());
        let worker = composition.worker().await?;
        let (ra, repository, management) = bound.places(config, roles)?;
        let mut listeners = vec![listen::serve(bound.management, (health::router(health), None), stopped.clone())?];
        for (listener, served) in bound.public.into_values().zip(routers) {
            listeners.push(listen::serve(listener, served, stopped.clone())?);
        }
        if let Some((control, activations)) = control {
            listeners.push(control.serve(Arc::new(config.clone()), activations, stopped.clone()));
        }
        listeners.extend(follower.map(tokio::spawn));
        listeners.extend(keys.map(|keys| tokio::spawn(keys.watch_over(stopped.clone()))));
        let publish = |publication| tokio::spawn(publisher::run(publication, Arc::clone(&stored), stopped.clone()));
        listeners.extend(publications.into_iter().map(publish));
        let prober = roles.contains(&Role::Ca).then(|| Prober::new(config, parts.store.clone()));
        listeners.extend(prober.map(|prober| tokio::spawn(prober.run(stopped.clone()))));
        let worker = worker.map(|worker| tokio::spawn(worker.run(stopped)));
        tracing::info!(event_id = "serve.started", %management, ?ra, ?repository, ?roles);
        Ok(Self { ra, repository, management, stop, listeners, worker, store: parts.store })
    }

    /// Stops in order: no new connections, answers under way finish, the worker finishes what it is in, the database
    /// closes.
    pub async fn stop(self) {
        tracing::info!(event_id = "serve.stopping", "stopping");
        // Nobody listening means that everything has ended already.
        let _ = self.stop.send(true);
        for part in self.listeners.into_iter().chain(self.worker) {
            if let Err(error) = part.await {
                tracing::error!(event_id = "serve.part", %error, "a part of the service ended in a fault");
            }
        }
        self.store.close().await;
        tracing::info!(event_id = "serve.stopped", "stopped");
    }
}

/// Waits for SIGTERM or SIGINT. Errors: the signals cannot be listened for.
pub async fn wait_for_signal() -> Result<(), Trouble> {
    let failed = |error| Trouble::new(Exit::Bug, "signals cannot be listened for").because(error);
    let mut terminate = signal(SignalKind::terminate()).map_err(failed)?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(failed)?;
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    Ok(())
}

impl From<ListenError> for Trouble {
    fn from(error: ListenError) -> Self {
        let advice = error.advice();
        Self::new(Exit::Unavailable, error.to_string()).advice(advice)
    }
}

/// The listeners of a configuration.
struct Bound {
    /// By the address wanted; two roles may share one.
    public: BTreeMap<SocketAddr, TcpListener>,
    management: TcpListener,
}

impl Bound {
    async fn new(config: &Config, roles: &[Role]) -> Result<Self, ListenError> {
        let listen = &config.listen;
        let management = listen::bind(listen.management, "management").await?;
        let key = |own| if listen.ra == listen.repository { "public" } else { own };
        let mut public = BTreeMap::new();
        if serves_pages(roles) {
            public.insert(listen.ra, listen::bind(listen.ra, key("ra")).await?);
        }
        if serves_files(roles) && !public.contains_key(&listen.repository) {
            public.insert(listen.repository, listen::bind(listen.repository, key("repository")).await?);
        }
        Ok(Self { public, management })
    }

    /// Where registration, repository and management really listen: port 0 has become one.
    fn places(
        &self,
        config: &Config,
        roles: &[Role],
    ) -> Result<(Option<SocketAddr>, Option<SocketAddr>, SocketAddr), Trouble> {
        let at = |listener: &TcpListener| {
            let failed = |error| Trouble::new(Exit::Unavailable, "a listener has no address").because(error);
            listener.local_addr().map_err(failed)
        };
        let place = |wanted: &SocketAddr| self.public.get(wanted).map(at).transpose();
        let ra = if serves_pages(roles) { place(&config.listen.ra)? } else { None };
        let repository = if serves_files(roles) { place(&config.listen.repository)? } else { None };
        Ok((ra, repository, at(&self.management)?))
    }
}

fn serves_pages(roles: &[Role]) -> bool {
    roles.contains(&Role::Ra)
}

fn serves_files(roles: &[Role]) -> bool {
    roles.contains(&Role::Repository) || roles.contains(&Role::Ocsp)
}
