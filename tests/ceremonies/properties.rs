//! Scripts and bundles as strangers write them: mutilated ones never panic; what is accepted holds together; and what was
//! signed comes out as it went in, or not at all.

use ca_core::ceremony::Script;
use ca_core::id::{AuthorityId, KeyLabel};
use ca_core::kana::KanaWords;
use ca_core::key::KeyAlgorithm;
use ca_core::revocation::RevocationReason;
use ca_core::serial::SerialNumber;
use ca_core::signer::KeyKeeper;
use hsm_adapters::SoftKeys;
use lgpki::ceremony::bundle::{Bundle, Content, Kind};
use lgpki::ceremony::requests::{self, Wanted};
use lgpki::ceremony::seal;
use lgpki_tests::tools::{Scratch, soft_keys};
use proptest::collection::vec;
use proptest::prelude::*;
use std::collections::HashSet;
use std::sync::LazyLock;
use store::bundles::BundleNumber;

static SHIPPED: LazyLock<String> = LazyLock::new(|| std::fs::read_to_string(super::shipped()).unwrap());

/// Words of scripts, and what does not belong into one.
const BITS: &[&str] = &[
    "[[step]]",
    "[ceremony]",
    "act = \"export\"",
    "act = \"take-requests\"",
    "key = \"root\"",
    "request = \"a.csr.pem\"",
    "generation = 0",
    "least = 2",
    "custodians = [\"custodian-one\"]",
    "\"",
    "=",
    "\n",
    "\u{0}",
    "佐藤",
    "{",
    "]",
    "'''",
];

/// Who signs bundles here.
struct Sender {
    keys: SoftKeys,
    label: KeyLabel,
    words: KanaWords,
    _folder: Scratch,
}

impl Sender {
    fn new(name: &str) -> Self {
        let folder = Scratch::new(name);
        let (keys, label) = (soft_keys(folder.path()), KeyLabel::parse("bundles").unwrap());
        let key = keys.create(&label, KeyAlgorithm::P256).unwrap();
        Self { keys, label, words: KanaWords::of(&key.fingerprint()), _folder: folder }
    }

    fn parsed(&self, payload: &str) -> Option<Bundle> {
        let seal = seal::sealed(payload.as_bytes(), &self.keys, &self.label).unwrap();
        Bundle::parse(&format!("{payload}\n{seal}"), &self.words, 0).ok()
    }
}

fn bundles() -> impl Strategy<Value = Bundle> {
    let contents = vec(("[a-z][a-z0-9-]{0,12}", ".{0,80}"), 0..4);
    (any::<bool>(), 1u64.., ".{0,20}", any::<bool>(), contents).prop_map(|(asks, number, from, rehearsal, contents)| {
        let (kind, end) = if asks { (Kind::Requests, ".csr.pem") } else { (Kind::Results, ".cer.pem") };
        let mut names = HashSet::new();
        let contents = contents.into_iter().filter(|(name, _)| names.insert(name.clone()));
        let contents = contents.map(|(name, text)| Content::new(format!("{name}{end}"), text)).collect();
        let number = BundleNumber { origin: "0af1".repeat(8), number };
        Bundle { rehearsal, contents, ..Bundle::new(kind, number, &from) }
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_mutilated_script_is_refused_with_reasons_or_holds_together(
        cuts in vec((any::<prop::sample::Index>(), 0usize..60, prop::sample::select(BITS)), 1..4)
    ) {
        let mut text: Vec<char> = SHIPPED.chars().collect();
        for (at, gone, bit) in cuts {
            let at = at.index(text.len());
            let end = (at + gone).min(text.len());
            text.splice(at..end, bit.chars());
        }
        match Script::parse(&text.into_iter().collect::<String>(), "s.toml") {
            Err(errors) => prop_assert!(errors.0.iter().all(|error| error.line >= 1 && !error.reason.is_empty())),
            Ok(script) => {
                let steps: HashSet<&str> = script.steps.iter().map(|step| step.id.as_str()).collect();
                prop_assert_eq!(steps.len(), script.steps.len());
                for step in &script.steps {
                    prop_assert!(script.person(&step.by).is_some() && !step.witnesses.contains(&step.by));
                    prop_assert!(!step.act.told().ja.is_empty() && !step.act.told().en.is_empty());
                }
            }
        }
    }
}

#[test]
fn a_bundle_comes_out_as_it_went_in_and_is_signed_by_one_key() {
    let (sender, other) = (Sender::new("bundles"), Sender::new("bundles-other"));
    let config = ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() };
    proptest!(config, |(bundle in bundles(), at in any::<prop::sample::Index>(), bit in 0u8..8)| {
        let text = bundle.sealed(&sender.keys, &sender.label).unwrap();
        prop_assert_eq!(Bundle::parse(&text, &sender.words, bundle.number - 1), Ok(bundle.clone()));
        prop_assert!(Bundle::parse(&text, &sender.words, bundle.number).is_err());
        prop_assert!(Bundle::parse(&text, &other.words, 0).is_err());
        let mut changed = text.clone().into_bytes();
        changed[at.index(text.len())] ^= 1 << bit;
        if let Ok(changed) = String::from_utf8(changed) {
            // Between the blocks of the seal stands nothing that is read.
            let read = Bundle::parse(&changed, &sender.words, 0);
            prop_assert!(read.is_err() || read.as_ref() == Ok(&bundle));
        }
    });
}

#[test]
fn what_is_signed_and_is_no_bundle_is_refused() {
    let sender = Sender::new("bundles-refused");
    let whole = serde_json::to_value(Bundle {
        contents: vec![Content::new("a.csr.pem", "text".to_owned())],
        ..Bundle::new(Kind::Requests, BundleNumber { origin: "0af1".repeat(8), number: 7 }, "online")
    })
    .unwrap();
    assert!(sender.parsed(&whole.to_string()).is_some());
    for (place, value) in [
        ("/schema", "lgpki.bundle/2".into()),
        ("/origin", "0af1".into()),
        ("/kind", "both".into()),
        ("/number", (-1).into()),
        ("/contents/0/file", "../a.csr.pem".into()),
        ("/contents/0/file", ".csr.pem".into()),
        ("/contents/0/file", "a.key.pem".into()),
        ("/contents/0/file", "A/b.csr.pem".into()),
        ("/contents/0/text", "another".into()),
        ("/contents/0/sha256", "00".into()),
        ("/contents", whole["contents"][0].clone()),
    ] {
        let mut changed: serde_json::Value = whole.clone();
        *changed.pointer_mut(place).unwrap() = value;
        assert!(sender.parsed(&changed.to_string()).is_none(), "{place}: {changed}");
    }
    let mut more = whole.clone();
    more["more"] = true.into();
    assert!(sender.parsed(&more.to_string()).is_none(), "an unknown key");
    let mut twice = whole.clone();
    twice["contents"] = vec![whole["contents"][0].clone(); 2].into();
    assert!(sender.parsed(&twice.to_string()).is_none(), "a file that is in it twice");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text_is_a_list_of_revocations_or_refused(
        serials in vec("[1-7][0-9a-f]{15}", 0..5), at in any::<prop::sample::Index>(), noise in ".{0,3}"
    ) {
        let mut known = HashSet::new();
        let serials: Vec<String> = serials.into_iter().filter(|serial| known.insert(serial.clone())).collect();
        let wanted: Vec<Wanted> = serials.iter().map(|serial| Wanted {
            authority: AuthorityId::parse("root").unwrap(),
            serial: SerialNumber::parse_hex(serial).unwrap(),
            reason: RevocationReason::Superseded,
        }).collect();
        let text = requests::list(&wanted).unwrap();
        prop_assert_eq!(requests::listed(&text), Ok(wanted));
        let mut changed: Vec<char> = text.chars().collect();
        let at = at.index(changed.len());
        changed.splice(at..at, noise.chars());
        let changed: String = changed.into_iter().collect();
        if let Ok(read) = requests::listed(&changed) {
            prop_assert_eq!(requests::listed(&requests::list(&read).unwrap()), Ok(read));
        }
        drop(requests::told(&Content::new("a.revocations.json", changed.clone())));
        drop(requests::told(&Content::new("a.csr.pem", changed)));
    }
}
