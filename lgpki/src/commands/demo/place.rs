//! The folder of a demo: configuration, database, keys and people, made on the first run and found again on the next. The
//! journey tests set their services up with this too.

use super::DemoError;
use super::people::{self, Personas};
use crate::centre;
use crate::clock::SystemClock;
use crate::config::{self, Config, Sample, SampleToken, TokenStore, sample};
use crate::entropy::SystemEntropy;
use crate::foundry::Foundry;
use crate::installation::{Repository, make_store, migrate, open_key_stores};
use crate::keys::FOLDER;
use crate::secrets::{KeySecrets, draw_passphrase_file};
use crate::setup::{Founding, FoundingStep, Kinds, USUAL_PACK, found};
use ca_core::time::Clock;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// What a place is made with.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// Of the database; the default is a SQLite file in the folder.
    pub database_url: Option<String>,
    /// Of the pages, CRLs and OCSP.
    pub listen: SocketAddr,
    /// Of health and metrics.
    pub management: SocketAddr,
    /// The pack whose authorities are founded; all that are shipped are worked by where none is named.
    pub pack: Option<String>,
    /// The kinds of the authorities' keys.
    pub kinds: Kinds,
    /// The token the authorities' keys are made in; without one they are files.
    pub token: Option<TokenStore>,
}

/// A place that is ready to serve.
pub struct Place {
    /// Its configuration.
    pub config: Config,
    /// Its people.
    pub personas: Personas,
}

/// Makes the folder what `wanted` says, or finds it so; `watch` is told of the steps of a founding. Addresses may change
/// from run to run. Errors: the folder is something else, or a step failed.
pub async fn prepare(
    folder: &Path,
    wanted: &Wanted,
    watch: &mut (dyn FnMut(FoundingStep, Duration) + Send),
) -> Result<Place, DemoError> {
    if !is_ours(folder) {
        return Err(DemoError::NotOurs(folder.to_path_buf()));
    }
    let file = folder.join("lgpki.toml");
    std::fs::create_dir_all(folder).map_err(|error| DemoError::file(folder, &error))?;
    std::fs::write(folder.join(MARK), MARK_TEXT).map_err(|error| DemoError::file(folder, &error))?;
    let passphrase = folder.join("passphrase");
    if !passphrase.exists() {
        draw_passphrase_file(&passphrase, &SystemEntropy)?;
    }
    let config = write_config(&file, wanted)?;
    let store = make_store(&config.database, None).await?;
    migrate(&store).await?;
    let authorities = store.read().await?.authorities().await?.len();
    if authorities == 1 {
        let cut =
            "an earlier run was interrupted while it founded the authorities; remove the folder and run the demo again";
        return Err(DemoError::Story(cut.to_owned()));
    }
    let founded = authorities > 0;
    if !founded {
        std::fs::create_dir_all(&config.keys.directory)
            .map_err(|error| DemoError::file(&config.keys.directory, &error))?;
        let stores = open_key_stores(&config, &KeySecrets::default())?;
        if let Some(folder) = stores.folder() {
            centre::found_vault(&store, &folder, SystemClock.now()).await?;
        }
        let making_in = config.keys.tokens.first().map_or(FOLDER, |token| &token.name);
        let foundry = Foundry {
            store: store.clone(),
            keys: Arc::new(stores.making_in(making_in)?),
            entropy: Arc::new(SystemEntropy),
            clock: Arc::new(SystemClock),
            repository: Repository::of(&config.public),
            policy: config.policy.clone(),
        };
        let name = wanted.pack.as_deref().unwrap_or(USUAL_PACK);
        // A pack in a file goes by the name in it, and is the only one there is.
        let pack = config.policy.packs.named(name).or_else(|| config.policy.packs.iter().next()).cloned();
        let pack = pack.ok_or_else(|| DemoError::Story(format!("the configuration has no pack {name}")))?;
        let founding = Founding { foundry, pack, kinds: wanted.kinds };
        found(&founding, watch).await.map_err(|error| DemoError::Story(crate::trouble::chain(&error)))?;
    }
    let personas = match Personas::load(folder)? {
        Some(personas) if founded => personas,
        _ => people::register(&store, folder, &SystemEntropy, SystemClock.now()).await?,
    };
    store.close().await;
    Ok(Place { config, personas })
}

/// The file that says a folder is a demo's.
const MARK: &str = "DEMO";
const MARK_TEXT: &str = "This folder is rewritten by `lgpki demo`. Nothing in it is for keeps.\n";

/// Whether the folder is missing, empty, or a demo's: what it holds is rewritten, so an installation of somebody's own must
/// never be taken for one.
fn is_ours(folder: &Path) -> bool {
    folder.join(MARK).exists() || !folder.read_dir().is_ok_and(|mut inside| inside.next().is_some())
}

fn write_config(file: &PathBuf, wanted: &Wanted) -> Result<Config, DemoError> {
    let base = format!("http://localhost:{}", wanted.listen.port());
    let token = wanted.token.as_ref().and_then(|token| {
        let pin_file = token.pin_file.as_deref().and_then(Path::to_str);
        let module = token.settings.module.to_str()?;
        Some(SampleToken { name: &token.name, module, token: &token.settings.token, pin_file })
    });
    let text = sample(&Sample {
        database_url: wanted.database_url.as_deref().unwrap_or("sqlite:lgpki.db"),
        password_file: None,
        passphrase_file: Some("passphrase"),
        token,
        listen: &wanted.listen.to_string(),
        management: &wanted.management.to_string(),
        url: &base,
        repository_url: &base,
        environment: "demo",
        pack: wanted.pack.as_deref(),
        // A laptop has better things to do; the one key somebody tries is made while he waits.
        pool: Some(0),
    });
    std::fs::write(file, text).map_err(|error| DemoError::file(file, &error))?;
    Ok(config::load(file).map_err(crate::trouble::Trouble::from)?)
}
