//! Messages of a directory (LDAP), as publishing reads them: an error, never a panic.
#![no_main]

use lgpki::publish::DirectoryAnswer;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|octets: &[u8]| {
    let _ = DirectoryAnswer::read(octets);
});
