//! The key stores of an installation: the folder of software keys, and the tokens its configuration names. Whoever signs asks
//! all of them as one; a label leads to one key, wherever it is.
//!
//! A store is closed until it is given its secret ([`KeyStores::open`]), at the start or later, and can be closed again. A key
//! that made a wrong signature is withheld at once, by this process; what is withheld durably is read from the database by
//! [`installation`](crate::installation).

mod making;

pub use making::MakingIn;

use crate::trouble::{Exit, Trouble};
use ca_core::id::KeyLabel;
use ca_core::key::{KeyAlgorithm, SignatureAlgorithm, SubjectKey};
use ca_core::signer::{KeyKeeper, Signer, SignerError, Tbs};
use hsm_adapters::pkcs11::{Load, TokenKeys, TokenSettings};
use hsm_adapters::{Passphrase, SoftKeys};
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};

/// The name of the folder of software keys among the stores.
pub const FOLDER: &str = "folder";

/// The key stores of one process. Clones are the same stores.
#[derive(Clone)]
pub struct KeyStores(Arc<Stores>);

struct Stores {
    /// The folder first, then the tokens in the order of the configuration.
    stores: Vec<Store>,
    /// Where a key was found.
    places: RwLock<HashMap<KeyLabel, usize>>,
    /// Keys nothing is signed with.
    withheld: RwLock<HashMap<KeyLabel, Withheld>>,
}

/// Why nothing is signed with a key.
struct Withheld {
    reason: String,
    /// Whether it is in the database; what is not was noticed here, and holds until it is.
    recorded: bool,
}

struct Store {
    name: String,
    kind: Kind,
    opened: RwLock<Option<Opened>>,
}

/// What a store is.
#[derive(Clone, Debug)]
enum Kind {
    Folder(PathBuf),
    Token(TokenSettings),
}

#[derive(Clone)]
enum Opened {
    Folder(SoftKeys),
    Token(TokenKeys),
}

impl Opened {
    fn keys(&self) -> &dyn KeyKeeper {
        match self {
            Self::Folder(keys) => keys,
            Self::Token(keys) => keys,
        }
    }
}

impl KeyStores {
    /// A folder of software keys and named tokens, all closed.
    pub fn closed(folder: &Path, tokens: impl IntoIterator<Item = (String, TokenSettings)>) -> Self {
        let folder = (FOLDER.to_owned(), Kind::Folder(folder.to_owned()));
        let tokens = tokens.into_iter().map(|(name, settings)| (name, Kind::Token(settings)));
        let store = |(name, kind)| Store { name, kind, opened: RwLock::default() };
        let stores = std::iter::once(folder).chain(tokens).map(store).collect();
        Self(Arc::new(Stores { stores, places: RwLock::default(), withheld: RwLock::default() }))
    }

    /// The names of all stores, the folder's first.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.stores.iter().map(|store| store.name.as_str())
    }

    /// Whether that store has been given its secret. What a token does with it shows at the first use.
    pub fn is_open(&self, name: &str) -> bool {
        self.0.stores.iter().any(|store| store.name == name && store.opened().is_some())
    }

    /// Gives a store its secret: a folder its passphrase, a token its PIN, or none where it has a PIN pad. A token is not asked
    /// yet, so one that is away can be opened. Opening what is open replaces its secret. Errors: exit 2 for a name no store
    /// has, exit 3 for a folder that cannot be used or without a passphrase, exit 5 without threads.
    pub fn open(&self, name: &str, secret: Option<Passphrase>) -> Result<(), Trouble> {
        let store = self.named(name)?;
        let opened = match (&store.kind, secret) {
            (Kind::Folder(folder), Some(passphrase)) => Opened::Folder(open_folder(folder, passphrase)?),
            (Kind::Folder(_), None) => {
                return Err(Trouble::new(Exit::Configuration, "there is no passphrase for the keys"));
            }
            (Kind::Token(settings), pin) => {
                let keys = TokenKeys::start(settings.clone(), pin).map_err(|error| {
                    Trouble::new(Exit::Unavailable, "no threads can be started for a token").because(error)
                })?;
                Opened::Token(keys)
            }
        };
        *store.opened.write().unwrap_or_else(PoisonError::into_inner) = Some(opened);
        Ok(())
    }

    /// Forgets a store's secret: its keys cannot be used until it is opened again. Calls under way end. Errors: exit 2 for a
    /// name no store has.
    pub fn close(&self, name: &str) -> Result<(), Trouble> {
        let store = self.named(name)?;
        *store.opened.write().unwrap_or_else(PoisonError::into_inner) = None;
        Ok(())
    }

    /// Whether a key that cannot be used now may be by itself later: there is a token, or a store somebody will open.
    pub fn may_answer_later(&self) -> bool {
        self.0.stores.iter().any(|store| matches!(store.kind, Kind::Token(_)) || store.opened().is_none())
    }

    /// Closes all stores: before the process ends, since a token's module wants its sessions closed by then.
    pub fn close_all(&self) {
        for store in &self.0.stores {
            *store.opened.write().unwrap_or_else(PoisonError::into_inner) = None;
        }
    }

    /// The folder of software keys, if it is open: the vault is in it, too.
    pub fn folder(&self) -> Option<SoftKeys> {
        self.0.stores.iter().find_map(|store| match store.opened()? {
            Opened::Folder(keys) => Some(keys),
            Opened::Token(_) => None,
        })
    }

    /// How much each open token has to do.
    pub fn loads(&self) -> Vec<(&str, Load)> {
        let load = |store: &'_ Store| match store.opened()? {
            Opened::Token(keys) => Some(keys.load()),
            Opened::Folder(_) => None,
        };
        self.0.stores.iter().filter_map(|store| Some((store.name.as_str(), load(store)?))).collect()
    }

    /// Where a key is, if it has been found.
    pub fn place_of(&self, label: &KeyLabel) -> Option<&str> {
        let place = *self.0.places.read().unwrap_or_else(PoisonError::into_inner).get(label)?;
        self.0.stores.get(place).map(|store| store.name.as_str())
    }

    /// Makes a key in that store; durable on return. Errors: no such store, it is closed or failed; a key of that label is in
    /// one of the stores, or one that might have it does not answer.
    pub fn create_in(&self, name: &str, label: &KeyLabel, algorithm: KeyAlgorithm) -> Result<SubjectKey, SignerError> {
        let unusable = |reason: String| SignerError::Unusable { label: label.clone(), reason };
        let stores = &self.0.stores;
        let place = stores.iter().position(|store| store.name == name);
        let (place, store) = place
            .and_then(|place| Some((place, stores.get(place)?)))
            .ok_or_else(|| unusable(format!("there is no key store {name}")))?;
        // A label is one key's in the whole installation.
        match self.found(label) {
            Ok(_) => return Err(SignerError::KeyExists(label.clone())),
            Err(SignerError::NoSuchKey(_)) => {}
            Err(error) => return Err(error),
        }
        let opened = store.opened().ok_or_else(|| unusable(format!("the key store {name} is closed")))?;
        let made = opened.keys().create(label, algorithm)?;
        self.remember(label, place);
        Ok(made)
    }

    /// From now on nothing is signed with that key by this process, because of `reason`, until that was recorded
    /// ([`KeyStores::withhold_recorded`]) and is not recorded any more.
    pub fn withhold(&self, label: &KeyLabel, reason: impl Into<String>) {
        let withheld = Withheld { reason: reason.into(), recorded: false };
        self.0.withheld.write().unwrap_or_else(PoisonError::into_inner).insert(label.clone(), withheld);
    }

    /// Withholds the keys that are recorded as out of service, and no longer those that were and are not. Returns the labels of
    /// those that may sign again.
    pub fn withhold_recorded(&self, keys: impl IntoIterator<Item = (KeyLabel, String)>) -> Vec<KeyLabel> {
        let mut withheld = self.0.withheld.write().unwrap_or_else(PoisonError::into_inner);
        let recorded: HashMap<KeyLabel, String> = keys.into_iter().collect();
        let freed = withheld.iter().filter(|(label, known)| known.recorded && !recorded.contains_key(label));
        let freed: Vec<KeyLabel> = freed.map(|(label, _)| label.clone()).collect();
        withheld.retain(|label, _| !freed.contains(label));
        withheld.extend(recorded.into_iter().map(|(label, reason)| (label, Withheld { reason, recorded: true })));
        freed
    }

    /// Why nothing is signed with that key, if it is withheld.
    pub fn withheld(&self, label: &KeyLabel) -> Option<String> {
        let withheld = self.0.withheld.read().unwrap_or_else(PoisonError::into_inner);
        withheld.get(label).map(|withheld| withheld.reason.clone())
    }

    fn named(&self, name: &str) -> Result<&Store, Trouble> {
        self.0.stores.iter().find(|store| store.name == name).ok_or_else(|| {
            let names: Vec<&str> = self.names().collect();
            Trouble::new(Exit::Usage, format!("there is no key store {name}"))
                .advice(format!("name one of these: {}", names.join(", ")))
        })
    }

    fn remember(&self, label: &KeyLabel, place: usize) {
        self.0.places.write().unwrap_or_else(PoisonError::into_inner).insert(label.clone(), place);
    }

    /// The store a key was found in before, or is found in now.
    fn holder(&self, label: &KeyLabel) -> Result<Opened, SignerError> {
        let known = self.0.places.read().unwrap_or_else(PoisonError::into_inner).get(label).copied();
        match known.and_then(|place| self.0.stores.get(place)?.opened()) {
            Some(opened) => Ok(opened),
            None => self.found(label).map(|(opened, _)| opened),
        }
    }

    /// The store that has a key, and the key. A store that is closed or does not answer may have it: that is no
    /// [`SignerError::NoSuchKey`].
    fn found(&self, label: &KeyLabel) -> Result<(Opened, SubjectKey), SignerError> {
        let known = self.0.places.read().unwrap_or_else(PoisonError::into_inner).get(label).copied();
        let mut doubt = None;
        for (place, store) in
            self.0.stores.iter().enumerate().filter(|(place, _)| known.is_none_or(|known| known == *place))
        {
            let Some(opened) = store.opened() else {
                let reason = format!("the key store {} is closed", store.name);
                doubt = Some(SignerError::Unusable { label: label.clone(), reason });
                continue;
            };
            match opened.keys().public_key(label) {
                Ok(key) => {
                    self.remember(label, place);
                    return Ok((opened, key));
                }
                Err(SignerError::NoSuchKey(_)) => {}
                Err(error) => doubt = Some(error),
            }
        }
        Err(doubt.unwrap_or_else(|| SignerError::NoSuchKey(label.clone())))
    }
}

impl Store {
    fn opened(&self) -> Option<Opened> {
        self.opened.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl From<SoftKeys> for KeyStores {
    /// A folder that is open, and no tokens.
    fn from(keys: SoftKeys) -> Self {
        let stores = Self::closed(Path::new(""), []);
        if let Some(store) = stores.0.stores.first() {
            *store.opened.write().unwrap_or_else(PoisonError::into_inner) = Some(Opened::Folder(keys));
        }
        stores
    }
}

impl Signer for KeyStores {
    fn public_key(&self, label: &KeyLabel) -> Result<SubjectKey, SignerError> {
        self.found(label).map(|(_, key)| key)
    }

    fn sign(
        &self,
        label: &KeyLabel,
        algorithm: SignatureAlgorithm,
        batch: &[Tbs<'_>],
    ) -> Vec<Result<Vec<u8>, SignerError>> {
        let refused = |error: &SignerError| batch.iter().map(|_| Err(error.clone())).collect();
        if let Some(reason) = self.withheld(label) {
            let reason = format!("it is out of service: {reason}");
            return refused(&SignerError::Unusable { label: label.clone(), reason });
        }
        let signatures = match self.holder(label) {
            Ok(opened) => opened.keys().sign(label, algorithm, batch),
            Err(error) => return refused(&error),
        };
        for signature in &signatures {
            if let Err(SignerError::WrongSignature { reason, .. }) = signature {
                self.withhold(label, reason);
            }
        }
        signatures
    }

    fn sign_at_once(&self, label: &KeyLabel, algorithm: SignatureAlgorithm, tbs: Tbs<'_>) -> Option<Vec<u8>> {
        let serves = self.withheld(label).is_none();
        serves.then(|| self.holder(label).ok()?.keys().sign_at_once(label, algorithm, tbs))?
    }

    fn distrust(&self, label: &KeyLabel, reason: &str) {
        self.withhold(label, reason);
    }
}

/// Opens the folder of the software keys, which must exist. No key is opened yet. Errors: exit 3.
fn open_folder(folder: &Path, passphrase: Passphrase) -> Result<SoftKeys, Trouble> {
    if !folder.is_dir() {
        return Err(Trouble::new(Exit::Configuration, format!("there is no folder of keys {}", folder.display()))
            .advice("correct [keys] directory; `lgpki init` makes one"));
    }
    SoftKeys::open(folder, passphrase).map_err(|error| {
        Trouble::new(Exit::Configuration, format!("the keys in {} cannot be used", folder.display())).because(error)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use zeroize::Zeroizing;

    fn label(text: &str) -> KeyLabel {
        KeyLabel::parse(text).unwrap()
    }

    fn typed(text: &str) -> Option<Passphrase> {
        Passphrase::typed(Zeroizing::new(text.to_owned())).ok()
    }

    struct Folder(PathBuf);

    impl Folder {
        fn new(name: &str) -> Self {
            let path = std::env::temp_dir().join(format!("lgpki-keys-{name}-{}", std::process::id()));
            std::fs::create_dir_all(&path).unwrap();
            Self(path)
        }
    }

    impl Drop for Folder {
        fn drop(&mut self) {
            drop(std::fs::remove_dir_all(&self.0));
        }
    }

    fn absent_token() -> (String, TokenSettings) {
        let (module, token) = (PathBuf::from("/nowhere/module.so"), "away".to_owned());
        let timeout = std::time::Duration::from_secs(5);
        ("hsm".to_owned(), TokenSettings { module, token, sessions: 1, timeout })
    }

    #[test]
    fn a_store_is_closed_until_it_has_its_secret_and_can_be_closed_again() {
        let folder = Folder::new("closed");
        let stores = KeyStores::closed(&folder.0, []);
        assert_eq!(stores.names().collect::<Vec<_>>(), [FOLDER]);
        let refused = stores.create_in(FOLDER, &label("k"), KeyAlgorithm::P256).unwrap_err();
        assert!(refused.to_string().contains("is closed"), "{refused}");
        stores.open(FOLDER, typed("open sesame")).unwrap();
        let made = stores.create_in(FOLDER, &label("k"), KeyAlgorithm::P256).unwrap();
        assert_eq!((stores.public_key(&label("k")), stores.place_of(&label("k"))), (Ok(made), Some(FOLDER)));
        stores.close(FOLDER).unwrap();
        let said = stores.public_key(&label("k")).unwrap_err();
        assert!(matches!(&said, SignerError::Unusable { reason, .. } if reason.contains("is closed")), "{said}");
        assert_eq!(stores.open("card", None).unwrap_err().exit(), Exit::Usage);
    }

    #[test]
    fn a_store_that_does_not_answer_may_have_the_key() {
        let folder = Folder::new("doubt");
        let stores = KeyStores::closed(&folder.0, [absent_token()]);
        stores.open(FOLDER, typed("p")).unwrap();
        stores.open("hsm", typed("1234")).unwrap();
        let said = stores.public_key(&label("k")).unwrap_err();
        assert!(
            matches!(&said, SignerError::Unusable { reason, .. } if reason.contains("/nowhere/module.so")),
            "{said}"
        );
        // Nor is a key made whose label might be taken there.
        assert!(stores.create_in(FOLDER, &label("k"), KeyAlgorithm::P256).is_err());
        let alone = KeyStores::closed(&folder.0, []);
        alone.open(FOLDER, typed("p")).unwrap();
        assert_eq!(alone.public_key(&label("k")), Err(SignerError::NoSuchKey(label("k"))));
    }

    #[test]
    fn what_is_withheld_signs_nothing_until_it_is_withheld_no_more() {
        let folder = Folder::new("withheld");
        let stores = KeyStores::closed(&folder.0, []);
        stores.open(FOLDER, typed("p")).unwrap();
        stores.create_in(FOLDER, &label("k"), KeyAlgorithm::P256).unwrap();
        let sign = || stores.sign(&label("k"), SignatureAlgorithm::EcdsaSha256, &[Tbs::Probe(b"x")]).remove(0);
        stores.withhold(&label("k"), "it signed wrongly");
        assert_eq!(stores.sign_at_once(&label("k"), SignatureAlgorithm::EcdsaSha256, Tbs::Probe(b"x")), None);
        let said = sign().unwrap_err().to_string();
        assert!(said.contains("out of service: it signed wrongly"), "{said}");
        // What is not recorded yet holds; what was recorded and is not any more does not.
        assert_eq!(stores.withhold_recorded([]), []);
        assert!(sign().is_err());
        assert_eq!(stores.withhold_recorded([(label("k"), "it signed wrongly".to_owned())]), []);
        assert!(sign().is_err());
        assert_eq!(stores.withhold_recorded([]), [label("k")]);
        assert!(sign().is_ok());
    }
}
