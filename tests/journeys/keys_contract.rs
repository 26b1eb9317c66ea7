//! What every key store must do, whatever it is made of. Runs on the software keys; devices are added to [`stores`].

use ca_core::id::KeyLabel;
use ca_core::key::{KeyAlgorithm, SignatureAlgorithm};
use ca_core::signer::{KeyKeeper, SignerError, Tbs};
use ca_core::verify::verify;
use hsm_adapters::probe::{Probe, probe};

use lgpki_tests::tools::{Scratch, soft_keys};

/// Runs a contract on each kind of key store.
fn on_every_store(name: &str, contract: impl Fn(&dyn KeyKeeper)) {
    let scratch = Scratch::new(&format!("keys-{name}"));
    contract(&soft_keys(scratch.path()));
}

fn label(text: &str) -> KeyLabel {
    KeyLabel::parse(text).unwrap()
}

#[test]
fn every_algorithm_signs_and_ring_verifies() {
    on_every_store("sign", |keys| {
        for algorithm in KeyAlgorithm::MADE_HERE {
            let label = label(&format!("key-{algorithm}"));
            let public = keys.create(&label, algorithm).unwrap();
            assert_eq!(public.algorithm(), algorithm);
            assert_eq!(keys.public_key(&label).unwrap(), public);
            public.check_strength().unwrap();
            let with = algorithm.signature_algorithm();
            let signature = keys.sign(&label, with, &[Tbs::Crl(b"message")]).remove(0).unwrap();
            verify(&public, with, b"message", &signature).unwrap();
            assert!(verify(&public, with, b"massage", &signature).is_err());
            assert_eq!(probe(keys, &label), Probe::Usable);
        }
    });
}

#[test]
fn a_batch_is_answered_in_order_however_long_it_is() {
    on_every_store("batch", |keys| {
        for algorithm in [KeyAlgorithm::P256, KeyAlgorithm::Rsa2048] {
            let label = label(&format!("batch-{algorithm}"));
            let public = keys.create(&label, algorithm).unwrap();
            for length in [0u32, 1, 3, 65, 130] {
                let messages: Vec<Vec<u8>> = (0..length).map(|n| n.to_be_bytes().to_vec()).collect();
                let batch: Vec<Tbs<'_>> = messages.iter().map(|message| Tbs::Certificate(message)).collect();
                let signatures = keys.sign(&label, algorithm.signature_algorithm(), &batch);
                assert_eq!(signatures.len(), messages.len());
                for (message, signature) in messages.iter().zip(signatures) {
                    verify(&public, algorithm.signature_algorithm(), message, &signature.unwrap()).unwrap();
                }
            }
        }
    });
}

#[test]
fn a_key_that_is_not_there_is_said_to_be_so() {
    on_every_store("absent", |keys| {
        let nobody = label("nobody");
        assert_eq!(keys.public_key(&nobody), Err(SignerError::NoSuchKey(nobody.clone())));
        let answers = keys.sign(&nobody, SignatureAlgorithm::EcdsaSha256, &[Tbs::Ocsp(b"a"), Tbs::Ocsp(b"b")]);
        assert_eq!(answers.len(), 2);
        assert!(answers.iter().all(|answer| *answer == Err(SignerError::NoSuchKey(nobody.clone()))));
        assert_eq!(keys.destroy(&nobody), Err(SignerError::NoSuchKey(nobody.clone())));
        assert!(matches!(probe(keys, &nobody), Probe::Unusable { .. }));
    });
}

#[test]
fn a_key_is_not_made_twice_and_is_gone_when_destroyed() {
    on_every_store("once", |keys| {
        let one = label("one");
        let public = keys.create(&one, KeyAlgorithm::P256).unwrap();
        assert_eq!(keys.create(&one, KeyAlgorithm::P384), Err(SignerError::KeyExists(one.clone())));
        assert_eq!(keys.public_key(&one).unwrap(), public);
        keys.destroy(&one).unwrap();
        assert_eq!(keys.public_key(&one), Err(SignerError::NoSuchKey(one.clone())));
        assert_ne!(keys.create(&one, KeyAlgorithm::P256).unwrap(), public);
    });
}

#[test]
fn sixteen_threads_sign_at_once() {
    on_every_store("threads", |keys| {
        let shared = label("shared");
        let public = keys.create(&shared, KeyAlgorithm::P256).unwrap();
        std::thread::scope(|scope| {
            for n in 0..16u8 {
                let (public, shared) = (&public, &shared);
                scope.spawn(move || {
                    let signature =
                        keys.sign(shared, SignatureAlgorithm::EcdsaSha256, &[Tbs::Ocsp(&[n])]).remove(0).unwrap();
                    verify(public, KeyAlgorithm::P256.signature_algorithm(), &[n], &signature).unwrap();
                });
            }
        });
    });
}
