//! Passwords and confirmation codes. Argon2id for the password, TOTP (RFC 6238) for the code. An unknown name costs the same work as a
//! known one, and every failure has the same sentence. Failures make the next try wait, never for ever.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use argon2::password_hash::{PasswordHash, PasswordHasher, PasswordVerifier, SaltString};
use argon2::{Algorithm, Argon2, Params, Version};
use ca_core::audit::{Actor, AuditEvent, Verb};
use ca_core::entropy::{Entropy, EntropyUnavailable};
use ca_core::time::Timestamp;
use store::WriteTxn;
use store::accounts::Account;
use tokio::sync::Semaphore;
use zeroize::Zeroizing;

use crate::error::Refusal;
use crate::state::State;

/// Memory of one hash in KiB: OWASP's first choice for argon2id (19 MiB, 2 passes, 1 lane).
const MEMORY_KIB: u32 = 19_456;
const PASSES: u32 = 2;
const LANES: u32 = 1;
/// Hashes computed at the same time: bounds memory (76 MiB) and keeps the cores for other work.
const PARALLEL_HASHES: usize = 4;
/// Longer passwords are refused before hashing; far above what anybody types.
const LONGEST_PASSWORD_OCTETS: usize = 1024;
/// RFC 6238 default.
const TOTP_STEP_SECONDS: u64 = 30;
/// Failures that cost no waiting.
const FREE_FAILURES: i64 = 2;
/// The longest wait: a stranger cannot lock an officer out for longer, and passkeys are not affected.
const LONGEST_WAIT: Duration = Duration::from_secs(15 * 60);

/// Why a password hash could not be made.
#[derive(Debug, thiserror::Error)]
pub enum HashError {
    /// No salt.
    #[error(transparent)]
    Entropy(#[from] EntropyUnavailable),
    /// The parameters or the salt were refused.
    #[error("argon2: {0}")]
    Argon2(argon2::password_hash::Error),
    /// The password is longer than 1024 octets.
    #[error("the password is longer than 1024 octets")]
    TooLong,
}

/// What the event of a failed log-in is about when the name is no account's.
pub(crate) const UNKNOWN: &str = "account:unknown";
/// Failures in one minute that are written to the audit trail although they count against no account: strangers could fill it.
const FAILURES_OF_NOBODY_PER_MINUTE: u32 = 30;

/// Checks passwords, a few at a time.
pub(crate) struct PasswordDesk {
    turns: Arc<Semaphore>,
    /// The hash an unknown name is checked against.
    nobody: String,
    strangers: Mutex<Strangers>,
}

/// Failures that count against no account, in this process.
#[derive(Default)]
struct Strangers {
    minute: i64,
    written: u32,
    left_out: u64,
}

impl Strangers {
    /// Whether to write the failure at `now` down; then with how many were left out before it.
    fn count(&mut self, now: Timestamp) -> Option<u64> {
        let minute = now.seconds().div_euclid(60);
        if self.minute != minute {
            self.minute = minute;
            self.written = 0;
        }
        if self.written >= FAILURES_OF_NOBODY_PER_MINUTE {
            self.left_out = self.left_out.saturating_add(1);
            return None;
        }
        self.written = self.written.saturating_add(1);
        Some(std::mem::take(&mut self.left_out))
    }
}

/// How a log-in with password and code ended.
pub(crate) enum LogIn {
    /// Name, password and code were right.
    Accepted(Box<Account>),
    /// Something was wrong, or the account has to wait. The person is not told which.
    Refused,
}

/// Returns the PHC string (`$argon2id$…`) of a password, with a salt drawn from `entropy`. Takes about 20 ms.
pub fn hash_password(password: &str, entropy: &dyn Entropy) -> Result<String, HashError> {
    if password.len() > LONGEST_PASSWORD_OCTETS {
        return Err(HashError::TooLong);
    }
    let mut salt = [0_u8; 16];
    entropy.fill(&mut salt)?;
    let salt = SaltString::encode_b64(&salt).map_err(HashError::Argon2)?;
    let hash = argon2().map_err(HashError::Argon2)?.hash_password(password.as_bytes(), &salt);
    Ok(hash.map_err(HashError::Argon2)?.to_string())
}

/// How long the account waits after its `failures`-th failure in a row: nothing for the first two, then 2, 4, 8 … seconds, at most 15
/// minutes.
pub fn wait_after(failures: i64) -> Duration {
    let counted = failures.saturating_sub(FREE_FAILURES).clamp(0, 32);
    match u32::try_from(counted) {
        Ok(0) => Duration::ZERO,
        Ok(exponent) => Duration::from_secs(2_u64.saturating_pow(exponent)).min(LONGEST_WAIT),
        Err(_) => LONGEST_WAIT,
    }
}

/// Until when the account waits if it fails once more at `now`.
pub(super) fn locked_until(account: &Account, now: Timestamp) -> Option<Timestamp> {
    let wait = wait_after(account.failed_logins.saturating_add(1));
    (wait > Duration::ZERO).then(|| now.plus(wait))
}

impl PasswordDesk {
    /// Makes the hash unknown names are checked against.
    pub(crate) fn new(entropy: &dyn Entropy) -> Result<Self, HashError> {
        let mut secret = [0_u8; 32];
        entropy.fill(&mut secret)?;
        let nobody = hash_password(&ca_core::digest::hex(&secret), entropy)?;
        Ok(Self { turns: Arc::new(Semaphore::new(PARALLEL_HASHES)), nobody, strangers: Mutex::default() })
    }

    /// The event of a failed log-in that counts against no account (none is known, or `object` has to wait already), or none: of a
    /// flood, the first of every minute are written, each with the number of those left out before it.
    pub(crate) fn uncounted_failure(&self, now: Timestamp, object: &str) -> Option<AuditEvent> {
        let left_out = self.strangers.lock().unwrap_or_else(PoisonError::into_inner).count(now)?;
        let event = AuditEvent::new(Verb::LoginFailed, object);
        Some(if left_out == 0 { event } else { event.with("left-out", left_out.to_string()) })
    }

    /// True when `password` has the hash `stored`; with no hash does the same work and says false.
    async fn matches(&self, password: Zeroizing<String>, stored: Option<String>) -> Result<bool, Refusal> {
        let known = stored.is_some();
        let hash = stored.unwrap_or_else(|| self.nobody.clone());
        let _turn = self.turns.acquire().await.map_err(Refusal::internal)?;
        let matched = tokio::task::spawn_blocking(move || verify(&password, &hash)).await.map_err(Refusal::internal)?;
        Ok(known && matched)
    }
}

/// Checks name, password and code, counts the failure or the success, and writes it to the audit trail.
///
/// The password is checked outside any transaction; the verdict then falls inside one, on the account as it is at that moment, so that
/// many tries at once do not escape the waiting time. On `Accepted` nothing is committed yet: the caller begins the session in the same
/// transaction.
pub(crate) async fn log_in(
    ra: &State,
    login: &str,
    password: Zeroizing<String>,
    code: &str,
) -> Result<(LogIn, WriteTxn), Refusal> {
    let account = ra.store().read().await?.account_by_login(login).await?.filter(|account| account.active);
    let stored = account.as_ref().map(|account| account.password_hash.clone());
    let matched = ra.passwords().matches(password, stored).await?;
    let now = ra.now();
    let actor = account.as_ref().map_or(Actor::System("ra"), |account| Actor::Person(account.account_id.clone()));
    let mut txn = ra.store().write(now, actor).await?;
    let current = match &account {
        // Once more: it may have been suspended while the password was checked. Held first: PostgreSQL would let every one of
        // many tries at once read the account as it was before them all.
        Some(account) => {
            txn.hold_account(&account.account_id).await?;
            txn.account(&account.account_id).await?.filter(|account| account.active)
        }
        None => None,
    };
    let Some(account) = current else {
        if let Some(event) = ra.passwords().uncounted_failure(now, UNKNOWN) {
            txn.audit(event).await?;
        }
        return Ok((LogIn::Refused, txn));
    };
    if account.locked_until.is_some_and(|until| now < until) {
        // A try while waiting does not lengthen the wait: strangers could lock an officer out.
        if let Some(event) = ra.passwords().uncounted_failure(now, &format!("account:{}", account.account_id)) {
            txn.audit(event).await?;
        }
        return Ok((LogIn::Refused, txn));
    }
    let step = matching_step(&account.totp_secret, code, now);
    if let (true, Some(step)) = (matched, step)
        && txn.take_totp_step(&account.account_id, step).await?
    {
        txn.record_login_success(&account.account_id).await?;
        return Ok((LogIn::Accepted(Box::new(account)), txn));
    }
    txn.record_login_failure(&account.account_id, locked_until(&account, now)).await?;
    Ok((LogIn::Refused, txn))
}

/// The code people read from their authenticator at `now`: six digits. For the demo and for tests.
pub fn totp_code(secret: &[u8], now: Timestamp) -> String {
    let seconds = u64::try_from(now.seconds()).unwrap_or(0);
    totp(secret).generate(seconds).to_string()
}

/// The secret as people type it into an authenticator: RFC 4648 base32 without padding.
pub fn totp_secret_text(secret: &[u8]) -> String {
    totp_rs::Secret::from(secret).to_base32()
}

fn matching_step(secret: &[u8], code: &str, now: Timestamp) -> Option<i64> {
    let digits: String = code.chars().filter(|c| !c.is_whitespace()).map(half_width).collect();
    if digits.len() != 6 || !digits.bytes().all(|octet| octet.is_ascii_digit()) {
        return None;
    }
    let seconds = u64::try_from(now.seconds()).ok()?;
    i64::try_from(totp(secret).check(&digits, seconds)?).ok()
}

/// Full-width digits, as a Japanese keyboard types them, mean the same.
fn half_width(character: char) -> char {
    match character {
        '\u{ff10}'..='\u{ff19}' => char::from_u32(u32::from(character) - 0xff10 + 0x30).unwrap_or(character),
        other => other,
    }
}

fn totp(secret: &[u8]) -> totp_rs::Totp {
    totp_rs::Builder::new()
        .with_secret(secret)
        .with_digits(6)
        .with_skew(1)
        .with_step_duration(TOTP_STEP_SECONDS)
        .build_noncompliant()
}

fn argon2() -> Result<Argon2<'static>, argon2::password_hash::Error> {
    let params = Params::new(MEMORY_KIB, PASSES, LANES, None)?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

/// Whether `password` has the hash; a hash that cannot be read has none.
pub(super) fn verify(password: &str, hash: &str) -> bool {
    if password.len() > LONGEST_PASSWORD_OCTETS {
        return false;
    }
    let Ok(parsed) = PasswordHash::new(hash) else {
        tracing::error!("a stored password hash cannot be read");
        return false;
    };
    argon2().is_ok_and(|argon2| argon2.verify_password(password.as_bytes(), &parsed).is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;
    use ca_core::testing::CountingEntropy;

    #[test]
    fn first_two_failures_cost_nothing_then_the_wait_doubles_up_to_fifteen_minutes() {
        let seconds: Vec<u64> = (0..=13).map(|failures| wait_after(failures).as_secs()).collect();
        assert_eq!(seconds, [0, 0, 0, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900]);
        assert_eq!(wait_after(i64::MAX), LONGEST_WAIT);
        assert_eq!(wait_after(-1), Duration::ZERO);
    }

    #[test]
    fn password_matches_its_own_hash_only() {
        let hash = hash_password("正しい馬 電池", &CountingEntropy::default()).unwrap();
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
        assert!(verify("正しい馬 電池", &hash));
        assert!(!verify("正しい馬 電地", &hash));
        assert!(!verify("", &hash));
        assert!(!verify("x", "not a hash"));
    }

    #[test]
    fn a_flood_of_failures_is_counted_and_not_written() {
        let mut strangers = Strangers::default();
        let at = |seconds: i64| Timestamp::from_seconds(600 + seconds);
        let written: Vec<_> = (0..40).filter_map(|second| strangers.count(at(second))).collect();
        assert_eq!(written, [0; 30]);
        assert_eq!(strangers.count(at(60)), Some(10), "the next one says how many there were");
        assert_eq!(strangers.count(at(61)), Some(0));
    }

    #[tokio::test]
    async fn unknown_name_never_matches() {
        let desk = PasswordDesk::new(&CountingEntropy::default()).unwrap();
        assert!(!desk.matches(Zeroizing::new("anything".to_owned()), None).await.unwrap());
    }

    #[test]
    fn code_of_rfc_6238_is_found_with_its_step() {
        let secret = b"12345678901234567890";
        // RFC 6238 appendix B: at 59 s the eight digits are 94287082.
        assert_eq!(totp_code(secret, Timestamp::from_seconds(59)), "287082");
        assert_eq!(matching_step(secret, "287082", Timestamp::from_seconds(59)), Some(1));
        assert_eq!(matching_step(secret, "287 082", Timestamp::from_seconds(89)), Some(1), "one step late");
        let full_width = "\u{ff12}\u{ff18}\u{ff17}\u{ff10}\u{ff18}\u{ff12}";
        assert_eq!(matching_step(secret, full_width, Timestamp::from_seconds(59)), Some(1));
        assert_eq!(matching_step(secret, "287082", Timestamp::from_seconds(120)), None);
        assert_eq!(matching_step(secret, "28708", Timestamp::from_seconds(59)), None);
        assert_eq!(matching_step(secret, "28708x", Timestamp::from_seconds(59)), None);
    }
}
