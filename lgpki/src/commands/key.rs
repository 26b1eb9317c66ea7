//! `lgpki key`: keys of holders, and the return of authorities' keys to service. A key in a file is PKCS#8 in PEM, sealed with a passphrase unless the holder says
//! otherwise; a key in a token is made there and stays there. Keys are never replaced.

use crate::clock::SystemClock;
use crate::commands::input::key_kind;
use crate::commands::token::{NamedToken, TokenPlace, told};
use crate::secrets::HolderPassphrase;
use crate::trouble::{Exit, Trouble};
use crate::{config, installation, out};
use ca_core::audit::Actor;
use ca_core::digest::hex;
use ca_core::id::KeyLabel;
use ca_core::key::KeyAlgorithm;
use ca_core::time::Clock;
use hsm_adapters::holder::HolderKey;
use hsm_adapters::holder::file::{self, HolderFileError, KeyFile};
use hsm_adapters::pkcs11::{TokenKey, TokenSession};
use hsm_adapters::soft::KeyFileError;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use store::{Step, StoreError};

/// Somebody at the machine's command line.
const ACTOR: Actor = Actor::System("command");

/// What can be done with keys.
#[derive(Debug, clap::Subcommand)]
pub enum Key {
    /// Make a key: in a file, or in a PKCS#11 token
    New(New),
    /// Sign nothing more with a key of an authority, until it is returned to service
    TakeOutOfService(Judged),
    /// Let a key of an authority sign again that was taken out of service
    ReturnToService(Judged),
}

/// A key, and what somebody has to say about it.
#[derive(Debug, clap::Args)]
pub struct Judged {
    /// The label of the key, as `lgpki doctor` shows it
    #[arg(value_name = "LABEL", value_parser = key_label)]
    pub label: KeyLabel,
    /// Why: what was found, and what was done about it; kept in the audit log
    #[arg(long, value_name = "TEXT", value_parser = clap::builder::NonEmptyStringValueParser::new())]
    pub reason: String,
}

fn key_label(text: &str) -> Result<KeyLabel, String> {
    KeyLabel::parse(text).map_err(|error| error.to_string())
}

/// Arguments of `key new`.
#[derive(Debug, clap::Args)]
pub struct New {
    /// The kind of key: p256, p384, rsa2048, rsa3072 or rsa4096; to try them out also mldsa44, mldsa65 or mldsa87
    #[arg(long, value_name = "KIND", default_value = "p256", value_parser = key_kind)]
    pub algorithm: KeyAlgorithm,
    /// The file to make; it must not exist
    #[arg(long, value_name = "FILE", required_unless_present = "token_module", conflicts_with = "token_module")]
    pub out: Option<PathBuf>,
    /// Its passphrase.
    #[command(flatten)]
    pub passphrase: HolderPassphrase,
    /// The token, for a key in one.
    #[command(flatten)]
    pub token: TokenPlace,
}

/// Makes the key and says where it is. Errors: exit 2 and 3 for what is named wrong, exit 7 for a name that is taken, exit 5
/// when the file or the token fails.
pub async fn run(what: &Key, file: &Path) -> Result<Exit, Trouble> {
    match what {
        Key::New(what) => new(what),
        Key::TakeOutOfService(what) => take_out_of_service(what, file).await,
        Key::ReturnToService(what) => return_to_service(what, file).await,
    }
}

/// Has all processes of the installation sign nothing more with a key, within a second. Errors: exit 7 for a key that no
/// authority has; those of the installation.
async fn take_out_of_service(what: &Judged, file: &Path) -> Result<Exit, Trouble> {
    let store = installation::open_current(&config::load(file)?.database).await?;
    let taken = async {
        let mut txn = store.write(SystemClock.now(), ACTOR).await?;
        let rows = txn.authorities().await?;
        let labels = rows.iter().flat_map(|row| [Some(&row.key_label), row.ocsp_key_label.as_ref()]).flatten();
        if !labels.into_iter().any(|label| *label == what.label) {
            return Err(StoreError::NotFound { what: "key" });
        }
        txn.take_key_out_of_service(&what.label, &what.reason).await?;
        txn.commit(Step::Setup).await
    };
    let taken = taken.await;
    store.close().await;
    match taken {
        Ok(()) => out::line(format_args!("the key {} is out of service: nothing more is signed with it", what.label))?,
        Err(StoreError::NotFound { .. }) => {
            return Err(Trouble::new(Exit::Refused, format!("no authority has a key {}", what.label))
                .advice("the labels of keys are the ids of authorities, and those with -ocsp behind them"));
        }
        Err(error) => return Err(error.into()),
    }
    Ok(Exit::Done)
}

/// Lets a key sign again. Running services see it within a second and probe the key first. Errors: exit 7 for a key that is
/// not out of service; those of the installation.
async fn return_to_service(what: &Judged, file: &Path) -> Result<Exit, Trouble> {
    let store = installation::open_current(&config::load(file)?.database).await?;
    let returned = async {
        let mut txn = store.write(SystemClock.now(), ACTOR).await?;
        txn.return_key_to_service(&what.label, &what.reason).await?;
        txn.commit(Step::Setup).await
    };
    let returned = returned.await;
    store.close().await;
    match returned {
        Ok(()) => out::line(format_args!("the key {} signs again, when a probe of it succeeds", what.label))?,
        Err(StoreError::NotFound { .. }) => {
            return Err(Trouble::new(Exit::Refused, format!("the key {} is not out of service", what.label))
                .advice("`lgpki doctor` names the keys that are"));
        }
        Err(error) => return Err(error.into()),
    }
    Ok(Exit::Done)
}

fn new(what: &New) -> Result<Exit, Trouble> {
    if let Some(named) = what.token.named() {
        new_in_token(&named.log_in()?, named, what.algorithm)?;
    } else if let Some(path) = &what.out {
        new_in_file(path, what.algorithm, &what.passphrase)?;
    }
    Ok(Exit::Done)
}

/// Makes a key in the new file `path` and says so. Errors: as [`run`].
pub(super) fn new_in_file(
    path: &Path,
    algorithm: KeyAlgorithm,
    passphrase: &HolderPassphrase,
) -> Result<HolderKey, Trouble> {
    // Said before a passphrase is typed; whether it is still so is decided when the file is made.
    if path.symlink_metadata().is_ok() {
        return Err(untouched(&KeyFileError::Exists { path: path.to_path_buf() }));
    }
    let passphrase = passphrase.for_a_new_key()?;
    let key = HolderKey::generate(algorithm)
        .map_err(|error| Trouble::new(Exit::Unavailable, "no key was made").because(error))?;
    let sealed = match passphrase {
        Some(passphrase) => file::create_sealed(path, &key, passphrase).map(|()| "sealed with the passphrase"),
        None => file::create_plain(path, &key).map(|()| "not sealed: keep the file to yourself"),
    };
    let sealed = sealed.map_err(|error| untouched(&error))?;
    out::line(format_args!("key: {} ({algorithm}, {sealed})", path.display()))?;
    Ok(key)
}

/// Makes a key in a token and says so. Errors: as [`run`].
pub(super) fn new_in_token<'session>(
    session: &'session TokenSession,
    named: NamedToken<'_>,
    algorithm: KeyAlgorithm,
) -> Result<TokenKey<'session>, Trouble> {
    let key = session.generate(named.key, algorithm).map_err(told)?;
    let (label, token, id) = (named.key, named.token, hex(key.id()));
    out::line(format_args!("key: {label:?} in the token {token:?} ({algorithm}, id {id}, cannot be taken out)"))?;
    Ok(key)
}

/// The key in `path`; the passphrase is asked for only when it is sealed. Errors: exit 2 for a file that is no key, exit 3
/// for its passphrase or mode.
pub(super) fn from_file(path: &Path, passphrase: &HolderPassphrase) -> Result<HolderKey, Trouble> {
    match file::look(path).map_err(unread)? {
        KeyFile::Plain(key) => Ok(key),
        KeyFile::Sealed(sealed) => sealed.open(passphrase.for_a_sealed_key()?).map_err(unread),
    }
}

fn untouched(error: &KeyFileError) -> Trouble {
    let (exit, advice) = match error {
        KeyFileError::Exists { .. } => (Exit::Refused, "choose another name; a key is never replaced"),
        _ => (Exit::Unavailable, "see that the folder is there, is yours and has room"),
    };
    Trouble::new(exit, "no key was written").because(error).advice(advice)
}

fn unread(error: HolderFileError) -> Trouble {
    let (exit, advice) = match &error {
        HolderFileError::File(KeyFileError::Io { source, .. }) if source.kind() == ErrorKind::NotFound => {
            (Exit::Usage, "make it first (lgpki key new --out FILE), or add --new-key")
        }
        HolderFileError::File(KeyFileError::Io { .. }) => (Exit::Unavailable, "see that the file is yours"),
        HolderFileError::File(KeyFileError::WrongPassphrase { .. }) => {
            (Exit::Configuration, "try again with the passphrase of this key; a damaged file comes from its backup")
        }
        HolderFileError::File(KeyFileError::Exposed { .. }) => {
            (Exit::Configuration, "if others can have read it, make a new key instead")
        }
        HolderFileError::File(KeyFileError::UnknownSeal { .. }) => {
            (Exit::Usage, "seal it again: openssl pkcs8 -topk8 -v2 aes-256-cbc -v2prf hmacWithSHA256 -in OLD -out NEW")
        }
        HolderFileError::File(_) => (Exit::Usage, "give a private key in PEM (PKCS#8), as lgpki key new makes it"),
        HolderFileError::Key(_) => (Exit::Usage, "make a new key with lgpki key new"),
    };
    Trouble::new(exit, "the key cannot be used").because(&error).advice(advice)
}
