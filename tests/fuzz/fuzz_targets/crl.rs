//! CRLs.
#![no_main]

use crl::CertificateList;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|octets: &[u8]| {
    let _ = CertificateList::parse(octets);
});
