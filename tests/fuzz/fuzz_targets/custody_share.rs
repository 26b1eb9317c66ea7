//! Custodians' share files: read and written again the same, or refused.
#![no_main]

use hsm_adapters::custody::SealedShare;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|octets: &[u8]| {
    let Ok(share) = SealedShare::parse(octets) else { return };
    let Ok(text) = share.to_text() else { panic!("a share that was read cannot be written") };
    let again = SealedShare::parse(text.as_bytes());
    assert!(again.is_ok_and(|again| again.head() == share.head()));
});
