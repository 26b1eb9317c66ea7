//! The gate in front of the keys: nothing is signed with the key of an authority that rests.

use ca_core::id::KeyLabel;
use ca_core::key::{SignatureAlgorithm, SubjectKey};
use ca_core::signer::{Signer, SignerError, Tbs};
use std::collections::HashSet;
use std::sync::{Arc, PoisonError, RwLock};
use store::authorities::AuthorityRow;

/// The keys nothing is signed with. Clones are the same.
#[derive(Clone, Default)]
pub(in crate::serve) struct Gate(Arc<RwLock<HashSet<KeyLabel>>>);

impl Gate {
    /// Opens or closes it for the key of an authority, from the next call on.
    pub(super) fn set(&self, row: &AuthorityRow, active: bool) {
        let mut shut = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if active {
            shut.remove(&row.key_label);
        } else {
            shut.insert(row.key_label.clone());
        }
    }

    fn is_shut(&self, label: &KeyLabel) -> bool {
        self.0.read().unwrap_or_else(PoisonError::into_inner).contains(label)
    }
}

/// A signer behind the gate.
pub(in crate::serve) struct Gated {
    pub(in crate::serve) gate: Gate,
    pub(in crate::serve) signer: Arc<dyn Signer>,
}

impl Signer for Gated {
    fn public_key(&self, label: &KeyLabel) -> Result<SubjectKey, SignerError> {
        self.signer.public_key(label)
    }

    fn sign(
        &self,
        label: &KeyLabel,
        algorithm: SignatureAlgorithm,
        batch: &[Tbs<'_>],
    ) -> Vec<Result<Vec<u8>, SignerError>> {
        if self.gate.is_shut(label) {
            let reason = "its authority rests until enough custodians have come".to_owned();
            let refused = SignerError::Unusable { label: label.clone(), reason };
            return batch.iter().map(|_| Err(refused.clone())).collect();
        }
        self.signer.sign(label, algorithm, batch)
    }

    fn sign_at_once(&self, label: &KeyLabel, algorithm: SignatureAlgorithm, tbs: Tbs<'_>) -> Option<Vec<u8>> {
        if self.gate.is_shut(label) { None } else { self.signer.sign_at_once(label, algorithm, tbs) }
    }

    fn distrust(&self, label: &KeyLabel, reason: &str) {
        self.signer.distrust(label, reason);
    }
}
