//! Verifying one step of a path, and reading what is no certificate of ours.

use super::*;
use crate::issue::Order;
use crate::issue::memory::{MemoryRoot, MemorySigner, issued};
use crate::issue::samples::{Sample, start};
use crate::name::{Attribute, StringKind};
use crate::oid;
use std::time::Duration;

fn name(common_name: &str) -> DistinguishedName {
    DistinguishedName::new(&[(Attribute::CommonName, StringKind::Printable, common_name)]).unwrap()
}

fn responder(root: &MemoryRoot) -> Certificate {
    root.issued(Order::ceremony(
        &crate::issue::samples::profile("ocsp-responder-root"),
        name("Responder"),
        MemorySigner::new().key(),
    ))
}

#[test]
fn a_certificate_verifies_under_the_authority_that_signed_it() {
    let root = MemoryRoot::founded();
    let responder = responder(&root);
    let validity = responder.validity();
    for at in [validity.not_before, validity.not_after] {
        responder.verify(&root.certificate, at).unwrap();
    }
}

#[test]
fn an_issuer_whose_name_is_written_otherwise_is_the_same_issuer() {
    let mut root = MemoryRoot::founded();
    let responder = responder(&root);
    for (text, same) in [("MEMORY root", true), ("MemoryRoot", false)] {
        root.certificate.subject = name(text);
        assert_ne!(&root.certificate.subject, responder.issuer());
        assert_eq!(responder.verify(&root.certificate, start()).is_ok(), same, "{text}");
    }
}

#[test]
fn another_issuer_is_refused() {
    let root = MemoryRoot::founded();
    let other = root.issued(Order::ceremony(
        &crate::issue::samples::profile("subordinate-ca"),
        name("Other"),
        MemorySigner::new().key(),
    ));
    let refused = responder(&root).verify(&other, start()).unwrap_err();
    assert_eq!(refused, NotVerified::Issuer { named: "CN=Memory Root".into(), given: "CN=Other".into() });
}

#[test]
fn an_issuer_of_the_same_name_with_another_key_is_refused() {
    let (root, impostor) = (MemoryRoot::founded(), MemoryRoot::founded());
    let refused = responder(&root).verify(&impostor.certificate, start()).unwrap_err();
    assert_eq!(refused, NotVerified::KeyIdentifier);
}

#[test]
fn what_is_no_ca_signs_nothing() {
    let root = MemoryRoot::founded();
    let signer = MemorySigner::new();
    let server = root.issued(Order::ceremony(
        &crate::issue::samples::profile("ocsp-responder-root"),
        name("Responder"),
        signer.key(),
    ));
    let below = Certificate { issuer: server.subject().clone(), ..server.clone() };
    assert_eq!(below.verify(&server, start()).unwrap_err(), NotVerified::IssuerNotAuthority);
    let mut without_cert_sign = root.certificate.clone();
    without_cert_sign.extensions.key_usage = Some(0x0200);
    let refused = responder(&root).verify(&without_cert_sign, start()).unwrap_err();
    assert_eq!(refused, NotVerified::IssuerNotAuthority);
}

#[test]
fn outside_its_validity_or_the_issuers_it_is_refused() {
    let root = MemoryRoot::founded();
    let responder = responder(&root);
    let (early, late) =
        (start().minus(Duration::from_secs(1)), responder.validity().not_after.plus(Duration::from_secs(1)));
    for at in [early, late] {
        let NotVerified::Time { at: told, from, to } = responder.verify(&root.certificate, at).unwrap_err() else {
            panic!("verified at {}", at.rfc3339())
        };
        assert_eq!((told, from), (at.rfc3339(), start().rfc3339()));
        assert_eq!(to, responder.validity().not_after.rfc3339());
    }
    let mut expired = root.certificate.clone();
    expired.validity.not_after = start();
    let at = start().plus(Duration::from_secs(1));
    assert!(matches!(responder.verify(&expired, at), Err(NotVerified::Time { .. })));
}

#[test]
fn a_changed_octet_is_refused() {
    let root = MemoryRoot::founded();
    let responder = responder(&root);
    let mut changed = responder.der().to_vec();
    let place = changed.windows(9).position(|window| window == b"Responder").unwrap();
    changed[place] = b'r';
    let changed = Certificate::from_der(&changed).unwrap();
    let refused = changed.verify(&root.certificate, start()).unwrap_err();
    assert_eq!(refused, NotVerified::Signature(VerifyError::BadSignature));
}

#[test]
fn a_critical_extension_nobody_knows_is_refused() {
    let root = MemoryRoot::founded();
    let odd = Sample::web_server().critical(oid::ISSUING_DISTRIBUTION_POINT, |w| w.sequence(|_| {}));
    let odd = Certificate::from_der(&odd.der()).unwrap();
    assert_eq!(odd.extensions().unknown_critical, ["2.5.29.28"]);
    let mut issuer = root.certificate;
    issuer.subject = odd.issuer().clone();
    issuer.extensions.subject_key_identifier = odd.extensions().authority_key_identifier.clone();
    assert_eq!(odd.verify(&issuer, start()).unwrap_err(), NotVerified::UnknownCritical("2.5.29.28".into()));
}

#[test]
fn a_path_of_two_steps_verifies_step_by_step() {
    let root = MemoryRoot::founded();
    let below = MemorySigner::new();
    let subordinate =
        root.issued(Order::ceremony(&crate::issue::samples::profile("subordinate-ca"), name("Issuing"), below.key()));
    let order = Order::ceremony(
        &crate::issue::samples::profile("ocsp-responder-root"),
        name("Responder"),
        MemorySigner::new().key(),
    );
    let responder = issued(&MemoryRoot::authority_of(&subordinate), &below, order);
    subordinate.verify(&root.certificate, start()).unwrap();
    responder.verify(&subordinate, start()).unwrap();
    assert!(matches!(responder.verify(&root.certificate, start()), Err(NotVerified::Issuer { .. })));
}

#[test]
fn what_is_no_certificate_is_refused() {
    let der = Sample::web_server().der();
    assert!(Certificate::from_der(&der).is_ok());
    assert!(matches!(Certificate::from_der(&[&der[..], &[0]].concat()), Err(CertificateError::Der(_))));
    assert!(matches!(Certificate::from_der(&der[..der.len() - 1]), Err(CertificateError::Der(_))));
    assert!(Certificate::from_der(&[0x30, 0x00]).is_err());
    let other = Sample::web_server().algorithm(|_| {}, oid::ECDSA_WITH_SHA384).outer_algorithm;
    let two = Sample::web_server().with(|sample| sample.outer_algorithm = other);
    assert_eq!(Certificate::from_der(&two.der()).unwrap_err(), CertificateError::AlgorithmsDiffer);
    let sha1 = oid::Oid(&[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x01]);
    let refused = Certificate::from_der(&Sample::web_server().algorithm(|_| {}, sha1).der()).unwrap_err();
    assert_eq!(refused, SignatureAlgorithmError::Unsupported("1.2.840.10045.4.1".into()).into());
    let zero = Sample::web_server().with(|sample| sample.serial = vec![0]);
    assert!(matches!(Certificate::from_der(&zero.der()), Err(CertificateError::Serial(SerialError::NotPositive))));
}

#[test]
fn pem_has_lines_of_64_characters() {
    let certificate = Certificate::from_der(&Sample::web_server().der()).unwrap();
    let text = certificate.to_pem();
    assert!(text.starts_with("-----BEGIN CERTIFICATE-----\n") && text.ends_with("-----END CERTIFICATE-----\n"));
    assert!(text.lines().all(|line| line.len() <= 64) && !text.contains('\r'));
    assert_eq!(pem::parse(&text).unwrap().contents(), certificate.der());
}

#[test]
fn a_cross_certificates_limits_are_read_as_the_encoder_writes_them() {
    let [_, bridge] = crate::issue::samples::packs();
    let profile = bridge.profile_named("cross-organisation").unwrap();
    let certificate = Certificate::from_der(&Sample::of(profile).der()).unwrap();
    let extensions = certificate.extensions();
    assert_eq!(extensions.name_constraints, profile.constraints.names);
    assert!(!extensions.constrains_other_names);
    assert_eq!(extensions.policy_mappings, [("1.3.6.1.4.1.32473.3.1".to_owned(), "1.3.6.1.4.1.32473.2.1".to_owned())]);
    assert_eq!((extensions.require_explicit_policy, extensions.inhibit_policy_mapping), (Some(0), Some(0)));
    assert_eq!(extensions.inhibit_any_policy, Some(0));
    assert!(extensions.policies_critical);
    assert_eq!(extensions.practice_statements, ["http://www.lgpki.example/bridge/cps"]);
    assert_eq!(extensions.crl_directories, [certificate.issuer().clone()]);
    // Explained is not obeyed: verifying one step still refuses what only a whole path can keep.
    assert_eq!(extensions.unknown_critical.len(), 4);
}

#[test]
fn notices_and_the_issuers_other_name_are_read() {
    let certificate = Certificate::from_der(&Sample::of(&crate::issue::samples::profile("job-role")).der()).unwrap();
    let extensions = certificate.extensions();
    assert_eq!(extensions.issuer_directory_names, [crate::issue::samples::japanese_name()]);
    assert_eq!(extensions.notices.len(), 1);
    assert!(extensions.policies_critical);
}

#[test]
fn limits_of_names_that_cannot_be_read_are_not_passed_over() {
    let limits = |kind: u8, base: &'static [u8], rest: bool| {
        let sample = Sample::web_server().critical(oid::NAME_CONSTRAINTS, |w| {
            w.sequence(|w| {
                w.constructed(tag::context_constructed(0), |w| {
                    w.sequence(|w| {
                        if rest {
                            w.primitive(tag::context(1), &[3]); // maximum
                        }
                        w.primitive(kind, base);
                    });
                });
            });
        });
        let certificate = Certificate::from_der(&sample.der()).unwrap();
        let extensions = certificate.extensions();
        (extensions.name_constraints.permitted.len(), extensions.constrains_other_names)
    };
    assert_eq!(limits(0x82, b"lg.jp", false), (1, false));
    assert_eq!(limits(0x82, b"lg.jp", true), (0, true), "a distance");
    assert_eq!(limits(0x87, &[192, 0, 2, 0, 255, 255, 255, 0], false), (0, true), "addresses");
}
