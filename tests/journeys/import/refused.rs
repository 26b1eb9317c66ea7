//! CAs that are not taken over as they are, since nothing is signed with SHA-1 or a short key here, and what is done about it.

use super::{OLD_CA, WHOLE, import, installation};
use lgpki_tests::invariants::{broken, count};
use lgpki_tests::tools::{Scratch, openssl, text};
use std::path::Path;
use std::process::Command;

/// The old CA with another key or digest.
fn made(folder: &Path, changes: &[(&str, &str)]) {
    let script = changes.iter().fold(OLD_CA.to_owned(), |script, (from, to)| {
        assert!(script.contains(from), "{from}");
        script.replace(from, to)
    });
    let made = Command::new("bash").arg("-c").arg(script).current_dir(folder).output().unwrap();
    assert!(made.status.success(), "{}", text(&made));
}

#[test]
fn a_ca_with_a_short_key_is_refused() {
    let (scratch, installation) = (Scratch::new("import-short"), installation());
    let root = ("-x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256", "-x509 -newkey rsa:1024");
    made(scratch.path(), &[root]);
    for key in [&["--key", "ca.key"][..], &["--pkcs12", "ca.p12", "--key-passphrase-file", "passphrase"]] {
        let (moved, said) = import(&installation, scratch.path(), &[&WHOLE[..], key].concat());
        assert!(!moved && said.contains("RSA with 2048 to 4096 bits"), "{said}");
    }
    // Nor does one come whose key is elsewhere, by its certificate alone.
    let (moved, said) = import(&installation, scratch.path(), &[&WHOLE[..], &["--key-label", "root"]].concat());
    assert!(!moved && said.contains("its key is too weak to sign anything here: an RSA key of 1024 bits"), "{said}");
    assert_eq!(count(&installation.database, "select count(*) from authority where authority_id = 'moved-ca'"), 0);
    assert!(!installation.folder().join("keys/moved-ca.key.pem").exists());
}

#[test]
fn a_ca_that_signed_with_sha1_comes_when_its_own_certificate_is_signed_anew() {
    let (scratch, installation) = (Scratch::new("import-sha1"), installation());
    let old = scratch.path();
    // Its certificate, everything it has issued and its CRL.
    made(
        old,
        &[
            ("default_md = sha256", "default_md = sha1"),
            ("openssl req -config ca.cnf -x509", "openssl req -config ca.cnf -x509 -sha1"),
        ],
    );
    let key = ["--key", "ca.key"];
    let (moved, said) = import(&installation, old, &[&WHOLE[..], &key].concat());
    assert!(
        !moved && said.contains("is signed as nothing is signed here") && said.contains("1.2.840.10045.4.1"),
        "{said}"
    );
    assert!(said.contains("-sha256 -preserve_dates -out NEW.pem"), "{said}");

    // As it is told.
    let (before, after) = (old.join("ca.pem"), old.join("new.pem"));
    let signed =
        openssl("x509 -in {} -signkey {} -sha256 -preserve_dates -out {}", &[&before, &old.join("ca.key"), &after]);
    assert!(signed.status.success(), "{}", text(&signed));
    let with_new =
        |arguments: &[&str]| import(&installation, old, &[&["--certificate", "new.pem"], &key[..], arguments].concat());
    let (moved, said) = with_new(&["--index", "index.txt", "--certificates", "newcerts", "--last-crl", "crl.pem"]);
    assert!(!moved, "{said}");
    assert!(said.contains("newcerts/1000.pem: ") && said.contains("leave it out of the folder"), "{said}");
    assert!(said.contains("crl.pem: ") && said.contains("give its number with --crl-number instead"), "{said}");
    let (moved, said) = with_new(&["--index", "index.txt", "--crl-number", "5"]);
    assert!(moved && said.contains("6 certificates, 2 of them revoked"), "{said}");

    // What was issued under the old certificate holds under the new one: key and name are the same.
    let said = text(&openssl("verify -partial_chain -CAfile {} {}", &[&after, &old.join("1.pem")]));
    assert!(said.contains("1.pem: OK"), "{said}");
    assert_eq!(broken(&installation.database), Vec::<String>::new());
}
