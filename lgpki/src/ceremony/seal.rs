//! Octets with a signature and the public key that made it, as PEM blocks in one file: records and bundles. Who reads one
//! compares the Kana words of the key with what was read aloud in the ceremony.

use crate::trouble::{Exit, Trouble};
use ca_core::id::KeyLabel;
use ca_core::key::SubjectKey;
use ca_core::signer::{Signer, Tbs};
use ca_core::verify::verify;
use pem::Pem;

const SIGNATURE: &str = "LGPKI SIGNATURE";
const PUBLIC_KEY: &str = "PUBLIC KEY";

/// The blocks that go with `octets`: signature and public key. Blocking. Errors: exit 5 when the key does not sign, exit 6
/// when what it signed does not verify.
pub fn sealed(octets: &[u8], signer: &dyn Signer, label: &KeyLabel) -> Result<String, Trouble> {
    let failed = |why: String| Trouble::new(Exit::Unavailable, "the record's key does not sign").because(why);
    let key = signer.public_key(label).map_err(|error| failed(error.to_string()))?;
    let algorithm = key.algorithm().signature_algorithm();
    let signature = signer.sign(label, algorithm, &[Tbs::Record(octets)]).pop();
    let signature = signature.ok_or_else(|| failed("no answer".into()))?.map_err(|error| failed(error.to_string()))?;
    verify(&key, algorithm, octets, &signature)
        .map_err(|error| Trouble::new(Exit::Integrity, "the record's key signs wrongly").because(error))?;
    let blocks = [Pem::new(SIGNATURE, signature), Pem::new(PUBLIC_KEY, key.spki_der())];
    Ok(text(&blocks))
}

fn text(blocks: &[Pem]) -> String {
    blocks.iter().map(pem::encode).collect::<String>().replace("\r\n", "\n")
}

/// As [`verified`], of a seal that nobody but programs handle: written in exactly the way [`sealed`] writes it, so that a signature
/// has one form. Errors: as there, and exit 6 for another form.
pub fn verified_exactly(octets: &[u8], seal: &str) -> Result<SubjectKey, Trouble> {
    let key = verified(octets, seal)?;
    match pem::parse_many(seal) {
        Ok(blocks) if text(&blocks) == seal => Ok(key),
        _ => Err(Trouble::new(Exit::Integrity, "the signature is not written as it was made")),
    }
}

/// The key whose signature over `octets` stands in `seal`. Errors: exit 6 when it does not hold or cannot be read.
pub fn verified(octets: &[u8], seal: &str) -> Result<SubjectKey, Trouble> {
    let wrong = |why: String| {
        Trouble::new(Exit::Integrity, "the signature does not hold")
            .because(why)
            .advice("do not use it; ask for the file again, over another way")
    };
    let blocks = pem::parse_many(seal).map_err(|error| wrong(error.to_string()))?;
    let [signature, key] = blocks.as_slice() else { return Err(wrong("there are not two PEM blocks".into())) };
    if (signature.tag(), key.tag()) != (SIGNATURE, PUBLIC_KEY) {
        return Err(wrong(format!("the blocks are {} and {}", signature.tag(), key.tag())));
    }
    let key = SubjectKey::from_spki_der(key.contents()).map_err(|error| wrong(error.to_string()))?;
    verify(&key, key.algorithm().signature_algorithm(), octets, signature.contents())
        .map_err(|error| wrong(error.to_string()))?;
    Ok(key)
}
