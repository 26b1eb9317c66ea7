//! OCSP requests, in both forms; what is read is written and read the same again.
#![no_main]

use libfuzzer_sys::fuzz_target;
use ocsp::OcspRequest;

fuzz_target!(|octets: &[u8]| {
    let _ = std::str::from_utf8(octets).map(OcspRequest::parse_path);
    if let Ok(request) = OcspRequest::parse(octets) {
        assert_eq!(OcspRequest::parse(&request.to_der()), Ok(request));
    }
});
