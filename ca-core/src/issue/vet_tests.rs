//! Each reason an order is refused for, and how long what is not refused will live.

use super::*;
use crate::certificate::Certificate;
use crate::issue::samples::{Sample, p256, rsa, start};
use crate::issue::{AuthorityError, PublicAddresses};
use crate::name::{Attribute, StringKind};
use crate::profile::{self, OCSP_RESPONDER, ROOT_CA, SUBORDINATE_CA, WEB_SERVER};

fn key(fill: u8) -> SubjectKey {
    SubjectKey::from_spki_der(&p256(fill)).unwrap()
}

fn name(common_name: &str) -> DistinguishedName {
    DistinguishedName::new(&[(Attribute::CommonName, StringKind::Printable, common_name)]).unwrap()
}

fn server(names: &[&str]) -> Order {
    let names = names.iter().map(|name| DnsName::parse(name).unwrap()).collect();
    Order::measured(&WEB_SERVER, name("a.jp"), names, key(2))
}

/// An authority with the certificate in `sample`.
fn authority(sample: &Sample) -> Result<Authority, AuthorityError> {
    let root = Sample::root_authority();
    let certificate = Certificate::from_der(&sample.der()).unwrap();
    Authority::of_certificate(root.id().clone(), &certificate, root.label().clone(), root.addresses().clone())
}

fn refusal(order: Order) -> VetError {
    vet(&Sample::root_authority(), order, start()).unwrap_err()
}

#[test]
fn an_order_that_fits_is_valid_from_now_for_the_profiles_days() {
    let now = start().plus(Duration::from_micros(999_999));
    let vetted = vet(&Sample::root_authority(), server(&["a.jp"]), now).unwrap();
    assert_eq!(vetted.validity.not_before, start(), "whole seconds");
    assert_eq!(vetted.validity.not_after.since(start()).as_secs(), 397 * 86_400 - 1, "both ends count");
    assert_eq!(vetted.profile.name, WEB_SERVER.name);
}

#[test]
fn a_certificate_never_outlives_its_authority() {
    let root = Sample::root_authority();
    let last = root.validity().unwrap().not_after;
    let vetted = vet(&root, server(&["a.jp"]), last).unwrap();
    assert_eq!(vetted.validity, Validity { not_before: last, not_after: last });
}

#[test]
fn a_certificate_that_could_not_say_where_its_status_is_found_is_refused() {
    let root = Sample::root_authority();
    let certificate = Certificate::from_der(&Sample::of(&ROOT_CA).der()).unwrap();
    let whole = root.addresses().clone();
    let missing = [
        PublicAddresses { crl: Vec::new(), ..whole.clone() },
        PublicAddresses { ocsp: Vec::new(), ..whole },
        PublicAddresses::default(),
    ];
    for addresses in missing {
        let silent =
            Authority::of_certificate(root.id().clone(), &certificate, root.label().clone(), addresses).unwrap();
        assert_eq!(vet(&silent, server(&["a.jp"]), start()).unwrap_err(), VetError::NoAddresses);
        assert!(vet(&silent, Order::ceremony(&OCSP_RESPONDER, name("Responder"), key(2)), start()).is_ok());
    }
}

#[test]
fn an_unknown_profile_is_refused() {
    let mut order = server(&["a.jp"]);
    order.profile = ProfileId::parse("mail").unwrap();
    assert_eq!(refusal(order.clone()), VetError::UnknownProfile(order.profile));
}

#[test]
fn the_profile_says_how_many_names() {
    let refused = |order, profile, found, allowed| {
        assert_eq!(refusal(order), VetError::DnsNames { profile, found, allowed });
    };
    let names: Vec<String> = (0..11).map(|number| format!("h{number}.jp")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    assert!(vet(&Sample::root_authority(), server(&names[..10]), start()).is_ok());
    refused(server(&names), "web-server", 11, DnsNames::UpTo(10));
    refused(server(&[]), "web-server", 0, DnsNames::UpTo(10));
    let named_ca = Order::measured(&SUBORDINATE_CA, name("CA"), vec![DnsName::parse("a.jp").unwrap()], key(2));
    refused(named_ca, "subordinate-ca", 1, DnsNames::None);
}

#[test]
fn a_name_stands_once() {
    assert_eq!(refusal(server(&["a.jp", "b.jp", "A.jp."])), VetError::RepeatedName(DnsName::parse("a.jp").unwrap()));
}

#[test]
fn a_weak_key_is_refused() {
    let weak = SubjectKey::from_spki_der(&rsa(128)).unwrap();
    let order = Order::measured(&OCSP_RESPONDER, name("Responder"), Vec::new(), weak);
    assert_eq!(refusal(order), VetError::WeakKey(WeakKey::RsaSize { bits: 1024, least: 2048, most: 4096 }));
}

#[test]
fn the_authoritys_own_key_is_refused() {
    let own = Sample::root_authority().key().clone();
    assert_eq!(refusal(Order::ceremony(&OCSP_RESPONDER, name("Responder"), own)), VetError::AuthorityKey);
}

#[test]
fn an_authority_issues_only_while_it_is_valid() {
    let root = Sample::root_authority();
    let validity = root.validity().unwrap();
    let second = Duration::from_secs(1);
    for outside in [validity.not_before.minus(second), validity.not_after.plus(second)] {
        let refused = vet(&root, server(&["a.jp"]), outside).unwrap_err();
        assert_eq!(refused, VetError::AuthorityNotValid(outside.rfc3339()));
    }
}

#[test]
fn a_path_length_of_zero_allows_no_authority_below() {
    let subordinate = authority(&Sample::of(&SUBORDINATE_CA)).unwrap();
    let below = Order::ceremony(&SUBORDINATE_CA, name("Below"), key(3));
    assert_eq!(vet(&subordinate, below.clone(), start()).unwrap_err(), VetError::PathLength);
    assert!(vet(&Sample::root_authority(), below, start()).is_ok());
    let server = Order::measured(&WEB_SERVER, name("a.jp"), vec![DnsName::parse("a.jp").unwrap()], key(3));
    assert!(vet(&subordinate, server, start()).is_ok());
}

#[test]
fn a_founder_issues_its_own_certificate_and_no_other() {
    let root = Sample::of(&ROOT_CA);
    let (founder, name_of_root) = (&root.authority, root.authority.name().clone());
    assert!(founder.validity().is_none());
    let own = Order::ceremony(&ROOT_CA, name_of_root.clone(), founder.key().clone());
    assert!(vet(founder, own, start()).is_ok());
    let other_key = Order::ceremony(&ROOT_CA, name_of_root, key(2));
    assert_eq!(vet(founder, other_key, start()).unwrap_err(), VetError::Founding);
    let other_name = Order::ceremony(&ROOT_CA, name("Another"), founder.key().clone());
    assert_eq!(vet(founder, other_name, start()).unwrap_err(), VetError::Founding);
}

#[test]
fn a_servers_certificate_makes_no_authority() {
    let refused = authority(&Sample::of(&profile::WEB_SERVER)).unwrap_err();
    let subject = "C=JP, O=Shirakaba Town, CN=www.town.shirakaba.lg.jp";
    assert_eq!(refused, AuthorityError::NotAuthority(subject.into()));
}
