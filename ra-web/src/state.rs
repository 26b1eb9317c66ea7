//! What every handler may reach: the store, the clock, entropy, settings, texts. Built once by `lgpki`, cheap to clone.

use std::sync::Arc;

use ca_core::entropy::{Entropy, EntropyUnavailable};
use ca_core::id::PlaceId;
use ca_core::profile::Packs;
use ca_core::time::{Clock, Timestamp};
use store::Store;
use url::Url;
use webauthn_rs::{Webauthn, WebauthnBuilder};

use crate::assets::Assets;
use crate::auth::password::{HashError, PasswordDesk};
use crate::centre::Centre;
use crate::locale::{Texts, TextsError};

/// Which of the three worlds this is; shown on every page so that nobody mistakes one for another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Environment {
    /// 本番
    Production,
    /// 研修
    Training,
    /// デモ
    Demo,
}

/// What the configuration says about the registration service.
#[derive(Clone, Debug)]
pub struct RaSettings {
    /// The address officers type: `https://…`, or `http://` on a loopback address (demo, tests).
    pub public_url: Url,
    /// Where CRLs and CA certificates are served to the world (`/crl/…`, `/aia/…` below it).
    pub repository_url: Url,
    /// Production, training or demo.
    pub environment: Environment,
    /// What can be asked for.
    pub packs: Packs,
    /// Where revocations have to be seen, in the order in which it is shown.
    pub places: Vec<PlaceId>,
    /// Keys made at the centre; `None` where they are not offered.
    pub centre: Option<Centre>,
}

/// Shared by all handlers. Cloning copies a pointer.
#[derive(Clone)]
pub struct State(Arc<Shared>);

struct Shared {
    store: Store,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
    settings: RaSettings,
    texts: Arc<Texts>,
    assets: Assets,
    passwords: PasswordDesk,
    webauthn: Webauthn,
}

/// Why the registration service could not start.
#[derive(Debug, thiserror::Error)]
pub enum StateError {
    /// Session cookies and passkeys need https, or http on a loopback address.
    #[error("the public address {0} must be https, or http on localhost or a loopback address")]
    InsecurePublicUrl(Url),
    /// The public address has no host name.
    #[error("the public address {0} has no host")]
    NoHost(Url),
    /// An embedded text is broken.
    #[error("texts: {0}")]
    Texts(#[from] TextsError),
    /// No password hash could be made.
    #[error("password hashing: {0}")]
    Hash(#[from] HashError),
    /// No random octets.
    #[error("entropy: {0}")]
    Entropy(#[from] EntropyUnavailable),
    /// The passkey library refused the public address.
    #[error("passkeys: {0}")]
    Passkeys(webauthn_rs::prelude::WebauthnError),
}

impl State {
    /// Builds the state; reads the embedded texts and assets and makes one password hash (about 20 ms).
    pub fn new(
        store: Store,
        clock: Arc<dyn Clock>,
        entropy: Arc<dyn Entropy>,
        settings: RaSettings,
    ) -> Result<Self, StateError> {
        let url = &settings.public_url;
        let host = url.host_str().ok_or_else(|| StateError::NoHost(url.clone()))?;
        if url.scheme() != "https" && !is_loopback(url) {
            return Err(StateError::InsecurePublicUrl(url.clone()));
        }
        let webauthn = WebauthnBuilder::new(host, url)
            .and_then(|builder| builder.rp_name("LGPKI").build())
            .map_err(StateError::Passkeys)?;
        let passwords = PasswordDesk::new(entropy.as_ref())?;
        let texts = Arc::new(Texts::load()?);
        let assets = Assets::load();
        Ok(Self(Arc::new(Shared { store, clock, entropy, settings, texts, assets, passwords, webauthn })))
    }

    /// The database.
    pub fn store(&self) -> &Store {
        &self.0.store
    }

    /// The present instant, from the clock given at the start.
    pub fn now(&self) -> Timestamp {
        self.0.clock.now()
    }

    /// The source of random octets.
    pub fn entropy(&self) -> &dyn Entropy {
        self.0.entropy.as_ref()
    }

    /// What the configuration says.
    pub fn settings(&self) -> &RaSettings {
        &self.0.settings
    }

    pub(crate) fn texts(&self) -> &Arc<Texts> {
        &self.0.texts
    }

    pub(crate) fn assets(&self) -> &Assets {
        &self.0.assets
    }

    pub(crate) fn passwords(&self) -> &PasswordDesk {
        &self.0.passwords
    }

    pub(crate) fn webauthn(&self) -> &Webauthn {
        &self.0.webauthn
    }

    /// True when cookies must carry `Secure`: everywhere but on a loopback http address.
    pub(crate) fn is_https(&self) -> bool {
        self.0.settings.public_url.scheme() == "https"
    }
}

fn is_loopback(url: &Url) -> bool {
    url.scheme() == "http"
        && match url.host() {
            Some(url::Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
            Some(url::Host::Ipv4(address)) => address.is_loopback(),
            Some(url::Host::Ipv6(address)) => address.is_loopback(),
            None => false,
        }
}
