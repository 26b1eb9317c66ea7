//! A folder in which everything is wrong for every judge: a careless CA's certificate, judged long after its end, with a CRL and an
//! OCSP answer that are none.

use crate::samples::Samples;
use lgpki_tests::tools::{Scratch, openssl, text};
use serde_json::json;

pub(crate) fn samples() -> Samples {
    let folder = Scratch::new("wrong-samples");
    for place in ["chains", "crls", "ocsp"] {
        std::fs::create_dir(folder.path().join(place)).unwrap();
    }
    let [file, key] = ["wrong.pem", "wrong.key"].map(|name| folder.path().join(name));
    // basicConstraints and keyUsage are not critical, keyCertSign is missing, the identifier is no hash of the key.
    let made = openssl(
        "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=wrong -days 2 -keyout {} -out {} \
         -addext basicConstraints=CA:TRUE -addext keyUsage=digitalSignature -addext subjectKeyIdentifier=00",
        &[&key, &file],
    );
    assert!(made.status.success(), "{}", text(&made));
    std::fs::remove_file(key).unwrap();
    // The second certificate of the chain did not sign the first: same name, another key.
    let other = folder.path().join("chains/wrong.pem");
    let made = openssl(
        "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=wrong -days 2 -keyout /dev/null -out {} \
         -addext subjectKeyIdentifier=01",
        &[&other],
    );
    assert!(made.status.success(), "{}", text(&made));
    // Not even a certificate.
    std::fs::write(folder.path().join("text.pem"), "-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n")
        .unwrap();
    folder.file("crls/wrong.crl", [0x30, 0x00]);
    folder.file("ocsp/wrong.der", [0x30, 0x00]);
    let certificate = |file: &str, chain: Option<&str>| json!({ "file": file, "chain": chain, "anchor": "wrong.pem", "crl": null, "purposes": ["sslserver"] });
    let manifest = json!({
        "schema": "lgpki.samples/1",
        "valid_at": "2099-01-01T00:00:00Z",
        "certificates": [certificate("wrong.pem", Some("chains/wrong.pem")), certificate("text.pem", None)],
        "crls": [{ "file": "crls/wrong.crl", "issuer": "wrong.pem" }],
        "ocsp": [{ "file": "ocsp/wrong.der", "certificate": "wrong.pem", "issuer": "wrong.pem", "responder": "wrong.pem" }],
    });
    folder.file("manifest.json", manifest.to_string());
    Samples::in_folder(folder.path().to_path_buf(), Some(folder))
}
