//! Bundles for edges that have no key and no database (`ocsp::bundle`): made where the keys are, taken in where they are not.
//! Who makes one signs its manifest with a key of its own; who takes one in knows the twelve words of that key, and nothing
//! else of the other side.

mod intake;
mod make;

pub use intake::{Intake, Looked};
pub(crate) use make::delta;
pub use make::{Made, Making};

use crate::ceremony::seal;
use ca_core::certificate::Certificate;
use ca_core::kana::KanaWords;
use crl::check::verify_signature;
use crl::reader::{CrlReader, CrlTrailer};
use ocsp::bundle::ListSays;
use std::io::Read;

/// Judges the signature of a manifest: it holds, and is that of the key with those words.
pub fn signed_by(words: &KanaWords) -> impl Fn(&[u8], &str) -> Result<(), String> + '_ {
    |manifest, signature| {
        let key = seal::verified_exactly(manifest, signature).map_err(|error| match error.why() {
            Some(why) => format!("{}: {why}", error.what()),
            None => error.what().to_owned(),
        })?;
        KanaWords::of(&key.fingerprint())
            .compare(words)
            .map_err(|error| format!("another key signed it: of its words, {error}"))
    }
}

/// Reads a list to its end and verifies its signature, with the certificate of whoever it says has made it. Nothing of it is
/// kept in memory but one entry.
pub fn judge_list(source: &mut dyn Read, authorities: &[Certificate]) -> Result<ListSays, String> {
    verified_list(source, authorities).map(|(says, _)| says)
}

/// The same, with what stands behind its entries.
pub(crate) fn verified_list(
    source: &mut dyn Read,
    authorities: &[Certificate],
) -> Result<(ListSays, CrlTrailer), String> {
    let mut reader = CrlReader::open(source).map_err(|error| error.to_string())?;
    while reader.entry().map_err(|error| error.to_string())?.is_some() {}
    let (header, trailer) = reader.finish().map_err(|error| error.to_string())?;
    let issuer = authorities.iter().find(|authority| {
        let key = trailer.authority_key_identifier.as_deref();
        *authority.subject() == header.issuer && key.is_none_or(|key| key == authority.key_identifier())
    });
    let issuer = issuer.ok_or("it is of no authority in the bundle")?;
    verify_signature(issuer, header.algorithm, (&trailer.signed, &trailer.signature))
        .map_err(|error| error.to_string())?;
    let number = trailer.number.and_then(|number| i64::try_from(number).ok()).ok_or("it has no number")?;
    let next_update = header.next_update.ok_or("it has no nextUpdate")?;
    Ok((ListSays { number, this_update: header.this_update, next_update }, trailer))
}
