//! OCSPResponse (RFC 6960 §4.2): writing what is to be signed and the signed whole; reading it back, as our client and our
//! own checks do.

use ca_core::der::{DerError, Reader, Writer, check_strict, tag};
use ca_core::key::{SignatureAlgorithm, SignatureAlgorithmError};
use ca_core::oid;
use ca_core::revocation::RevocationReason;
use ca_core::time::Timestamp;

use crate::cert_id::CertId;
use crate::extensions::{ExtensionError, read_archive_cutoff, read_nonce, write_archive_cutoff, write_nonce};

/// Why no answer is given (RFC 6960 §4.2.1). Such answers are not signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The octets are no request.
    MalformedRequest,
    /// The responder is out of order.
    InternalError,
    /// Ask again: the responder cannot look up or sign at the moment.
    TryLater,
    /// Not ours to answer: another issuer's certificate, or a serial that was never issued (RFC 5019 §2.2.3).
    Unauthorized,
}

impl Refusal {
    /// Each of them.
    pub const ALL: [Self; 4] = [Self::MalformedRequest, Self::InternalError, Self::TryLater, Self::Unauthorized];

    const fn code(self) -> u8 {
        match self {
            Self::MalformedRequest => 1,
            Self::InternalError => 2,
            Self::TryLater => 3,
            Self::Unauthorized => 6,
        }
    }

    /// Its name in the standard.
    pub const fn name(self) -> &'static str {
        match self {
            Self::MalformedRequest => "malformedRequest",
            Self::InternalError => "internalError",
            Self::TryLater => "tryLater",
            Self::Unauthorized => "unauthorized",
        }
    }

    /// The whole OCSPResponse, DER.
    pub fn to_der(self) -> Vec<u8> {
        Writer::build(|w| w.sequence(|w| w.enumerated(self.code())))
    }
}

/// What is said about one certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CertStatus {
    /// Issued and not revoked.
    Good,
    /// Revoked.
    Revoked {
        /// Since when; whole seconds.
        at: Timestamp,
        /// Why, when a reason is recorded.
        reason: Option<RevocationReason>,
    },
    /// Not this responder's certificate.
    Unknown,
}

/// SingleResponse: the status of one certificate and for how long it may be believed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SingleResponse {
    /// As it stood in the request.
    pub cert_id: CertId,
    /// The status.
    pub status: CertStatus,
    /// When the status was known to be right; whole seconds.
    pub this_update: Timestamp,
    /// When newer information will exist; whole seconds.
    pub next_update: Option<Timestamp>,
    /// Since when the responder keeps what it knows of certificates that have expired; whole seconds. `None`: it does not say.
    pub archive_cutoff: Option<Timestamp>,
}

/// ResponderID (RFC 6960 §4.2.1). This project's responders use `Key`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ResponderId {
    /// The responder's name, DER.
    Name(Vec<u8>),
    /// SHA-1 of the octets of the responder's subjectPublicKey.
    Key(Vec<u8>),
}

/// ResponseData: what is signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResponseData {
    /// Who answers.
    pub responder: ResponderId,
    /// When the answer was made; whole seconds.
    pub produced_at: Timestamp,
    /// One per CertID asked about.
    pub responses: Vec<SingleResponse>,
    /// The request's nonce.
    pub nonce: Option<Vec<u8>>,
}

/// A signed answer, taken apart; nothing in it has been verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedResponse {
    /// What it says.
    pub data: ResponseData,
    /// The octets of ResponseData, which the signature covers.
    pub tbs: Vec<u8>,
    /// How it is signed.
    pub algorithm: SignatureAlgorithm,
    /// The signature.
    pub signature: Vec<u8>,
    /// The certificates sent along, DER.
    pub certificates: Vec<Vec<u8>>,
}

/// An OCSPResponse: signed, or refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OcspResponse {
    /// `successful`.
    Signed(Box<SignedResponse>),
    /// Any other status.
    Refused(Refusal),
}

/// Why octets are no OCSPResponse.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ResponseError {
    /// Not DER, or not in the shape of an OCSPResponse.
    #[error("the response is malformed: {0}")]
    Der(#[from] DerError),
    /// Extensions that are not accepted.
    #[error(transparent)]
    Extension(#[from] ExtensionError),
    /// A status that is neither success nor one of [`Refusal`].
    #[error("the response has status {0}")]
    Status(u64),
    /// Signed in a way that is not accepted.
    #[error(transparent)]
    SignatureAlgorithm(#[from] SignatureAlgorithmError),
    /// A revocation reason RFC 5280 does not know.
    #[error("the response has revocation reason {0}")]
    Reason(u64),
}

impl ResponseData {
    /// What is to be signed, DER.
    pub fn to_der(&self) -> Vec<u8> {
        Writer::build(|w| {
            w.sequence(|w| {
                if let Some(nonce) = &self.nonce {
                    write_nonce(w, 1, nonce);
                }
                w.sequence(|w| self.responses.iter().rev().for_each(|single| single.write(w)));
                w.generalized_time(self.produced_at);
                self.responder.write(w);
            });
        })
    }

    fn read(tbs: &[u8]) -> Result<Self, ResponseError> {
        let mut fields = Reader::of_sequence(tbs)?;
        // version [0] is v1 by default, and a default value is not written in DER.
        let responder = match fields.optional(tag::context_constructed(1))? {
            Some(name) => ResponderId::Name(name.to_vec()),
            None => {
                let mut hash = fields.constructed(tag::context_constructed(2))?;
                let octets = hash.expect(tag::OCTET_STRING)?.to_vec();
                hash.finish()?;
                ResponderId::Key(octets)
            }
        };
        let produced_at = fields.time()?;
        let mut list = fields.sequence()?;
        let mut responses = Vec::new();
        while !list.is_empty() {
            responses.push(SingleResponse::read(&mut list)?);
        }
        let nonce = match fields.optional(tag::context_constructed(1))? {
            Some(extensions) => read_nonce(extensions)?,
            None => None,
        };
        fields.finish()?;
        Ok(Self { responder, produced_at, responses, nonce })
    }
}

impl ResponderId {
    pub(crate) fn write(&self, writer: &mut Writer) {
        match self {
            Self::Name(name) => writer.constructed(tag::context_constructed(1), |w| w.raw(name)),
            Self::Key(hash) => writer.constructed(tag::context_constructed(2), |w| w.octet_string(hash)),
        }
    }
}

impl CertStatus {
    pub(crate) fn write(self, writer: &mut Writer) {
        match self {
            Self::Good => writer.primitive(tag::context(0), &[]),
            Self::Unknown => writer.primitive(tag::context(2), &[]),
            Self::Revoked { at, reason } => writer.constructed(tag::context_constructed(1), |w| {
                if let Some(reason) = reason {
                    w.constructed(tag::context_constructed(0), |w| w.enumerated(reason.code()));
                }
                w.generalized_time(at);
            }),
        }
    }
}

impl SingleResponse {
    fn write(&self, writer: &mut Writer) {
        writer.sequence(|w| {
            if let Some(cutoff) = self.archive_cutoff {
                write_archive_cutoff(w, cutoff);
            }
            if let Some(next_update) = self.next_update {
                w.constructed(tag::context_constructed(0), |w| w.generalized_time(next_update));
            }
            w.generalized_time(self.this_update);
            self.status.write(w);
            w.raw(self.cert_id.as_der());
        });
    }

    fn read(list: &mut Reader<'_>) -> Result<Self, ResponseError> {
        const REVOKED: u8 = tag::context_constructed(1);
        let mut fields = list.sequence()?;
        let cert_id = CertId::read(&mut fields)?;
        let status = fields.element()?;
        let status = match (status.tag, status.content) {
            (t, []) if t == tag::context(0) => CertStatus::Good,
            (t, []) if t == tag::context(2) => CertStatus::Unknown,
            (REVOKED, info) => {
                let mut info = Reader::new(info);
                let at = info.time()?;
                let reason = match info.optional(tag::context_constructed(0))? {
                    Some(reason) => Some(read_reason(reason)?),
                    None => None,
                };
                info.finish()?;
                CertStatus::Revoked { at, reason }
            }
            _ => return Err(DerError::Value("a CertStatus").into()),
        };
        let this_update = fields.time()?;
        let next_update = match fields.optional(tag::context_constructed(0))? {
            Some(next_update) => {
                let mut inner = Reader::new(next_update);
                let at = inner.time()?;
                inner.finish()?;
                Some(at)
            }
            None => None,
        };
        let archive_cutoff = match fields.optional(tag::context_constructed(1))? {
            Some(extensions) => read_archive_cutoff(extensions)?,
            None => None,
        };
        fields.finish()?;
        Ok(Self { cert_id, status, this_update, next_update, archive_cutoff })
    }
}

fn read_reason(der: &[u8]) -> Result<RevocationReason, ResponseError> {
    let mut reader = Reader::new(der);
    let octets = reader.expect(tag::ENUMERATED)?;
    reader.finish()?;
    let code = octets.iter().fold(0u64, |value, octet| value.saturating_mul(256).saturating_add(u64::from(*octet)));
    u8::try_from(code).ok().and_then(RevocationReason::from_code).ok_or(ResponseError::Reason(code))
}

impl SignedResponse {
    /// The whole OCSPResponse, DER.
    pub fn to_der(&self) -> Vec<u8> {
        Writer::build(|w| {
            w.sequence(|w| {
                w.constructed(tag::context_constructed(0), |w| {
                    w.sequence(|w| {
                        w.octet_string_of(|w| self.write_basic(w));
                        w.oid(oid::OCSP_BASIC);
                    });
                });
                w.enumerated(0);
            });
        })
    }

    fn write_basic(&self, writer: &mut Writer) {
        writer.sequence(|w| {
            if !self.certificates.is_empty() {
                w.constructed(tag::context_constructed(0), |w| {
                    w.sequence(|w| self.certificates.iter().rev().for_each(|certificate| w.raw(certificate)));
                });
            }
            w.bit_string(&self.signature);
            self.algorithm.write(w);
            w.raw(&self.tbs);
        });
    }

    fn read_basic(der: &[u8]) -> Result<Self, ResponseError> {
        check_strict(der)?;
        let mut fields = Reader::of_sequence(der)?;
        let tbs = fields.expect_element(tag::SEQUENCE)?.whole;
        let algorithm = SignatureAlgorithm::read(fields.expect(tag::SEQUENCE)?)?;
        let signature = fields.bit_string()?.to_vec();
        let mut certificates = Vec::new();
        if let Some(list) = fields.optional(tag::context_constructed(0))? {
            let mut list = Reader::of_sequence(list)?;
            while !list.is_empty() {
                certificates.push(list.expect_element(tag::SEQUENCE)?.whole.to_vec());
            }
        }
        fields.finish()?;
        Ok(Self { data: ResponseData::read(tbs)?, tbs: tbs.to_vec(), algorithm, signature, certificates })
    }
}

impl OcspResponse {
    /// Reads an OCSPResponse; verifies nothing.
    ///
    /// # Errors
    /// Every [`ResponseError`].
    pub fn parse(der: &[u8]) -> Result<Self, ResponseError> {
        check_strict(der)?;
        let mut fields = Reader::of_sequence(der)?;
        let status = match fields.expect(tag::ENUMERATED)? {
            [status] => *status,
            _ => return Err(DerError::Value("an OCSPResponseStatus").into()),
        };
        if status != 0 {
            fields.finish()?;
            let refusal = Refusal::ALL.into_iter().find(|refusal| refusal.code() == status);
            return refusal.map(Self::Refused).ok_or(ResponseError::Status(u64::from(status)));
        }
        let mut bytes = Reader::of_sequence(fields.expect(tag::context_constructed(0))?)?;
        fields.finish()?;
        let kind = bytes.oid()?;
        if kind != oid::OCSP_BASIC.as_bytes() {
            return Err(DerError::Value("a basic OCSP response").into());
        }
        let basic = bytes.expect(tag::OCTET_STRING)?;
        bytes.finish()?;
        Ok(Self::Signed(Box::new(SignedResponse::read_basic(basic)?)))
    }
}
