//! The form of every kind of certificate: what it asks, what it refuses, what the certificate will say.

use super::*;
use crate::centre::{Centre, CentreError, CentreKeys, LegacyFiles, MadeKey, PackedKey, Packing};
use ca_core::id::RequestId;
use ca_core::key::KeyAlgorithm;
use ca_core::profile::KeySource;
use ca_core::request::Csr;
use std::sync::Arc;

/// A centre with one P-256 key, and none of any other kind.
struct OneKey;

impl CentreKeys for OneKey {
    fn are_here(&self) -> bool {
        true
    }

    fn make(&self, algorithm: KeyAlgorithm, request: &RequestId) -> Result<MadeKey, CentreError> {
        assert_eq!(algorithm, KeyAlgorithm::P256);
        let public = Csr::parse(OTHER_CSR.as_bytes()).unwrap().key().clone();
        Ok(MadeKey { public, sealed: request.as_str().as_bytes().to_vec() })
    }

    fn pack(&self, _: &Packing) -> Result<PackedKey, CentreError> {
        Err(CentreError::NotPacked("nobody asks for it here".into()))
    }

    fn open(&self, _: &RequestId, _: &[u8]) -> Result<zeroize::Zeroizing<Vec<u8>>, CentreError> {
        Err(CentreError::DoesNotOpen("nobody asks for it here".into()))
    }
}

async fn post(ra: &mut TestRa, profile: &str, fields: &[(&str, &str)]) -> Answer {
    let form = format!("/requests/new/{profile}");
    let token = ra.get(&form).await.token(&form);
    let mut all = vec![("form_token", token.as_str())];
    all.extend_from_slice(fields);
    ra.post(&form, &all).await
}

const MAYOR: [(&str, &str); 4] = [("post", "町長"), ("post-en", "Mayor"), ("unit-1", ""), ("unit-en-1", "")];

fn with<'a>(fields: &[(&'a str, &'a str)], more: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    [more, fields].concat()
}

#[tokio::test]
async fn every_kind_an_authority_issues_is_offered_and_has_a_form() {
    let mut ra = town().await;
    let page = ra.get("/requests/new").await;
    for profile in ["job-role", "user", "encryption", "web-server", "platform-server", "mail", "code-signing"] {
        assert!(page.text.contains(&format!("href=\"/requests/new/{profile}\"")), "{profile}: {}", page.text);
        let form = ra.get(&format!("/requests/new/{profile}")).await;
        assert_eq!(form.status, StatusCode::OK, "{profile}");
        assert_eq!(
            form.text.contains("id=\"start\""),
            ["job-role", "user", "encryption"].contains(&profile),
            "{profile}"
        );
        assert!(!form.text.contains("key-source"), "{profile}: no centre makes keys here");
    }
    assert!(page.text.contains("職責証明書") && page.text.contains("職員・職"), "{}", page.text);
    for missing in ["root-ca", "ocsp-responder-sub", "nothing"] {
        assert_eq!(ra.get(&format!("/requests/new/{missing}")).await.status, StatusCode::NOT_FOUND, "{missing}");
    }
    assert_eq!(ra.get("/requests/web-server").await.location(), FORM, "the address it had at first");
}

#[tokio::test]
async fn a_mayors_certificate_is_shown_as_it_will_be_and_filed() {
    let mut ra = town().await;
    let start = [("csr", CSR), ("start", "令和9年4月1日"), ("step", "confirm")];
    let units = [("unit-1", "総務課"), ("unit-en-1", "Ｇｅｎｅｒａｌ Affairs Division")];
    let confirm = post(&mut ra, "job-role", &with(&MAYOR[..2], &[&start[..], &units[..]].concat())).await;
    assert_eq!(confirm.status, StatusCode::OK, "{}", confirm.text);
    for shown in [
        "C=JP, O=Local Governments, OU=Shirakaba Town, OU=General Affairs Division, CN=Mayor",
        "C=JP, O=地方公共団体, OU=白樺町, OU=総務課, CN=町長",
        "白樺町 総務課 町長",
        "令和9年4月1日(2027年4月1日) 00:00",
        "令和14年3月31日(2032年3月31日) 23:59",
        "LGWAN内部用ポリシー",
        "職責証明書",
        "「Ｇｅｎｅｒａｌ Affairs Division」を「General Affairs Division」に直しました",
    ] {
        assert!(confirm.text.contains(shown), "{shown}: {}", confirm.text);
    }
    let start = [("csr", CSR), ("start", "R9"), ("start-month", "4"), ("start-day", "1"), ("step", "submit")];
    let filed = post(&mut ra, "job-role", &with(&MAYOR, &start)).await;
    assert_eq!(filed.status, StatusCode::SEE_OTHER, "{}", filed.text);
    let path = filed.location().split('?').next().unwrap().to_owned();
    let page = ra.get(&path).await;
    for shown in ["職責証明書", "白樺町 町長", "令和9年4月1日(2027年4月1日) 00:00"] {
        assert!(page.text.contains(shown), "{shown}: {}", page.text);
    }
    for search in ["町長", "Mayor", "mayor", "白樺町"] {
        let query: String = url::form_urlencoded::byte_serialize(search.as_bytes()).collect();
        assert!(ra.get(&format!("/requests?q={query}")).await.text.contains(&path), "{search}");
    }
    enter(&mut ra, "manager").await;
    let inbox = ra.get("/approvals").await;
    assert!(inbox.text.contains("白樺町の佐藤 花子が、白樺町 町長 の職責証明書を申請しています"), "{}", inbox.text);
    assert!(!inbox.text.contains("確認済みドメインの下"), "there is no domain in it");
}

#[tokio::test]
async fn a_character_that_certificates_do_not_carry_has_a_substitute_to_press() {
    let mut ra = town().await;
    let person =
        [("person", "髙橋 花子"), ("person-en", "Takahashi Hanako"), ("person-number", "００１２"), ("csr", CSR)];
    let refused = post(&mut ra, "user", &with(&person, &[("step", "confirm")])).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(refused.text.contains("1文字目の「髙」(U+9AD9)は証明書に使えません"), "{}", refused.text);
    assert!(refused.text.contains("「高橋 花子」に直す"), "{}", refused.text);
    let taken = post(&mut ra, "user", &with(&person, &[("take", "person")])).await;
    assert_eq!(taken.status, StatusCode::OK);
    assert!(taken.text.contains("value=\"高橋 花子\"") && !taken.text.contains("field__problem"), "{}", taken.text);
    let person = [("person", "高橋 花子"), person[1], person[2], person[3], ("step", "confirm")];
    let confirm = post(&mut ra, "user", &person).await;
    let subject = "C=JP, O=Local Governments, OU=Shirakaba Town, CN=TAKAHASHI HANAKO, SERIALNUMBER=0012";
    assert!(confirm.text.contains(subject), "{}", confirm.text);
}

#[tokio::test]
async fn what_is_missing_or_wrong_is_said_at_its_field() {
    let mut ra = town().await;
    type Case<'a> = (&'a str, &'a [(&'a str, &'a str)], &'a str, &'a str);
    let cases: [Case<'_>; 9] = [
        ("job-role", &[("post-en", "Mayor")], "post", "職名(日本語)が入力されていません"),
        ("job-role", &[("post", "町長"), ("post-en", "町長")], "post-en", "英字の欄に使えません"),
        ("job-role", &[("post", "町長,C=JP"), ("post-en", "Mayor")], "post", "名前の項目を区切る記号です"),
        ("job-role", &with(&MAYOR[..2], &[("unit-1", "総務課")]), "unit-en-1", "英字名がありません"),
        (
            "job-role",
            &with(&MAYOR[..2], &[("start", "2026"), ("start-month", "4"), ("start-day", "1")]),
            "start",
            "過ぎた日です",
        ),
        (
            "job-role",
            &with(&MAYOR[..2], &[("start", "2027"), ("start-month", "2"), ("start-day", "30")]),
            "start",
            "暦にない",
        ),
        (
            "mail",
            &[("service-en", "Desk"), ("emails", "a@town.shirakba.lg.jp")],
            "emails",
            "「a@town.shirakaba.lg.jp」の打ち間違い",
        ),
        ("mail", &[("service-en", "Desk"), ("emails", "")], "emails", "メールアドレスが入力されていません"),
        ("job-role", &with(&MAYOR[..2], &[("key-source", "centre")]), "key-source", "認証局では作れません"),
    ];
    for (profile, fields, field, sentence) in cases {
        let csr = if fields.iter().any(|(name, _)| *name == "key-source") { "" } else { CSR };
        let answer = post(&mut ra, profile, &with(fields, &[("csr", csr), ("step", "confirm")])).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{sentence}");
        assert!(answer.text.contains(sentence), "{sentence}: {}", answer.text);
        assert!(answer.text.contains(&format!("<li><a href=\"#{field}\">")), "{sentence}: {}", answer.text);
    }
}

#[tokio::test]
async fn a_key_the_kind_does_not_certify_is_refused_and_a_short_one_shortens_the_life() {
    let mut ra = town().await;
    let program = post(&mut ra, "code-signing", &[("csr", RSA_2048), ("step", "confirm")]).await;
    assert_eq!(program.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(program.text.contains("この鍵(RSA 2048)には、この種類の証明書を発行できません"), "{}", program.text);
    let post_ = post(&mut ra, "job-role", &with(&MAYOR, &[("csr", RSA_2048), ("step", "confirm")])).await;
    assert!(post_.text.contains("令和12年12月31日(2030年12月31日) 23:59"), "{}", post_.text);
    assert!(post_.text.contains("最後の日までに短くしています"), "{}", post_.text);
    let good = post(&mut ra, "code-signing", &[("csr", CSR), ("step", "confirm")]).await;
    assert!(good.text.contains("C=JP, ST=Hokkaido, O=Shirakaba Town, CN=Shirakaba Town"), "{}", good.text);
}

#[tokio::test]
async fn a_private_key_in_any_field_of_any_form_is_dropped() {
    let mut ra = town().await;
    for key in BARE_KEYS {
        for (profile, field) in [
            ("job-role", "post"),
            ("job-role", "unit-en-3"),
            ("user", "person-number"),
            ("mail", "emails"),
            ("job-role", "start"),
        ] {
            let answer = post(&mut ra, profile, &[(field, key), ("csr", CSR), ("step", "confirm")]).await;
            assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{field}");
            assert!(
                answer.text.contains("この鍵を廃棄し") && !answer.text.contains("SECRET"),
                "{field}: {}",
                answer.text
            );
        }
    }
}

#[tokio::test]
async fn a_key_of_the_centre_is_made_with_the_request_and_kept_for_its_holder() {
    let centre = Centre::new(Arc::new(OneKey), LegacyFiles::Refuse);
    let mut ra = town_of(TestRa::with_centre(centre).await).await;
    let form = ra.get("/requests/new/job-role").await;
    for shown in ["認証局で作る", "ECDSA P-256", "RSA 2048", "令和12年12月31日(2030年12月31日)までしか使えません"]
    {
        assert!(form.text.contains(shown), "{shown}: {}", form.text);
    }
    assert!(!ra.get(FORM).await.text.contains("認証局で作る"), "a server's key stays on the server");
    let centre = with(&MAYOR, &[("key-source", "centre"), ("key-kind", "p256")]);
    let both = post(&mut ra, "job-role", &with(&centre, &[("csr", CSR), ("step", "confirm")])).await;
    assert_eq!(both.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(both.text.contains("どちらの鍵を使うのか分かりません"), "{}", both.text);
    let unknown = with(&MAYOR, &[("key-source", "centre"), ("key-kind", "rsa1024"), ("step", "submit")]);
    let unknown = post(&mut ra, "job-role", &unknown).await;
    assert!(unknown.text.contains("鍵の種類が選ばれていません"), "{}", unknown.text);
    let confirm = post(&mut ra, "job-role", &with(&centre, &[("step", "confirm")])).await;
    assert!(confirm.text.contains("認証局で作る鍵") && !confirm.text.contains("鍵の指紋"), "{}", confirm.text);
    let filed = post(&mut ra, "job-role", &with(&centre, &[("step", "submit")])).await;
    assert_eq!(filed.status, StatusCode::SEE_OTHER, "{}", filed.text);
    let path = filed.location().split('?').next().unwrap().to_owned();
    let mut txn = ra.state.store().read().await.unwrap();
    let row = txn.requests(&Default::default()).await.unwrap().remove(0);
    assert_eq!((row.key_source, row.key), (KeySource::Centre, KeyAlgorithm::P256));
    assert!(txn.delivery(&row.request_id).await.unwrap().is_some(), "its private half is kept");
    drop(txn);
    enter(&mut ra, "manager").await;
    let page = ra.get(&path).await;
    assert!(page.text.contains("鍵は認証局で作ったものであること"), "{}", page.text);
    assert!(!page.text.contains("署名が合っています"), "nobody signed anything yet");
}

/// openssl req -new -newkey rsa:2048.
const RSA_2048: &str = include_str!("../../../../../tests/keys/rsa2048.csr.pem");
