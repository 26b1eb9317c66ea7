//! The mail and encryption families with S/MIME as OpenSSL does it: signed and verified, enciphered and deciphered.

use lgpki_tests::samples::Sample;
use lgpki_tests::tools::{openssl, text};
use std::path::{Path, PathBuf};
use std::process::Output;

use crate::samples;
use crate::trust::{Trust, mail_address};

/// What is sent. S/MIME ends lines with CR LF.
const LETTER: &str = "白樺町から、住民異動届の件でお知らせします。\r\n";

#[test]
fn a_signed_mail_verifies_against_anchor_and_crls() {
    let samples = samples();
    for sample in samples.of("mail") {
        let trust = Trust::in_anchor_of(&sample, &samples);
        let signed = signed(&sample, &trust);
        let address = mail_address(&sample.certificate);
        let verified = openssl(&format!("{VERIFY} -verify_email {address}"), &[&signed, &trust.store]);
        assert!(verified.status.success(), "{}: {}", sample.name, text(&verified));
        assert_eq!(String::from_utf8_lossy(&verified.stdout), LETTER, "{}", sample.name);

        let other = openssl(&format!("{VERIFY} -verify_email other@shirakaba.example"), &[&signed, &trust.store]);
        assert!(text(&other).contains("email address mismatch"), "{}: {}", sample.name, text(&other));
    }
}

#[test]
fn a_mail_changed_on_its_way_is_refused() {
    let samples = samples();
    for sample in samples.of("mail") {
        let trust = Trust::in_anchor_of(&sample, &samples);
        let sent = std::fs::read_to_string(signed(&sample, &trust)).unwrap();
        let changed = trust.scratch.file("changed.eml", sent.replace("住民異動届", "転出証明書"));
        let verified = openssl(VERIFY, &[&changed, &trust.store]);
        assert!(!verified.status.success(), "{}: {}", sample.name, text(&verified));
        assert!(text(&verified).contains("CMS Verification failure"), "{}: {}", sample.name, text(&verified));
    }
}

#[test]
fn a_mail_signed_with_a_key_for_programs_is_refused() {
    let samples = samples();
    for sample in samples.of("code-signing") {
        let trust = Trust::in_anchor_of(&sample, &samples);
        let verified = openssl(VERIFY, &[&signed(&sample, &trust), &trust.store]);
        assert!(text(&verified).contains("unsuitable certificate purpose"), "{}: {}", sample.name, text(&verified));
    }
}

#[test]
fn a_mail_signed_with_a_revoked_certificate_is_refused() {
    let samples = samples();
    for sample in samples.revoked("mail") {
        let trust = Trust::in_anchor_of(&sample, &samples);
        let verified = openssl(VERIFY, &[&signed(&sample, &trust), &trust.store]);
        assert!(text(&verified).contains("certificate revoked"), "{}: {}", sample.name, text(&verified));
    }
}

#[test]
fn nobody_enciphers_for_a_revoked_certificate() {
    let samples = samples();
    for sample in samples.revoked("encryption") {
        let trust = Trust::in_anchor_of(&sample, &samples);
        let judged = judged_by_sender(&sample, &trust);
        assert!(text(&judged).contains("certificate revoked"), "{}: {}", sample.name, text(&judged));
    }
}

#[test]
fn an_enciphered_letter_is_read_by_its_recipient_alone() {
    let samples = samples();
    let recipients = samples.of("encryption");
    let reader = |sample: &Sample| recipients.iter().find(|other| other.key == sample.key && other.name != sample.name);
    let keys: Vec<bool> = recipients.iter().map(is_rsa).collect();
    assert!(keys.contains(&true) && keys.contains(&false), "samples for key transport and for key agreement");
    for sample in &recipients {
        let trust = Trust::in_anchor_of(sample, &samples);
        let judged = judged_by_sender(sample, &trust);
        assert!(judged.status.success(), "{}: {}", sample.name, text(&judged));
        // RSA: RFC 8017 with and without OAEP; EC: RFC 5753 with the digests in use.
        let (kind, ways) = match is_rsa(sample) {
            true => ("ktri", ["rsa_padding_mode:pkcs1", "rsa_padding_mode:oaep"]),
            false => ("kari", ["ecdh_kdf_md:sha256", "ecdh_kdf_md:sha384"]),
        };
        for way in ways {
            let sealed = enciphered(&trust, &[sample], way);
            let printed = openssl("cms -cmsout -print -noout -in {}", &[&sealed]);
            assert!(text(&printed).contains(kind), "{} {way}: no {kind} in {}", sample.name, text(&printed));
            assert_eq!(deciphered(sample, &sealed).as_deref(), Ok(LETTER), "{} {way}", sample.name);
            if let Some(other) = reader(sample) {
                assert!(deciphered(other, &sealed).is_err(), "{} reads what is meant for {}", other.name, sample.name);
            }
        }
    }
}

#[test]
fn one_letter_to_offices_with_different_keys_is_read_by_each() {
    let samples = samples();
    let recipients = samples.of("encryption");
    let trust = Trust::in_anchor_of(&recipients[0], &samples);
    let sealed = enciphered(&trust, &recipients.iter().collect::<Vec<_>>(), "");
    for recipient in &recipients {
        assert_eq!(deciphered(recipient, &sealed).as_deref(), Ok(LETTER), "{}", recipient.name);
    }
}

/// Chain, every CRL on the way and the purpose, strictly.
const VERIFY: &str = "cms -verify -in {} -CAfile {} -crl_check_all -x509_strict -purpose smimesign";

fn signed(sample: &Sample, trust: &Trust) -> PathBuf {
    let letter = trust.scratch.file("letter.txt", LETTER);
    let mail = trust.path("signed.eml");
    let made = openssl(
        "cms -sign -in {} -signer {} -inkey {} -certfile {} -out {}",
        &[&letter, &sample.certificate, &sample.private_key, &trust.between, &mail],
    );
    assert!(made.status.success(), "{}: {}", sample.name, text(&made));
    mail
}

/// A sender looks at a certificate before trusting it with a secret. OpenSSL's purpose `smimeencrypt` asks for
/// keyEncipherment, which is RSA's; a key for agreement says keyAgreement (RFC 5480 §3), so it is not asked about that.
fn judged_by_sender(sample: &Sample, trust: &Trust) -> Output {
    let purpose = if is_rsa(sample) { "-purpose smimeencrypt" } else { "" };
    openssl(
        &format!("verify {purpose} -x509_strict -crl_check_all -CAfile {{}} -untrusted {{}} {{}}"),
        &[&trust.store, &trust.between, &sample.certificate],
    )
}

fn enciphered(trust: &Trust, recipients: &[&Sample], way: &str) -> PathBuf {
    let letter = trust.scratch.file("letter.txt", LETTER);
    let sealed = trust.path("sealed.eml");
    let option = if way.is_empty() { String::new() } else { format!(" -keyopt {way}") };
    let line: String = recipients.iter().map(|_| format!(" -recip {{}}{option}")).collect();
    let files: Vec<_> = recipients.iter().map(|recipient| recipient.certificate.as_path()).collect();
    let made = openssl(
        &format!("cms -encrypt -aes256 -in {{}} -out {{}}{line}"),
        &[&[letter.as_path(), &sealed], &*files].concat(),
    );
    assert!(made.status.success(), "{way}: {}", text(&made));
    sealed
}

/// The letter as this recipient reads it, or what stopped them.
fn deciphered(recipient: &Sample, sealed: &Path) -> Result<String, String> {
    let read =
        openssl("cms -decrypt -in {} -recip {} -inkey {}", &[sealed, &recipient.certificate, &recipient.private_key]);
    match read.status.success() {
        true => Ok(String::from_utf8_lossy(&read.stdout).into_owned()),
        false => Err(text(&read)),
    }
}

fn is_rsa(sample: &Sample) -> bool {
    sample.key.starts_with("rsa")
}
