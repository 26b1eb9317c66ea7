//! The job-role family: a PDF signed and validated by pyHanko, with CRLs, with OCSP, with what was put into the document, and with
//! what the certificate's own addresses give. `document.py` beside this does it and prints what it found.

use lgpki_tests::samples::Sample;
use serde_json::{Value, json};
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::repository::Repository;
use crate::samples;

#[test]
fn a_document_signed_with_a_job_role_key_is_valid_and_no_other() {
    let samples = samples();
    let repository = Repository::of(&samples);
    let tests = Path::new(env!("CARGO_MANIFEST_DIR"));
    let python = tests.join("../target/tools/pyhanko/bin/python");
    assert!(python.exists(), "pyHanko is not installed; mend with: ./check test");
    let task = json!({
        "signers": samples.of("job-role").iter().map(described).collect::<Vec<_>>(),
        "revoked": samples.revoked("job-role").iter().map(described).collect::<Vec<_>>(),
        "others": samples.of("mail").iter().map(described).collect::<Vec<_>>(),
        "crls": samples.crls(),
    });
    let mut script = Command::new(python)
        .arg(tests.join("usage/document.py"))
        .env("http_proxy", format!("http://{}", repository.address))
        .env_remove("no_proxy")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("python runs");
    script.stdin.take().unwrap().write_all(task.to_string().as_bytes()).unwrap();
    let output = script.wait_with_output().unwrap();
    let said = [output.stdout, output.stderr].map(|octets| String::from_utf8_lossy(&octets).into_owned()).concat();
    assert!(output.status.success(), "tests/usage/document.py:\n{said}");
    assert!(said.contains(" passed, 0 failed"), "tests/usage/document.py ends with a count:\n{said}");
    // The signer's CA is the anchor itself and names a responder, so pyHanko asks for no CRL.
    let served = repository.served();
    assert!(served.iter().any(|path| path.starts_with("/ocsp/")), "pyHanko asked for {served:?}:\n{said}");
}

fn described(sample: &Sample) -> Value {
    json!({
        "name": sample.name,
        "certificate": sample.certificate,
        "key": sample.private_key,
        "chain": sample.chain,
        "ocsp": sample.ocsp,
    })
}
