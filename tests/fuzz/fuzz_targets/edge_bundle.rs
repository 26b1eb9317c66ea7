//! Bundles of keyless edges, and deltas: whatever the octets, nothing panics, and what is found has the digest its line says.
#![no_main]

use libfuzzer_sys::fuzz_target;
use ocsp::bundle::{Bundle, Delta};
use std::sync::Arc;

fuzz_target!(|octets: &[u8]| {
    let octets = Arc::new(octets.to_vec());
    if let Ok(bundle) = Bundle::open(octets.clone(), &|_, _| Ok(())) {
        for record in bundle.records().map_while(Result::ok) {
            let _ = bundle.whole(&record);
        }
        for path in &bundle.manifest().files {
            let _ = bundle.find(path);
        }
    }
    let _ = Delta::open(octets, &|_, _| Ok(()));
});
