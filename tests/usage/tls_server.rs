//! The web-server family in nginx: OpenSSL and GnuTLS verify name, chain and CRLs, and see a good answer stapled, from a file and
//! as nginx itself has fetched it.

use lgpki_tests::samples::Sample;
use lgpki_tests::tools::{openssl, text, tool};
use std::process::Output;
use std::time::{Duration, Instant};

use crate::nginx::Nginx;
use crate::repository::Repository;
use crate::samples;
use crate::trust::{Trust, dns_name};

#[test]
fn openssl_verifies_nginx_and_sees_a_good_answer_stapled() {
    let samples = samples();
    for sample in samples.of("web-server") {
        let trust = Trust::in_anchor_of(&sample, &samples);
        let name = dns_name(&sample.certificate);
        let nginx = Nginx::serving(&stapling_a_file(&sample, &trust));
        for version in ["-tls1_2", "-tls1_3"] {
            let seen = visited(&nginx, &trust, &format!("{version} -verify_hostname {name}"), &name);
            let said = text(&seen);
            assert!(seen.status.success(), "{} {version}: {said}\n{}", sample.name, nginx.log());
            for expected in ["Verify return code: 0 (ok)", "OCSP Response Status: successful", "Cert Status: good"] {
                assert!(said.contains(expected), "{} {version}: no “{expected}” in {said}", sample.name);
            }
        }
        let elsewhere = visited(&nginx, &trust, "-verify_hostname elsewhere.example", &name);
        assert!(text(&elsewhere).contains("hostname mismatch"), "{}: {}", sample.name, text(&elsewhere));
    }
}

#[test]
fn gnutls_verifies_nginx_and_the_stapled_answer() {
    let samples = samples();
    for sample in samples.of("web-server") {
        let trust = Trust::in_anchor_of(&sample, &samples);
        let name = dns_name(&sample.certificate);
        let nginx = Nginx::serving(&stapling_a_file(&sample, &trust));
        let seen = gnutls(&nginx, &trust, &name);
        let said = text(&seen);
        assert!(seen.status.success(), "{}: {said}", sample.name);
        assert!(said.contains("Status: The certificate is trusted"), "{}: {said}", sample.name);
        // It looks into the answer while it verifies; that there was one stands among the options.
        assert!(said.contains("OCSP status request"), "{}: no stapled answer in {said}", sample.name);
    }
}

#[test]
fn nginx_fetches_verifies_and_staples_the_answer_itself() {
    let samples = samples();
    let repository = Repository::of(&samples);
    for sample in samples.of("web-server") {
        let trust = Trust::in_anchor_of(&sample, &samples);
        let name = dns_name(&sample.certificate);
        // Verifying needs the whole chain; the certificates behind the one presented come from there too.
        let nginx = Nginx::serving(&format!(
            "{}    ssl_stapling on;\n    ssl_stapling_verify on;\n    ssl_trusted_certificate {};\n    \
             ssl_stapling_responder http://{}/ocsp/{};\n",
            presenting(&sample, &trust),
            sample.chain.display(),
            repository.address,
            sample.name,
        ));
        // The first visitor makes it ask, and does not wait for the answer.
        let deadline = Instant::now() + Duration::from_secs(60);
        let mut said = text(&visited(&nginx, &trust, "", &name));
        repository.has_served(&format!("/ocsp/{}", sample.name));
        while !said.contains("Cert Status: good") {
            assert!(Instant::now() < deadline, "{}: nothing stapled:\n{said}\n{}", sample.name, nginx.log());
            said = text(&visited(&nginx, &trust, "", &name));
        }
    }
}

#[test]
fn a_certificate_of_another_family_makes_no_web_server() {
    let samples = samples();
    for sample in samples.of("mail").into_iter().chain(samples.of("user")) {
        let trust = Trust::in_anchor_of(&sample, &samples);
        let nginx = Nginx::serving(&presenting(&sample, &trust));
        let seen = visited(&nginx, &trust, "", "www.shirakaba.example");
        let said = text(&seen);
        assert!(said.contains("Verify return code: 26"), "{}: {said}", sample.name);
        assert!(!seen.status.success(), "{}: {said}", sample.name);
    }
}

#[test]
fn a_server_whose_certificate_is_revoked_is_refused() {
    let samples = samples();
    for sample in samples.revoked("web-server") {
        let trust = Trust::in_anchor_of(&sample, &samples);
        let name = dns_name(&sample.certificate);
        let nginx = Nginx::serving(&stapling_a_file(&sample, &trust));
        let seen = visited(&nginx, &trust, "", &name);
        let said = text(&seen);
        assert!(!seen.status.success(), "{}: {said}", sample.name);
        assert!(said.contains("Verify return code: 23 (certificate revoked)"), "{}: {said}", sample.name);
        // GnuTLS has no CRL here and goes by the stapled answer.
        let seen = gnutls(&nginx, &trust, &name);
        let said = text(&seen);
        assert!(!seen.status.success() && said.contains("revoked"), "{}: {said}", sample.name);
    }
}

/// The directives of a server with that certificate.
pub(crate) fn presenting(sample: &Sample, trust: &Trust) -> String {
    format!(
        "    ssl_certificate {};\n    ssl_certificate_key {};\n",
        trust.presented.display(),
        sample.private_key.display()
    )
}

fn stapling_a_file(sample: &Sample, trust: &Trust) -> String {
    format!("{}    ssl_stapling on;\n    ssl_stapling_file {};\n", presenting(sample, trust), sample.ocsp.display())
}

/// What OpenSSL's client sees that trusts the anchor and wants everything in order.
fn visited(nginx: &Nginx, trust: &Trust, options: &str, name: &str) -> Output {
    openssl(
        &format!(
            "s_client -connect {} -servername {name} -CAfile {{}} -crl_check_all -x509_strict -purpose sslserver \
             -status -verify_return_error {options}",
            nginx.address
        ),
        &[&trust.store],
    )
}

/// What GnuTLS's client sees that trusts the anchor.
fn gnutls(nginx: &Nginx, trust: &Trust, name: &str) -> Output {
    let port = nginx.address.port();
    tool(
        "gnutls-cli",
        &format!("--port {port} --sni-hostname {name} --verify-hostname {name} --x509cafile {{}} 127.0.0.1"),
        &[&trust.anchor],
    )
}
