//! Certificates of every family of the shipped packs, issued by the pipeline up to the signature, which stays empty.

pub(crate) mod foreign;

use ca_core::certificate::Certificate;
use ca_core::der::Writer;
use ca_core::id::{AuthorityId, KeyLabel};
use ca_core::issue::{Authority, Order, PublicAddresses, prepare};
use ca_core::key::{KeyAlgorithm, SubjectKey};
use ca_core::name::{AlternativeNames, Attribute, DistinguishedName, DnsName, EmailAddress, StringKind};
use ca_core::oid;
use ca_core::profile::{Family, Field, Fields, Pack, Packs, Profile};
use ca_core::testing::CountingEntropy;
use ca_core::time::Timestamp;

/// The authorities of the shipped packs, each with a key of its own that means nothing.
pub(crate) struct Issuers {
    pub packs: Packs,
}

/// SubjectPublicKeyInfo of a point whose coordinates are `fill`.
pub(crate) fn key(kind: KeyAlgorithm, fill: u8) -> SubjectKey {
    let (curve, octets) = if kind == KeyAlgorithm::P384 { (oid::SECP384R1, 96) } else { (oid::SECP256R1, 64) };
    let der = Writer::build(|w| {
        w.sequence(|w| {
            w.bit_string(&[vec![4], vec![fill; octets]].concat());
            w.sequence(|w| {
                w.oid(curve);
                w.oid(oid::EC_PUBLIC_KEY);
            });
        });
    });
    SubjectKey::from_spki_der(&der).unwrap()
}

/// The certificate around a to-be-signed part, its signature empty.
pub(crate) fn unsigned(tbs: &[u8], issuer: KeyAlgorithm) -> Certificate {
    let der = Writer::build(|w| {
        w.sequence(|w| {
            w.bit_string(&[]);
            issuer.signature_algorithm().write(w);
            w.raw(tbs);
        });
    });
    Certificate::from_der(&der).unwrap()
}

fn begin() -> Timestamp {
    Timestamp::from_jst(2026, 10, 1, 0, 0, 0).unwrap()
}

fn fields() -> Fields {
    Fields::default()
        .with(Field::Organisation, "白樺町")
        .with(Field::OrganisationEn, "Shirakaba Town")
        .with(Field::PrefectureEn, "Hokkaido")
        .with(Field::Units, "総務課")
        .with(Field::UnitsEn, "General Affairs Division")
        .with(Field::Post, "町長")
        .with(Field::PostEn, "Mayor")
        .with(Field::Person, "佐藤 花子")
        .with(Field::PersonEn, "SATO HANAKO")
        .with(Field::PersonNumber, "0123")
        .with(Field::ServiceEn, "General Affairs")
        .with(Field::ServerName, "www.town.shirakaba.lg.jp")
}

impl Issuers {
    pub(crate) fn founded() -> Self {
        Self { packs: Packs::shipped().unwrap() }
    }

    /// A certificate of the first profile of a family, by the first authority that issues it.
    pub(crate) fn certificate(&self, family: Family) -> Certificate {
        let all = self.packs.iter().flat_map(|pack| pack.profiles().iter().map(move |profile| (pack, profile)));
        let (pack, profile) = all.into_iter().find(|(_, profile)| profile.family == family).unwrap();
        let id = profile.issuers.first().unwrap();
        if family == Family::Root {
            return self.authority_certificate(pack, id);
        }
        let authority = self.authority(pack, id);
        let subject = match (&profile.subject, family) {
            (Some(template), _) => template.fill(&fields()).unwrap(),
            (None, family) if family.is_self_issued() => authority.name().clone(),
            (None, Family::Subordinate) => named(pack, "application-ca"),
            (None, Family::Cross) => named(self.packs.named("lgwan-private").unwrap(), "organisation-ca"),
            (None, Family::ValidationAuthority) => service("Sample Validation Service"),
            (None, _) => service("Sample OCSP Responder"),
        };
        let names = names(profile);
        let order = Order::measured(profile, subject, names, key(*profile.keys.first().unwrap(), 9));
        let order = if matches!(family, Family::OldWithNew | Family::NewWithOld) {
            order.linking(authority.validity().unwrap())
        } else {
            order
        };
        issue(pack, &authority, order)
    }

    fn authority(&self, pack: &Pack, id: &AuthorityId) -> Authority {
        let certificate = self.authority_certificate(pack, id);
        let addresses = PublicAddresses {
            crl: vec![
                format!("http://repo.lgpki.example/crl/{id}.crl"),
                format!("http://repo.lgwan.example/crl/{id}.crl"),
            ],
            ocsp: vec!["http://ocsp.lgpki.example/".into()],
            issuer_certificate: vec![format!("http://repo.lgpki.example/aia/{id}.cer")],
        };
        Authority::of_certificate(id.clone(), &certificate, KeyLabel::parse(id.as_str()).unwrap(), addresses).unwrap()
    }

    fn authority_certificate(&self, pack: &Pack, id: &AuthorityId) -> Certificate {
        let rule = pack.authority(id).unwrap();
        let profile = pack.profile(&rule.profile).unwrap();
        let own = key(*rule.keys.first().unwrap(), if rule.issuer.is_some() { 2 } else { 1 });
        let issuer = match &rule.issuer {
            Some(issuer) => self.authority(pack, issuer),
            None => {
                let label = KeyLabel::parse(id.as_str()).unwrap();
                Authority::founding(id.clone(), rule.subject.clone(), own.clone(), label)
            }
        };
        issue(
            pack,
            &issuer,
            Order::ceremony(profile, rule.subject.clone(), own).called(alternative(profile, rule.alternative.as_ref())),
        )
    }
}

fn alternative(profile: &Profile, name: Option<&DistinguishedName>) -> Option<DistinguishedName> {
    name.filter(|_| profile.alternative.of_authority).cloned()
}

fn issue(pack: &Pack, authority: &Authority, order: Order) -> Certificate {
    let linted = prepare(pack, authority, order, &CountingEntropy::seeded(1), begin()).unwrap();
    unsigned(&linted.facts().tbs, authority.key().algorithm())
}

fn names(profile: &Profile) -> AlternativeNames {
    let rule = &profile.alternative;
    let servers = ["www.town.shirakaba.lg.jp", "town.shirakaba.lg.jp"].map(|name| DnsName::parse(name).unwrap());
    AlternativeNames {
        dns: servers.into_iter().take(rule.dns.most).collect(),
        emails: vec![EmailAddress::parse("soumu@town.shirakaba.lg.jp").unwrap(); rule.emails.most.min(1)],
        directory: rule.directory.as_ref().map(|template| template.fill(&fields()).unwrap()),
    }
}

fn named(pack: &Pack, authority: &str) -> DistinguishedName {
    pack.authority(&AuthorityId::parse(authority).unwrap()).unwrap().subject.clone()
}

fn service(name: &str) -> DistinguishedName {
    let kind = StringKind::Printable;
    let parts = [(Attribute::Country, "JP"), (Attribute::Organisation, "LGPKI Sample"), (Attribute::CommonName, name)];
    DistinguishedName::new(&parts.map(|(attribute, value)| (attribute, kind, value))).unwrap()
}
