//! Approvals through the pages: the second person, the one who was faster, the proof that ran out.

use super::*;

/// The value of the hidden field `statement`.
fn statement(page: &Answer) -> String {
    page.text.split("name=\"statement\" value=\"").nth(1).expect("a statement").split('"').next().unwrap().to_owned()
}

#[tokio::test]
async fn second_person_approves_what_was_shown() {
    let mut ra = town().await;
    let path = filed(&mut ra, CSR).await;
    enter(&mut ra, "manager").await;
    let inbox = ra.get("/approvals").await;
    assert!(inbox.text.contains("白樺町の佐藤 花子が、www.town.shirakaba.lg.jp のWebサーバ証明書を"), "{}", inbox.text);
    assert!(inbox.text.contains("初めてです"), "the first certificate of a name is flagged");
    let token = inbox.token(&format!("{path}/approve"));
    let approve = format!("{path}/approve");
    let changed = "0".repeat(64);
    let refused = ra.post(&approve, &[("form_token", &token), ("statement", &changed)]).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(refused.text.contains("見ていないものを承認しないように止めました"), "{}", refused.text);
    let shown = statement(&inbox);
    let fields = [("form_token", token.as_str()), ("statement", shown.as_str()), ("from", "approvals")];
    let done = ra.post(&approve, &fields).await;
    assert!(done.location().starts_with("/approvals?done=approved"), "{}", done.text);
    assert_eq!(ra.post(&approve, &fields).await.status, StatusCode::SEE_OTHER, "pressed twice is approved once");
    assert!(ra.get(done.location()).await.text.contains("待っている案件はありません"));
    assert!(ra.get(&path).await.text.contains("承認済み"));
}

#[tokio::test]
async fn requester_cannot_approve_the_own_request() {
    let mut ra = town().await;
    enter(&mut ra, "manager").await;
    let path = filed(&mut ra, CSR).await;
    let inbox = ra.get("/approvals").await;
    assert!(inbox.text.contains("自分の申請は承認できない") && !inbox.text.contains(">承認する<"), "{}", inbox.text);
    let page = ra.get(&path).await;
    assert!(page.text.contains("自分の申請は承認できません") && !page.text.contains(">承認する<"));
    let row = ra.state.store().read().await.unwrap().requests(&Default::default()).await.unwrap().remove(0);
    let hash = ca_core::digest::hex(&row.statement_sha256);
    let token = page.token(&format!("{path}/withdraw"));
    let refused = ra.post(&format!("{path}/approve"), &[("form_token", &token), ("statement", &hash)]).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(refused.text.contains("自分の申請は承認できません"));
}

#[tokio::test]
async fn decision_that_came_too_late_shows_who_was_faster_and_keeps_the_reason() {
    let mut ra = town().await;
    let path = filed(&mut ra, CSR).await;
    enter(&mut ra, "manager").await;
    let token = ra.get(&path).await.token(&format!("{path}/return"));
    let slow = ra.cookie.clone();
    enter(&mut ra, "second-manager").await;
    let page = ra.get(&path).await;
    let (faster, shown) = (page.token(&format!("{path}/approve")), statement(&page));
    let done = ra.post(&format!("{path}/approve"), &[("form_token", &faster), ("statement", &shown)]).await;
    assert_eq!(done.status, StatusCode::SEE_OTHER);
    ra.cookie = slow;
    let late = ra.post(&format!("{path}/return"), &[("form_token", &token), ("reason", "名前が違います")]).await;
    assert_eq!(late.status, StatusCode::CONFLICT);
    assert!(late.text.contains("鈴木 一郎が「承認済み(発行待ち)」にしました"), "{}", late.text);
    assert!(late.text.contains("名前が違います"));
}

#[tokio::test]
async fn returned_request_shows_its_reason_and_frees_its_key() {
    let mut ra = town().await;
    let path = filed(&mut ra, CSR).await;
    enter(&mut ra, "manager").await;
    let token = ra.get(&path).await.token(&format!("{path}/return"));
    let empty = ra.post(&format!("{path}/return"), &[("form_token", &token), ("reason", " ")]).await;
    assert_eq!(empty.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(empty.text.contains("理由が入力されていません"));
    ra.post(&format!("{path}/return"), &[("form_token", &token), ("reason", "サーバ名が違います")]).await;
    enter(&mut ra, "officer").await;
    let page = ra.get(&path).await;
    assert!(page.text.contains("サーバ名が違います") && page.text.contains("差戻し"));
    assert_ne!(filed(&mut ra, CSR).await, path);
    let other = filed(&mut ra, OTHER_CSR).await;
    let token = ra.get(&other).await.token(&format!("{other}/withdraw"));
    let withdrawn = ra.post(&format!("{other}/withdraw"), &[("form_token", &token)]).await;
    assert!(ra.get(withdrawn.location()).await.text.contains("取り下げました"));
}

/// The proof for the town's domain is good until then.
async fn proven_until(ra: &TestRa, until: Timestamp) {
    let code = LocalGovernmentCode::parse("011002").unwrap();
    let mut txn = ra.state.store().write(ra.state.now(), Actor::System("set-up")).await.unwrap();
    let town = txn.organisation_by_code(&code).await.unwrap().unwrap();
    let domain = OrganisationDomain { domain: DnsName::parse("town.shirakaba.lg.jp").unwrap(), verified_until: until };
    txn.insert_domain(&town.organisation_id, &domain).await.unwrap();
    txn.commit(Step::Setup).await.unwrap();
}

#[tokio::test]
async fn a_name_whose_proof_has_run_out_is_not_approved() {
    let mut ra = town().await;
    let path = filed(&mut ra, CSR).await;
    enter(&mut ra, "manager").await;
    let end = ra.state.now().plus(std::time::Duration::from_secs(300));
    proven_until(&ra, end).await;
    let page = ra.get(&path).await;
    assert!(!page.text.contains("このままでは発行できません"));
    let approve = format!("{path}/approve");
    let fields = [("form_token", page.token(&approve)), ("statement", statement(&page))];
    let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
    ra.later(300);
    let refused = ra.post(&approve, &fields).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", refused.text);
    assert!(refused.text.contains("「www.town.shirakaba.lg.jp」は承認できません"), "{}", refused.text);
    let number = ca_core::id::RequestNumber::parse(path.rsplit('/').next().unwrap()).unwrap();
    let row = ra.state.store().read().await.unwrap().request_by_number(&number).await.unwrap().unwrap();
    assert_eq!(row.state, store::requests::RequestState::Submitted, "nothing is decided");
    let later = ra.state.now().plus(std::time::Duration::from_secs(300));
    proven_until(&ra, later).await;
    assert_eq!(ra.post(&approve, &fields).await.status, StatusCode::SEE_OTHER, "verified again");
}
