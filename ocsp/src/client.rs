//! The other side: asking, and judging an answer as a careful relying party does (RFC 6960 §3.2). Used by
//! `lgpki ocsp query`, by the demonstration and by tests.

use std::time::Duration;

use ca_core::certificate::{Certificate, CertificateError, NotVerified};
use ca_core::oid;
use ca_core::serial::SerialNumber;
use ca_core::time::Timestamp;
use ca_core::verify::verify;

use crate::cert_id::{CertId, CertIdDigest, IssuerHashes};
use crate::request::OcspRequest;
use crate::response::{OcspResponse, Refusal, ResponderId, ResponseError, SignedResponse, SingleResponse};

/// How far the responder's clock may be ahead of ours; OpenSSL's default is the same.
const CLOCK_TOLERANCE: Duration = Duration::from_secs(300);

/// An answer that was judged and found good: its status can be believed at the time it was judged for.
#[derive(Clone, Debug)]
pub struct VerifiedResponse {
    /// One for each CertID asked about, in the request's order.
    pub responses: Vec<SingleResponse>,
    /// When it was made.
    pub produced_at: Timestamp,
    /// The delegated responder's certificate; `None` when the issuer itself signed.
    pub responder: Option<Certificate>,
}

/// Why an answer is not believed.
#[derive(Debug, thiserror::Error)]
pub enum NotBelieved {
    /// It cannot be read.
    #[error(transparent)]
    Unreadable(#[from] ResponseError),
    /// The responder gave none.
    #[error("the responder refused: {}", .0.name())]
    Refused(Refusal),
    /// No certificate sent along, nor the issuer's, is the responder's.
    #[error("the responder's certificate is not in the response")]
    NoResponderCertificate,
    /// The responder's certificate cannot be read.
    #[error("the responder's certificate: {0}")]
    ResponderUnreadable(#[from] CertificateError),
    /// The responder's certificate is not the issuer's, or not valid.
    #[error("the responder's certificate: {0}")]
    ResponderNotVerified(#[from] NotVerified),
    /// The responder's certificate lacks extendedKeyUsage OCSPSigning or id-pkix-ocsp-nocheck.
    #[error("the responder's certificate lacks {0}")]
    NotDelegated(&'static str),
    /// The signature is not the responder's.
    #[error("the response's signature does not verify")]
    Signature,
    /// The nonce is missing or another one: an old answer may be played again.
    #[error("the response's nonce is not the request's")]
    Nonce,
    /// A certificate asked about is not in it.
    #[error("the response says nothing about serial {0}")]
    NotAnswered(String),
    /// Not yet, or no longer to be believed.
    #[error("the response is for {this_update} to {next_update}, now is {now}")]
    NotCurrent {
        /// thisUpdate.
        this_update: String,
        /// nextUpdate, or `-`.
        next_update: String,
        /// The time it was judged for.
        now: String,
    },
}

/// A question about certificate `serial` of `issuer`. `nonce`: 32 random octets, or none for an answer from a cache.
pub fn question(
    issuer: &Certificate,
    serial: &SerialNumber,
    digest: CertIdDigest,
    nonce: Option<Vec<u8>>,
) -> OcspRequest {
    OcspRequest::new(vec![CertId::new(IssuerHashes::of(issuer, digest), serial.clone())], nonce)
}

/// Judges the OCSPResponse `der`, the answer to `request` about certificates of `issuer`, at `now`.
///
/// # Errors
/// Every [`NotBelieved`]. A responder that leaves out the nonce is not believed; ours never does.
pub fn judge(
    der: &[u8],
    request: &OcspRequest,
    issuer: &Certificate,
    now: Timestamp,
) -> Result<VerifiedResponse, NotBelieved> {
    let signed = match OcspResponse::parse(der)? {
        OcspResponse::Refused(refusal) => return Err(NotBelieved::Refused(refusal)),
        OcspResponse::Signed(signed) => signed,
    };
    let responder = responder(&signed, issuer, now)?;
    let key = responder.as_ref().map_or(issuer.key(), Certificate::key);
    verify(key, signed.algorithm, &signed.tbs, &signed.signature).map_err(|_| NotBelieved::Signature)?;
    if request.nonce() != signed.data.nonce.as_deref() && request.nonce().is_some() {
        return Err(NotBelieved::Nonce);
    }
    let responses =
        request.cert_ids().iter().map(|cert_id| answered(&signed, cert_id, now)).collect::<Result<_, _>>()?;
    Ok(VerifiedResponse { responses, produced_at: signed.data.produced_at, responder })
}

fn answered(signed: &SignedResponse, cert_id: &CertId, now: Timestamp) -> Result<SingleResponse, NotBelieved> {
    let single = signed.data.responses.iter().find(|single| single.cert_id.names_the_same(cert_id));
    let single = single.ok_or_else(|| {
        NotBelieved::NotAnswered(cert_id.serial().map_or_else(|| "?".to_owned(), SerialNumber::to_hex))
    })?;
    let begun = single.this_update <= now.plus(CLOCK_TOLERANCE);
    let over = single.next_update.is_some_and(|next_update| next_update < now);
    if !begun || over {
        return Err(NotBelieved::NotCurrent {
            this_update: single.this_update.rfc3339(),
            next_update: single.next_update.map_or_else(|| "-".to_owned(), Timestamp::rfc3339),
            now: now.rfc3339(),
        });
    }
    Ok(single.clone())
}

/// The delegated responder's certificate, verified (RFC 6960 §4.2.2.2); `None` when the response is the issuer's own.
pub(crate) fn responder(
    signed: &SignedResponse,
    issuer: &Certificate,
    now: Timestamp,
) -> Result<Option<Certificate>, NotBelieved> {
    if is_responder(&signed.data.responder, issuer) {
        return Ok(None);
    }
    for der in &signed.certificates {
        let certificate = Certificate::from_der(der)?;
        if !is_responder(&signed.data.responder, &certificate) {
            continue;
        }
        certificate.verify(issuer, now)?;
        let purpose = oid::dotted(oid::KP_OCSP_SIGNING.as_bytes());
        if !certificate.extensions().extended_key_usage.contains(&purpose) {
            return Err(NotBelieved::NotDelegated("extendedKeyUsage OCSPSigning"));
        }
        // Without it the responder's own status would have to be asked for, of whom nobody can say.
        if !certificate.extensions().ocsp_nocheck {
            return Err(NotBelieved::NotDelegated("id-pkix-ocsp-nocheck"));
        }
        return Ok(Some(certificate));
    }
    Err(NotBelieved::NoResponderCertificate)
}

fn is_responder(id: &ResponderId, certificate: &Certificate) -> bool {
    match id {
        ResponderId::Name(name) => name == certificate.subject().as_der(),
        ResponderId::Key(hash) => *hash == certificate.key().key_identifier(),
    }
}
