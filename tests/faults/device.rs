//! A device that fails: what whoever wanted a signature is told, and that the next signature is made when the device is well.

use ca_core::id::KeyLabel;
use ca_core::key::{KeyAlgorithm, SignatureAlgorithm, SubjectKey};
use ca_core::signer::{KeyKeeper, Signer, SignerError, Tbs};
use ca_core::verify::verify;
use hsm_adapters::pkcs11::{TokenKeys, TokenSettings};
use lgpki_tests::faulty::FaultyModule;
use lgpki_tests::token::{PIN, SoftHsm, keys, with_token};
use std::collections::BTreeSet;
use std::time::{Duration, Instant};

const WITH: SignatureAlgorithm = SignatureAlgorithm::EcdsaSha256;

/// A token behind the faulty module, with one key.
struct Device {
    faulty: FaultyModule,
    settings: TokenSettings,
    keys: TokenKeys,
    public: SubjectKey,
}

fn label(text: &str) -> KeyLabel {
    KeyLabel::parse(text).unwrap()
}

impl Device {
    fn new(hsm: &SoftHsm, sessions: usize, timeout: Duration) -> Self {
        let faulty = FaultyModule::before(hsm);
        let settings = TokenSettings { module: faulty.path().to_owned(), sessions, timeout, ..hsm.settings() };
        let keys = keys(settings.clone(), PIN);
        let public = keys.create(&label("ca"), KeyAlgorithm::P256).unwrap();
        Self { faulty, settings, keys, public }
    }

    /// As after a restart of the service.
    fn restarted(&mut self) {
        self.keys = keys(self.settings.clone(), PIN);
    }

    fn sign(&self, text: &str) -> Result<Vec<u8>, SignerError> {
        self.keys.sign(&label("ca"), WITH, &[Tbs::Certificate(text.as_bytes())]).remove(0)
    }

    #[track_caller]
    fn signs(&self, text: &str) {
        verify(&self.public, WITH, text.as_bytes(), &self.sign(text).unwrap()).unwrap();
    }

    #[track_caller]
    fn is_unusable(&self, text: &str) -> String {
        match self.sign(text) {
            Err(SignerError::Unusable { reason, .. }) => reason,
            other => panic!("{text}: {other:?}"),
        }
    }

    #[track_caller]
    fn is_unknown(&self, text: &str) {
        let outcome = self.sign(text);
        assert!(matches!(outcome, Err(SignerError::OutcomeUnknown { .. })), "{text}: {outcome:?}");
    }

    /// Looks until it is so.
    fn comes_to(&self, what: &str, so: impl Fn(&Self) -> bool) {
        let deadline = Instant::now() + Duration::from_secs(30);
        while !so(self) {
            assert!(Instant::now() < deadline, "{what}: {:?}", self.keys.load());
            std::thread::yield_now();
        }
    }
}

/// Codes of PKCS #11 v2.40 §3.6: host memory, general error, function failed, device error, device memory, device removed, key
/// handle, session closed, session handle, token not present, user not logged in.
const CLASSES: [&str; 11] = ["0x2", "0x5", "0x6", "0x30", "0x31", "0x32", "0x60", "0xb0", "0xb3", "0xe0", "0x101"];

#[test]
fn an_error_before_the_octets_were_given_is_no_harm_and_one_after_is_of_unknown_outcome() {
    with_token(|hsm| {
        let mut device = Device::new(hsm, 2, Duration::from_secs(10));
        for class in CLASSES {
            device.faulty.told(&format!("C_SignInit {class}"));
            device.is_unusable(&format!("before {class}"));
            device.faulty.mended();
            device.signs(&format!("after {class}"));

            device.faulty.told(&format!("C_Sign {class} once"));
            device.is_unknown(&format!("in the device {class}"));
            assert!(device.faulty.has_struck(), "{class}");
            device.signs(&format!("well again {class}"));

            for function in ["C_OpenSession", "C_FindObjectsInit"] {
                device.restarted();
                device.faulty.told(&format!("{function} {class}"));
                device.is_unusable(&format!("{function} {class}"));
                device.faulty.mended();
                device.signs(&format!("after {function} {class}"));
            }
        }
        let asked = device.faulty.signed_with("ca");
        assert_eq!(asked.iter().collect::<BTreeSet<_>>().len(), asked.len(), "nothing was signed twice");
    });
}

#[test]
fn a_lost_session_and_a_lost_login_are_mended_without_anybody_noticing() {
    with_token(|hsm| {
        let device = Device::new(hsm, 1, Duration::from_secs(10));
        device.signs("first");
        for fault in ["C_SignInit lose once", "C_SignInit logout once", "C_SignInit 0xb3 once", "C_SignInit 0x101 once"]
        {
            device.faulty.told(fault);
            device.signs(fault);
            assert!(device.faulty.has_struck(), "{fault}");
        }
    });
}

#[test]
fn a_token_that_was_taken_out_and_put_back_signs_again() {
    with_token(|hsm| {
        let device = Device::new(hsm, 3, Duration::from_secs(10));
        device.signs("before");
        device.faulty.told("removed");
        let said = device.is_unusable("away");
        assert!(said.contains("there is no token labelled"), "{said}");
        device.is_unusable("still away");
        device.faulty.mended();
        device.signs("back");
    });
}

#[test]
fn a_refused_pin_is_tried_once_and_never_again() {
    with_token(|hsm| {
        let mut device = Device::new(hsm, 4, Duration::from_secs(10));
        // PIN incorrect, invalid, of a wrong length, expired, locked; no PIN was ever set.
        for (refusal, said) in [
            ("0xa0", "is wrong"),
            ("0xa1", "is wrong"),
            ("0xa2", "is wrong"),
            ("0xa3", "has no user PIN that can be used yet"),
            ("0xa4", "is locked"),
            ("0x102", "has no user PIN that can be used yet"),
        ] {
            device.restarted();
            let logins = || device.faulty.journal().iter().filter(|line| line.starts_with("login")).count();
            let before = logins();
            device.faulty.told(&format!("C_Login {refusal} once"));
            let batch = [Tbs::Crl(b"a"), Tbs::Crl(b"b"), Tbs::Crl(b"c"), Tbs::Crl(b"d")];
            let answers = device.keys.sign(&label("ca"), WITH, &batch);
            assert!(answers.iter().all(|answer| matches!(answer, Err(SignerError::Unusable { .. }))), "{answers:?}");
            let later = device.is_unusable("later");
            assert!(later.contains(said), "{refusal}: {later}");
            assert_eq!(logins(), before + 1, "{refusal}");
        }
        device.restarted();
        device.signs("with the PIN given again");
    });
}

#[test]
fn a_login_that_fails_for_another_reason_is_tried_again_and_one_of_others_counts() {
    with_token(|hsm| {
        let mut device = Device::new(hsm, 2, Duration::from_secs(10));
        // General error, function failed, device error, memory, removed, session closed, session handle, token not present.
        for class in ["0x5", "0x6", "0x30", "0x31", "0x32", "0xb0", "0xb3", "0xe0"] {
            device.restarted();
            device.faulty.told(&format!("C_Login {class}"));
            device.is_unusable(&format!("C_Login {class}"));
            device.faulty.mended();
            device.signs(&format!("after {class}"));
        }
        // The first process of these keys is logged in: the device says so to the second, and serves it.
        let others = keys(device.settings.clone(), PIN);
        let signed = others.sign(&label("ca"), WITH, &[Tbs::Crl(b"by the others")]).remove(0).unwrap();
        verify(&device.public, WITH, b"by the others", &signed).unwrap();
        device.signs("and by the first");
    });
}

#[test]
fn a_device_that_hangs_costs_what_was_in_it_and_nothing_else() {
    with_token(|hsm| {
        let device = Device::new(hsm, 1, Duration::from_millis(300));
        device.signs("before");
        device.faulty.told("C_Sign delay 2500 once");
        let begun = Instant::now();
        // One session: the first is in the device, the others wait for it.
        let batch = [Tbs::Certificate(b"in the device"), Tbs::Certificate(b"behind it")];
        let answers = device.keys.sign(&label("ca"), WITH, &batch);
        assert!(
            begun.elapsed() < Duration::from_millis(2400),
            "whoever asked was kept waiting for {:?}",
            begun.elapsed()
        );
        assert!(matches!(answers[0], Err(SignerError::OutcomeUnknown { .. })), "{answers:?}");
        // By then another thread has taken the place of the one that hangs, or the second was given up in time.
        let waited = matches!(&answers[1], Ok(_) | Err(SignerError::Unusable { .. }));
        assert!(waited, "{answers:?}");
        assert_eq!(device.keys.load().hung, 1);
        device.signs("by the thread in its place");
        device.comes_to("the one that hung comes back", |device| device.keys.load().hung == 0);
        device.signs("after");
        let asked = device.faulty.signed_with("ca");
        assert_eq!(asked.iter().collect::<BTreeSet<_>>().len(), asked.len(), "nothing was signed twice");
    });
}

#[test]
fn threads_that_hang_are_replaced_only_so_often() {
    with_token(|hsm| {
        let device = Device::new(hsm, 2, Duration::from_millis(200));
        device.signs("before");
        device.faulty.told("C_Sign delay 4000");
        for n in 0..4 {
            device.is_unknown(&format!("hangs {n}"));
        }
        let said = device.is_unusable("refused at once");
        assert_eq!(said, "4 calls have not come back from its token");
        device.faulty.mended();
        device.comes_to("all come back", |device| device.keys.load().hung == 0);
        device.signs("after");
    });
}

#[test]
fn a_wrong_signature_and_another_keys_never_leave_the_adapter() {
    with_token(|hsm| {
        let device = Device::new(hsm, 2, Duration::from_secs(10));
        device.keys.create(&label("other"), KeyAlgorithm::P256).unwrap();
        for fault in ["C_Sign@ca wrong", "C_SignInit@ca as other"] {
            device.faulty.told(fault);
            let outcome = device.sign(fault);
            assert!(matches!(outcome, Err(SignerError::WrongSignature { .. })), "{fault}: {outcome:?}");
            device.faulty.mended();
        }
    });
}

#[test]
fn the_most_urgent_is_signed_first() {
    with_token(|hsm| {
        let device = Device::new(hsm, 1, Duration::from_secs(20));
        device.signs("before");
        let before = device.faulty.signed_with("ca").len();
        // The one session is busy while the others arrive.
        device.faulty.told("C_Sign delay 1000 once");
        let (keys, ca) = (&device.keys, label("ca"));
        let waiting = |count: usize| device.comes_to("it waits", |device| device.keys.load().waiting == count);
        std::thread::scope(|scope| {
            scope.spawn(|| keys.sign(&ca, WITH, &[Tbs::Probe(b"busy")]));
            device.comes_to("it is busy", |device| device.faulty.signed_with("ca").len() == before + 1);
            scope.spawn(|| keys.sign(&ca, WITH, &[Tbs::Probe(b"probe")]));
            waiting(1);
            scope.spawn(|| keys.sign(&ca, WITH, &[Tbs::Certificate(b"certificate")]));
            waiting(2);
            scope.spawn(|| keys.sign(&ca, WITH, &[Tbs::Ocsp(b"answer")]));
            waiting(3);
            scope.spawn(|| keys.sign(&ca, WITH, &[Tbs::Crl(b"crl")]));
            waiting(4);
        });
        let digest = |text: &[u8]| ca_core::digest::hex(&ca_core::digest::sha256(text));
        let order: Vec<String> = device.faulty.signed_with("ca").split_off(before);
        assert_eq!(order, [&b"busy"[..], b"crl", b"answer", b"certificate", b"probe"].map(digest));
    });
}

#[test]
fn a_key_that_could_leave_the_token_or_do_more_than_sign_is_not_used() {
    with_token(|hsm| {
        let device = Device::new(hsm, 1, Duration::from_secs(10));
        let pin = hsm.pin_file();
        let module = hsm_adapters::pkcs11::Module::load(device.faulty.path()).unwrap();
        let token = module.token(lgpki_tests::token::TOKEN).unwrap();
        let pin = hsm_adapters::Passphrase::from_file(&pin).unwrap();
        // As a holder's key is made: SoftHSM lets it decrypt and unwrap.
        token.log_in(Some(&pin)).unwrap().generate("holder", KeyAlgorithm::Rsa2048).unwrap();
        let said = device.keys.public_key(&label("holder")).unwrap_err().to_string();
        assert!(said.contains("do nothing but sign, but CKA_DECRYPT is true, CKA_UNWRAP is true"), "{said}");
    });
}
