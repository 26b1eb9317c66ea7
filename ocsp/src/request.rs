//! OCSPRequest (RFC 6960 §4.1): strict parsing of foreign octets, and writing for our own client.
//!
//! The requestor's name and signature are allowed and not looked at: everybody may ask. What is tolerated beyond the
//! standard is listed in docs/leniency.md.

use base64::Engine;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use ca_core::der::{DerError, Reader, Writer, check_strict, tag};

use crate::cert_id::CertId;
use crate::extensions::{ExtensionError, read_nonce, write_nonce};

/// The largest request looked at, in octets: room for ten CertIDs, a nonce, a name and a signature with its certificate.
pub const LARGEST_REQUEST_OCTETS: usize = 16 * 1024;

/// The most certificates asked about in one request: each costs a look-up, and clients ask about one.
pub const MOST_CERT_IDS: usize = 10;

/// Base64 of GET paths. Clients differ about the padding (docs/leniency.md), not about the alphabet.
const PATH_BASE64: GeneralPurpose = GeneralPurpose::new(
    &base64::alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// A well-formed request: one to ten certificates, and a nonce perhaps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OcspRequest {
    cert_ids: Vec<CertId>,
    nonce: Option<Vec<u8>>,
}

/// Why octets are not a request this responder answers; the client gets `malformedRequest`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RequestError {
    /// More octets than [`LARGEST_REQUEST_OCTETS`].
    #[error("the request has {0} octets, more than {LARGEST_REQUEST_OCTETS}")]
    TooLarge(usize),
    /// Not Base64 (GET only).
    #[error("the path is not base64")]
    NotBase64,
    /// Not DER, or not in the shape of an OCSPRequest.
    #[error("the request is malformed: {0}")]
    Der(#[from] DerError),
    /// Its extensions, or those of one of its entries, are not accepted.
    #[error(transparent)]
    Extension(#[from] ExtensionError),
    /// A version other than v1.
    #[error("the request is of version {0}, only v1 (0) is known")]
    Version(u64),
    /// No CertID, or more than [`MOST_CERT_IDS`].
    #[error("the request asks about {0} certificates, 1 to {MOST_CERT_IDS} are allowed")]
    CertIdCount(usize),
}

impl OcspRequest {
    /// A request about these certificates. `nonce`: 1 to 128 octets, 32 recommended (RFC 9654 §2.1).
    pub const fn new(cert_ids: Vec<CertId>, nonce: Option<Vec<u8>>) -> Self {
        Self { cert_ids, nonce }
    }

    /// The certificates asked about, in order.
    pub fn cert_ids(&self) -> &[CertId] {
        &self.cert_ids
    }

    /// The nonce the answer must repeat.
    pub fn nonce(&self) -> Option<&[u8]> {
        self.nonce.as_deref()
    }

    /// Reads the body of a POST.
    ///
    /// # Errors
    /// Every [`RequestError`] but `NotBase64`.
    pub fn parse(der: &[u8]) -> Result<Self, RequestError> {
        if der.len() > LARGEST_REQUEST_OCTETS {
            return Err(RequestError::TooLarge(der.len()));
        }
        check_strict(der)?;
        let mut request = Reader::of_sequence(der)?;
        let mut tbs = request.sequence()?;
        // optionalSignature [0]: its shape was checked above; whose it is makes no difference to the answer.
        request.optional(tag::context_constructed(0))?;
        request.finish()?;

        if let Some(version) = tbs.optional(tag::context_constructed(0))? {
            let mut version = Reader::new(version);
            let number = version.small_integer()?;
            version.finish()?;
            if number != 0 {
                return Err(RequestError::Version(number));
            }
        }
        // requestorName [1]
        tbs.optional(tag::context_constructed(1))?;
        let mut list = tbs.sequence()?;
        let nonce = match tbs.optional(tag::context_constructed(2))? {
            Some(extensions) => read_nonce(extensions)?,
            None => None,
        };
        tbs.finish()?;

        let mut cert_ids = Vec::new();
        while !list.is_empty() && cert_ids.len() <= MOST_CERT_IDS {
            let mut single = list.sequence()?;
            cert_ids.push(CertId::read(&mut single)?);
            if let Some(extensions) = single.optional(tag::context_constructed(0))? {
                read_nonce(extensions)?;
            }
            single.finish()?;
        }
        if cert_ids.is_empty() || cert_ids.len() > MOST_CERT_IDS {
            return Err(RequestError::CertIdCount(cert_ids.len()));
        }
        Ok(Self { cert_ids, nonce })
    }

    /// Reads what follows `/ocsp/<authority>/` in the path of a GET (RFC 5019 §5), percent-encoding already undone.
    ///
    /// # Errors
    /// Every [`RequestError`].
    pub fn parse_path(base64: &str) -> Result<Self, RequestError> {
        if base64.len() > LARGEST_REQUEST_OCTETS {
            return Err(RequestError::TooLarge(base64.len()));
        }
        let der = PATH_BASE64.decode(base64).map_err(|_| RequestError::NotBase64)?;
        Self::parse(&der)
    }

    /// The request as DER, unsigned and without a requestor's name.
    pub fn to_der(&self) -> Vec<u8> {
        Writer::build(|w| {
            w.sequence(|w| {
                w.sequence(|w| {
                    if let Some(nonce) = &self.nonce {
                        write_nonce(w, 2, nonce);
                    }
                    w.sequence(|w| {
                        for cert_id in self.cert_ids.iter().rev() {
                            w.sequence(|w| w.raw(cert_id.as_der()));
                        }
                    });
                });
            });
        })
    }
}
