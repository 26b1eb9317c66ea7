//! An offline root in a later ceremony, with the database and the keys of the one that founded it: it revokes a CA, signs its
//! next CRL and certifies the next generation of a CA, and a bridge cross-certifies the key of a request; OpenSSL judges.

use super::founded::{Founded, step};
use super::{PROGRAM, code};
use ca_core::digest::sha256;
use ca_core::kana::KanaWords;
use lgpki_tests::interruptions::{Blow, Fault, STRUCK};
use lgpki_tests::tools::{openssl, text, tool};
use std::path::Path;
use std::process::Output;
use store::Step;

fn revoke(serial: &str) -> String {
    let act = "act = \"revoke\"\nauthority = \"root\"\nreason = \"cessationOfOperation\"";
    step("revoked", &format!("{act}\nserial = \"{serial}\""))
}

fn list() -> String {
    step("list", "act = \"crl\"\nauthority = \"root\"")
}

/// The number of a CRL, as OpenSSL reads it.
fn number(list: &Path) -> u64 {
    let said = text(&openssl("crl -noout -crlnumber -in {}", &[list]));
    u64::from_str_radix(said.trim().trim_start_matches("crlNumber=").trim_start_matches("0x"), 16).unwrap()
}

#[test]
fn an_offline_root_signs_its_next_crl_and_openssl_accepts_it() {
    let founded = Founded::new("later-crl");
    let serial = founded.serial("first", "application-ca.cer.pem");
    let script = founded.script("later.toml", &[revoke(&serial), list()]);
    let ran = founded.held("rehearse", &script, "second", "first");
    assert!(ran.status.success(), "{}", text(&ran));
    assert!(text(&ran).contains("SHA-256 of the earlier ceremony's journal"), "{}", text(&ran));

    let (before, next) = (founded.at("first", "root-crl.crl.pem"), founded.at("second", "list.crl.pem"));
    let (root, authority) = (founded.at("first", "root.cer.pem"), founded.at("first", "application-ca.cer.pem"));
    let judged = openssl("crl -noout -verify -CAfile {} -in {}", &[&root, &next]);
    assert!(judged.status.success() && text(&judged).contains("verify OK"), "{}", text(&judged));
    assert_eq!((number(&before), number(&next)), (1, 2));
    let told = text(&openssl("crl -noout -text -in {}", &[&next]));
    assert!(told.contains(&format!("Serial Number: {serial}")) && told.contains("Cessation Of Operation"), "{told}");
    let verify = "verify -x509_strict -crl_check -CRLfile {} -CAfile {} {}";
    assert!(openssl(verify, &[&before, &root, &authority]).status.success());
    let judged = openssl(verify, &[&next, &root, &authority]);
    assert!(!judged.status.success() && text(&judged).contains("certificate revoked"), "{}", text(&judged));

    // A third goes on from there: the entry stays, the number rises, and each ceremony has a record key of its own.
    let script = founded.script("third.toml", &[list()]);
    let ran = founded.held("rehearse", &script, "third", "first");
    assert!(ran.status.success(), "{}", text(&ran));
    let third = founded.at("third", "list.crl.pem");
    assert_eq!(number(&third), 3);
    assert!(text(&openssl("crl -noout -text -in {}", &[&third])).contains(&serial));
    let keys = ["first", "second", "third"].map(|folder| founded.record_key(folder));
    assert!(keys[0] != keys[1] && keys[1] != keys[2] && keys[0] != keys[2], "{keys:?}");
    for folder in ["first", "second", "third"] {
        let verified = tool(PROGRAM, "ceremony record --verify {}", &[&founded.at(folder, "record.json")]);
        assert!(verified.status.success(), "{folder}: {}", text(&verified));
    }
}

#[test]
fn an_offline_root_certifies_the_next_ca_in_a_later_ceremony() {
    let founded = Founded::new("later-ca");
    let request = founded.place.scratch.path().join("partner.csr.pem");
    let key = founded.place.scratch.path().join("partner.key.pem");
    let made = "req -new -newkey ec -pkeyopt ec_paramgen_curve:P-384 -nodes -subj /CN=partner -keyout {} -out {}";
    assert!(openssl(made, &[&key, &request]).status.success());
    let words = |octets: &[u8]| KanaWords::of(&sha256(octets)).to_string().replace('\n', " ");
    let cross = |words: &str| {
        let act = "act = \"cross-certificate\"\nauthority = \"bridge-ca\"\nprofile = \"cross-organisation\"";
        step("partner", &format!("{act}\nfile = \"partner.csr.pem\"\nwords = \"{words}\""))
    };
    let steps = [
        step("key", "act = \"make-key\"\nkey = \"application-ca-second\"\nkind = \"p384\"\nstore = \"folder\""),
        step(
            "authority",
            "act = \"certificate\"\nauthority = \"application-ca\"\ngeneration = 2\nkey = \"application-ca-second\"",
        ),
        cross(&words(&std::fs::read(&request).unwrap())),
    ];
    let ran = founded.held("rehearse", &founded.script("later.toml", &steps), "second", "first");
    assert!(ran.status.success(), "{}", text(&ran));
    for (root, certificate) in [("root", "authority"), ("bridge-ca", "partner")] {
        let root = founded.at("first", &format!("{root}.cer.pem"));
        let certificate = founded.at("second", &format!("{certificate}.cer.pem"));
        let judged = openssl("verify -x509_strict -CAfile {} {}", &[&root, &certificate]);
        assert!(judged.status.success(), "{}", text(&judged));
    }
    assert_ne!(founded.serial("second", "authority.cer.pem"), founded.serial("first", "application-ca.cer.pem"));
    let public = |line: &str, path: &Path| text(&openssl(line, &[path]));
    let certified = public("x509 -noout -pubkey -in {}", &founded.at("second", "partner.cer.pem"));
    assert_eq!(certified, public("pkey -pubout -in {}", &key));

    let other = founded.script("other.toml", &[cross(&words(b"another request"))]);
    let refused = founded.held("rehearse", &other, "third", "first");
    assert_eq!(code(&refused), 7, "{}", text(&refused));
    assert!(!founded.at("third", "partner.cer.pem").exists(), "words that differ certify nothing");
}

/// Root rollover (RFC 9810 §4.4): a second key that certifies itself, the old key certified with the new and the new with the old.
#[test]
fn a_root_gets_its_next_key_in_a_later_ceremony_and_links_lead_from_one_to_the_other() {
    let founded = Founded::new("later-rollover");
    let link = |id: &str, by: &str, of: &str| {
        let act = format!("act = \"link-certificate\"\nauthority = \"{by}\"\nof = \"{of}\"\nprofile = \"{id}\"");
        step(id, &act)
    };
    let steps = [
        step("key", "act = \"make-key\"\nkey = \"root-second\"\nkind = \"p384\"\nstore = \"folder\""),
        step("root", "act = \"certificate\"\nauthority = \"root\"\ngeneration = 2\nkey = \"root-second\""),
        link("old-with-new", "root-g2", "root"),
        link("new-with-old", "root", "root-g2"),
        step("list", "act = \"crl\"\nauthority = \"root-g2\""),
    ];
    let ran = founded.held("rehearse", &founded.script("rollover.toml", &steps), "second", "first");
    assert!(ran.status.success(), "{}", text(&ran));
    let (old, new) = (founded.at("first", "root.cer.pem"), founded.at("second", "root.cer.pem"));
    let (old_with_new, new_with_old) =
        (founded.at("second", "old-with-new.cer.pem"), founded.at("second", "new-with-old.cer.pem"));
    let subject = |path: &Path| text(&openssl("x509 -noout -subject -in {}", &[path]));
    let key = |path: &Path| text(&openssl("x509 -noout -pubkey -in {}", &[path]));
    assert_eq!(subject(&old), subject(&new));
    assert_eq!((key(&old_with_new), key(&new_with_old)), (key(&old), key(&new)));
    assert_ne!(key(&old), key(&new));
    let issued = founded.at("first", "application-ca.cer.pem");
    let accepts = |line: &str, paths: &[&Path]| {
        let judged = openssl(&format!("verify -x509_strict {line}"), paths);
        assert!(judged.status.success(), "{line} {paths:?}: {}", text(&judged));
    };
    accepts("-CAfile {} {}", &[&new, &new]);
    // Who trusts the new key alone reaches what the old one issued; who trusts the old one alone reaches the new one.
    accepts("-CAfile {} -untrusted {} {}", &[&new, &old_with_new, &issued]);
    accepts("-CAfile {} {}", &[&old, &new_with_old]);
    accepts("-CAfile {} {}", &[&new, &old_with_new]);
    let list = founded.at("second", "list.crl.pem");
    let judged = openssl("crl -noout -verify -CAfile {} -in {}", &[&new, &list]);
    assert!(judged.status.success() && text(&judged).contains("verify OK"), "{}", text(&judged));
}

#[test]
fn a_later_ceremony_is_refused_where_it_does_not_belong() {
    let founded = Founded::new("later-refused");
    let script = founded.script("later.toml", &[list()]);
    let refused = |output: &Output, why: &str| {
        assert_eq!(code(output), 7, "{}", text(output));
        assert!(text(output).contains(why), "{}", text(output));
    };
    refused(&founded.held("run", &script, "real", "first"), "do not use each other's keys");
    refused(&founded.held("rehearse", &script, "nowhere", "missing"), "there is none");
    assert!(!founded.place.folder("missing").exists());
    let unknown = founded.script("unknown.toml", &[revoke("0123456789ABCDEF"), list()]);
    let output = founded.held("rehearse", &unknown, "unknown", "first");
    assert!(!output.status.success() && text(&output).contains("certificate with that serial of root"));
    // What was begun with an earlier ceremony, finished or not, goes on with that one alone.
    let without = founded.place.ceremony("resume", &unknown, "unknown", None).output().unwrap();
    refused(&without, "goes on with an earlier one");
    refused(&founded.held("rehearse", &script, "again", "unknown"), "it goes on with an earlier one itself");
    let with = founded.place.scratch.path().join("first.toml");
    refused(&founded.held("resume", &with, "first", "unknown"), "was not begun with the one in");
}

#[test]
fn killed_around_a_revocation_it_is_revoked_once() {
    for blow in [Blow::PowerCutBefore, Blow::PowerCutAfter] {
        let founded = Founded::new(&format!("later-killed-{blow:?}"));
        let serial = founded.serial("first", "application-ca.cer.pem");
        let script = founded.script("later.toml", &[revoke(&serial), list()]);
        let fault = Fault { step: Step::Revoked, occurrence: 1, blow };
        let mut command = founded.place.ceremony("rehearse", &script, "second", Some(fault));
        let killed = command.arg("--of").arg(founded.place.folder("first")).output().unwrap();
        assert!(!killed.status.success() && text(&killed).contains(STRUCK), "{fault}: {}", text(&killed));
        let resumed = founded.held("resume", &script, "second", "first");
        assert!(resumed.status.success(), "{fault}: {}", text(&resumed));
        let told = text(&openssl("crl -noout -text -in {}", &[&founded.at("second", "list.crl.pem")]));
        assert_eq!(told.matches(&format!("Serial Number: {serial}")).count(), 1, "{fault}: {told}");
    }
}

#[test]
fn the_same_script_rehearsed_again_issues_another_certificate() {
    let founded = Founded::new("later-again");
    let cross = "act = \"cross-certificate\"\nauthority = \"bridge-ca\"\nprofile = \"cross-organisation\"";
    let script = founded.script("cross.toml", &[step("cross", &format!("{cross}\nof = \"organisation-ca\""))]);
    for folder in ["once", "twice"] {
        let ran = founded.held("rehearse", &script, folder, "first");
        assert!(ran.status.success(), "{}", text(&ran));
    }
    let serials = ["once", "twice"].map(|folder| founded.serial(folder, "cross.cer.pem"));
    assert_ne!(serials[0], serials[1], "each ceremony issues its own");
}

#[test]
fn a_key_that_is_out_of_service_signs_nothing_in_a_later_ceremony() {
    let founded = Founded::new("later-withheld");
    let script = founded.script("list.toml", &[list()]);
    let query = "insert into key_out_of_service (key_label, reason, taken_at) values ('root', 'it signed wrongly', 1)";
    let said =
        std::process::Command::new("sqlite3").arg(founded.at("first", "ceremony.db")).arg(query).output().unwrap();
    assert!(said.status.success(), "{}", text(&said));
    let refused = founded.held("rehearse", &script, "second", "first");
    assert!(!refused.status.success(), "{}", text(&refused));
    assert!(text(&refused).contains("out of service: it signed wrongly"), "{}", text(&refused));
    assert!(!founded.at("second", "list.crl.pem").exists());
}
