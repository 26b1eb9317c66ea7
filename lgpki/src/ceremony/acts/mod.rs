//! What the steps of a script do. Each act takes what an earlier attempt left and does the rest, so doing it again after a
//! crash signs nothing twice and makes no key twice: a certificate is looked for by the serial its step draws, and where
//! that serial's outcome is unknown it is burnt and revoked, and the next is drawn.

mod bundles;
mod certificates;
mod custody;
mod keys;
mod revocations;

use super::engine::Ceremony;
use super::journal::Output;
use super::{Dated, Drawn, write_whole};
use crate::foundry::{Established, Foundry, FoundryError};
use crate::trouble::{Exit, Trouble, chain};
use ca_core::audit::Actor;
use ca_core::ceremony::{Act, CertifiedKey, Step};
use ca_core::certificate::Certificate;
use ca_core::digest::hex;
use ca_core::id::{AuthorityId, KeyLabel};
use ca_core::key::SubjectKey;
use ca_core::signer::Signer;
use ca_core::time::Timestamp;
use std::sync::Arc;

const ACTOR: Actor = Actor::System("ceremony");

/// Does what `step` says, dated `dated`; `again` when an earlier attempt may have done a part. Returns what was made, durable.
/// Errors: exit 5 when something does not answer, exit 7 when a rule forbids it.
pub(super) async fn act(of: &Ceremony, step: &Step, dated: Timestamp, again: bool) -> Result<Vec<Output>, Trouble> {
    let acting = Acting { of, step, dated, again };
    let made = match &step.act {
        Act::MakeKey { key, kind, store } => return acting.make_key(key, *kind, store).await,
        Act::DestroyKey { key } => return acting.destroy_key(key).await,
        Act::ShareSecret { store, least, custodians } => return acting.share_secret(store, *least, custodians).await,
        Act::Export { bundle } => return acting.export(bundle).await,
        Act::TakeRequests { file, words } => return acting.take_requests(file, words).await,
        Act::Cross { authority, profile, of } => {
            let key = acting.crossed_key(of).await?;
            acting.cross(authority, profile, key).await
        }
        Act::Certificate { authority, generation, key: CertifiedKey::Here(key) } => {
            acting.certificate(authority, *generation, key).await
        }
        Act::Certificate { authority, key: CertifiedKey::Sent(sent), .. } => {
            let key = acting.proven_key(sent)?;
            acting.certificate_for(authority, key).await
        }
        Act::Responder { authority, key } => acting.responder(authority, key).await,
        Act::Link { authority, of, profile } => acting.link(authority, of, profile).await,
        Act::Crl { authority } => acting.crl(authority).await,
        Act::Revoke { authority, serial, reason } => acting.revoke(authority, serial, *reason).await,
        Act::RevokeRequested { authority, request } => {
            let wanted = acting.wanted(authority, request)?;
            acting.revoke_all(&wanted).await
        }
        Act::Request { authority } => acting.request(authority).await,
    };
    made.map_err(|error| {
        let exit = if matches!(error, FoundryError::Refused(_)) { Exit::Refused } else { Exit::Unavailable };
        Trouble::new(exit, format!("the step {} stopped", step.id))
            .because(chain(&error))
            .advice("mend the cause, then `lgpki ceremony resume` with the same script")
    })
}

struct Acting<'a> {
    of: &'a Ceremony,
    step: &'a Step,
    dated: Timestamp,
    again: bool,
}

impl Acting<'_> {
    async fn established(&self, id: &AuthorityId) -> Result<Established, FoundryError> {
        let row = self.of.store.read().await?.authority(id).await?.ok_or_else(|| missing("certificate yet of", id))?;
        Established::of(&row, &self.of.repository)
    }

    async fn public_key(&self, label: &KeyLabel) -> Result<SubjectKey, FoundryError> {
        let (keys, label) = (self.of.keys.clone(), label.clone());
        let found = tokio::task::spawn_blocking(move || keys.public_key(&label)).await;
        Ok(found.map_err(|_| FoundryError::Thread)??)
    }

    fn drawn(&self, attempt: u32) -> Result<Arc<Drawn>, FoundryError> {
        let seed = self.of.seed().map_err(|_| missing("seed in", &"the journal"))?;
        Ok(Arc::new(Drawn::new(&seed, &self.step.id, attempt)))
    }

    fn foundry(&self, attempt: u32) -> Result<Foundry, FoundryError> {
        let keys = self.of.keys.making_in(crate::keys::FOLDER).map_err(|_| FoundryError::Thread)?;
        Ok(Foundry {
            store: self.of.store.clone(),
            keys: Arc::new(keys),
            entropy: self.drawn(attempt)?,
            clock: Arc::new(Dated(self.dated)),
            repository: self.of.repository.clone(),
            policy: self.of.policy.clone(),
        })
    }

    fn of_certificate(&self, what: &str, certificate: &Certificate) -> Result<Vec<Output>, FoundryError> {
        let file = format!("{}.cer.pem", self.step.id);
        self.write(&file, certificate.to_pem().as_bytes())?;
        let sha256 = hex(&certificate.fingerprint());
        Ok(vec![Output { what: what.to_owned(), file: Some(file), sha256 }])
    }

    fn write(&self, file: &str, octets: &[u8]) -> Result<(), FoundryError> {
        write_whole(&self.of.folder.join(file), octets).map_err(FoundryError::File)
    }
}

fn missing(what: &str, of: &dyn std::fmt::Display) -> FoundryError {
    FoundryError::NotInPacks(format!("{what} {of}"))
}

fn unwritten(file: &str, error: &std::io::Error) -> Trouble {
    Trouble::new(Exit::Unavailable, format!("{file} cannot be read or written")).because(error)
}

fn failed_thread(error: &tokio::task::JoinError) -> Trouble {
    Trouble::new(Exit::Bug, "a thread ended without an answer").because(error)
}
