//! Certificates that exist: decoded ([`Certificate::from_der`]), verified against their issuer at a time
//! ([`Certificate::verify`]), and packed for delivery ([`pkcs7`]). Decoding is x509-parser behind the strict reader.

mod extensions;
pub mod pkcs7;

pub use extensions::Extensions;

use crate::der::{self, DerError, Reader, tag};
use crate::digest::sha256;
use crate::key::{KeyError, SignatureAlgorithm, SignatureAlgorithmError, SubjectKey};
use crate::name::{DistinguishedName, NameError};
use crate::serial::{SerialError, SerialNumber};
use crate::time::{Timestamp, Validity};
use crate::verify::{self, VerifyError};
use x509_parser::certificate::X509Certificate;
use x509_parser::prelude::FromDer;

/// A decoded certificate (RFC 5280 §4.1).
#[derive(Clone, Debug)]
pub struct Certificate {
    der: Vec<u8>,
    serial: SerialNumber,
    issuer: DistinguishedName,
    subject: DistinguishedName,
    validity: Validity,
    key: SubjectKey,
    signature_algorithm: SignatureAlgorithm,
    extensions: Extensions,
}

/// Why octets are no certificate we can read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CertificateError {
    /// Not strict DER.
    #[error("not DER: {0}")]
    Der(#[from] DerError),
    /// DER, but no certificate; what the decoder said.
    #[error("not a certificate: {0}")]
    Shape(String),
    /// Its serial number.
    #[error("serial number: {0}")]
    Serial(#[from] SerialError),
    /// A name.
    #[error("name: {0}")]
    Name(#[from] NameError),
    /// Its public key.
    #[error("public key: {0}")]
    Key(#[from] KeyError),
    /// A signature algorithm that is not accepted.
    #[error(transparent)]
    SignatureAlgorithm(#[from] SignatureAlgorithmError),
    /// The signed part names another signature algorithm than the signature (RFC 5280 §4.1.1.2).
    #[error("the certificate names two signature algorithms")]
    AlgorithmsDiffer,
}

/// Why a certificate does not hold under an issuer at a time.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotVerified {
    /// The issuer's subject is not this certificate's issuer.
    #[error("issued by {named}, not by {given}")]
    Issuer {
        /// The issuer in the certificate.
        named: String,
        /// The subject of the issuer given.
        given: String,
    },
    /// The issuer is no CA that may sign certificates.
    #[error("the issuer may not sign certificates")]
    IssuerNotAuthority,
    /// Key identifiers disagree.
    #[error("the key identifiers of certificate and issuer disagree")]
    KeyIdentifier,
    /// Outside the validity.
    #[error("not valid at {at}: valid from {from} to {to}")]
    Time {
        /// When it was asked.
        at: String,
        /// notBefore.
        from: String,
        /// notAfter.
        to: String,
    },
    /// A critical extension nobody here understands; the dotted OID.
    #[error("the critical extension {0} is not understood")]
    UnknownCritical(String),
    /// The signature.
    #[error(transparent)]
    Signature(#[from] VerifyError),
}

impl Certificate {
    /// Decodes one certificate in DER. Errors: not strict DER, or a field that cannot be read.
    pub fn from_der(der: &[u8]) -> Result<Self, CertificateError> {
        der::check_strict(der)?;
        check_algorithms_agree(der)?;
        let (_, x509) = X509Certificate::from_der(der).map_err(|error| CertificateError::Shape(error.to_string()))?;
        Self::from_parsed(der, &x509)
    }

    /// The certificate in `x509`, which was parsed from `der`.
    pub(crate) fn from_parsed(der: &[u8], x509: &X509Certificate<'_>) -> Result<Self, CertificateError> {
        let tbs = &x509.tbs_certificate;
        let instant = |time: &x509_parser::time::ASN1Time| Timestamp::from_seconds(time.timestamp());
        Ok(Self {
            der: der.to_vec(),
            serial: SerialNumber::from_bytes(tbs.raw_serial())?,
            issuer: DistinguishedName::from_der(tbs.issuer.as_raw())?,
            subject: DistinguishedName::from_der(tbs.subject.as_raw())?,
            validity: Validity {
                not_before: instant(&tbs.validity.not_before),
                not_after: instant(&tbs.validity.not_after),
            },
            key: SubjectKey::from_spki_der(tbs.subject_pki.raw)?,
            signature_algorithm: SignatureAlgorithm::read(outer_algorithm(der)?)?,
            extensions: Extensions::read(x509),
        })
    }

    /// The certificate's octets.
    pub fn der(&self) -> &[u8] {
        &self.der
    }

    /// Its serial number.
    pub const fn serial(&self) -> &SerialNumber {
        &self.serial
    }

    /// Its issuer.
    pub const fn issuer(&self) -> &DistinguishedName {
        &self.issuer
    }

    /// Its subject.
    pub const fn subject(&self) -> &DistinguishedName {
        &self.subject
    }

    /// When it is valid.
    pub const fn validity(&self) -> Validity {
        self.validity
    }

    /// Its public key.
    pub const fn key(&self) -> &SubjectKey {
        &self.key
    }

    /// What it is signed with.
    pub const fn signature_algorithm(&self) -> SignatureAlgorithm {
        self.signature_algorithm
    }

    /// What its key signs with where nobody says otherwise: a self-signed certificate says so itself, and other keys sign with
    /// what is usual for their kind.
    pub fn signs_with(&self) -> SignatureAlgorithm {
        let key = self.key.algorithm();
        let named = self.extensions.authority_key_identifier.as_ref();
        let is_self_signed =
            self.issuer.matches(&self.subject) && named.is_none_or(|named| *named == self.key_identifier());
        if is_self_signed && key.signs_with(self.signature_algorithm) {
            self.signature_algorithm
        } else {
            key.signature_algorithm()
        }
    }

    /// What its extensions say.
    pub const fn extensions(&self) -> &Extensions {
        &self.extensions
    }

    /// SHA-256 of its octets.
    pub fn fingerprint(&self) -> [u8; 32] {
        sha256(&self.der)
    }

    /// PEM of it (RFC 7468).
    pub fn to_pem(&self) -> String {
        to_pem("CERTIFICATE", &self.der)
    }

    /// Its key identifier: the extension's, or SHA-1 of the key where there is none.
    pub fn key_identifier(&self) -> Vec<u8> {
        self.extensions.subject_key_identifier.clone().unwrap_or_else(|| self.key.key_identifier().to_vec())
    }

    /// Errors unless `issuer` signed this certificate, may do so, and both are valid at `now`. Names are compared by RFC 5280
    /// §7.1, since other CAs may write one name in two ways. One step of a path; path validation as a whole is another
    /// matter.
    pub fn verify(&self, issuer: &Self, now: Timestamp) -> Result<(), NotVerified> {
        if !self.issuer.matches(&issuer.subject) {
            let (named, given) = (self.issuer.to_string(), issuer.subject.to_string());
            return Err(NotVerified::Issuer { named, given });
        }
        if !issuer.extensions.is_ca || issuer.extensions.key_usage.is_some_and(|usage| usage & 0x0400 == 0) {
            return Err(NotVerified::IssuerNotAuthority);
        }
        if self.extensions.authority_key_identifier.as_ref().is_some_and(|named| *named != issuer.key_identifier()) {
            return Err(NotVerified::KeyIdentifier);
        }
        for certificate in [self, issuer] {
            if let Some(unknown) = certificate.extensions.unknown_critical.first() {
                return Err(NotVerified::UnknownCritical(unknown.clone()));
            }
            let validity = certificate.validity;
            if !validity.contains(now) {
                let (from, to) = (validity.not_before.rfc3339(), validity.not_after.rfc3339());
                return Err(NotVerified::Time { at: now.rfc3339(), from, to });
            }
        }
        let (tbs, signature) = parts(&self.der).map_err(|_| VerifyError::BadSignature)?;
        Ok(verify::verify(&issuer.key, self.signature_algorithm, tbs, signature)?)
    }
}

/// PEM (RFC 7468) of `der` under `label`, lines of 64 characters, `\n`.
pub fn to_pem(label: &str, der: &[u8]) -> String {
    let config = pem::EncodeConfig::new().set_line_ending(pem::LineEnding::LF);
    pem::encode_config(&pem::Pem::new(label, der), config)
}

/// To-be-signed octets and signature octets of a SIGNED structure (certificate or CRL).
pub fn parts(der: &[u8]) -> Result<(&[u8], &[u8]), DerError> {
    let mut fields = Reader::of_sequence(der)?;
    let tbs = fields.expect_element(tag::SEQUENCE)?.whole;
    fields.expect(tag::SEQUENCE)?;
    let signature = fields.bit_string()?;
    fields.finish()?;
    Ok((tbs, signature))
}

/// Content octets of the outer AlgorithmIdentifier of a SIGNED structure.
fn outer_algorithm(der: &[u8]) -> Result<&[u8], DerError> {
    let mut fields = Reader::of_sequence(der)?;
    fields.expect(tag::SEQUENCE)?;
    fields.expect(tag::SEQUENCE)
}

/// RFC 5280 §4.1.1.2, octet for octet: the outer AlgorithmIdentifier is the one part the signature does not cover, and
/// x509-parser takes its OID under any tag.
fn check_algorithms_agree(der: &[u8]) -> Result<(), CertificateError> {
    let mut fields = Reader::of_sequence(der)?;
    let mut tbs = fields.sequence()?;
    let outer = fields.expect_element(tag::SEQUENCE)?;
    tbs.optional(tag::context_constructed(0))?;
    tbs.expect(tag::INTEGER)?;
    let inner = tbs.expect_element(tag::SEQUENCE)?;
    if inner.whole == outer.whole { Ok(()) } else { Err(CertificateError::AlgorithmsDiffer) }
}

#[cfg(test)]
#[path = "certificate_tests.rs"]
mod tests;
