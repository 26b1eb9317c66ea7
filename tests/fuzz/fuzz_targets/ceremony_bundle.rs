//! Bundles that travel to and from ceremonies: octets that were signed are refused, or a bundle that is written again the same;
//! octets that were not are refused. So are lists of revocations.
#![no_main]

use ca_core::id::KeyLabel;
use ca_core::kana::KanaWords;
use ca_core::key::KeyAlgorithm;
use ca_core::signer::KeyKeeper;
use hsm_adapters::{Passphrase, SoftKeys};
use lgpki::ceremony::{bundle::Bundle, requests, seal};
use libfuzzer_sys::fuzz_target;
use std::sync::LazyLock;

static SIGNER: LazyLock<(SoftKeys, KeyLabel, KanaWords)> = LazyLock::new(|| {
    let folder = std::env::temp_dir().join(format!("lgpki-fuzz-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder");
    let passphrase = Passphrase::typed("fuzz".to_owned().into()).expect("a passphrase");
    let keys = SoftKeys::open_with_iterations(&folder, passphrase, 1_000).expect("a folder of keys");
    let label = KeyLabel::parse("bundles").expect("a label");
    let key = keys.create(&label, KeyAlgorithm::P256).expect("a key");
    (keys, label, KanaWords::of(&key.fingerprint()))
});

fuzz_target!(|text: &str| {
    let (keys, label, words) = &*SIGNER;
    assert!(Bundle::parse(text, words, 0).is_err());
    let seal = seal::sealed(text.as_bytes(), keys, label).expect("a signature");
    if let Ok(bundle) = Bundle::parse(&format!("{text}\n{seal}"), words, 0) {
        let again = bundle.sealed(keys, label).expect("a bundle that was read is written");
        assert!(Bundle::parse(&again, words, 0).is_ok_and(|again| again == bundle));
        assert!(bundle.contents.iter().all(|content| !content.file.contains('/')));
        bundle.contents.iter().for_each(|content| drop(requests::told(content)));
    }
    if let Ok(wanted) = requests::listed(text) {
        assert!(requests::list(&wanted).and_then(|list| requests::listed(&list)).is_ok_and(|again| again == wanted));
    }
});
