//! Where secrets come in: a file only its owner can read, a descriptor, or a person at a prompt. Never an argument, the
//! environment or the configuration itself. (The database library knows PostgreSQL's own `PGPASSWORD`; nothing here asks for
//! it, and a password file does without.)

use crate::config::{Keys, TokenStore};
use crate::trouble::{Exit, Trouble};
use ca_core::digest::hex;
use ca_core::entropy::Entropy;
use hsm_adapters::Passphrase;
use hsm_adapters::passphrase::PassphraseError;
use std::fs::{File, OpenOptions};
use std::io::{IsTerminal, Read, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

/// Where a command was told to take the passphrase of the keys from.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct PassphraseSource {
    /// Take the passphrase of the software keys from this file (mode 0600)
    #[arg(long, value_name = "FILE", conflicts_with = "passphrase_fd")]
    pub passphrase_file: Option<PathBuf>,
    /// Take the passphrase of the software keys from this open descriptor
    #[arg(long, value_name = "N")]
    pub passphrase_fd: Option<u32>,
}

impl PassphraseSource {
    /// The passphrase: from the descriptor or file of the command line, else from `configured`, else asked for. Errors:
    /// exit 3 with what is wrong with the file, or that there is nobody to ask.
    pub fn passphrase(&self, configured: Option<&Path>) -> Result<Passphrase, Trouble> {
        let taken = match (self.passphrase_fd, self.passphrase_file.as_deref().or(configured)) {
            (Some(descriptor), _) => Passphrase::from_fd(descriptor),
            (None, Some(file)) => Passphrase::from_file(file),
            (None, None) => Passphrase::typed(ask("Passphrase of the keys: ")?),
        };
        taken.map_err(|error| Trouble::new(Exit::Configuration, "there is no passphrase for the keys").because(error))
    }

    /// As [`Self::passphrase`] for a passphrase that is new: a person types it twice. Errors as there, and exit 7 when the
    /// two differ.
    pub fn new_passphrase(&self) -> Result<Passphrase, Trouble> {
        if self.passphrase_fd.is_some() || self.passphrase_file.is_some() {
            return self.passphrase(None);
        }
        let first = ask("New passphrase for the keys: ")?;
        if *first != *ask("Once more: ")? {
            return Err(Trouble::new(Exit::Refused, "the two passphrases differ").advice("begin again"));
        }
        Passphrase::typed(first).map_err(|error| Trouble::new(Exit::Refused, "no passphrase was set").because(error))
    }
}

/// Where the passphrase of a holder's key file comes from.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct HolderPassphrase {
    /// Take the passphrase of the key from this file (mode 0600)
    #[arg(long, value_name = "FILE", conflicts_with_all = ["passphrase_fd", "ask_passphrase", "no_passphrase"])]
    pub passphrase_file: Option<PathBuf>,
    /// Take the passphrase of the key from this open descriptor
    #[arg(long, value_name = "N", conflicts_with_all = ["ask_passphrase", "no_passphrase"])]
    pub passphrase_fd: Option<u32>,
    /// Ask for the passphrase of the key, as without any of these
    #[arg(long, conflicts_with = "no_passphrase")]
    pub ask_passphrase: bool,
    /// Leave a new key without a passphrase: whoever reads the file has the key
    #[arg(long)]
    pub no_passphrase: bool,
}

impl HolderPassphrase {
    /// The passphrase a new key is to be sealed with, typed twice when it is asked for; `None` with `--no-passphrase`.
    /// Errors: exit 3 with what is wrong with the file, or that there is nobody to ask; exit 7 when the two differ.
    pub fn for_a_new_key(&self) -> Result<Option<Passphrase>, Trouble> {
        if self.no_passphrase {
            return Ok(None);
        }
        let taken = match self.named() {
            Some(named) => named,
            None => {
                let first = self.asked("New passphrase for the key: ")?;
                if *first != *self.asked("Once more: ")? {
                    return Err(Trouble::new(Exit::Refused, "the two passphrases differ").advice("begin again"));
                }
                Passphrase::typed(first)
            }
        };
        taken.map(Some).map_err(no_passphrase)
    }

    /// The passphrase of a key that is sealed. Errors: exit 3 as there.
    pub fn for_a_sealed_key(&self) -> Result<Passphrase, Trouble> {
        let taken = match self.named() {
            Some(named) => named,
            None => Passphrase::typed(self.asked("Passphrase of the key: ")?),
        };
        taken.map_err(no_passphrase)
    }

    fn named(&self) -> Option<Result<Passphrase, PassphraseError>> {
        match (self.passphrase_fd, self.passphrase_file.as_deref()) {
            (Some(descriptor), _) => Some(Passphrase::from_fd(descriptor)),
            (None, Some(file)) => Some(Passphrase::from_file(file)),
            (None, None) => None,
        }
    }

    fn asked(&self, prompt: &str) -> Result<Zeroizing<String>, Trouble> {
        if !std::io::stdin().is_terminal() {
            let way_out = if self.no_passphrase {
                "leave --no-passphrase away and give --passphrase-file FILE or --passphrase-fd N"
            } else {
                "give --passphrase-file FILE or --passphrase-fd N"
            };
            return Err(Trouble::new(Exit::Configuration, "there is no passphrase for the key")
                .because("there is no terminal to ask at")
                .advice(way_out));
        }
        typed(prompt)
    }
}

fn no_passphrase(error: PassphraseError) -> Trouble {
    Trouble::new(Exit::Configuration, "there is no passphrase for the key").because(error)
}

/// The passphrases of custodians, who come one after the other: each from a file of its own, or typed.
pub struct CustodianPassphrases<'a> {
    files: std::slice::Iter<'a, PathBuf>,
}

impl<'a> CustodianPassphrases<'a> {
    /// From these files in order; typed when there are none. Errors: exit 2 when there is another number of files than of
    /// custodians.
    pub fn of(files: &'a [PathBuf], custodians: usize) -> Result<Self, Trouble> {
        if files.is_empty() || files.len() == custodians {
            return Ok(Self { files: files.iter() });
        }
        let what = format!("{} files with passphrases are named for {custodians} custodians", files.len());
        Err(Trouble::new(Exit::Usage, what).advice("name one for each, in the same order, or none to have them typed"))
    }

    /// The passphrase of `whose` share. Errors: exit 3 with what is wrong with the file, or that there is nobody to ask.
    pub fn next(&mut self, whose: &str) -> Result<Passphrase, Trouble> {
        let taken = match self.files.next() {
            Some(file) => Passphrase::from_file(file),
            None => Passphrase::typed(asked_of_custodian(&format!("Passphrase of {whose}: "))?),
        };
        taken.map_err(|error| no_share_passphrase(whose).because(error))
    }

    /// A passphrase `whose` custodian chooses now; typed twice. Errors: as [`Self::next`], and exit 7 when the two differ.
    pub fn next_new(&mut self, whose: &str) -> Result<Passphrase, Trouble> {
        if let Some(file) = self.files.next() {
            return Passphrase::from_file(file).map_err(|error| no_share_passphrase(whose).because(error));
        }
        let first = asked_of_custodian(&format!("New passphrase for {whose}: "))?;
        if *first != *asked_of_custodian("Once more: ")? {
            return Err(Trouble::new(Exit::Refused, "the two passphrases differ").advice("begin again"));
        }
        Passphrase::typed(first).map_err(|error| no_share_passphrase(whose).because(error))
    }
}

/// Where the passphrase of a key that is taken over comes from.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct ImportedKeyPassphrase {
    /// Take the passphrase of the key that is taken over from this file (mode 0600)
    #[arg(long, value_name = "FILE", conflicts_with = "key_passphrase_fd")]
    pub key_passphrase_file: Option<PathBuf>,
    /// Take the passphrase of the key that is taken over from this open descriptor
    #[arg(long, value_name = "N")]
    pub key_passphrase_fd: Option<u32>,
}

impl ImportedKeyPassphrase {
    /// The passphrase. Errors: exit 3 with what is wrong with the file, or that there is nobody to ask.
    pub fn passphrase(&self) -> Result<Passphrase, Trouble> {
        let taken = match (self.key_passphrase_fd, self.key_passphrase_file.as_deref()) {
            (Some(descriptor), _) => Passphrase::from_fd(descriptor),
            (None, Some(file)) => Passphrase::from_file(file),
            (None, None) if !std::io::stdin().is_terminal() => {
                return Err(Trouble::new(Exit::Configuration, "there is no passphrase for the key that is taken over")
                    .because("there is no terminal to ask at")
                    .advice("give --key-passphrase-file FILE or --key-passphrase-fd N"));
            }
            (None, None) => Passphrase::typed(typed("Passphrase of the key that is taken over: ")?),
        };
        taken.map_err(|error| {
            Trouble::new(Exit::Configuration, "there is no passphrase for the key that is taken over").because(error)
        })
    }
}

/// Where the passphrase of one custodian's share comes from.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct SharePassphrase {
    /// Take the passphrase of the share from this file (mode 0600)
    #[arg(long, value_name = "FILE", conflicts_with = "passphrase_fd")]
    pub passphrase_file: Option<PathBuf>,
    /// Take the passphrase of the share from this open descriptor
    #[arg(long, value_name = "N")]
    pub passphrase_fd: Option<u32>,
}

impl SharePassphrase {
    /// The passphrase of `whose` share. Errors: exit 3 with what is wrong with the file, or that there is nobody to ask.
    pub fn passphrase(&self, whose: &str) -> Result<Passphrase, Trouble> {
        let taken = match (self.passphrase_fd, self.passphrase_file.as_deref()) {
            (Some(descriptor), _) => Passphrase::from_fd(descriptor),
            (None, Some(file)) => Passphrase::from_file(file),
            (None, None) => Passphrase::typed(asked_of_custodian(&format!("Passphrase of {whose}: "))?),
        };
        taken.map_err(|error| no_share_passphrase(whose).because(error))
    }
}

fn no_share_passphrase(whose: &str) -> Trouble {
    Trouble::new(Exit::Configuration, format!("there is no passphrase for {whose}"))
}

fn asked_of_custodian(prompt: &str) -> Result<Zeroizing<String>, Trouble> {
    if !std::io::stdin().is_terminal() {
        return Err(Trouble::new(Exit::Configuration, "there is no passphrase for a share")
            .because("there is no terminal to ask at")
            .advice("give each custodian's passphrase in a file of mode 0600; the command's --help says how"));
    }
    typed(prompt)
}

/// Where the PIN of a PKCS#11 token comes from.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct PinSource {
    /// Take the PIN of the token from this file (mode 0600); without this it is asked for
    #[arg(long, value_name = "FILE", requires = "token_module", conflicts_with = "pin_fd")]
    pub pin_file: Option<PathBuf>,
    /// Take the PIN of the token from this open descriptor
    #[arg(long, value_name = "N", requires = "token_module")]
    pub pin_fd: Option<u32>,
}

impl PinSource {
    /// The PIN of the token labelled `token`. Errors: exit 3 with what is wrong with the file, or that there is nobody to
    /// ask.
    pub fn pin(&self, token: &str) -> Result<Passphrase, Trouble> {
        let missing = || Trouble::new(Exit::Configuration, format!("there is no PIN for the token {token:?}"));
        let taken = match (self.pin_fd, self.pin_file.as_deref()) {
            (Some(descriptor), _) => Passphrase::from_fd(descriptor),
            (None, Some(file)) => Passphrase::from_file(file),
            (None, None) if std::io::stdin().is_terminal() => {
                Passphrase::typed(typed(&format!("PIN of the token {token}: "))?)
            }
            (None, None) => {
                return Err(missing()
                    .because("there is no terminal to ask at")
                    .advice("give --pin-file FILE or --pin-fd N"));
            }
        };
        taken.map_err(|error| missing().because(error))
    }
}

/// Where a command was told to take the secrets of the key stores from: the folder's passphrase and the tokens' PINs.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct KeySecrets {
    /// The passphrase of the software keys.
    #[command(flatten)]
    pub passphrase: PassphraseSource,
    /// Take the PIN of the token NAME of the configuration from this file (mode 0600)
    #[arg(long, value_name = "NAME=FILE", value_parser = of_store::<PathBuf>)]
    pub token_pin_file: Vec<OfStore<PathBuf>>,
    /// Take the PIN of the token NAME of the configuration from this open descriptor
    #[arg(long, value_name = "NAME=N", value_parser = of_store::<u32>)]
    pub token_pin_fd: Vec<OfStore<u32>>,
}

/// What is meant for one key store.
#[derive(Clone, Debug)]
pub struct OfStore<T> {
    store: String,
    value: T,
}

fn of_store<T: std::str::FromStr>(text: &str) -> Result<OfStore<T>, String> {
    let (store, value) = text.split_once('=').ok_or("write the name of the token in the configuration, then =")?;
    let value = value.parse().map_err(|_| format!("`{value}` cannot be used here"))?;
    Ok(OfStore { store: store.to_owned(), value })
}

impl KeySecrets {
    /// Whether the passphrase of the folder can be had without asking anybody.
    pub fn knows_passphrase(&self, keys: &Keys) -> bool {
        let given = &self.passphrase;
        given.passphrase_fd.is_some() || given.passphrase_file.is_some() || keys.passphrase_file.is_some()
    }

    /// The PIN of a token from the command line or the file of the configuration; `None` when neither says where it is. Errors:
    /// exit 3 with what is wrong with the file.
    pub fn known_pin(&self, token: &TokenStore) -> Result<Option<Passphrase>, Trouble> {
        let descriptor = self.token_pin_fd.iter().find(|given| given.store == token.name);
        let file = self.token_pin_file.iter().find(|given| given.store == token.name);
        let taken = match (descriptor, file.map(|file| &file.value).or(token.pin_file.as_ref())) {
            (Some(descriptor), _) => Passphrase::from_fd(descriptor.value),
            (None, Some(file)) => Passphrase::from_file(file),
            (None, None) => return Ok(None),
        };
        taken.map(Some).map_err(|error| no_pin(token).because(error))
    }

    /// The PIN of a token: known, or typed by a person. Errors: exit 3 as there, or that there is nobody to ask.
    pub fn pin(&self, token: &TokenStore) -> Result<Passphrase, Trouble> {
        if let Some(pin) = self.known_pin(token)? {
            return Ok(pin);
        }
        if !std::io::stdin().is_terminal() {
            let (name, what) = (&token.name, "there is no terminal to ask at");
            return Err(no_pin(token).because(what).advice(format!(
                "set pin_file in its section, or give --token-pin-file {name}=FILE or --token-pin-fd {name}=N"
            )));
        }
        let typed = typed(&format!("PIN of the token {}: ", token.settings.token))?;
        Passphrase::typed(typed).map_err(|error| no_pin(token).because(error))
    }

    /// Errors: exit 2 when a PIN is given for a token that is not configured.
    pub fn check_names(&self, keys: &Keys) -> Result<(), Trouble> {
        let given = self.token_pin_file.iter().map(|given| &given.store);
        let mut given = given.chain(self.token_pin_fd.iter().map(|given| &given.store));
        match given.find(|given| keys.tokens.iter().all(|token| token.name != **given)) {
            None => Ok(()),
            Some(unknown) => {
                Err(Trouble::new(Exit::Usage, format!("no token of the configuration is called {unknown}"))
                    .advice("the names are in the sections [[keys.token]]"))
            }
        }
    }
}

fn no_pin(token: &TokenStore) -> Trouble {
    Trouble::new(Exit::Configuration, format!("there is no PIN for the token {:?}", token.settings.token))
}

fn ask(prompt: &str) -> Result<Zeroizing<String>, Trouble> {
    if !std::io::stdin().is_terminal() {
        return Err(Trouble::new(Exit::Configuration, "there is no passphrase for the keys")
            .because("no file is configured, and there is no terminal to ask at")
            .advice("set [keys] passphrase_file, or give --passphrase-file FILE or --passphrase-fd N"));
    }
    typed(prompt)
}

/// A new password, typed twice by a person and not shown. Errors: exit 3 when there is no terminal, exit 7 when the two
/// differ.
pub fn ask_new_password(whose: &str) -> Result<Zeroizing<String>, Trouble> {
    if !std::io::stdin().is_terminal() {
        return Err(Trouble::new(Exit::Configuration, format!("there is no password for {whose}"))
            .because("there is no terminal to ask at")
            .advice("give --password-file FILE, or leave both away to have a password drawn"));
    }
    let first = typed(&format!("New password for {whose}: "))?;
    if *first != *typed("Once more: ")? {
        return Err(Trouble::new(Exit::Refused, "the two passwords differ").advice("begin again"));
    }
    Ok(first)
}

/// The password of the account `login`, typed once. Errors: exit 3 when there is nobody to ask.
pub fn ask_password(login: &str) -> Result<Zeroizing<String>, Trouble> {
    if !std::io::stdin().is_terminal() {
        return Err(Trouble::new(Exit::Configuration, format!("there is no password of {login}"))
            .because("there is no terminal to ask at")
            .advice("give each person's password in a file of mode 0600: --password-file FILE"));
    }
    typed(&format!("Password of {login}: "))
}

fn typed(prompt: &str) -> Result<Zeroizing<String>, Trouble> {
    rpassword::prompt_password(prompt)
        .map(Zeroizing::new)
        .map_err(|error| Trouble::new(Exit::Configuration, "what was typed could not be read").because(error))
}

/// Makes a file with a random passphrase (256 bits, hexadecimal) that only its owner can read. Never overwrites. Errors:
/// exit 7 when the file exists, exit 5 when it cannot be written or there is no randomness.
pub fn draw_passphrase_file(path: &Path, entropy: &dyn Entropy) -> Result<(), Trouble> {
    let mut octets = Zeroizing::new([0u8; 32]);
    entropy.fill(octets.as_mut()).map_err(|error| Trouble::new(Exit::Unavailable, error.to_string()))?;
    let text = Zeroizing::new(format!("{}\n", *Zeroizing::new(hex(octets.as_ref()))));
    OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
        .and_then(|mut file| file.write_all(text.as_bytes()).and_then(|()| file.sync_all()))
        .map_err(|error| {
            Trouble::new(Exit::Unavailable, format!("cannot write the passphrase file {}", path.display()))
                .because(error)
        })
}

/// The longest secret a file may hold, in octets: as long as a password may be.
const LONGEST_SECRET: u64 = 1024;

/// Writes these texts into a file only its owner can read; what stood in it is gone. Errors: it cannot be written.
pub fn write_private(path: &Path, texts: &[&str]) -> std::io::Result<()> {
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path)?;
    texts.iter().try_for_each(|text| file.write_all(text.as_bytes()))
}

/// A secret of one line from a file, without its line end. Errors: exit 3 when it cannot be read, others may read it, it is
/// empty or longer than 1024 octets.
pub fn read_secret_file(path: &Path) -> Result<Zeroizing<String>, Trouble> {
    let wrong = |why: String| {
        Trouble::new(Exit::Configuration, format!("the password file {} cannot be used", path.display())).because(why)
    };
    let mut file = File::open(path).map_err(|error| wrong(error.to_string()))?;
    let metadata = file.metadata().map_err(|error| wrong(error.to_string()))?;
    let mode = metadata.permissions().mode() & 0o7777;
    if mode & 0o077 != 0 {
        return Err(wrong(format!("its mode is {mode:04o}: others than its owner may read it"))
            .advice(format!("run chmod 600 {}", path.display())));
    }
    if metadata.len() > LONGEST_SECRET {
        return Err(wrong(format!("it has more than {LONGEST_SECRET} octets")));
    }
    let mut text = Zeroizing::new(String::with_capacity(1024));
    (&mut file).take(LONGEST_SECRET).read_to_string(&mut text).map_err(|error| wrong(error.to_string()))?;
    let secret = text.trim_end_matches(['\r', '\n']);
    if secret.is_empty() { Err(wrong("it is empty".to_owned())) } else { Ok(Zeroizing::new(secret.to_owned())) }
}
