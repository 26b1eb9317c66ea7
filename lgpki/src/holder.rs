//! Keys and requests on the holder's side, made with rcgen: for the holders' tool, the demo and the measurement. The engine
//! never uses this.

use ca_core::key::{KeyAlgorithm, SubjectKey};
use hsm_adapters::holder::{HolderKey, HolderKeyError};
use hsm_adapters::pkcs11::{TokenError, TokenKey};
use rcgen::{CertificateParams, DistinguishedName, DnType, KeyPair, PublicKeyData, RsaKeySize, SigningKey};
use std::cell::RefCell;

/// The most characters of a common name (RFC 5280, ub-common-name).
const LONGEST_COMMON_NAME: usize = 64;

/// Makes a key pair. Errors: rcgen, or a kind it cannot make.
pub fn new_key(kind: KeyAlgorithm) -> Result<KeyPair, rcgen::Error> {
    let rsa = |size| KeyPair::generate_rsa_for(&rcgen::PKCS_RSA_SHA256, size);
    let of = |algorithm: &'static rcgen::SignatureAlgorithm| KeyPair::generate_for(algorithm);
    match kind {
        KeyAlgorithm::P256 => of(&rcgen::PKCS_ECDSA_P256_SHA256),
        KeyAlgorithm::P384 => of(&rcgen::PKCS_ECDSA_P384_SHA384),
        KeyAlgorithm::Rsa2048 => rsa(RsaKeySize::_2048),
        KeyAlgorithm::Rsa3072 => rsa(RsaKeySize::_3072),
        KeyAlgorithm::Rsa4096 => rsa(RsaKeySize::_4096),
        KeyAlgorithm::MlDsa44 => of(&rcgen::PKCS_ML_DSA_44),
        KeyAlgorithm::MlDsa65 => of(&rcgen::PKCS_ML_DSA_65),
        KeyAlgorithm::MlDsa87 => of(&rcgen::PKCS_ML_DSA_87),
        KeyAlgorithm::Rsa(_) => Err(rcgen::Error::KeyGenerationUnavailable),
    }
}

/// PEM of a PKCS#10 for these names (the first also as common name, if it is short enough for one), signed with `key`.
/// Errors: a name that is no IA5String, or the key does not sign.
pub fn new_request(key: &impl SigningKey, dns_names: &[&str]) -> Result<String, rcgen::Error> {
    let mut params = CertificateParams::new(dns_names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>())?;
    params.distinguished_name = DistinguishedName::new();
    if let Some(first) = dns_names.first().filter(|name| name.len() <= LONGEST_COMMON_NAME) {
        params.distinguished_name.push(DnType::CommonName, *first);
    }
    params.serialize_request(key)?.pem()
}

/// A holder's key, wherever it is.
pub enum RequestKey<'session> {
    /// From a file, in memory.
    File(HolderKey),
    /// In a token, which signs itself.
    Token(TokenKey<'session>),
}

/// Why there is no request.
#[derive(Debug, thiserror::Error)]
pub enum RequestError {
    /// The key in memory.
    #[error(transparent)]
    Key(#[from] HolderKeyError),
    /// The token.
    #[error(transparent)]
    Token(#[from] TokenError),
    /// rcgen.
    #[error("the request could not be written: {0}")]
    Written(#[from] rcgen::Error),
}

impl RequestKey<'_> {
    /// PEM of a PKCS#10 for these names, as [`new_request`]. Errors: what the key or the token said, or rcgen.
    pub fn request(&self, dns_names: &[&str]) -> Result<String, RequestError> {
        let signing = Signing { key: self, failed: RefCell::default() };
        let made = new_request(&signing, dns_names);
        match signing.failed.into_inner() {
            // rcgen only says that something remote failed; the key knows what.
            Some(failed) => Err(failed),
            None => Ok(made?),
        }
    }

    /// The public half.
    pub const fn public(&self) -> &SubjectKey {
        match self {
            Self::File(key) => key.public(),
            Self::Token(key) => key.public(),
        }
    }
}

/// A key as rcgen wants it, with room for what went wrong.
struct Signing<'a> {
    key: &'a RequestKey<'a>,
    failed: RefCell<Option<RequestError>>,
}

impl PublicKeyData for Signing<'_> {
    fn der_bytes(&self) -> &[u8] {
        self.key.public().key_bits()
    }

    fn algorithm(&self) -> &'static rcgen::SignatureAlgorithm {
        match self.key.public().algorithm() {
            KeyAlgorithm::P256 => &rcgen::PKCS_ECDSA_P256_SHA256,
            KeyAlgorithm::P384 => &rcgen::PKCS_ECDSA_P384_SHA384,
            KeyAlgorithm::Rsa4096 => &rcgen::PKCS_RSA_SHA384,
            KeyAlgorithm::Rsa2048 | KeyAlgorithm::Rsa3072 | KeyAlgorithm::Rsa(_) => &rcgen::PKCS_RSA_SHA256,
            KeyAlgorithm::MlDsa44 => &rcgen::PKCS_ML_DSA_44,
            KeyAlgorithm::MlDsa65 => &rcgen::PKCS_ML_DSA_65,
            KeyAlgorithm::MlDsa87 => &rcgen::PKCS_ML_DSA_87,
        }
    }
}

impl SigningKey for Signing<'_> {
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, rcgen::Error> {
        let signed = match self.key {
            RequestKey::File(key) => key.sign(message).map_err(RequestError::from),
            RequestKey::Token(key) => key.sign(message).map_err(RequestError::from),
        };
        signed.map_err(|error| {
            self.failed.replace(Some(error));
            rcgen::Error::RemoteKeyError
        })
    }
}
