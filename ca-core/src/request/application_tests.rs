//! Four eyes.

use super::*;
use crate::name::{Attribute, DnsName, EmailAddress, StringKind};

fn account(digit: char) -> AccountId {
    AccountId::parse(&digit.to_string().repeat(32)).unwrap()
}

fn organisation(digit: char) -> OrganisationId {
    OrganisationId::parse(&digit.to_string().repeat(32)).unwrap()
}

fn key(fill: u8) -> SubjectKey {
    SubjectKey::from_spki_der(&crate::issue::samples::p256(fill)).unwrap()
}

fn instant() -> Timestamp {
    Timestamp::from_utc(2026, 11, 21, 10, 0, 0).unwrap()
}

fn request() -> NewRequest {
    let subject = DistinguishedName::new(&[(Attribute::Organisation, StringKind::Printable, "Shirakaba Town")]);
    NewRequest {
        organisation: organisation('1'),
        profile: ProfileId::parse("web-server").unwrap(),
        subject: subject.unwrap(),
        names: AlternativeNames::of_servers(vec![DnsName::parse("www.town.shirakaba.lg.jp").unwrap()]),
        key: key(1),
        origin: KeyOrigin::Holder { csr_der: vec![0x30, 0x00] },
        starts_at: None,
    }
}

/// Requested by account a.
fn application(request: NewRequest) -> Application<Submitted> {
    let id = RequestId::parse(&"5".repeat(32)).unwrap();
    Application::submitted(id, RequestNumber::new(8, 123), account('a'), instant(), request)
}

fn approver(account_digit: char, organisation_digit: char) -> Approver {
    Approver { account: account(account_digit), organisation: organisation(organisation_digit) }
}

#[test]
fn a_second_person_of_the_organisation_approves() {
    let submitted = application(request());
    let (shown, statement) = (submitted.statement_hash(), submitted.statement());
    let approved = submitted.approve(&approver('b', '1'), &shown, instant()).unwrap();
    assert_eq!((approved.approved_by(), approved.approved_at()), (&account('b'), instant()));
    assert_eq!(approved.requester(), &account('a'));
    assert_eq!(approved.statement(), statement, "approving does not change what is approved");
}

#[test]
fn the_requester_cannot_approve() {
    let submitted = application(request());
    let shown = submitted.statement_hash();
    assert_eq!(submitted.approve(&approver('a', '1'), &shown, instant()).unwrap_err(), ApprovalError::SamePerson);
}

#[test]
fn approver_from_another_city_is_refused() {
    let submitted = application(request());
    let shown = submitted.statement_hash();
    let refused = submitted.approve(&approver('b', '2'), &shown, instant()).unwrap_err();
    assert_eq!(refused, ApprovalError::OtherOrganisation);
}

#[test]
fn every_field_that_decides_the_certificate_is_in_the_statement() {
    let shown = application(request()).statement_hash();
    let other_name = DistinguishedName::new(&[(Attribute::Organisation, StringKind::Utf8, "Shirakaba Town")]).unwrap();
    type Change = fn(&mut NewRequest);
    let changes: [(&str, Change); 9] = [
        ("organisation", |request| request.organisation = organisation('2')),
        ("profile", |request| request.profile = ProfileId::parse("ocsp-responder").unwrap()),
        ("key", |request| request.key = key(2)),
        ("one name more", |request| request.names.dns.push(DnsName::parse("a.jp").unwrap())),
        ("no name", |request| request.names.dns.clear()),
        ("name in Japanese", |request| request.names.directory = Some(request.subject.clone())),
        ("mail address", |request| request.names.emails.push(EmailAddress::parse("a@a.jp").unwrap())),
        ("beginning", |request| request.starts_at = Some(instant())),
        ("key source", |request| request.origin = KeyOrigin::Centre),
    ];
    for (what, change) in changes {
        let mut changed = request();
        change(&mut changed);
        let approver = Approver { account: account('b'), organisation: changed.organisation.clone() };
        let outcome = application(changed).approve(&approver, &shown, instant());
        assert_eq!(outcome.unwrap_err(), ApprovalError::StatementChanged, "{what}");
    }
    // The same text in another encoding is another certificate.
    let changed = application(NewRequest { subject: other_name, ..request() });
    assert_eq!(changed.request().subject.to_string(), application(request()).request().subject.to_string());
    let outcome = changed.approve(&approver('b', '1'), &shown, instant());
    assert_eq!(outcome.unwrap_err(), ApprovalError::StatementChanged);
}

#[test]
fn a_name_cannot_be_split_or_joined_without_changing_the_statement() {
    let named = |names: &[&str]| {
        let names = AlternativeNames::of_servers(names.iter().map(|name| DnsName::parse(name).unwrap()).collect());
        application(NewRequest { names, ..request() }).statement_hash()
    };
    assert_ne!(named(&["a.jp", "b.jp"]), named(&["b.jp", "a.jp"]));
    assert_ne!(named(&["a.jp"]), named(&["a.jp", "a.jp"]));
}

#[test]
fn a_restored_approval_is_checked_again() {
    let hash = application(request()).statement_hash();
    let restored = Application::restored(application(request()), account('b'), instant(), &hash).unwrap();
    assert_eq!((restored.approved_by(), restored.approved_at()), (&account('b'), instant()));
    let same = Application::restored(application(request()), account('a'), instant(), &hash);
    assert_eq!(same.unwrap_err(), ApprovalError::SamePerson);
    let changed = NewRequest { key: key(2), ..request() };
    let changed = Application::restored(application(changed), account('b'), instant(), &hash);
    assert_eq!(changed.unwrap_err(), ApprovalError::StatementChanged);
    let cut = Application::restored(application(request()), account('b'), instant(), &hash[..31]);
    assert_eq!(cut.unwrap_err(), ApprovalError::StatementChanged);
}
