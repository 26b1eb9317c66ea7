//! Octets that are no key pair, sealed as key files are: in a `PrivateKeyInfo` whose algorithm says what they are.

use pkcs8::LineEnding;
use pkcs8::SecretDocument;
use pkcs8::der::Encode;
use pkcs8::der::asn1::ObjectIdentifier;
use pkcs8::spki::AlgorithmIdentifierRef;
use zeroize::Zeroizing;

use super::derive::FolderSecret;
use super::keyfile::{NotUnsealed, sealed, unsealed};

/// A custodian's share, under the arc for documentation (RFC 5612): nobody else reads it.
const CUSTODY_SHARE: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.4.1.32473.4.1");

/// `share` as an `EncryptedPrivateKeyInfo` (DER). `None` when the library or the system's random source fails.
pub(crate) fn seal_share(share: &[u8], secret: &FolderSecret) -> Option<Vec<u8>> {
    let algorithm = AlgorithmIdentifierRef { oid: CUSTODY_SHARE, parameters: None };
    let info = Zeroizing::new(pkcs8::PrivateKeyInfo::new(algorithm, share).to_der().ok()?);
    Some(sealed(&info, secret)?.as_bytes().to_vec())
}

/// The share in an `EncryptedPrivateKeyInfo` (DER).
///
/// # Errors
/// [`NotUnsealed`]; `Damaged` when something else was sealed.
pub(crate) fn open_share(sealed: &[u8], secret: &FolderSecret) -> Result<Zeroizing<Vec<u8>>, NotUnsealed> {
    let info = unsealed(sealed, secret)?;
    let info = pkcs8::PrivateKeyInfo::try_from(info.as_slice()).map_err(|_| NotUnsealed::Damaged)?;
    if info.algorithm.oid != CUSTODY_SHARE {
        return Err(NotUnsealed::Damaged);
    }
    Ok(Zeroizing::new(info.private_key.to_vec()))
}

/// `der` in PEM under that label. `None` when it is too long for a document.
pub(crate) fn armoured(der: &[u8], label: &'static str) -> Option<Zeroizing<String>> {
    SecretDocument::try_from(der).ok()?.to_pem(label, LineEnding::LF).ok()
}

/// The DER in a PEM text that begins with its armour, if the label is that one.
pub(crate) fn unarmoured(pem: &str, label: &str) -> Option<Vec<u8>> {
    let (found, document) = SecretDocument::from_pem(pem).ok()?;
    (found == label).then(|| document.as_bytes().to_vec())
}
