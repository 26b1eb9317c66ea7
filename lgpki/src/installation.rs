//! What every command that works on an installation opens: its database and its keys, as the configuration names them.

use crate::config::{Config, Database, Keys, Public, TokenStore};
use crate::entropy::SystemEntropy;
use crate::keys::{FOLDER, KeyStores};
use crate::secrets::{KeySecrets, PassphraseSource, read_secret_file};
use crate::trouble::{Exit, Trouble, chain};
use ca_core::id::AuthorityId;
use ca_core::issue::PublicAddresses;
use hsm_adapters::SoftKeys;
use hsm_adapters::pkcs11::Module;
use std::sync::Arc;
use store::{Interruption, OpenOptions, Schema, Store};
use url::Url;
use zeroize::Zeroizing;

/// Opens the database, which must exist. Errors: exit 3 when it does not or its password cannot be read, exit 5 when it
/// does not answer.
pub async fn open_store(database: &Database, interruption: Option<Arc<dyn Interruption>>) -> Result<Store, Trouble> {
    if let Some(file) = database.sqlite_file.as_ref().filter(|file| !file.exists()) {
        return Err(Trouble::new(Exit::Configuration, format!("there is no database {}", file.display()))
            .advice("`lgpki init` makes an installation; is this the right --config?"));
    }
    make_store(database, interruption).await
}

/// As [`open_store`], but a SQLite database is made when it is missing.
pub async fn make_store(database: &Database, interruption: Option<Arc<dyn Interruption>>) -> Result<Store, Trouble> {
    let options =
        OpenOptions { connections: database.connections, interruption, ..OpenOptions::new(Arc::new(SystemEntropy)) };
    Store::open(&url_with_password(database)?, &options).await.map_err(|error| {
        let what = format!("the database {} cannot be opened", database.url);
        let advice = match &database.sqlite_file {
            Some(file) => format!("let the user who runs this read and write {} and its folder", file.display()),
            None => "is the server running, and may this user log in? Try psql with the same url".to_owned(),
        };
        Trouble::new(Exit::Unavailable, what).because(chain(&error)).advice(advice)
    })
}

/// As [`open_store`], for commands that work on the rows of a schema as it is: never migrates. Errors as there, and exit 3
/// when the database holds no installation, or one of another version.
pub async fn open_current(database: &Database) -> Result<Store, Trouble> {
    open_current_with(database, None).await
}

/// As [`open_current`], with a fault that tests put into commits.
pub async fn open_current_with(
    database: &Database,
    interruption: Option<Arc<dyn Interruption>>,
) -> Result<Store, Trouble> {
    let store = open_store(database, interruption).await?;
    let url = &database.url;
    let wrong = |what: String, advice: &str| Err(Trouble::new(Exit::Configuration, what).advice(advice));
    match store.schema().await? {
        Schema::Current => Ok(store),
        Schema::Absent => {
            wrong(format!("{url} holds no installation"), "`lgpki init` makes one; is this the right --config?")
        }
        Schema::Behind => wrong(
            format!("{url} has the schema of an older version"),
            "`lgpki serve` brings it up to date; make a backup first",
        ),
        Schema::Ahead => {
            wrong(format!("{url} has the schema of a newer version"), "use the version of lgpki that was here before")
        }
    }
}

/// Brings the schema up to date. Errors: exit 5.
pub async fn migrate(store: &Store) -> Result<(), Trouble> {
    store.migrate().await.map_err(|error| {
        Trouble::new(Exit::Unavailable, "the database's schema could not be brought up to date")
            .because(chain(&error))
            .advice("a schema of a newer version needs that version of lgpki")
    })
}

fn url_with_password(database: &Database) -> Result<Zeroizing<String>, Trouble> {
    let Some(file) = &database.password_file else { return Ok(Zeroizing::new(database.url.clone())) };
    let password = read_secret_file(file)?;
    let wrong = || Trouble::new(Exit::Configuration, "the database url has no host to send a password to");
    let mut url = Url::parse(&database.url).map_err(|_| wrong())?;
    url.set_password(Some(&password)).map_err(|()| wrong())?;
    Ok(Zeroizing::new(String::from(url)))
}

/// Opens the folder of the software keys, which must exist. No key is opened yet. Errors: exit 3.
pub fn open_keys(config: &Config, source: &PassphraseSource) -> Result<SoftKeys, Trouble> {
    let stores = config.keys.stores();
    stores.open(FOLDER, Some(source.passphrase(config.keys.passphrase_file.as_deref())?))?;
    stores.folder().ok_or_else(|| Trouble::new(Exit::Bug, "the folder of keys is open and is not"))
}

/// Opens all key stores, each with its secret; what no file or descriptor gives is asked for. No key is looked for yet, so a
/// token may be away. Errors: exit 2 for a PIN of a token nobody configured, exit 3 for a secret that cannot be had.
pub fn open_key_stores(config: &Config, secrets: &KeySecrets) -> Result<KeyStores, Trouble> {
    open_stores(&config.keys, secrets)
}

fn open_stores(keys: &Keys, secrets: &KeySecrets) -> Result<KeyStores, Trouble> {
    let stores = keys.stores();
    open_the_rest(&stores, keys, secrets)?;
    Ok(stores)
}

/// As [`open_key_stores`], those of `stores` that nobody has opened yet.
pub fn open_the_rest(stores: &KeyStores, keys: &Keys, secrets: &KeySecrets) -> Result<(), Trouble> {
    secrets.check_names(keys)?;
    if !stores.is_open(FOLDER) {
        stores.open(FOLDER, Some(secrets.passphrase.passphrase(keys.passphrase_file.as_deref())?))?;
    }
    for token in keys.tokens.iter().filter(|token| !stores.is_open(&token.name)) {
        let pin = match secrets.known_pin(token)? {
            Some(pin) => Some(pin),
            None if has_pin_pad(token) => None,
            None => Some(secrets.pin(token)?),
        };
        stores.open(&token.name, pin)?;
    }
    Ok(())
}

/// As [`open_key_stores`], for a command that signs: what the database says is out of service is not used. Errors: as there, and
/// exit 5 when the database fails.
pub async fn open_keys_in_service(config: &Config, secrets: &KeySecrets, store: &Store) -> Result<KeyStores, Trouble> {
    let stores = open_key_stores(config, secrets)?;
    withhold_recorded(&stores, store).await?;
    Ok(stores)
}

/// From now on what the database says is out of service is not used. Errors: the database.
pub async fn withhold_recorded(stores: &KeyStores, store: &Store) -> Result<(), Trouble> {
    let withheld = store.read().await?.keys_out_of_service().await?;
    stores.withhold_recorded(withheld.into_iter().map(|row| (row.key_label, row.reason)));
    Ok(())
}

/// Opens the key stores whose secret can be had without asking; the others stay closed. Errors: as [`open_key_stores`].
pub fn open_key_stores_quietly(config: &Config, secrets: &KeySecrets) -> Result<KeyStores, Trouble> {
    secrets.check_names(&config.keys)?;
    let stores = config.keys.stores();
    if secrets.knows_passphrase(&config.keys) {
        stores.open(FOLDER, Some(secrets.passphrase.passphrase(config.keys.passphrase_file.as_deref())?))?;
    }
    for token in &config.keys.tokens {
        match secrets.known_pin(token)? {
            Some(pin) => stores.open(&token.name, Some(pin))?,
            None if has_pin_pad(token) => stores.open(&token.name, None)?,
            None => {}
        }
    }
    Ok(stores)
}

/// Whether the PIN is typed at the device, which only a token that is there can say.
fn has_pin_pad(token: &TokenStore) -> bool {
    let found = Module::load(&token.settings.module).and_then(|module| module.token(&token.settings.token));
    found.is_ok_and(|token| !token.wants_pin())
}

/// The bases of a repository: as the Internet sees it, and as LGWAN does, where both are served.
#[derive(Clone, Debug)]
pub struct Repository {
    /// The one, or the Internet's.
    pub url: Url,
    /// LGWAN's.
    pub lgwan_url: Option<Url>,
}

impl Repository {
    /// That of a configuration.
    pub fn of(public: &Public) -> Self {
        Self { url: public.repository_url.clone(), lgwan_url: public.lgwan_repository_url.clone() }
    }

    /// The addresses an authority writes into what it issues: its CRL in both networks, OCSP and its certificate in the first.
    pub fn addresses(&self, authority: &AuthorityId) -> PublicAddresses {
        let base = |url: &Url| url.as_str().trim_end_matches('/').to_owned();
        let (first, bases) = (base(&self.url), [Some(&self.url), self.lgwan_url.as_ref()]);
        PublicAddresses {
            crl: bases.into_iter().flatten().map(|url| format!("{}/crl/{authority}.crl", base(url))).collect(),
            ocsp: vec![format!("{first}/ocsp/{authority}")],
            issuer_certificate: vec![format!("{first}/aia/{authority}.cer")],
        }
    }
}
