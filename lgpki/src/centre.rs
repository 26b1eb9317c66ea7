//! Keys made at the centre: the vault and the pool of `hsm-adapters`, at the service of the desk in `ra-web`.
//!
//! A process that serves registration opens the vault when it starts, or when custodians open its folder; without one the pages do
//! not offer such keys. The pool
//! is filled with the RSA keys that some profile certifies when the centre makes them, and with no others.

use crate::config::{Centre, Config};
use crate::entropy::SystemEntropy;
use crate::keys::KeyStores;
use crate::trouble::{Exit, Trouble, chain};
use ca_core::audit::{Actor, AuditEvent, Verb};
use ca_core::id::RequestId;
use ca_core::key::KeyAlgorithm;
use ca_core::profile::{KeySource, Packs};
use ca_core::time::Timestamp;
use hsm_adapters::SoftKeys;
use hsm_adapters::centre::{
    KeyPool, Pin, Pkcs12Contents, Pkcs12Form, Purpose, SealedFor, Vault, VaultError, seal_pkcs12,
};
use hsm_adapters::holder::HolderKey;
use hsm_adapters::soft::KeyFileError;
use ra_web::centre::{CentreError, CentreKeys, FileForm, MadeKey, PackedKey, Packing, ShownPin};
use std::sync::{Arc, PoisonError, RwLock};
use store::{Step, Store};
use zeroize::Zeroizing;

/// What to do without a vault.
const MAKE_ONE: &str = "`lgpki vault new` makes one; then put the folder of keys into the backup again";

/// What to do with one that does not open.
const RESTORE_IT: &str = "if the passphrase is right, restore the folder of keys from its backup: what the vault sealed opens with \
                          nothing else";

/// The vault and the pool of one process, which are there while the folder of keys is open.
pub struct CentreVault {
    /// The folder; none for one that is open for good.
    folder: Option<(Config, KeyStores)>,
    tried: RwLock<Tried>,
}

/// What came of opening the vault since the folder is open.
enum Tried {
    Not,
    InVain,
    Opened(Arc<OpenVault>),
}

struct OpenVault {
    vault: Vault,
    pool: KeyPool,
    pooled: Vec<KeyAlgorithm>,
}

/// The vault in the folder of these stores, which custodians may open later and close again; `None` when no pack needs one. One
/// that is open already is opened here. Errors: no thread can be started (exit 5).
pub fn within(config: &Config, stores: &KeyStores) -> Result<Option<Arc<CentreVault>>, Trouble> {
    if offered(&config.policy.packs).next().is_none() {
        return Ok(None);
    }
    let centre = CentreVault { folder: Some((config.clone(), stores.clone())), tried: RwLock::new(Tried::Not) };
    centre.opened();
    Ok(Some(Arc::new(centre)))
}

/// Opens the vault in the folder of `keys`, for good, and begins to fill the pool; `None`, with a line in the log, when there is no
/// vault or it does not open: certificates, CRLs and answers do not wait for it. Errors: no thread can be started (exit 5).
pub fn open(config: &Config, keys: &SoftKeys) -> Result<Option<Arc<CentreVault>>, Trouble> {
    let opened = tried(config, keys)?.map(Arc::new);
    let centre = |vault| Arc::new(CentreVault { folder: None, tried: RwLock::new(Tried::Opened(vault)) });
    Ok(opened.map(centre))
}

fn tried(config: &Config, keys: &SoftKeys) -> Result<Option<OpenVault>, Trouble> {
    let packs = &config.policy.packs;
    if offered(packs).next().is_none() {
        return Ok(None);
    }
    let vault = match Vault::open(keys) {
        Ok(vault) => vault,
        Err(error @ VaultError::Absent { .. }) => {
            tracing::warn!(event_id = "centre.absent", %error, "keys made at the centre are not offered: {MAKE_ONE}");
            return Ok(None);
        }
        Err(error) => {
            let error = chain(&error);
            tracing::error!(event_id = "centre.closed", error, "keys made at the centre are not offered: {RESTORE_IT}");
            return Ok(None);
        }
    };
    let wanted = wanted(packs, &config.centre);
    let pool = KeyPool::start(&wanted)
        .map_err(|error| Trouble::new(Exit::Unavailable, "the pool of keys has no thread").because(error))?;
    Ok(Some(OpenVault { vault, pool, pooled: wanted.iter().map(|(kind, _)| *kind).collect() }))
}

/// Makes the vault in the folder of `keys` and records it. Errors: there is one already (exit 7), or it cannot be written or
/// recorded (exit 5).
pub async fn found_vault(store: &Store, keys: &SoftKeys, now: Timestamp) -> Result<(), Trouble> {
    match Vault::create(keys) {
        Ok(_) => {}
        Err(VaultError::File(error @ KeyFileError::Exists { .. })) => {
            return Err(Trouble::new(Exit::Refused, "there is a vault already").because(error));
        }
        Err(error) => {
            return Err(Trouble::new(Exit::Unavailable, "the vault cannot be made").because(chain(&error)));
        }
    }
    let mut txn = store.write(now, Actor::System("set-up")).await?;
    txn.audit(AuditEvent::new(Verb::KeyCreated, "key:vault")).await?;
    Ok(txn.commit(Step::Setup).await?)
}

/// How the vault stands that the packs of a configuration need.
pub enum VaultStanding {
    /// They need none.
    NotNeeded,
    /// It opens.
    Opens,
    /// There is none: keys made at the centre are not offered.
    Absent(Trouble),
    /// It does not open: what it sealed cannot be handed over.
    Closed(Trouble),
}

/// Tries the vault in the folder of `keys`.
pub fn standing(config: &Config, keys: &SoftKeys) -> VaultStanding {
    if offered(&config.policy.packs).next().is_none() {
        return VaultStanding::NotNeeded;
    }
    let trouble = |what: &str| Trouble::new(Exit::Configuration, what);
    match Vault::open(keys) {
        Ok(_) => VaultStanding::Opens,
        Err(error @ VaultError::Absent { .. }) => {
            VaultStanding::Absent(trouble("keys made at the centre are not offered").because(error).advice(MAKE_ONE))
        }
        Err(error) => VaultStanding::Closed(
            trouble("the vault for holders' keys does not open").because(chain(&error)).advice(RESTORE_IT),
        ),
    }
}

/// The kinds of keys that some profile certifies when the centre makes them.
fn offered(packs: &Packs) -> impl Iterator<Item = KeyAlgorithm> {
    let by_us = packs.requested().filter(|profile| profile.key_sources.contains(&KeySource::Centre));
    by_us.flat_map(|profile| profile.keys.iter().copied())
}

/// How many keys of each kind to keep ready: RSA only, for an elliptic-curve key is made in less time than a page is drawn.
fn wanted(packs: &Packs, centre: &Centre) -> Vec<(KeyAlgorithm, usize)> {
    let mut wanted: Vec<(KeyAlgorithm, usize)> = Vec::new();
    for kind in offered(packs).filter(|kind| kind.is_rsa() && KeyAlgorithm::MADE_HERE.contains(kind)) {
        // RSA-3072 is what people should choose, so it is what most of them do.
        let count = centre.pool.unwrap_or(if kind == KeyAlgorithm::Rsa3072 { 4 } else { 2 });
        if count > 0 && !wanted.iter().any(|(known, _)| *known == kind) {
            wanted.push((kind, count));
        }
    }
    wanted
}

impl CentreVault {
    /// The kinds of keys the pool keeps, and how many of each are ready.
    pub fn ready(&self) -> Vec<(KeyAlgorithm, usize)> {
        let opened = self.opened();
        let ready = |vault: Arc<OpenVault>| vault.pooled.iter().map(|kind| (*kind, vault.pool.ready(*kind))).collect();
        opened.map(ready).unwrap_or_default()
    }

    /// The vault, opened where its folder has been opened since; `None` while that is closed.
    fn opened(&self) -> Option<Arc<OpenVault>> {
        let folder_is_open = self.folder.as_ref().is_none_or(|(_, stores)| stores.folder().is_some());
        let known = self.tried.read().unwrap_or_else(PoisonError::into_inner);
        match (&*known, folder_is_open) {
            (Tried::Opened(vault), true) => return Some(Arc::clone(vault)),
            (Tried::InVain, true) | (Tried::Not, false) => return None,
            (Tried::Not, true) | (Tried::Opened(_) | Tried::InVain, false) => {}
        }
        drop(known);
        let mut known = self.tried.write().unwrap_or_else(PoisonError::into_inner);
        let (config, stores) = self.folder.as_ref()?;
        *known = match (stores.folder(), &*known) {
            (None, _) => Tried::Not,
            (Some(_), Tried::Opened(vault)) => Tried::Opened(Arc::clone(vault)),
            (Some(keys), _) => match tried(config, &keys) {
                Ok(vault) => vault.map_or(Tried::InVain, |vault| Tried::Opened(Arc::new(vault))),
                Err(trouble) => {
                    tracing::error!(event_id = "centre.closed", error = %trouble.what());
                    Tried::InVain
                }
            },
        };
        match &*known {
            Tried::Opened(vault) => Some(Arc::clone(vault)),
            Tried::Not | Tried::InVain => None,
        }
    }
}

/// What was asked of a vault that has been closed since.
#[derive(Debug, thiserror::Error)]
#[error("the folder of keys was closed, and the vault with it")]
struct Closed;

fn sealed_for(purpose: Purpose, request: &RequestId) -> SealedFor<'_> {
    SealedFor { purpose, id: request.as_str() }
}

impl CentreKeys for CentreVault {
    fn are_here(&self) -> bool {
        self.opened().is_some()
    }

    fn make(&self, algorithm: KeyAlgorithm, request: &RequestId) -> Result<MadeKey, CentreError> {
        self.opened().ok_or_else(|| CentreError::NotMade(Box::new(Closed)))?.make(algorithm, request)
    }

    fn pack(&self, packing: &Packing) -> Result<PackedKey, CentreError> {
        self.opened().ok_or_else(|| CentreError::DoesNotOpen(Box::new(Closed)))?.pack(packing)
    }

    fn open(&self, request: &RequestId, file: &[u8]) -> Result<Zeroizing<Vec<u8>>, CentreError> {
        self.opened().ok_or_else(|| CentreError::DoesNotOpen(Box::new(Closed)))?.open(request, file)
    }
}

impl OpenVault {
    fn make(&self, algorithm: KeyAlgorithm, request: &RequestId) -> Result<MadeKey, CentreError> {
        let key = self.pool.take(algorithm).map_err(|error| CentreError::NotMade(Box::new(error)))?;
        let sealed = self.vault.seal(sealed_for(Purpose::HolderKey, request), key.pkcs8_der());
        let sealed = sealed.map_err(|error| CentreError::NotMade(Box::new(error)))?;
        Ok(MadeKey { public: key.public().clone(), sealed })
    }

    fn pack(&self, packing: &Packing) -> Result<PackedKey, CentreError> {
        let closed = |error: VaultError| CentreError::DoesNotOpen(Box::new(error));
        let pkcs8 = self.vault.open_sealed(sealed_for(Purpose::HolderKey, &packing.request), &packing.sealed_key);
        let key = HolderKey::from_pkcs8(&pkcs8.map_err(closed)?)
            .map_err(|error| CentreError::DoesNotOpen(Box::new(error)))?;
        let pin = Pin::drawn(&SystemEntropy).map_err(|error| CentreError::NotPacked(Box::new(error)))?;
        let contents = Pkcs12Contents {
            key: &key,
            certificate: &packing.certificate,
            chain: &packing.chain,
            friendly_name: &packing.friendly_name,
        };
        let form = match packing.form {
            FileForm::Modern => Pkcs12Form::Modern,
            FileForm::Legacy => Pkcs12Form::Legacy,
        };
        let file = seal_pkcs12(&contents, &pin, form).map_err(|error| CentreError::NotPacked(Box::new(error)))?;
        let file = Zeroizing::new(file);
        let sealed_file = self.vault.seal(sealed_for(Purpose::Pkcs12, &packing.request), &file).map_err(closed)?;
        Ok(PackedKey { sealed_file, pin: ShownPin::of_groups(pin.spaced()) })
    }

    fn open(&self, request: &RequestId, file: &[u8]) -> Result<Zeroizing<Vec<u8>>, CentreError> {
        let opened = self.vault.open_sealed(sealed_for(Purpose::Pkcs12, request), file);
        opened.map_err(|error| CentreError::DoesNotOpen(Box::new(error)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ra_web::centre::LegacyFiles;

    #[test]
    fn the_pool_keeps_rsa_keys_of_profiles_whose_keys_the_centre_makes() {
        let packs = Packs::shipped().unwrap();
        let kept = wanted(&packs, &Centre { pool: None, legacy: LegacyFiles::Refuse });
        assert!(kept.contains(&(KeyAlgorithm::Rsa3072, 4)) && kept.contains(&(KeyAlgorithm::Rsa4096, 2)), "{kept:?}");
        assert!(kept.iter().all(|(kind, _)| kind.is_rsa()), "{kept:?}");
        let one = wanted(&packs, &Centre { pool: Some(1), legacy: LegacyFiles::Refuse });
        assert!(one.iter().all(|(_, count)| *count == 1) && one.len() == kept.len());
        assert_eq!(wanted(&packs, &Centre { pool: Some(0), legacy: LegacyFiles::Refuse }), []);
    }
}
