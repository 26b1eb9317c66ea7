//! Certificates for the tests of rules: what the encoder writes, with any field open to change.

mod fields;

pub(crate) use fields::{general, general_names};

use super::{Baseline, Candidate, Check, Finding, Promise, Rule, Severity, findings};
use crate::certificate::Certificate;
use crate::der::{Reader, Writer, check_strict, tag};
use crate::id::{AuthorityId, KeyLabel};
use crate::issue::encode::encode;
use crate::issue::{Authority, Facts, PublicAddresses, Vetted};
use crate::key::{CryptoCalendar, SignatureAlgorithm, SubjectKey};
use crate::name::{AlternativeNames, Attribute, DistinguishedName, DnsName, EmailAddress, StringKind};
use crate::oid::{self, Oid};
use crate::profile::{Count, Family, Field, Fields, Pack, Profile};
use crate::testing::CountingEntropy;
use crate::time::Timestamp;
use std::sync::Arc;

/// A certificate in parts, beside who issues it and what was ordered. Values are DER unless they say otherwise.
pub(crate) struct Sample {
    /// 2 is v3; `None` leaves it out (v1).
    pub(crate) version: Option<u64>,
    /// Content octets of the INTEGER.
    pub(crate) serial: Vec<u8>,
    pub(crate) inner_algorithm: Vec<u8>,
    pub(crate) outer_algorithm: Vec<u8>,
    pub(crate) issuer: Vec<u8>,
    pub(crate) not_before: Vec<u8>,
    pub(crate) not_after: Vec<u8>,
    pub(crate) subject: Vec<u8>,
    pub(crate) spki: Vec<u8>,
    /// Octets of subjectUniqueID.
    pub(crate) unique_id: Option<Vec<u8>>,
    /// Id, criticality, content of extnValue.
    pub(crate) extensions: Vec<(Vec<u8>, bool, Vec<u8>)>,
    pub(crate) authority: Authority,
    pub(crate) profile: Arc<Profile>,
    pub(crate) facts: Facts,
    pub(crate) calendar: CryptoCalendar,
    pub(crate) baseline: Option<Baseline>,
    /// Whether an empty list of extensions is written instead of none.
    pub(crate) writes_empty_list: bool,
    /// Whether it was promised; another CA's is judged alone.
    pub(crate) is_ours: bool,
}

/// The instant samples begin to be valid.
pub(crate) fn start() -> Timestamp {
    Timestamp::from_utc(2026, 4, 1, 0, 0, 0).unwrap()
}

/// The shipped packs, each profile of which the sample root issues too.
pub(crate) fn packs() -> [Pack; 2] {
    ["lgwan-private", "bridge-gpki"].map(|name| {
        let pack = Pack::shipped(name).unwrap().unwrap();
        ["root", "below"].iter().fold(pack, |pack, id| pack.also_issued_by(&AuthorityId::parse(id).unwrap()))
    })
}

/// The first of them.
pub(crate) fn pack() -> Pack {
    let [pack, _] = packs();
    pack
}

/// A profile of the first.
pub(crate) fn profile(name: &str) -> Arc<Profile> {
    Arc::clone(pack().profile_named(name).unwrap())
}

/// What people fill in.
pub(crate) fn fields() -> Fields {
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

pub(crate) fn japanese_name() -> DistinguishedName {
    DistinguishedName::new(&[
        (Attribute::Country, StringKind::Printable, "JP"),
        (Attribute::OrganisationalUnit, StringKind::Utf8, "見本認証局"),
    ])
    .unwrap()
}

/// DER of a Time in UTCTime form.
pub(crate) fn utc_time(text: &str) -> Vec<u8> {
    Writer::build(|w| w.primitive(tag::UTC_TIME, text.as_bytes()))
}

/// DER of a Time in GeneralizedTime form.
pub(crate) fn generalized_time(text: &str) -> Vec<u8> {
    Writer::build(|w| w.primitive(tag::GENERALIZED_TIME, text.as_bytes()))
}

/// SubjectPublicKeyInfo of a P-256 point whose coordinates are `fill`.
pub(crate) fn p256(fill: u8) -> Vec<u8> {
    spki(oid::EC_PUBLIC_KEY, |w| w.oid(oid::SECP256R1), &[&[4][..], &[fill; 64]].concat())
}

/// SubjectPublicKeyInfo of an RSA key with a modulus of that many octets; its numbers mean nothing.
pub(crate) fn rsa(octets: usize) -> Vec<u8> {
    let key = Writer::build(|w| {
        w.sequence(|w| {
            w.integer(65_537);
            w.unsigned(&vec![0xc5; octets]);
        });
    });
    spki(oid::RSA_ENCRYPTION, Writer::null, &key)
}

/// SubjectPublicKeyInfo of any kind.
pub(crate) fn spki(algorithm: Oid, parameters: impl FnOnce(&mut Writer), key: &[u8]) -> Vec<u8> {
    Writer::build(|w| {
        w.sequence(|w| {
            w.bit_string(key);
            w.sequence(|w| {
                parameters(w);
                w.oid(algorithm);
            });
        });
    })
}

/// A Name of these attributes, whatever rules they break.
pub(crate) fn name(attributes: &[(Oid, u8, &str)]) -> Vec<u8> {
    Writer::build(|w| {
        w.sequence(|w| {
            for (kind, string_tag, value) in attributes.iter().rev() {
                w.constructed(tag::SET, |w| {
                    w.sequence(|w| {
                        w.primitive(*string_tag, value.as_bytes());
                        w.oid(*kind);
                    });
                });
            }
        });
    })
}

fn authority_name(common_name: &str) -> DistinguishedName {
    DistinguishedName::new(&[
        (Attribute::Country, StringKind::Printable, "JP"),
        (Attribute::CommonName, StringKind::Printable, common_name),
    ])
    .unwrap()
}

fn founder(spki: &[u8]) -> Authority {
    let key = SubjectKey::from_spki_der(spki).unwrap();
    let label = KeyLabel::parse("root").unwrap();
    Authority::founding(AuthorityId::parse("root").unwrap(), authority_name("Sample Root"), key, label)
}

impl Sample {
    /// What the encoder writes for this profile: a founder's own for self-signed ones, the sample root's otherwise.
    pub(crate) fn of(profile: &Arc<Profile>) -> Self {
        if profile.family == Family::Root {
            return Self::founded(profile, &p256(1));
        }
        let authority = Self::root_authority();
        let subject = match &profile.subject {
            Some(template) => template.fill(&fields()).unwrap(),
            None if profile.family.is_self_issued() => authority.name().clone(),
            None => authority_name("Sample Below"),
        };
        let key = SubjectKey::from_spki_der(&p256(2)).unwrap();
        Self::encoded(authority, Self::order(profile, subject, key))
    }

    /// A root's own certificate, with the key in `spki`.
    pub(crate) fn root(spki: &[u8]) -> Self {
        Self::founded(&profile("root-ca"), spki)
    }

    fn founded(profile: &Arc<Profile>, spki: &[u8]) -> Self {
        let founder = founder(spki);
        let (subject, key) = (founder.name().clone(), founder.key().clone());
        Self::encoded(founder, Self::order(profile, subject, key))
    }

    /// A web server's certificate.
    pub(crate) fn web_server() -> Self {
        Self::of(&profile("web-server"))
    }

    /// A web server's certificate that has lost all its extensions.
    pub(crate) fn bare() -> Self {
        Self::web_server().with(|sample| sample.extensions.clear())
    }

    /// The authority of the sample root's certificate, with addresses and a name in Japanese.
    pub(crate) fn root_authority() -> Authority {
        let certificate = Certificate::from_der(&Self::of(&profile("organisation-ca")).der()).unwrap();
        let addresses = PublicAddresses {
            crl: vec!["http://crl.example.jp/root.crl".into(), "http://crl.lgwan.example.jp/root.crl".into()],
            ocsp: vec!["http://ocsp.example.jp/".into()],
            issuer_certificate: vec!["http://crl.example.jp/root.cer".into()],
        };
        let founder = founder(&p256(1));
        let root = Authority::of_certificate(founder.id().clone(), &certificate, founder.label().clone(), addresses);
        root.unwrap().without_path_length()
    }

    fn order(profile: &Arc<Profile>, subject: DistinguishedName, key: SubjectKey) -> Vetted {
        let rule = &profile.alternative;
        let some = |count: Count| if count.most > 0 { 1 } else { 0 };
        let names = AlternativeNames {
            dns: vec![DnsName::parse("www.town.shirakaba.lg.jp").unwrap(); some(rule.dns)],
            emails: vec![EmailAddress::parse("soumu@town.shirakaba.lg.jp").unwrap(); some(rule.emails)],
            directory: match &rule.directory {
                Some(template) => Some(template.fill(&fields()).unwrap()),
                None => rule.of_authority.then(japanese_name),
            },
        };
        let validity = profile.validity.period(start());
        Vetted { request: None, profile: Arc::clone(profile), subject, names, key, validity }
    }

    fn encoded(authority: Authority, vetted: Vetted) -> Self {
        let unsigned = encode(None, &authority, vetted, &CountingEntropy::seeded(1)).unwrap();
        let (facts, profile) = (unsigned.facts, unsigned.profile);
        let baseline = profile.baseline;
        let mut tbs = Reader::of_sequence(&facts.tbs).unwrap();
        tbs.expect(tag::context_constructed(0)).unwrap();
        let serial = tbs.expect(tag::INTEGER).unwrap().to_vec();
        let algorithm = tbs.element().unwrap().whole.to_vec();
        let issuer = tbs.element().unwrap().whole.to_vec();
        let mut validity = tbs.sequence().unwrap();
        let (not_before, not_after) = (validity.element().unwrap().whole, validity.element().unwrap().whole);
        let (not_before, not_after) = (not_before.to_vec(), not_after.to_vec());
        let subject = tbs.element().unwrap().whole.to_vec();
        let spki = tbs.element().unwrap().whole.to_vec();
        let mut list = tbs.constructed(tag::context_constructed(3)).unwrap().sequence().unwrap();
        let mut extensions = Vec::new();
        while !list.is_empty() {
            let mut extension = list.sequence().unwrap();
            let id = extension.oid().unwrap().to_vec();
            let critical = extension.optional(tag::BOOLEAN).unwrap().is_some();
            extensions.push((id, critical, extension.expect(tag::OCTET_STRING).unwrap().to_vec()));
        }
        Self {
            version: Some(2),
            serial,
            inner_algorithm: algorithm.clone(),
            outer_algorithm: algorithm,
            issuer,
            not_before,
            not_after,
            subject,
            spki,
            unique_id: None,
            extensions,
            authority,
            profile,
            facts,
            calendar: CryptoCalendar::empty(),
            baseline,
            writes_empty_list: false,
            is_ours: true,
        }
    }

    /// The sample with a change.
    pub(crate) fn with(mut self, change: impl FnOnce(&mut Self)) -> Self {
        change(&mut self);
        self
    }

    /// The sample with both algorithm fields naming `algorithm`.
    pub(crate) fn algorithm(self, parameters: impl FnOnce(&mut Writer), algorithm: Oid) -> Self {
        let der = Writer::build(|w| {
            w.sequence(|w| {
                parameters(w);
                w.oid(algorithm);
            });
        });
        self.with(|sample| (sample.inner_algorithm, sample.outer_algorithm) = (der.clone(), der))
    }

    /// The sample with both algorithm fields as we write them.
    pub(crate) fn signed_with(self, algorithm: SignatureAlgorithm) -> Self {
        let der = Writer::build(|w| algorithm.write(w));
        self.with(|sample| (sample.inner_algorithm, sample.outer_algorithm) = (der.clone(), der))
    }

    /// The sample with this extension instead of the one it had, or at the end; not critical.
    pub(crate) fn extension(mut self, id: Oid, value: impl FnOnce(&mut Writer)) -> Self {
        let value = Writer::build(value);
        match self.extensions.iter_mut().find(|(found, ..)| found == id.as_bytes()) {
            Some(extension) => *extension = (id.as_bytes().to_vec(), false, value),
            None => self.extensions.push((id.as_bytes().to_vec(), false, value)),
        }
        self
    }

    /// As [`Self::extension`], critical.
    pub(crate) fn critical(self, id: Oid, value: impl FnOnce(&mut Writer)) -> Self {
        self.extension(id, value).with(|sample| {
            sample.extensions.iter_mut().filter(|(found, ..)| found == id.as_bytes()).for_each(|found| found.1 = true);
        })
    }

    /// The sample without this extension.
    pub(crate) fn without(mut self, id: Oid) -> Self {
        self.extensions.retain(|(found, ..)| found != id.as_bytes());
        self
    }

    /// The sample with basicConstraints that say CA, critical.
    pub(crate) fn authority_constraints(self) -> Self {
        self.critical(oid::BASIC_CONSTRAINTS, |w| w.sequence(|w| w.boolean(true)))
    }

    /// The certificate, with an empty signature.
    pub(crate) fn der(&self) -> Vec<u8> {
        let tbs = Writer::build(|w| {
            w.sequence(|w| {
                if !self.extensions.is_empty() || self.writes_empty_list {
                    w.constructed(tag::context_constructed(3), |w| w.sequence(|w| self.write_extensions(w)));
                }
                if let Some(id) = &self.unique_id {
                    w.primitive(tag::context(2), &[&[0], &id[..]].concat());
                }
                w.raw(&self.spki);
                w.raw(&self.subject);
                w.sequence(|w| {
                    w.raw(&self.not_after);
                    w.raw(&self.not_before);
                });
                w.raw(&self.issuer);
                w.raw(&self.inner_algorithm);
                w.primitive(tag::INTEGER, &self.serial);
                if let Some(version) = self.version {
                    w.constructed(tag::context_constructed(0), |w| w.integer(version));
                }
            });
        });
        Writer::build(|w| {
            w.sequence(|w| {
                w.bit_string(&[]);
                w.raw(&self.outer_algorithm);
                w.raw(&tbs);
            });
        })
    }

    fn write_extensions(&self, w: &mut Writer) {
        for (id, critical, value) in self.extensions.iter().rev() {
            w.sequence(|w| {
                w.octet_string(value);
                if *critical {
                    w.boolean(true);
                }
                w.primitive(tag::OID, id);
            });
        }
    }

    /// The sample as rules see it: [`Self::der`] beside what it is held to.
    fn candidate<'a>(&'a self, der: &'a [u8]) -> Candidate<'a> {
        let promise = Promise { profile: &self.profile, authority: &self.authority, facts: &self.facts };
        let candidate = Candidate::parse_leniently(der, &self.calendar).unwrap().held_to(self.baseline);
        if self.is_ours { candidate.promised(promise) } else { candidate }
    }

    /// What `rule` says of the sample, held to the rule's own baseline.
    pub(crate) fn judge(&self, rule: &Rule) -> Result<(), String> {
        let der = self.der();
        let baseline = match rule.check {
            Check::Baseline(baseline, _) => Some(baseline),
            Check::Any(_) | Check::Promise(_) => self.baseline,
        };
        rule.judge(&self.candidate(&der).held_to(baseline))
    }

    /// Asserts that the sample keeps `rule`.
    pub(crate) fn keeps(&self, rule: &Rule) {
        assert_eq!(self.judge(rule), Ok(()), "{}", rule.name);
    }

    /// Asserts that the sample breaks `rule`, and what is found.
    pub(crate) fn breaks(&self, rule: &Rule, found: &str) {
        assert_eq!(self.judge(rule), Err(found.to_owned()), "{}", rule.name);
    }

    /// The names of all rules the sample breaks that refuse it; empty also means that it is strict DER.
    pub(crate) fn broken(&self) -> Vec<&'static str> {
        self.found(Severity::Error)
    }

    /// The names of all rules the sample breaks that only warn.
    pub(crate) fn warned(&self) -> Vec<&'static str> {
        self.found(Severity::Warning)
    }

    fn found(&self, severity: Severity) -> Vec<&'static str> {
        let der = self.der();
        check_strict(&der).unwrap();
        let findings = findings(&self.candidate(&der)).into_iter().filter(|finding| finding.severity == severity);
        findings.map(|finding| finding.rule).collect()
    }

    /// What all rules find in these octets instead of the sample's; `None` where they cannot be read, strict or not.
    pub(crate) fn findings_in(&self, der: &[u8], baseline: Option<Baseline>) -> Option<Vec<Finding>> {
        let promise = Promise { profile: &self.profile, authority: &self.authority, facts: &self.facts };
        let candidate = Candidate::parse_leniently(der, &self.calendar).ok()?;
        Some(findings(&candidate.held_to(baseline).promised(promise)))
    }
}
