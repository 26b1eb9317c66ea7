//! Scripts of ceremonies: a text is refused with reasons, or its steps name people and stores it has, each step once.
#![no_main]

use ca_core::ceremony::Script;
use libfuzzer_sys::fuzz_target;
use std::collections::HashSet;

fuzz_target!(|text: &str| {
    match Script::parse(text, "fuzzed.toml") {
        Err(errors) => assert!(errors.0.iter().all(|error| error.line >= 1 && !error.reason.is_empty())),
        Ok(script) => {
            let steps: HashSet<_> = script.steps.iter().map(|step| &step.id).collect();
            assert_eq!(steps.len(), script.steps.len());
            assert!(script.steps.iter().all(|step| script.person(&step.by).is_some()));
        }
    }
});
