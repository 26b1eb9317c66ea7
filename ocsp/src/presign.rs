//! Signing answers before anyone asks, in batches. The job of a worker; answers it has not made are made live.

use std::sync::Arc;

use ca_core::audit::Actor;
use ca_core::id::AuthorityId;
use ca_core::serial::SerialNumber;
use ca_core::time::Timestamp;
use store::ocsp::PresignedRow;
use store::{Step, StoreError};

use crate::cert_id::CertId;
use crate::identity::{Identity, SigningError, Window};
use crate::responder::{Failure, Responder, status_said};
use crate::response::{CertStatus, SignedResponse};

const ACTOR: Actor = Actor::System("ocsp");

/// What a pass has done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Presigned {
    /// Answers signed and stored.
    pub stored: usize,
    /// Answers left out: not issued, or the status changed while they were being signed.
    pub left_out: usize,
}

/// Why a pass stopped. What earlier passes stored stays; live answers do not depend on it.
#[derive(Debug, thiserror::Error)]
pub enum PresignError {
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The key store failed, or the responder's certificate is not valid.
    #[error(transparent)]
    Signing(#[from] SigningError),
    /// The authority has no responder, or one that cannot be read; what is wrong.
    #[error("authority {authority} has no usable responder: {reason}")]
    NoResponder {
        /// Which authority.
        authority: AuthorityId,
        /// What is wrong with it.
        reason: String,
    },
}

/// What is to be said of a certificate, and for how long.
struct Question {
    serial: SerialNumber,
    status: CertStatus,
    window: Window,
}

impl Responder {
    /// Signs answers for up to `limit` certificates of `authority` that have none, or one that is due for renewal: first those
    /// that somebody has asked for, then those whose answer ends first, then those without one. Durable on return. Called again
    /// while it returns as many as `limit`; where it returns fewer, answers that nobody is told any more have been deleted.
    ///
    /// # Errors
    /// Every [`PresignError`].
    pub async fn presign_pass(&self, authority: &AuthorityId, limit: u32) -> Result<Presigned, PresignError> {
        let now = self.clock.now();
        let identity = self.usable(authority, now).await?;
        let policy = self.policies.of(&identity.line);
        let window = identity.window(now, policy.validity)?;
        // Where the responder's certificate ends earlier, no answer can last longer, and none is signed again for it.
        let fresh_until = now.plus(policy.refresh_before).min(window.next_update);
        let mut serials = self.asked_for(authority, (now, fresh_until), limit).await?;
        let most = usize::try_from(limit).unwrap_or(usize::MAX);
        let mut txn = self.store.read().await?;
        for serial in txn.certificates_without_fresh_response(authority, (now, fresh_until), limit).await? {
            if serials.len() < most && !serials.contains(&serial) {
                serials.push(serial);
            }
        }
        let ended = serials.len() < most && txn.has_ended_responses(authority, now).await?;
        drop(txn);
        if ended {
            let mut txn = self.store.write(now, ACTOR).await?;
            txn.forget_ended_responses(authority).await?;
            txn.commit(Step::OcspStored).await?;
        }
        if serials.is_empty() { Ok(Presigned::default()) } else { self.presign(authority, &serials).await }
    }

    /// What somebody has asked for since the last time, where an answer is missing or due.
    async fn asked_for(
        &self,
        authority: &AuthorityId,
        (now, fresh_until): (Timestamp, Timestamp),
        limit: u32,
    ) -> Result<Vec<SerialNumber>, StoreError> {
        let most = usize::try_from(limit).unwrap_or(usize::MAX);
        let mut asked = self.shelf(authority).map(|shelf| shelf.take_asked(fresh_until, most)).unwrap_or_default();
        asked.extend(self.unanswered.take(authority, most.saturating_sub(asked.len())));
        let mut wanting = Vec::with_capacity(asked.len());
        let mut txn = self.store.read().await?;
        for serial in asked {
            if !wanting.contains(&serial)
                && txn.is_without_fresh_response(authority, (now, fresh_until), &serial).await?
            {
                wanting.push(serial);
            }
        }
        Ok(wanting)
    }

    /// Signs answers for these certificates, whatever is stored for them. Durable on return.
    ///
    /// # Errors
    /// Every [`PresignError`].
    pub async fn presign(&self, authority: &AuthorityId, serials: &[SerialNumber]) -> Result<Presigned, PresignError> {
        let now = self.clock.now();
        let identity = self.usable(authority, now).await?;
        let policy = self.policies.of(&identity.line);

        let mut questions = Vec::with_capacity(serials.len());
        let mut txn = self.store.read().await?;
        for serial in serials {
            if let Some(status) = status_said(txn.certificate_status(authority, serial).await?) {
                let window = identity.window(now, policy.life_of(serial))?;
                questions.push(Question { serial: serial.clone(), status, window });
            }
        }
        drop(txn);
        let rows = self.sign_all(&identity, &questions).await?;

        let mut txn = self.store.write(now, ACTOR).await?;
        let mut unchanged = Vec::with_capacity(rows.len());
        for (row, Question { serial, status: signed_status, .. }) in rows.into_iter().zip(&questions) {
            // A revocation since the first look: what was signed is stale already, and live answers take over.
            if status_said(txn.certificate_status(authority, serial).await?).as_ref() == Some(signed_status) {
                unchanged.push(row);
            }
        }
        txn.store_presigned(&unchanged).await?;
        txn.commit(Step::OcspStored).await?;
        Ok(Presigned { stored: unchanged.len(), left_out: serials.len().saturating_sub(unchanged.len()) })
    }

    async fn usable(&self, authority: &AuthorityId, now: Timestamp) -> Result<Arc<Identity>, PresignError> {
        let identity = self.identity(authority, now).await.map_err(|failure| no_responder(authority, failure))?;
        let none = || PresignError::NoResponder { authority: authority.clone(), reason: "it has none".into() };
        identity.ok_or_else(none)
    }

    async fn sign_all(
        &self,
        identity: &Arc<Identity>,
        questions: &[Question],
    ) -> Result<Vec<PresignedRow>, PresignError> {
        let batch = questions.iter().map(|Question { serial, status, window }| {
            let single = window.single(CertId::new(identity.hashes().clone(), serial.clone()), *status);
            identity.data(vec![single], None, window.this_update)
        });
        let batch: Vec<_> = batch.collect();
        let (signer, signing) = (Arc::clone(&self.signer), Arc::clone(identity));
        let signed = tokio::task::spawn_blocking(move || signing.sign(signer.as_ref(), batch))
            .await
            .map_err(|_| SigningError::TooFew)?;
        let responses: Vec<SignedResponse> = signed.into_iter().collect::<Result<_, _>>()?;
        let rows =
            responses.iter().zip(questions).map(|(response, Question { serial, status, window })| PresignedRow {
                authority_id: identity.authority.clone(),
                serial: serial.clone(),
                revoked: matches!(status, CertStatus::Revoked { .. }),
                der: response.to_der(),
                this_update: window.this_update,
                next_update: window.next_update,
            });
        Ok(rows.collect())
    }
}

fn no_responder(authority: &AuthorityId, failure: Failure) -> PresignError {
    match failure {
        Failure::Store(error) => error.into(),
        other => PresignError::NoResponder { authority: authority.clone(), reason: other.to_string() },
    }
}
