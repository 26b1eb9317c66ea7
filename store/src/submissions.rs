//! Forms that are done once, however often they are sent. The claim and what the form asks for are one transaction: a
//! second copy of the form waits for the first, and then finds its result.

use crate::db::{Only, on};
use crate::error::StoreError;
use crate::txn::WriteTxn;
use ca_core::id::AccountId;

/// What became of a claim.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Claim {
    /// The form was not sent before: do what it asks and call [`WriteTxn::complete_submission`].
    Fresh,
    /// It was; this path has the result.
    Done(String),
}

const CLAIM: &str = "insert into submission (nonce, account_id, result_path, claimed_at) values ($1, $2, null, $3)
    on conflict (nonce) do nothing";

const RESULT: &str = "select result_path from submission where nonce = $1 and account_id = $2";

const COMPLETE: &str = "update submission set result_path = $2 where nonce = $1 and result_path is null";

impl WriteTxn {
    /// Claims the form `nonce` for `account`. Conflicts: `submission_pk` when another account has sent it, or an earlier
    /// transaction claimed it and never said where it led. Errors: no such account.
    pub async fn claim_submission(&mut self, nonce: &str, account: &AccountId) -> Result<Claim, StoreError> {
        let now = self.now().micros();
        if on!(self, execute CLAIM, nonce, account.as_str(), now)? == 1 {
            return Ok(Claim::Fresh);
        }
        match on!(self, one Only<Option<String>>, RESULT, nonce, account.as_str())? {
            Some((Some(path),)) => Ok(Claim::Done(path)),
            _ => Err(StoreError::Conflict { constraint: "submission_pk".to_owned() }),
        }
    }

    /// Notes where the form `nonce` led. Errors: it was not claimed.
    pub async fn complete_submission(&mut self, nonce: &str, path: &str) -> Result<(), StoreError> {
        match on!(self, execute COMPLETE, nonce, path)? {
            0 => Err(StoreError::NotFound { what: "submission" }),
            _ => Ok(()),
        }
    }
}
