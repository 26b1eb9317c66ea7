//! PKCS#12 files, under the PIN of the corpus: an error, never a panic. Rounds of the derivation are the file's to choose, so run
//! it with `-timeout=60`.
#![no_main]

use hsm_adapters::centre::{Pin, open_pkcs12};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|octets: &[u8]| {
    let Ok(pin) = Pin::parse("01234567890123456789") else { return };
    let _ = open_pkcs12(octets, &pin);
});
