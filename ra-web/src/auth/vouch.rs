//! People who vouch for an act at the command line of the machine, with their password. Who may type there is known to the machine;
//! the password says which of them it was. Failures count as those of a log-in do, and make the next try wait.

use ca_core::audit::Actor;
use ca_core::time::Timestamp;
use store::accounts::Account;
use store::{Step, Store, StoreError, WriteTxn};
use zeroize::Zeroizing;

use super::password::{locked_until, verify};

/// How a try to vouch ended.
pub enum Vouched {
    /// It is that person: the account, and a transaction that is the person's act. Nothing of it is committed yet.
    For(Box<Account>, WriteTxn),
    /// There is no such account, it is suspended, or the password is another. Nobody is told which.
    Refused,
    /// After too many failures the account has to wait until then.
    Waits(Timestamp),
}

/// Looks whether `password` is that of the account `login`. The verdict falls on the account as it is in the transaction, held
/// against other tries. Errors: the database; `Ok(Refused)` for a verifying thread that was lost.
pub async fn vouch(
    store: &Store,
    (login, password): (&str, Zeroizing<String>),
    now: Timestamp,
) -> Result<Vouched, StoreError> {
    let found = store.read().await?.account_by_login(login).await?.filter(|account| account.active);
    let Some(account) = found else { return Ok(Vouched::Refused) };
    let hash = account.password_hash.clone();
    let matched = tokio::task::spawn_blocking(move || verify(&password, &hash)).await.unwrap_or(false);
    let mut txn = store.write(now, Actor::Person(account.account_id.clone())).await?;
    txn.hold_account(&account.account_id).await?;
    let current = txn.account(&account.account_id).await?.filter(|account| account.active);
    let Some(account) = current else { return Ok(Vouched::Refused) };
    if let Some(until) = account.locked_until.filter(|until| now < *until) {
        return Ok(Vouched::Waits(until));
    }
    if matched {
        txn.record_login_success(&account.account_id).await?;
        return Ok(Vouched::For(Box::new(account), txn));
    }
    txn.record_login_failure(&account.account_id, locked_until(&account, now)).await?;
    txn.commit(Step::SessionWritten).await?;
    Ok(Vouched::Refused)
}
