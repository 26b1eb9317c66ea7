//! Certificates; one that is read verifies against itself only when it is its own issuer.
#![no_main]

use ca_core::certificate::Certificate;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|octets: &[u8]| {
    if let Ok(certificate) = Certificate::from_der(octets) {
        let verified = certificate.verify(&certificate, certificate.validity().not_before);
        assert!(verified.is_err() || certificate.issuer() == certificate.subject());
    }
});
