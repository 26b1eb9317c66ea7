//! The strict reader: what passes is one whole value.
#![no_main]

use ca_core::der::{Reader, check_strict};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|octets: &[u8]| {
    if check_strict(octets).is_ok() {
        assert_eq!(Reader::new(octets).element().map(|element| element.whole), Ok(octets));
    }
});
