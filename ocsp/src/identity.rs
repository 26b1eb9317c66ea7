//! For whom a responder answers and with whose key: one authority, its delegated responder certificate (RFC 6960
//! §4.2.2.2), and the signature made and verified.

use ca_core::certificate::{Certificate, CertificateError};
use ca_core::id::{AuthorityId, KeyLabel};
use ca_core::key::SignatureAlgorithm;
use ca_core::signer::{Signer, SignerError, Tbs};
use ca_core::time::Timestamp;
use ca_core::verify::{VerifyError, verify};
use std::time::Duration;
use store::authorities::AuthorityRow;

use crate::cert_id::{CertId, CertIdDigest, IssuerHashes};
use crate::frame::{Frame, Said};
use crate::policy::History;
use crate::response::{CertStatus, ResponderId, ResponseData, SignedResponse, SingleResponse};

/// One authority's responder.
#[derive(Clone, Debug)]
pub(crate) struct Identity {
    pub(crate) authority: AuthorityId,
    /// What the packs call it.
    pub(crate) line: AuthorityId,
    /// The hashes that name it, by SHA-1 and by SHA-256.
    issuer: [IssuerHashes; 2],
    certificate: Certificate,
    responder: ResponderId,
    key: KeyLabel,
    /// Since when it keeps what it knows of certificates that have expired: since its authority began, or no such time.
    archive_cutoff: Option<Timestamp>,
    /// What all its answers about one certificate share; those that name the issuer by SHA-1.
    pub(crate) frame: Frame,
}

/// From when to when an answer may be believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Window {
    pub(crate) this_update: Timestamp,
    pub(crate) next_update: Timestamp,
}

/// Why an answer could not be signed.
#[derive(Debug, thiserror::Error)]
pub enum SigningError {
    /// The responder's certificate is not valid now, so nobody would believe an answer.
    #[error("the responder certificate of authority {authority} is valid until {not_after} only", not_after = .not_after.rfc3339())]
    ResponderNotValid {
        /// Whose responder.
        authority: AuthorityId,
        /// Its last instant.
        not_after: Timestamp,
    },
    /// The key store failed.
    #[error(transparent)]
    Signer(#[from] SignerError),
    /// The key store returned fewer signatures than asked for.
    #[error("the key store returned too few signatures")]
    TooFew,
    /// The signature was made by another key than the responder certificate's.
    #[error("the signature made for authority {authority} does not verify with its responder certificate")]
    WrongKey {
        /// Whose responder.
        authority: AuthorityId,
        /// What ring said.
        source: VerifyError,
    },
}

impl Identity {
    /// The responder of an authority; `None` when it has none. Errors: a certificate in the row that cannot be read.
    pub(crate) fn of(row: &AuthorityRow, history: History) -> Result<Option<Self>, CertificateError> {
        let (Some(certificate), Some(key)) = (&row.ocsp_certificate, &row.ocsp_key_label) else { return Ok(None) };
        let issuer = Certificate::from_der(&row.certificate)?;
        let begun = issuer.validity().not_before.whole_seconds();
        let certificate = Certificate::from_der(certificate)?;
        let responder = ResponderId::Key(certificate.key().key_identifier().to_vec());
        let algorithm = signature_algorithm(&certificate);
        let archive_cutoff = (history == History::Kept).then_some(begun);
        let issuer = [CertIdDigest::Sha1, CertIdDigest::Sha256].map(|digest| IssuerHashes::of(&issuer, digest));
        let [sha1, _] = &issuer;
        Ok(Some(Self {
            authority: row.authority_id.clone(),
            line: row.generation.line.clone(),
            frame: Frame::new(&responder, sha1, algorithm, certificate.der(), archive_cutoff),
            issuer,
            responder,
            certificate,
            key: key.clone(),
            archive_cutoff,
        }))
    }

    /// Whether `cert_id` names a certificate of this authority, issued or not.
    pub(crate) fn issued_by_us(&self, cert_id: &CertId) -> bool {
        cert_id.issuer().is_some_and(|hashes| self.issuer.contains(hashes))
    }

    /// The hashes that name this authority in what is signed ahead: by SHA-1, as nearly everybody asks (RFC 5019 §2.1.1).
    pub(crate) const fn hashes(&self) -> &IssuerHashes {
        let [sha1, _] = &self.issuer;
        sha1
    }

    /// From `now` for `validity`, in whole seconds, and never beyond the responder's certificate: an answer that outlives
    /// its signer cannot be verified (operators of public CAs have had to revoke for it).
    pub(crate) fn window(&self, now: Timestamp, validity: Duration) -> Result<Window, SigningError> {
        let this_update = now.whole_seconds();
        let not_after = self.certificate.validity().not_after;
        let next_update = this_update.plus(validity).min(not_after).whole_seconds();
        if !self.certificate.validity().contains(now) || next_update <= this_update {
            return Err(SigningError::ResponderNotValid { authority: self.authority.clone(), not_after });
        }
        Ok(Window { this_update, next_update })
    }

    /// What is to be signed.
    pub(crate) fn data(
        &self,
        responses: Vec<SingleResponse>,
        nonce: Option<&[u8]>,
        produced_at: Timestamp,
    ) -> ResponseData {
        ResponseData {
            responder: self.responder.clone(),
            produced_at,
            responses: responses.into_iter().map(|single| self.with_cutoff(single)).collect(),
            nonce: nonce.map(<[u8]>::to_vec),
        }
    }

    /// What is said of one of our certificates tells since when we keep what we know.
    fn with_cutoff(&self, single: SingleResponse) -> SingleResponse {
        let ours = single.status != CertStatus::Unknown;
        SingleResponse { archive_cutoff: self.archive_cutoff.filter(|_| ours), ..single }
    }

    /// Signs each and verifies each signature with ring before anyone sees it. Blocking. One result for each, in order.
    pub(crate) fn sign(
        &self,
        signer: &dyn Signer,
        batch: Vec<ResponseData>,
    ) -> Vec<Result<SignedResponse, SigningError>> {
        let algorithm = signature_algorithm(&self.certificate);
        let octets: Vec<Vec<u8>> = batch.iter().map(ResponseData::to_der).collect();
        let tbs: Vec<Tbs<'_>> = octets.iter().map(|tbs| Tbs::Ocsp(tbs)).collect();
        let signatures = signer.sign(&self.key, algorithm, &tbs).into_iter().map(Some);
        let signatures = signatures.chain(std::iter::repeat_with(|| None));
        let signed = batch.into_iter().zip(octets.iter().cloned()).zip(signatures);
        signed
            .map(|((data, tbs), signature)| {
                let signature = signature.ok_or(SigningError::TooFew)??;
                self.verified(&tbs, &signature).inspect_err(|error| self.distrust(signer, error))?;
                let certificates = vec![self.certificate.der().to_vec()];
                Ok(SignedResponse { data, tbs, algorithm, signature, certificates })
            })
            .collect()
    }

    /// The whole OCSPResponse about one of our certificates, DER, signed where it is wanted; `None` where that would take a while,
    /// or fails: whoever waits is told why. The signature is verified like every other when `proven`.
    pub(crate) fn sign_at_once(
        &self,
        signer: &dyn Signer,
        (said, nonce): (&Said<'_>, Option<&[u8]>),
        proven: bool,
    ) -> Option<Vec<u8>> {
        let data = self.frame.data(said, nonce);
        let signature = signer.sign_at_once(&self.key, signature_algorithm(&self.certificate), Tbs::Ocsp(&data))?;
        if proven && let Err(error) = self.verified(&data, &signature) {
            self.distrust(signer, &error);
            return None;
        }
        Some(self.frame.around_data(&data, &signature))
    }

    fn verified(&self, tbs: &[u8], signature: &[u8]) -> Result<(), SigningError> {
        verify(self.certificate.key(), signature_algorithm(&self.certificate), tbs, signature)
            .map_err(|source| SigningError::WrongKey { authority: self.authority.clone(), source })
    }

    fn distrust(&self, signer: &dyn Signer, error: &SigningError) {
        signer.distrust(&self.key, &format!("it signed an OCSP answer wrongly: {error}"));
    }
}

/// What a responder signs with. An RSA key pads as the authority did when it signed the responder's certificate: who believes
/// the one signature can verify the other.
fn signature_algorithm(certificate: &Certificate) -> SignatureAlgorithm {
    let padding = certificate.signature_algorithm().padding().unwrap_or_default();
    certificate.key().algorithm().signature_algorithm().padded(padding)
}
