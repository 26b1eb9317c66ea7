//! Organisations, accounts, passkeys, sessions, forms, settings.

use super::fixture::{Fixture, START, after};
use super::on_both_databases;
use ca_core::audit::{AuditEvent, Verb};
use ca_core::id::{AccountId, PasskeyId};
use ca_core::name::{DnsName, LocalGovernmentCode};
use ca_core::register::BodyKind;
use std::time::Duration;
use store::accounts::Role;
use store::audit::AuditFilter;
use store::organisations::OrganisationDomain;
use store::passkeys::Passkey;
use store::sessions::Session;
use store::standings::Standing;
use store::submissions::Claim;
use store::{Step, StoreError};

on_both_databases!(
    organisations_and_domains_are_read_back,
    an_organisation_has_a_kind_and_ends_once,
    conflicts_carry_the_name_of_the_constraint,
    a_missing_parent_is_not_found,
    accounts_count_failures_and_take_a_code_once,
    tries_to_log_in_at_once_come_one_after_the_other,
    passkeys_belong_to_one_account,
    sessions_are_found_by_the_digest_of_their_token,
    a_form_is_done_once,
    settings_keep_the_last_value,
    events_are_listed_newest_first_and_by_object,
);

async fn organisations_and_domains_are_read_back(db: Fixture<'_>) {
    let town = db.town("011002").await;
    let domain =
        |until| OrganisationDomain { domain: DnsName::parse("shirakaba.lg.jp").unwrap(), verified_until: until };
    for until in [after(10), after(20)] {
        let mut txn = db.write(START).await;
        txn.insert_domain(&town.organisation, &domain(until)).await.unwrap();
        txn.commit(Step::Setup).await.unwrap();
    }
    let mut read = db.store.read().await.unwrap();
    let organisation = read.organisation(&town.organisation).await.unwrap().unwrap();
    assert_eq!((organisation.name.as_str(), organisation.kana.as_str()), ("白樺町", "シラカバチョウ"));
    let code = LocalGovernmentCode::parse("011002").unwrap();
    assert_eq!(read.organisation_by_code(&code).await.unwrap(), Some(organisation.clone()));
    assert_eq!(read.organisations().await.unwrap(), [organisation]);
    assert_eq!(read.domains(&town.organisation).await.unwrap(), [domain(after(20))], "a renewal replaces the date");
    let name = db
        .database
        .independently(|client| client.query_one("select name from organisation", &[]).unwrap().get::<_, String>(0));
    assert_eq!(name.as_deref().unwrap_or("白樺町"), "白樺町");
}

async fn an_organisation_has_a_kind_and_ends_once(db: Fixture<'_>) {
    let (town, city) = (db.town("019992").await.organisation, db.town("011002").await.organisation);
    let mut txn = db.write(after(7)).await;
    assert_eq!(txn.standing(&town).await.unwrap(), Some(Standing::default()));
    txn.set_organisation_kind(&town, BodyKind::Town).await.unwrap();
    txn.close_organisation(&town, Some(&city)).await.unwrap();
    let again = txn.close_organisation(&town, None).await.unwrap_err();
    assert!(matches!(again, StoreError::NotFound { what: "organisation" }), "{again}");
    let unknown = txn.set_organisation_kind(&unknown_id(), BodyKind::Town).await.unwrap_err();
    assert!(matches!(unknown, StoreError::NotFound { what: "organisation" }), "{unknown}");
    txn.commit(Step::Setup).await.unwrap();
    let ended = Standing { kind: Some(BodyKind::Town), closed_at: Some(after(7)), successor: Some(city.clone()) };
    let mut read = db.store.read().await.unwrap();
    assert_eq!(read.standing(&town).await.unwrap(), Some(ended));
    assert_eq!(read.standing(&unknown_id()).await.unwrap(), None);
    let stray = db.write(START).await.close_organisation(&city, Some(&unknown_id())).await.unwrap_err();
    assert!(matches!(stray, StoreError::NotFound { .. }), "{stray}");
}

async fn conflicts_carry_the_name_of_the_constraint(db: Fixture<'_>) {
    let town = db.town("011002").await;
    let mut txn = db.write(START).await;
    let mut same_code = txn.organisation(&town.organisation).await.unwrap().unwrap();
    same_code.organisation_id = unknown_id();
    let error = txn.insert_organisation(&same_code).await.unwrap_err();
    assert!(error.is_conflict("organisation_code_once"), "{error}");
    drop(txn);
    let mut txn = db.write(START).await;
    let again = db.account(&town.organisation, "sato-011002", Role::Officer);
    let error = txn.insert_account(&again).await.unwrap_err();
    assert!(error.is_conflict("account_login_once"), "{error}");
}

async fn a_missing_parent_is_not_found(db: Fixture<'_>) {
    let nobody = db.account(&unknown_id(), "nobody", Role::Auditor);
    let error = db.write(START).await.insert_account(&nobody).await.unwrap_err();
    assert!(matches!(error, StoreError::NotFound { .. }), "{error}");
    let error = db.write(START).await.record_login_success(&nobody.account_id).await.unwrap_err();
    assert!(matches!(error, StoreError::NotFound { what: "account" }), "{error}");
}

fn unknown_id() -> ca_core::id::OrganisationId {
    ca_core::id::OrganisationId::parse(&"0".repeat(32)).unwrap()
}

async fn accounts_count_failures_and_take_a_code_once(db: Fixture<'_>) {
    let town = db.town("011002").await;
    let mut txn = db.write(START).await;
    txn.record_login_failure(&town.officer, None).await.unwrap();
    txn.record_login_failure(&town.officer, Some(after(60))).await.unwrap();
    let account = txn.account(&town.officer).await.unwrap().unwrap();
    assert_eq!((account.failed_logins, account.locked_until, account.active), (2, Some(after(60)), true));
    assert_eq!(account.totp_secret, [1, 2, 3]);
    assert!(txn.take_totp_step(&town.officer, 100).await.unwrap());
    assert!(!txn.take_totp_step(&town.officer, 100).await.unwrap(), "a code is good once");
    assert!(!txn.take_totp_step(&town.officer, 99).await.unwrap());
    txn.record_login_success(&town.officer).await.unwrap();
    txn.commit(Step::SessionWritten).await.unwrap();
    let mut read = db.store.read().await.unwrap();
    let account = read.account_by_login("sato-011002").await.unwrap().unwrap();
    assert_eq!((account.failed_logins, account.locked_until, account.role), (0, None, Role::Officer));
    assert_eq!(read.account_by_login("SATO-011002").await.unwrap(), None);
    let logins: Vec<_> = read.accounts(&town.organisation).await.unwrap().into_iter().map(|it| it.login).collect();
    assert_eq!(logins, ["sato-011002", "suzuki-011002"]);
}

async fn tries_to_log_in_at_once_come_one_after_the_other(db: Fixture<'_>) {
    let town = db.town("011002").await;
    let (begun, in_turn) = (tokio::sync::Barrier::new(2), db.database.url().starts_with("sqlite:"));
    let attempt = async || {
        let mut txn = db.act(&town.officer, START).await;
        if !in_turn {
            // Both have begun before either looks, as two requests do that arrive together. SQLite has one writer: there the
            // second begins when the first has ended.
            begun.wait().await;
        }
        txn.hold_account(&town.officer).await.unwrap();
        let seen = txn.account(&town.officer).await.unwrap().unwrap().failed_logins;
        txn.record_login_failure(&town.officer, Some(after(60))).await.unwrap();
        txn.commit(Step::SessionWritten).await.unwrap();
        seen
    };
    let both = async { tokio::join!(attempt(), attempt()) };
    let (one, two) = tokio::time::timeout(Duration::from_secs(30), both).await.unwrap();
    assert!([(0, 1), (1, 0)].contains(&(one, two)), "the second sees the failure of the first: {one} {two}");
    let nobody = AccountId::parse(&"0".repeat(32)).unwrap();
    let held = db.write(START).await.hold_account(&nobody).await;
    assert!(matches!(held, Err(StoreError::NotFound { what: "account" })));
}

async fn passkeys_belong_to_one_account(db: Fixture<'_>) {
    let town = db.town("011002").await;
    let passkey = Passkey {
        passkey_id: PasskeyId::new(START, &*db.entropy).unwrap(),
        account_id: town.officer.clone(),
        label: "席の鍵".to_owned(),
        credential: "{}".to_owned(),
        created_at: START,
        used_at: None,
    };
    let mut txn = db.act(&town.officer, after(5)).await;
    txn.insert_passkey(&passkey).await.unwrap();
    assert_eq!(txn.passkeys(&town.officer).await.unwrap(), std::slice::from_ref(&passkey));
    txn.update_passkey(&passkey.passkey_id, "{\"counter\":1}").await.unwrap();
    assert_eq!(txn.passkeys(&town.officer).await.unwrap()[0].used_at, Some(after(5)));
    let others = txn.delete_passkey(&town.manager, &passkey.passkey_id).await;
    assert!(matches!(others, Err(StoreError::NotFound { what: "passkey" })));
    txn.delete_passkey(&town.officer, &passkey.passkey_id).await.unwrap();
    assert!(txn.passkeys(&town.officer).await.unwrap().is_empty());
    let gone = txn.update_passkey(&passkey.passkey_id, "{}").await;
    assert!(matches!(gone, Err(StoreError::NotFound { what: "passkey" })));
    txn.commit(Step::SessionWritten).await.unwrap();
}

async fn sessions_are_found_by_the_digest_of_their_token(db: Fixture<'_>) {
    let town = db.town("011002").await;
    let session = |token: u8, account_id: Option<AccountId>| Session {
        token_sha256: [token; 32],
        account_id,
        csrf_secret: [9; 32],
        created_at: START,
        seen_at: START,
        challenge: None,
    };
    let mut txn = db.write(after(30)).await;
    for (token, account) in [(1, None), (2, Some(town.officer.clone())), (3, Some(town.officer.clone()))] {
        txn.insert_session(&session(token, account)).await.unwrap();
    }
    assert_eq!(txn.session(&[1; 32]).await.unwrap(), Some(session(1, None)));
    txn.touch_session(&[2; 32]).await.unwrap();
    txn.set_session_challenge(&[2; 32], Some("state".to_owned())).await.unwrap();
    let seen = txn.session(&[2; 32]).await.unwrap().unwrap();
    assert_eq!((seen.seen_at, seen.challenge.as_deref()), (after(30), Some("state")));
    txn.set_session_challenge(&[2; 32], None).await.unwrap();
    assert_eq!(txn.session(&[2; 32]).await.unwrap().unwrap().challenge, None);
    assert_eq!(txn.delete_sessions_unseen_since(after(1)).await.unwrap(), 2, "the third and the one before the log-in");
    assert_eq!(txn.delete_sessions_of(&town.officer).await.unwrap(), 1);
    let gone = txn.touch_session(&[2; 32]).await;
    assert!(matches!(gone, Err(StoreError::NotFound { what: "session" })));
    txn.insert_session(&session(4, None)).await.unwrap();
    txn.delete_session(&[4; 32]).await.unwrap();
    txn.delete_session(&[4; 32]).await.unwrap();
    txn.commit(Step::SessionWritten).await.unwrap();
    assert_eq!(db.store.read().await.unwrap().session(&[4; 32]).await.unwrap(), None);
}

async fn a_form_is_done_once(db: Fixture<'_>) {
    let town = db.town("011002").await;
    let mut dropped = db.act(&town.officer, START).await;
    assert_eq!(dropped.claim_submission("nonce", &town.officer).await.unwrap(), Claim::Fresh);
    drop(dropped); // the form had a mistake: nothing of it remains
    let send = async || {
        let mut txn = db.act(&town.officer, START).await;
        let claim = txn.claim_submission("nonce", &town.officer).await.unwrap();
        if claim == Claim::Fresh {
            txn.complete_submission("nonce", "/requests/1").await.unwrap();
            txn.commit(Step::RequestSubmitted).await.unwrap();
        }
        claim
    };
    let (one, two) =
        tokio::time::timeout(Duration::from_secs(30), async { tokio::join!(send(), send()) }).await.unwrap();
    let done = Claim::Done("/requests/1".to_owned());
    assert!([(Claim::Fresh, done.clone()), (done, Claim::Fresh)].contains(&(one, two)));
    let mut txn = db.act(&town.manager, START).await;
    let error = txn.claim_submission("nonce", &town.manager).await.unwrap_err();
    assert!(error.is_conflict("submission_pk"), "another's form says nothing about where it led");
    let error = txn.complete_submission("never claimed", "/").await.unwrap_err();
    assert!(matches!(error, StoreError::NotFound { what: "submission" }));
}

async fn settings_keep_the_last_value(db: Fixture<'_>) {
    db.store.answers().await.unwrap();
    for value in ["one", "two"] {
        let mut txn = db.write(START).await;
        txn.set_setting("installation", value).await.unwrap();
        txn.commit(Step::Setup).await.unwrap();
    }
    assert_eq!(db.store.read().await.unwrap().setting("installation").await.unwrap().as_deref(), Some("two"));
    assert_eq!(db.store.read().await.unwrap().setting("other").await.unwrap(), None);
}

async fn events_are_listed_newest_first_and_by_object(db: Fixture<'_>) {
    let town = db.town("011002").await;
    for second in 1..=5 {
        let mut txn = db.act(&town.officer, after(second)).await;
        let event = AuditEvent::new(Verb::LoggedOut, format!("account:{}", second % 2)).with("reason", "\"終了\"");
        txn.audit(event).await.unwrap();
        txn.commit(Step::SessionWritten).await.unwrap();
    }
    let mut read = db.store.read().await.unwrap();
    let latest = read.audit_events(&AuditFilter::default(), 2).await.unwrap();
    assert_eq!(latest.iter().map(|event| event.at).collect::<Vec<_>>(), [after(5), after(4)]);
    assert_eq!(latest[0].actor, format!("account:{}", town.officer));
    assert_eq!(latest[0].detail, [("reason".to_owned(), "\"終了\"".to_owned())]);
    let next = AuditFilter { object: None, before: Some(latest[1].event_id.clone()) };
    assert_eq!(read.audit_events(&next, 1).await.unwrap()[0].at, after(3));
    let odd = AuditFilter { object: Some("account:1".to_owned()), before: None };
    let odd: Vec<_> = read.audit_events(&odd, 0).await.unwrap().into_iter().map(|event| event.at).collect();
    assert_eq!(odd, [after(5), after(3), after(1)]);
}
