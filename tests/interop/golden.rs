//! Golden certificates: what each profile gives for fixed keys at a fixed time, octet for octet, as text that can be read. A
//! changed octet is a changed line in a review. To accept one: `LGPKI_GOLDEN=write cargo nextest run -p lgpki-tests golden`.

use ca_core::der::{Reader, tag};
use ca_core::digest::{hex, sha256};
use ca_core::id::KeyLabel;
use ca_core::issue::{Authority, Order, prepare};
use ca_core::key::{KeyAlgorithm, SubjectKey};
use ca_core::oid;
use ca_core::profile::{AuthorityRule, Pack, Packs, Profile};
use ca_core::request::Csr;
use ca_core::testing::CountingEntropy;
use ca_core::time::Timestamp;
use lgpki::commands::profile::{order, unsigned};
use lgpki::installation::Repository;
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use url::Url;

#[test]
fn every_profile_gives_the_octets_it_gave_before() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("golden");
    let write = std::env::var_os("LGPKI_GOLDEN").is_some_and(|value| value == "write");
    let (mut changed, mut made) = (Vec::new(), BTreeSet::new());
    let experimental = Pack::shipped("pqc-experimental").unwrap().unwrap();
    for pack in Packs::shipped().unwrap().iter().chain([&experimental]) {
        for profile in pack.profiles() {
            for kinds in [["p256", "p384"], ["rsa3072", "rsa4096"], ["mldsa44", "mldsa65"]] {
                // The first of each sort that the profile certifies.
                let Some(word) = kinds.into_iter().find(|word| profile.certifies(KeyAlgorithm::parse(word).unwrap()))
                else {
                    continue;
                };
                let text = dumped(&unsigned(pack, profile, key(word)));
                let name = format!("{}-{word}.txt", profile.id);
                let file = folder.join(&name);
                made.insert(name);
                if write {
                    std::fs::write(&file, &text).unwrap();
                } else if std::fs::read_to_string(&file).ok().as_deref() != Some(text.as_str()) {
                    changed.push(difference(&file, &text));
                }
            }
        }
    }
    let there: BTreeSet<String> =
        std::fs::read_dir(&folder).unwrap().map(|file| file.unwrap().file_name().into_string().unwrap()).collect();
    let left: Vec<&String> = there.difference(&made).collect();
    assert!(
        changed.is_empty() && left.is_empty(),
        "{}\nleft over: {left:?}\nto accept this, see tests/interop/golden.rs",
        changed.join("\n")
    );
}

/// TBSCertificate of a sample of the profile.
fn unsigned(pack: &Pack, profile: &Profile, key: SubjectKey) -> Vec<u8> {
    let rule = pack.authority(&profile.issuers[0]).unwrap();
    // Any key but the holder's own.
    let of_authority = match key.algorithm() {
        KeyAlgorithm::P384 => "rsa4096",
        kind if kind.is_ml_dsa() => "mldsa65",
        _ => "p384",
    };
    let authority = authority(pack, rule, of_authority);
    let founding = profile.id == rule.profile && rule.issuer.is_none();
    let (authority, order) = if founding {
        let founder = founder(rule, &key);
        let order = Order::ceremony(profile, rule.subject.clone(), key).called(rule.alternative.clone());
        (founder, order)
    } else {
        let order = order::sample(profile, (rule, &authority), key, start()).unwrap();
        (authority, order)
    };
    let linted = prepare(pack, &authority, order, &CountingEntropy::seeded(1), start());
    linted.unwrap_or_else(|error| panic!("{}: {error}", profile.id)).facts().tbs.clone()
}

fn start() -> Timestamp {
    Timestamp::from_jst(2026, 12, 1, 10, 0, 0).unwrap()
}

fn key(name: &str) -> SubjectKey {
    let file = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(format!("keys/{name}.csr.pem"));
    Csr::parse(&std::fs::read(file).unwrap()).unwrap().prove().unwrap().into_parts().0
}

fn founder(rule: &AuthorityRule, key: &SubjectKey) -> Authority {
    let label = KeyLabel::parse(rule.id.as_str()).unwrap();
    Authority::founding(rule.id.clone(), rule.subject.clone(), key.clone(), label)
}

fn authority(pack: &Pack, rule: &AuthorityRule, word: &str) -> Authority {
    let url = |host: &str| Url::parse(&format!("http://repository.{host}.example")).unwrap();
    let repository = Repository { url: url("lgpki"), lgwan_url: Some(url("lgwan")) };
    unsigned::authority(pack, rule, &key(word), &repository, (&CountingEntropy::seeded(9), start())).unwrap()
}

/// DER as indented text, then its SHA-256: every octet is in it, lengths excepted, which the strict reader holds to one form.
fn dumped(der: &[u8]) -> String {
    let mut text = String::new();
    dump(&mut Reader::new(der), 0, &mut text);
    writeln!(text, "SHA-256 {}", hex(&sha256(der))).unwrap();
    text
}

fn dump(reader: &mut Reader<'_>, depth: usize, text: &mut String) {
    while !reader.is_empty() {
        let element = reader.element().unwrap();
        let indent = "  ".repeat(depth);
        let name = named(element.tag);
        if element.tag & 0x20 != 0 {
            writeln!(text, "{indent}{name}").unwrap();
            dump(&mut Reader::new(element.content), depth + 1, text);
            continue;
        }
        match element.tag {
            tag::OID => writeln!(text, "{indent}{name} {}", oid::dotted(element.content)).unwrap(),
            tag::OCTET_STRING if is_der(element.content) => {
                writeln!(text, "{indent}{name}").unwrap();
                dump(&mut Reader::new(element.content), depth + 1, text);
            }
            _ => match std::str::from_utf8(element.content) {
                Ok(shown)
                    if !shown.is_empty()
                        && !shown.chars().any(char::is_control)
                        && element.tag != tag::OCTET_STRING =>
                {
                    writeln!(text, "{indent}{name} {shown}").unwrap();
                }
                _ => writeln!(text, "{indent}{name} {}", hex(element.content)).unwrap(),
            },
        }
    }
}

fn is_der(content: &[u8]) -> bool {
    let mut reader = Reader::new(content);
    reader.element().is_ok_and(|element| {
        matches!(element.tag, tag::SEQUENCE | tag::OCTET_STRING | tag::BIT_STRING | tag::NULL | tag::INTEGER)
    }) && reader.is_empty()
}

fn named(found: u8) -> String {
    let known = [
        (tag::SEQUENCE, "SEQUENCE"),
        (tag::SET, "SET"),
        (tag::INTEGER, "INTEGER"),
        (tag::BOOLEAN, "BOOLEAN"),
        (tag::BIT_STRING, "BIT STRING"),
        (tag::OCTET_STRING, "OCTET STRING"),
        (tag::NULL, "NULL"),
        (tag::OID, "OID"),
        (tag::UTF8_STRING, "UTF8String"),
        (tag::PRINTABLE_STRING, "PrintableString"),
        (tag::IA5_STRING, "IA5String"),
        (tag::UTC_TIME, "UTCTime"),
        (tag::GENERALIZED_TIME, "GeneralizedTime"),
    ];
    let name = known.iter().find(|(tag, _)| *tag == found).map(|(_, name)| (*name).to_owned());
    name.unwrap_or_else(|| format!("[{}]", found & 0x1f))
}

/// The first line that differs, with what was expected.
fn difference(file: &Path, text: &str) -> String {
    let before = std::fs::read_to_string(file).unwrap_or_default();
    let pair = before.lines().zip(text.lines()).enumerate().find(|(_, (before, after))| before != after);
    let name = file.file_name().unwrap().to_string_lossy();
    match pair {
        Some((index, (before, after))) => format!("{name}:{}: was `{before}`, is `{after}`", index + 1),
        None => format!("{name}: {} lines, now {}", before.lines().count(), text.lines().count()),
    }
}
