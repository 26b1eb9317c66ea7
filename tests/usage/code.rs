//! The code-signing family: a Windows program signed with osslsigncode and a Java archive with jarsigner, each verified against
//! anchor and CRLs, and refused when changed or signed with a key of another family.

use lgpki_tests::samples::Sample;
use lgpki_tests::tools::{openssl, text, tool};
use std::path::{Path, PathBuf};
use std::process::Output;

use crate::repository::Repository;
use crate::samples;
use crate::trust::Trust;

#[test]
fn a_windows_program_is_signed_and_verifies_against_anchor_and_crls() {
    let samples = samples();
    for sample in samples.of("code-signing") {
        let trust = Trust::in_anchor_of(&sample, &samples);
        let program = signed_program(&sample, &trust);
        let verified = verified_program(&program, &trust);
        let said = text(&verified);
        assert!(verified.status.success(), "{}: {said}", sample.name);
        for expected in ["Signature verification: ok", "CRL verification: ok"] {
            assert!(said.contains(expected), "{}: no “{expected}” in {said}", sample.name);
        }

        let mut octets = std::fs::read(&program).unwrap();
        octets[CODE_AT] ^= 1;
        let changed = trust.scratch.file("changed.exe", octets);
        let verified = verified_program(&changed, &trust);
        let said = text(&verified);
        assert!(!verified.status.success() && said.contains("MISMATCH"), "{} changed: {said}", sample.name);
    }
}

#[test]
fn a_windows_program_signed_with_a_key_for_mail_is_refused() {
    let samples = samples();
    for sample in samples.of("mail") {
        let trust = Trust::in_anchor_of(&sample, &samples);
        let verified = verified_program(&signed_program(&sample, &trust), &trust);
        let said = text(&verified);
        assert!(!verified.status.success() && said.contains("XKU_CODE_SIGN"), "{}: {said}", sample.name);
    }
}

#[test]
fn a_windows_program_signed_with_a_revoked_certificate_is_refused() {
    let samples = samples();
    for sample in samples.revoked("code-signing") {
        let trust = Trust::in_anchor_of(&sample, &samples);
        let verified = verified_program(&signed_program(&sample, &trust), &trust);
        let said = text(&verified);
        assert!(!verified.status.success() && said.contains("certificate revoked"), "{}: {said}", sample.name);
    }
}

#[test]
fn a_java_archive_is_signed_and_verifies_with_revocation_looked_up() {
    let samples = samples();
    let repository = Repository::of(&samples);
    for sample in samples.of("code-signing") {
        let trust = Trust::in_anchor_of(&sample, &samples);
        let archive = signed_archive(&sample, &trust);
        let before = repository.served().len();
        let verified = verified_archive(&archive, &trust, &repository);
        let said = text(&verified);
        assert!(verified.status.success(), "{}: {said}", sample.name);
        assert!(said.contains("jar verified"), "{}: {said}", sample.name);
        let asked = repository.served().split_off(before);
        // For the signer and for the CA above it: each names a responder, so Java asks for no CRL.
        let responders = asked.iter().filter(|path| path.starts_with("/ocsp/")).count();
        assert!(responders >= 2, "{}: asked for {asked:?}: {said}", sample.name);
    }
}

#[test]
fn a_java_archive_signed_with_a_key_for_mail_is_refused() {
    let samples = samples();
    let repository = Repository::of(&samples);
    // One is enough: the kind of key does not matter here, and Java takes its time.
    for sample in samples.of("mail").into_iter().take(1) {
        let trust = Trust::in_anchor_of(&sample, &samples);
        let verified = verified_archive(&signed_archive(&sample, &trust), &trust, &repository);
        let said = text(&verified);
        assert!(!verified.status.success(), "{}: {said}", sample.name);
        assert!(said.contains("ExtendedKeyUsage"), "{}: {said}", sample.name);
    }
}

#[test]
fn a_java_archive_signed_with_a_revoked_certificate_is_refused() {
    let samples = samples();
    let repository = Repository::of(&samples);
    for sample in samples.revoked("code-signing") {
        let trust = Trust::in_anchor_of(&sample, &samples);
        let verified = verified_archive(&signed_archive(&sample, &trust), &trust, &repository);
        let said = text(&verified);
        assert!(!verified.status.success() && said.contains("revoked"), "{}: {said}", sample.name);
    }
}

fn signed_program(sample: &Sample, trust: &Trust) -> PathBuf {
    let plain = trust.scratch.file("plain.exe", windows_program());
    let signed = trust.path("signed.exe");
    let made = tool(
        "osslsigncode",
        "sign -h sha256 -n LGPKI -certs {} -key {} -in {} -out {}",
        &[&trust.presented, &sample.private_key, &plain, &signed],
    );
    assert!(made.status.success(), "{}: {}", sample.name, text(&made));
    signed
}

/// Its CRLs are given. Newer versions would look for the signer's at its address, too; they are sent where nobody listens.
fn verified_program(program: &Path, trust: &Trust) -> Output {
    tool(
        "env",
        "http_proxy=http://127.0.0.1:9 osslsigncode verify -CAfile {} -CRLfile {} -in {}",
        &[&trust.anchor, &trust.crls, program],
    )
}

fn signed_archive(sample: &Sample, trust: &Trust) -> PathBuf {
    let archive = trust.scratch.file("sample.jar", java_archive());
    // The anchor goes along: jarsigner calls a signer strange whose chain has nothing of its keystore in it.
    let keys = trust.path("keys.p12");
    let kept = openssl(
        &format!("pkcs12 -export -name holder -passout pass:{PASSWORD} -inkey {{}} -in {{}} -certfile {{}} -out {{}}"),
        &[&sample.private_key, &sample.certificate, &sample.chain, &keys],
    );
    assert!(kept.status.success(), "{}: {}", sample.name, text(&kept));
    let line = format!("-storetype PKCS12 -storepass {PASSWORD} -keystore {{}} {{}} holder");
    let made = tool("jarsigner", &line, &[&keys, &archive]);
    assert!(made.status.success(), "{}: {}", sample.name, text(&made));
    archive
}

/// `-strict` makes an error of what would be a warning: an unknown chain, a key for something else, a revoked certificate.
fn verified_archive(archive: &Path, trust: &Trust, repository: &Repository) -> Output {
    let anchors = trust.path("anchors.p12");
    let line = format!(
        "-importcert -noprompt -alias anchor -storetype PKCS12 -storepass {PASSWORD} -file {{}} -keystore {{}}"
    );
    let trusted = tool("keytool", &line, &[&trust.anchor, &anchors]);
    assert!(trusted.status.success(), "{}", text(&trusted));
    let line = format!(
        "-J-Duser.language=en -J-Dhttp.proxyHost=127.0.0.1 -J-Dhttp.proxyPort={} -J-Dhttp.nonProxyHosts= \
         -verify -strict -revCheck -storepass {PASSWORD} -keystore {{}} {{}}",
        repository.address.port()
    );
    tool("jarsigner", &line, &[&anchors, archive])
}

/// Java wants one of six characters; nothing is secret here.
const PASSWORD: &str = "sample";

/// Where the one instruction of the program below stands.
const CODE_AT: usize = 0x200;

/// The smallest 64-bit Windows program there can be: headers, and a section with `ret` (Microsoft PE/COFF specification).
fn windows_program() -> Vec<u8> {
    const HEADER_AT: usize = 0x80;
    const OPTIONAL_AT: usize = HEADER_AT + 24;
    const SECTION_AT: usize = OPTIONAL_AT + 0xF0;
    let mut file = vec![0; 0x400];
    let mut put = |at: usize, octets: &[u8]| file[at..at + octets.len()].copy_from_slice(octets);
    put(0, b"MZ");
    put(0x3C, &0x80_u32.to_le_bytes());
    put(HEADER_AT, b"PE\0\0");
    put(HEADER_AT + 4, &0x8664_u16.to_le_bytes()); // x86-64
    put(HEADER_AT + 6, &1_u16.to_le_bytes()); // one section
    put(HEADER_AT + 20, &0xF0_u16.to_le_bytes()); // the optional header's size
    put(HEADER_AT + 22, &0x22_u16.to_le_bytes()); // executable, large addresses
    put(OPTIONAL_AT, &0x20B_u16.to_le_bytes()); // PE32+
    let fields: [(usize, u32); 12] = [
        (4, 0x200),        // code
        (16, 0x1000),      // entry
        (20, 0x1000),      // base of code
        (24, 0x4000_0000), // where it wants to lie
        (32, 0x1000),      // alignment in memory
        (36, 0x200),       // alignment in the file
        (40, 6),           // Windows Vista
        (48, 6),
        (56, 0x2000), // size in memory
        (60, 0x200),  // size of the headers
        (68, 3),      // a console program
        (108, 16),    // data directories; the signature is found through the fifth
    ];
    for (at, value) in fields {
        put(OPTIONAL_AT + at, &value.to_le_bytes());
    }
    put(SECTION_AT, b".text");
    for (at, value) in [(8, 0x200_u32), (12, 0x1000), (16, 0x200), (20, 0x200), (36, 0x6000_0020)] {
        put(SECTION_AT + at, &value.to_le_bytes());
    }
    put(CODE_AT, &[0xC3]);
    file
}

/// A Java archive with one file: zip with a stored entry (PKWARE APPNOTE §4.3).
fn java_archive() -> Vec<u8> {
    const NAME: &[u8] = b"hello.txt";
    const CONTENT: &[u8] = "こんにちは\n".as_bytes();
    let size = u32::try_from(CONTENT.len()).unwrap();
    let name_size = u16::try_from(NAME.len()).unwrap();
    // Version 2.0, no flags, stored, 1980-01-01 0:00, then checksum, sizes and lengths: the same in both headers.
    let described = [
        &[20, 0, 0, 0, 0, 0, 0, 0, 0x21, 0][..],
        &crc32(CONTENT).to_le_bytes(),
        &size.to_le_bytes(),
        &size.to_le_bytes(),
        &name_size.to_le_bytes(),
        &[0, 0],
    ]
    .concat();
    let entry = [b"PK\x03\x04", &*described, NAME, CONTENT].concat();
    let directory = [b"PK\x01\x02\x14\x00", &*described, &[0; 14], NAME].concat();
    let end = [
        &b"PK\x05\x06\0\0\0\0\x01\0\x01\0"[..],
        &u32::try_from(directory.len()).unwrap().to_le_bytes(),
        &u32::try_from(entry.len()).unwrap().to_le_bytes(),
        &[0, 0],
    ]
    .concat();
    [entry, directory, end].concat()
}

/// The checksum of zip (ISO 3309), bit by bit.
fn crc32(octets: &[u8]) -> u32 {
    !octets.iter().fold(u32::MAX, |checksum, octet| {
        (0..8).fold(checksum ^ u32::from(*octet), |rest, _| (rest >> 1) ^ (0xEDB8_8320 * (rest & 1)))
    })
}
