//! CertID (RFC 6960 §4.1.1): how a request and an answer name one certificate by its issuer's hashes and its serial.

use ca_core::certificate::Certificate;
use ca_core::der::{DerError, Reader, Writer, tag};
use ca_core::digest::{sha1, sha256};
use ca_core::oid::{self, Oid};
use ca_core::serial::SerialNumber;

/// The digest a CertID names its issuer with. SHA-1 identifies here, it does not protect (RFC 6960 §4.3 requires it).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CertIdDigest {
    /// SHA-1, what most clients send.
    Sha1,
    /// SHA-256 (RFC 9654's clients).
    Sha256,
}

impl CertIdDigest {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Sha1, Self::Sha256];

    const fn oid(self) -> Oid {
        match self {
            Self::Sha1 => oid::SHA1,
            Self::Sha256 => oid::SHA256,
        }
    }

    /// How many octets it has.
    pub const fn length(self) -> usize {
        match self {
            Self::Sha1 => 20,
            Self::Sha256 => 32,
        }
    }

    /// The digest of `data`.
    pub fn of(self, data: &[u8]) -> Vec<u8> {
        match self {
            Self::Sha1 => sha1(data).to_vec(),
            Self::Sha256 => sha256(data).to_vec(),
        }
    }
}

/// The hashes by which CertIDs name one issuer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IssuerHashes {
    /// With which digest.
    pub digest: CertIdDigest,
    /// Digest of the issuer's name, DER.
    pub name: Vec<u8>,
    /// Digest of the octets of the issuer's subjectPublicKey.
    pub key: Vec<u8>,
}

impl IssuerHashes {
    /// The hashes that name certificates issued by `issuer`.
    pub fn of(issuer: &Certificate, digest: CertIdDigest) -> Self {
        Self { digest, name: digest.of(issuer.subject().as_der()), key: digest.of(issuer.key().key_bits()) }
    }

    /// What stands before the serial in a CertID.
    pub(crate) fn write(&self, w: &mut Writer) {
        w.octet_string(&self.key);
        w.octet_string(&self.name);
        w.sequence(|w| {
            w.null();
            w.oid(self.digest.oid());
        });
    }
}

/// One CertID, with the octets it came in, which the answer repeats unchanged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CertId {
    der: Vec<u8>,
    /// `None`: a digest this responder does not know, so no issuer of ours.
    issuer: Option<IssuerHashes>,
    /// `None`: zero, negative or over 20 octets, so no certificate of ours.
    serial: Option<SerialNumber>,
}

impl CertId {
    /// Names the certificate `serial` of the issuer with these hashes. RFC 6960's examples and OpenSSL write the digest with
    /// NULL parameters; so does this.
    pub fn new(issuer: IssuerHashes, serial: SerialNumber) -> Self {
        let der = Writer::build(|w| {
            w.sequence(|w| {
                w.unsigned(serial.as_bytes());
                issuer.write(w);
            });
        });
        Self { der, issuer: Some(issuer), serial: Some(serial) }
    }

    /// Reads the next value of `reader`. An unknown digest is no error: it names an issuer that is not ours.
    ///
    /// # Errors
    /// What is no CertID in DER, or hashes whose length is not their digest's.
    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Self, DerError> {
        let element = reader.expect_element(tag::SEQUENCE)?;
        let mut fields = Reader::new(element.content);
        let mut algorithm = fields.sequence()?;
        let digest_oid = algorithm.oid()?;
        // Absent and NULL parameters are both in use (RFC 4055 §2.1: implementations must accept both).
        algorithm.optional(tag::NULL)?;
        algorithm.finish()?;
        let name = fields.expect(tag::OCTET_STRING)?;
        let key = fields.expect(tag::OCTET_STRING)?;
        let serial = fields.expect(tag::INTEGER)?;
        fields.finish()?;

        let digest = CertIdDigest::ALL.into_iter().find(|digest| digest.oid().as_bytes() == digest_oid);
        let length = digest.map(CertIdDigest::length);
        if length.is_some_and(|length| name.len() != length || key.len() != length) {
            return Err(DerError::Value("a CertID whose hashes have their digest's length"));
        }
        let issuer = digest.map(|digest| IssuerHashes { digest, name: name.to_vec(), key: key.to_vec() });
        let negative = serial.first().is_none_or(|first| *first >= 0x80);
        let serial = if negative { None } else { SerialNumber::from_bytes(serial).ok() };
        Ok(Self { der: element.whole.to_vec(), issuer, serial })
    }

    /// The octets, for an answer.
    pub fn as_der(&self) -> &[u8] {
        &self.der
    }

    /// The serial, when it is one a certificate can have.
    pub const fn serial(&self) -> Option<&SerialNumber> {
        self.serial.as_ref()
    }

    /// The issuer's hashes, when made with a digest we know.
    pub const fn issuer(&self) -> Option<&IssuerHashes> {
        self.issuer.as_ref()
    }

    /// Whether both name the same certificate with the same digest, whatever the form of the digest's parameters.
    pub fn names_the_same(&self, other: &Self) -> bool {
        self.issuer.is_some() && self.serial.is_some() && (&self.issuer, &self.serial) == (&other.issuer, &other.serial)
    }
}
