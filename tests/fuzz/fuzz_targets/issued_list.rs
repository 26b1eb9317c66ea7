//! OpenSSL's index.txt: taken over or refused with a line, never a panic, and no serial number twice.
#![no_main]

use ca_core::issued_list::parse;
use libfuzzer_sys::fuzz_target;
use std::collections::HashSet;

fuzz_target!(|octets: &[u8]| {
    let text = String::from_utf8_lossy(octets);
    match parse(&text) {
        Ok(listed) => {
            let serials: HashSet<_> = listed.iter().map(|one| &one.serial).collect();
            assert_eq!(serials.len(), listed.len());
        }
        Err(wrong) => assert!(!wrong.is_empty() && wrong.iter().all(|error| error.line >= 1)),
    }
});
