//! Whether a key can be used, found out by using it: a test message is signed and the signature verified by ring, the
//! other library.

use ca_core::id::KeyLabel;
use ca_core::signer::{Signer, Tbs};
use ca_core::verify::verify;

/// What the probe signs. No structure of X.509 begins with a letter `L` (0x4c), so the signature is of no other use.
const MESSAGE: &[u8] = b"LGPKI key probe: this signature means nothing";

/// What came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Probe {
    /// The key signed, and its public half verified the signature.
    Usable,
    /// It did not.
    Unusable {
        /// What is wrong, for the operator: it names the key's file where there is one.
        reason: String,
    },
}

/// Signs a test message with the key `label` and verifies it. Blocking, as [`Signer::sign`].
pub fn probe(signer: &dyn Signer, label: &KeyLabel) -> Probe {
    match tried(signer, label) {
        Ok(()) => Probe::Usable,
        Err(reason) => Probe::Unusable { reason },
    }
}

fn tried(signer: &dyn Signer, label: &KeyLabel) -> Result<(), String> {
    let key = signer.public_key(label).map_err(|error| error.to_string())?;
    let algorithm = key.algorithm().signature_algorithm();
    let signature = signer
        .sign(label, algorithm, &[Tbs::Probe(MESSAGE)])
        .pop()
        .ok_or_else(|| "the signer returned nothing".to_owned())?
        .map_err(|error| error.to_string())?;
    verify(&key, algorithm, MESSAGE, &signature)
        .map_err(|_| format!("the key {label} signs, but its public half does not verify the signature"))
}
