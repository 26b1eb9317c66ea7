//! The authority that issues: its name and key as its certificate has them, where its key is, and the addresses it writes
//! into what it issues.

use crate::certificate::Certificate;
use crate::id::{AuthorityId, KeyLabel};
use crate::key::{KeyAlgorithm, SignatureAlgorithm, SubjectKey};
use crate::name::DistinguishedName;
use crate::time::Validity;

/// Where relying parties find what they need, written into certificates. `http` only: fetching revocation data over TLS
/// would need revocation data (RFC 5280 §8).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PublicAddresses {
    /// Of the CRL; several names of one distribution point (Internet and LGWAN).
    pub crl: Vec<String>,
    /// Of the OCSP responder.
    pub ocsp: Vec<String>,
    /// Of the authority's own certificate.
    pub issuer_certificate: Vec<String>,
}

/// An issuing authority.
#[derive(Clone, Debug)]
pub struct Authority {
    id: AuthorityId,
    line: AuthorityId,
    name: DistinguishedName,
    alternative_name: Option<DistinguishedName>,
    key: SubjectKey,
    signature_algorithm: SignatureAlgorithm,
    key_identifier: Vec<u8>,
    validity: Option<Validity>,
    path_length: Option<u32>,
    label: KeyLabel,
    addresses: PublicAddresses,
}

/// Why a certificate is no authority's.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AuthorityError {
    /// Not a CA certificate that may sign certificates and CRLs.
    #[error("the certificate of {0} may not sign certificates and CRLs")]
    NotAuthority(String),
    /// The authority's key makes no signatures of that algorithm here.
    #[error("a key {key} does not sign with {}", .algorithm.name())]
    SignatureAlgorithm {
        /// The kind of key.
        key: KeyAlgorithm,
        /// What it was to sign with.
        algorithm: SignatureAlgorithm,
    },
}

impl Authority {
    /// The authority of a CA certificate; its issuer octets and key identifier are copied from it. It signs with what
    /// [`Certificate::signs_with`] says unless [`Self::signing_with`] follows. Errors: the certificate is no CA's or may not
    /// sign certificates and CRLs.
    pub fn of_certificate(
        id: AuthorityId,
        certificate: &Certificate,
        label: KeyLabel,
        addresses: PublicAddresses,
    ) -> Result<Self, AuthorityError> {
        let extensions = certificate.extensions();
        if !extensions.is_ca || extensions.key_usage.is_some_and(|usage| usage & 0x0600 != 0x0600) {
            return Err(AuthorityError::NotAuthority(certificate.subject().to_string()));
        }
        Ok(Self {
            line: id.clone(),
            id,
            name: certificate.subject().clone(),
            alternative_name: extensions.directory_names.first().cloned(),
            key: certificate.key().clone(),
            signature_algorithm: certificate.signs_with(),
            key_identifier: certificate.key_identifier(),
            validity: Some(certificate.validity()),
            path_length: extensions.path_length,
            label,
            addresses,
        })
    }

    /// The same without a limit to the CAs below it, for tests of one authority that issues everything.
    #[cfg(test)]
    pub(crate) const fn without_path_length(mut self) -> Self {
        self.path_length = None;
        self
    }

    /// A root before it has a certificate: what it issues first is its own, self-signed.
    pub fn founding(id: AuthorityId, name: DistinguishedName, key: SubjectKey, label: KeyLabel) -> Self {
        Self {
            line: id.clone(),
            id,
            name,
            alternative_name: None,
            signature_algorithm: key.algorithm().signature_algorithm(),
            key_identifier: key.key_identifier().to_vec(),
            key,
            validity: None,
            path_length: None,
            label,
            addresses: PublicAddresses::default(),
        }
    }

    /// The same as a generation of `line`, which the packs know it by; without this it is the first, and called as its line.
    #[must_use]
    pub fn of_line(mut self, line: AuthorityId) -> Self {
        self.line = line;
        self
    }

    /// What the packs call it: the same for every generation.
    pub const fn line(&self) -> &AuthorityId {
        &self.line
    }

    /// The same, which signs with `algorithm` instead of what is usual for its kind of key. Errors: such keys do not.
    pub fn signing_with(mut self, algorithm: SignatureAlgorithm) -> Result<Self, AuthorityError> {
        let key = self.key.algorithm();
        if !key.signs_with(algorithm) {
            return Err(AuthorityError::SignatureAlgorithm { key, algorithm });
        }
        self.signature_algorithm = algorithm;
        Ok(self)
    }

    /// Its id.
    pub const fn id(&self) -> &AuthorityId {
        &self.id
    }

    /// Its name; written as issuer octet for octet.
    pub const fn name(&self) -> &DistinguishedName {
        &self.name
    }

    /// Its name in Japanese, as its certificate has it; repeated as issuerAltName.
    pub const fn alternative_name(&self) -> Option<&DistinguishedName> {
        self.alternative_name.as_ref()
    }

    /// Its public key.
    pub const fn key(&self) -> &SubjectKey {
        &self.key
    }

    /// What it signs with.
    pub const fn signature_algorithm(&self) -> SignatureAlgorithm {
        self.signature_algorithm
    }

    /// Its key identifier, for authorityKeyIdentifier.
    pub fn key_identifier(&self) -> &[u8] {
        &self.key_identifier
    }

    /// When its certificate is valid; `None` while it is being founded.
    pub const fn validity(&self) -> Option<Validity> {
        self.validity
    }

    /// pathLenConstraint of its certificate.
    pub const fn path_length(&self) -> Option<u32> {
        self.path_length
    }

    /// Where its private key is.
    pub const fn label(&self) -> &KeyLabel {
        &self.label
    }

    /// The addresses it writes.
    pub const fn addresses(&self) -> &PublicAddresses {
        &self.addresses
    }
}
