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
    problems: Problems,
}

/// The query of the log-in page.
#[derive(Deserialize)]
pub struct Asked {
    /// Where the person wanted to go; see `urls::return_target`.
    #[serde(default)]
    next: String,
}

#[derive(Deserialize)]
struct Answer {
    credential: Value,
    #[serde(default)]
    next: String,
}

/// Draws the form; begins the session whose secret signs it.
pub async fn show(visitor: Visitor, Query(asked): Query<Asked>) -> Result<Response, Refusal> {
    if visitor.person.is_some() {
        return Ok(pages::see_other(&urls::home()));
    }
    draw(visitor, "", &asked.next, None).await
}

/// Checks name, password and code; begins a new session. A form that waited too long is drawn again, not refused.
pub async fn submit(again: Visitor, posted: Result<Posted<Visitor>, Refusal>) -> Result<Response, Refusal> {
    let posted = match posted {
        Err(Refusal::FormExpired) => return draw(again, "", "", Some("login-form-expired")).await,
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
            draw(visitor, &login, &next, Some("login-refused")).await
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
    let begun = session::begin(&visitor.ra, &mut txn, Some(account.account_id.clone()), visitor.language).await?;
    txn.commit(Step::SessionWritten).await?;
    begun.send(response)
}

async fn draw(visitor: Visitor, login: &str, next: &str, problem: Option<&'static str>) -> Result<Response, Refusal> {
    let begun = match &visitor.session {
        Some(_) => None,
        None => {
            let mut txn = visitor.ra.store().write(visitor.ra.now(), Actor::System("ra")).await?;
            let begun = session::begin(&visitor.ra, &mut txn, None, visitor.language).await?;
            txn.commit(Step::SessionWritten).await?;
            Some(begun)
        }
    };
    let live = begun.as_ref().map(|begun| &begun.session).or(visitor.session.as_ref()).ok_or(Refusal::FormExpired)?;
    let mut problems = Problems::none();
    if let Some(key) = problem {
        problems.add(&visitor.words(), "login", &Message::new(key));
    }
    let status = if problem.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let page = LoginPage {
        base: visitor.base()?,
        form: csrf::token(&visitor.ra, live, &urls::login())?,
        passkey: csrf::token(&visitor.ra, live, &urls::login_passkey())?,
        login: login.to_owned(),
        next: urls::return_target(next).unwrap_or_default().to_owned(),
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
    use axum::http::StatusCode;
    use axum::http::header::SET_COOKIE;

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

    #[tokio::test]
    async fn https_cookie_is_bound_to_the_host() {
        let mut ra = TestRa::at("https://ra.example.lg.jp/").await;
        let answer = ra.get("/login").await;
        let cookie = answer.headers.get(SET_COOKIE).unwrap().to_str().unwrap();
        assert!(cookie.starts_with("__Host-lgpki=") && cookie.contains("; Secure"), "{cookie}");
        assert!(answer.headers.contains_key("strict-transport-security"));
    }
}
