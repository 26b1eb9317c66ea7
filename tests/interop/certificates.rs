//! Certificates as a property: whatever people fill in, for whatever profile, is refused with a reason, or stands in the
//! certificate as it was filled in, for our reader and for the other implementation alike.

use ca_core::certificate::Certificate;
use ca_core::der::Writer;
use ca_core::issue::{Authority, Order, prepare};
use ca_core::key::SubjectKey;
use ca_core::name::{AlternativeNames, Attribute, DnsName, EmailAddress};
use ca_core::profile::{Field, Fields, Pack, Profile};
use ca_core::request::Csr;
use ca_core::testing::CountingEntropy;
use ca_core::time::Timestamp;
use lgpki::commands::profile::unsigned;
use lgpki::installation::Repository;
use proptest::collection::vec;
use proptest::prelude::*;
use std::sync::LazyLock;
use url::Url;
use x509_parser::prelude::{FromDer, X509Certificate};

struct Stage {
    pack: Pack,
    authorities: Vec<Authority>,
    key: SubjectKey,
}

static STAGE: LazyLock<Stage> = LazyLock::new(|| {
    let pack = Pack::shipped("lgwan-private").unwrap().unwrap();
    let key = |name: &str| {
        let file = format!("{}/keys/{name}.csr.pem", env!("CARGO_MANIFEST_DIR"));
        Csr::parse(&std::fs::read(file).unwrap()).unwrap().prove().unwrap().into_parts().0
    };
    let repository = Repository { url: Url::parse("http://repository.example.jp").unwrap(), lgwan_url: None };
    let (entropy, own) = (CountingEntropy::seeded(3), key("p384"));
    let authority = |rule| unsigned::authority(&pack, rule, &own, &repository, (&entropy, start())).unwrap();
    let authorities = pack.authorities.iter().map(authority).collect();
    Stage { authorities, key: key("p256"), pack }
});

fn start() -> Timestamp {
    Timestamp::from_jst(2026, 12, 1, 10, 0, 0).unwrap()
}

/// Latin letters mostly, with what people and attackers mix in.
fn latin() -> impl Strategy<Value = String> {
    prop_oneof![
        20 => "[A-Z][a-z]{1,12}( [A-Z][a-z'-]{0,12}[a-z]){0,3}",
        1 => "[A-Za-z][A-Za-z '()+,./:=?-]{0,70}",
        1 => "\\PC{0,20}",
    ]
}

/// Japanese mostly, with what people and attackers mix in.
fn japanese() -> impl Strategy<Value = String> {
    prop_oneof![
        20 => "[白樺町市村総務部課室係長会計管理者佐藤花子山﨑]{1,12}",
        1 => "[一-龠ぁ-んァ-ヶー・ ]{1,70}",
        1 => "\\PC{0,40}",
        1 => Just("山﨑 髙".to_owned()),
        1 => "[,=\u{202e}\u{200b}a-z]{1,9}",
    ]
}

fn order(profile: &Profile, fields: &Fields, hosts: &[String]) -> Result<Order, String> {
    let said = |error: &dyn std::fmt::Display| error.to_string();
    let (dns, emails) = (profile.alternative.dns.most > 0, profile.alternative.emails.most > 0);
    let dns = hosts.iter().filter(|_| dns).map(|host| DnsName::parse(&format!("{host}.lg.jp")));
    let emails = hosts.iter().filter(|_| emails).map(|host| EmailAddress::parse(&format!("soumu@{host}.lg.jp")));
    let directory = profile.alternative.directory.as_ref().map(|template| template.fill(fields));
    let names = AlternativeNames {
        dns: dns.collect::<Result<_, _>>().map_err(|error| said(&error))?,
        emails: emails.collect::<Result<_, _>>().map_err(|error| said(&error))?,
        directory: directory.transpose().map_err(|error| said(&error))?,
    };
    let first = names.dns.first().map(ToString::to_string).unwrap_or_default();
    let fields = fields.clone().with(Field::ServerName, first);
    let subject = profile.subject.as_ref().unwrap().fill(&fields).map_err(|error| said(&error))?;
    Ok(Order::measured(profile, subject, names, STAGE.key.clone()))
}

/// The certificate with an empty signature.
fn der(tbs: &[u8]) -> Vec<u8> {
    let algorithm = STAGE.authorities[0].key().algorithm().signature_algorithm();
    Writer::build(|w| {
        w.sequence(|w| {
            w.bit_string(&[]);
            algorithm.write(w);
            w.raw(tbs);
        });
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 600, ..ProptestConfig::default() })]

    #[test]
    fn what_is_filled_in_is_refused_or_stands_in_the_certificate(
        which in any::<prop::sample::Index>(),
        english in vec(latin(), 7),
        kanji in vec(japanese(), 5),
        hosts in vec("[a-z][a-z0-9-]{0,12}", 1..4),
    ) {
        let requested: Vec<_> = STAGE.pack.profiles().iter().filter(|profile| profile.family.is_requested()).collect();
        let profile = which.get(&requested);
        let mut fields = Fields::default();
        let latin = [Field::OrganisationEn, Field::PrefectureEn, Field::UnitsEn, Field::PostEn, Field::PersonEn, Field::PersonNumber, Field::ServiceEn];
        for (field, value) in latin.into_iter().zip(&english) {
            fields = fields.with(field, value);
        }
        for (field, value) in [Field::Organisation, Field::Units, Field::Units, Field::Post, Field::Person].into_iter().zip(&kanji) {
            fields = fields.with(field, value);
        }
        let authority = STAGE.authorities.iter().find(|one| profile.issuers.contains(one.id())).unwrap();
        // Refused with a reason, before anything is written.
        let Ok(order) = order(profile, &fields, &hosts) else { return Ok(()) };
        let Ok(linted) = prepare(&STAGE.pack, authority, order, &CountingEntropy::default(), start()) else { return Ok(()) };
        let facts = linted.facts();
        let der = der(&facts.tbs);
        let ours = Certificate::from_der(&der).unwrap();
        prop_assert_eq!(ours.subject(), &facts.subject);
        prop_assert_eq!(ours.extensions().directory_names.first(), facts.names.directory.as_ref());
        prop_assert_eq!(&ours.extensions().dns_names, &facts.names.dns.iter().map(ToString::to_string).collect::<Vec<_>>());
        prop_assert_eq!(&ours.extensions().emails, &facts.names.emails.iter().map(ToString::to_string).collect::<Vec<_>>());
        prop_assert_eq!(ours.validity(), facts.validity);
        let (_, theirs) = X509Certificate::from_der(&der).unwrap();
        prop_assert_eq!(theirs.subject().as_raw(), facts.subject.as_der());
        // What was typed is what is read: no character changed, none lost.
        let read: Vec<&str> = theirs.subject().iter_attributes().filter_map(|one| one.as_str().ok()).collect();
        for field in profile.asked().into_iter().filter(|field| latin.contains(field)) {
            for typed in fields.values(field) {
                prop_assert!(read.contains(&typed.as_str()), "{:?} is not in {:?}", typed, read);
            }
        }
        if let Some(name) = &facts.names.directory {
            let read: Vec<&str> = name.values(Attribute::OrganisationalUnit).chain(name.values(Attribute::CommonName)).collect();
            for typed in fields.values(Field::Units) {
                prop_assert!(read.contains(&typed.as_str()), "{:?} is not in {:?}", typed, read);
            }
        }
    }
}

#[test]
fn the_property_is_not_empty() {
    let fields = lgpki::commands::profile::order::fields();
    let authority = STAGE.authorities.iter().find(|one| one.id().as_str() == "organisation-ca").unwrap();
    let profile = STAGE.pack.profile_named("job-role").unwrap();
    let order = order(profile, &fields, &[]).unwrap();
    assert!(prepare(&STAGE.pack, authority, order, &CountingEntropy::default(), start()).is_ok());
}
