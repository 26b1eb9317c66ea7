//! What a set of roles is made of: routers on their addresses, the issuing engine, the worker. Everything that can be wrong
//! with an installation shows here, before the service answers anyone.

use super::activation::{Activations, Gated};
use super::authorities::{Authorities, Registry};
use super::front::AtOnce;
use super::keys::KeysInService;
use super::listen::Served;
use super::metrics;
use super::renewal::Renewal;
use super::worker::Worker;
use super::{Parts, Role};
use crate::config::{Config, PublicationTarget};
use crate::edge::Making;
use crate::installation::Repository;
use crate::issuance::Means;
use crate::publish::{Bundles, Publication, Source};
use crate::trouble::{Exit, Trouble, chain};
use axum::Router;
use axum::extract::{Request, State};
use axum::http::Method;
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::Response;
use ca_core::audit::Actor;
use ca_core::issue::{Ledger, Unsettled};
use ca_core::signer::Signer;
use crl::CrlState;
use ocsp::{Follower, Responder};
use ra_web::RaSettings;
use ra_web::centre::Centre;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use store::authorities::AuthorityRow;
use store::jobs::JobKind;
use store::{Step, StoreError};
use tokio::sync::{Notify, watch};

/// How often the responder looks for what other processes have signed and revoked.
const FOLLOW_EVERY: Duration = Duration::from_secs(1);

/// A service being put together.
pub(super) struct Composition<'a> {
    config: &'a Config,
    roles: &'a [Role],
    parts: &'a Parts,
    signing: Option<Signing>,
    wake: Arc<Notify>,
    stored: Arc<Notify>,
}

/// What the roles that sign share.
struct Signing {
    signer: Arc<dyn Signer>,
    keys: KeysInService,
    responder: Responder,
    registry: Registry,
    /// Those there were at the start.
    authorities: Authorities,
}

impl<'a> Composition<'a> {
    /// Finds out which authorities' keys are here. Errors: a certificate in the database cannot be read or is another key's
    /// (exit 6); a role signs and there is no key (exit 3); the database (exit 5).
    pub(super) async fn new(config: &'a Config, roles: &'a [Role], parts: &'a Parts) -> Result<Self, Trouble> {
        let wake: Arc<Notify> = Arc::default();
        let signing = match &parts.stores {
            Some(stores) => {
                let (store, clock) = (parts.store.clone(), Arc::clone(&parts.clock));
                let activations =
                    Activations::begin(config, stores.clone(), (store.clone(), Arc::clone(&clock)), Arc::clone(&wake));
                let activations = activations.await?;
                let at = (store.clone(), Arc::clone(&clock));
                let keys = KeysInService::new(stores.clone(), activations.gate(), at, Arc::clone(&wake));
                let signer: Arc<dyn Signer> = Arc::new(keys.clone());
                let signer: Arc<dyn Signer> = Arc::new(Gated { gate: activations.gate(), signer });
                let means = Means {
                    packs: config.policy.packs.clone(),
                    signer: Arc::clone(&signer),
                    store: store.clone(),
                    entropy: Arc::clone(&parts.entropy),
                    clock: Arc::clone(&clock),
                };
                let repository = Repository::of(&config.public);
                let issues = roles.contains(&Role::Ca);
                let registry = Registry { means, repository, issues, activations, keys: keys.clone() };
                let authorities = registry.look(&Authorities::default()).await?;
                let responder = Responder::new(store, Arc::clone(&signer), clock, config.policy.ocsp());
                Some(Signing { signer, keys, responder, registry, authorities })
            }
            None if super::needs_keys(roles, &config.publish) => {
                return Err(Trouble::new(
                    Exit::Configuration,
                    "the roles ca and ocsp, and bundles for drop folders, need keys",
                ));
            }
            None => None,
        };
        Ok(Self { config, roles, parts, signing, wake, stored: Arc::default() })
    }

    /// The keys that must stay usable.
    pub(super) fn keys(&self) -> Option<KeysInService> {
        self.signing.as_ref().map(|signing| signing.keys.clone())
    }

    /// Which authorities rest; `None` with roles that sign nothing.
    pub(super) fn activations(&self) -> Option<Activations> {
        self.signing.as_ref().map(|signing| signing.registry.activations.clone())
    }

    /// Told when a list is stored in this process.
    pub(super) fn stored(&self) -> Arc<Notify> {
        Arc::clone(&self.stored)
    }

    /// The targets that are published to here, each with what that takes.
    pub(super) fn publications(&self) -> Vec<Publication> {
        if !self.roles.contains(&Role::Publisher) {
            return Vec::new();
        }
        let (store, clock) = (&self.parts.store, &self.parts.clock);
        let bundles = self.signing.as_ref().zip(self.parts.stores.clone()).map(|(signing, stores)| {
            let making = Making::new(store.clone(), Arc::clone(&signing.signer), self.config);
            Arc::new(Bundles { making, stores, key_store: self.config.edge.store.clone() })
        });
        let publication = |target: &PublicationTarget| {
            let source = Source::of(store.clone(), self.config);
            Publication::new((source, Arc::clone(clock)), target.clone(), bundles.clone())
        };
        self.config.publish.iter().map(publication).collect()
    }

    /// What is served at the address `wanted` of the configuration, and what is answered there before it. Errors: the
    /// registration service's settings (exit 3).
    pub(super) fn public_router(&self, wanted: SocketAddr) -> Result<Served, Trouble> {
        let (listen, store, clock) = (&self.config.listen, &self.parts.store, &self.parts.clock);
        let (mut router, mut at_once) = (Router::new(), None::<Arc<dyn AtOnce>>);
        if wanted == listen.repository {
            if self.roles.contains(&Role::Repository) {
                router = router.merge(crl::router(CrlState::new(store.clone(), Arc::clone(clock))));
            }
            if let Some(signing) = self.signing.as_ref().filter(|_| self.roles.contains(&Role::Ocsp)) {
                router = router.merge(ocsp::router(signing.responder.clone()).layer(from_fn(metrics::count_ocsp)));
                at_once = Some(Arc::new(signing.responder.clone()));
            }
        }
        if wanted == listen.ra && self.roles.contains(&Role::Ra) {
            router = router.merge(self.registration()?);
        }
        Ok((router, at_once))
    }

    /// What keeps the responder's memory in step with the database, where there is a responder.
    pub(super) fn follower(&self, mut stop: watch::Receiver<bool>) -> Option<impl Future<Output = ()> + use<>> {
        let signing = self.signing.as_ref().filter(|_| self.roles.contains(&Role::Ocsp))?;
        let responder = signing.responder.clone();
        Some(async move {
            let mut follower = Follower::default();
            while !*stop.borrow() {
                if let Err(error) = responder.follow(&mut follower).await {
                    // Meanwhile every answer comes from the database, which does not answer either.
                    tracing::warn!(event_id = "ocsp.follow", error = chain(&error));
                }
                metrics::answers_in_memory(responder.in_memory());
                tokio::select! {
                    () = tokio::time::sleep(FOLLOW_EVERY) => {}
                    _ = stop.wait_for(|stop| *stop) => {}
                }
            }
        })
    }

    fn registration(&self) -> Result<Router, Trouble> {
        let public = &self.config.public;
        let settings = RaSettings {
            public_url: public.url.clone(),
            repository_url: public.repository_url.clone(),
            environment: public.environment,
            packs: self.config.policy.packs.clone(),
            places: self.config.reach.places.iter().map(|place| place.id.clone()).collect(),
            centre: self.parts.centre.clone().map(|keys| Centre::new(keys, self.config.centre.legacy)),
        };
        let Parts { store, clock, entropy, .. } = self.parts;
        let state = ra_web::State::new(store.clone(), Arc::clone(clock), Arc::clone(entropy), settings);
        let state = state.map_err(|error| {
            Trouble::new(Exit::Configuration, "the registration service cannot start").because(chain(&error))
        })?;
        Ok(ra_web::router(state).layer(from_fn_with_state(Arc::clone(&self.wake), wake_after_post)))
    }

    /// The worker, ready to run; `None` when no role has work. What an earlier process left open is settled first. Last: it takes
    /// the keys along.
    pub(super) async fn worker(mut self) -> Result<Option<Worker>, Trouble> {
        let Some(Signing { signer, keys, responder, registry, authorities }) = self.signing.take() else {
            return Ok(None);
        };
        let mut kinds = Vec::new();
        if self.roles.contains(&Role::Ca) {
            kinds.extend([JobKind::Issue, JobKind::RefreshCrl]);
            self.settle(authorities.local()).await?;
            self.settle(authorities.resting()).await?;
        }
        if self.roles.contains(&Role::Ocsp) {
            kinds.push(JobKind::Presign);
        }
        self.release(&kinds).await?;
        Ok((!kinds.is_empty()).then(|| Worker {
            store: self.parts.store.clone(),
            clock: Arc::clone(&self.parts.clock),
            renewal: self.roles.contains(&Role::Ca).then(|| self.renewal(&signer, &keys)),
            signer,
            keys,
            kinds,
            registry,
            authorities,
            responder,
            policy: self.config.policy.clone(),
            repository: Repository::of(&self.config.public),
            wake: Arc::clone(&self.wake),
            stored: Arc::clone(&self.stored),
        }))
    }

    fn renewal(&self, signer: &Arc<dyn Signer>, keys: &KeysInService) -> Renewal {
        Renewal {
            store: self.parts.store.clone(),
            signer: Arc::clone(signer),
            stores: keys.stores().clone(),
            entropy: Arc::clone(&self.parts.entropy),
            repository: Repository::of(&self.config.public),
            packs: self.config.policy.packs.clone(),
        }
    }

    /// Burns the serials an earlier process may have signed and never recorded, before a new one is drawn.
    async fn settle(&self, local: &[AuthorityRow]) -> Result<(), Trouble> {
        for row in local {
            let now = self.parts.clock.now();
            let burnt = self.parts.store.settle(&row.authority_id, Unsettled::All, now).await.map_err(|error| {
                Trouble::new(Exit::Unavailable, "what an earlier process left open could not be settled").because(error)
            })?;
            tracing::info!(event_id = "serve.settled", authority = %row.authority_id, burnt = burnt.len());
        }
        Ok(())
    }

    /// Takes back the jobs an earlier process died with, instead of waiting for its leases to run out.
    async fn release(&self, kinds: &[JobKind]) -> Result<(), Trouble> {
        let release = async {
            let mut txn = self.parts.store.write(self.parts.clock.now(), Actor::System("ca")).await?;
            if txn.release_leases(kinds).await? > 0 {
                txn.commit(Step::JobTouched).await?;
            }
            Ok(())
        };
        release.await.map_err(|error: StoreError| {
            Trouble::new(Exit::Unavailable, "the jobs of an earlier process could not be taken back")
                .because(chain(&error))
        })
    }
}

/// What was posted may have caused a job; the worker looks at once instead of within a second.
async fn wake_after_post(State(wake): State<Arc<Notify>>, request: Request, next: Next) -> Response {
    let posted = request.method() == Method::POST;
    let response = next.run(request).await;
    if posted {
        wake.notify_one();
    }
    response
}
