//! Each reason an order is refused for, and how long what is not refused will live.

use super::*;
use crate::certificate::Certificate;
use crate::issue::samples::{Sample, fields, p256, pack, profile, rsa, start};
use crate::issue::{AuthorityError, PublicAddresses};
use crate::name::{Attribute, DnsName, StringKind};
use std::time::Duration;

fn key(fill: u8) -> SubjectKey {
    SubjectKey::from_spki_der(&p256(fill)).unwrap()
}

fn name(common_name: &str) -> DistinguishedName {
    DistinguishedName::new(&[(Attribute::CommonName, StringKind::Printable, common_name)]).unwrap()
}

fn server(names: &[&str]) -> Order {
    let names = names.iter().map(|name| DnsName::parse(name).unwrap()).collect();
    Order::measured(&profile("web-server"), server_name(), AlternativeNames::of_servers(names), key(2))
}

fn server_name() -> DistinguishedName {
    profile("web-server").subject.as_ref().unwrap().fill(&fields()).unwrap()
}

fn vet(authority: &Authority, order: Order, now: Timestamp) -> Result<Vetted, VetError> {
    super::vet(&pack(), authority, order, now)
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
    assert_eq!(vetted.profile.id.as_str(), "web-server");
}

#[test]
fn a_certificate_never_outlives_its_authority() {
    let root = Sample::root_authority();
    let last = root.validity().unwrap().not_after;
    let year_before = last.minus(Duration::from_secs(300 * 86_400));
    let mut far = pack();
    far.effective_until = None;
    let vetted = super::vet(&far, &root, server(&["a.jp"]), year_before).unwrap();
    assert_eq!(vetted.validity, Validity { not_before: year_before, not_after: last });
}

#[test]
fn a_certificate_that_could_not_say_where_its_status_is_found_is_refused() {
    let root = Sample::root_authority();
    let certificate = Certificate::from_der(&Sample::of(&profile("root-ca")).der()).unwrap();
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
        assert!(
            vet(&silent, Order::ceremony(&profile("ocsp-responder-root"), name("Responder"), key(2)), start()).is_ok()
        );
    }
}

#[test]
fn an_unknown_profile_is_refused() {
    let mut order = server(&["a.jp"]);
    order.profile = ProfileId::parse("telegram").unwrap();
    assert_eq!(refusal(order.clone()), VetError::UnknownProfile(order.profile));
}

#[test]
fn the_profile_says_how_many_names() {
    let refused = |order, profile: &str, kind, found, (least, most)| {
        let profile = ProfileId::parse(profile).unwrap();
        assert_eq!(refusal(order), VetError::Names { profile, kind, found, allowed: Count { least, most } });
    };
    let names: Vec<String> = (0..11).map(|number| format!("h{number}.jp")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    assert!(vet(&Sample::root_authority(), server(&names[..10]), start()).is_ok());
    refused(server(&names), "web-server", "DNS names", 11, (1, 10));
    refused(server(&[]), "web-server", "DNS names", 0, (1, 10));
    let servers = || AlternativeNames::of_servers(vec![DnsName::parse("a.jp").unwrap()]);
    let named_ca = Order::measured(&profile("subordinate-ca"), name("CA"), servers(), key(2));
    refused(named_ca, "subordinate-ca", "DNS names", 1, (0, 0));
    let subject = profile("mail").subject.as_ref().unwrap().fill(&fields()).unwrap();
    let mail = Order::measured(&profile("mail"), subject, AlternativeNames::default(), key(2));
    refused(mail, "mail", "mail addresses", 0, (1, 3));
}

#[test]
fn the_profile_says_what_names_are_like() {
    let other = Order::measured(
        &profile("web-server"),
        name("a.jp"),
        AlternativeNames::of_servers(vec![DnsName::parse("a.jp").unwrap()]),
        key(2),
    );
    assert!(matches!(refusal(other), VetError::Subject { .. }));
    let job_role = profile("job-role");
    let subject = job_role.subject.as_ref().unwrap().fill(&fields()).unwrap();
    let order = Order::measured(&job_role, subject, AlternativeNames::default(), key(2));
    assert_eq!(refusal(order.clone()), VetError::DirectoryName(job_role.id.clone()), "none");
    assert_eq!(
        refusal(order.clone().called(Some(name("Mayor")))),
        VetError::DirectoryName(job_role.id.clone()),
        "another"
    );
    let japanese = job_role.alternative.directory.as_ref().unwrap().fill(&fields()).unwrap();
    assert!(vet(&Sample::root_authority(), order.called(Some(japanese)), start()).is_ok());
}

#[test]
fn a_chosen_beginning_is_never_in_the_past() {
    let job_role = profile("job-role");
    let subject = job_role.subject.as_ref().unwrap().fill(&fields()).unwrap();
    let japanese = job_role.alternative.directory.as_ref().unwrap().fill(&fields()).unwrap();
    let order = |start| {
        let mut order = Order::measured(&job_role, subject.clone(), AlternativeNames::default(), key(2));
        order.period = Period::From(start);
        order.called(Some(japanese.clone()))
    };
    let april = Timestamp::from_jst(2027, 4, 1, 0, 0, 0).unwrap();
    let root = Sample::root_authority();
    let validity = vet(&root, order(april), start()).unwrap().validity;
    assert_eq!((validity.not_before, validity.not_after.jst().as_str()), (april, "2032-03-31 23:59:59"));
    let late = april.plus(Duration::from_secs(3600));
    assert_eq!(vet(&root, order(april), late).unwrap().validity.not_before, late);
    let mut server = server(&["a.jp"]);
    server.period = Period::From(april);
    assert_eq!(refusal(server), VetError::NotScheduled(ProfileId::parse("web-server").unwrap()));
}

#[test]
fn a_certificate_ends_when_its_key_may_no_longer_be_used() {
    let job_role = profile("job-role");
    let subject = job_role.subject.as_ref().unwrap().fill(&fields()).unwrap();
    let japanese = job_role.alternative.directory.as_ref().unwrap().fill(&fields()).unwrap();
    let old = SubjectKey::from_spki_der(&rsa(256)).unwrap();
    let order = Order::measured(&job_role, subject, AlternativeNames::default(), old).called(Some(japanese));
    let validity = vet(&Sample::root_authority(), order.clone(), start()).unwrap().validity;
    assert_eq!(validity.not_after.jst(), "2030-12-31 23:59:59");
    let after = Timestamp::from_jst(2031, 1, 1, 0, 0, 0).unwrap();
    let refused = vet(&Sample::root_authority(), order, after).unwrap_err();
    assert!(matches!(refused, VetError::KeyOutOfDate { key: KeyAlgorithm::Rsa2048, .. }), "{refused:?}");
}

#[test]
fn a_pack_out_of_effect_a_key_and_an_authority_of_others_are_refused() {
    let early = pack().effective_from.minus(Duration::from_secs(1));
    assert!(matches!(vet(&Sample::root_authority(), server(&["a.jp"]), early), Err(VetError::NotEffective { .. })));
    let code = profile("code-signing");
    let subject = code.subject.as_ref().unwrap().fill(&fields()).unwrap();
    let small = SubjectKey::from_spki_der(&rsa(256)).unwrap();
    let order = Order::measured(&code, subject, AlternativeNames::default(), small);
    assert_eq!(refusal(order), VetError::KeyKind { profile: code.id.clone(), key: KeyAlgorithm::Rsa2048 });
    let shipped = Pack::shipped("lgwan-private").unwrap().unwrap();
    let refused = super::vet(&shipped, &Sample::root_authority(), server(&["a.jp"]), start()).unwrap_err();
    let (profile, authority) = (ProfileId::parse("web-server").unwrap(), AuthorityId::parse("root").unwrap());
    assert_eq!(refused, VetError::OtherAuthority { profile, authority });
}

#[test]
fn a_link_is_for_another_key_of_the_same_name_and_lives_as_what_it_links() {
    let root = Sample::root_authority();
    let old =
        Validity { not_before: start().minus(Duration::from_secs(9)), not_after: start().plus(Duration::from_secs(9)) };
    let link = |name: DistinguishedName| Order::ceremony(&profile("old-with-new"), name, key(7)).linking(old);
    assert_eq!(vet(&root, link(root.name().clone()), start()).unwrap().validity, old);
    assert_eq!(vet(&root, link(name("Another")), start()).unwrap_err(), VetError::NotLinked);
}

#[test]
fn a_name_stands_once() {
    assert_eq!(refusal(server(&["a.jp", "b.jp", "A.jp."])), VetError::RepeatedName("a.jp".into()));
}

#[test]
fn a_key_of_a_size_the_profile_does_not_know_is_refused() {
    let weak = SubjectKey::from_spki_der(&rsa(128)).unwrap();
    let order = Order::ceremony(&profile("ocsp-responder-root"), name("Responder"), weak);
    assert_eq!(
        refusal(order),
        VetError::KeyKind { profile: ProfileId::parse("ocsp-responder-root").unwrap(), key: KeyAlgorithm::Rsa(1024) }
    );
}

#[test]
fn the_authoritys_own_key_is_refused() {
    let own = Sample::root_authority().key().clone();
    assert_eq!(
        refusal(Order::ceremony(&profile("ocsp-responder-root"), name("Responder"), own)),
        VetError::AuthorityKey
    );
}

#[test]
fn an_authority_issues_only_while_it_is_valid() {
    let root = Sample::root_authority();
    let validity = root.validity().unwrap();
    let second = Duration::from_secs(1);
    for outside in [validity.not_before.minus(second), validity.not_after.plus(second)] {
        let mut always = pack();
        (always.effective_from, always.effective_until) = (Timestamp::from_seconds(0), None);
        let refused = super::vet(&always, &root, server(&["a.jp"]), outside).unwrap_err();
        assert_eq!(refused, VetError::AuthorityNotValid(outside.rfc3339()));
    }
}

#[test]
fn a_path_length_of_zero_allows_no_authority_below() {
    let subordinate = authority(&Sample::of(&profile("subordinate-ca"))).unwrap();
    let below = Order::ceremony(&profile("subordinate-ca"), name("Below"), key(3));
    assert_eq!(vet(&subordinate, below.clone(), start()).unwrap_err(), VetError::PathLength);
    assert!(vet(&Sample::root_authority(), below, start()).is_ok());
    let mut server = server(&["a.jp"]);
    server.key = key(3);
    assert!(vet(&subordinate, server, start()).is_ok());
}

#[test]
fn a_founder_issues_its_own_certificate_and_no_other() {
    let root = Sample::of(&profile("root-ca"));
    let (founder, name_of_root) = (&root.authority, root.authority.name().clone());
    assert!(founder.validity().is_none());
    let own = Order::ceremony(&profile("root-ca"), name_of_root.clone(), founder.key().clone());
    assert!(vet(founder, own, start()).is_ok());
    let other_key = Order::ceremony(&profile("root-ca"), name_of_root, key(2));
    assert_eq!(vet(founder, other_key, start()).unwrap_err(), VetError::Founding);
    let other_name = Order::ceremony(&profile("root-ca"), name("Another"), founder.key().clone());
    assert_eq!(vet(founder, other_name, start()).unwrap_err(), VetError::Founding);
}

#[test]
fn a_servers_certificate_makes_no_authority() {
    let refused = authority(&Sample::of(&profile("web-server"))).unwrap_err();
    let subject = "C=JP, O=Shirakaba Town, CN=www.town.shirakaba.lg.jp";
    assert_eq!(refused, AuthorityError::NotAuthority(subject.into()));
}
