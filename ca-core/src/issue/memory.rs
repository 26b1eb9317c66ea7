//! A signer and a ledger in memory, for tests of issuing and verifying: real keys, and faults on demand.

use super::samples::{self, Sample};
use super::{
    Authority, Facts, Intents, Issued, Ledger, LedgerError, Linted, Order, Recorded, Signed, Unsettled, issue, prepare,
};
use crate::certificate::Certificate;
use crate::id::{AuthorityId, KeyLabel};
use crate::key::{SignatureAlgorithm, SubjectKey};
use crate::name::{Attribute, DistinguishedName, StringKind};
use crate::oid;
use crate::serial::SerialNumber;
use crate::signer::{Message, Signer, SignerError, Tbs};
use crate::testing::CountingEntropy;
use crate::time::Timestamp;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

/// What goes wrong when signing; the number is the place in the batch.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum SigningFault {
    None,
    /// Signs something else.
    Wrong(usize),
    /// Answers only for the certificates before this one.
    Missing(usize),
    /// Does not know whether it signed.
    Unknown(usize),
}

/// One P-256 key.
pub(crate) struct MemorySigner {
    key: EcdsaKeyPair,
    pub(crate) fault: SigningFault,
    pub(crate) calls: AtomicUsize,
}

impl MemorySigner {
    pub(crate) fn new() -> Self {
        let random = SystemRandom::new();
        let pkcs8 = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, &random).unwrap();
        let key = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, pkcs8.as_ref(), &random).unwrap();
        Self { key, fault: SigningFault::None, calls: AtomicUsize::new(0) }
    }

    pub(crate) fn key(&self) -> SubjectKey {
        let spki = samples::spki(oid::EC_PUBLIC_KEY, |w| w.oid(oid::SECP256R1), self.key.public_key().as_ref());
        SubjectKey::from_spki_der(&spki).unwrap()
    }

    fn signature(&self, message: &[u8]) -> Vec<u8> {
        self.key.sign(&SystemRandom::new(), message).unwrap().as_ref().to_vec()
    }
}

impl Signer for MemorySigner {
    fn public_key(&self, _: &KeyLabel) -> Result<SubjectKey, SignerError> {
        Ok(self.key())
    }

    fn sign(&self, label: &KeyLabel, _: SignatureAlgorithm, batch: &[Tbs<'_>]) -> Vec<Result<Vec<u8>, SignerError>> {
        self.calls.fetch_add(1, Ordering::SeqCst);
        let unknown = || SignerError::OutcomeUnknown { label: label.clone(), reason: "no answer".into() };
        let answered = if let SigningFault::Missing(place) = self.fault { place } else { batch.len() };
        let signed = batch.iter().take(answered).enumerate().map(|(place, tbs)| match self.fault {
            SigningFault::Wrong(wrong) if wrong == place => Ok(self.signature(b"something else")),
            SigningFault::Unknown(lost) if lost == place => Err(unknown()),
            _ => match tbs.message() {
                Message::Octets(octets) => Ok(self.signature(octets)),
                Message::Hashed(_) => Err(unknown()),
            },
        });
        signed.collect()
    }
}

/// What goes wrong when recording.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum LedgerFault {
    None,
    /// The intents are certainly not recorded.
    Intents,
    /// Whether the intents are recorded is not known; here they are.
    IntentsUnknown,
    /// The request of the first does not wait any more.
    FirstNotWaiting,
    /// The certificates are certainly not recorded.
    Certificates,
}

/// Serials with an intent, serials with a certificate.
pub(crate) struct MemoryLedger {
    pub(crate) fault: LedgerFault,
    pub(crate) intents: Mutex<Vec<SerialNumber>>,
    pub(crate) certificates: Mutex<Vec<SerialNumber>>,
}

impl MemoryLedger {
    pub(crate) fn new(fault: LedgerFault) -> Self {
        Self { fault, intents: Mutex::default(), certificates: Mutex::default() }
    }
}

fn serials<'a>(facts: impl Iterator<Item = &'a Facts>) -> Vec<SerialNumber> {
    facts.map(|facts| facts.serial.clone()).collect()
}

impl Ledger for MemoryLedger {
    async fn record_intents(&self, mut batch: Vec<Linted>, _: Timestamp) -> Result<Intents, LedgerError> {
        if self.fault == LedgerFault::Intents {
            return Err(LedgerError::NotRecorded("full".into()));
        }
        let left_out = usize::from(self.fault == LedgerFault::FirstNotWaiting);
        let recorded = batch.split_off(left_out.min(batch.len()));
        self.intents.lock().unwrap().extend(serials(recorded.iter().map(Linted::facts)));
        if self.fault == LedgerFault::IntentsUnknown {
            return Err(LedgerError::OutcomeUnknown("no answer".into()));
        }
        let recorded = recorded.into_iter().map(|linted| Recorded { linted }).collect();
        Ok(Intents { recorded, not_waiting: batch })
    }

    async fn record_issued(&self, batch: Vec<Signed>, _: Timestamp) -> Result<Vec<Issued>, LedgerError> {
        if self.fault == LedgerFault::Certificates {
            return Err(LedgerError::Lost("settled".into()));
        }
        self.certificates.lock().unwrap().extend(serials(batch.iter().map(Signed::facts)));
        Ok(batch.into_iter().map(Signed::into_issued).collect())
    }

    async fn settle(&self, _: &AuthorityId, _: Unsettled, _: Timestamp) -> Result<Vec<SerialNumber>, LedgerError> {
        let (intents, certificates) = (self.intents.lock().unwrap(), self.certificates.lock().unwrap());
        Ok(intents.iter().filter(|serial| !certificates.contains(serial)).cloned().collect())
    }
}

/// The result of a future that never waits.
pub(crate) fn now_or_panic<T>(future: impl Future<Output = T>) -> T {
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    match std::pin::pin!(future).poll(&mut context) {
        std::task::Poll::Ready(result) => result,
        std::task::Poll::Pending => panic!("the future waits"),
    }
}

/// A root with its key in memory and its certificate.
pub(crate) struct MemoryRoot {
    pub(crate) signer: MemorySigner,
    pub(crate) authority: Authority,
    pub(crate) certificate: Certificate,
}

impl MemoryRoot {
    /// Founds a root that is valid from [`samples::start`].
    pub(crate) fn founded() -> Self {
        let signer = MemorySigner::new();
        let (id, label) = (AuthorityId::parse("root").unwrap(), KeyLabel::parse("root").unwrap());
        let name = DistinguishedName::new(&[(Attribute::CommonName, StringKind::Utf8, "Memory Root")]).unwrap();
        let founder = Authority::founding(id.clone(), name.clone(), signer.key(), label.clone());
        let certificate = issued(
            &founder,
            &signer,
            Order::ceremony(&samples::profile("organisation-ca"), name, signer.key())
                .called(Some(samples::japanese_name())),
        );
        let addresses = Sample::root_authority().addresses().clone();
        let authority = Authority::of_certificate(id, &certificate, label, addresses).unwrap().without_path_length();
        Self { signer, authority, certificate }
    }

    /// A certificate that this root issues.
    pub(crate) fn issued(&self, order: Order) -> Certificate {
        issued(&self.authority, &self.signer, order)
    }

    /// The authority of a certificate, with the sample's addresses.
    pub(crate) fn authority_of(certificate: &Certificate) -> Authority {
        let (id, label) = (AuthorityId::parse("below").unwrap(), KeyLabel::parse("below").unwrap());
        Authority::of_certificate(id, certificate, label, Sample::root_authority().addresses().clone()).unwrap()
    }
}

/// The certificate of an order, through the whole pipeline.
pub(crate) fn issued(authority: &Authority, signer: &MemorySigner, order: Order) -> Certificate {
    let linted = prepare(&samples::pack(), authority, order, &CountingEntropy::seeded(3), samples::start()).unwrap();
    let ledger = MemoryLedger::new(LedgerFault::None);
    let (issued, failures) = now_or_panic(issue(authority, signer, &ledger, vec![linted], samples::start()));
    assert!(failures.is_empty(), "{failures:?}");
    Certificate::from_der(issued[0].der()).unwrap()
}
