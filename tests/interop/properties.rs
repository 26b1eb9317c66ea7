//! Generated input for everything that reads foreign octets: nothing panics, and what is written is read back the same.

use ca_core::certificate::Certificate;
use ca_core::der::{Writer, check_strict, tag};
use ca_core::issue::lint::{Baseline, Held, examine};
use ca_core::key::{CryptoCalendar, SignatureAlgorithm};
use ca_core::oid::{self, Oid};
use ca_core::request::Csr;
use ca_core::revocation::RevocationReason;
use ca_core::serial::SerialNumber;
use ca_core::time::Timestamp;
use crl::CertificateList;
use ocsp::response::{ResponderId, ResponseData, SignedResponse};
use ocsp::{CertId, CertIdDigest, CertStatus, IssuerHashes, OcspRequest, OcspResponse, SingleResponse};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;

fn serial() -> impl Strategy<Value = SerialNumber> {
    vec(any::<u8>(), 1..=19).prop_filter_map("positive", |octets| SerialNumber::from_bytes(&octets).ok())
}

fn cert_id() -> impl Strategy<Value = CertId> {
    (any::<bool>(), any::<u64>(), serial()).prop_map(|(sha1, seed, serial)| {
        let digest = if sha1 { CertIdDigest::Sha1 } else { CertIdDigest::Sha256 };
        let seed = seed.to_be_bytes();
        CertId::new(IssuerHashes { digest, name: digest.of(&seed), key: digest.of(b"key") }, serial)
    })
}

fn instant() -> impl Strategy<Value = Timestamp> {
    (0i64..253_402_300_799).prop_map(Timestamp::from_seconds)
}

fn reason() -> impl Strategy<Value = RevocationReason> {
    (0u8..=10).prop_filter_map("7 is not used", RevocationReason::from_code)
}

fn status() -> impl Strategy<Value = CertStatus> {
    prop_oneof![
        Just(CertStatus::Good),
        Just(CertStatus::Unknown),
        (instant(), option::of(reason())).prop_map(|(at, reason)| CertStatus::Revoked { at, reason }),
    ]
}

fn single() -> impl Strategy<Value = SingleResponse> {
    let all = (cert_id(), status(), instant(), option::of(instant()), option::of(instant()));
    all.prop_map(|(cert_id, status, this_update, next_update, archive_cutoff)| SingleResponse {
        cert_id,
        status,
        this_update,
        next_update,
        archive_cutoff,
    })
}

fn nonce() -> impl Strategy<Value = Option<Vec<u8>>> {
    option::of(vec(any::<u8>(), 1..=128))
}

/// Octets that look like DER: random ones with the headers of sequences in front.
fn nearly_der() -> impl Strategy<Value = Vec<u8>> {
    let tag =
        prop_oneof![Just(0x30u8), Just(0x02), Just(0x04), Just(0x06), Just(0xa0), Just(0x18), Just(0x0a), any::<u8>()];
    let leaf = (tag.clone(), vec(any::<u8>(), 0..40)).prop_map(|(tag, content)| wrapped(tag, &content));
    leaf.prop_recursive(6, 128, 6, move |inner| {
        (tag.clone(), vec(inner, 0..6)).prop_map(|(tag, parts)| wrapped(tag, &parts.concat()))
    })
}

fn wrapped(tag: u8, content: &[u8]) -> Vec<u8> {
    ca_core::der::Writer::build(|w| w.primitive(tag, content))
}

fn read_by_all(octets: &[u8]) {
    let _ = check_strict(octets);
    let _ = OcspRequest::parse(octets);
    let _ = OcspResponse::parse(octets);
    let _ = CertificateList::parse(octets);
    let _ = Certificate::from_der(octets);
    let _ = Csr::parse(octets);
    let _ = examine(octets, Held::AsClaimed, &CryptoCalendar::empty());
    let _ = OcspRequest::parse_path(&String::from_utf8_lossy(octets));
}

/// Extensions that lint rules look into.
const LINTED: [Oid; 16] = [
    oid::SUBJECT_DIRECTORY_ATTRIBUTES,
    oid::SUBJECT_KEY_IDENTIFIER,
    oid::KEY_USAGE,
    oid::SUBJECT_ALT_NAME,
    oid::ISSUER_ALT_NAME,
    oid::BASIC_CONSTRAINTS,
    oid::NAME_CONSTRAINTS,
    oid::CRL_DISTRIBUTION_POINTS,
    oid::CERTIFICATE_POLICIES,
    oid::POLICY_MAPPINGS,
    oid::AUTHORITY_KEY_IDENTIFIER,
    oid::POLICY_CONSTRAINTS,
    oid::EXTENDED_KEY_USAGE,
    oid::INHIBIT_ANY_POLICY,
    oid::AUTHORITY_INFO_ACCESS,
    oid::OCSP_NOCHECK,
];

/// A certificate whose names and extensions are anything, in a frame that both readers accept.
fn framed(subject: &[u8], extensions: &[(usize, bool, Vec<u8>)]) -> Vec<u8> {
    let algorithm = |w: &mut Writer| w.sequence(|w| w.oid(oid::ECDSA_WITH_SHA256));
    Writer::build(|w| {
        w.sequence(|w| {
            w.bit_string(&[]);
            algorithm(w);
            w.sequence(|w| {
                w.constructed(tag::context_constructed(3), |w| {
                    w.sequence(|w| {
                        for (kind, critical, value) in extensions {
                            w.sequence(|w| {
                                w.octet_string(value);
                                if *critical {
                                    w.boolean(true);
                                }
                                w.oid(LINTED[*kind]);
                            });
                        }
                    });
                });
                w.sequence(|w| {
                    w.bit_string(&[4; 65]);
                    w.sequence(|w| {
                        w.oid(oid::SECP256R1);
                        w.oid(oid::EC_PUBLIC_KEY);
                    });
                });
                w.sequence(|w| {
                    w.constructed(tag::SET, |w| {
                        w.sequence(|w| {
                            w.primitive(tag::UTF8_STRING, subject);
                            w.oid(oid::COMMON_NAME);
                        });
                    });
                });
                w.sequence(|w| {
                    w.time(Timestamp::from_seconds(1_800_000_000));
                    w.time(Timestamp::from_seconds(1_790_000_000));
                });
                w.sequence(|_| {});
                algorithm(w);
                w.integer(1);
                w.constructed(tag::context_constructed(0), |w| w.integer(2));
            });
        });
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn no_name_and_no_extension_makes_a_lint_rule_panic(
        subject in "\\PC{0,80}",
        extensions in vec((0..LINTED.len(), any::<bool>(), nearly_der()), 1..6),
    ) {
        let der = framed(subject.as_bytes(), &extensions);
        for baseline in Baseline::ALL {
            let examined = examine(&der, Held::To(Some(baseline)), &CryptoCalendar::empty());
            prop_assert!(examined.findings.iter().all(|finding| finding.rule != "der.readable"), "{examined:?}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn arbitrary_octets_never_panic(octets in vec(any::<u8>(), 0..600)) {
        read_by_all(&octets);
    }

    #[test]
    fn nested_values_never_panic(octets in nearly_der()) {
        read_by_all(&octets);
    }

    #[test]
    fn a_request_is_read_as_it_was_written(cert_ids in vec(cert_id(), 1..=10), nonce in nonce()) {
        let request = OcspRequest::new(cert_ids, nonce);
        prop_assert_eq!(OcspRequest::parse(&request.to_der()).unwrap(), request);
    }

    #[test]
    fn a_damaged_request_never_panics_and_never_reads_as_the_whole(
        cert_ids in vec(cert_id(), 1..=3), nonce in nonce(), at in any::<prop::sample::Index>(), bit in 0u8..8,
    ) {
        let request = OcspRequest::new(cert_ids, nonce);
        let mut der = request.to_der();
        let at = at.index(der.len());
        der[at] ^= 1 << bit;
        prop_assert_ne!(OcspRequest::parse(&der).ok(), Some(request));
        prop_assert!(OcspRequest::parse(&der[..at]).is_err());
    }

    #[test]
    fn a_response_is_read_as_it_was_written(
        responses in vec(single(), 1..=4), nonce in nonce(), produced_at in instant(),
        key in any::<bool>(), signature in vec(any::<u8>(), 1..=64),
    ) {
        let responder = if key { ResponderId::Key(vec![7; 20]) } else { ResponderId::Name(vec![0x30, 0]) };
        let data = ResponseData { responder, produced_at, responses, nonce };
        let response = SignedResponse {
            tbs: data.to_der(),
            data,
            algorithm: SignatureAlgorithm::EcdsaSha256,
            signature,
            certificates: vec![vec![0x30, 0]],
        };
        let read = OcspResponse::parse(&response.to_der()).unwrap();
        prop_assert_eq!(read, OcspResponse::Signed(Box::new(response)));
    }
}

mod crls {
    use std::sync::LazyLock;

    use ca_core::revocation::ListId;
    use ca_core::signer::Message;
    use crl::build::CrlContent;
    use crl::entries::CrlEntry;
    use crl::reader::Signed;

    use super::*;

    /// An issuer made by another implementation.
    static ISSUER: LazyLock<Certificate> = LazyLock::new(|| {
        let key = rcgen::KeyPair::generate().unwrap();
        let mut parameters = rcgen::CertificateParams::default();
        parameters.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        Certificate::from_der(parameters.self_signed(&key).unwrap().der()).unwrap()
    });

    fn entry() -> impl Strategy<Value = CrlEntry> {
        (serial(), instant(), reason(), option::of(instant())).prop_map(
            |(serial, revoked_at, reason, invalidity_at)| CrlEntry { serial, revoked_at, reason, invalidity_at },
        )
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(300))]

        #[test]
        fn a_crl_is_read_as_it_was_written(
            entries in vec(entry(), 0..40), number in any::<u64>(), this in instant(), next in instant(),
            at in any::<prop::sample::Index>(), algorithm in prop::sample::select(SignatureAlgorithm::ALL.to_vec()),
        ) {
            let content = CrlContent {
                issuer: &ISSUER, algorithm, list: ListId::FULL, number, base_number: None, this_update: this, next_update: next,
                addresses: &[], freshest: &[],
            };
            let tbs = content.to_tbs(&entries);
            let der = content.algorithm.signed(&tbs, b"signature");
            let read = CertificateList::parse(&der).unwrap();
            prop_assert_eq!(&read.entries, &entries);
            prop_assert_eq!((read.number, read.this_update, read.next_update), (Some(number), this, Some(next)));
            prop_assert_eq!(read.authority_key_identifier, Some(ISSUER.key_identifier()));
            match (&read.signed, algorithm.hash()) {
                (Signed::Hashed(hashed), Some(hash)) => {
                    prop_assert_eq!(hashed, &Message::Octets(&tbs).digest(hash).unwrap());
                }
                (Signed::Whole(whole), None) => prop_assert_eq!(whole, &tbs),
                (other, _) => prop_assert!(false, "{:?}", other),
            }
            // x509-parser is a second opinion.
            let (rest, theirs) = <x509_parser::revocation_list::CertificateRevocationList<'_>
                as x509_parser::prelude::FromDer<'_, _>>::from_der(&der).unwrap();
            prop_assert!(rest.is_empty());
            prop_assert_eq!(theirs.iter_revoked_certificates().count(), entries.len());
            prop_assert!(CertificateList::parse(&der[..at.index(der.len())]).is_err());
        }
    }
}
