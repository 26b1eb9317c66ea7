//! AlgorithmIdentifiers of signatures, octet for octet.

use super::*;

/// As OpenSSL 3.0 writes RSASSA-PSS over SHA-256 (`-sigopt rsa_pss_saltlen:digest`): digests without NULL.
const OPENSSL_PSS_SHA256: &[u8] = b"\x30\x3d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0a\x30\x30\
    \xa0\x0d\x30\x0b\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x01\
    \xa1\x1a\x30\x18\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x08\x30\x0b\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x01\
    \xa2\x03\x02\x01\x20";

fn written(algorithm: SignatureAlgorithm) -> Vec<u8> {
    Writer::build(|w| algorithm.write(w))
}

fn read(der: &[u8]) -> Result<SignatureAlgorithm, SignatureAlgorithmError> {
    SignatureAlgorithm::read(Reader::new(der).expect(tag::SEQUENCE).unwrap())
}

/// RSASSA-PSS whose parameters are what `parameters` writes, last field first.
fn pss(parameters: impl FnOnce(&mut Writer)) -> Vec<u8> {
    Writer::build(|w| {
        w.sequence(|w| {
            w.sequence(parameters);
            w.oid(oid::RSASSA_PSS);
        });
    })
}

fn field(w: &mut Writer, number: u8, content: impl FnOnce(&mut Writer)) {
    w.constructed(tag::context_constructed(number), content);
}

fn digest(w: &mut Writer, digest: Oid) {
    w.sequence(|w| w.oid(digest));
}

fn mask(w: &mut Writer, digest_of_mask: Oid) {
    w.sequence(|w| {
        digest(w, digest_of_mask);
        w.oid(oid::MGF1);
    });
}

#[test]
fn each_is_read_as_it_is_written_and_found_by_its_name() {
    for algorithm in SignatureAlgorithm::ALL {
        assert_eq!(read(&written(algorithm)), Ok(algorithm));
        assert_eq!(SignatureAlgorithm::parse(algorithm.name()), Some(algorithm));
    }
    assert_eq!(SignatureAlgorithm::parse("sha1WithRSAEncryption"), None);
    assert_eq!(RsaPadding::ALL.map(|padding| RsaPadding::parse(padding.as_str())), RsaPadding::ALL.map(Some));
}

#[test]
fn pss_is_written_as_rfc_4055_wants_it() {
    let expected = b"\x30\x41\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0a\x30\x34\
        \xa0\x0f\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x01\x05\x00\
        \xa1\x1c\x30\x1a\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x08\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x01\x05\x00\
        \xa2\x03\x02\x01\x20";
    assert_eq!(written(SignatureAlgorithm::RsaPssSha256), expected);
}

#[test]
fn null_may_be_missing_where_the_standard_wants_that_accepted() {
    assert_eq!(read(OPENSSL_PSS_SHA256), Ok(SignatureAlgorithm::RsaPssSha256));
    let without_null = Writer::build(|w| w.sequence(|w| w.oid(oid::SHA384_WITH_RSA)));
    assert_eq!(read(&without_null), Ok(SignatureAlgorithm::RsaSha384));
}

#[test]
fn parameters_of_another_algorithm_are_refused() {
    let with = |id: Oid, parameters: fn(&mut Writer)| {
        Writer::build(|w| {
            w.sequence(|w| {
                parameters(w);
                w.oid(id);
            });
        })
    };
    let other = |name| Err(SignatureAlgorithmError::Parameters(name));
    assert_eq!(read(&with(oid::ECDSA_WITH_SHA256, Writer::null)), other("ecdsa-with-SHA256"));
    assert_eq!(read(&with(oid::SHA256_WITH_RSA, |w| w.sequence(|_| {}))), other("sha256WithRSAEncryption"));
    assert_eq!(read(&with(oid::RSASSA_PSS, |_| {})), other("RSASSA-PSS"));
    assert_eq!(read(&with(oid::RSASSA_PSS, Writer::null)), other("RSASSA-PSS"));
    let sha1 = Err(SignatureAlgorithmError::Unsupported("1.2.840.113549.1.1.5".into()));
    assert_eq!(read(&with(oid::SHA1_WITH_RSA, Writer::null)), sha1);
    assert!(matches!(read(&[0x30, 0]), Err(SignatureAlgorithmError::Der(_))));
}

#[test]
fn pss_over_sha1_another_mask_another_salt_or_a_trailer_is_refused() {
    let sha1 = Err(SignatureAlgorithmError::PssDigest("1.3.14.3.2.26".into()));
    assert_eq!(read(&pss(|_| {})), sha1, "SHA-1 where nothing is said");
    assert_eq!(read(&pss(|w| field(w, 0, |w| digest(w, oid::SHA1)))), sha1);
    let other = Err(SignatureAlgorithmError::Parameters("RSASSA-PSS"));
    let mixed = pss(|w| {
        field(w, 2, |w| w.integer(32));
        field(w, 1, |w| mask(w, oid::SHA384));
        field(w, 0, |w| digest(w, oid::SHA256));
    });
    assert_eq!(read(&mixed), other, "two digests");
    let sha256 = |salt: Option<u64>, trailer: Option<u64>| {
        pss(|w| {
            if let Some(trailer) = trailer {
                field(w, 3, |w| w.integer(trailer));
            }
            if let Some(salt) = salt {
                field(w, 2, |w| w.integer(salt));
            }
            field(w, 1, |w| mask(w, oid::SHA256));
            field(w, 0, |w| digest(w, oid::SHA256));
        })
    };
    assert_eq!(read(&sha256(Some(32), None)), Ok(SignatureAlgorithm::RsaPssSha256));
    assert_eq!(read(&sha256(Some(32), Some(1))), other, "DER leaves the default out");
    let salt = |found| Err(SignatureAlgorithmError::PssSalt { found, expected: 32 });
    assert_eq!(read(&sha256(Some(222), None)), salt(222));
    assert_eq!(read(&sha256(None, None)), salt(20), "20 where nothing is said");
}
