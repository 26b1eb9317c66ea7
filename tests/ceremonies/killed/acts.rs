//! The acts of later ceremonies under the same blows: links of a root's next key, a bridge, what was asked in a bundle (a sub CA, a
//! cross-certificate, a revocation), a request, and the bundle of results; and a key in a token.

use super::{BUNDLE, CRL, Undisturbed, killed, listed};
use crate::{Place, code, done};
use ca_core::id::{AuthorityId, KeyLabel};
use ca_core::kana::KanaWords;
use ca_core::key::KeyAlgorithm;
use ca_core::revocation::RevocationReason;
use ca_core::serial::SerialNumber;
use ca_core::signer::{KeyKeeper, Signer};
use lgpki::ceremony::bundle::{Bundle, Content, Kind};
use lgpki::ceremony::requests::{self, Wanted};
use lgpki_tests::interruptions::{Blow, Fault, STRUCK};
use lgpki_tests::token::{MODULE, TOKEN, with_token};
use lgpki_tests::tools::{openssl, soft_keys, text};
use store::Step;
use store::bundles::BundleNumber;

const HEAD: &str = r#"[ceremony]
name = "killed"
title = { ja = "試験", en = "Test" }
place = "here"
begins = 2026-11-22T01:00:00Z
fix-times = true
repository-url = "http://repository.lgpki.example"
packs = ["lgwan-private", "bridge-gpki"]

[person.master]
name = "佐藤 花子"
role = "master"

"#;

/// Steps with their acts, in order; WORDS are those of the key that signs the requests.
const STEPS: [(&str, &str); 16] = [
    ("root-key", "act = \"make-key\"\nkey = \"root\"\nkind = \"rsa3072\"\nstore = \"folder\""),
    ("second-key", "act = \"make-key\"\nkey = \"root-g2\"\nkind = \"rsa3072\"\nstore = \"folder\""),
    ("bridge-key", "act = \"make-key\"\nkey = \"bridge-ca\"\nkind = \"rsa4096\"\nstore = \"folder\""),
    ("root", "act = \"certificate\"\nauthority = \"root\"\nkey = \"root\""),
    ("second", "act = \"certificate\"\nauthority = \"root\"\ngeneration = 2\nkey = \"root-g2\""),
    ("old-with-new", "act = \"link-certificate\"\nauthority = \"root-g2\"\nof = \"root\"\nprofile = \"old-with-new\""),
    ("new-with-old", "act = \"link-certificate\"\nauthority = \"root\"\nof = \"root-g2\"\nprofile = \"new-with-old\""),
    ("bridge", "act = \"certificate\"\nauthority = \"bridge-ca\"\nkey = \"bridge-ca\""),
    ("requests", "act = \"take-requests\"\nfile = \"requests.bundle\"\nwords = \"WORDS\""),
    ("sub", "act = \"certificate\"\nauthority = \"application-ca\"\nrequest = \"sub.csr.pem\""),
    (
        "cross",
        "act = \"cross-certificate\"\nauthority = \"bridge-ca\"\nprofile = \"cross-organisation\"\nrequest = \"sub.csr.pem\"",
    ),
    ("revoked", "act = \"revoke-requested\"\nauthority = \"root\"\nrequest = \"all.revocations.json\""),
    ("asked", "act = \"request\"\nauthority = \"bridge-ca\""),
    ("crl", "act = \"crl\"\nauthority = \"root\""),
    ("results", "act = \"export\"\nbundle = \"results.bundle\""),
    ("destroyed", "act = \"destroy-key\"\nkey = \"bridge-ca\""),
];

/// The certificates in order, by their files, and whether the root's CRL lists a serial of it that is burnt: both generations of the
/// root have one list, the bridge another.
const CERTIFICATES: [(&str, bool); 7] = [
    ("root.cer.pem", true),
    ("second.cer.pem", true),
    ("old-with-new.cer.pem", true),
    ("new-with-old.cer.pem", true),
    ("bridge.cer.pem", false),
    ("sub.cer.pem", true),
    ("cross.cer.pem", false),
];

/// The ceremony, with a bundle of requests beside its script.
fn undisturbed(name: &str) -> Undisturbed {
    let mut script = HEAD.to_owned();
    for (id, act) in STEPS {
        script += &format!("[[step]]\nid = \"{id}\"\nby = \"master\"\nsee = \"x\"\n{act}\n\n");
    }
    let scratch = lgpki_tests::tools::Scratch::new(&format!("{name}-online"));
    let (keys, label) = (soft_keys(scratch.path()), KeyLabel::parse("bundles").unwrap());
    let key = keys.create(&label, KeyAlgorithm::P256).unwrap();
    let words = KanaWords::of(&key.fingerprint()).to_string().replace('\n', " ");
    let kinds =
        [("root", KeyAlgorithm::Rsa3072), ("root-g2", KeyAlgorithm::Rsa3072), ("bridge-ca", KeyAlgorithm::Rsa4096)];
    let mut this = Undisturbed::prepared(name, &script.replace("WORDS", &words), &kinds, Some("bridge-ca"));
    // Begun without the bundle it stops there: then it is known which serial will be asked for.
    let ready = this.place.folder("ready/keys");
    let stopped = this.ceremony("rehearse", "stopped", None).arg("--with-keys").arg(&ready).output().unwrap();
    assert_eq!(code(&stopped), 2, "{}", text(&stopped));
    let link = this.place.folder("stopped/new-with-old.cer.pem");
    let serial = text(&openssl("x509 -noout -serial -in {}", &[&link]));
    let wanted = Wanted {
        authority: AuthorityId::parse("root").unwrap(),
        serial: SerialNumber::parse_hex(&serial.trim().trim_start_matches("serial=").to_lowercase()).unwrap(),
        reason: RevocationReason::Superseded,
    };
    let request = scratch.path().join("sub.csr.pem");
    let made = "req -new -newkey rsa:3072 -nodes -subj /CN=sub -keyout {} -out {}";
    assert!(openssl(made, &[&scratch.path().join("sub.key.pem"), &request]).status.success());
    let contents = vec![
        Content::new("sub.csr.pem", std::fs::read_to_string(&request).unwrap()),
        Content::new("all.revocations.json", requests::list(&[wanted]).unwrap()),
    ];
    let number = BundleNumber { origin: "0".repeat(32), number: 1 };
    let bundle = Bundle { contents, ..Bundle::new(Kind::Requests, number, "online") };
    this.place.scratch.file("requests.bundle", bundle.sealed(&keys, &label).unwrap());
    this.is_held();
    this
}

#[test]
fn killed_before_each_line_of_a_ceremony_of_all_acts_it_gives_the_same() {
    let undisturbed = undisturbed("killed-acts-lines");
    assert_eq!(usize::try_from(undisturbed.lines).unwrap(), 1 + 1 + STEPS.len() * 3 + 1);
    assert!(undisturbed.made.contains_key(BUNDLE) && undisturbed.made.contains_key("asked.csr.pem"));
    for occurrence in 1..=undisturbed.lines {
        undisturbed.same(killed(Step::CeremonyWritten, occurrence, Blow::PowerCutBefore));
    }
}

#[test]
fn killed_at_each_commit_of_a_ceremony_of_all_acts_it_gives_the_same_or_burns_what_was_lost() {
    let undisturbed = undisturbed("killed-acts-commits");
    for (occurrence, (certificate, on_the_list)) in (1..).zip(CERTIFICATES) {
        undisturbed.same(killed(Step::IntentsRecorded, occurrence, Blow::PowerCutBefore));
        undisturbed.same(killed(Step::CertificatesRecorded, occurrence, Blow::PowerCutAfter));
        for fault in [
            killed(Step::IntentsRecorded, occurrence, Blow::PowerCutAfter),
            killed(Step::CertificatesRecorded, occurrence, Blow::PowerCutBefore),
        ] {
            let with_it: &[&str] = if on_the_list { &[CRL, BUNDLE] } else { &[BUNDLE] };
            let (made, burnt) = undisturbed.lost(fault, certificate, with_it);
            assert_eq!(listed(&made).contains(&burnt), on_the_list, "{fault}");
        }
    }
    // Three authorities, two links, a bundle taken and one numbered.
    for occurrence in 1..=7 {
        undisturbed.same(killed(Step::Setup, occurrence, Blow::PowerCutBefore));
        undisturbed.same(killed(Step::Setup, occurrence, Blow::PowerCutAfter));
    }
    for blow in [Blow::PowerCutBefore, Blow::PowerCutAfter] {
        undisturbed.same(killed(Step::Revoked, 1, blow));
    }
}

/// The token has the key, and the journal does not know it yet.
#[test]
fn a_key_in_a_token_is_not_made_twice() {
    with_token(|hsm| {
        let place = Place::new("killed-token");
        let token =
            format!("[token.hsm]\nmodule = \"{MODULE}\"\ntoken = \"never used\"\nrehearsal-token = \"{TOKEN}\"\n\n");
        let key = "act = \"make-key\"\nkey = \"root\"\nkind = \"p384\"\nstore = \"hsm\"";
        let step = format!("[[step]]\nid = \"root-key\"\nby = \"master\"\nsee = \"x\"\n{key}\n");
        let script = place.scratch.file("script.toml", format!("{HEAD}{token}{step}"));
        let pin = format!("hsm={}", hsm.pin_file().display());
        // Its lines: opened, confirmed; confirmed, begun, done.
        let fault = Fault { step: Step::CeremonyWritten, occurrence: 5, blow: Blow::PowerCutBefore };
        let ceremony = |act: &str, fault| {
            let mut command = place.ceremony(act, &script, "held", fault);
            hsm.give(command.arg("--token-pin-file").arg(&pin));
            command
        };
        let killed = ceremony("rehearse", Some(fault)).output().unwrap();
        assert!(!killed.status.success() && text(&killed).contains(STRUCK), "{}", text(&killed));
        let label = KeyLabel::parse("root").unwrap();
        let made = hsm.keys().public_key(&label).unwrap();
        done(&mut ceremony("resume", None));
        assert_eq!(hsm.keys().public_key(&label), Ok(made.clone()));
        let public = std::fs::read(place.folder("held/root-key.pub.pem")).unwrap();
        assert_eq!(pem::parse(public).unwrap().contents(), made.spki_der());
    });
}
