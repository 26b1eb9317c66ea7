//! What the configuration says about keys: the folder of software keys, and tokens by name.

use super::checked::{Wrong, duration, wrong};
use super::file;
use crate::keys::{FOLDER, KeyStores};
use ca_core::id::KeyLabel;
use hsm_adapters::pkcs11::TokenSettings;
use std::path::{Path, PathBuf};
use std::time::Duration;
use toml::Spanned;

/// Sessions of a token that sign at once: two a core is as much as SoftHSM uses, and network devices allow more.
const SESSIONS: usize = 4;
/// Threads that wait for one device, at most.
const MOST_SESSIONS: usize = 64;
/// How long a call may be in a device: RSA-4096 in a slow card takes a few seconds.
const TIMEOUT: Duration = Duration::from_secs(10);
/// Whoever waits longer has hung up.
const LONGEST_TIMEOUT: Duration = Duration::from_secs(600);

/// Where the keys are.
#[derive(Clone, Debug)]
pub struct Keys {
    /// The folder of the key files; the vault is in it, too.
    pub directory: PathBuf,
    /// The file with their passphrase; without one it is asked for.
    pub passphrase_file: Option<PathBuf>,
    /// The tokens.
    pub tokens: Vec<TokenStore>,
    /// Where in the file a store is given its secret: its name and, once the file is read, the line.
    pub(super) secret_lines: Vec<(String, usize)>,
}

/// A PKCS#11 token that holds keys of authorities.
#[derive(Clone, Debug)]
pub struct TokenStore {
    /// What it is called here.
    pub name: String,
    /// Which token, and how it is used.
    pub settings: TokenSettings,
    /// The file with its PIN; without one it is asked for.
    pub pin_file: Option<PathBuf>,
}

impl Keys {
    /// A folder and tokens that no configuration names.
    pub const fn of(directory: PathBuf, passphrase_file: Option<PathBuf>, tokens: Vec<TokenStore>) -> Self {
        Self { directory, passphrase_file, tokens, secret_lines: Vec::new() }
    }

    /// The line of the configuration that says where the secret of that store is; `None` when none does.
    pub fn line_of_secret(&self, store: &str) -> Option<usize> {
        self.secret_lines.iter().find(|(name, _)| name == store).map(|(_, line)| *line)
    }

    /// Its key stores, all closed.
    pub fn stores(&self) -> KeyStores {
        let tokens = self.tokens.iter().map(|token| (token.name.clone(), token.settings.clone()));
        KeyStores::closed(&self.directory, tokens)
    }
}

pub(super) fn check(raw: file::Keys, folder: &Path) -> Result<Keys, Wrong> {
    let mut tokens: Vec<TokenStore> = Vec::new();
    let given =
        |name: &str, file: &Option<Spanned<PathBuf>>| file.as_ref().map(|file| (name.to_owned(), file.span().start));
    let mut secret_lines: Vec<_> = given(FOLDER, &raw.passphrase_file).into_iter().collect();
    for token in raw.token {
        secret_lines.extend(given(token.name.get_ref(), &token.pin_file));
        let known = |token: &TokenStore, name: &str| token.name == name;
        let name = token.name.get_ref().as_str();
        if name == FOLDER || tokens.iter().any(|token| known(token, name)) {
            let reason = format!("a key store is called {name} already: a name is one store's");
            return Err(wrong(&token.name, reason));
        }
        tokens.push(checked(token, folder)?);
    }
    Ok(Keys {
        directory: folder.join(raw.directory),
        passphrase_file: raw.passphrase_file.map(|file| folder.join(file.into_inner())),
        tokens,
        secret_lines,
    })
}

fn checked(raw: file::Token, folder: &Path) -> Result<TokenStore, Wrong> {
    if KeyLabel::parse(raw.name.get_ref()).is_err() {
        return Err(wrong(&raw.name, "the name of a key store is of the letters a to z, digits and hyphens"));
    }
    if raw.token.get_ref().trim().is_empty() {
        return Err(wrong(&raw.token, "token is the label of the token, which its maker's tool shows"));
    }
    let sessions = match raw.sessions {
        Some(count) if !(1..=MOST_SESSIONS).contains(count.get_ref()) => {
            return Err(wrong(&count, format!("sessions must be between 1 and {MOST_SESSIONS}")));
        }
        other => other.map_or(SESSIONS, Spanned::into_inner),
    };
    let timeout = duration(raw.timeout.as_ref(), TIMEOUT)?;
    if let Some(place) = raw.timeout.as_ref().filter(|_| timeout > LONGEST_TIMEOUT) {
        return Err(wrong(place, "timeout must be 600s at most: whoever waits longer has hung up"));
    }
    let module = folder.join(raw.module);
    let settings = TokenSettings { module, token: raw.token.into_inner(), sessions, timeout };
    let pin_file = raw.pin_file.map(|file| folder.join(file.into_inner()));
    Ok(TokenStore { name: raw.name.into_inner(), settings, pin_file })
}

#[cfg(test)]
mod tests {
    use super::super::{Config, ConfigError, parse};
    use super::*;

    const TOKEN: &str = "[[keys.token]]\nname = \"hsm\"\nmodule = \"/usr/lib/module.so\"\ntoken = \"LGPKI\"\n";

    fn parsed(tokens: &str) -> Result<Config, ConfigError> {
        let text = format!(
            "[database]\nurl = \"sqlite:lgpki.db\"\n[keys]\ndirectory = \"keys\"\n[public]\nurl = \"http://localhost:8080\"\n\
             repository_url = \"http://127.0.0.1:8080\"\nenvironment = \"demo\"\n{tokens}"
        );
        parse(&text, Path::new("/etc/lgpki/lgpki.toml"))
    }

    fn said(tokens: &str) -> String {
        parsed(tokens).unwrap_err().to_string()
    }

    #[test]
    fn a_token_has_a_name_and_sensible_defaults() {
        let config = parsed(&format!("{TOKEN}pin_file = \"pin\"\n")).unwrap();
        let [token] = config.keys.tokens.as_slice() else { panic!("one token") };
        assert_eq!((token.name.as_str(), token.settings.token.as_str()), ("hsm", "LGPKI"));
        assert_eq!((token.settings.sessions, token.settings.timeout), (SESSIONS, TIMEOUT));
        assert_eq!(token.pin_file.as_deref(), Some(Path::new("/etc/lgpki/pin")));
        assert_eq!(config.keys.stores().names().collect::<Vec<_>>(), [FOLDER, "hsm"]);
    }

    #[test]
    fn a_wrong_token_is_refused_with_its_line() {
        assert!(said(&format!("{TOKEN}{TOKEN}")).contains("14: a key store is called hsm already"));
        assert!(said(&TOKEN.replace("\"hsm\"", "\"folder\"")).contains("10: a key store is called folder already"));
        assert!(
            said(&TOKEN.replace("\"hsm\"", "\"the HSM\"")).contains("10: the name of a key store is of the letters")
        );
        assert!(said(&TOKEN.replace("\"LGPKI\"", "\" \"")).contains("12: token is the label"));
        assert!(said(&format!("{TOKEN}sessions = 0\n")).contains("13: sessions must be between 1 and 64"));
        assert!(said(&format!("{TOKEN}timeout = \"1d\"\n")).contains("13: timeout must be 600s at most"));
        assert!(said(&format!("{TOKEN}pin = \"1234\"\n")).contains("unknown field `pin`"));
    }
}
