//! Certification requests (PKCS#10, RFC 2986). From a request we take a public key and the proof that its sender holds
//! the private half; its names are shown to people and never enter a certificate (design: names come from the register).
//!
//! Input is forgiving where nothing can be misread (line ends, missing armour, each a [`Repair`] that is told), and strict
//! everywhere else. A private key pasted by mistake is recognised and refused; errors never carry the pasted text.

use crate::der::{self, DerError, Reader, tag};
use crate::key::{KeyError, SignatureAlgorithm, SignatureAlgorithmError, SubjectKey};
use crate::name::DistinguishedName;
use crate::verify::{self, VerifyError};
use std::borrow::Cow;
use x509_parser::certification_request::X509CertificationRequest;
use x509_parser::extensions::{GeneralName, ParsedExtension};
use x509_parser::prelude::FromDer;

/// Largest request accepted, in octets as uploaded.
pub const LARGEST_REQUEST: usize = 16 * 1024;

/// A certification request that has been parsed; its signature is not yet checked.
#[derive(Debug)]
pub struct Csr {
    der: Vec<u8>,
    key: SubjectKey,
    requested_subject: Option<String>,
    requested_dns_names: Vec<String>,
    repairs: Vec<Repair>,
}

/// A request whose sender has proved to hold the private key, which is strong enough.
#[derive(Clone, Debug)]
pub struct ProvenCsr {
    der: Vec<u8>,
    key: SubjectKey,
}

/// What was mended silently-but-told on the way in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Repair {
    /// The BEGIN and END lines were missing.
    ArmourAdded,
    /// Text stood before or after the PEM block (OpenSSL prints one with `-text`).
    SurroundingTextIgnored,
}

/// Why an upload is no usable request.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CsrError {
    /// Nothing was given.
    #[error("nothing was given")]
    Empty,
    /// More octets than any request has.
    #[error("{found} octets; a request has at most {most}")]
    TooLarge {
        /// Octets given.
        found: usize,
        /// Octets accepted.
        most: usize,
    },
    /// The PEM armour or its base64 is damaged.
    #[error("the PEM text is damaged")]
    BrokenPem,
    /// A private key: refused, not kept.
    #[error("this is a private key, not a request")]
    PrivateKeyPasted,
    /// A certificate.
    #[error("this is a certificate, not a request")]
    CertificatePasted,
    /// More than one PEM block; how many.
    #[error("{0} PEM blocks where one request is wanted")]
    SeveralBlocks(usize),
    /// Another kind of PEM block; its label, cut to 40 characters.
    #[error("this is a {0:?}, not a request")]
    OtherPem(String),
    /// Not a certification request in DER.
    #[error("not a certification request: {0}")]
    NotACsr(#[from] DerError),
    /// The key is of a kind or form that is not accepted, or weak.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// Signed in a way that is not accepted.
    #[error(transparent)]
    SignatureAlgorithm(#[from] SignatureAlgorithmError),
    /// The signature is not made with the key in the request.
    #[error("the request's own signature does not verify")]
    BadSignature,
}

impl Csr {
    /// Reads PEM, DER, or base64 without armour. Errors say what was found instead; see [`CsrError`].
    pub fn parse(input: &[u8]) -> Result<Self, CsrError> {
        if input.len() > LARGEST_REQUEST {
            return Err(CsrError::TooLarge { found: input.len(), most: LARGEST_REQUEST });
        }
        let mut repairs = Vec::new();
        let der = unarmoured(input, &mut repairs)?;
        recognise(&der)?;
        der::check_strict(&der)?;
        let key = SubjectKey::from_spki_der(Fields::of(&der)?.spki)?;
        let (rest, parsed) =
            X509CertificationRequest::from_der(&der).map_err(|_| CsrError::NotACsr(DerError::Value("a request")))?;
        if !rest.is_empty() {
            return Err(CsrError::NotACsr(DerError::TrailingData(rest.len())));
        }
        let subject = parsed.certification_request_info.subject.as_raw();
        let requested_subject =
            DistinguishedName::from_der(subject).ok().filter(|name| !name.is_empty()).map(|name| name.to_string());
        let requested_dns_names = dns_names_of(&parsed);
        Ok(Self { der: der.into_owned(), key, requested_subject, requested_dns_names, repairs })
    }

    /// What was mended on the way in.
    pub fn repairs(&self) -> &[Repair] {
        &self.repairs
    }

    /// The public key.
    pub const fn key(&self) -> &SubjectKey {
        &self.key
    }

    /// The subject the request asks for, for people to see: it never enters a certificate.
    pub fn requested_subject(&self) -> Option<&str> {
        self.requested_subject.as_deref()
    }

    /// The DNS names the request asks for, for people to see.
    pub fn requested_dns_names(&self) -> &[String] {
        &self.requested_dns_names
    }

    /// Checks proof of possession over the received CertificationRequestInfo octets, and that the key is strong enough.
    /// Errors: signature algorithm, signature, weak key.
    pub fn prove(self) -> Result<ProvenCsr, CsrError> {
        self.key.check_strength().map_err(KeyError::from)?;
        let Fields { info, algorithm, signature, .. } = Fields::of(&self.der)?;
        let algorithm = SignatureAlgorithm::read(algorithm)?;
        match verify::verify(&self.key, algorithm, info, signature) {
            Ok(()) => Ok(ProvenCsr { der: self.der, key: self.key }),
            Err(VerifyError::AlgorithmMismatch | VerifyError::BadSignature) => Err(CsrError::BadSignature),
        }
    }
}

impl ProvenCsr {
    /// The public key.
    pub const fn key(&self) -> &SubjectKey {
        &self.key
    }

    /// The request as it was signed, in DER.
    pub fn der(&self) -> &[u8] {
        &self.der
    }

    /// Key and DER, for those that keep both.
    pub fn into_parts(self) -> (SubjectKey, Vec<u8>) {
        (self.key, self.der)
    }
}

/// DER of the input, whatever its clothes.
fn unarmoured<'a>(input: &'a [u8], repairs: &mut Vec<Repair>) -> Result<Cow<'a, [u8]>, CsrError> {
    if input.first() == Some(&tag::SEQUENCE) {
        return Ok(Cow::Borrowed(input));
    }
    let text = std::str::from_utf8(input).map_err(|_| CsrError::NotACsr(DerError::Truncated))?;
    let text = text.trim_start_matches('\u{feff}').trim();
    if text.is_empty() {
        return Err(CsrError::Empty);
    }
    // Before anything else: whatever else is in there, a private key must not travel further.
    if text.contains("PRIVATE KEY") {
        return Err(CsrError::PrivateKeyPasted);
    }
    if !text.contains("-----BEGIN") {
        let bare: String = text.split_whitespace().collect();
        let armoured = format!("-----BEGIN CERTIFICATE REQUEST-----\n{bare}\n-----END CERTIFICATE REQUEST-----\n");
        let block = pem::parse(armoured).map_err(|_| CsrError::BrokenPem)?;
        repairs.push(Repair::ArmourAdded);
        return Ok(Cow::Owned(block.into_contents()));
    }
    if !text.starts_with("-----BEGIN") || !text.ends_with("-----") {
        repairs.push(Repair::SurroundingTextIgnored);
    }
    let blocks = pem::parse_many(text).map_err(|_| CsrError::BrokenPem)?;
    if blocks.len() > 1 {
        return Err(CsrError::SeveralBlocks(blocks.len())); // which one is meant is not ours to guess
    }
    let block = blocks.into_iter().next().ok_or(CsrError::BrokenPem)?;
    match block.tag() {
        "CERTIFICATE REQUEST" | "NEW CERTIFICATE REQUEST" => Ok(Cow::Owned(block.into_contents())),
        "CERTIFICATE" | "TRUSTED CERTIFICATE" | "X509 CERTIFICATE" => Err(CsrError::CertificatePasted),
        other => Err(CsrError::OtherPem(other.chars().take(40).collect())),
    }
}

/// Tells the usual mistakes apart by shape: a private key or a certificate uploaded as DER.
fn recognise(der: &[u8]) -> Result<(), CsrError> {
    let mut fields = Reader::of_sequence(der)?;
    let first = fields.element()?;
    if first.tag == tag::INTEGER {
        return Err(CsrError::PrivateKeyPasted); // PKCS#8, PKCS#1 and SEC 1 keys begin with a version number
    }
    if fields.peek() == Some(tag::OCTET_STRING) {
        return Err(CsrError::PrivateKeyPasted); // EncryptedPrivateKeyInfo: AlgorithmIdentifier, OCTET STRING
    }
    let mut body = Reader::new(first.content);
    if body.peek() == Some(tag::context_constructed(0)) {
        return Err(CsrError::CertificatePasted); // TBSCertificate begins with [0] version
    }
    // Version 1 has none: serial, algorithm, issuer and then validity, where a request has its attributes in [0].
    body.element()?;
    body.element()?;
    body.element()?;
    if body.peek() == Some(tag::SEQUENCE) { Err(CsrError::CertificatePasted) } else { Ok(()) }
}

/// A CertificationRequest taken apart (RFC 2986 §4): version 0, and nothing before, between or behind its fields.
struct Fields<'a> {
    /// CertificationRequestInfo, with its header: what is signed.
    info: &'a [u8],
    spki: &'a [u8],
    /// Content octets of the signature's AlgorithmIdentifier.
    algorithm: &'a [u8],
    signature: &'a [u8],
}

impl<'a> Fields<'a> {
    fn of(der: &'a [u8]) -> Result<Self, DerError> {
        let mut outer = Reader::of_sequence(der)?;
        let info = outer.expect_element(tag::SEQUENCE)?;
        let algorithm = outer.expect(tag::SEQUENCE)?;
        let signature = outer.bit_string()?;
        outer.finish()?;
        let mut inner = Reader::new(info.content);
        if inner.small_integer()? != 0 {
            return Err(DerError::Value("version 0 of a request"));
        }
        inner.expect(tag::SEQUENCE)?; // the subject, which nobody uses
        let spki = inner.expect_element(tag::SEQUENCE)?.whole;
        inner.expect(tag::context_constructed(0))?; // attributes, often empty, never absent
        inner.finish()?;
        Ok(Self { info: info.whole, spki, algorithm, signature })
    }
}

fn dns_names_of(parsed: &X509CertificationRequest<'_>) -> Vec<String> {
    let names = parsed.requested_extensions().into_iter().flatten().filter_map(|extension| match extension {
        ParsedExtension::SubjectAlternativeName(names) => Some(&names.general_names),
        _ => None,
    });
    names
        .flatten()
        .filter_map(|name| match name {
            GeneralName::DNSName(name) => Some((*name).to_owned()),
            _ => None,
        })
        .collect()
}

#[cfg(test)]
#[path = "csr_tests.rs"]
mod tests;
