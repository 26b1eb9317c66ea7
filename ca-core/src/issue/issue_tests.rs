//! The pipeline as a whole, and what each fault leaves behind.

use super::memory::{LedgerFault, MemoryLedger, MemoryRoot, MemorySigner, SigningFault, now_or_panic};
use super::samples::{fields, p256, pack, profile, start};
use super::*;
use crate::certificate::Certificate;
use crate::key::SubjectKey;
use crate::name::{AlternativeNames, Attribute, DistinguishedName, DnsName, StringKind};
use crate::profile::{Field, Fields};
use crate::signer::SignerError;
use crate::testing::CountingEntropy;
use std::sync::atomic::Ordering;

fn order(host: &str) -> Order {
    let name = DnsName::parse(host).unwrap();
    let profile = profile("web-server");
    let fields = Fields::default().with(Field::OrganisationEn, "Shirakaba Town").with(Field::ServerName, host);
    let subject = profile.subject.as_ref().unwrap().fill(&fields).unwrap();
    let key = SubjectKey::from_spki_der(&p256(2)).unwrap();
    Order::measured(&profile, subject, AlternativeNames::of_servers(vec![name]), key)
}

/// Three certificates ready to be recorded, and their serials.
fn batch(root: &MemoryRoot) -> (Vec<Linted>, Vec<SerialNumber>) {
    let entropy = CountingEntropy::seeded(9);
    let hosts = ["a.jp", "b.jp", "c.jp"];
    let batch: Vec<Linted> =
        hosts.iter().map(|host| prepare(&pack(), &root.authority, order(host), &entropy, start()).unwrap()).collect();
    let serials = batch.iter().map(|linted| linted.facts().serial.clone()).collect();
    (batch, serials)
}

struct Outcome {
    serials: Vec<SerialNumber>,
    issued: Vec<Issued>,
    failures: Vec<Failure>,
    ledger: MemoryLedger,
    signer_calls: usize,
}

fn run(signing: SigningFault, recording: LedgerFault) -> Outcome {
    let mut root = MemoryRoot::founded();
    root.signer.fault = signing;
    root.signer.calls.store(0, Ordering::SeqCst);
    let (batch, serials) = batch(&root);
    let ledger = MemoryLedger::new(recording);
    let (issued, failures) = now_or_panic(issue(&root.authority, &root.signer, &ledger, batch, start()));
    Outcome { serials, issued, failures, ledger, signer_calls: root.signer.calls.load(Ordering::SeqCst) }
}

#[test]
fn an_order_becomes_a_certificate_that_verifies_under_its_authority() {
    let root = MemoryRoot::founded();
    root.certificate.verify(&root.certificate, start()).unwrap();
    let below = MemorySigner::new();
    let name = DistinguishedName::new(&[(Attribute::CommonName, StringKind::Printable, "Issuing")]).unwrap();
    let subordinate =
        root.issued(Order::ceremony(&crate::issue::samples::profile("subordinate-ca"), name, below.key()));
    subordinate.verify(&root.certificate, start()).unwrap();
    let server = memory::issued(&MemoryRoot::authority_of(&subordinate), &below, order("www.town.shirakaba.lg.jp"));
    server.verify(&subordinate, start()).unwrap();
    assert_eq!(server.extensions().dns_names, ["www.town.shirakaba.lg.jp"]);
}

#[test]
fn a_batch_is_recorded_before_and_after_one_call_of_the_signer() {
    let outcome = run(SigningFault::None, LedgerFault::None);
    assert_eq!((outcome.issued.len(), outcome.failures.len(), outcome.signer_calls), (3, 0, 1));
    assert_eq!(*outcome.ledger.intents.lock().unwrap(), outcome.serials);
    assert_eq!(*outcome.ledger.certificates.lock().unwrap(), outcome.serials);
    for issued in &outcome.issued {
        let certificate = Certificate::from_der(issued.der()).unwrap();
        assert_eq!(certificate.serial(), &issued.facts().serial);
        assert_eq!(crate::certificate::parts(issued.der()).unwrap().0, issued.facts().tbs, "the octets recorded");
    }
}

#[test]
fn a_wrong_signature_never_becomes_a_certificate() {
    let outcome = run(SigningFault::Wrong(1), LedgerFault::None);
    let [failure] = &outcome.failures[..] else { panic!("{:?}", outcome.failures) };
    assert!(matches!(failure.cause, FailureCause::Sign(SignError::WrongSignature(_))));
    assert_eq!(failure.unsettled, [outcome.serials[1].clone()]);
    let issued: Vec<_> = outcome.issued.iter().map(|issued| issued.facts().serial.clone()).collect();
    assert_eq!(issued, [outcome.serials[0].clone(), outcome.serials[2].clone()], "the others are not held up");
    let burnt = now_or_panic(outcome.ledger.settle(&outcome.issued[0].facts().authority, Unsettled::All, start()));
    assert_eq!(burnt.unwrap(), failure.unsettled);
}

#[test]
fn signatures_that_do_not_come_leave_their_serials_unsettled() {
    let outcome = run(SigningFault::Missing(1), LedgerFault::None);
    assert_eq!(outcome.issued.len(), 1);
    let unsettled: Vec<_> = outcome.failures.iter().flat_map(|failure| failure.unsettled.clone()).collect();
    assert_eq!(unsettled, outcome.serials[1..]);
    assert!(outcome.failures.iter().all(|one| matches!(one.cause, FailureCause::Sign(SignError::Missing))));
}

#[test]
fn a_signer_that_does_not_know_leaves_the_serial_unsettled() {
    let outcome = run(SigningFault::Unknown(0), LedgerFault::None);
    let [failure] = &outcome.failures[..] else { panic!("{:?}", outcome.failures) };
    let cause = &failure.cause;
    assert!(matches!(cause, FailureCause::Sign(SignError::Signer(SignerError::OutcomeUnknown { .. }))), "{cause}");
    assert_eq!(failure.unsettled, [outcome.serials[0].clone()]);
    assert_eq!(outcome.issued.len(), 2);
}

#[test]
fn without_a_recorded_intent_no_key_is_touched() {
    let outcome = run(SigningFault::None, LedgerFault::Intents);
    assert_eq!((outcome.issued.len(), outcome.signer_calls), (0, 0));
    let [failure] = &outcome.failures[..] else { panic!("{:?}", outcome.failures) };
    assert!(matches!(failure.cause, FailureCause::Ledger(LedgerError::NotRecorded(_))));
    assert!(failure.unsettled.is_empty(), "certainly nothing is recorded");
}

#[test]
fn one_whose_request_does_not_wait_does_not_hold_up_the_others() {
    let outcome = run(SigningFault::None, LedgerFault::FirstNotWaiting);
    let issued: Vec<_> = outcome.issued.iter().map(|issued| issued.facts().serial.clone()).collect();
    assert_eq!((&issued[..], outcome.signer_calls), (&outcome.serials[1..], 1));
    let [failure] = &outcome.failures[..] else { panic!("{:?}", outcome.failures) };
    assert!(matches!(failure.cause, FailureCause::NotWaiting));
    assert_eq!(failure.serials, outcome.serials[..1]);
    assert!(failure.unsettled.is_empty(), "nothing is recorded of it");
}

#[test]
fn intents_that_may_be_recorded_are_unsettled_and_not_signed() {
    let outcome = run(SigningFault::None, LedgerFault::IntentsUnknown);
    assert_eq!((outcome.issued.len(), outcome.signer_calls), (0, 0));
    let [failure] = &outcome.failures[..] else { panic!("{:?}", outcome.failures) };
    assert!(matches!(failure.cause, FailureCause::Ledger(LedgerError::OutcomeUnknown(_))));
    assert_eq!(failure.unsettled, outcome.serials);
}

#[test]
fn signed_but_not_recorded_is_unsettled() {
    let outcome = run(SigningFault::Wrong(2), LedgerFault::Certificates);
    assert!(outcome.issued.is_empty() && outcome.ledger.certificates.lock().unwrap().is_empty());
    let [wrong, lost] = &outcome.failures[..] else { panic!("{:?}", outcome.failures) };
    assert_eq!(wrong.unsettled, outcome.serials[2..]);
    assert_eq!(lost.unsettled, outcome.serials[..2]);
    assert!(matches!(lost.cause, FailureCause::Ledger(LedgerError::Lost(_))));
}

#[test]
fn a_certificate_that_breaks_a_rule_is_refused_before_anything_is_recorded() {
    let root = MemoryRoot::founded();
    let addresses = PublicAddresses {
        crl: vec!["https://crl.example.jp/".into()],
        ocsp: vec!["http://ocsp.example.jp/".into()],
        issuer_certificate: vec!["http://crl.example.jp/root.cer".into()],
    };
    let (id, label) = (root.authority.id().clone(), root.authority.label().clone());
    let authority = Authority::of_certificate(id, &root.certificate, label, addresses).unwrap();
    let refusal = prepare(&pack(), &authority, order("a.jp"), &CountingEntropy::seeded(1), start()).unwrap_err();
    assert_eq!(
        refusal.to_string(),
        "profile.fetchable-addresses: URI(https://crl.example.jp/) (CP §7.1.2, RFC 5280 §8); cabf.tls.distribution-points: URI(https://crl.example.jp/) (BR §7.1.2.11.2)"
    );
}

#[test]
fn an_order_that_breaks_its_profile_is_refused_first() {
    let root = MemoryRoot::founded();
    let order = Order::ceremony(
        &profile("web-server"),
        profile("web-server").subject.as_ref().unwrap().fill(&fields()).unwrap(),
        root.signer.key(),
    );
    let refusal = prepare(&pack(), &root.authority, order, &CountingEntropy::seeded(1), start()).unwrap_err();
    assert!(matches!(refusal, Refusal::Vet(VetError::Names { found: 0, .. })));
}
