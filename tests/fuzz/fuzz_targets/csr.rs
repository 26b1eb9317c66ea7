//! Certification requests: DER, PEM and what people paste instead.
#![no_main]

use ca_core::request::Csr;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|octets: &[u8]| {
    if let Ok(csr) = Csr::parse(octets) {
        let _ = csr.prove();
    }
});
