//! Bad input through the pages of the running service: the sentence stands at the field and on top, says what, why and what
//! to do; what was typed is still there; nothing is stored.

use ca_core::id::RequestNumber;
use lgpki::commands::demo::acts;
use lgpki::visitor::{Form, Page};
use lgpki_tests::databases::Kind;
use lgpki_tests::invariants::{broken, count, texts};
use lgpki_tests::program::{Installation, Person, Program};
use lgpki_tests::tools::{Scratch, openssl, text};

use super::PROGRAM;

const FORM: &str = "/requests/new/web-server";
const NAME: &str = "www.town.shirakaba.lg.jp";
const NOTE: &str = "6月の更新です。急ぎません。";

/// What OpenSSL is told for the usual key.
const P256: &str = "ec -pkeyopt ec_paramgen_curve:P-256";

/// The town at work, with an officer and a manager logged in.
struct Town<'a> {
    installation: &'a Installation,
    program: Program,
    officer: Person<'a>,
    manager: Person<'a>,
    scratch: Scratch,
}

impl<'a> Town<'a> {
    fn at(installation: &'a Installation) -> Self {
        let program = installation.serve(PROGRAM, None);
        let (mut officer, mut manager) = (installation.officer(), installation.manager());
        officer.is_logged_in().unwrap();
        manager.is_logged_in().unwrap();
        Self { installation, program, officer, manager, scratch: Scratch::new("bad-input") }
    }

    /// The request form, filled in but for the step.
    fn filled(&mut self, names: &str, csr: &str) -> Form {
        let form = self.officer.browser.open(FORM).unwrap().form(FORM).unwrap();
        form.fill("names", names).fill("csr", csr).fill("note", NOTE)
    }

    /// Sends the form, to be confirmed and, for who leaves that out, to be filed: both are refused in the same way.
    fn refused(&mut self, names: &str, csr: &str) -> Page {
        let form = self.filled(names, csr);
        let page = self.officer.browser.send(&form.clone().fill("step", "confirm")).unwrap();
        let at_once = self.officer.browser.send(&form.fill("step", "submit")).unwrap();
        assert_eq!((page.status, at_once.status), (422, 422), "{}", page.text());
        assert_eq!(problems(&page), problems(&at_once));
        assert_eq!(self.requests(), 0, "nothing is stored");
        page
    }

    fn requests(&self) -> i64 {
        count(&self.installation.database, "select count(*) from request")
    }

    /// Files a request for a fresh key.
    fn filed(&mut self) -> (RequestNumber, String) {
        let csr = request(&self.scratch, P256).pem;
        (acts::file_request(&mut self.officer.browser, NAME, &csr).unwrap(), csr)
    }

    /// The text is in no file of the database and was not said in the log; what is kept on purpose is found there.
    fn never_kept(&mut self, secrets: &[Vec<u8>]) {
        let made = request(&self.scratch, P256);
        acts::file_request(&mut self.officer.browser, NAME, &made.pem).unwrap();
        let log = self.program.log();
        let database = self.installation.database.url().strip_prefix("sqlite:").unwrap();
        let mut kept = vec![("the log".to_owned(), log.into_bytes())];
        for suffix in ["", "-wal", "-shm", "-journal"] {
            let file = format!("{database}{suffix}");
            if let Ok(octets) = std::fs::read(&file) {
                kept.push((file, octets));
            }
        }
        assert!(kept.iter().any(|(_, octets)| holds(octets, &made.der)), "this is not where things are kept");
        for secret in secrets {
            for (place, octets) in &kept {
                assert!(!holds(octets, secret), "a private key is in {place}: {}", String::from_utf8_lossy(secret));
            }
        }
    }

    /// The end: nothing was left in disorder.
    fn closes(self) {
        self.program.stops();
        assert_eq!(broken(&self.installation.database), Vec::<String>::new());
    }
}

fn holds(octets: &[u8], part: &[u8]) -> bool {
    octets.windows(part.len()).any(|window| window == part)
}

/// What the list on top says: the field each entry leads to, and its sentence.
fn problems(page: &Page) -> Vec<(String, String)> {
    let text = page.text();
    let list =
        text.split("class=\"problems__list\"").nth(1).unwrap_or_default().split("</ul>").next().unwrap_or_default();
    let entries = list.split("<a href=\"#").skip(1).filter_map(|entry| entry.split_once("\">"));
    entries.map(|(field, rest)| (field.to_owned(), rest.split("</a>").next().unwrap_or_default().to_owned())).collect()
}

/// The page has this one problem: on top, and beside the field, which is marked; and its sentence says all of `parts`.
fn says(page: &Page, field: &str, parts: &[&str]) {
    let found = problems(page);
    let [(at, sentence)] = found.as_slice() else { panic!("one problem: {found:?}\n{}", page.text()) };
    assert_eq!(at, field, "{sentence}");
    let html = page.text();
    let beside = html.split(&format!("id=\"{field}-problem\"")).nth(1);
    let beside = beside.unwrap_or_else(|| panic!("nothing beside {field}: {html}"));
    let beside = beside.split("<textarea").next().unwrap_or_default();
    assert!(beside.contains(sentence.as_str()), "beside the field: {beside}");
    let input = html.split("<textarea class=\"input").find(|rest| rest.contains(&format!(" name=\"{field}\"")));
    let input = input.and_then(|rest| rest.split('>').next()).unwrap_or_default();
    assert!(input.contains("aria-invalid=\"true\"") && input.contains(&format!("{field}-problem")), "{input}");
    for part in parts {
        assert!(sentence.contains(part), "{part} is not said: {sentence}");
    }
    assert!(
        sentence.ends_with("ください。") && sentence.matches('。').count() >= 2,
        "what, why, what to do: {sentence}"
    );
}

/// What was typed stands in the form again.
fn still_there(page: &Page, names: &str, csr: &str) {
    let form = page.form(FORM).unwrap();
    assert_eq!(form.value("names"), Some(names));
    assert_eq!(form.value("csr").map(str::trim), Some(csr.trim()));
    assert_eq!(form.value("note"), Some(NOTE));
}

/// A key and a request for it, by OpenSSL.
struct Made {
    key: String,
    key_der: Vec<u8>,
    pem: String,
    der: Vec<u8>,
}

fn request(scratch: &Scratch, kind: &str) -> Made {
    let path = |name: &str| scratch.path().join(name);
    let line = format!("req -new -newkey {kind} -nodes -keyout {{}} -out {{}} -subj /CN={NAME}");
    let said = openssl(&line, &[&path("key.pem"), &path("csr.pem")]);
    assert!(said.status.success(), "{}", text(&said));
    Made {
        key: std::fs::read_to_string(path("key.pem")).unwrap(),
        key_der: openssl("pkey -in {} -outform DER", &[&path("key.pem")]).stdout,
        pem: std::fs::read_to_string(path("csr.pem")).unwrap(),
        der: openssl("req -in {} -outform DER", &[&path("csr.pem")]).stdout,
    }
}

#[test]
fn a_signing_request_that_cannot_be_used_is_explained_at_its_field() {
    let installation = Installation::new(Kind::Sqlite);
    let mut town = Town::at(&installation);
    let good = request(&town.scratch, P256);
    let cut = good.pem.replacen("MI", "", 1);
    let certificate = town.officer.browser.open("/aia/application-ca.pem").unwrap().text();
    let mut changed = good.der.clone();
    let last = changed.len() - 1;
    changed[last] ^= 1; // within the signature
    let changed = ca_core::certificate::to_pem("CERTIFICATE REQUEST", &changed);
    let weak = request(&town.scratch, "rsa:1024").pem;
    for (csr, parts) in [
        ("", ["ありません", "公開鍵がわからない", "選ぶか"].as_slice()),
        (&cut, &["読み取れませんでした", "欠けているか", "もう一度そのまま写して"]),
        (&certificate, &["これは証明書で", "鍵を持っていることを確かめられません", ".csr"]),
        (&changed, &["署名が合いません", "内容が変わったか", "作り直して"]),
        (&weak, &["RSA 1024ビット", "短すぎて", "3072ビット"]),
    ] {
        let page = town.refused(NAME, csr);
        says(&page, "csr", parts);
        still_there(&page, NAME, csr);
    }
    town.closes();
}

#[test]
fn a_private_key_is_refused_and_kept_nowhere() {
    let installation = Installation::new(Kind::Sqlite);
    let mut town = Town::at(&installation);
    let mut secrets: Vec<Vec<u8>> = Vec::new();
    for (kind, clothes) in [(P256, "ec"), ("rsa:2048", "rsa -traditional")] {
        let made = request(&town.scratch, kind);
        let pkcs8 = town.scratch.file("pkcs8.pem", &made.key);
        let other = String::from_utf8(openssl(&format!("{clothes} -in {{}}"), &[&pkcs8]).stdout).unwrap();
        let sealed = openssl("pkcs8 -topk8 -in {} -v2 aes128 -passout pass:secret", &[&pkcs8]).stdout;
        let sealed = String::from_utf8(sealed).unwrap();
        assert!(other.contains("PRIVATE KEY-----") && sealed.contains("ENCRYPTED"), "{other}{sealed}");
        for key in [&made.key, &other, &sealed] {
            let here: Vec<Vec<u8>> = key
                .lines()
                .filter(|line| !line.starts_with("-----") && line.len() >= 24)
                .map(|line| line.as_bytes()[..24].to_vec())
                .filter(|part| !holds(made.pem.as_bytes(), part)) // the public half is no secret
                .collect();
            assert!(here.len() >= 2);
            // Pasted where the request belongs, alone and after one, and as a file of text.
            let both = format!("{}{key}", made.pem);
            for pasted in [key, &both] {
                let page = town.refused(NAME, pasted);
                says(&page, "csr", &["秘密鍵です", "渡してはいけません", "保存も記録もせず", "廃棄し"]);
                still_there(&page, NAME, "");
                nothing_of(&page, &here);
            }
            let form = town.filled(NAME, "").fill("step", "confirm");
            let page = town.officer.browser.send_file(&form, "csr-file", key.as_bytes()).unwrap();
            says(&page, "csr", &["秘密鍵です", "廃棄し"]);
            nothing_of(&page, &here);
            // In the other fields.
            let page = town.refused(key, &made.pem);
            says(&page, "names", &["この欄に秘密鍵", "渡してはいけません", "廃棄し"]);
            still_there(&page, "", &made.pem);
            nothing_of(&page, &here);
            let form = town.filled(NAME, &made.pem).fill("note", key).fill("step", "submit");
            let page = town.officer.browser.send(&form).unwrap();
            says(&page, "note", &["この欄に秘密鍵", "廃棄し"]);
            nothing_of(&page, &here);
            secrets.extend(here);
        }
        // The octets themselves, as a file.
        let form = town.filled(NAME, "").fill("step", "submit");
        let page = town.officer.browser.send_file(&form, "csr-file", &made.key_der).unwrap();
        assert_eq!(page.status, 422);
        says(&page, "csr", &["秘密鍵です", "廃棄し"]);
        let here: Vec<Vec<u8>> =
            made.key_der.chunks_exact(24).filter(|part| !holds(&made.der, part)).map(<[u8]>::to_vec).collect();
        assert!(here.len() >= 2);
        nothing_of(&page, &here);
        secrets.extend(here);
    }
    assert_eq!(town.requests(), 0);
    town.never_kept(&secrets);
    town.closes();
}

fn nothing_of(page: &Page, secrets: &[Vec<u8>]) {
    for secret in secrets {
        assert!(!holds(&page.body, secret), "a private key is on the page: {}", page.text());
    }
}

#[test]
fn a_name_outside_the_towns_domains_is_refused_and_a_slip_is_recognised() {
    let installation = Installation::new(Kind::Sqlite);
    let mut town = Town::at(&installation);
    let csr = request(&town.scratch, P256).pem;
    for (names, parts) in [
        ("www.city.example.lg.jp", ["登録ドメインではない", "town.shirakaba.lg.jp", "登録を依頼して"].as_slice()),
        ("www.town.shirakba.lg.jp", &["綴りが違う", "「www.town.shirakaba.lg.jp」の打ち間違い", "直して"]),
        ("", &["サーバ名が入力されていません", "発行できません", "入力して"]),
    ] {
        let page = town.refused(names, &csr);
        says(&page, "names", parts);
        still_there(&page, names, &csr);
    }
    // Each wrong name has its own sentence, and the right one between them stays, too.
    let names = format!("www.city.example.lg.jp\n{NAME}\n*.town.shirakaba.lg.jp");
    let page = town.refused(&names, &csr);
    let found = problems(&page);
    assert_eq!(found.len(), 2, "{found:?}");
    still_there(&page, &names, &csr);
    town.closes();
}

#[test]
fn a_file_that_is_too_large_is_refused_at_the_field_and_one_far_too_large_by_a_page() {
    let installation = Installation::new(Kind::Sqlite);
    let mut town = Town::at(&installation);
    let form = town.filled(NAME, "").fill("step", "confirm");
    let page = town.officer.browser.send_file(&form, "csr-file", &vec![b'x'; 20_000]).unwrap();
    assert_eq!(page.status, 422);
    says(&page, "csr", &["20000バイト", "16384バイト以下", "選び直して"]);
    still_there(&page, NAME, "");
    let page = town.officer.browser.send_file(&form, "csr-file", &vec![b'x'; 4_000_000]).unwrap();
    assert_eq!(page.status, 422);
    says(&page, "csr", &["4000000バイト", "16384バイト以下", "選び直して"]);
    still_there(&page, NAME, "");
    let page = town.officer.browser.send_file(&form, "csr-file", &vec![b'x'; 4_200_000]).unwrap();
    assert_eq!(page.status, 413);
    for part in
        ["送られたファイルが大きすぎます", "一度に送れる大きさ", "何も変更していません", "もう一度選んでください"]
    {
        assert!(page.text().contains(part), "{part}: {}", page.text());
    }
    // And then it works with the right file, on the form that is still open.
    let csr = request(&town.scratch, P256);
    let page = town.officer.browser.send_file(&form.fill("step", "submit"), "csr-file", &csr.der).unwrap();
    assert!(page.is_ok() && page.url.path().starts_with("/requests/R"), "{}", page.text());
    assert_eq!(town.requests(), 1);
    town.closes();
}

#[test]
fn a_key_counts_once_and_so_does_a_form() {
    let installation = Installation::new(Kind::Sqlite);
    let mut town = Town::at(&installation);
    let csr = request(&town.scratch, P256).pem;
    let form = town.filled(NAME, &csr).fill("step", "submit");
    let first = town.officer.browser.send(&form).unwrap();
    let second = town.officer.browser.send(&form).unwrap();
    assert!(first.is_ok() && second.is_ok(), "{}", second.text());
    assert_eq!(first.url, second.url, "the same form sent twice is one request");
    assert_eq!(town.requests(), 1);
    let number = first.url.path().strip_prefix("/requests/").unwrap();

    let form = town.filled(NAME, &csr);
    for step in ["confirm", "submit"] {
        let page = town.officer.browser.send(&form.clone().fill("step", step)).unwrap();
        assert_eq!(page.status, 422);
        says(&page, "csr", &[&format!("以前の申請({number})"), "被害が広がります", "鍵を作り直して"]);
        still_there(&page, NAME, &csr);
    }
    assert_eq!(town.requests(), 1);
    town.closes();
}

#[test]
fn an_approval_of_what_has_changed_meanwhile_is_refused_and_said() {
    let installation = Installation::new(Kind::Sqlite);
    let mut town = Town::at(&installation);
    let (number, _) = town.filed();
    let path = format!("/requests/{number}");
    let inbox = town.manager.browser.open("/approvals").unwrap();
    let approve = inbox.form(&format!("{path}/approve")).unwrap();
    let turn_down = inbox.form(&format!("{path}/return")).unwrap().fill("reason", "名前が違います");

    // Another statement than the one that stands there; none at all.
    for (statement, parts) in [
        ("0".repeat(64), ["いまの内容が違います", "見ていないものを承認しない", "承認し直してください"]),
        (String::new(), ["控えが届きませんでした", "記録に残せない", "承認し直してください"]),
    ] {
        let page = town.manager.browser.send(&approve.clone().fill("statement", &statement)).unwrap();
        assert_eq!(page.status, 422, "{}", page.text());
        let found = problems(&page);
        let [(field, sentence)] = found.as_slice() else { panic!("one problem: {found:?}") };
        assert_eq!(field, "statement");
        assert!(page.text().contains("id=\"statement\""), "the sentence leads to the statement");
        assert!(parts.iter().all(|part| sentence.contains(part)), "{sentence}");
        assert!(page.form(&format!("{path}/approve")).is_ok(), "the true statement is shown, to be approved");
    }
    assert_eq!(undecided(&town), 1);

    // The officer takes it back while the manager looks at it.
    let withdraw = town.officer.browser.open(&path).unwrap().form(&format!("{path}/withdraw")).unwrap();
    assert!(town.officer.browser.send(&withdraw).unwrap().is_ok());
    let page = town.manager.browser.send(&approve).unwrap();
    assert_eq!(page.status, 409);
    for part in ["この申請は、ほかの人が先に処理しました", "佐藤 花子", "あなたの操作は行われていません"]
    {
        assert!(page.text().contains(part), "{part}: {}", page.text());
    }
    // What was written as a reason is not lost either.
    let page = town.manager.browser.send(&turn_down).unwrap();
    assert_eq!(page.status, 409);
    assert!(page.text().contains("名前が違います"), "{}", page.text());
    let approved = "select count(*) from audit_event where verb in ('request.approved', 'request.returned')";
    assert_eq!(count(&installation.database, approved), 0);
    town.closes();
}

fn undecided(town: &Town<'_>) -> i64 {
    count(&town.installation.database, "select count(*) from request where state = 'submitted' and decided_by is null")
}

#[test]
fn nobody_approves_their_own_request_not_even_by_a_forged_form() {
    let installation = Installation::new(Kind::Sqlite);
    let mut town = Town::at(&installation);
    let csr = request(&town.scratch, P256).pem;
    let number = acts::file_request(&mut town.manager.browser, NAME, &csr).unwrap();
    let path = format!("/requests/{number}");
    let inbox = town.manager.browser.open("/approvals").unwrap();
    assert!(inbox.text().contains(number.as_str()) && inbox.form(&format!("{path}/approve")).is_err());
    let page = town.manager.browser.open(&path).unwrap();
    assert!(page.form(&format!("{path}/approve")).is_err(), "no button");
    assert!(page.text().contains("自分の申請は承認できません"), "{}", page.text());

    // The token of the form to withdraw is good for this request's other forms; the statement is the true one.
    let statement = texts(&installation.database, "select lower(hex(statement_sha256)) from request").remove(0);
    let html = page.text().replace(&format!("{path}/withdraw"), &format!("{path}/approve"));
    let forged = Page { body: html.into_bytes(), ..page }.form(&format!("{path}/approve")).unwrap();
    let page = town.manager.browser.send(&forged.fill("statement", &statement)).unwrap();
    assert_eq!(page.status, 422, "{}", page.text());
    let found = problems(&page);
    let [(field, sentence)] = found.as_slice() else { panic!("one problem: {found:?}") };
    assert_eq!(field, "statement");
    for part in ["自分の申請は承認できません", "間違いや不正に気づけない", "ほかの責任者に頼んでください"]
    {
        assert!(sentence.contains(part), "{part}: {sentence}");
    }
    assert_eq!(undecided(&town), 1);

    // The officer who filed one may not decide at all: the page is not there for them.
    let (number, _) = town.filed();
    let path = format!("/requests/{number}");
    let page = town.officer.browser.open(&path).unwrap();
    let html = page.text().replace(&format!("{path}/withdraw"), &format!("{path}/approve"));
    let forged = Page { body: html.into_bytes(), ..page }.form(&format!("{path}/approve")).unwrap();
    assert_eq!(town.officer.browser.send(&forged).unwrap().status, 404);
    assert_eq!(undecided(&town), 2);
    town.closes();
}
