//! Keys and requests on the holder's side, made with rcgen: for the demo and the measurement. The engine never uses this.

use ca_core::key::KeyAlgorithm;
use rcgen::{CertificateParams, DistinguishedName, DnType, KeyPair, RsaKeySize, SignatureAlgorithm};

/// Makes a key pair. Errors: rcgen, or a kind it cannot make.
pub fn new_key(kind: KeyAlgorithm) -> Result<KeyPair, rcgen::Error> {
    let rsa = |size| KeyPair::generate_rsa_for(&rcgen::PKCS_RSA_SHA256, size);
    let ec = |algorithm: &'static SignatureAlgorithm| KeyPair::generate_for(algorithm);
    match kind {
        KeyAlgorithm::P256 => ec(&rcgen::PKCS_ECDSA_P256_SHA256),
        KeyAlgorithm::P384 => ec(&rcgen::PKCS_ECDSA_P384_SHA384),
        KeyAlgorithm::Rsa2048 => rsa(RsaKeySize::_2048),
        KeyAlgorithm::Rsa3072 => rsa(RsaKeySize::_3072),
        KeyAlgorithm::Rsa4096 => rsa(RsaKeySize::_4096),
        KeyAlgorithm::Rsa(_) => Err(rcgen::Error::KeyGenerationUnavailable),
    }
}

/// PEM of a PKCS#10 for these names (the first also as common name), signed with `key`. Errors: a name that is no IA5String.
pub fn new_request(key: &KeyPair, dns_names: &[&str]) -> Result<String, rcgen::Error> {
    let mut params = CertificateParams::new(dns_names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>())?;
    params.distinguished_name = DistinguishedName::new();
    if let Some(first) = dns_names.first() {
        params.distinguished_name.push(DnType::CommonName, *first);
    }
    params.serialize_request(key)?.pem()
}
