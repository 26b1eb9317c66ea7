//! `lgpki serve`: the service, until it is told to stop.

use crate::clock::SystemClock;
use crate::config::{LogFormat, LogLevel};
use crate::entropy::SystemEntropy;
use crate::secrets::KeySecrets;
use crate::serve::edge::{EdgeService, EdgeSettings};
use crate::serve::{Parts, Role, Service, needs_keys, wait_for_signal};
use crate::trouble::{Exit, Trouble};
use crate::{config, installation, logs, out};
use ca_core::kana::KanaWords;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use store::Interruption;

/// Arguments of `serve`.
#[derive(Debug, clap::Args)]
pub struct Serve {
    /// The parts of the service to run here, separated by commas
    #[arg(long, value_enum, value_delimiter = ',', default_value = "ra,ca,ocsp,repository,publisher")]
    pub roles: Vec<Role>,
    /// What an edge serves.
    #[command(flatten)]
    pub edge: EdgeOptions,
    /// Where the secrets of the key stores come from.
    #[command(flatten)]
    pub secrets: KeySecrets,
}

/// What the role edge is told; it reads no configuration.
#[derive(Debug, clap::Args)]
pub struct EdgeOptions {
    /// With the role edge: the bundle that `lgpki ocsp bundle` wrote; a newer one takes its name, or comes as FILE.delta
    #[arg(long, value_name = "FILE")]
    pub bundle: Option<PathBuf>,
    /// With the role edge: the twelve words of the key that signs bundles
    #[arg(long, value_name = "WORDS")]
    pub words: Option<String>,
    /// With the role edge: where it serves
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8082")]
    pub listen: SocketAddr,
    /// With the role edge: where /livez, /readyz and /metrics are; never public
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:9090")]
    pub management: SocketAddr,
}

/// Whether registration runs here without the CA, and was given a passphrase: then its folder of keys holds the vault alone.
fn has_a_vault_of_its_own(what: &Serve, config: &config::Config) -> bool {
    what.roles.contains(&Role::Ra) && what.secrets.knows_passphrase(&config.keys)
}

/// Serves until SIGTERM or SIGINT. Errors: what kept it from starting.
pub fn run(what: &Serve, file: &Path, interruption: Option<Arc<dyn Interruption>>) -> Result<Exit, Trouble> {
    if what.roles.contains(&Role::Edge) {
        return serve_edge(what);
    }
    let config = config::load(file)?;
    logs::begin(config.log_format, config.log_level);
    // Asked for before anything else: nobody should wait for a prompt.
    let (mut stores, mut centre) = (None, None);
    if needs_keys(&what.roles, &config.publish) {
        hsm_adapters::warm_up();
        let keys = if config.policy.asks_for_custodians() {
            installation::open_key_stores_quietly(&config, &what.secrets)?
        } else {
            installation::open_key_stores(&config, &what.secrets)?
        };
        if what.roles.contains(&Role::Ra) {
            centre = crate::centre::within(&config, &keys)?;
        }
        stores = Some(keys);
    } else if has_a_vault_of_its_own(what, &config) {
        hsm_adapters::warm_up();
        centre = crate::centre::open(&config, &installation::open_keys(&config, &what.secrets.passphrase)?)?;
    }
    let served = super::wait(async {
        let store = installation::open_store(&config.database, interruption).await?;
        installation::migrate(&store).await?;
        let parts = Parts {
            store,
            stores: stores.clone(),
            centre,
            entropy: Arc::new(SystemEntropy),
            clock: Arc::new(SystemClock),
        };
        let service = Service::start(&config, &what.roles, parts).await?;
        if service.ra.is_some() {
            out::talk(format_args!("registration: {}", config.public.url));
        }
        if let Some(address) = service.repository {
            let written = &config.public.repository_url;
            out::talk(format_args!("CRLs and OCSP: http://{address}/ (written into certificates as {written})"));
        }
        out::talk(format_args!("management: http://{}/readyz", service.management));
        wait_for_signal().await?;
        service.stop().await;
        Ok(Exit::Done)
    });
    if let Some(stores) = stores {
        stores.close_all();
    }
    served
}

fn serve_edge(what: &Serve) -> Result<Exit, Trouble> {
    let usage = |what: &str| Trouble::new(Exit::Usage, what);
    if what.roles.iter().any(|role| *role != Role::Edge) {
        return Err(usage("the role edge is alone in its process")
            .advice("an edge has no key and no database: run the other roles elsewhere"));
    }
    let EdgeOptions { bundle, words, listen, management } = &what.edge;
    let bundle = bundle.clone().ok_or_else(|| usage("the role edge needs --bundle FILE"))?;
    let words = words.as_deref().ok_or_else(|| {
        usage("the role edge needs --words WORDS").advice("`lgpki ocsp bundle` says them where the keys are")
    })?;
    let words = KanaWords::parse(words).map_err(|error| usage("these are not the words of a key").because(error))?;
    logs::begin(LogFormat::Json, LogLevel::Info);
    super::wait(async {
        let settings = EdgeSettings { bundle, words, listen: *listen, management: *management };
        let service = EdgeService::start(settings).await?;
        out::talk(format_args!("CRLs and OCSP: http://{}/", service.address));
        out::talk(format_args!("management: http://{}/readyz", service.management));
        wait_for_signal().await?;
        service.stop().await;
        Ok(Exit::Done)
    })
}
