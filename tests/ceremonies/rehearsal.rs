//! The shipped hierarchy, rehearsed end to end on a token.

use super::{PROGRAM, Place, code, done, shipped};
use ca_core::kana::KanaWords;
use lgpki::ceremony::bundle::Bundle;
use lgpki_tests::token::{PIN, with_token};
use lgpki_tests::tools::{openssl, text};
use std::path::Path;
use std::process::Command;

#[test]
fn the_shipped_hierarchy_is_rehearsed_on_a_token_and_openssl_accepts_it() {
    with_token(|hsm| {
        let label = ["--init-token", "--free", "--label", "LGPKI-REHEARSAL", "--so-pin", "12345678", "--pin", PIN];
        done(hsm.give(&mut Command::new("softhsm2-util")).args(label));
        let place = Place::new("rehearsal");
        let mut command = place.ceremony("rehearse", &shipped(), "held", None);
        command.arg("--token-pin-file").arg(format!("root={}", hsm.pin_file().display()));
        let said = done(hsm.give(&mut command));
        assert!(said.contains("REHEARSAL") && said.contains("the record is in"), "{said}");
        let at = |name: &str| place.folder("held").join(name);
        let keys: Vec<_> = std::fs::read_dir(at("keys")).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert_eq!(keys, ["ceremony-record.key.pem"], "the authorities' keys are in the token");

        accepts(
            "-CRLfile {} -crl_check -CAfile {} {}",
            &[&at("root-crl.crl.pem"), &at("root.cer.pem"), &at("application-ca.cer.pem")],
        );
        accepts(
            "-CAfile {} -untrusted {} {}",
            &[&at("root.cer.pem"), &at("application-ca.cer.pem"), &at("application-ca-ocsp.cer.pem")],
        );
        accepts("-CAfile {} {}", &[&at("root.cer.pem"), &at("root-ocsp.cer.pem")]);
        accepts("-CAfile {} {}", &[&at("organisation-ca.cer.pem"), &at("organisation-ca-ocsp.cer.pem")]);
        accepts(
            "-CRLfile {} -crl_check -CAfile {} {}",
            &[&at("bridge-ca-crl.crl.pem"), &at("bridge-ca.cer.pem"), &at("cross-organisation.cer.pem")],
        );
        // Who trusts the bridge alone reaches what the organisation CA issued.
        accepts(
            "-CAfile {} -untrusted {} {}",
            &[&at("bridge-ca.cer.pem"), &at("cross-organisation.cer.pem"), &at("organisation-ca-ocsp.cer.pem")],
        );
        the_bridge_and_the_government_certify_each_other(&place);
        for authority in ["root", "application-ca", "organisation-ca", "bridge-ca"] {
            let subject = text(&openssl("x509 -noout -subject -in {}", &[&at(&format!("{authority}.cer.pem"))]));
            assert!(subject.contains("TEST Sample"), "{subject}");
        }
        record_holds_and_a_changed_one_does_not(&at("record.json"));
        bundle_is_opened_by_the_words_of_its_key_alone(&place, &at("record.json"), &at("results.bundle"));
    });
}

fn accepts(line: &str, paths: &[&Path]) {
    let judged = openssl(&format!("verify -x509_strict {line}"), paths);
    assert!(judged.status.success(), "{line} {paths:?}: {}", text(&judged));
}

/// Who trusts the bridge reaches the government's, whose request was beside the script; and who trusts the government's, here made
/// of OpenSSL, reaches through the certificate for the bridge's request what the organisation CA issued.
fn the_bridge_and_the_government_certify_each_other(place: &Place) {
    let at = |name: &str| place.folder("held").join(name);
    let crossed = at("cross-government.cer.pem");
    accepts(
        "-CRLfile {} -crl_check -CAfile {} {}",
        &[&at("bridge-ca-crl.crl.pem"), &at("bridge-ca.cer.pem"), &crossed],
    );
    let sent = shipped().with_file_name("government.csr.pem");
    let key = |line: &str, path: &Path| text(&openssl(line, &[path]));
    assert_eq!(key("x509 -noout -pubkey -in {}", &crossed), key("req -noout -pubkey -in {}", &sent));
    let said = text(&openssl("x509 -noout -text -in {}", &[&crossed]));
    for wanted in
        ["O = Japanese Government, OU = Sample Government Bridge CA", "Policy Mappings", "DNS:go.jp", "pathlen:1"]
    {
        let spaced = wanted.replace(" = ", "=");
        assert!(said.contains(wanted) || said.contains(&spaced), "{wanted} in {said}");
    }

    let (government, secret) = (place.folder("government.cer.pem"), place.folder("government.key.pem"));
    let made = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-384 -nodes -days 3650 -subj /C=JP/O=Japanese.Government \
                -addext keyUsage=critical,keyCertSign,cRLSign -keyout {} -out {}";
    assert!(openssl(made, &[&secret, &government]).status.success());
    let extensions = place.scratch.file(
        "bridge.ext",
        "basicConstraints=critical,CA:TRUE,pathlen:1\nkeyUsage=critical,keyCertSign,cRLSign\n\
         subjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid\n",
    );
    let bridge = place.folder("bridge-by-government.cer.pem");
    let issued = "x509 -req -days 365 -set_serial 1 -in {} -CA {} -CAkey {} -extfile {} -out {}";
    let request = at("bridge-request.csr.pem");
    let ran = openssl(issued, &[&request, &government, &secret, &extensions, &bridge]);
    assert!(ran.status.success(), "{}", text(&ran));
    accepts(
        "-CAfile {} -untrusted {} -untrusted {} {}",
        &[&government, &bridge, &at("cross-organisation.cer.pem"), &at("organisation-ca-ocsp.cer.pem")],
    );
}

fn record_holds_and_a_changed_one_does_not(record: &Path) {
    let verify =
        |record: &Path| Command::new(PROGRAM).args(["ceremony", "record", "--verify"]).arg(record).output().unwrap();
    let judged = verify(record);
    assert!(judged.status.success(), "{}", text(&judged));
    let json = std::fs::read_to_string(record).unwrap();
    std::fs::write(record, json.replace("田中 恵子", "田中 桂子")).unwrap();
    assert_eq!(code(&verify(record)), 6);
    std::fs::write(record, json).unwrap();
    let page = record.with_extension("html");
    let html = std::fs::read_to_string(&page).unwrap();
    assert!(html.contains("予行演習") && !html.contains("<script"), "{html}");
    std::fs::write(&page, html.replace("予行演習", "本番")).unwrap();
    assert_eq!(code(&verify(record)), 6);
    std::fs::write(&page, html).unwrap();
}

fn bundle_is_opened_by_the_words_of_its_key_alone(place: &Place, record: &Path, bundle: &Path) {
    let record: serde_json::Value = serde_json::from_slice(&std::fs::read(record).unwrap()).unwrap();
    let words = record["record_key"]["words"].as_str().unwrap();
    let other = record["script"]["words"].as_str().unwrap();
    let out = place.folder("out");
    std::fs::create_dir(&out).unwrap();
    let open = |file: &Path, words: &str, after: &str| {
        let mut command = Command::new(PROGRAM);
        command.args(["ceremony", "bundle"]).arg(file).args(["--words", words, "--after", after]);
        command.arg("--out").arg(&out).output().unwrap()
    };
    let whole = std::fs::read_to_string(bundle).unwrap();
    let key = KanaWords::parse(words).unwrap();
    let read = Bundle::parse(&whole, &key, 0).unwrap();
    let sealed = whole.find("-----BEGIN LGPKI SIGNATURE").unwrap();
    for at in (0..whole.len()).step_by(61) {
        let mut changed = whole.clone().into_bytes();
        changed[at] ^= 1;
        let Ok(changed) = String::from_utf8(changed) else { continue };
        // Between the blocks of the seal stands nothing that is read.
        if let Ok(other) = Bundle::parse(&changed, &key, 0) {
            assert!(other == read && at > sealed, "octet {at}");
        }
        assert!(Bundle::parse(&whole[..at], &key, 0).is_err(), "cut at {at}");
    }
    assert_eq!(code(&open(bundle, other, "0")), 6, "another key");
    assert_eq!(code(&open(bundle, words, "1000000")), 6, "an older one");
    let forged = place
        .scratch
        .file("forged.bundle", std::fs::read_to_string(bundle).unwrap().replace("CERTIFICATE", "CERTIFICATF"));
    assert_eq!(code(&open(&forged, words, "0")), 6, "changed");
    assert_eq!(std::fs::read_dir(&out).unwrap().count(), 0, "nothing of a refused bundle is taken out");
    let opened = open(bundle, words, "0");
    assert!(opened.status.success(), "{}", text(&opened));
    for file in ["root.cer.pem", "root-crl.crl.pem"] {
        assert_eq!(std::fs::read(out.join(file)).unwrap(), std::fs::read(place.folder("held").join(file)).unwrap());
    }
}

#[test]
fn nobody_confirms_for_another_and_a_script_does_not_change_on_the_way() {
    let place = Place::new("refused");
    let script = place.scratch.file(
        "s.toml",
        std::fs::read_to_string(shipped()).unwrap().replace("rehearsal-token = \"LGPKI-REHEARSAL\"", ""),
    );
    std::fs::write(&place.answers, "every-step = [\"佐藤 花子\"]\n").unwrap();
    let refused = place.ceremony("rehearse", &script, "held", None).output().unwrap();
    assert_eq!(code(&refused), 7, "{}", text(&refused));
    assert!(text(&refused).contains("鈴木 一郎 has not confirmed opening"), "{}", text(&refused));
    let changed = place.scratch.file("s.toml", std::fs::read_to_string(&script).unwrap().replace("p384", "p256"));
    let refused = place.ceremony("resume", &changed, "held", None).output().unwrap();
    assert_eq!(code(&refused), 7, "{}", text(&refused));
    assert!(text(&refused).contains("not the script the ceremony was begun with"), "{}", text(&refused));
    let again = place.ceremony("rehearse", &changed, "held", None).output().unwrap();
    assert_eq!(code(&again), 7, "{}", text(&again));
}
