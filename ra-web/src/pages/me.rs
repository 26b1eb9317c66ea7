//! `/me`: the officer's own data and passkeys.

use askama::Template;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::Response;
use ca_core::id::PasskeyId;
use serde::Deserialize;
use serde_json::{Value, json};
use store::{Step, StoreError};

use crate::auth::passkey::{self, PasskeyError};
use crate::auth::role::OwnAccount;
use crate::auth::{Called, FormToken, Officer, Posted};
use crate::error::Refusal;
use crate::pages::{self, Base};
use crate::urls;

struct PasskeyLine {
    label: String,
    created_at: String,
    used_at: Option<String>,
    remove: FormToken,
}

#[derive(Template)]
#[template(path = "me.html")]
struct MePage {
    base: Base,
    login: String,
    name: String,
    organisation: String,
    role_key: &'static str,
    passkeys: Vec<PasskeyLine>,
    add: FormToken,
}

#[derive(Deserialize)]
struct Answer {
    credential: Value,
    #[serde(default)]
    label: String,
}

/// Draws the page.
pub async fn show(officer: Officer<OwnAccount>) -> Result<Response, Refusal> {
    let rows = officer.ra.store().read().await?.passkeys(&officer.account.account_id).await?;
    let mut passkeys = Vec::with_capacity(rows.len());
    for row in rows {
        let remove = officer.form(&urls::passkey_remove(&row.passkey_id))?;
        let used_at = row.used_at.map(|at| at.jst());
        passkeys.push(PasskeyLine { label: row.label, created_at: row.created_at.jst(), used_at, remove });
    }
    let role_key = pages::Person::of(&officer.account, &officer.organisation).role_key();
    pages::page(&MePage {
        base: officer.base()?,
        login: officer.account.login.clone(),
        name: officer.account.name.clone(),
        organisation: officer.organisation.name.clone(),
        role_key,
        passkeys,
        add: officer.form(&urls::passkeys())?,
    })
}

/// Asks the browser to make a passkey.
pub async fn passkey_begin(called: Called<Officer<OwnAccount>>) -> Result<Response, Refusal> {
    match passkey::begin_registration(&called.by).await {
        Ok(options) => Ok(pages::json(StatusCode::OK, &options)),
        Err(error) => refuse(&called.by, error),
    }
}

/// Keeps the passkey the browser made.
pub async fn passkey_finish(called: Called<Officer<OwnAccount>>) -> Result<Response, Refusal> {
    let answer: Answer = serde_json::from_slice(&called.body).map_err(|_| Refusal::BadForm("passkey"))?;
    let label = match answer.label.trim() {
        "" => called.by.words().t("me-passkey-unnamed"),
        label => label.to_owned(),
    };
    match passkey::finish_registration(&called.by, &label, answer.credential).await {
        Ok(()) => Ok(pages::json(StatusCode::OK, &json!({ "location": urls::me() }))),
        Err(error) => refuse(&called.by, error),
    }
}

/// Removes a passkey of the officer's own. A second submit finds nothing to remove, and that is the wanted result.
pub async fn passkey_remove(Path(id): Path<String>, posted: Posted<Officer<OwnAccount>>) -> Result<Response, Refusal> {
    let id = PasskeyId::parse(&id).map_err(|_| Refusal::NotFound)?;
    let officer = posted.by;
    let mut txn = officer.ra.store().write(officer.ra.now(), officer.actor()).await?;
    match txn.delete_passkey(&officer.account.account_id, &id).await {
        Ok(()) => txn.commit(Step::SessionWritten).await?,
        Err(StoreError::NotFound { .. }) => {}
        Err(error) => return Err(error.into()),
    }
    Ok(pages::see_other(&urls::me()))
}

fn refuse(officer: &Officer<OwnAccount>, error: PasskeyError) -> Result<Response, Refusal> {
    if let PasskeyError::Other(refusal) = error {
        return Err(refusal);
    }
    tracing::info!(reason = %error, "a passkey was not registered");
    let error = officer.words().t("me-passkey-refused");
    Ok(pages::json(StatusCode::UNPROCESSABLE_ENTITY, &json!({ "error": error })))
}
