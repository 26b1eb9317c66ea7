//! Passkeys (WebAuthn, user verification required). The challenge waits in the session row and is used once. Log-in is discoverable: the
//! browser says who it is, so that no name needs to be typed and none can be probed.

use std::time::Duration;

use ca_core::audit::Actor;
use ca_core::id::{AccountId, PasskeyId};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use store::accounts::Account;
use store::passkeys::Passkey as Row;
use store::sessions::Session;
use store::{Step, WriteTxn};
use webauthn_rs::prelude::{
    DiscoverableAuthentication, Passkey, PasskeyRegistration, PublicKeyCredential, RegisterPublicKeyCredential, Uuid,
    WebauthnError,
};

use super::Officer;
use super::password::UNKNOWN;
use super::role::Needs;
use crate::error::Refusal;
use crate::state::State;

/// A label longer than this is cut; it is text for its owner only.
const LONGEST_LABEL: usize = 64;

/// How long a challenge waits for who has not logged in: longer than browsers wait for a finger.
const CEREMONY: Duration = Duration::from_secs(10 * 60);

/// What waits in the session row. Kept in the database as JSON.
#[derive(Serialize, Deserialize)]
enum Challenge {
    Registration(PasskeyRegistration),
    LogIn(DiscoverableAuthentication),
}

/// Why a passkey was not taken.
#[derive(Debug, thiserror::Error)]
pub enum PasskeyError {
    /// What the browser sent is not what its script sends.
    #[error("malformed: {0}")]
    Malformed(#[from] serde_json::Error),
    /// There is no challenge of this kind in the session: used already, or never asked for.
    #[error("no challenge waits")]
    NoChallenge,
    /// The answer does not verify.
    #[error("webauthn: {0}")]
    Refused(#[from] WebauthnError),
    /// The passkey belongs to no account here, or to one that is switched off.
    #[error("unknown passkey")]
    Unknown,
    /// Everything else.
    #[error(transparent)]
    Other(#[from] Refusal),
}

impl From<store::StoreError> for PasskeyError {
    fn from(error: store::StoreError) -> Self {
        Self::Other(error.into())
    }
}

/// Returns the options for `navigator.credentials.create`; the challenge is durable in the session.
pub(crate) async fn begin_registration<C: Needs>(officer: &Officer<C>) -> Result<Value, PasskeyError> {
    let ra = &officer.ra;
    let account = &officer.account;
    let known = ra.store().read().await?.passkeys(&account.account_id).await?;
    let known = known.iter().map(|row| parse(row).map(|passkey| passkey.cred_id().clone()));
    let known = known.collect::<Result<Vec<_>, _>>()?;
    let handle = handle_of(&account.account_id)?;
    let (options, state) =
        ra.webauthn().start_passkey_registration(handle, &account.login, &account.name, Some(known))?;
    let mut options = serde_json::to_value(options)?;
    // The library leaves the choice to the authenticator; our log-in needs one that can be found without a name.
    if let Some(selection) = options.pointer_mut("/publicKey/authenticatorSelection").and_then(Value::as_object_mut) {
        selection.insert("residentKey".to_owned(), "required".into());
        selection.insert("requireResidentKey".to_owned(), true.into());
    }
    keep(ra, &officer.session, officer.actor(), &Challenge::Registration(state)).await?;
    Ok(options)
}

/// Verifies the answer of `navigator.credentials.create` and keeps the passkey under `label`.
pub(crate) async fn finish_registration<C: Needs>(
    officer: &Officer<C>,
    label: &str,
    answer: Value,
) -> Result<(), PasskeyError> {
    let ra = &officer.ra;
    let Challenge::Registration(state) = take(ra, &officer.session, officer.actor()).await? else {
        return Err(PasskeyError::NoChallenge);
    };
    let answer: RegisterPublicKeyCredential = serde_json::from_value(answer)?;
    let passkey = ra.webauthn().finish_passkey_registration(&answer, &state)?;
    let now = ra.now();
    let row = Row {
        passkey_id: PasskeyId::new(now, ra.entropy()).map_err(Refusal::from)?,
        account_id: officer.account.account_id.clone(),
        label: label.trim().chars().filter(|c| !c.is_control()).take(LONGEST_LABEL).collect(),
        credential: serde_json::to_string(&passkey)?,
        created_at: now,
        used_at: None,
    };
    let mut txn = ra.store().write(now, officer.actor()).await?;
    txn.insert_passkey(&row).await?;
    txn.commit(Step::SessionWritten).await?;
    Ok(())
}

/// Returns the options for `navigator.credentials.get`; the challenge is durable in the session.
pub(crate) async fn begin_login(ra: &State, session: &Session) -> Result<Value, PasskeyError> {
    let (options, state) = ra.webauthn().start_discoverable_authentication()?;
    let mut options = serde_json::to_value(options)?;
    // A button was pressed: the browser shall ask now, not offer the passkey inside a text field.
    if let Some(options) = options.as_object_mut() {
        options.remove("mediation");
    }
    let challenge = Some(serde_json::to_string(&Challenge::LogIn(state))?);
    let now = ra.now();
    let mut txn = ra.store().write(now, Actor::System("ra")).await?;
    // Whoever asks sweeps: what nobody answered does not stay.
    txn.delete_sessions_of_nobody_before(now.minus(CEREMONY)).await?;
    if txn.session(&session.token_sha256).await?.is_some() {
        txn.set_session_challenge(&session.token_sha256, challenge).await?;
    } else {
        txn.insert_session(&Session { challenge, ..session.clone() }).await?;
    }
    txn.commit(Step::SessionWritten).await?;
    Ok(options)
}

/// Verifies the answer of `navigator.credentials.get`. Returns the account and the transaction in which its passkey was updated; the
/// caller begins the session in it and commits.
pub(crate) async fn finish_login(
    ra: &State,
    session: &Session,
    answer: Value,
) -> Result<(Account, WriteTxn), PasskeyError> {
    let Challenge::LogIn(state) = take(ra, session, Actor::System("ra")).await? else {
        return Err(PasskeyError::NoChallenge);
    };
    let answer: PublicKeyCredential = serde_json::from_value(answer)?;
    let (handle, credential) = ra.webauthn().identify_discoverable_authentication(&answer)?;
    let id = AccountId::parse(&handle.simple().to_string()).map_err(|_| PasskeyError::Unknown)?;
    let mut txn = ra.store().write(ra.now(), Actor::Person(id.clone())).await?;
    let account = txn.account(&id).await?.filter(|account| account.active).ok_or(PasskeyError::Unknown)?;
    let rows = txn.passkeys(&id).await?;
    let mut found = None;
    for row in &rows {
        let passkey = parse(row)?;
        if passkey.cred_id().as_slice() == credential {
            found = Some((row, passkey));
        }
    }
    let (row, mut passkey) = found.ok_or(PasskeyError::Unknown)?;
    let result = ra.webauthn().finish_discoverable_authentication_v2(&answer, state, &passkey)?;
    passkey.update_credential(&result);
    txn.update_passkey(&row.passkey_id, &serde_json::to_string(&passkey)?).await?;
    txn.record_login_success(&id).await?;
    Ok((account, txn))
}

/// Writes down that a passkey log-in failed, unless too many are written down already.
pub(crate) async fn record_failure(ra: &State) -> Result<(), Refusal> {
    let Some(event) = ra.passwords().uncounted_failure(ra.now(), UNKNOWN) else { return Ok(()) };
    let mut txn = ra.store().write(ra.now(), Actor::System("ra")).await?;
    txn.audit(event.with("method", "passkey")).await?;
    txn.commit(Step::SessionWritten).await?;
    Ok(())
}

async fn keep(ra: &State, session: &Session, actor: Actor, challenge: &Challenge) -> Result<(), PasskeyError> {
    let mut txn = ra.store().write(ra.now(), actor).await?;
    txn.set_session_challenge(&session.token_sha256, Some(serde_json::to_string(challenge)?)).await?;
    txn.commit(Step::SessionWritten).await?;
    Ok(())
}

/// Takes the challenge out of the session, durably, before the answer is looked at: one challenge, one answer.
async fn take(ra: &State, session: &Session, actor: Actor) -> Result<Challenge, PasskeyError> {
    let mut txn = ra.store().write(ra.now(), actor).await?;
    let waiting = txn.session(&session.token_sha256).await?.and_then(|session| session.challenge);
    let waiting = waiting.ok_or(PasskeyError::NoChallenge)?;
    txn.set_session_challenge(&session.token_sha256, None).await?;
    txn.commit(Step::SessionWritten).await?;
    Ok(serde_json::from_str(&waiting)?)
}

fn parse(row: &Row) -> Result<Passkey, PasskeyError> {
    serde_json::from_str(&row.credential).map_err(|error| PasskeyError::Other(Refusal::internal(error)))
}

/// The user handle: the 16 octets of the account's id, so that it says nothing about the person.
fn handle_of(id: &AccountId) -> Result<Uuid, PasskeyError> {
    Uuid::try_parse(id.as_str()).map_err(|error| PasskeyError::Other(Refusal::internal(error)))
}
