//! What the encoder writes, read back by the other implementation. That it keeps every rule is tested with the rules.

use super::*;
use crate::certificate::{Certificate, Extensions};
use crate::issue::Order;
use crate::issue::samples::Sample;
use crate::key::SubjectKey;
use crate::name::{AlternativeNames, DnsName};
use crate::profile::Field;
use crate::testing::CountingEntropy;
use crate::time::Timestamp;

struct NoEntropy;

impl Entropy for NoEntropy {
    fn fill(&self, _: &mut [u8]) -> Result<(), EntropyUnavailable> {
        Err(EntropyUnavailable)
    }
}

fn read(sample: &Sample) -> Certificate {
    Certificate::from_der(&sample.der()).unwrap()
}

fn vetted(authority: &Authority, now: Timestamp) -> Vetted {
    let names = ["www.town.shirakaba.lg.jp", "town.shirakaba.lg.jp"].map(|name| DnsName::parse(name).unwrap());
    let pack = crate::issue::samples::pack();
    let profile = pack.profile_named("web-server").unwrap();
    let fields = crate::profile::Fields::default()
        .with(Field::OrganisationEn, "Shirakaba Town")
        .with(Field::ServerName, names[0].as_str());
    let subject = profile.subject.as_ref().unwrap().fill(&fields).unwrap();
    let key = SubjectKey::from_spki_der(&crate::issue::samples::p256(2)).unwrap();
    let order = Order::measured(profile, subject, AlternativeNames::of_servers(names.to_vec()), key);
    crate::issue::vet::vet(&pack, authority, order, now).unwrap()
}

fn encoded(authority: &Authority, now: Timestamp) -> (Unsigned, Certificate) {
    let unsigned = encode(None, authority, vetted(authority, now), &CountingEntropy::seeded(7)).unwrap();
    let certificate = Certificate::from_der(&unsigned.algorithm.signed(&unsigned.facts.tbs, &[])).unwrap();
    (unsigned, certificate)
}

#[test]
fn a_web_servers_certificate_says_what_was_ordered() {
    let root = Sample::root_authority();
    let (unsigned, certificate) = encoded(&root, crate::issue::samples::start());
    let facts = &unsigned.facts;
    assert_eq!(certificate.serial(), &facts.serial);
    assert_eq!(certificate.issuer(), root.name());
    assert_eq!(certificate.subject(), &facts.subject);
    assert_eq!(certificate.validity(), facts.validity);
    assert_eq!(certificate.key().fingerprint(), facts.key_fingerprint);
    assert_eq!(certificate.signature_algorithm(), SignatureAlgorithm::EcdsaSha256);
    let expected = Extensions {
        key_usage: Some(0x8000),
        extended_key_usage: vec!["1.3.6.1.5.5.7.3.1".into()],
        dns_names: vec!["www.town.shirakaba.lg.jp".into(), "town.shirakaba.lg.jp".into()],
        subject_key_identifier: Some(certificate.key().key_identifier().to_vec()),
        authority_key_identifier: Some(root.key_identifier().to_vec()),
        policies: vec!["1.3.6.1.4.1.32473.1.1".into()],
        practice_statements: vec!["http://www.lgpki.example/cps".into()],
        crl_uris: root.addresses().crl.clone(),
        ocsp_uris: root.addresses().ocsp.clone(),
        issuer_uris: root.addresses().issuer_certificate.clone(),
        ..Extensions::default()
    };
    assert_eq!(certificate.extensions(), &expected);
}

#[test]
fn authorities_and_responders_are_told_apart() {
    let root = read(&Sample::of(&crate::issue::samples::profile("root-ca")));
    assert_eq!(root.issuer(), root.subject());
    let extensions = root.extensions();
    assert!(extensions.is_ca && extensions.path_length.is_none() && extensions.crl_uris.is_empty());
    let subordinate = read(&Sample::of(&crate::issue::samples::profile("subordinate-ca")));
    assert_eq!((subordinate.extensions().is_ca, subordinate.extensions().path_length), (true, Some(0)));
    assert_eq!(subordinate.extensions().key_usage, Some(0x0600));
    let responder = read(&Sample::of(&crate::issue::samples::profile("ocsp-responder-root")));
    assert!(responder.extensions().ocsp_nocheck && !responder.extensions().is_ca);
    assert_eq!(responder.extensions().extended_key_usage, ["1.3.6.1.5.5.7.3.9"]);
    assert!(responder.extensions().ocsp_uris.is_empty() && responder.extensions().crl_uris.is_empty());
}

#[test]
fn each_certificate_has_a_serial_of_its_own() {
    let root = Sample::root_authority();
    let entropy = CountingEntropy::default();
    let serials: std::collections::HashSet<_> = (0..100)
        .map(|_| encode(None, &root, vetted(&root, crate::issue::samples::start()), &entropy).unwrap().facts.serial)
        .collect();
    assert_eq!(serials.len(), 100);
}

#[test]
fn without_randomness_nothing_is_written() {
    let root = Sample::root_authority();
    let refused = encode(None, &root, vetted(&root, crate::issue::samples::start()), &NoEntropy);
    assert_eq!(refused.unwrap_err(), EntropyUnavailable);
}

#[test]
fn the_signature_stands_behind_what_it_signs() {
    let root = Sample::root_authority();
    let (unsigned, _) = encoded(&root, crate::issue::samples::start());
    let der = unsigned.algorithm.signed(&unsigned.facts.tbs, &[1, 2, 3]);
    assert_eq!(crate::certificate::parts(&der).unwrap(), (&unsigned.facts.tbs[..], &[1u8, 2, 3][..]));
}
