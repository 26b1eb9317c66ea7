//! Policy packs as people write them: mutilated ones never panic; what is changed shows up as a difference, or is refused;
//! and a pack that is accepted can be issued by.

use ca_core::certificate::Certificate;
use ca_core::der::{Reader, Writer, tag};
use ca_core::id::KeyLabel;
use ca_core::issue::{Authority, LintError, Order, PublicAddresses, Refusal, prepare};
use ca_core::key::{KeyAlgorithm, SubjectKey};
use ca_core::name::{AlternativeNames, Attribute, DistinguishedName, DnsName, EmailAddress, StringKind};
use ca_core::profile::pack::SHIPPED;
use ca_core::profile::{AuthorityRule, Count, Field, Fields, FillError, Pack, Profile};
use ca_core::request::Csr;
use ca_core::testing::CountingEntropy;
use ca_core::time::Validity;
use proptest::collection::vec;
use proptest::prelude::*;
use std::sync::LazyLock;
use std::time::Duration;

static ORIGINALS: LazyLock<Vec<Pack>> =
    LazyLock::new(|| SHIPPED.iter().map(|(name, text)| Pack::parse(text, name).unwrap()).collect());

/// Why something of a pack that was accepted cannot be issued.
#[derive(Debug)]
enum Hindrance {
    /// A name cannot be made of these fields.
    Name(FillError),
    /// The engine refuses the order.
    Refused(Refusal),
}

impl std::fmt::Display for Hindrance {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Name(why) => write!(f, "{why}"),
            Self::Refused(why) => write!(f, "{why}: {why:?}"),
        }
    }
}

/// A public key of that kind, different for each `seed`. Nothing is signed here, so nobody needs the private one.
fn key(kind: KeyAlgorithm, seed: u8) -> SubjectKey {
    let curve: (&[u8], usize) = match kind {
        KeyAlgorithm::P256 => (b"\x30\x59\x30\x13\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07\x03\x42\x00\x04", 64),
        KeyAlgorithm::P384 => (b"\x30\x76\x30\x10\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x05\x2b\x81\x04\x00\x22\x03\x62\x00\x04", 96),
        rsa => {
            let bits = rsa.bits();
            let file = std::fs::read(format!("{}/keys/rsa{bits}.csr.pem", env!("CARGO_MANIFEST_DIR"))).unwrap();
            return Csr::parse(&file).unwrap().prove().unwrap().key().clone();
        }
    };
    SubjectKey::from_spki_der(&[curve.0, &vec![seed; curve.1]].concat()).unwrap()
}

/// The kind of an authority's key: an elliptic curve where it may, because there are as many of those as one likes.
fn preferred(kinds: &[KeyAlgorithm]) -> KeyAlgorithm {
    kinds.iter().copied().find(|kind| !kind.is_rsa()).unwrap_or(kinds[0])
}

/// The certificate that would come of an order, with octets in place of the signature.
fn certificate(pack: &Pack, issuer: &Authority, order: Order) -> Result<Certificate, Hindrance> {
    let linted = prepare(pack, issuer, order, &CountingEntropy::default(), pack.effective_from);
    let tbs = linted.map_err(Hindrance::Refused)?.facts().tbs.clone();
    let mut fields = Reader::of_sequence(&tbs).unwrap();
    let (_version, _serial) = (fields.element().unwrap(), fields.element().unwrap());
    let signature = Writer::build(|w| w.bit_string(&[7; 8]));
    let whole = [&tbs, fields.element().unwrap().whole, &signature].concat();
    Ok(Certificate::from_der(&Writer::build(|w| w.primitive(tag::SEQUENCE, &whole))).unwrap())
}

/// An authority of the pack with its certificate, and those above it.
fn authority(pack: &Pack, rule: &AuthorityRule) -> Result<Authority, Hindrance> {
    let seed = u8::try_from(pack.authorities.iter().position(|one| one.id == rule.id).unwrap()).unwrap();
    let (key, label) = (key(preferred(&rule.keys), seed), KeyLabel::parse(rule.id.as_str()).unwrap());
    let issuer = match &rule.issuer {
        Some(issuer) => authority(pack, pack.authority(issuer).unwrap())?,
        None => Authority::founding(rule.id.clone(), rule.subject.clone(), key.clone(), label.clone()),
    };
    let order = Order::ceremony(pack.profile(&rule.profile).unwrap(), rule.subject.clone(), key);
    let certificate = certificate(pack, &issuer, order.called(rule.alternative.clone()))?;
    let base = "http://repository.example.lg.jp";
    let addresses = PublicAddresses {
        crl: vec![format!("{base}/a.crl"), format!("{base}/b.crl")],
        ocsp: vec![format!("{base}/ocsp")],
        issuer_certificate: vec![format!("{base}/a.cer")],
    };
    Ok(Authority::of_certificate(rule.id.clone(), &certificate, label, addresses).unwrap())
}

/// Every field, as a person of a town fills it in.
fn fields() -> Fields {
    Field::ALL.into_iter().fold(Fields::default(), |fields, field| {
        let value = match field {
            Field::Organisation => "白樺町",
            Field::OrganisationEn => "Shirakaba Town",
            Field::PrefectureEn => "Hokkaido",
            Field::Units => "総務課",
            Field::UnitsEn => "General Affairs Division",
            Field::Post => "町長",
            Field::PostEn => "Mayor",
            Field::Person => "佐藤花子",
            Field::PersonEn => "Hanako Sato",
            Field::PersonNumber => "001",
            Field::ServiceEn => "Information Desk",
            Field::ServerName => "www.town.shirakaba.lg.jp",
        };
        fields.with(field, value)
    })
}

/// What a holder would order by the profile.
fn request(profile: &Profile, key: SubjectKey) -> Result<Order, Hindrance> {
    let names = |count: Count| 0..count.least.max(1).min(count.most);
    let alternative = &profile.alternative;
    let subject = profile.subject.as_ref().unwrap().fill(&fields()).map_err(Hindrance::Name)?;
    let names = AlternativeNames {
        dns: names(alternative.dns)
            .map(|n| DnsName::parse(&format!("{}.town.shirakaba.lg.jp", ["www", "ftp", "ns"][n.min(2)])).unwrap())
            .collect(),
        emails: names(alternative.emails)
            .map(|n| EmailAddress::parse(&format!("desk{n}@town.shirakaba.lg.jp")).unwrap())
            .collect(),
        directory: alternative
            .directory
            .as_ref()
            .map(|name| name.fill(&fields()))
            .transpose()
            .map_err(Hindrance::Name)?,
    };
    Ok(Order::measured(profile, subject, names, key))
}

/// What a ceremony would order by the profile: for one of the pack's authorities where it is theirs.
fn ceremony(pack: &Pack, profile: &Profile, issuer: &Authority, key: SubjectKey) -> Order {
    let own = pack.authorities.iter().find(|rule| rule.profile == profile.id && rule.id != *issuer.id());
    let other = DistinguishedName::new(&[(Attribute::CommonName, StringKind::Printable, "Somebody")]).unwrap();
    if profile.family.is_self_issued() {
        let Validity { not_before, not_after } = issuer.validity().unwrap();
        let alternative = issuer.alternative_name().filter(|_| profile.alternative.of_authority).cloned();
        let order = Order::ceremony(profile, issuer.name().clone(), key).called(alternative);
        return order.linking(Validity { not_before, not_after: not_after.minus(Duration::from_secs(1)) });
    }
    match own {
        Some(rule) => Order::ceremony(profile, rule.subject.clone(), key).called(rule.alternative.clone()),
        None if profile.subject.is_some() => request(profile, key).unwrap(),
        None => Order::ceremony(profile, other.clone(), key).called(profile.alternative.of_authority.then_some(other)),
    }
}

/// Orders a certificate of the profile from each of its issuers, with a key of each of `kinds`.
fn issued(pack: &Pack, profile: &Profile, kinds: &[KeyAlgorithm]) -> Result<(), Hindrance> {
    for issuer in &profile.issuers {
        let issuer = authority(pack, pack.authority(issuer).unwrap())?;
        for kind in kinds {
            let key = key(*kind, 99);
            let order = if profile.family.is_requested() {
                request(profile, key)?
            } else {
                ceremony(pack, profile, &issuer, key)
            };
            certificate(pack, &issuer, order)?;
        }
    }
    Ok(())
}

#[test]
fn every_profile_of_the_shipped_packs_is_issued_for_each_of_its_keys() {
    for pack in ORIGINALS.iter() {
        for profile in pack.profiles() {
            issued(pack, profile, &profile.keys).unwrap_or_else(|why| panic!("{}: {why}", profile.id));
        }
    }
}

/// Where values stand in a line: without the comment at its end.
fn values(line: &str) -> &str {
    let mut quoted = false;
    let end = line.char_indices().find(|(_, c)| {
        quoted ^= *c == '"';
        *c == '#' && !quoted
    });
    &line[..end.map_or(line.len(), |(at, _)| at)]
}

/// The line with one value in it changed, in every way there is: another last letter or digit of a text or number, yes for no,
/// one text of a list less, and nothing.
fn changes(line: &str) -> Vec<String> {
    let values = values(line);
    let mut changed = vec![String::new()];
    let (mut quoted, mut begins) = (false, 0);
    let letters: Vec<(usize, char)> = values.char_indices().collect();
    for (index, (at, letter)) in letters.iter().copied().enumerate() {
        let next = letters.get(index + 1).map(|(_, next)| *next);
        match letter {
            '"' => {
                quoted = !quoted;
                if quoted {
                    begins = at;
                } else {
                    let rest = &line[at + 1..];
                    changed.push(format!("{}{}", &line[..begins], rest.strip_prefix(", ").unwrap_or(rest)));
                }
            }
            // The last of a text, of a key or of a number.
            last if quoted && next == Some('"')
                || !quoted && last.is_ascii_digit() && next.is_none_or(|c| !c.is_ascii_digit()) =>
            {
                let other = match last {
                    '9' => '8',
                    '0'..='8' => char::from_u32(u32::from(last) + 1).unwrap(),
                    'x' => 'y',
                    _ => 'x',
                };
                changed.push(format!("{}{other}{}", &line[..at], &line[at + last.len_utf8()..]));
            }
            _ => {}
        }
    }
    let flips =
        [("true", "false"), ("false", "true"), ("jst-day", "exact"), ("printable", "utf8"), ("utf8", "printable")];
    changed.extend(flips.iter().filter(|(old, _)| values.contains(old)).map(|(old, new)| line.replacen(old, new, 1)));
    changed
}

/// Each pack with each change of each line that says something: the original, the number of the line, the text.
fn changed_packs() -> impl Iterator<Item = (&'static Pack, usize, String)> {
    SHIPPED.iter().zip(ORIGINALS.iter()).flat_map(|((_, text), original)| {
        let lines: Vec<&str> = text.lines().collect();
        let says = |line: &str| !values(line).trim().is_empty() && !line.starts_with('[');
        let numbers = (0..lines.len()).filter(|number| says(lines[*number])).collect::<Vec<_>>();
        numbers.into_iter().flat_map(move |number| {
            let lines = lines.clone();
            changes(lines[number]).into_iter().map(move |line| {
                let mut lines = lines.clone();
                lines[number] = &line;
                (original, number + 1, lines.join("\n"))
            })
        })
    })
}

/// What may go without changing anything, because the program does the same where nothing is said.
const SAID_FOR_READERS: [&str; 1] = ["key-sources = [\"holder\"]"];

#[test]
fn every_changed_value_is_refused_or_shown_as_a_difference() {
    let (mut refused, mut different) = (0, 0);
    for (original, number, text) in changed_packs() {
        let line = text.split('\n').nth(number - 1).unwrap().to_owned();
        match Pack::parse(&text, "changed.toml") {
            Err(errors) => {
                assert!(errors.0.iter().all(|error| error.line >= 1 && !error.reason.is_empty()), "{errors:?}");
                refused += 1;
            }
            Ok(pack) => {
                let differences = original.differences(&pack);
                assert_eq!(differences.is_empty(), *original == pack, "line {number}: {line}");
                let shipped = SHIPPED.iter().find(|(name, _)| *name == original.name.as_str()).unwrap().1;
                let before = shipped.lines().nth(number - 1).unwrap();
                let said_for_readers = line.is_empty() && SAID_FOR_READERS.contains(&before);
                assert_ne!(differences.is_empty(), !said_for_readers, "line {number}: {before} → {line}");
                different += 1;
            }
        }
    }
    assert!(refused > 300 && different > 300, "{refused} refused, {different} different: the changes are no good");
}

#[test]
fn what_is_accepted_after_a_change_is_issued_or_refused_for_a_rule_of_others() {
    for (original, number, text) in changed_packs() {
        let Ok(pack) = Pack::parse(&text, "changed.toml") else { continue };
        let touched: Vec<String> = original.differences(&pack).into_iter().map(|one| one.of).collect();
        for profile in pack.profiles().iter().filter(|one| touched.contains(&format!("profile {}", one.id))) {
            let Err(why) = issued(&pack, profile, &profile.keys[..1]) else { continue };
            let line = text.split('\n').nth(number - 1).unwrap();
            let theirs = match &why {
                Hindrance::Refused(Refusal::Lint(LintError::Findings(findings))) => {
                    findings.iter().all(|finding| finding.rule.starts_with("cabf."))
                }
                _ => false,
            };
            assert!(theirs, "line {number}: {line}: {}: {why}", profile.id);
        }
    }
}

/// One way to mutilate a text.
#[derive(Clone, Debug)]
enum Cut {
    Octet(prop::sample::Index, u8),
    Less(prop::sample::Index),
    Twice(prop::sample::Index),
    Moved(prop::sample::Index, prop::sample::Index),
    Words(prop::sample::Index, String),
}

fn cut() -> impl Strategy<Value = Cut> {
    let index = any::<prop::sample::Index>;
    let words = "[\\[\\]{}=\",.#'\\-\\\\a-z0-9\n 町\u{0}]{0,20}";
    prop_oneof![
        (index(), any::<u8>()).prop_map(|(at, octet)| Cut::Octet(at, octet)),
        index().prop_map(Cut::Less),
        index().prop_map(Cut::Twice),
        (index(), index()).prop_map(|(from, to)| Cut::Moved(from, to)),
        (index(), words).prop_map(|(at, words)| Cut::Words(at, words)),
    ]
}

fn mutilated(text: &str, cuts: Vec<Cut>) -> String {
    cuts.into_iter().fold(text.to_owned(), |text, cut| {
        let mut lines: Vec<&str> = text.lines().collect();
        if lines.is_empty() {
            return text;
        }
        match cut {
            Cut::Octet(at, octet) => {
                let mut octets = text.into_bytes();
                let at = at.index(octets.len());
                octets[at] = octet;
                return String::from_utf8_lossy(&octets).into_owned();
            }
            Cut::Less(at) => drop(lines.remove(at.index(lines.len()))),
            Cut::Twice(at) => {
                let at = at.index(lines.len());
                lines.insert(at, lines[at]);
            }
            Cut::Moved(from, to) => {
                let line = lines.remove(from.index(lines.len()));
                lines.insert(to.index(lines.len() + 1), line);
            }
            Cut::Words(at, words) => {
                let at = at.index(lines.len());
                lines.insert(at, &words);
                return lines.join("\n");
            }
        }
        lines.join("\n")
    })
}

/// Everything that is done with a pack that was accepted; nothing where it was refused with reasons.
fn used_by_all(text: &str) {
    match Pack::parse(text, "any.toml") {
        Err(errors) => assert!(!errors.0.is_empty() && !errors.to_string().is_empty()),
        Ok(pack) => {
            assert_eq!(pack.differences(&pack), []);
            for original in ORIGINALS.iter() {
                assert_eq!(original.differences(&pack).is_empty(), *original == pack);
                assert_eq!(pack.differences(original).is_empty(), *original == pack);
            }
            for profile in pack.profiles() {
                drop(issued(&pack, profile, &profile.keys[..1]));
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    #[test]
    fn a_mutilated_pack_never_panics(which in 0..SHIPPED.len(), cuts in vec(cut(), 1..4)) {
        used_by_all(&mutilated(SHIPPED[which].1, cuts));
    }

    #[test]
    fn any_text_is_a_pack_or_refused(text in "([a-z-]{1,8} ?= ?|\\[{1,2}(pack|crypto|policy|authority|profile)\\.?[a-z]{0,3}\\]{1,2}|\"[^\"]{0,9}\"|[0-9-]{1,10}|true|[{},.#]|\n| ){0,60}") {
        used_by_all(&text);
    }

    #[test]
    fn any_octets_as_text_are_a_pack_or_refused(octets in vec(any::<u8>(), 0..300)) {
        used_by_all(&String::from_utf8_lossy(&octets));
    }
}
