//! New keys, made in one of the stores: what ceremonies and the first start hold.

use super::KeyStores;
use crate::trouble::Trouble;
use ca_core::id::KeyLabel;
use ca_core::key::{KeyAlgorithm, SignatureAlgorithm, SubjectKey};
use ca_core::signer::{KeyKeeper, Signer, SignerError, Tbs};
use std::sync::PoisonError;

impl KeyStores {
    /// The same stores, in which new keys are made in the one of that name. Errors: exit 2 for a name no store has.
    pub fn making_in(&self, name: &str) -> Result<MakingIn, Trouble> {
        self.named(name).map(|_| MakingIn { stores: self.clone(), name: name.to_owned() })
    }
}

/// Key stores that make new keys in one of them.
#[derive(Clone)]
pub struct MakingIn {
    stores: KeyStores,
    name: String,
}

impl MakingIn {
    /// All stores.
    pub const fn stores(&self) -> &KeyStores {
        &self.stores
    }
}

impl Signer for MakingIn {
    fn public_key(&self, label: &KeyLabel) -> Result<SubjectKey, SignerError> {
        self.stores.public_key(label)
    }

    fn sign(
        &self,
        label: &KeyLabel,
        algorithm: SignatureAlgorithm,
        batch: &[Tbs<'_>],
    ) -> Vec<Result<Vec<u8>, SignerError>> {
        self.stores.sign(label, algorithm, batch)
    }

    fn distrust(&self, label: &KeyLabel, reason: &str) {
        self.stores.distrust(label, reason);
    }
}

impl KeyKeeper for MakingIn {
    fn create(&self, label: &KeyLabel, algorithm: KeyAlgorithm) -> Result<SubjectKey, SignerError> {
        self.stores.create_in(&self.name, label, algorithm)
    }

    /// Wherever it is.
    fn destroy(&self, label: &KeyLabel) -> Result<(), SignerError> {
        let (opened, _) = self.stores.found(label)?;
        opened.keys().destroy(label)?;
        self.stores.0.places.write().unwrap_or_else(PoisonError::into_inner).remove(label);
        Ok(())
    }
}
