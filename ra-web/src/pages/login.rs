//! `/login`, `/login/passkey/*` and `/logout`. One form with name, password and code; beside it a button for passkeys, which needs script.

use askama::Template;
use axum::extract::Query;
use axum::http::StatusCode;
use axum::response::Response;
use ca_core::audit::{Actor, AuditEvent, Verb};
use serde::Deserialize;
use serde_json::{Value, json};
use store::accounts::Account;
use store::{Step, WriteTxn};
use zeroize::Zeroizing;

use crate::auth::passkey::{self, PasskeyError};
use crate::auth::password::{self, LogIn};
use crate::auth::{Called, FormToken, Posted, Visitor, csrf, session};
use crate::desk::message::Message;
use crate::error::Refusal;
use crate::pages::form::Problems;
use crate::pages::{self, Base};
use crate::urls;

#[derive(Template)]
#[template(path = "login.html")]
struct LoginPage {
    base: Base,
    form: FormToken,
    passkey: FormToken,
    login: String,
    next: String,
    /// A form was sent without a session; what was in it is gone.
    lost: bool,
    problems: Problems,
}

/// The query of the log-in page.
#[derive(Deserialize)]
pub struct Asked {
    /// Where the person wanted to go; see `urls::return_target`.
    #[serde(default)]
    next: String,
    /// Not empty when a form was sent without a session.
    #[serde(default)]
    lost: String,
}

/// What the log-in form shows when it is drawn.
#[derive(Default)]
struct Shown<'a> {
    login: &'a str,
    next: &'a str,
    lost: bool,
    problem: Option<&'static str>,
}

#[derive(Deserialize)]
struct Answer {
    credential: Value,
    #[serde(default)]
    next: String,
}

/// Draws the form; nothing is written for a stranger.
pub async fn show(visitor: Visitor, Query(asked): Query<Asked>) -> Result<Response, Refusal> {
    if visitor.person.is_some() {
        return Ok(pages::see_other(&urls::home()));
    }
    draw(visitor, Shown { next: &asked.next, lost: !asked.lost.is_empty(), ..Shown::default() })
}

/// Checks name, password and code; begins a new session. A form that waited too long is drawn again, not refused.
pub async fn submit(again: Visitor, posted: Result<Posted<Visitor>, Refusal>) -> Result<Response, Refusal> {
    let posted = match posted {
        Err(Refusal::FormExpired) => {
            return draw(again, Shown { problem: Some("login-form-expired"), ..Shown::default() });
        }
        posted => posted?,
    };
    let Posted { by: visitor, fields, .. } = posted;
    let login = fields.text("login").trim().to_owned();
    let next = fields.text("next").to_owned();
    let password = Zeroizing::new(fields.text("password").to_owned());
    let (verdict, txn) = password::log_in(&visitor.ra, &login, password, fields.text("code")).await?;
    match verdict {
        LogIn::Accepted(account) => {
            let mut response = pages::see_other(&target(&next));
            enter(&visitor, &account, txn, &mut response).await?;
            Ok(response)
        }
        LogIn::Refused => {
            txn.commit(Step::SessionWritten).await?;
            draw(visitor, Shown { login: &login, next: &next, problem: Some("login-refused"), lost: false })
        }
    }
}

/// Asks the browser for a passkey.
pub async fn passkey_begin(called: Called<Visitor>) -> Result<Response, Refusal> {
    let session = called.by.session.as_ref().ok_or(Refusal::FormExpired)?;
    match passkey::begin_login(&called.by.ra, session).await {
        Ok(options) => Ok(pages::json(StatusCode::OK, &options)),
        Err(error) => refuse_passkey(&called.by, error).await,
    }
}

/// Checks the passkey; begins a new session; says where to go.
pub async fn passkey_finish(called: Called<Visitor>) -> Result<Response, Refusal> {
    let visitor = called.by;
    let session = visitor.session.as_ref().ok_or(Refusal::FormExpired)?;
    let answer: Answer = serde_json::from_slice(&called.body).map_err(|_| Refusal::BadForm("passkey"))?;
    match passkey::finish_login(&visitor.ra, session, answer.credential).await {
        Ok((account, txn)) => {
            let mut response = pages::json(StatusCode::OK, &json!({ "location": target(&answer.next) }));
            enter(&visitor, &account, txn, &mut response).await?;
            Ok(response)
        }
        Err(error) => refuse_passkey(&visitor, error).await,
    }
}

/// Ends the session.
pub async fn logout(posted: Posted<Visitor>) -> Result<Response, Refusal> {
    let visitor = posted.by;
    let mut response = pages::see_other(&urls::entry());
    let (Some(session), Some((account, _))) = (&visitor.session, &visitor.person) else {
        return Ok(response);
    };
    let actor = Actor::Person(account.account_id.clone());
    let mut txn = visitor.ra.store().write(visitor.ra.now(), actor).await?;
    txn.delete_session(&session.token_sha256).await?;
    txn.audit(AuditEvent::new(Verb::LoggedOut, format!("account:{}", account.account_id))).await?;
    txn.commit(Step::SessionWritten).await?;
    session::forget(&visitor.ra, &mut response)?;
    Ok(response)
}

/// Replaces the session by one of the account, in the transaction that accepted the log-in, so that an old cookie is worth nothing.
async fn enter(
    visitor: &Visitor,
    account: &Account,
    mut txn: WriteTxn,
    response: &mut Response,
) -> Result<(), Refusal> {
    if let Some(old) = &visitor.session {
        txn.delete_session(&old.token_sha256).await?;
    }
    let begun = session::begin(&visitor.ra, &mut txn, account.account_id.clone()).await?;
    txn.commit(Step::SessionWritten).await?;
    begun.send(response)
}

fn draw(visitor: Visitor, shown: Shown<'_>) -> Result<Response, Refusal> {
    let begun = if visitor.session.is_some() { None } else { Some(session::draw(&visitor.ra)?) };
    let live = begun.as_ref().map(|begun| &begun.session).or(visitor.session.as_ref()).ok_or(Refusal::FormExpired)?;
    let mut problems = Problems::none();
    if let Some(key) = shown.problem {
        problems.add(&visitor.words(), "login", &Message::new(key));
    }
    let status = if shown.problem.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let page = LoginPage {
        base: visitor.base()?,
        form: csrf::token(&visitor.ra, live, &urls::login())?,
        passkey: csrf::token(&visitor.ra, live, &urls::login_passkey())?,
        login: shown.login.to_owned(),
        next: urls::return_target(shown.next).unwrap_or_default().to_owned(),
        lost: shown.lost,
        problems,
    };
    let mut response = pages::page_with(status, &page)?;
    if let Some(begun) = begun {
        begun.send(&mut response)?;
    }
    Ok(response)
}

fn target(next: &str) -> String {
    urls::return_target(next).map_or_else(urls::home, str::to_owned)
}

/// The person learns only that it did not work; a fault of ours is passed on.
async fn refuse_passkey(visitor: &Visitor, error: PasskeyError) -> Result<Response, Refusal> {
    if let PasskeyError::Other(refusal) = error {
        return Err(refusal);
    }
    tracing::info!(reason = %error, "a passkey log-in was refused");
    passkey::record_failure(&visitor.ra).await?;
    let error = visitor.words().t("login-passkey-refused");
    Ok(pages::json(StatusCode::UNPROCESSABLE_ENTITY, &json!({ "error": error })))
}

#[cfg(test)]
mod tests {
    use crate::testing::{PASSWORD, TestRa};
    use axum::body::Body;
    use axum::http::header::SET_COOKIE;
    use axum::http::{Request, StatusCode};
    use ca_core::audit::Actor;
    use std::time::Duration;
    use store::audit::AuditFilter;

    #[tokio::test]
    async fn officer_logs_in_and_out_with_a_new_session_each_time() {
        let mut ra = TestRa::new().await;
        let code = ra.code();
        ra.get("/login").await;
        let before = ra.cookie.clone().unwrap();
        let answer = ra.log_in("officer", PASSWORD, &code).await;
        assert_eq!((answer.status, answer.location()), (StatusCode::SEE_OTHER, "/home"));
        let cookie = answer.headers.get(SET_COOKIE).unwrap().to_str().unwrap();
        assert!(cookie.starts_with("lgpki=") && cookie.contains("; HttpOnly; SameSite=Strict"), "{cookie}");
        assert_ne!(ra.cookie.clone().unwrap(), before);
        let home = ra.get("/home").await;
        assert_eq!(home.status, StatusCode::OK);
        assert!(home.text.contains("白樺町") && home.text.contains("HM-100"));
        let token = home.token("/logout");
        let inside = ra.cookie.clone();
        ra.post("/logout", &[("form_token", &token)]).await;
        ra.cookie = inside;
        assert_eq!(ra.get("/home").await.location(), "/login", "the old cookie is worth nothing");
        ra.cookie = Some(before);
        assert_eq!(ra.get("/home").await.location(), "/login");
    }

    #[tokio::test]
    async fn wrong_name_password_and_code_look_the_same() {
        let mut ra = TestRa::new().await;
        let code = ra.code();
        let mut texts = Vec::new();
        for (login, password, code) in
            [("nobody", PASSWORD, code.as_str()), ("officer", "wrong", &code), ("officer", PASSWORD, "000000")]
        {
            let answer = ra.log_in(login, password, code).await;
            assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
            let text = answer.text.split("id=\"problems\"").nth(1).unwrap().split("</div>").next().unwrap().to_owned();
            texts.push(text);
        }
        assert!(texts.iter().all(|text| *text == texts[0]));
    }

    #[tokio::test]
    async fn code_is_taken_once() {
        let mut ra = TestRa::new().await;
        let code = ra.code();
        assert_eq!(ra.log_in("officer", PASSWORD, &code).await.status, StatusCode::SEE_OTHER);
        ra.cookie = None;
        assert_eq!(ra.log_in("officer", PASSWORD, &code).await.status, StatusCode::UNPROCESSABLE_ENTITY);
        ra.later(30);
        let code = ra.code();
        assert_eq!(ra.log_in("officer", PASSWORD, &code).await.status, StatusCode::SEE_OTHER);
    }

    #[tokio::test]
    async fn three_failures_make_the_right_password_wait_but_not_for_ever() {
        let mut ra = TestRa::new().await;
        for _ in 0..3 {
            ra.log_in("officer", "wrong", "000000").await;
        }
        let code = ra.code();
        assert_eq!(ra.log_in("officer", PASSWORD, &code).await.status, StatusCode::UNPROCESSABLE_ENTITY);
        ra.later(2);
        let code = ra.code();
        assert_eq!(ra.log_in("officer", PASSWORD, &code).await.status, StatusCode::SEE_OTHER);
    }

    #[tokio::test]
    async fn session_ends_when_idle_and_the_person_comes_back_to_the_page() {
        let mut ra = TestRa::new().await;
        let code = ra.code();
        ra.log_in("officer", PASSWORD, &code).await;
        ra.later(14 * 60);
        assert_eq!(ra.get("/home").await.status, StatusCode::OK);
        ra.later(14 * 60);
        assert_eq!(ra.get("/home").await.status, StatusCode::OK, "used in between");
        ra.later(15 * 60);
        assert_eq!(ra.get("/me").await.location(), "/login?next=%2Fme");
        let token = ra.get("/login?next=%2Fme").await.token("/login");
        let code = ra.code();
        let fields = [
            ("form_token", token.as_str()),
            ("next", "/me"),
            ("login", "officer"),
            ("password", PASSWORD),
            ("code", &code),
        ];
        assert_eq!(ra.post("/login", &fields).await.location(), "/me");
    }

    #[tokio::test]
    async fn form_without_its_token_is_drawn_again() {
        let mut ra = TestRa::new().await;
        let answer = ra.post("/login", &[("login", "officer"), ("password", PASSWORD)]).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(answer.text.contains("name=\"form_token\""));
    }

    /// Rows of sessions; there are none afterwards.
    async fn sessions(ra: &TestRa) -> u64 {
        let now = ra.state.now();
        let mut txn = ra.state.store().write(now, Actor::System("test")).await.unwrap();
        txn.delete_sessions_unseen_since(now.plus(Duration::from_secs(1))).await.unwrap()
    }

    #[tokio::test]
    async fn strangers_leave_nothing_in_the_database_by_looking_at_the_form() {
        let mut ra = TestRa::new().await;
        for _ in 0..20 {
            ra.cookie = None;
            let token = ra.get("/login").await.token("/login");
            ra.later(40);
            ra.get("/ca").await;
            let sent = ra.post("/login", &[("form_token", &token), ("login", "nobody"), ("password", "x")]).await;
            assert!(sent.text.contains("id=\"problems\""), "the form is good all the same");
        }
        assert_eq!(sessions(&ra).await, 0);
        let token = ra.get("/login").await.token("/login");
        ra.cookie = None;
        ra.get("/login").await;
        let stolen = ra.post("/login", &[("form_token", &token), ("login", "officer"), ("password", PASSWORD)]).await;
        assert!(stolen.text.contains("時間がたったため"), "another browser's token: {}", stolen.text);
    }

    #[tokio::test]
    async fn unknown_names_do_not_fill_the_audit_trail() {
        let mut ra = TestRa::new().await;
        let token = ra.get("/login").await.token("/login");
        let fields = [("form_token", token.as_str()), ("login", "nobody"), ("password", "x")];
        for _ in 0..35 {
            assert_eq!(ra.post("/login", &fields).await.status, StatusCode::UNPROCESSABLE_ENTITY);
        }
        ra.later(60);
        ra.post("/login", &fields).await;
        let about = AuditFilter { object: Some("account:unknown".to_owned()), before: None };
        let events = ra.state.store().read().await.unwrap().audit_events(&about, 100).await.unwrap();
        assert_eq!(events.len(), 31);
        assert_eq!(events[0].detail, [("left-out".to_owned(), "5".to_owned())], "the newest says what is missing");
    }

    #[tokio::test]
    async fn challenges_nobody_answers_do_not_stay() {
        let mut ra = TestRa::new().await;
        for _ in 0..5 {
            ra.cookie = None;
            let page = ra.get("/login").await;
            let token = page.text.split("data-token=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
            let begin = Request::post("/login/passkey/begin").header("x-form-token", token);
            assert_eq!(ra.send(begin, Body::empty()).await.status, StatusCode::OK);
            ra.later(5 * 60);
        }
        assert_eq!(sessions(&ra).await, 3, "those of the last ten minutes");
    }

    #[tokio::test]
    async fn a_form_sent_after_the_session_ended_is_said_to_be_lost() {
        let mut ra = TestRa::new().await;
        let code = ra.code();
        ra.log_in("officer", PASSWORD, &code).await;
        let form = ra.get("/requests/new/web-server").await;
        let token = form.token("/requests/new/web-server");
        ra.later(15 * 60);
        let sent = ra.post("/requests/new/web-server", &[("form_token", &token), ("note", "急ぎです")]).await;
        assert_eq!(sent.status, StatusCode::SEE_OTHER);
        let page = ra.get(sent.location()).await;
        for part in ["15分", "送信した内容は受け付けられず", "残っていません", "ログインして、もう一度"]
        {
            assert!(page.text.contains(part), "{part}: {}", page.text);
        }
        assert!(page.text.contains("value=\"/requests/new/web-server\""), "after the log-in, the form again");
        assert!(
            !ra.get("/login?next=%2Fme").await.text.contains("受け付けられず"),
            "not after a page that was only opened"
        );
    }

    #[tokio::test]
    async fn https_cookie_is_bound_to_the_host() {
        let mut ra = TestRa::at("https://ra.example.lg.jp/").await;
        let answer = ra.get("/login").await;
        let cookie = answer.headers.get(SET_COOKIE).unwrap().to_str().unwrap();
        assert!(cookie.starts_with("__Host-lgpki=") && cookie.contains("; Secure"), "{cookie}");
        assert!(answer.headers.contains_key("strict-transport-security"));
    }
}
