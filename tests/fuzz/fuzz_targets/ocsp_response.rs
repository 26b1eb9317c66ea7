//! OCSP responses, as our client reads them.
#![no_main]

use libfuzzer_sys::fuzz_target;
use ocsp::OcspResponse;

fuzz_target!(|octets: &[u8]| {
    let _ = OcspResponse::parse(octets);
});
