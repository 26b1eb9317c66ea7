//! What is signed for another place by a key of this installation: the key, made when it is missing, and the number, which is
//! durable before anything is signed under it.

use crate::clock::SystemClock;
use crate::entropy::SystemEntropy;
use crate::keys::KeyStores;
use crate::trouble::{Exit, Trouble};
use ca_core::audit::{Actor, AuditEvent, Verb};
use ca_core::digest::hex;
use ca_core::entropy::Entropy;
use ca_core::id::KeyLabel;
use ca_core::key::{KeyAlgorithm, SubjectKey};
use ca_core::signer::{Signer, SignerError};
use ca_core::time::Clock;
use store::bundles::BundleNumber;
use store::{Step, Store};

const ACTOR: Actor = Actor::System("command");

/// The key with that label, made in the key store `place` when no store has it. Errors: exit 5 for a key that cannot be used, or
/// the database.
pub(crate) async fn signing_key(
    stores: &KeyStores,
    (place, label): (&str, &KeyLabel),
    store: &Store,
) -> Result<SubjectKey, Trouble> {
    let failed =
        |error: SignerError| Trouble::new(Exit::Unavailable, format!("the key {label} cannot be used")).because(error);
    match stores.public_key(label) {
        Err(SignerError::NoSuchKey(_)) => {}
        found => return found.map_err(failed),
    }
    let key = stores.create_in(place, label, KeyAlgorithm::P256).map_err(failed)?;
    let mut txn = store.write(SystemClock.now(), ACTOR).await?;
    txn.audit(AuditEvent::new(Verb::KeyCreated, format!("key:{label}"))).await?;
    txn.commit(Step::Setup).await?;
    Ok(key)
}

/// The next number, durable on return: none is used twice. Errors: exit 5.
pub(crate) async fn next_number(store: &Store) -> Result<BundleNumber, Trouble> {
    let mut drawn = [0u8; 16];
    SystemEntropy.fill(&mut drawn).map_err(|error| Trouble::new(Exit::Unavailable, error.to_string()))?;
    let mut txn = store.write(SystemClock.now(), ACTOR).await?;
    let number = txn.number_bundle(&hex(&drawn), None).await?;
    txn.commit(Step::Setup).await?;
    Ok(number)
}
