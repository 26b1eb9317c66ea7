//! What another CA has issued, on the pages of the people at the centre: found, shown, revoked.

use super::{PROGRAM, WHOLE, fetched, import, installation, old_ca};
use lgpki::commands::demo::acts;
use lgpki_tests::invariants::broken;
use lgpki_tests::tools::Scratch;

#[test]
fn certificates_of_another_ca_are_found_shown_and_revoked() {
    // The same six, whole and by their entries alone.
    for (whole, arguments) in [
        (true, [&WHOLE[..], &["--key", "ca.key"]].concat()),
        (false, vec!["--certificate", "ca.pem", "--key", "ca.key", "--index", "index.txt", "--crl-number", "5"]),
    ] {
        let (scratch, installation) = (Scratch::new("import-pages"), installation());
        let old = scratch.path();
        old_ca(old);
        let (moved, said) = import(&installation, old, &arguments);
        assert!(moved, "{said}");
        let operator = installation.with_an_operator();
        let mut program = installation.serve(PROGRAM, None);
        let mut operator = installation.person(&operator);
        operator.is_logged_in().unwrap();
        let browser = &mut operator.browser;

        let found = browser.open("/certificates?q=holder+6").unwrap().text();
        assert_eq!(found.matches("<th scope=\"row\">").count(), 1, "{found}");
        assert!(found.contains("/certificates/moved-ca/1005"), "{found}");
        let shown = browser.open("/certificates/moved-ca/1005").unwrap();
        assert!(shown.is_ok(), "{}", shown.status);
        let shown = shown.text();
        assert!(shown.contains("holder 6"), "{shown}");
        assert_eq!(shown.contains("/certificates/moved-ca/1005/download/pem"), whole, "{shown}");
        let download = browser.open("/certificates/moved-ca/1005/download/pem").unwrap();
        assert_eq!(download.is_ok(), whole);
        let revoked = browser.open("/certificates/moved-ca/1001").unwrap().text();
        assert!(revoked.contains("失効"), "{revoked}");

        acts::revoke(browser, "/certificates/moved-ca/1005").unwrap();
        let listed = program.until(|| {
            let crl = std::fs::read(fetched(&installation, "/crl/moved-ca.crl", old.join("now.crl"))).unwrap();
            let list = crl::CertificateList::parse(&crl).unwrap();
            Ok(list.entries.iter().any(|entry| entry.serial.to_hex() == "1005").then_some(list.entries.len()))
        });
        assert_eq!(listed, Ok(3));
        let shown = operator.browser.open("/certificates/moved-ca/1005").unwrap().text();
        assert!(shown.contains("失効"), "{shown}");
        program.stops();
        assert_eq!(broken(&installation.database), Vec::<String>::new());
    }
}
