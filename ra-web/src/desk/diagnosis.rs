//! What a signing request says, in words: usable or not, why, and what to do.
//!
//! Used by the form itself, by the button [検査する] and by the script that asks while a person types. Text that looks like a private
//! key never leaves this module: it is recognised here before anything is shown again.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ca_core::der::DerError;
use ca_core::key::{KeyAlgorithm, KeyError, SignatureAlgorithmError, SubjectKey, WeakKey};
use ca_core::request::{Csr, CsrError, ProvenCsr, Repair};

use super::message::Message;

/// A signing request that can be used, with what people should see of it.
#[derive(Clone, Debug)]
pub struct Examined {
    /// The key and the request, proven.
    pub csr: ProvenCsr,
    /// The subject the request asks for: shown greyed, never used.
    pub requested_subject: Option<String>,
    /// The server names the request asks for: shown greyed, never used.
    pub requested_dns_names: Vec<String>,
    /// What was repaired while reading.
    pub repairs: Vec<Message>,
    /// What is no obstacle, but worth knowing.
    pub advice: Vec<Message>,
}

impl Examined {
    /// Returns the request in PEM, as the form carries it from step to step.
    pub fn pem(&self) -> String {
        pem::encode_config(
            &pem::Pem::new("CERTIFICATE REQUEST", self.csr.der()),
            pem::EncodeConfig::new().set_line_ending(pem::LineEnding::LF),
        )
    }
}

/// Returns what is in `input` (PEM, DER or base64 without armour), or the sentence that says why it cannot be used.
///
/// Whether the key was used before is not known here: the database knows.
pub fn examine(input: &[u8]) -> Result<Examined, Message> {
    let csr = Csr::parse(input).map_err(|error| explain(&error))?;
    let repairs = csr.repairs().iter().map(|repair| repaired(*repair)).collect();
    let requested_subject = csr.requested_subject().map(str::to_owned);
    let requested_dns_names = csr.requested_dns_names().to_vec();
    let csr = csr.prove().map_err(|error| explain(&error))?;
    let advice = advice(csr.key());
    Ok(Examined { csr, requested_subject, requested_dns_names, repairs, advice })
}

/// Returns the sentence for each way in which a request can be unusable. No sentence repeats what was pasted.
pub fn explain(error: &CsrError) -> Message {
    match error {
        CsrError::Empty => Message::new("csr-empty"),
        CsrError::TooLarge { found, most } => Message::new("csr-too-large").with("size", found).with("limit", most),
        CsrError::BrokenPem => Message::new("csr-broken-pem"),
        CsrError::PrivateKeyPasted => Message::new("csr-private-key"),
        CsrError::CertificatePasted => Message::new("csr-certificate"),
        CsrError::SeveralBlocks(count) => Message::new("csr-several").with("count", count),
        CsrError::OtherPem(label) => Message::new("csr-other-pem").with("label", label),
        CsrError::NotACsr(DerError::TrailingData(octets)) => Message::new("csr-trailing-data").with("count", octets),
        CsrError::NotACsr(_) => Message::new("csr-not-a-request"),
        CsrError::Key(error) => explain_key(error),
        CsrError::SignatureAlgorithm(error) => explain_signature(error),
        CsrError::BadSignature => Message::new("csr-bad-signature"),
    }
}

fn explain_signature(error: &SignatureAlgorithmError) -> Message {
    match error {
        SignatureAlgorithmError::Unsupported(oid) => {
            Message::new("csr-signature-algorithm").with("algorithm", algorithm_name(oid))
        }
        SignatureAlgorithmError::PssDigest(_) => Message::new("csr-signature-algorithm").with("algorithm", "RSA-PSS"),
        SignatureAlgorithmError::PssSalt { found, expected } => {
            Message::new("csr-pss-salt").with("found", found).with("expected", expected)
        }
        SignatureAlgorithmError::Der(_) | SignatureAlgorithmError::Parameters(_) => {
            Message::new("csr-signature-malformed")
        }
    }
}

fn explain_key(error: &KeyError) -> Message {
    match error {
        KeyError::Der(_) | KeyError::BadPoint { .. } | KeyError::BadPublicKey { .. } => {
            Message::new("csr-key-malformed")
        }
        KeyError::UnsupportedAlgorithm(oid) | KeyError::UnsupportedCurve(oid) => {
            Message::new("csr-key-unsupported").with("found", algorithm_name(oid))
        }
        KeyError::ModulusSize(bits) => Message::new("csr-long-rsa").with("bits", bits),
        KeyError::Weak(WeakKey::RsaSize { bits, least, .. }) if bits < least => {
            Message::new("csr-weak-rsa").with("bits", bits)
        }
        KeyError::Weak(WeakKey::RsaSize { bits, .. }) => Message::new("csr-long-rsa").with("bits", bits),
        KeyError::Weak(WeakKey::Exponent) => Message::new("csr-weak-exponent"),
        KeyError::Weak(WeakKey::SmallFactor(_) | WeakKey::Roca | WeakKey::ClosePrimes) => {
            Message::new("csr-known-weak")
        }
    }
}

/// Returns the name people know an algorithm by; its number when it is a rare one.
fn algorithm_name(oid: &str) -> &str {
    match oid {
        "1.2.840.10040.4.1" => "DSA",
        "1.2.840.113549.1.1.4" => "MD5-RSA",
        "1.2.840.113549.1.1.5" => "SHA-1-RSA",
        "1.2.840.113549.1.1.10" => "RSA-PSS",
        "1.2.840.113549.1.1.13" => "SHA-512-RSA",
        "1.2.840.10045.4.1" => "SHA-1-ECDSA",
        "1.2.840.10045.4.3.4" => "SHA-512-ECDSA",
        "1.3.132.0.10" => "secp256k1",
        "1.3.132.0.35" => "P-521",
        "1.3.101.112" => "Ed25519",
        "1.3.101.113" => "Ed448",
        other => other,
    }
}

fn repaired(repair: Repair) -> Message {
    match repair {
        Repair::ArmourAdded => Message::new("csr-repair-armour"),
        Repair::SurroundingTextIgnored => Message::new("csr-repair-surrounding"),
    }
}

fn advice(key: &SubjectKey) -> Vec<Message> {
    match key.algorithm() {
        KeyAlgorithm::Rsa2048 => vec![Message::new("diagnosis-rsa-2048")],
        _ => Vec::new(),
    }
}

/// Returns the kind of key as people write it, such as "RSA 3072" or "ECDSA P-256".
pub fn key_label(algorithm: KeyAlgorithm) -> String {
    match algorithm {
        rsa if rsa.is_rsa() => format!("RSA {}", rsa.bits()),
        KeyAlgorithm::MlDsa44 => "ML-DSA-44".to_owned(),
        KeyAlgorithm::MlDsa65 => "ML-DSA-65".to_owned(),
        KeyAlgorithm::MlDsa87 => "ML-DSA-87".to_owned(),
        curve => format!("ECDSA P-{}", curve.bits()),
    }
}

/// Returns true when `text` holds a private key or a piece of one, whole or damaged, with or without its BEGIN line, wherever
/// in the text it begins.
///
/// Such text is not shown again, stored or logged.
pub fn holds_private_key(text: &str) -> bool {
    if text.contains("PRIVATE KEY") || text.contains("Private-Lines") {
        return true;
    }
    let mut before = None;
    text.char_indices().any(|(place, here)| {
        let begins = before.replace(here).is_none_or(|before| !is_base64(before));
        begins && is_base64(here) && text.get(place..).is_some_and(begins_like_a_private_key)
    })
}

/// Returns true when a signing request was expected and `octets` are a private key instead, in whatever clothes.
pub fn is_private_key(octets: &[u8]) -> bool {
    std::str::from_utf8(octets).is_ok_and(holds_private_key)
        || matches!(Csr::parse(octets), Err(CsrError::PrivateKeyPasted))
}

/// Characters of base64 looked at: as many octets as the longest of the beginnings below has.
const BEGINNING: usize = 32;
/// "openssh-key-v1" in base64.
const OPENSSH: &str = "b3BlbnNzaC1rZXktdjE";
/// 1.2.840.113549.1: the arc of PKCS, which holds the algorithms that encrypt private keys (.5) and PKCS#12 (.12).
const PKCS: [u8; 9] = [0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01];

const fn is_base64(character: char) -> bool {
    character.is_ascii_alphanumeric() || matches!(character, '+' | '/')
}

/// Judges the base64 that `text` begins with, across line breaks. The DER of a private key is a SEQUENCE that begins with a
/// version number, or, encrypted, with the algorithm; that of a request or certificate is a SEQUENCE with another inside.
fn begins_like_a_private_key(text: &str) -> bool {
    let mut start: String =
        text.chars().filter(|c| !c.is_whitespace()).take(BEGINNING).take_while(|c| is_base64(*c)).collect();
    if start.starts_with(OPENSSH) {
        return true;
    }
    start.truncate(start.len() - start.len() % 4);
    let Ok(octets) = STANDARD.decode(&start) else { return false };
    let Some(content) = inside_sequence(&octets) else { return false };
    match content {
        // PKCS#8 and SEC 1 or PKCS#1; PKCS#12.
        [0x02, 0x01, 0..=1 | 3, ..] => true,
        // EncryptedPrivateKeyInfo.
        _ => inside_sequence(content)
            .and_then(|algorithm| algorithm.strip_prefix(PKCS.as_slice()))
            .is_some_and(|arc| matches!(arc, [0x05 | 0x0c, ..])),
    }
}

/// What follows the tag and length of a SEQUENCE; a length that BER leaves open is one, too.
const fn inside_sequence(octets: &[u8]) -> Option<&[u8]> {
    match octets {
        [0x30, 0x83, _, _, _, content @ ..]
        | [0x30, 0x82, _, _, content @ ..]
        | [0x30, 0x81, _, content @ ..]
        | [0x30, 0..=0x80, content @ ..] => Some(content),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::locale::{Language, Texts};

    fn every_error() -> Vec<CsrError> {
        vec![
            CsrError::Empty,
            CsrError::TooLarge { found: 20_000, most: 16_384 },
            CsrError::BrokenPem,
            CsrError::PrivateKeyPasted,
            CsrError::CertificatePasted,
            CsrError::SeveralBlocks(2),
            CsrError::OtherPem("PKCS7".to_owned()),
            CsrError::NotACsr(DerError::TrailingData(3)),
            CsrError::NotACsr(DerError::Truncated),
            CsrError::Key(KeyError::Der(DerError::Truncated)),
            CsrError::Key(KeyError::UnsupportedAlgorithm("1.3.101.112".to_owned())),
            CsrError::Key(KeyError::UnsupportedCurve("1.3.132.0.35".to_owned())),
            CsrError::Key(KeyError::BadPoint { expected: 65, found: 33 }),
            CsrError::Key(KeyError::BadPublicKey { expected: 1312, found: 1311 }),
            CsrError::Key(KeyError::ModulusSize(16_384)),
            CsrError::Key(KeyError::Weak(WeakKey::RsaSize { bits: 1024, least: 2048, most: 4096 })),
            CsrError::Key(KeyError::Weak(WeakKey::RsaSize { bits: 8192, least: 2048, most: 4096 })),
            CsrError::Key(KeyError::Weak(WeakKey::Exponent)),
            CsrError::Key(KeyError::Weak(WeakKey::SmallFactor(7))),
            CsrError::Key(KeyError::Weak(WeakKey::Roca)),
            CsrError::Key(KeyError::Weak(WeakKey::ClosePrimes)),
            SignatureAlgorithmError::Unsupported("1.2.840.113549.1.1.5".to_owned()).into(),
            SignatureAlgorithmError::PssDigest("1.3.14.3.2.26".to_owned()).into(),
            SignatureAlgorithmError::PssSalt { found: 222, expected: 32 }.into(),
            SignatureAlgorithmError::Parameters("ecdsa-with-SHA256").into(),
            CsrError::BadSignature,
        ]
    }

    #[test]
    fn every_refusal_says_what_why_and_what_to_do_in_both_languages() {
        let texts = Texts::load().unwrap();
        for error in every_error() {
            let message = explain(&error);
            let japanese = texts.text(Language::Japanese, message.key, &message.arguments);
            let english = texts.text(Language::English, message.key, &message.arguments);
            for text in [&japanese, &english] {
                assert_ne!(text, message.key, "{error:?} has no text");
                assert!(!text.contains("{$") && !text.contains("{ $"), "{error:?}: {text}");
            }
            assert!(japanese.matches('。').count() >= 2, "one sentence is too little: {japanese}");
            assert!(japanese.ends_with("ください。"), "does not say what to do: {japanese}");
            assert!(english.matches(['.', '?']).count() >= 2, "one sentence is too little: {english}");
        }
    }

    #[test]
    fn what_disagreed_is_in_the_sentence() {
        let texts = Texts::load().unwrap();
        let text = |error: CsrError| {
            let message = explain(&error);
            texts.text(Language::Japanese, message.key, &message.arguments)
        };
        assert!(text(CsrError::TooLarge { found: 20_000, most: 16_384 }).contains("20000"));
        assert!(
            text(CsrError::Key(KeyError::Weak(WeakKey::RsaSize { bits: 1024, least: 2048, most: 4096 })))
                .contains("1024")
        );
        assert!(
            text(SignatureAlgorithmError::Unsupported("1.2.840.113549.1.1.5".to_owned()).into()).contains("SHA-1-RSA")
        );
        assert!(text(CsrError::Key(KeyError::UnsupportedAlgorithm("1.2.3".to_owned()))).contains("1.2.3"));
    }

    #[test]
    fn a_private_key_is_recognised_in_every_disguise() {
        for text in [
            "-----BEGIN PRIVATE KEY-----\nMIIEv",
            "-----BEGIN RSA PRIVATE KEY-----",
            "-----BEGIN OPENSSH PRIVATE KEY-----",
            "PuTTY-User-Key-File-3\nPrivate-Lines: 14",
            "www.town.shirakaba.lg.jp\n-----END EC PRIVATE KEY-----",
            "MIIEvQIBADANBgkqhkiG9w0BAQEFAASC", // PKCS#8 with RSA
            "MIIEpAIBAAKCAQEA7r2",              // PKCS#1
            "MHcCAQEEIBkN0xx0",                 // SEC 1
            "MIGHAgEAMBMGByqGSM49",             // PKCS#8 with EC
            "MIGH\nAgEAMBMGByqGSM49",
            "秘密鍵: MHcCAQEEIBkN0xx0",
            "よろしくお願いします。\r\nMIIEv\r\nQIBADANBgkqhkiG9w0BAQEFAASC",
            "see below MIIEpAIBAAKCAQEA7r2",
            "{\"key\":\"MHcCAQEEIBkN0xx0\"}",
            "> MHcCAQEEIBkN0xx0\n> AAAA",
            "MIHsMFcGCSqGSIb3DQEFDTBKMCkGCSqGSIb3DQEFDDAcBAhE", // encrypted PKCS#8, PBES2
            "MIIFHDBOBgkqhkiG9w0BBQ0wQTApBgkqhkiG9w0B",         // the same, RSA
            "MIIBpjBABgkqhkiG9w0BBQMwMwQI",                     // PBES1
            "MIIJKQIBAzCCCO8GCSqGSIb3DQEHAaCC",                 // PKCS#12
            "MIACAQMwgAYJKoZIhvcNAQcBoIAkgASC",                 // PKCS#12 in BER
            "鍵 b3BlbnNzaC1rZXktdjEAAAAABG5vbmU",
        ] {
            assert!(holds_private_key(text), "{text}");
        }
        for text in [
            "",
            "www.town.shirakaba.lg.jp",
            "-----BEGIN CERTIFICATE REQUEST-----",
            "MIICijCCAXICAQAwRTEL",
            "MIHuMIGVAgEAMDMxCzAJ",
            "MIIDazCCAlOgAwIBAgIUJ0uYB0hQ", // a certificate
            "MIIB8wYJKoZIhvcNAQcCoIIB5DCC", // PKCS#7
            "MAIと書いてあります。MIIEも同じ",
        ] {
            assert!(!holds_private_key(text), "{text}");
        }
    }

    #[test]
    fn keys_are_named_as_people_write_them() {
        assert_eq!(key_label(KeyAlgorithm::Rsa3072), "RSA 3072");
        assert_eq!(key_label(KeyAlgorithm::P384), "ECDSA P-384");
    }
}
