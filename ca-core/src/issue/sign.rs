//! Signing what is recorded, once, and verifying each signature with the other library before it goes on.

use super::ledger::{Recorded, Signed};
use super::{Authority, Failure, FailureCause};
use crate::signer::{Signer, SignerError, Tbs};
use crate::verify::{self, VerifyError};

/// Why a recorded intent has no signature.
#[derive(Debug, thiserror::Error)]
pub enum SignError {
    /// The signer said no, or did not answer.
    #[error(transparent)]
    Signer(#[from] SignerError),
    /// The signer answered with fewer signatures than asked for.
    #[error("the signer did not answer for every certificate")]
    Missing,
    /// The signature is not the authority's: the key must be taken out of service.
    #[error("the signer made a wrong signature: {0}")]
    WrongSignature(#[from] VerifyError),
}

/// Signs each of `batch` by value. What fails, whatever the reason, has an intent and is to be settled.
pub(super) fn sign_all(
    authority: &Authority,
    signer: &dyn Signer,
    batch: Vec<Recorded>,
) -> (Vec<Signed>, Vec<Failure>) {
    if batch.is_empty() {
        return (Vec::new(), Vec::new());
    }
    let tbs: Vec<Tbs<'_>> = batch.iter().map(|recorded| Tbs::Certificate(&recorded.facts().tbs)).collect();
    let mut signatures = signer.sign(authority.label(), authority.signature_algorithm(), &tbs).into_iter();
    let (mut signed, mut failures) = (Vec::with_capacity(batch.len()), Vec::new());
    for recorded in batch {
        let serial = recorded.facts().serial.clone();
        let outcome = signatures.next().map_or(Err(SignError::Missing), |signature| {
            signature.map_err(SignError::from).and_then(|signature| finish(authority, recorded, &signature))
        });
        match outcome {
            Ok(certificate) => signed.push(certificate),
            Err(error) => {
                if let SignError::WrongSignature(reason) = &error {
                    signer.distrust(authority.label(), &format!("it signed a certificate wrongly: {reason}"));
                }
                failures.push(Failure {
                    serials: vec![serial.clone()],
                    unsettled: vec![serial],
                    cause: FailureCause::Sign(error),
                });
            }
        }
    }
    (signed, failures)
}

fn finish(authority: &Authority, recorded: Recorded, signature: &[u8]) -> Result<Signed, SignError> {
    let (facts, algorithm) = recorded.linted.into_parts();
    verify::verify(authority.key(), algorithm, &facts.tbs, signature)?;
    let der = algorithm.signed(&facts.tbs, signature);
    Ok(Signed { facts, der })
}
