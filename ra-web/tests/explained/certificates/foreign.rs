//! Certificates as other CAs issue them: with what our profiles never say, and once with what nobody should.

use super::{key, unsigned};
use ca_core::certificate::Certificate;
use ca_core::der::{Writer, tag};
use ca_core::key::KeyAlgorithm;
use ca_core::name::{Attribute, DistinguishedName, StringKind};
use ca_core::oid::{self, Oid};
use ca_core::time::Timestamp;

type Extension = (Oid, bool, Vec<u8>);

/// A web server of a public CA: a wildcard, client authentication too, an RSA key of 2048 bits, a name without a CN.
pub(crate) fn server() -> Certificate {
    let names: [&[u8]; 2] = [b"*.example.jp", b"example.jp"];
    let alternative = Writer::build(|w| w.sequence(|w| names.iter().rev().for_each(|name| w.primitive(0x82, name))));
    let extensions = vec![
        (oid::KEY_USAGE, true, Writer::build(|w| w.named_bits(0xa000))),
        purposes(&[oid::KP_SERVER_AUTH, oid::KP_CLIENT_AUTH]),
        (oid::SUBJECT_ALT_NAME, false, alternative),
    ];
    let subject = name(&[(Attribute::Country, "JP"), (Attribute::Organisation, "Example Inc.")]);
    certificate(
        &name(&[(Attribute::Organisation, "Public CA"), (Attribute::CommonName, "Public CA G2")]),
        &subject,
        &rsa2048(),
        extensions,
    )
}

/// 官職証明書 of the government's PKI, as it looks from outside: a signer without extKeyUsage, valid without end.
pub(crate) fn signer() -> Certificate {
    let extensions = vec![
        (oid::KEY_USAGE, true, Writer::build(|w| w.named_bits(0xc000))),
        (oid::CERTIFICATE_POLICIES, true, Writer::build(|w| w.sequence(|w| w.sequence(|w| w.oid(oid::ANY_POLICY))))),
    ];
    let subject = name(&[
        (Attribute::Country, "JP"),
        (Attribute::Organisation, "日本国政府"),
        (Attribute::OrganisationalUnit, "見本省"),
        (Attribute::CommonName, "見本大臣"),
    ]);
    let issuer = name(&[(Attribute::Organisation, "日本国政府"), (Attribute::OrganisationalUnit, "見本認証局")]);
    let spki = key(KeyAlgorithm::P256, 5).spki_der().to_vec();
    lasting(&issuer, &subject, &spki, extensions, Timestamp::from_utc(9999, 12, 31, 23, 59, 59).unwrap())
}

/// A link certificate of a CA nobody here knows.
pub(crate) fn link() -> Certificate {
    let identifier = Writer::build(|w| w.sequence(|w| w.primitive(tag::context(0), &[7; 20])));
    let extensions = vec![
        (oid::AUTHORITY_KEY_IDENTIFIER, false, identifier),
        (oid::BASIC_CONSTRAINTS, true, Writer::build(|w| w.sequence(|w| w.boolean(true)))),
        (oid::KEY_USAGE, true, Writer::build(|w| w.named_bits(0x0600))),
    ];
    let subject = name(&[(Attribute::Organisation, "Public CA"), (Attribute::CommonName, "Public Root")]);
    certificate(&subject, &subject, key(KeyAlgorithm::P384, 5).spki_der(), extensions)
}

/// Of no known kind: an unknown purpose, a critical extension nobody knows, a name that would turn a terminal around.
pub(crate) fn odd() -> Certificate {
    const OWN: Oid = Oid(&[0x2b, 0x06, 0x01, 0x04, 0x01, 0x81, 0xfd, 0x59, 0x01]);
    let common_name = "総務\u{202e}課\u{1b}[2J";
    let subject = Writer::build(|w| {
        w.sequence(|w| {
            w.constructed(tag::SET, |w| {
                w.sequence(|w| {
                    w.primitive(tag::UTF8_STRING, common_name.as_bytes());
                    w.oid(oid::COMMON_NAME);
                });
            });
        });
    });
    let extensions = vec![
        (oid::KEY_USAGE, true, Writer::build(|w| w.named_bits(0x8000))),
        purposes(&[OWN]),
        (OWN, true, Writer::build(Writer::null)),
    ];
    let issuer = name(&[(Attribute::CommonName, "Odd CA")]);
    certificate(
        &issuer,
        &DistinguishedName::from_der(&subject).unwrap(),
        key(KeyAlgorithm::P256, 5).spki_der(),
        extensions,
    )
}

fn purposes(of: &[Oid]) -> Extension {
    let value = Writer::build(|w| w.sequence(|w| of.iter().rev().for_each(|purpose| w.oid(*purpose))));
    (oid::EXTENDED_KEY_USAGE, false, value)
}

fn name(attributes: &[(Attribute, &str)]) -> DistinguishedName {
    let attributes: Vec<_> = attributes.iter().map(|(kind, value)| (*kind, StringKind::Utf8, *value)).collect();
    DistinguishedName::new(&attributes).unwrap()
}

/// Numbers of the right size that mean nothing.
fn rsa2048() -> Vec<u8> {
    let numbers = Writer::build(|w| {
        w.sequence(|w| {
            w.integer(65_537);
            w.unsigned(&[0xc5; 256]);
        });
    });
    Writer::build(|w| {
        w.sequence(|w| {
            w.bit_string(&numbers);
            w.sequence(|w| {
                w.null();
                w.oid(oid::RSA_ENCRYPTION);
            });
        });
    })
}

fn certificate(
    issuer: &DistinguishedName,
    subject: &DistinguishedName,
    spki: &[u8],
    extensions: Vec<Extension>,
) -> Certificate {
    lasting(issuer, subject, spki, extensions, Timestamp::from_utc(2027, 3, 1, 11, 59, 59).unwrap())
}

fn lasting(
    issuer: &DistinguishedName,
    subject: &DistinguishedName,
    spki: &[u8],
    extensions: Vec<Extension>,
    until: Timestamp,
) -> Certificate {
    let algorithm = KeyAlgorithm::Rsa2048;
    let tbs = Writer::build(|w| {
        w.sequence(|w| {
            w.constructed(tag::context_constructed(3), |w| {
                w.sequence(|w| {
                    for (id, critical, value) in extensions.iter().rev() {
                        w.sequence(|w| {
                            w.octet_string(value);
                            if *critical {
                                w.boolean(true);
                            }
                            w.oid(*id);
                        });
                    }
                });
            });
            w.raw(spki);
            w.raw(subject.as_der());
            w.sequence(|w| {
                w.time(until);
                w.time(Timestamp::from_utc(2026, 3, 1, 12, 0, 0).unwrap());
            });
            w.raw(issuer.as_der());
            algorithm.signature_algorithm().write(w);
            w.unsigned(&[0x4f, 0x0a, 0x1b]);
            w.constructed(tag::context_constructed(0), |w| w.integer(2));
        });
    });
    unsigned(&tbs, algorithm)
}
