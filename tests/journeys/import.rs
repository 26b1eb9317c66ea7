//! A CA made with `openssl ca` moves here: what it has said goes on being said, and OpenSSL agrees at every step.

mod pages;
mod refused;
mod subordinate;

use ca_core::profile::pack::SHIPPED;
use lgpki_tests::databases::Kind;
use lgpki_tests::invariants::{broken, count};
use lgpki_tests::people::issued;
use lgpki_tests::program::Installation;
use lgpki_tests::tools::{Scratch, openssl, text};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::PROGRAM;

const SERVER: &str = "www.town.shirakaba.lg.jp";

/// Six certificates, of which the second and the fourth are revoked; a CRL of number 5 tells of both.
const OLD_CA: &str = r#"
set -eu
mkdir newcerts; : > index.txt; echo 1000 > serial; echo 05 > crlnumber
cat > ca.cnf <<'END'
[ca]
default_ca = old
[old]
database = index.txt
new_certs_dir = newcerts
serial = serial
crlnumber = crlnumber
certificate = ca.pem
private_key = ca.key
default_md = sha256
default_days = 90
default_crl_days = 7
policy = any
crl_extensions = crl
unique_subject = no
[any]
countryName = supplied
commonName = supplied
[crl]
authorityKeyIdentifier = keyid
[req]
distinguished_name = name
[name]
[root]
basicConstraints = critical,CA:TRUE
keyUsage = critical,keyCertSign,cRLSign
subjectKeyIdentifier = hash
END
openssl req -config ca.cnf -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout plain.key -out ca.pem \
  -subj '/C=JP/O=Old CA/CN=Old CA' -days 7300 -extensions root
openssl pkcs8 -topk8 -v2 aes-256-cbc -in plain.key -out sealed.key -passout pass:its-old-passphrase
openssl pkcs12 -export -inkey plain.key -in ca.pem -out ca.p12 -passout pass:its-old-passphrase
mv plain.key ca.key; chmod 600 ca.key sealed.key ca.p12
printf its-old-passphrase > passphrase; chmod 600 passphrase
for n in 1 2 3 4 5 6; do
  openssl req -config ca.cnf -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout $n.key -out $n.csr -subj "/C=JP/CN=holder $n"
  openssl ca -batch -config ca.cnf -in $n.csr -out $n.pem -notext
done
openssl ca -config ca.cnf -revoke 2.pem -crl_reason superseded
openssl ca -config ca.cnf -revoke 4.pem -crl_compromise 20260101000000Z
openssl ca -config ca.cnf -gencrl -out crl.pem
"#;

fn old_ca(folder: &Path) {
    let made = Command::new("bash").arg("-c").arg(OLD_CA).current_dir(folder).output().unwrap();
    assert!(made.status.success(), "{}", text(&made));
}

/// An installation whose packs describe the CA that comes, as the one that issues to servers.
fn installation() -> Installation {
    expecting(Installation::new(Kind::Sqlite))
}

fn expecting(installation: Installation) -> Installation {
    let section = "[authority.moved-ca]\ntitle = { ja = \"移ってきた認証局\", en = \"Moved CA\" }\nprofile = \"root-ca\"\n\
        subject = [\"C=JP\", \"O=Old CA\", \"CN=Old CA\"]\nencoding = \"utf8\"\nkeys = [\"p256\"]\n\
        crl = { validity = \"72h\", refresh-before = \"48h\" }\n\
        ocsp = { responder = \"ocsp-responder-root\", validity = \"24h\", refresh-before = \"12h\" }\n\n\
        [authority.application-ca]";
    let pack = SHIPPED[0].1.replace("[authority.application-ca]", section);
    let pack = pack.replace(
        "issuers = [\"root\", \"organisation-ca\"]",
        "issuers = [\"root\", \"organisation-ca\", \"moved-ca\"]",
    );
    let root = pack.find("[profile.root-ca]").unwrap();
    let (before, after) = pack.split_at(root);
    let pack = format!("{before}{}", after.replacen("issuers = [\"root\"]", "issuers = [\"root\", \"moved-ca\"]", 1));
    let holders = pack.find("[profile.application-holder]").unwrap();
    let (before, after) = pack.split_at(holders);
    let pack = format!("{before}{}", after.replacen("issuers = [\"application-ca\"]", "issuers = [\"moved-ca\"]", 1));
    std::fs::write(installation.folder().join("pack.toml"), pack).unwrap();
    let file = installation.folder().join("lgpki.toml");
    let config = std::fs::read_to_string(&file).unwrap();
    let named = config.replacen("# packs = [\"lgwan-private\", ", "packs = [\"pack.toml\", ", 1);
    assert_ne!(named, config);
    std::fs::write(file, named).unwrap();
    installation
}

fn import(installation: &Installation, old: &Path, arguments: &[&str]) -> (bool, String) {
    let mut command = Command::new(PROGRAM);
    command.arg("--config").arg(installation.folder().join("lgpki.toml")).args(["ca", "import", "moved-ca"]);
    let output = command.args(arguments).current_dir(old).output().unwrap();
    (output.status.success(), text(&output))
}

const WHOLE: [&str; 8] =
    ["--index", "index.txt", "--certificates", "newcerts", "--last-crl", "crl.pem", "--certificate", "ca.pem"];

fn fetched(installation: &Installation, place: &str, into: PathBuf) -> PathBuf {
    let body = installation.visitor().open(place).unwrap().body;
    std::fs::write(&into, body).unwrap();
    into
}

#[test]
fn a_ca_of_openssl_moves_here_without_a_gap() {
    let (scratch, installation) = (Scratch::new("import"), installation());
    let old = scratch.path();
    old_ca(old);
    let sealed = [&WHOLE[..], &["--key", "sealed.key", "--key-passphrase-file", "passphrase"]].concat();
    let before = count(&installation.database, "select count(*) from intent");
    let (looked, said) = import(&installation, old, &[&sealed[..], &["--dry-run"]].concat());
    assert!(looked && said.contains("6 certificates, 2 of them revoked") && said.contains("number 6"), "{said}");
    assert_eq!(count(&installation.database, "select count(*) from intent"), before);
    assert!(!installation.folder().join("keys/moved-ca.key.pem").exists());
    let (moved, said) = import(&installation, old, &sealed);
    assert!(moved && said.contains("moved-ca is here"), "{said}");
    // Once more does no harm.
    let (again, said) = import(&installation, old, &sealed);
    assert!(again, "{said}");
    let imported = "select count(*) from audit_event where verb = 'authority.imported'";
    assert_eq!(count(&installation.database, imported), 1);

    let mut program = installation.serve(PROGRAM, None);
    let crl = fetched(&installation, "/crl/moved-ca.crl", old.join("next.crl"));
    let ca = old.join("ca.pem");
    let told = text(&openssl("crl -inform DER -in {} -noout -text -crlnumber -CAfile {}", &[&crl, &ca]));
    assert!(told.contains("verify OK") && told.contains("crlNumber=0x06"), "{told}");
    for entry in
        ["Serial Number: 1001", "Serial Number: 1003", "Superseded", "Key Compromise", "Jan  1 00:00:00 2026 GMT"]
    {
        assert!(told.contains(entry), "{entry} is not in {told}");
    }
    let url = format!("{}ocsp/moved-ca", installation.pages);
    for (certificate, status) in [("1.pem", "good"), ("2.pem", "revoked"), ("4.pem", "revoked"), ("6.pem", "good")] {
        let file = old.join(certificate);
        let asked = format!("ocsp -issuer {{}} -cert {{}} -url {url} -CAfile {{}} -no_nonce");
        let told = text(&openssl(&asked, &[&ca, &file, &ca]));
        assert!(told.contains("Response verify OK") && told.contains(&format!(": {status}")), "{certificate}: {told}");
    }

    // What it issues from now on stands under the same root as what it issued before.
    let (mut officer, mut manager) = (installation.officer(), installation.manager());
    officer.is_logged_in().unwrap();
    manager.is_logged_in().unwrap();
    let hands = [&mut officer.browser, &mut manager.browser];
    let page = issued(&mut program, hands, &[SERVER]).remove(0);
    assert!(page.starts_with("/certificates/moved-ca/"), "{page}");
    let new = old.join("new.pem");
    std::fs::write(&new, officer.browser.open(&format!("{page}/download/pem")).unwrap().body).unwrap();
    let told = text(&openssl("verify -x509_strict -CAfile {} {} {}", &[&ca, &new, &old.join("1.pem")]));
    assert!(told.contains("new.pem: OK") && told.contains("1.pem: OK"), "{told}");
    program.stops();
    assert_eq!(broken(&installation.database), Vec::<String>::new());
}

#[test]
fn a_list_of_many_lines_is_taken_over_whole() {
    const LINES: usize = 20_000;
    let (scratch, installation) = (Scratch::new("import-many"), installation());
    let old = scratch.path();
    old_ca(old);
    let line = |n: usize| match n % 10 {
        0 => {
            format!("R\t270101000000Z\t260301000000Z,superseded\t{:06X}\tunknown\t/C=JP/CN=holder {n}\n", 0x10_0000 + n)
        }
        _ => format!("V\t270101000000Z\t\t{:06X}\tunknown\t/C=JP/CN=holder {n}\n", 0x10_0000 + n),
    };
    std::fs::write(old.join("many.txt"), (0..LINES).map(line).collect::<String>()).unwrap();
    let many = ["--certificate", "ca.pem", "--key", "ca.key", "--index", "many.txt", "--crl-number", "7"];
    let (moved, said) = import(&installation, old, &many);
    assert!(moved && said.contains("20000 certificates, 2000 of them revoked"), "{said}");
    let program = installation.serve(PROGRAM, None);
    let crl = std::fs::read(fetched(&installation, "/crl/moved-ca.crl", old.join("many.crl"))).unwrap();
    let list = crl::CertificateList::parse(&crl).unwrap();
    assert_eq!((list.entries.len(), list.number), (LINES / 10, Some(8)));
    program.stops();
    assert_eq!(broken(&installation.database), Vec::<String>::new());
}

#[test]
fn a_list_alone_and_a_key_in_pkcs12_are_enough() {
    let (scratch, installation) = (Scratch::new("import-list"), installation());
    let old = scratch.path();
    old_ca(old);
    let (moved, said) = import(
        &installation,
        old,
        &["--pkcs12", "ca.p12", "--key-passphrase-file", "passphrase", "--index", "index.txt", "--crl-number", "0x05"],
    );
    assert!(moved && said.contains("6 are known by an entry only") && said.contains("number 6"), "{said}");
    let program = installation.serve(PROGRAM, None);
    let (ca, file) = (old.join("ca.pem"), old.join("4.pem"));
    let asked = format!("ocsp -issuer {{}} -cert {{}} -url {}ocsp/moved-ca -CAfile {{}} -no_nonce", installation.pages);
    let told = text(&openssl(&asked, &[&ca, &file, &ca]));
    assert!(told.contains(": revoked") && told.contains("Reason: keyCompromise"), "{told}");
    program.stops();
}

#[test]
fn what_does_not_belong_together_is_refused_and_nothing_is_written() {
    let (scratch, installation) = (Scratch::new("import-wrong"), installation());
    let old = scratch.path();
    old_ca(old);
    let key = ["--key", "ca.key"];
    let refused = |arguments: &[&str], because: &str| {
        let (moved, said) = import(&installation, old, arguments);
        assert!(!moved && said.contains(because), "{because}: {said}");
    };
    let index = std::fs::read_to_string(old.join("index.txt")).unwrap();
    let written = |name: &str, content: &str| std::fs::write(old.join(name), content).unwrap();
    written("twice.txt", &format!("{index}{}", index.lines().next().unwrap()));
    written("short.txt", index.split_once('\n').unwrap().1);
    let with = |list: &'static str| [&["--index", list], &WHOLE[2..], &key[..]].concat();
    refused(&with("twice.txt"), "the serial number 1000 stands on line 1 already");
    refused(&with("short.txt"), "the certificate 1000 is in the folder and not in the list");
    refused(&[&WHOLE[..], &["--key", "1.key"]].concat(), "is not the certificate's");
    refused(&[&WHOLE[..], &["--crl-number", "4"], &key[..]].concat(), "below the number of the last CRL, 5");
    // A certificate of somebody else among them.
    let other = openssl(
        "req -x509 -newkey rsa:2048 -nodes -keyout {} -out {} -subj /C=JP/CN=other -days 9",
        &[&old.join("other.key"), &old.join("newcerts/other.pem")],
    );
    assert!(other.status.success(), "{}", text(&other));
    refused(&[&WHOLE[..], &key[..]].concat(), "newcerts/other.pem: issued by");
    std::fs::set_permissions(old.join("ca.key"), std::fs::Permissions::from_mode(0o644)).unwrap();
    refused(&[&WHOLE[..], &key[..]].concat(), "chmod 600");
    assert_eq!(count(&installation.database, "select count(*) from authority where authority_id = 'moved-ca'"), 0);
    assert!(!installation.folder().join("keys/moved-ca.key.pem").exists());
}
