//! Policy packs: a text is refused with reasons, or is a pack that equals itself and can be compared with the shipped ones.
#![no_main]

use ca_core::profile::Pack;
use ca_core::profile::pack::SHIPPED;
use libfuzzer_sys::fuzz_target;
use std::sync::LazyLock;

static ORIGINALS: LazyLock<Vec<Pack>> =
    LazyLock::new(|| SHIPPED.iter().filter_map(|(name, text)| Pack::parse(text, name).ok()).collect());

fuzz_target!(|text: &str| {
    match Pack::parse(text, "fuzzed.toml") {
        Err(errors) => assert!(errors.0.iter().all(|error| error.line >= 1 && !error.reason.is_empty())),
        Ok(pack) => {
            assert_eq!(pack.differences(&pack), []);
            for original in ORIGINALS.iter() {
                assert_eq!(original.differences(&pack).is_empty(), *original == pack);
            }
        }
    }
});
