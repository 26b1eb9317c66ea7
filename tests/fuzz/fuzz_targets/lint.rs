//! Lint rules on any octets, held to each of the public requirements; every finding says what was found.
#![no_main]

use ca_core::issue::lint::{Baseline, Held, examine};
use ca_core::key::CryptoCalendar;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|octets: &[u8]| {
    let calendar = CryptoCalendar::empty();
    for baseline in Baseline::ALL {
        let examined = examine(octets, Held::To(Some(baseline)), &calendar);
        assert!(examined.findings.iter().all(|finding| !finding.rule.starts_with("profile.")));
    }
});
