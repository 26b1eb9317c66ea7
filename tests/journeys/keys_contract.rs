//! What every key store must do, whatever it is made of. Each promise is one function, and runs on software keys and on a
//! SoftHSM2 token alike.

use ca_core::id::KeyLabel;
use ca_core::key::{KeyAlgorithm, SignatureAlgorithm, SubjectKey};
use ca_core::signer::{KeyKeeper, Message, Signer, SignerError, Tbs};
use ca_core::verify::{verify, verify_hashed};
use hsm_adapters::pkcs11::{Load, TokenKeys};
use hsm_adapters::probe::{Probe, probe};
use std::time::{Duration, Instant};

use lgpki_tests::token::{has_token, with_token, with_token_as};
use lgpki_tests::tools::{Scratch, soft_keys};

/// A key store as it is after a restart: opened anew, on the same folder or token.
type Reopened<'a> = &'a dyn Fn() -> Box<dyn KeyKeeper>;

/// Runs a promise on each kind of key store: on a folder here, on a token in a process of its own.
fn on_every_store<F: Fn(Reopened<'_>)>(promise: F) {
    if !has_token() {
        let scratch = Scratch::new("keys");
        promise(&|| Box::new(soft_keys(scratch.path())));
    }
    with_token_as(std::any::type_name::<F>(), &|hsm| promise(&|| Box::new(hsm.keys())));
}

fn label(text: &str) -> KeyLabel {
    KeyLabel::parse(text).unwrap()
}

#[test]
fn every_algorithm_signs_and_ring_verifies() {
    on_every_store(|open| {
        let keys = open();
        for algorithm in KeyAlgorithm::MADE_HERE {
            let label = label(&format!("key-{algorithm}"));
            let public = keys.create(&label, algorithm).unwrap();
            assert_eq!(public.algorithm(), algorithm);
            assert_eq!(keys.public_key(&label).unwrap(), public);
            public.check_strength().unwrap();
            for with in SignatureAlgorithm::ALL.into_iter().filter(|with| algorithm.signs_with(*with)) {
                let signature = keys.sign(&label, with, &[Tbs::Crl(b"message")]).remove(0).unwrap();
                verify(&public, with, b"message", &signature).unwrap();
                assert!(verify(&public, with, b"massage", &signature).is_err());
                let message = Message::Octets(b"message");
                let hashed = message.digest(with.hash().unwrap()).unwrap();
                verify_hashed(&public, with, &hashed, &signature).unwrap();
                let signature = keys.sign(&label, with, &[Tbs::HashedCrl(&hashed)]).remove(0).unwrap();
                verify(&public, with, b"message", &signature).unwrap();
                let other = Message::Octets(b"massage").digest(with.hash().unwrap()).unwrap();
                assert!(verify_hashed(&public, with, &other, &signature).is_err());
                let others = SignatureAlgorithm::ALL.into_iter().filter(|other| *other != with);
                assert!(others.into_iter().all(|other| verify(&public, other, b"message", &signature).is_err()));
            }
            assert_eq!(probe(keys.as_ref(), &label), Probe::Usable);
        }
    });
}

#[test]
fn a_batch_is_answered_in_order_however_long_it_is() {
    on_every_store(|open| {
        let keys = open();
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
    on_every_store(|open| {
        let keys = open();
        let nobody = label("nobody");
        assert_eq!(keys.public_key(&nobody), Err(SignerError::NoSuchKey(nobody.clone())));
        let answers = keys.sign(&nobody, SignatureAlgorithm::EcdsaSha256, &[Tbs::Ocsp(b"a"), Tbs::Ocsp(b"b")]);
        assert_eq!(answers.len(), 2);
        assert!(answers.iter().all(|answer| *answer == Err(SignerError::NoSuchKey(nobody.clone()))));
        assert_eq!(keys.destroy(&nobody), Err(SignerError::NoSuchKey(nobody.clone())));
        assert!(matches!(probe(keys.as_ref(), &nobody), Probe::Unusable { .. }));
    });
}

#[test]
fn a_key_is_not_made_twice_and_is_gone_when_destroyed() {
    on_every_store(|open| {
        let keys = open();
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
    on_every_store(|open| {
        let keys = open();
        let shared = label("shared");
        let public = keys.create(&shared, KeyAlgorithm::P256).unwrap();
        std::thread::scope(|scope| {
            for n in 0..16u8 {
                let (public, shared, keys) = (&public, &shared, &keys);
                scope.spawn(move || {
                    let signature =
                        keys.sign(shared, SignatureAlgorithm::EcdsaSha256, &[Tbs::Ocsp(&[n])]).remove(0).unwrap();
                    verify(public, KeyAlgorithm::P256.signature_algorithm(), &[n], &signature).unwrap();
                });
            }
        });
    });
}

#[test]
fn keys_are_the_same_after_a_restart() {
    on_every_store(|open| {
        let kept = label("kept");
        let public = open().create(&kept, KeyAlgorithm::P384).unwrap();
        let keys = open();
        assert_eq!(keys.public_key(&kept), Ok(public.clone()));
        let with = SignatureAlgorithm::EcdsaSha384;
        verify(&public, with, b"later", &keys.sign(&kept, with, &[Tbs::Ocsp(b"later")]).remove(0).unwrap()).unwrap();
        assert_eq!(keys.create(&kept, KeyAlgorithm::P256), Err(SignerError::KeyExists(kept)));
    });
}

#[test]
fn every_algorithm_a_key_can_sign_with_is_served_and_no_other() {
    on_every_store(|open| {
        let keys = open();
        for kind in [KeyAlgorithm::P256, KeyAlgorithm::P384, KeyAlgorithm::Rsa2048] {
            let label = label(&format!("fit-{kind}"));
            let public = keys.create(&label, kind).unwrap();
            for with in SignatureAlgorithm::ALL {
                let signed = keys.sign(&label, with, &[Tbs::Certificate(b"octets")]).remove(0);
                let fits = with == kind.signature_algorithm() || (kind.is_rsa() && with.is_rsa());
                match signed {
                    Ok(signature) if fits => verify(&public, with, b"octets", &signature).unwrap(),
                    Err(SignerError::Unusable { reason, .. }) if !fits => {
                        assert!(reason.contains(with.name()), "{reason}")
                    }
                    other => panic!("{kind} by {}: {other:?}", with.name()),
                }
            }
        }
    });
}

#[test]
fn batches_of_several_threads_and_keys_are_not_mixed() {
    on_every_store(|open| {
        let keys = open();
        let made: Vec<_> =
            [("crl", KeyAlgorithm::Rsa2048), ("ocsp", KeyAlgorithm::P256), ("issue", KeyAlgorithm::P384)]
                .map(|(name, kind)| (label(name), keys.create(&label(name), kind).unwrap()))
                .into_iter()
                .collect();
        let keys = &keys;
        std::thread::scope(|scope| {
            for (thread, (label, public)) in made.iter().cycle().take(8).enumerate() {
                scope.spawn(move || {
                    let messages: Vec<String> = (0..5).map(|n| format!("{thread} {n}")).collect();
                    let batch: Vec<Tbs<'_>> = messages.iter().map(|text| Tbs::Certificate(text.as_bytes())).collect();
                    let with = public.algorithm().signature_algorithm();
                    for (text, signature) in messages.iter().zip(keys.sign(label, with, &batch)) {
                        verify(public, with, text.as_bytes(), &signature.unwrap()).unwrap();
                    }
                });
            }
        });
    });
}

/// Long enough for sessions to meet in every order.
const A_MINUTE: Duration = Duration::from_secs(60);

#[test]
fn eight_threads_sign_on_a_token_for_a_minute_and_nothing_is_lost_or_mixed() {
    with_token(|hsm| {
        let keys = hsm.keys();
        let kinds = [KeyAlgorithm::P256, KeyAlgorithm::P384, KeyAlgorithm::Rsa2048, KeyAlgorithm::Rsa3072];
        let made = kinds
            .map(|kind| (label(&format!("key-{kind}")), keys.create(&label(&format!("key-{kind}")), kind).unwrap()));
        let (keys, made, end) = (&keys, &made, Instant::now() + A_MINUTE);
        let verified: Vec<usize> = std::thread::scope(|scope| {
            let threads: Vec<_> =
                (0..8usize).map(|thread| scope.spawn(move || keep_signing(keys, made, thread, end))).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        assert!(verified.iter().all(|count| *count > 100), "every thread had its turns: {verified:?}");
        assert_eq!(keys.load(), Load::default(), "nothing is left");
    });
}

/// Signs batches of one to five with one key after the other, as all kinds of things, and verifies each; returns how many.
fn keep_signing(keys: &TokenKeys, made: &[(KeyLabel, SubjectKey)], thread: usize, end: Instant) -> usize {
    let mut verified = 0;
    for round in (0usize..).take_while(|_| Instant::now() < end) {
        let (label, public) = &made[(thread + round) % made.len()];
        let messages: Vec<String> = (0..=round % 5).map(|n| format!("{thread} {round} {n} {label}")).collect();
        let batch: Vec<Tbs<'_>> = messages
            .iter()
            .map(|text| match (thread + round) % 4 {
                0 => Tbs::Crl(text.as_bytes()),
                1 => Tbs::Ocsp(text.as_bytes()),
                2 => Tbs::Certificate(text.as_bytes()),
                _ => Tbs::Probe(text.as_bytes()),
            })
            .collect();
        let with = public.algorithm().signature_algorithm();
        let signatures = keys.sign(label, with, &batch);
        assert_eq!(signatures.len(), messages.len());
        for (text, signature) in messages.iter().zip(signatures) {
            verify(public, with, text.as_bytes(), &signature.unwrap()).unwrap();
            verified += 1;
        }
    }
    verified
}
