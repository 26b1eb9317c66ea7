//! Sessions: 256 random bits in a cookie, their SHA-256 in the database, so that a copy of the database opens nothing.
//!
//! Before the log-in there is no row, for strangers must not make the database grow: the cookie is drawn with the log-in form, and the
//! secret that signs the form is derived from the cookie alone. A row is written when a passkey is asked for, whose challenge waits in
//! it for some minutes, and when somebody has logged in, under a new token.

use std::time::Duration;

use axum::http::HeaderMap;
use axum::http::HeaderValue;
use axum::http::header::{COOKIE, SET_COOKIE};
use axum::response::Response;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ca_core::audit::Actor;
use ca_core::digest::{hmac_sha256, sha256};
use ca_core::id::AccountId;
use ca_core::time::Timestamp;
use store::accounts::Account;
use store::organisations::Organisation;
use store::sessions::Session;
use store::{Step, StoreError, WriteTxn};

use crate::error::Refusal;
use crate::state::State;

/// A session nobody used for this long is over (NIST SP 800-63B-4, AAL3).
pub const IDLE: Duration = Duration::from_secs(15 * 60);
/// A session is over after this long, however busy (NIST allows 12 h).
pub const ABSOLUTE: Duration = Duration::from_secs(8 * 3600);
/// The time of last use is written at most this often.
const TOUCH_EVERY: Duration = Duration::from_secs(30);
/// Octets of a token: 256 bits.
const TOKEN_LENGTH: usize = 32;
const NAME: &str = "lgpki";

/// What the clock says about a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Liveness {
    /// In use.
    Live,
    /// In use, and its time of last use should be written.
    TouchDue,
    /// Over.
    Expired,
}

/// A live session and whose it is.
pub(crate) struct Found {
    pub(crate) session: Session,
    pub(crate) person: Option<(Account, Organisation)>,
}

/// A session just made; the cookie still has to be sent. Once somebody has logged in, its row is in the transaction.
pub(crate) struct Begun {
    pub(crate) session: Session,
    cookie: String,
}

impl Begun {
    /// Adds the cookie to the answer, once the transaction is durable.
    pub(crate) fn send(&self, response: &mut Response) -> Result<(), Refusal> {
        let value = HeaderValue::from_str(&self.cookie).map_err(Refusal::internal)?;
        response.headers_mut().append(SET_COOKIE, value);
        Ok(())
    }
}

/// Says whether a session is over at `now`. One without an account (a drawn log-in form) has no idle limit.
pub fn liveness(session: &Session, now: Timestamp) -> Liveness {
    let idle = now.since(session.seen_at);
    if now.since(session.created_at) >= ABSOLUTE || (session.account_id.is_some() && idle >= IDLE) {
        Liveness::Expired
    } else if idle >= TOUCH_EVERY {
        Liveness::TouchDue
    } else {
        Liveness::Live
    }
}

/// Returns the live session of the browser that sent `headers`, and its person when the account is active. A token without a row is
/// that of a browser which has seen the log-in form, or has logged out since.
pub(crate) async fn find(ra: &State, headers: &HeaderMap) -> Result<Option<Found>, Refusal> {
    let Some(token) = cookie_value(headers, &cookie_name(ra, NAME)).and_then(|value| token_of(&value)) else {
        return Ok(None);
    };
    let now = ra.now();
    let mut txn = ra.store().read().await?;
    let Some(session) = txn.session(&sha256(&token)).await? else {
        return Ok(Some(Found { session: before_log_in(&token, now), person: None }));
    };
    let life = liveness(&session, now);
    if life == Liveness::Expired {
        return Ok(None);
    }
    let person = match &session.account_id {
        None => None,
        Some(id) => match txn.account(id).await? {
            Some(account) if account.active => {
                let organisation = txn.organisation(&account.organisation_id).await?.ok_or(Refusal::NotFound)?;
                Some((account, organisation))
            }
            // An account switched off ends its sessions at once.
            _ => return Ok(None),
        },
    };
    drop(txn);
    if life == Liveness::TouchDue && person.is_some() && !touch(ra, &session, now).await? {
        return Ok(None);
    }
    Ok(Some(Found { session, person }))
}

/// Makes the session of a browser that is about to see the log-in form. Nothing is written.
pub(crate) fn draw(ra: &State) -> Result<Begun, Refusal> {
    let mut token = [0_u8; TOKEN_LENGTH];
    ra.entropy().fill(&mut token)?;
    let cookie = cookie(ra, NAME, &URL_SAFE_NO_PAD.encode(token), None);
    Ok(Begun { session: before_log_in(&token, ra.now()), cookie })
}

/// Makes the session of a person in `txn`, which accepted the log-in.
pub(crate) async fn begin(ra: &State, txn: &mut WriteTxn, account: AccountId) -> Result<Begun, Refusal> {
    let mut token = [0_u8; TOKEN_LENGTH];
    let mut csrf_secret = [0_u8; 32];
    ra.entropy().fill(&mut token)?;
    ra.entropy().fill(&mut csrf_secret)?;
    let now = txn.now();
    let session = Session {
        token_sha256: sha256(&token),
        account_id: Some(account),
        csrf_secret,
        created_at: now,
        seen_at: now,
        challenge: None,
    };
    // Every log-in sweeps: sessions nobody has come back to.
    txn.delete_sessions_unseen_since(now.minus(ABSOLUTE)).await?;
    txn.insert_session(&session).await?;
    let cookie = cookie(ra, NAME, &URL_SAFE_NO_PAD.encode(token), None);
    Ok(Begun { session, cookie })
}

/// The session of a token without a row. Its secret is known only to who knows the token: this browser.
fn before_log_in(token: &[u8; TOKEN_LENGTH], now: Timestamp) -> Session {
    Session {
        token_sha256: sha256(token),
        account_id: None,
        csrf_secret: hmac_sha256(token, b"form before log-in"),
        created_at: now,
        seen_at: now,
        challenge: None,
    }
}

/// The header that makes the browser forget the session.
pub(crate) fn forget(ra: &State, response: &mut Response) -> Result<(), Refusal> {
    let value = HeaderValue::from_str(&cookie(ra, NAME, "", Some(0))).map_err(Refusal::internal)?;
    response.headers_mut().append(SET_COOKIE, value);
    Ok(())
}

/// A `Set-Cookie` value. On https the name has the `__Host-` prefix, which binds it to this host, path `/` and `Secure`.
pub(crate) fn cookie(ra: &State, name: &str, value: &str, max_age_seconds: Option<u32>) -> String {
    let name = cookie_name(ra, name);
    let secure = if ra.is_https() { "; Secure" } else { "" };
    let age = max_age_seconds.map(|seconds| format!("; Max-Age={seconds}")).unwrap_or_default();
    format!("{name}={value}; Path=/; HttpOnly; SameSite=Strict{secure}{age}")
}

/// The value of the cookie called `name`.
pub(crate) fn cookie_value(headers: &HeaderMap, name: &str) -> Option<String> {
    headers
        .get_all(COOKIE)
        .iter()
        .filter_map(|line| line.to_str().ok())
        .flat_map(|line| line.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(found, _)| *found == name)
        .map(|(_, value)| value.to_owned())
}

fn cookie_name(ra: &State, name: &str) -> String {
    if ra.is_https() { format!("__Host-{name}") } else { name.to_owned() }
}

fn token_of(value: &str) -> Option<[u8; TOKEN_LENGTH]> {
    URL_SAFE_NO_PAD.decode(value).ok()?.try_into().ok()
}

/// Writes the time of last use; false when the session was ended in the meantime.
async fn touch(ra: &State, session: &Session, now: Timestamp) -> Result<bool, Refusal> {
    let mut txn = ra.store().write(now, Actor::System("ra")).await?;
    match txn.touch_session(&session.token_sha256).await {
        Ok(()) => txn.commit(Step::SessionWritten).await?,
        Err(StoreError::NotFound { .. }) => return Ok(false),
        Err(error) => return Err(error.into()),
    }
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::*;
    use ca_core::testing::FixedClock;
    use ca_core::time::Clock;

    fn session(account: Option<&str>, created_at: Timestamp, seen_at: Timestamp) -> Session {
        Session {
            token_sha256: [1; 32],
            account_id: account.map(|id| AccountId::parse(id).unwrap()),
            csrf_secret: [2; 32],
            created_at,
            seen_at,
            challenge: None,
        }
    }

    const SOMEBODY: Option<&str> = Some("0123456789abcdef0123456789abcdef");

    #[test]
    fn session_ends_after_fifteen_idle_minutes() {
        let start = Timestamp::from_seconds(1_800_000_000);
        let clock = FixedClock::at(start);
        let session = session(SOMEBODY, start, start);
        clock.set(start.plus(Duration::from_secs(29)));
        assert_eq!(liveness(&session, clock.now()), Liveness::Live);
        clock.set(start.plus(IDLE - Duration::from_micros(1)));
        assert_eq!(liveness(&session, clock.now()), Liveness::TouchDue);
        clock.set(start.plus(IDLE));
        assert_eq!(liveness(&session, clock.now()), Liveness::Expired);
    }

    #[test]
    fn busy_session_ends_after_eight_hours() {
        let start = Timestamp::from_seconds(1_800_000_000);
        let end = start.plus(ABSOLUTE);
        let before = end.minus(Duration::from_micros(1));
        assert_eq!(liveness(&session(SOMEBODY, start, before), before), Liveness::Live);
        assert_eq!(liveness(&session(SOMEBODY, start, before), end), Liveness::Expired);
    }

    #[test]
    fn drawn_login_form_has_no_idle_limit() {
        let start = Timestamp::from_seconds(1_800_000_000);
        let later = start.plus(Duration::from_secs(3600));
        assert_ne!(liveness(&session(None, start, start), later), Liveness::Expired);
    }

    #[test]
    fn session_from_the_future_is_not_expired_by_a_clock_set_back() {
        let start = Timestamp::from_seconds(1_800_000_000);
        assert_eq!(liveness(&session(SOMEBODY, start, start), start.minus(Duration::from_secs(5))), Liveness::Live);
    }

    #[test]
    fn cookie_is_found_among_others() {
        let mut headers = HeaderMap::new();
        headers.insert(COOKIE, HeaderValue::from_static("a=1; lgpki=abc; lgpki-language=en"));
        assert_eq!(cookie_value(&headers, "lgpki").as_deref(), Some("abc"));
        assert_eq!(cookie_value(&headers, "gpki"), None);
    }

    #[test]
    fn token_of_another_length_is_none() {
        assert_eq!(token_of(&URL_SAFE_NO_PAD.encode([7; 32])), Some([7; 32]));
        assert_eq!(token_of(&URL_SAFE_NO_PAD.encode([7; 31])), None);
        assert_eq!(token_of("not base64 !"), None);
    }

    #[test]
    fn secret_before_log_in_is_that_of_the_token_and_not_of_what_the_database_knows() {
        let (now, later) = (Timestamp::from_seconds(1), Timestamp::from_seconds(2));
        let session = before_log_in(&[7; 32], now);
        assert_eq!(session.csrf_secret, before_log_in(&[7; 32], later).csrf_secret, "on every process, at any time");
        assert_ne!(session.csrf_secret, before_log_in(&[8; 32], now).csrf_secret);
        assert_ne!(session.csrf_secret, session.token_sha256);
    }
}
