//! Requests through the pages, as people use them: every kind of bad input, the second submit. Decisions and the other
//! families are beside.

use axum::http::StatusCode;
use axum::http::header::{ACCEPT, CONTENT_TYPE};
use ca_core::audit::Actor;
use ca_core::id::{AccountId, OrganisationId};
use ca_core::name::{DnsName, LocalGovernmentCode};
use ca_core::testing::CountingEntropy;
use ca_core::time::Timestamp;
use store::Step;
use store::accounts::{Account, Role};
use store::organisations::{Organisation, OrganisationDomain};

use crate::testing::{Answer, PASSWORD, SECRET, TestRa};

mod decisions;
mod families;

const FORM: &str = "/requests/new/web-server";
const NAME: &str = "www.town.shirakaba.lg.jp";

/// openssl req -new, P-256, subject with OpenSSL's defaults.
const CSR: &str = "-----BEGIN CERTIFICATE REQUEST-----
MIIBRTCB6wIBADBcMQswCQYDVQQGEwJKUDEVMBMGA1UEBwwMRGVmYXVsdCBDaXR5
MRwwGgYDVQQKDBNEZWZhdWx0IENvbXBhbnkgTHRkMRgwFgYDVQQDDA93d3cuZXhh
bXBsZS5jb20wWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAATVKXIZ50PzprndHH+2
wZKU5JEHSmXsHIpMWRYdZGKg4BUxj8aoqwB3ESkLiCmpWUupRUozU06xSQ2QpQG9
4tcGoC0wKwYJKoZIhvcNAQkOMR4wHDAaBgNVHREEEzARgg93d3cuZXhhbXBsZS5j
b20wCgYIKoZIzj0EAwIDSQAwRgIhAKhwQZ9TdPN3B7L/sZkY0FeotB44n+o1v+BA
b5X8tS8XAiEA0zD16QQOKnCpna9TiVX1DJVIFKHXhCAAY3PmgyV+7/Y=
-----END CERTIFICATE REQUEST-----";
/// The same with another key.
const OTHER_CSR: &str = "-----BEGIN CERTIFICATE REQUEST-----
MIHGMG4CAQAwDDEKMAgGA1UEAwwBYjBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IA
BEwkYOl95Wu4A1q7v58xcJmKMm5y/OtE/i7NAZ1WDfsnRLPVh/SZ44hqzEZFtKeG
qC7c6XF4NYL7l00QR6RAeGagADAKBggqhkjOPQQDAgNIADBFAiAZvQBLjycUb2BQ
0Jm7GEHBDkRK+LQdIk1dPn7cod9xrgIhAJEIo3hZLmKq+hVCZaPnlGvTbcr7iwHq
2ibOmTHAKK9r
-----END CERTIFICATE REQUEST-----";
/// RSA with 1024 bits.
const WEAK_CSR: &str = "-----BEGIN CERTIFICATE REQUEST-----
MIIBSzCBtQIBADAMMQowCAYDVQQDDAFjMIGfMA0GCSqGSIb3DQEBAQUAA4GNADCB
iQKBgQCnRo6B5S4f1ikiA+vnvBBbtaJ5GIG0Duy/0n3QEbbq79iYO0j6sXHNv8z/
Z+iJs8vvFKGGqw4S9JnW68UH5SrMo7yuWpKRSGFSvSHxDu9AeM+n1wcYevQ0tN4X
bRRKGNDjApyCFj/0NbVZdfzmrsRJTQIoqVvtIWkdKBf9GkUloQIDAQABoAAwDQYJ
KoZIhvcNAQELBQADgYEAB2f7bM4wQwjTZdwCa5B2HbI35ROQ/QHiWMAXXRiOFXiT
LBgH/bz3AitttrwYuO0aSAhmikRhEuRfEZlJ+Ti229+Td0LdmQnRCzDXIoaWEdD0
cCizosqMmEJitmsdwYkCPP7VdO1ixYbRC5vXTp9qGFA6bLP5WCcwypeu7Ou+bFg=
-----END CERTIFICATE REQUEST-----";

/// A service whose town has a verified domain, with an officer and two managers; the browser is the officer's.
async fn town() -> TestRa {
    town_of(TestRa::new().await).await
}

async fn town_of(mut ra: TestRa) -> TestRa {
    let code = LocalGovernmentCode::parse("011002").unwrap();
    let store = ra.state.store().clone();
    let town = store.read().await.unwrap().organisation_by_code(&code).await.unwrap().unwrap();
    let now = ra.state.now();
    let mut txn = store.write(now, Actor::System("set-up")).await.unwrap();
    let domain = OrganisationDomain {
        domain: DnsName::parse("town.shirakaba.lg.jp").unwrap(),
        verified_until: now.plus(std::time::Duration::from_secs(400 * 86_400)),
    };
    txn.insert_domain(&town.organisation_id, &domain).await.unwrap();
    txn.insert_account(&account(&ra, "second-manager", "鈴木 一郎", Role::Manager, &town.organisation_id))
        .await
        .unwrap();
    txn.commit(Step::Setup).await.unwrap();
    enter(&mut ra, "officer").await;
    ra
}

fn account(ra: &TestRa, login: &str, name: &str, role: Role, organisation: &OrganisationId) -> Account {
    let entropy = CountingEntropy::seeded(u64::try_from(login.len()).unwrap() * 1_000_003);
    let password_hash = crate::auth::password::hash_password(PASSWORD, &entropy).unwrap();
    Account {
        account_id: AccountId::new(ra.state.now(), &entropy).unwrap(),
        organisation_id: organisation.clone(),
        login: login.to_owned(),
        name: name.to_owned(),
        role,
        password_hash,
        totp_secret: SECRET.to_vec(),
        totp_last_step: 0,
        failed_logins: 0,
        locked_until: None,
        active: true,
    }
}

/// Changes the person at the browser.
async fn enter(ra: &mut TestRa, login: &str) {
    ra.cookie = None;
    ra.later(60);
    let code = ra.code();
    assert_eq!(ra.log_in(login, PASSWORD, &code).await.location(), "/home");
}

async fn fill(ra: &mut TestRa, step: &str, names: &str, csr: &str) -> Answer {
    let token = ra.get(FORM).await.token(FORM);
    let fields = [("form_token", token.as_str()), ("step", step), ("names", names), ("csr", csr), ("note", "急ぎです")];
    ra.post(FORM, &fields).await
}

/// Files a request and returns its path.
async fn filed(ra: &mut TestRa, csr: &str) -> String {
    let answer = fill(ra, "submit", NAME, csr).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.text);
    answer.location().split('?').next().unwrap().to_owned()
}

#[tokio::test]
async fn request_is_confirmed_filed_and_found() {
    let mut ra = town().await;
    let confirm = fill(&mut ra, "confirm", NAME, CSR).await;
    assert_eq!(confirm.status, StatusCode::OK);
    for shown in ["C=JP, O=Shirakaba Town, CN=www.town.shirakaba.lg.jp", "ECDSA P-256", "Default City", "急ぎです"]
    {
        assert!(confirm.text.contains(shown), "{shown}");
    }
    let path = filed(&mut ra, CSR).await;
    let page = ra.get(&format!("{path}?done=submitted")).await;
    assert!(page.text.contains("申請を受け付けました") && page.text.contains("急ぎです"));
    assert!(!page.text.contains("Default City"), "the name in the signing request is not used");
    for list in ["/requests", "/requests?q=shirakaba", "/requests?state=waiting"] {
        assert!(ra.get(list).await.text.contains(&path), "{list}");
    }
    assert!(!ra.get("/requests?state=issued").await.text.contains(&path));
    assert!(!ra.get("/requests?q=elsewhere").await.text.contains(&path));
}

#[tokio::test]
async fn same_form_sent_twice_is_filed_once() {
    let mut ra = town().await;
    let token = ra.get(FORM).await.token(FORM);
    let fields = [("form_token", token.as_str()), ("step", "submit"), ("names", NAME), ("csr", CSR)];
    let first = ra.post(FORM, &fields).await;
    let second = ra.post(FORM, &fields).await;
    assert_eq!(second.status, StatusCode::SEE_OTHER);
    assert_eq!(first.location(), second.location());
}

#[tokio::test]
async fn every_bad_signing_request_is_explained_and_nothing_typed_is_lost() {
    let mut ra = town().await;
    let broken = CSR.replace("MIIBRTCB6w", "MIIB!!");
    let changed = CSR.replace("7/Y=", "7/U=");
    let certificate = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----";
    let cases = [
        ("", "発行要求ファイル(CSR)がありません"),
        (broken.as_str(), "読み取れませんでした"),
        (certificate, "これは証明書で"),
        ("-----BEGIN PKCS7-----\nMIIB\n-----END PKCS7-----", "これは「PKCS7」で"),
        (changed.as_str(), "署名が合いません"),
        (WEAK_CSR, "RSA 1024ビット"),
        ("hello", "読み取れませんでした"),
    ];
    for (csr, sentence) in cases {
        let answer = fill(&mut ra, "confirm", NAME, csr).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{sentence}: {}", answer.text);
        assert_eq!(answer.text.matches(sentence).count(), 2, "on top and at the field: {sentence}: {}", answer.text);
        assert!(answer.text.contains(NAME) && answer.text.contains("急ぎです"), "typed text is kept");
        assert!(answer.text.contains("id=\"csr-problem\"") && answer.text.contains("href=\"#csr\""));
    }
}

#[tokio::test]
async fn private_key_is_refused_and_never_shown_again() {
    let mut ra = town().await;
    let key = "-----BEGIN PRIVATE KEY-----\nMIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgSECRET\n-----END PRIVATE KEY-----";
    let pasted = fill(&mut ra, "confirm", NAME, key).await;
    assert_eq!(pasted.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(pasted.text.contains("この鍵を廃棄し"), "{}", pasted.text);
    let in_names = fill(&mut ra, "confirm", key, CSR).await;
    assert!(in_names.text.contains("この鍵を廃棄し"));
    for page in [pasted, in_names] {
        assert!(!page.text.contains("SECRET") && !page.text.contains("MIGHAgEA"), "{}", page.text);
    }
}

#[tokio::test]
async fn key_used_before_names_the_earlier_request() {
    let mut ra = town().await;
    let path = filed(&mut ra, CSR).await;
    let answer = fill(&mut ra, "confirm", NAME, CSR).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    let number = path.rsplit('/').next().unwrap();
    assert!(answer.text.contains(&format!("以前の申請({number})")), "{}", answer.text);
}

#[tokio::test]
async fn name_outside_the_domains_is_answered_with_a_suggestion() {
    let mut ra = town().await;
    let answer = fill(&mut ra, "confirm", "www.town.shirakba.lg.jp", CSR).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(answer.text.contains("www.town.shirakaba.lg.jp」の打ち間違い"), "{}", answer.text);
    assert!(answer.text.contains("-----BEGIN CERTIFICATE REQUEST-----"), "the signing request is kept");
}

#[tokio::test]
async fn uploaded_file_is_read_and_its_limit_is_said_at_the_field() {
    let mut ra = town().await;
    let token = ra.get(FORM).await.token(FORM);
    for (content, status, sentence) in [
        (CSR.to_owned(), StatusCode::OK, "証明書に書かれること"),
        ("x".repeat(20_000), StatusCode::UNPROCESSABLE_ENTITY, "20000バイト"),
        ("x".repeat(4_000_000), StatusCode::UNPROCESSABLE_ENTITY, "4000000バイト"),
        ("x".repeat(4_300_000), StatusCode::PAYLOAD_TOO_LARGE, "大きすぎます"),
    ] {
        let body = format!(
            "--cut\r\nContent-Disposition: form-data; name=\"form_token\"\r\n\r\n{token}\r\n\
             --cut\r\nContent-Disposition: form-data; name=\"names\"\r\n\r\n{NAME}\r\n\
             --cut\r\nContent-Disposition: form-data; name=\"note\"\r\n\r\n急ぎです\r\n\
             --cut\r\nContent-Disposition: form-data; name=\"csr-file\"; filename=\"a.csr\"\r\n\r\n{content}\r\n--cut--\r\n"
        );
        let request = axum::http::Request::post(FORM).header(CONTENT_TYPE, "multipart/form-data; boundary=cut");
        let answer = ra.send(request, axum::body::Body::from(body)).await;
        assert_eq!(answer.status, status, "{sentence}: {}", answer.text);
        assert!(answer.text.contains(sentence), "{sentence}: {}", answer.text);
        let kept = answer.text.contains(NAME) && answer.text.contains("急ぎです");
        assert_eq!(kept, status != StatusCode::PAYLOAD_TOO_LARGE, "what was typed is kept: {}", answer.text);
    }
}

#[tokio::test]
async fn diagnosis_answers_scripts_with_json_and_people_with_the_form() {
    let mut ra = town().await;
    let token = ra.get(FORM).await.token(FORM);
    let fields = [("form_token", token.as_str()), ("names", NAME), ("csr", CSR)];
    let page = ra.post("/requests/new/web-server/diagnose", &fields).await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(page.text.contains("この発行要求は使えます。") && page.text.contains("<textarea"));
    let mut form = url::form_urlencoded::Serializer::new(String::new());
    form.extend_pairs([("form_token", token.as_str()), ("names", "www.town.shirakba.lg.jp"), ("csr", CSR)]);
    let request = axum::http::Request::post("/requests/new/web-server/diagnose")
        .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
        .header(ACCEPT, "application/json");
    let answer = ra.send(request, axum::body::Body::from(form.finish())).await;
    let found: serde_json::Value = serde_json::from_str(&answer.text).unwrap();
    assert_eq!(found["summary"], "この発行要求は使えます。");
    assert_eq!(found["items"][0]["state"], "error");
    assert_eq!(found["items"][1]["state"], "ok");
    assert_eq!(found["forget"], serde_json::json!([]));
}

#[tokio::test]
async fn stranger_sees_the_same_as_for_what_does_not_exist() {
    let mut ra = town().await;
    let path = filed(&mut ra, CSR).await;
    let village = Organisation {
        organisation_id: OrganisationId::new(Timestamp::from_seconds(5), &CountingEntropy::seeded(99)).unwrap(),
        code: LocalGovernmentCode::parse("130001").unwrap(),
        name: "別の村".to_owned(),
        kana: "ベツノムラ".to_owned(),
        name_en: "Other Village".to_owned(),
    };
    let stranger = account(&ra, "stranger-manager", "別 人", Role::Manager, &village.organisation_id);
    let mut txn = ra.state.store().write(ra.state.now(), Actor::System("set-up")).await.unwrap();
    txn.insert_organisation(&village).await.unwrap();
    txn.insert_account(&stranger).await.unwrap();
    txn.commit(Step::Setup).await.unwrap();
    enter(&mut ra, "stranger-manager").await;
    let strip = |answer: &Answer| {
        let (before, after) = answer.text.split_once("<dl class=\"facts\">").expect("a reference number");
        (before.to_owned(), after.split_once("</dl>").unwrap().1.to_owned(), answer.status)
    };
    let (hidden, missing) = (ra.get(&path).await, ra.get("/requests/R8-999999").await);
    assert_eq!(hidden.status, StatusCode::NOT_FOUND);
    let path_free = |parts: (String, String, StatusCode), path: &str| {
        (parts.0.replace(path, ""), parts.1.replace(path, ""), parts.2)
    };
    assert_eq!(path_free(strip(&hidden), &path), path_free(strip(&missing), "/requests/R8-999999"));
    assert!(!ra.get("/requests").await.text.contains(&path));
    assert!(ra.get("/approvals").await.text.contains("待っている案件はありません"));
    let form = ra.get(FORM).await;
    let used = [("form_token", form.token(FORM)), ("csr", CSR.to_owned()), ("names", NAME.to_owned())];
    let used: Vec<(&str, &str)> = used.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let answer = ra.post(FORM, &used).await;
    assert!(
        answer.text.contains("すでに別の証明書に使われています") && !answer.text.contains("R8-"),
        "{}",
        answer.text
    );
}

/// Private keys without their armour, as people copy them: SEC 1, PKCS#8, encrypted PKCS#8, PKCS#1, PKCS#12.
const BARE_KEYS: [&str; 5] = [
    "MHcCAQEEIBkN0xx0SECRETSECRETSECRETSECRETSECRETSE",
    "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHSECRETSECRET",
    "MIHsMFcGCSqGSIb3DQEFDTBKMCkGCSqGSIb3DQEFDDAcBAhESECRETSECRETSECR",
    "MIIEpAIBAAKCAQEA7r2SECRETSECRETSECRETSECRETSECRE",
    "MIIJKQIBAzCCCO8GCSqGSIb3DQEHAaCCSECRETSECRETSECR",
];

#[tokio::test]
async fn a_bare_private_key_anywhere_in_a_field_is_dropped_at_every_step() {
    let mut ra = town().await;
    for key in BARE_KEYS {
        let broken = format!("{}\r\n{}", &key[..32], &key[32..]);
        for (names, csr, note) in [
            (NAME, CSR, format!("秘密鍵: {broken}")),
            (NAME, CSR, format!("よろしくお願いします\r\n{key}")),
            (NAME, broken.as_str(), "急ぎです".to_owned()),
            (&format!("{NAME} {key}"), CSR, "急ぎです".to_owned()),
        ] {
            for step in ["confirm", "submit", "edit"] {
                let token = ra.get(FORM).await.token(FORM);
                let fields =
                    [("form_token", token.as_str()), ("step", step), ("names", names), ("csr", csr), ("note", &note)];
                let answer = ra.post(FORM, &fields).await;
                assert!(!answer.text.contains("SECRET"), "{step}: {}", answer.text);
                if step != "edit" {
                    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
                    assert!(answer.text.contains("この鍵を廃棄し"), "{}", answer.text);
                }
            }
        }
    }
    let path = filed(&mut ra, CSR).await;
    enter(&mut ra, "manager").await;
    for (way, key) in ["return", "reject"].into_iter().zip(BARE_KEYS) {
        let way = format!("{path}/{way}");
        let token = ra.get(&path).await.token(&way);
        let answer = ra.post(&way, &[("form_token", &token), ("reason", &format!("この鍵は {key} です"))]).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(answer.text.contains("この鍵を廃棄し") && !answer.text.contains("SECRET"), "{}", answer.text);
    }
}
