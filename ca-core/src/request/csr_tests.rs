//! Requests made with OpenSSL (`tests/keys`), and the mistakes people make with them.

use super::*;
use crate::key::{KeyAlgorithm, SignatureAlgorithmError, WeakKey};

macro_rules! key_file {
    ($name:literal) => {
        include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/keys/", $name))
    };
}

const P256: &str = key_file!("p256.csr.pem");

fn der(pem_text: &str) -> Vec<u8> {
    pem::parse(pem_text).unwrap().into_contents()
}

fn refusal(input: impl AsRef<[u8]>) -> CsrError {
    Csr::parse(input.as_ref()).unwrap_err()
}

/// What proving says of a request that can be parsed.
fn proof(pem_text: &str) -> Result<ProvenCsr, CsrError> {
    Csr::parse(pem_text.as_bytes()).unwrap().prove()
}

#[test]
fn requests_of_every_accepted_kind_are_proven() {
    let requests = [
        (P256, KeyAlgorithm::P256),
        (key_file!("p384.csr.pem"), KeyAlgorithm::P384),
        (key_file!("rsa2048.csr.pem"), KeyAlgorithm::Rsa2048),
        (key_file!("rsa3072.csr.pem"), KeyAlgorithm::Rsa3072),
        (key_file!("rsa4096.csr.pem"), KeyAlgorithm::Rsa4096),
    ];
    for (request, algorithm) in requests {
        let proven = proof(request).unwrap();
        assert_eq!(proven.key().algorithm(), algorithm);
        assert_eq!(proven.der(), der(request));
        assert_eq!(proven.clone().into_parts(), (proven.key().clone(), der(request)));
    }
}

#[test]
fn pem_der_and_bare_base64_are_one_request() {
    let bare: String = P256.lines().filter(|line| !line.starts_with('-')).collect();
    for (input, repairs) in [
        (P256.as_bytes().to_vec(), vec![]),
        (P256.replace('\n', "\r\n").into_bytes(), vec![]),
        (format!("\u{feff}{P256}\n\n").into_bytes(), vec![]),
        (P256.replace("CERTIFICATE REQUEST", "NEW CERTIFICATE REQUEST").into_bytes(), vec![]),
        (der(P256), vec![]),
        (bare.into_bytes(), vec![Repair::ArmourAdded]),
        (format!("Dear CA,\n{P256}\nyours").into_bytes(), vec![Repair::SurroundingTextIgnored]),
    ] {
        let parsed = Csr::parse(&input).unwrap();
        assert_eq!(parsed.repairs(), repairs);
        assert_eq!(parsed.prove().unwrap().der(), der(P256));
    }
}

#[test]
fn the_text_openssl_prints_before_the_armour_is_ignored() {
    let parsed = Csr::parse(key_file!("text.csr.pem").as_bytes()).unwrap();
    assert_eq!(parsed.repairs(), [Repair::SurroundingTextIgnored]);
    parsed.prove().unwrap();
}

#[test]
fn what_a_request_asks_for_is_shown() {
    let parsed = Csr::parse(key_file!("extensions.csr.pem").as_bytes()).unwrap();
    assert_eq!(parsed.requested_subject(), Some("C=JP, O=Shirakaba Town, CN=www.town.shirakaba.lg.jp"));
    assert_eq!(parsed.requested_dns_names(), ["www.town.shirakaba.lg.jp", "town.shirakaba.lg.jp"]);
    assert_eq!(parsed.key().algorithm(), KeyAlgorithm::P256);
    parsed.prove().unwrap();
    assert!(Csr::parse(P256.as_bytes()).unwrap().requested_dns_names().is_empty());
}

#[test]
fn a_private_key_is_recognised_whatever_it_wears() {
    let keys = [
        key_file!("p256.sec1.pem"),
        key_file!("p256.pkcs8.pem"),
        key_file!("p256.encrypted.pem"),
        key_file!("rsa2048.pkcs1.pem"),
    ];
    for key in keys {
        let bare: String = key.lines().filter(|line| !line.starts_with('-')).collect();
        assert_eq!(refusal(key), CsrError::PrivateKeyPasted);
        assert_eq!(refusal(format!("{P256}{key}")), CsrError::PrivateKeyPasted, "behind a request");
        assert_eq!(refusal(der(key)), CsrError::PrivateKeyPasted, "as DER");
        assert_eq!(refusal(bare), CsrError::PrivateKeyPasted, "without armour");
    }
}

#[test]
fn errors_do_not_carry_what_was_pasted() {
    let key = key_file!("p256.pkcs8.pem");
    let secret = key.lines().nth(1).unwrap();
    let damaged = key.replacen("PRIVATE KEY", "CERTIFICATE REQUEST", 2);
    for input in [key.to_owned(), damaged, key.replace('-', "")] {
        let error = refusal(input);
        assert!(!format!("{error} {error:?}").contains(secret));
    }
}

#[test]
fn a_certificate_is_recognised() {
    let version_3 = crate::certificate::to_pem("CERTIFICATE", &crate::issue::samples::Sample::web_server().der());
    for certificate in [key_file!("version1.cert.pem"), &version_3] {
        assert_eq!(refusal(certificate), CsrError::CertificatePasted);
        assert_eq!(refusal(der(certificate)), CsrError::CertificatePasted);
        assert_eq!(refusal(certificate.replace("CERTIFICATE", "CERTIFICATE REQUEST")), CsrError::CertificatePasted);
    }
}

#[test]
fn other_things_are_named() {
    assert_eq!(refusal(""), CsrError::Empty);
    assert_eq!(refusal(" \r\n\t"), CsrError::Empty);
    assert_eq!(refusal(P256.replace("CERTIFICATE REQUEST", "PGP MESSAGE")), CsrError::OtherPem("PGP MESSAGE".into()));
    let label = "A".repeat(100);
    assert_eq!(refusal(P256.replace("CERTIFICATE REQUEST", &label)), CsrError::OtherPem("A".repeat(40)));
    assert_eq!(refusal("please issue a certificate"), CsrError::BrokenPem);
    assert!(matches!(refusal([0xff, 0xfe]), CsrError::NotACsr(_)));
}

#[test]
fn damaged_armour_is_told() {
    assert_eq!(refusal(P256.replace("-----END", "----END")), CsrError::BrokenPem);
    assert_eq!(refusal(P256.replacen("MI", "M!", 1)), CsrError::BrokenPem);
    assert_eq!(refusal(P256.lines().take(3).collect::<Vec<_>>().join("\n")), CsrError::BrokenPem);
}

#[test]
fn an_upload_has_a_largest_size() {
    let text = format!("{P256}{}", " ".repeat(LARGEST_REQUEST - P256.len()));
    assert!(Csr::parse(text.as_bytes()).is_ok());
    let found = LARGEST_REQUEST + 1;
    assert_eq!(refusal(format!("{text} ")), CsrError::TooLarge { found, most: LARGEST_REQUEST });
}

#[test]
fn what_is_not_exactly_one_request_is_refused() {
    let whole = der(P256);
    assert_eq!(refusal([&whole[..], &[0]].concat()), CsrError::NotACsr(DerError::TrailingData(1)));
    assert_eq!(refusal(&whole[..whole.len() - 1]), CsrError::NotACsr(DerError::Truncated));
    assert!(matches!(refusal([0x30, 0x00]), CsrError::NotACsr(_)));
    // A length in a form DER forbids, around content that is fine.
    let length = u8::try_from(whole.len() - 3).unwrap();
    assert_eq!(whole[..3], [0x30, 0x81, length]);
    let padded = [&[0x30, 0x82, 0x00, length], &whole[3..]].concat();
    assert_eq!(refusal(padded), CsrError::NotACsr(DerError::Length));
}

#[test]
fn nothing_hides_behind_or_between_the_fields() {
    let whole = der(P256);
    let mut outer = Reader::of_sequence(&whole).unwrap();
    let (info, rest) = (outer.element().unwrap(), outer.rest());
    let with =
        |info: &[u8], more: &[u8]| crate::der::Writer::build(|w| w.sequence(|w| w.raw(&[info, rest, more].concat())));
    assert_eq!(with(info.whole, &[]), whole);
    assert_eq!(refusal(with(info.whole, &[5, 0])), CsrError::NotACsr(DerError::TrailingData(2)));
    let longer = crate::der::Writer::build(|w| w.sequence(|w| w.raw(&[info.content, &[5, 0]].concat())));
    assert_eq!(refusal(with(&longer, &[])), CsrError::NotACsr(DerError::TrailingData(2)));
    let version_one = crate::der::Writer::build(|w| w.sequence(|w| w.raw(&[&[2, 1, 1], &info.content[3..]].concat())));
    assert_eq!(refusal(with(&version_one, &[])), CsrError::NotACsr(DerError::Value("version 0 of a request")));
}

#[test]
fn of_several_requests_none_is_guessed() {
    let two = format!("{P256}{P256}");
    assert_eq!(refusal(two), CsrError::SeveralBlocks(2));
}

#[test]
fn a_request_changed_in_any_octet_is_not_proven() {
    let whole = der(P256);
    for index in 0..whole.len() {
        let mut changed = whole.clone();
        changed[index] ^= 1;
        let outcome = Csr::parse(&changed).and_then(Csr::prove);
        assert!(outcome.is_err(), "octet {index}");
    }
}

#[test]
fn another_keys_signature_is_not_proof() {
    let mut fields = Reader::new(&der(P256)).sequence().unwrap().rest().to_vec();
    let last = fields.len() - 1;
    fields[last] ^= 1;
    let flipped = crate::der::Writer::build(|w| w.sequence(|w| w.raw(&fields)));
    assert_eq!(Csr::parse(&flipped).unwrap().prove().unwrap_err(), CsrError::BadSignature);
}

#[test]
fn weak_and_foreign_keys_are_refused() {
    let small = CsrError::Key(KeyError::Weak(WeakKey::RsaSize { bits: 1024, least: 2048, most: 4096 }));
    assert_eq!(proof(key_file!("rsa1024.csr.pem")).unwrap_err(), small);
    let exponent = CsrError::Key(KeyError::Weak(WeakKey::Exponent));
    assert_eq!(proof(key_file!("exponent3.csr.pem")).unwrap_err(), exponent);
    let curve = CsrError::Key(KeyError::UnsupportedCurve("1.3.132.0.35".into()));
    assert_eq!(refusal(key_file!("p521.csr.pem")), curve);
    let ed25519 = CsrError::Key(KeyError::UnsupportedAlgorithm("1.3.101.112".into()));
    assert_eq!(refusal(key_file!("ed25519.csr.pem")), ed25519);
    assert!(matches!(refusal(key_file!("explicit-curve.csr.pem")), CsrError::Key(KeyError::Der(_))));
}

#[test]
fn signatures_of_other_algorithms_are_refused() {
    let unsupported = |id: &str| CsrError::from(SignatureAlgorithmError::Unsupported(id.into()));
    assert_eq!(proof(key_file!("sha1.csr.pem")).unwrap_err(), unsupported("1.2.840.113549.1.1.5"));
    // What OpenSSL makes with -sigopt rsa_padding_mode:pss alone: the longest salt that fits.
    let longest_salt = CsrError::from(SignatureAlgorithmError::PssSalt { found: 222, expected: 32 });
    assert_eq!(proof(key_file!("pss.csr.pem")).unwrap_err(), longest_salt);
}
