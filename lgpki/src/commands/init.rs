//! `lgpki init`: an installation in a folder of its own. Nothing is ever overwritten; what fails half-way is removed by
//! whoever reads the message, never by the program.

use crate::clock::SystemClock;
use crate::commands::input::key_kind;
use crate::commands::token::told;
use crate::config::{self, Config, Database, Sample, SampleToken};
use crate::entropy::SystemEntropy;
use crate::foundry::Foundry;
use crate::keys::{FOLDER, KeyStores, MakingIn};
use crate::secrets::{PassphraseSource, PinSource, draw_passphrase_file};
use crate::setup::{Founded, Founding, FoundingError, FoundingStep, Kinds, USUAL_PACK, found};
use crate::trouble::{Exit, Trouble, chain};
use crate::{centre, installation, out};
use ca_core::key::KeyAlgorithm;
use ca_core::profile::Pack;
use ca_core::time::Clock;
use hsm_adapters::Passphrase;
use hsm_adapters::pkcs11::Module;
use std::fs::{DirBuilder, OpenOptions};
use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use store::{Schema, StoreError};

const CONFIG_FILE: &str = "lgpki.toml";
/// What the token of a new installation is called among its key stores.
const TOKEN_STORE: &str = "hsm";
const PASSPHRASE_FILE: &str = "passphrase";

/// Arguments of `init`.
#[derive(Clone, Debug, clap::Args)]
pub struct Init {
    /// The folder of the installation; made if it is missing
    #[arg(default_value = ".", value_name = "FOLDER")]
    pub folder: PathBuf,
    /// The database: sqlite:PATH (relative to the folder) or postgres://USER@HOST/NAME without a password
    #[arg(long, value_name = "URL", default_value = "sqlite:lgpki.db")]
    pub database: String,
    /// The file that holds the PostgreSQL password (mode 0600)
    #[arg(long, value_name = "FILE")]
    pub database_password_file: Option<PathBuf>,
    /// The policy pack whose authorities are founded, by name or file; the installation works by it alone
    /// [default: lgwan-private, beside all that are shipped]
    #[arg(long, value_name = "PACK")]
    pub pack: Option<String>,
    /// The kind of key of the root CA [default: p384, or what the pack names first]
    #[arg(long, value_name = "KIND", value_parser = key_kind)]
    pub root_key: Option<KeyAlgorithm>,
    /// The kind of key of the CAs that issue to holders [default: p256, or what the pack names first]
    #[arg(long, value_name = "KIND", value_parser = key_kind)]
    pub key: Option<KeyAlgorithm>,
    /// The address of the public listener
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8080")]
    pub listen: String,
    /// The address of the management listener
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:9090")]
    pub management: String,
    /// The address officers type; https where others can reach it [default: localhost and the port of the public listener]
    #[arg(long, value_name = "URL")]
    pub url: Option<String>,
    /// The base of the CRL and OCSP addresses written into certificates; http [default: http:// and the public listener]
    #[arg(long, value_name = "URL")]
    pub repository_url: Option<String>,
    /// production, training or demo
    #[arg(long, default_value = "training")]
    pub environment: String,
    /// Make the authorities' keys in a PKCS#11 token: the module of its maker (…/libsofthsm2.so)
    #[arg(long, value_name = "FILE", requires = "token")]
    pub token_module: Option<PathBuf>,
    /// The label of the token
    #[arg(long, value_name = "LABEL", requires = "token_module")]
    pub token: Option<String>,
    /// Its PIN.
    #[command(flatten)]
    pub pin: PinSource,
    /// Draw a random passphrase for the keys and keep it in the folder (mode 0600), so that the service starts by itself
    #[arg(long, conflicts_with_all = ["passphrase_file", "passphrase_fd"])]
    pub generate_passphrase: bool,
    /// Where the new passphrase of the keys comes from; without these it is asked for.
    #[command(flatten)]
    pub passphrase: PassphraseSource,
}

/// Makes the installation and says where everything is. Errors: exit 7 where there is one already, exit 3 for settings that
/// contradict each other, exit 5 when the database or a file fails.
pub async fn run(what: &Init) -> Result<Exit, Trouble> {
    hsm_adapters::warm_up();
    let folder = std::path::absolute(&what.folder).unwrap_or_else(|_| what.folder.clone());
    let (text, config) = settings(what, &folder)?;
    let (pack, kinds) = chosen(what, &config)?;
    refuse_existing(what, &folder, &config)?;
    refuse_inhabited(&config.database).await?;
    // Asked for before anything is made: whoever has no passphrase leaves nothing behind.
    let typed = if what.generate_passphrase { None } else { Some(what.passphrase.new_passphrase()?) };
    let stores = config.keys.stores();
    let making_in = open_token(what, &config, &stores)?;
    make_folder(&folder)?;
    let passphrase = match typed {
        Some(passphrase) => passphrase,
        None => drawn(&config)?,
    };
    write_new(&config.file, &text)?;
    make_folder(&config.keys.directory)?;
    stores.open(FOLDER, Some(passphrase))?;
    let founded = establish(&config, &stores.making_in(making_in)?, (pack, kinds), &mut tell).await?;
    say(&config, &founded)?;
    Ok(Exit::Done)
}

/// The configuration file's text, and the same checked.
fn settings(what: &Init, folder: &Path) -> Result<(String, Config), Trouble> {
    let here = format!("http://{}", what.listen);
    let port = what.listen.rsplit(':').next().unwrap_or_default();
    let localhost = format!("http://localhost:{port}");
    let passphrase_file = match &what.passphrase.passphrase_file {
        Some(file) => Some(std::path::absolute(file).unwrap_or_else(|_| file.clone())),
        None => what.generate_passphrase.then(|| PathBuf::from(PASSPHRASE_FILE)),
    };
    let password_file =
        what.database_password_file.as_ref().map(|file| std::path::absolute(file).unwrap_or_else(|_| file.clone()));
    let absolute = |path: &PathBuf| std::path::absolute(path).unwrap_or_else(|_| path.clone());
    // A shipped pack has a name, another is a file that stands somewhere else than the configuration.
    let pack = what.pack.as_ref().map(|pack| match pack.ends_with(".toml") {
        true => absolute(&PathBuf::from(pack)),
        false => PathBuf::from(pack),
    });
    let (module, pin_file) = (what.token_module.as_ref().map(absolute), what.pin.pin_file.as_ref().map(absolute));
    let token = what.token.as_deref().zip(module.as_deref().and_then(Path::to_str)).map(|(token, module)| {
        let pin_file = pin_file.as_deref().and_then(Path::to_str);
        SampleToken { name: TOKEN_STORE, module, token, pin_file }
    });
    let text = config::sample(&Sample {
        token,
        database_url: &what.database,
        password_file: password_file.as_deref().and_then(Path::to_str),
        passphrase_file: passphrase_file.as_deref().and_then(Path::to_str),
        listen: &what.listen,
        management: &what.management,
        url: what.url.as_deref().unwrap_or(&localhost),
        repository_url: what.repository_url.as_deref().unwrap_or(&here),
        environment: &what.environment,
        pack: pack.as_deref().and_then(Path::to_str),
        pool: None,
    });
    let config = config::parse(&text, &folder.join(CONFIG_FILE)).map_err(|error| {
        // The line is one of a file that is not written yet; the reason is what helps.
        Trouble::new(Exit::Configuration, "these settings cannot be used").because(reason(&error))
    })?;
    Ok((text, config))
}

/// The pack whose authorities are founded, and their kinds of key, which it must allow.
fn chosen(what: &Init, config: &Config) -> Result<(Pack, Kinds), Trouble> {
    let (packs, kinds) = (&config.policy.packs, Kinds { root: what.root_key, issuing: what.key });
    let pack = if what.pack.is_some() { packs.iter().next() } else { packs.named(USUAL_PACK) };
    let pack = pack.ok_or_else(|| Trouble::new(Exit::Bug, format!("there is no policy pack {USUAL_PACK}")))?;
    for rule in &pack.authorities {
        kinds.of(pack, rule).map_err(not_founded)?;
    }
    Ok((pack.clone(), kinds))
}

fn reason(error: &config::ConfigError) -> String {
    match error {
        config::ConfigError::Wrong { reason, .. } => reason.clone(),
        other @ (config::ConfigError::Unreadable { .. } | config::ConfigError::Pack { .. }) => chain(other),
    }
}

fn refuse_existing(what: &Init, folder: &Path, config: &Config) -> Result<(), Trouble> {
    // A passphrase file the caller names is used, one that is to be drawn must not exist.
    let drawn = config.keys.passphrase_file.as_ref().filter(|_| what.generate_passphrase);
    let made = [Some(&config.file), config.database.sqlite_file.as_ref(), Some(&config.keys.directory), drawn];
    match made.into_iter().flatten().find(|path| path.exists()) {
        None => Ok(()),
        Some(path) => {
            Err(Trouble::new(Exit::Refused, format!("there is an installation in {} already", folder.display()))
                .because(format!("{} exists, and nothing is ever overwritten", path.display()))
                .advice("run it with `lgpki serve`, look at it with `lgpki doctor`, or name another folder"))
        }
    }
}

/// A database server may hold an installation whose folder is elsewhere. Asked before anything is made, and nothing is
/// changed in it: not even its schema.
async fn refuse_inhabited(database: &Database) -> Result<(), Trouble> {
    if database.sqlite_file.is_some() {
        return Ok(()); // looked for by its file
    }
    let store = installation::make_store(database, None).await?;
    let inhabited = async {
        Ok::<bool, StoreError>(match store.schema().await? {
            Schema::Absent => false,
            Schema::Current => !store.read().await?.authorities().await?.is_empty(),
            Schema::Behind | Schema::Ahead => true,
        })
    };
    let inhabited = inhabited.await;
    store.close().await;
    if inhabited? { Err(already_inhabited()) } else { Ok(()) }
}

fn already_inhabited() -> Trouble {
    Trouble::new(Exit::Refused, "the database holds an installation already")
        .because("it has authorities, or a schema of another version, and nothing is ever overwritten")
        .advice("name an empty database with --database")
}

fn make_folder(folder: &Path) -> Result<(), Trouble> {
    DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(|error| {
        Trouble::new(Exit::Unavailable, format!("the folder {} cannot be made", folder.display())).because(error)
    })
}

/// A random passphrase, kept in the file the configuration names.
fn drawn(config: &Config) -> Result<Passphrase, Trouble> {
    let file = config.keys.passphrase_file.as_deref();
    if let Some(file) = file {
        draw_passphrase_file(file, &SystemEntropy)?;
    }
    PassphraseSource::default().passphrase(file)
}

/// Writes a file that must not exist yet.
fn write_new(file: &Path, text: &str) -> Result<(), Trouble> {
    OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o640)
        .open(file)
        .and_then(|mut opened| opened.write_all(text.as_bytes()).and_then(|()| opened.sync_all()))
        .map_err(|error| {
            Trouble::new(Exit::Unavailable, format!("{} cannot be written", file.display())).because(error)
        })
}

/// Opens the token the authorities' keys are to be made in, and sees that it answers; the name of the store new keys are made
/// in. Errors: as a token's elsewhere ([`told`]).
fn open_token(what: &Init, config: &Config, stores: &KeyStores) -> Result<&'static str, Trouble> {
    let Some(token) = config.keys.tokens.first() else { return Ok(FOLDER) };
    let (module, label) = (&token.settings.module, &token.settings.token);
    let found = Module::load(module).and_then(|module| module.token(label)).map_err(told)?;
    let pin = if found.wants_pin() { Some(what.pin.pin(label)?) } else { None };
    // Once, so that a PIN that is wrong leaves nothing behind.
    found.log_in(pin.as_ref()).map_err(told)?;
    stores.open(TOKEN_STORE, pin)?;
    Ok(TOKEN_STORE)
}

/// Makes database, vault and the authorities of a pack, where the folder of keys is open, with keys made where `keys` makes them.
/// Errors: as [`run`].
async fn establish(
    config: &Config,
    keys: &MakingIn,
    (pack, kinds): (Pack, Kinds),
    watch: &mut (dyn FnMut(FoundingStep, Duration) + Send),
) -> Result<Vec<Founded>, Trouble> {
    let store = installation::make_store(&config.database, None).await?;
    installation::migrate(&store).await?;
    let folder = keys.stores().folder().ok_or_else(|| Trouble::new(Exit::Bug, "the folder of keys is not open"))?;
    centre::found_vault(&store, &folder, SystemClock.now()).await?;
    let foundry = Foundry {
        store: store.clone(),
        keys: Arc::new(keys.clone()),
        entropy: Arc::new(SystemEntropy),
        clock: Arc::new(SystemClock),
        repository: installation::Repository::of(&config.public),
        policy: config.policy.clone(),
    };
    let founded = found(&Founding { foundry, pack, kinds }, watch).await;
    store.close().await;
    founded.map_err(not_founded)
}

fn not_founded(error: FoundingError) -> Trouble {
    match error {
        FoundingError::Exists => already_inhabited(),
        FoundingError::KeyKind { .. } => {
            Trouble::new(Exit::Refused, error.to_string()).advice("`lgpki pack show` lists the kinds under keys")
        }
        other @ FoundingError::Foundry(_) => Trouble::new(Exit::Unavailable, "the authorities could not be founded")
            .because(chain(&other))
            .advice("remove what was made (folder and database) and begin again"),
    }
}

fn tell(step: FoundingStep, took: Duration) {
    let what = match step {
        FoundingStep::Authority { title, issuer: None, .. } => {
            format!("{title}: key made, certificate issued to itself")
        }
        FoundingStep::Authority { title, issuer: Some(issuer), .. } => {
            format!("{title}: key made, certificate issued by {issuer}")
        }
        FoundingStep::Responders => "OCSP responders: keys made, certificates issued".to_owned(),
        FoundingStep::Crls => "first CRLs signed".to_owned(),
    };
    out::talk(format_args!("{:>6} ms  {what}", took.as_millis()));
}

fn say(config: &Config, founded: &[Founded]) -> Result<(), Trouble> {
    out::line(format_args!("configuration: {}", config.file.display()))?;
    for Founded { authority, title, .. } in founded {
        let certificate = &authority.certificate;
        out::line(format_args!("{title}: {}", certificate.subject()))?;
        if certificate.subject().matches(certificate.issuer()) {
            out::line(format_args!("  SHA-256 {}", ca_core::digest::hex(&certificate.fingerprint())))?;
        }
    }
    let lgpki = format!("lgpki --config {}", config.file.display());
    out::line("next, with the names of your own organisation and people:")?;
    out::line(format_args!(
        "  {lgpki} org add --code 019992 --name 白樺町 --kana シラカバチョウ --name-en \"Shirakaba Town\" --domain \
         town.shirakaba.lg.jp"
    ))?;
    out::line(format_args!("  {lgpki} officer add --org 019992 --login sato --name \"佐藤 花子\" --role officer"))?;
    out::line("and once more with --role manager for the person who approves. Then run it:")?;
    out::line(format_args!("  {lgpki} serve"))?;
    Ok(())
}
