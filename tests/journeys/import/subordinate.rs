//! A subordinate CA with its key in a token moves here, with a folder of certificates in DER and no list: its chain comes with it,
//! and is handed out.

use super::{PROGRAM, expecting, fetched};
use lgpki_tests::databases::Kind;
use lgpki_tests::invariants::broken;
use lgpki_tests::people::issued;
use lgpki_tests::program::{Installation, Program};
use lgpki_tests::token::{MODULE, TOKEN, with_token};
use lgpki_tests::tools::{Scratch, openssl, text};

const HOST: &str = "www.town.shirakaba.lg.jp";

/// A certificate of that installation, from its form to its page.
fn one_issued(installation: &Installation, program: &mut Program) -> String {
    let (mut officer, mut manager) = (installation.officer(), installation.manager());
    officer.is_logged_in().unwrap();
    manager.is_logged_in().unwrap();
    let hands = [&mut officer.browser, &mut manager.browser];
    issued(program, hands, &[HOST]).remove(0)
}

#[test]
fn a_subordinate_ca_in_a_token_brings_its_chain() {
    with_token(|hsm| {
        let scratch = Scratch::new("import-subordinate");
        let old = scratch.path();
        // The CA that moves: the second generation, since the first has the label of one of ours.
        let before = Installation::in_token(Kind::Sqlite, hsm.store());
        let rolled = before.lgpki(PROGRAM, &["ca", "rollover", "application-ca"]);
        assert!(rolled.status.success(), "{}", text(&rolled));
        let mut program = before.serve(PROGRAM, None);
        let page = one_issued(&before, &mut program);
        assert!(page.starts_with("/certificates/application-ca-g2/"), "{page}");
        let mut officer = before.officer();
        officer.is_logged_in().unwrap();
        let holder = officer.browser.open(&format!("{page}/download/der")).unwrap().body;
        std::fs::create_dir(old.join("issued")).unwrap();
        scratch.file("issued/holder.der", &holder);
        for (place, file) in [
            ("/aia/application-ca-g2.cer", "ca.cer"),
            ("/aia/root.cer", "root.cer"),
            ("/crl/application-ca-g2.crl", "last.crl"),
        ] {
            fetched(&before, place, old.join(file));
        }
        program.stops();

        // Where it goes: keys in files, and the same token beside them.
        let here = expecting(Installation::new(Kind::Sqlite));
        let config = here.folder().join("lgpki.toml");
        let section = format!(
            "\n[[keys.token]]\nname = \"hsm\"\nmodule = \"{MODULE}\"\ntoken = \"{TOKEN}\"\npin_file = \"{}\"\n",
            hsm.pin_file().display()
        );
        std::fs::write(&config, std::fs::read_to_string(&config).unwrap() + &section).unwrap();
        let pack = here.folder().join("pack.toml");
        let text_of_pack = std::fs::read_to_string(&pack).unwrap();
        // Under a root of somebody else's, so that nothing is issued to itself.
        let (before_it, section) = text_of_pack.split_at(text_of_pack.find("[authority.moved-ca]").unwrap());
        let section = section
            .replacen("profile = \"root-ca\"", "profile = \"subordinate-ca\"\nissuer = \"root\"", 1)
            .replacen("ocsp-responder-root", "ocsp-responder-sub", 1);
        let subordinate = format!("{before_it}{section}").replace(", \"moved-ca\"]", "]");
        let (before_it, profile) = subordinate.split_at(subordinate.find("[profile.ocsp-responder-sub]").unwrap());
        let issuers = "issuers = [\"application-ca\", \"moved-ca\"]";
        let subordinate = format!("{before_it}{}", profile.replacen("issuers = [\"application-ca\"]", issuers, 1));
        assert_ne!(subordinate, text_of_pack);
        std::fs::write(&pack, subordinate).unwrap();
        let ca = |arguments: &[&str]| {
            let wanted = ["ca", "import", "moved-ca", "--key-label", "application-ca-g2"];
            let paths: Vec<String> = arguments
                .iter()
                .map(
                    |word| {
                        if word.starts_with("--") { (*word).to_owned() } else { old.join(word).display().to_string() }
                    },
                )
                .collect();
            let paths: Vec<&str> = paths.iter().map(String::as_str).collect();
            let said = here.lgpki(PROGRAM, &[&wanted[..], &paths].concat());
            (said.status.success(), text(&said))
        };
        let known = ["--certificate", "ca.cer", "--certificates", "issued", "--last-crl", "last.crl"];
        let (moved, said) = ca(&known);
        assert!(!moved && said.contains("is not in the chain: give it with --chain"), "{said}");
        let (moved, said) = ca(&[&known[..], &["--chain", "root.cer"]].concat());
        assert!(moved && said.contains("1 certificates, 0 of them revoked"), "{said}");

        let mut program = here.serve(PROGRAM, None);
        let page = one_issued(&here, &mut program);
        assert!(page.starts_with("/certificates/moved-ca/"), "{page}");
        let mut officer = here.officer();
        officer.is_logged_in().unwrap();
        let mut taken = |form: &str| {
            let body = officer.browser.open(&format!("{page}/download/{form}")).unwrap().body;
            scratch.file(&format!("new.{form}"), body)
        };
        // The file for servers has the certificate and its CA's, the other one the root's, too; so has what the AIA's folder gives.
        let (chain, whole) = (taken("chain"), taken("p7b"));
        let root = old.join("root.pem");
        let read = openssl("x509 -inform DER -in {} -out {}", &[&old.join("root.cer"), &root]);
        assert!(read.status.success(), "{}", text(&read));
        let said = openssl("verify -x509_strict -CAfile {} -untrusted {} {}", &[&root, &chain, &chain]);
        assert!(said.status.success(), "{}", text(&said));
        assert_eq!(std::fs::read_to_string(&chain).unwrap().matches("BEGIN CERTIFICATE").count(), 2);
        let served = fetched(&here, "/aia/moved-ca.p7c", old.join("moved-ca.p7c"));
        for (file, members) in [(&whole, 3), (&served, 2)] {
            let said = text(&openssl("pkcs7 -inform DER -in {} -print_certs", &[file]));
            assert_eq!(said.matches("BEGIN CERTIFICATE").count(), members, "{said}");
        }
        let quiet = program.until(|| {
            Ok((lgpki_tests::invariants::count(&here.database, "select count(*) from job") == 0).then_some(()))
        });
        assert_eq!(quiet, Ok(()));
        program.stops();
        assert_eq!(broken(&here.database), Vec::<String>::new());
    });
}
