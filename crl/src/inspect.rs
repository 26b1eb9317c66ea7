//! Reading a CRL: strictly, without judging it. Used by our own check before a CRL is stored, and by `crl inspect`.

use ca_core::der::{DerError, Reader, check_strict, tag};
use ca_core::key::{SignatureAlgorithm, SignatureAlgorithmError};
use ca_core::name::DistinguishedName;
use ca_core::oid;
use ca_core::revocation::RevocationReason;
use ca_core::serial::SerialNumber;
use ca_core::time::Timestamp;

use crate::entries::CrlEntry;

/// A CRL taken apart; nothing in it has been verified.
#[derive(Clone, Debug)]
pub struct CertificateList {
    /// Who signed it, as it says.
    pub issuer: DistinguishedName,
    /// When it was made.
    pub this_update: Timestamp,
    /// When the next will exist.
    pub next_update: Option<Timestamp>,
    /// The revoked certificates, in order.
    pub entries: Vec<CrlEntry>,
    /// cRLNumber; `None` when absent or beyond 64 bits.
    pub number: Option<u64>,
    /// keyIdentifier of authorityKeyIdentifier.
    pub authority_key_identifier: Option<Vec<u8>>,
    /// Every extension of the list, in order.
    pub extensions: Vec<CrlExtension>,
    /// How it is signed.
    pub algorithm: SignatureAlgorithm,
    /// The octets the signature covers.
    pub tbs: Vec<u8>,
    /// The signature.
    pub signature: Vec<u8>,
}

/// An extension of the list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CrlExtension {
    /// Which, dotted.
    pub oid: String,
    /// Whether readers that do not know it must refuse the CRL.
    pub critical: bool,
    /// Its value, DER.
    pub value: Vec<u8>,
}

/// Why octets are no CRL this program reads.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CrlError {
    /// Not DER, or not in the shape of a CertificateList.
    #[error("the CRL is malformed: {0}")]
    Der(#[from] DerError),
    /// The issuer's name cannot be read.
    #[error("the issuer's name is malformed")]
    Issuer,
    /// Signed in a way that is not accepted.
    #[error(transparent)]
    SignatureAlgorithm(#[from] SignatureAlgorithmError),
    /// The signature names one algorithm and the signed part another.
    #[error("the CRL names two signature algorithms")]
    AlgorithmsDiffer,
    /// A serial no certificate can have.
    #[error("entry {0} has no serial number a certificate can have")]
    Serial(usize),
    /// A reason RFC 5280 does not know.
    #[error("entry {0} has an unknown reason")]
    Reason(usize),
    /// A critical extension of an entry that is not known.
    #[error("an entry has the unknown critical extension {0}")]
    UnknownCritical(String),
}

impl CertificateList {
    /// Reads a CRL of version 2, DER. An unknown critical extension of the list is no error here: it is in `extensions`.
    ///
    /// # Errors
    /// Every [`CrlError`].
    pub fn parse(der: &[u8]) -> Result<Self, CrlError> {
        check_strict(der)?;
        let mut list = Reader::of_sequence(der)?;
        let tbs = list.expect_element(tag::SEQUENCE)?;
        let outer = list.expect_element(tag::SEQUENCE)?;
        let signature = list.bit_string()?.to_vec();
        list.finish()?;

        let mut fields = Reader::new(tbs.content);
        if fields.small_integer()? != 1 {
            return Err(DerError::Value("a CRL of version 2").into());
        }
        let inner = fields.expect_element(tag::SEQUENCE)?;
        if inner.whole != outer.whole {
            return Err(CrlError::AlgorithmsDiffer);
        }
        let algorithm = SignatureAlgorithm::read(outer.content)?;
        let issuer = fields.expect_element(tag::SEQUENCE)?.whole;
        let issuer = DistinguishedName::from_der(issuer).map_err(|_| CrlError::Issuer)?;
        let this_update = fields.time()?;
        let next_update = match fields.peek() {
            Some(tag::UTC_TIME | tag::GENERALIZED_TIME) => Some(fields.time()?),
            _ => None,
        };
        let mut entries = Vec::new();
        if let Some(revoked) = fields.optional(tag::SEQUENCE)? {
            // revokedCertificates MUST be absent when empty (RFC 5280 §5.1.2.6).
            if revoked.is_empty() {
                return Err(DerError::Value("revokedCertificates of at least one").into());
            }
            let mut revoked = Reader::new(revoked);
            while !revoked.is_empty() {
                entries.push(read_entry(revoked.sequence()?, entries.len())?);
            }
        }
        let extensions = match fields.optional(tag::context_constructed(0))? {
            Some(explicit) => read_extensions(Reader::of_sequence(explicit)?)?,
            None => Vec::new(),
        };
        fields.finish()?;

        let mut read = Self {
            issuer,
            this_update,
            next_update,
            entries,
            number: None,
            authority_key_identifier: None,
            extensions,
            algorithm,
            tbs: tbs.whole.to_vec(),
            signature,
        };
        read.understand_extensions()?;
        Ok(read)
    }

    fn understand_extensions(&mut self) -> Result<(), DerError> {
        if let Some(value) = self.extension(oid::CRL_NUMBER) {
            let mut reader = Reader::new(value);
            let octets = reader.unsigned()?;
            reader.finish()?;
            self.number =
                (octets.len() <= 8).then(|| octets.iter().fold(0u64, |value, octet| (value << 8) | u64::from(*octet)));
        }
        if let Some(value) = self.extension(oid::AUTHORITY_KEY_IDENTIFIER) {
            self.authority_key_identifier = Reader::of_sequence(value)?.optional(tag::context(0))?.map(<[u8]>::to_vec);
        }
        Ok(())
    }

    fn extension(&self, id: oid::Oid) -> Option<&[u8]> {
        let dotted = oid::dotted(id.as_bytes());
        self.extensions.iter().find(|extension| extension.oid == dotted).map(|extension| extension.value.as_slice())
    }
}

fn read_entry(mut fields: Reader<'_>, index: usize) -> Result<CrlEntry, CrlError> {
    let serial = SerialNumber::from_bytes(fields.unsigned()?).map_err(|_| CrlError::Serial(index))?;
    let revoked_at = fields.time()?;
    let mut entry = CrlEntry { serial, revoked_at, reason: RevocationReason::Unspecified, invalidity_at: None };
    if let Some(extensions) = fields.optional(tag::SEQUENCE)? {
        let mut extensions = Reader::new(extensions);
        while !extensions.is_empty() {
            let (id, critical, value) = read_extension(&mut extensions)?;
            let mut value = Reader::new(value);
            if id == oid::REASON_CODE.as_bytes() {
                let code = value.expect(tag::ENUMERATED)?;
                value.finish()?;
                let reason = match code {
                    [code] => RevocationReason::from_code(*code),
                    _ => None,
                };
                entry.reason = reason.ok_or(CrlError::Reason(index))?;
            } else if id == oid::INVALIDITY_DATE.as_bytes() {
                entry.invalidity_at = Some(value.time()?);
                value.finish()?;
            } else if critical {
                return Err(CrlError::UnknownCritical(oid::dotted(id)));
            }
        }
    }
    fields.finish()?;
    Ok(entry)
}

fn read_extensions(mut list: Reader<'_>) -> Result<Vec<CrlExtension>, CrlError> {
    let mut extensions: Vec<CrlExtension> = Vec::new();
    while !list.is_empty() {
        let (id, critical, value) = read_extension(&mut list)?;
        let oid = oid::dotted(id);
        // RFC 5280 §4.2: one of a kind.
        if extensions.iter().any(|known| known.oid == oid) {
            return Err(DerError::Value("an extension that stands once").into());
        }
        extensions.push(CrlExtension { oid, critical, value: value.to_vec() });
    }
    Ok(extensions)
}

fn read_extension<'a>(list: &mut Reader<'a>) -> Result<(&'a [u8], bool, &'a [u8]), DerError> {
    let mut fields = list.sequence()?;
    let id = fields.oid()?;
    let critical = fields.peek() == Some(tag::BOOLEAN) && fields.boolean()?;
    let value = fields.expect(tag::OCTET_STRING)?;
    fields.finish()?;
    Ok((id, critical, value))
}
