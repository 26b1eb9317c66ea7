//! Every kind of certificate people ask for, from its form to a certificate that OpenSSL verifies and reads: filed, approved,
//! issued by the authority of its pack, and beginning on the day that was chosen.

use ca_core::certificate::Certificate;
use ca_core::time::Clock;
use lgpki::clock::SystemClock;
use lgpki::commands::demo::acts;
use lgpki_tests::databases::Kind;
use lgpki_tests::invariants::{JOBS_LEFT, broken, count};
use lgpki_tests::program::Installation;
use lgpki_tests::tools::{Scratch, openssl, text};
use ra_web::desk::era::CivilDate;
use std::time::Duration;

use super::PROGRAM;

/// A kind of certificate as a person asks for it, and what OpenSSL says of it.
struct Asked {
    profile: &'static str,
    inputs: &'static [(&'static str, &'static str)],
    /// What `openssl verify -purpose` knows it for.
    purpose: Option<&'static str>,
    says: &'static [&'static str],
}

const TOWN: &str = "C=JP, O=Local Governments, OU=Shirakaba Town";

const ASKED: [Asked; 7] = [
    Asked {
        profile: "job-role",
        inputs: &[
            ("post", "総務課長"),
            ("post-en", "Manager"),
            ("unit-1", "総務部"),
            ("unit-en-1", "General Affairs Department"),
        ],
        purpose: None,
        says: &[
            "OU=Shirakaba Town, OU=General Affairs Department, CN=Manager",
            "Digital Signature, Non Repudiation",
            "CN=総務課長",
            "OU=白樺町",
        ],
    },
    Asked {
        profile: "user",
        inputs: &[("person", "佐藤　花子"), ("person-en", "Sato Hanako"), ("person-number", "0012")],
        purpose: Some("sslclient"),
        says: &["CN=SATO HANAKO", "serialNumber=0012", "TLS Web Client Authentication"],
    },
    Asked {
        profile: "encryption",
        inputs: &[("post", "会計管理者"), ("post-en", "Accounting Manager")],
        purpose: None,
        says: &["CN=Accounting Manager", "Key Agreement"],
    },
    Asked {
        profile: "web-server",
        inputs: &[("names", "www.town.shirakaba.lg.jp")],
        purpose: Some("sslserver"),
        says: &["DNS:www.town.shirakaba.lg.jp", "TLS Web Server Authentication"],
    },
    Asked {
        profile: "platform-server",
        inputs: &[("names", "base.town.shirakaba.lg.jp")],
        purpose: Some("sslserver"),
        says: &["OU=Application Platform", "DNS:base.town.shirakaba.lg.jp"],
    },
    Asked {
        profile: "mail",
        inputs: &[("service-en", "General Affairs"), ("emails", "Soumu@town.shirakaba.lg.jp")],
        purpose: Some("smimesign"),
        says: &["CN=General Affairs", "email:Soumu@town.shirakaba.lg.jp", "E-mail Protection"],
    },
    Asked {
        profile: "code-signing",
        inputs: &[],
        purpose: None, // OpenSSL 3.0 knows no such purpose
        says: &["ST=Hokkaido, O=Shirakaba Town, CN=Shirakaba Town", "Code Signing"],
    },
];

#[test]
fn every_kind_of_certificate_is_asked_for_and_issued_on_sqlite() {
    every_kind(Kind::Sqlite);
}

#[test]
fn every_kind_of_certificate_is_asked_for_and_issued_on_postgres() {
    every_kind(Kind::Postgres);
}

fn every_kind(kind: Kind) {
    let installation = Installation::new(kind);
    let mut program = installation.serve(PROGRAM, None);
    let (mut officer, mut manager) = (installation.officer(), installation.manager());
    officer.is_logged_in().unwrap();
    manager.is_logged_in().unwrap();
    let scratch = Scratch::new("families");
    for asked in &ASKED {
        let csr = request(&scratch);
        let inputs = [asked.inputs, &[("csr", csr.as_str())]].concat();
        let number = acts::file(&mut officer.browser, asked.profile, &inputs).unwrap();
        acts::approve(&mut manager.browser, &number).unwrap();
        let page = program.until(|| acts::certificate_of(&mut officer.browser, &number)).unwrap();
        judged(&scratch, &mut officer.browser, &page, asked);
        let shown = officer.browser.open(&page).unwrap().text();
        assert!(shown.contains("有効です。使えます。"), "{}: {shown}", asked.profile);
        asked_again(&mut officer.browser, &page, asked);
    }
    for (typed, kind) in [("総務課長", "職責証明書"), ("soumu@TOWN", "メール証明書"), ("sato hanako", "利用者証明書")]
    {
        let query: String = url::form_urlencoded::byte_serialize(typed.as_bytes()).collect();
        for list in ["requests", "certificates"] {
            let found = officer.browser.open(&format!("/{list}?q={query}")).unwrap().text();
            assert_eq!(found.matches("<th scope=\"row\">").count(), 1, "{list}: {typed}: {found}");
            assert!(found.contains(kind), "{list}: {typed}: {found}");
        }
    }
    begins_on_the_chosen_day(&scratch, &mut program, [&mut officer.browser, &mut manager.browser]);
    let quiet = program.until(|| Ok((count(&installation.database, JOBS_LEFT) == 0).then_some(())));
    assert_eq!(quiet, Ok(()), "jobs are left");
    program.stops();
    let broken = broken(&installation.database);
    assert!(broken.is_empty(), "{kind:?}:\n  {}", broken.join("\n  "));
}

/// The form for another like it has in it what was typed for the first.
fn asked_again(officer: &mut lgpki::visitor::Visitor, page: &str, asked: &Asked) {
    let path = format!("/requests/new/{}", asked.profile);
    let like = format!("{path}?like={}", page.strip_prefix("/certificates/").unwrap());
    let form = officer.open(&like).unwrap().form(&path).unwrap();
    let plain = |text: &str| text.to_lowercase().replace(['\u{3000}', ' '], "");
    for (input, typed) in asked.inputs {
        let found = form.value(input).unwrap_or_default();
        assert_eq!(plain(found), plain(typed), "{}: {input}", asked.profile);
    }
}

/// A fresh key, and a request for it that asks for another name.
fn request(scratch: &Scratch) -> String {
    let (key, csr) = (scratch.path().join("key.pem"), scratch.path().join("csr.pem"));
    let line = "req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout {} -out {} -subj /CN=elsewhere";
    let said = openssl(line, &[&key, &csr]);
    assert!(said.status.success(), "{}", text(&said));
    std::fs::read_to_string(&csr).unwrap()
}

/// OpenSSL builds the chain from what is handed out, and reads the names and uses.
fn judged(scratch: &Scratch, officer: &mut lgpki::visitor::Visitor, page: &str, asked: &Asked) {
    let profile = asked.profile;
    let pem = acts::good(officer.open(&format!("{page}/download/pem")).unwrap(), "PEM").unwrap().body;
    let bundle = acts::good(officer.open(&format!("{page}/download/p7b")).unwrap(), "P7B").unwrap().body;
    let certificate = scratch.file("holder.pem", pem);
    let (bundle, chain) = (scratch.file("chain.p7b", bundle), scratch.path().join("chain.pem"));
    let read = openssl("pkcs7 -inform DER -in {} -print_certs -out {}", &[&bundle, &chain]);
    assert!(read.status.success(), "{profile}: {}", text(&read));
    // The last in the bundle is the root; whoever verifies has it from elsewhere.
    let authority = if page.contains("organisation-ca") { "organisation-ca" } else { "root" };
    let root = officer.open(&format!("/aia/{authority}.pem")).unwrap().body;
    let root = scratch.file("root.pem", root);
    let purpose = asked.purpose.map(|purpose| format!(" -purpose {purpose}")).unwrap_or_default();
    let line = format!("verify -x509_strict{purpose} -CAfile {{}} -untrusted {{}} {{}}");
    let verified = openssl(&line, &[&root, &chain, &certificate]);
    assert!(verified.status.success(), "{profile}: {}", text(&verified));
    let told = openssl("x509 -in {} -noout -text -nameopt utf8,sep_comma_plus_space", &[&certificate]);
    let told = unescaped(&text(&told)).replace(" = ", "=");
    for said in asked.says {
        assert!(told.contains(said), "{profile}: {said}: {told}");
    }
    assert!(!told.contains("elsewhere"), "{profile}: what the request asks for counts for nothing");
}

/// OpenSSL writes the octets of Japanese in alternative names as `\xE5\x9C…`.
fn unescaped(told: &str) -> String {
    let mut octets = Vec::new();
    let mut rest = told;
    while let Some((before, after)) = rest.split_once("\\x") {
        octets.extend_from_slice(before.as_bytes());
        octets.push(u8::from_str_radix(&after[..2], 16).unwrap());
        rest = &after[2..];
    }
    octets.extend_from_slice(rest.as_bytes());
    String::from_utf8(octets).unwrap()
}

/// Issued at once, valid from midnight in Japan.
fn begins_on_the_chosen_day(
    scratch: &Scratch,
    program: &mut lgpki_tests::program::Program,
    [officer, manager]: [&mut lgpki::visitor::Visitor; 2],
) {
    let day = CivilDate::in_japan(SystemClock.now().plus(Duration::from_secs(130 * 86_400)));
    let (csr, start) = (request(scratch), day.era_ja());
    let inputs = [("post", "町長"), ("post-en", "Mayor"), ("start", start.as_str()), ("csr", csr.as_str())];
    let number = acts::file(officer, "job-role", &inputs).unwrap();
    acts::approve(manager, &number).unwrap();
    let again = request(scratch);
    let again = [&inputs[..2], &[("csr", again.as_str())]].concat();
    let page = program.until(|| acts::certificate_of(officer, &number)).unwrap();
    let der = officer.open(&format!("{page}/download/der")).unwrap().body;
    let certificate = Certificate::from_der(&der).unwrap();
    assert_eq!(certificate.subject().to_string(), format!("{TOWN}, CN=Mayor"));
    assert_eq!(certificate.validity().not_before, day.start().unwrap());
    let shown = officer.open(&page).unwrap().text();
    assert!(shown.contains("有効期間が始まっていません"), "{shown}");
    // A second one for the same post: whoever approves is told of the first.
    acts::file(officer, "job-role", &again).unwrap();
    let inbox = manager.open("/approvals").unwrap().text();
    assert!(inbox.contains("「白樺町 町長」には、有効な同じ種類の証明書がすでにあります"), "{inbox}");
}
